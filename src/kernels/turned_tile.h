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
    bool adds;                    /* to what is in d; only to whole vectors of filters */
} turned_tile;

void KERNEL(turned_run)(const turned_tile *tile);

#endif
