/* Winograd's minimal filtering F(2x2, 3x3) and its two transposes: 16 products where the definition has 36.
 * Outputs are cut into tiles of 2 x 2, each with a patch of 4 x 4 of the source; patch and filter are transformed, the
 * 16 numbers of each multiplied and added over the channels by the register tiles, and the sums transformed back.
 * The gradients are the same, read backwards: a tile's gradient is transformed as its sums were, multiplied with the
 * filter's points to give its share of the patch's gradient, or with the patch's to give the filter's.
 * In lanes the transforms of pictures are plain additions of vectors.  Lavin & Gray 2015, arXiv:1509.09308.
 *
 * Along one axis, with d the patch, g the filter: (d0 - d2) g0, (d1 + d2) (g0 + g1 + g2) / 2, (d2 - d1) (g0 - g1 + g2)
 * / 2, (d3 - d1) g2 are m0 ... m3; outputs m0 + m1 + m2 and m1 - m2 + m3. */
#ifndef KERNELS_WINOGRAD_H
#define KERNELS_WINOGRAD_H

#include "kernels/conv_pooled.h"
#include "kernels/eight.h"

enum { WINOGRAD_POINTS = 16 }; /* numbers of a transformed patch or filter */
/* Where a bias is added to the products, since this one goes into each of the four outputs once. */
enum { BIAS_POINT = 5 };

/* A picture that patches are taken from: planes of height x width, or, with winner, the gradient of 2 x 2 maxima of
 * such planes: [height / 2][width / 2], each going to its winner. All around it is zero. */
typedef struct winograd_source {
    const lanes *plane; /* of the first channel */
    const pool_winner *winner;
    size_t height, width;
    size_t channels, plane_size; /* lanes from one channel to the next */
} winograd_source;

INLINE winograd_source winograd_input(const conv_shape *s, const conv_call *c)
{
    return (winograd_source){.plane = c->x,
                             .height = s->in_height,
                             .width = s->in_width,
                             .channels = s->in_channels,
                             .plane_size = s->in_height * s->in_width};
}

INLINE winograd_source winograd_gradient(const conv_shape *s, const conv_call *c)
{
    winograd_source g = {.plane = c->dy, .height = s->out_height, .width = s->out_width, .channels = s->out_channels};
    if (c->pooled) {
        g.winner = c->winner;
        g.height = whole_windows(g.height);
        g.width = whole_windows(g.width);
    }
    g.plane_size = g.height * g.width / (c->pooled ? 4 : 1);
    return g;
}

/* Where a tile is: the first row and column of its patch, which may lie outside. */
typedef struct winograd_place {
    ptrdiff_t row, column;
    bool inside; /* all of the patch */
} winograd_place;

INLINE bool within(ptrdiff_t at, size_t size) { return at >= 0 && (size_t)at < size; }

/* Of the tile in a row and a column, behind so many rows and columns of nothing. */
INLINE winograd_place place_at(const winograd_source *s, size_t row, size_t column, size_t pad_top, size_t pad_left)
{
    winograd_place p = {.row = (ptrdiff_t)(2 * row) - (ptrdiff_t)pad_top,
                        .column = (ptrdiff_t)(2 * column) - (ptrdiff_t)pad_left};
    p.inside = within(p.row, s->height) && within(p.row + 3, s->height) && within(p.column, s->width) &&
               within(p.column + 3, s->width);
    return p;
}

/* Of tile number tile of a picture with so many tiles in a row. */
static inline winograd_place place_of_tile(const winograd_source *s, size_t tile, size_t columns, size_t pad_top,
                                           size_t pad_left)
{
    return place_at(s, tile / columns, tile % columns, pad_top, pad_left);
}

typedef struct vec_patch {
    vec v[4][4];
} vec_patch;

/* Distances that are passed from line to line are made odd, so that they do not meet in the same set of the cache. */
static inline size_t odd(size_t n) { return n | 1; }

/* pixel: lanes from one pixel to the next. */
INLINE vec_patch load_inside(const winograd_source *s, const lanes *plane, size_t pixel, winograd_place p, size_t part)
{
    const lanes *at = plane + (p.row * (ptrdiff_t)s->width + p.column) * (ptrdiff_t)pixel;
    vec_patch d;
    UNROLL for (size_t i = 0; i < 4; i++) UNROLL for (size_t j = 0; j < 4; j++) d.v[i][j] =
        vec_load(at + (i * s->width + j) * pixel, part);
    return d;
}

INLINE vec load_or_zero(const winograd_source *s, const lanes *plane, size_t pixel, ptrdiff_t row, ptrdiff_t column,
                        size_t part)
{
    if (!within(row, s->height) || !within(column, s->width)) return vec_set(0);
    return vec_load(plane + ((size_t)row * s->width + (size_t)column) * pixel, part);
}

INLINE vec_patch load_border(const winograd_source *s, const lanes *plane, size_t pixel, winograd_place p, size_t part)
{
    vec_patch d;
    UNROLL for (ptrdiff_t i = 0; i < 4; i++) UNROLL for (ptrdiff_t j = 0; j < 4; j++) d.v[i][j] =
        load_or_zero(s, plane, pixel, p.row + i, p.column + j, part);
    return d;
}

/* Along one axis. */
INLINE void transform_patch(const vec d[4], vec v[4])
{
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[3] - d[1];
}

/* The 16 points of a patch, step lanes from one to the next. */
INLINE void transform_and_store_patch(const vec_patch *d, lanes *to, size_t step, size_t part)
{
    vec rows[4][4], v[4];
    UNROLL for (size_t j = 0; j < 4; j++)
    {
        const vec column[4] = {d->v[0][j], d->v[1][j], d->v[2][j], d->v[3][j]};
        transform_patch(column, v);
        UNROLL for (size_t i = 0; i < 4; i++) rows[i][j] = v[i];
    }
    UNROLL for (size_t i = 0; i < 4; i++)
    {
        transform_patch(rows[i], v);
        UNROLL for (size_t j = 0; j < 4; j++, to += step) vec_store(to, part, v[j]);
    }
}

/* Where the gradient of a tile begins: its maximum's, or that of its first output. */
INLINE size_t gradient_place(const winograd_source *g, size_t channel, size_t row, size_t column)
{
    size_t pooled = row * (g->width / 2) + column, plain = 2 * row * g->width + 2 * column;
    return channel * g->plane_size + (g->winner ? pooled : plain);
}

/* The gradient's 2 x 2 numbers of a tile. */
INLINE void load_gradient_tile(const winograd_source *g, size_t channel, size_t row, size_t column, size_t part,
                               vec d[4])
{
    const size_t at = gradient_place(g, channel, row, column);
    const lanes *corner = g->plane + at;
    if (g->winner) {
        expand_window(corner, g->winner + at, part, d);
        return;
    }
    bool right = 2 * column + 1 < g->width, below = 2 * row + 1 < g->height;
    d[0] = vec_load(corner, part);
    d[1] = right ? vec_load(corner + 1, part) : vec_set(0);
    d[2] = below ? vec_load(corner + g->width, part) : vec_set(0);
    d[3] = right && below ? vec_load(corner + g->width + 1, part) : vec_set(0);
}

/* Along one axis: the outputs' formulas, transposed. */
INLINE void transform_gradient(vec g0, vec g1, vec v[4])
{
    v[0] = g0;
    v[1] = g0 + g1;
    v[2] = g0 - g1;
    v[3] = g1;
}

/* Along the first axis m0 + m1 + m2 and m1 - m2 + m3, a row after the other. */
INLINE void add_row(size_t i, vec m, vec *upper, vec *lower)
{
    if (i == 0) *upper = m;
    if (i == 1) *lower = m;
    if (i == 1 || i == 2) *upper += m;
    if (i == 2) *lower -= m;
    if (i == 3) *lower += m;
}

/* Along the second axis, of the upper and the lower row. */
INLINE void join_columns(const vec upper[4], const vec lower[4], vec y[4])
{
    y[0] = upper[0] + upper[1] + upper[2];
    y[1] = upper[1] - upper[2] + upper[3];
    y[2] = lower[0] + lower[1] + lower[2];
    y[3] = lower[1] - lower[2] + lower[3];
}

/* With so few channels products and sums stay in registers, and nothing is stored in between. Transformed
 * patches are then [tile][point][channel], filters [filter][point][channel], and there is a function for each number of
 * channels, so that the compiler knows all distances; fewer than three go the direct way (conv_choice.c). */
#define EACH_FEW_CHANNELS(X) X(3) X(4)
enum { FEW_CHANNELS = 4, FEW_AT_ONCE = VEC_BYTES == 64 ? 2 : 1 /* rows, as registers allow */ };

/* The outputs of a tile for each of count rows of numbers, a row of points after the other: the operations of the
 * register tile and of transform_sums. vectors are [point][channel]; numbers too, the points point_step apart, the rows
 * row_step. */
INLINE void outputs_of_few(const lanes *vectors, const real *numbers, size_t point_step, size_t row_step, size_t count,
                           size_t channels, const vec *bias, size_t part, vec y[][4])
{
    vec upper[FEW_AT_ONCE][4], lower[FEW_AT_ONCE][4];
    __asm__("" : "+r"(numbers)); /* or the compiler would keep the place of each number, on the stack */
    UNROLL for (size_t i = 0; i < 4; i++) UNROLL for (size_t j = 0; j < 4; j++)
    {
        const size_t point = 4 * i + j;
        vec m[FEW_AT_ONCE];
        UNROLL for (size_t r = 0; r < count; r++) m[r] = point == BIAS_POINT ? bias[r] : vec_set(0);
        UNROLL for (size_t c = 0; c < channels; c++)
        {
            vec v = vec_keep(vec_load(vectors + point * channels + c, part));
            UNROLL for (size_t r = 0; r < count; r++) m[r] =
                vec_fma(v, vec_set_apart(numbers + r * row_step + point * point_step + c), m[r]);
        }
        UNROLL for (size_t r = 0; r < count; r++) add_row(i, m[r], &upper[r][j], &lower[r][j]);
    }
    UNROLL for (size_t r = 0; r < count; r++) join_columns(upper[r], lower[r], y[r]);
}

/* The 2 x 2 outputs of a tile, row by row. */
INLINE void transform_sums(const lanes *m, size_t step, size_t part, vec y[4])
{
    vec upper[4], lower[4];
    UNROLL for (size_t i = 0; i < 4; i++) UNROLL for (size_t j = 0; j < 4; j++, m += step)
        add_row(i, vec_load(m, part), &upper[j], &lower[j]);
    join_columns(upper, lower, y);
}

/* Along one axis. */
INLINE void transform_filter(eight g0, eight g1, eight g2, eight u[4])
{
    eight ends = g0 + g2;
    u[0] = g0;
    u[1] = (ends + g1) * (real)0.5;
    u[2] = (ends - g1) * (real)0.5;
    u[3] = g2;
}

/* The 16 points of eight filters [tap]. */
INLINE void transform_filters(const eight g[9], eight u[WINOGRAD_POINTS])
{
    eight columns[3][4];
    UNROLL for (size_t j = 0; j < 3; j++) transform_filter(g[j], g[3 + j], g[6 + j], columns[j]);
    UNROLL for (size_t i = 0; i < 4; i++) transform_filter(columns[0][i], columns[1][i], columns[2][i], u + 4 * i);
}

/* The points of the filters first ... first + 7 of an input channel, as far as there are so many. */
INLINE void transform_eight(const conv_shape *s, const real *filters, size_t in, size_t first, eight u[WINOGRAD_POINTS])
{
    const size_t step = s->in_channels * s->out_channels;
    const real *from = filters + in * s->out_channels + first, *end = filters + 9 * step;
    eight g[9];
    UNROLL for (size_t tap = 0; tap < 9; tap++) g[tap] = eight_load(from + tap * step, end);
    transform_filters(g, u);
}

#endif
