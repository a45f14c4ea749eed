/* What the weight gradients by Winograd's filtering F(3x3, 2x2) share: many channels at a time (winograd_weights.c) or
 * a few (winograd_weights_few.c). The sixteen points of a tile are made a row of four at a time. */
#ifndef KERNELS_WINOGRAD_WEIGHTS_H
#define KERNELS_WINOGRAD_WEIGHTS_H

#include "kernels/conv_ways.h"
#include "kernels/winograd.h"

/* Along the rows a point of a patch is d[plus] + sign * d[other]. */
typedef struct row_of_points {
    size_t plus, other;
    real sign;
} row_of_points;

static const row_of_points patch_rows[4] = {{0, 2, -1}, {1, 2, 1}, {2, 1, -1}, {3, 1, -1}};

INLINE void load_row_inside(const winograd_source *s, const lanes *plane, winograd_place p, row_of_points points,
                            size_t part, vec d[4])
{
    const lanes *at = plane + p.row * (ptrdiff_t)s->width + p.column;
    const lanes *plus = at + points.plus * s->width, *other = at + points.other * s->width;
    UNROLL for (size_t j = 0; j < 4; j++) d[j] =
        vec_fma(vec_set(points.sign), vec_load(other + j, part), vec_load(plus + j, part));
}

INLINE void load_row_at_border(const winograd_source *s, const lanes *plane, winograd_place p, row_of_points points,
                               size_t part, vec d[4])
{
    UNROLL for (size_t j = 0; j < 4; j++)
    {
        vec plus = load_or_zero(s, plane, 1, p.row + (ptrdiff_t)points.plus, p.column + (ptrdiff_t)j, part);
        vec other = load_or_zero(s, plane, 1, p.row + (ptrdiff_t)points.other, p.column + (ptrdiff_t)j, part);
        d[j] = vec_fma(vec_set(points.sign), other, plus);
    }
}

/* A row of a patch's points. */
INLINE void transform_patch_row(const winograd_source *s, const lanes *plane, winograd_place p, row_of_points points,
                                size_t part, vec v[4])
{
    vec d[4];
    if (p.inside)
        load_row_inside(s, plane, p, points, part, d);
    else
        load_row_at_border(s, plane, p, points, part, d);
    transform_patch(d, v);
}

/* A row of the points of a tile's gradient. */
INLINE void transform_gradient_row(const vec d[4], size_t row, vec v[4])
{
    vec left[4], right[4];
    transform_gradient(d[0], d[2], left);
    transform_gradient(d[1], d[3], right);
    transform_gradient(left[row], right[row], v);
}

/* The weights of the filters first ... last - 1, from the sums of their points over all tiles:
 * [point][channel][filter], the first filter first, step from one channel to the next. */
void KERNEL(winograd_weights_of_sums)(const conv_shape *s, const real *sums, size_t step, size_t first, size_t last,
                                      real *d_filters);

/* Of up to FEW_CHANNELS channels. */
size_t KERNEL(winograd_weights_few_scratch_size)(const conv_shape *s);
conv_pass KERNEL(winograd_gradient_weights_few);

#endif
