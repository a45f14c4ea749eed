/* The register tile of a weight gradient with filters in the vector: numbers of the source, image after image, times
 * those of the gradient for a few filters. It adds no lanes, so it suits sums over few pixels. */
#ifndef KERNELS_TURNED_TILE_H
#define KERNELS_TURNED_TILE_H

#include "kernels/vec.h"

/* Vectors of filters that a tile may have, and pixels that it sums over. */
#if defined(__AVX512F__)
enum { TURNED_VECTORS = 4 };
#else
enum { TURNED_VECTORS = 3 };
#endif
enum { TURNED_PIXELS = 16 };

/* A rectangle of pixels, or of whatever is summed over. */
typedef struct pixel_area {
    size_t row, rows, column, columns;
} pixel_area;

INLINE size_t count_of(pixel_area a) { return a.rows * a.columns; }

/* Down to whole steps, but at least one. */
INLINE size_t rounded(size_t size, size_t step) { return size < step ? step : size / step * step; }

/* The largest area of at most so many, in whole steps of a smaller one: as all of it is filled row by row. */
INLINE pixel_area area_of(pixel_area all, size_t most, pixel_area step)
{
    pixel_area area = {.rows = step.rows, .columns = smaller(all.columns, rounded(most, step.columns))};
    if (most > area.columns) area.rows = smaller(all.rows, rounded(most / area.columns, step.rows));
    return area;
}

/* What is left of an area that begins at row and column. */
INLINE pixel_area cut(pixel_area a, size_t row, size_t column, pixel_area all)
{
    return (pixel_area){row, smaller(a.rows, all.rows - row), column, smaller(a.columns, all.columns - column)};
}

/* Those of all that are summed together in the registers: their turned gradient stays in the first-level cache. */
INLINE pixel_area group_of(pixel_area all)
{
    enum { MOST = 8 };
    return area_of(all, MOST, (pixel_area){.rows = 1, .columns = 1});
}

/* Of filters whose gradients are each sums of so many vectors of images, so many lie in the vector: whole lanes of
 * them, and the rest too where adding the lanes of each of their sums (it takes as long as so many products) would cost
 * more.
 */
INLINE size_t filters_to_turn(size_t filters, size_t vectors)
{
    enum { ADDING_LANES = 10 };
    size_t rest = filters % LANES;
    return rest * (vectors + ADDING_LANES) < LANES * vectors ? filters - rest : filters;
}

/* Filters are cut into pieces of about equal width, in whole vectors: so many filters are a piece. */
INLINE size_t turned_width(size_t filters)
{
    size_t vectors = divide_up(filters, VEC_WIDTH);
    return divide_up(vectors, divide_up(vectors, TURNED_VECTORS)) * VEC_WIDTH;
}

/* The lanes of pixels of a few filters, planes of plane lanes, turned: to is [pixel][image][filter], whole vectors of
 * filters, 0 behind the last. */
void KERNEL(turn)(const lanes *from, size_t plane, size_t pixels, size_t filters, vec *to);

/* For each of channels the products of its source with the gradient, summed over pixels. The order of every sum: pixel
 * by pixel; of each the lanes 0 ... 15; one fused multiply-add after the other, from 0. */
typedef struct turned_tile {
    const vec *gradient;          /* turned */
    const lanes *x;               /* of the first channel */
    size_t pixels;                /* of the sum: */
    size_t output[TURNED_PIXELS]; /* its number in gradient, */
    size_t source[TURNED_PIXELS]; /* and lanes from the channel's first */
    size_t channels, plane;       /* plane: lanes from one channel to the next */
    size_t filters;               /* at most a piece */
    real *d;                      /* of the first channel; its filters side by side */
    size_t step;                  /* reals from one channel to the next */
    bool adds;                    /* to what is in d */
} turned_tile;

void KERNEL(turned_run)(const turned_tile *tile);

#endif
