/* The weight gradient of a convolution: for each filter and tap the products of the output's gradient with the source,
 * summed over all pixels in lane registers.
 *
 * The order of every sum: the rectangle of outputs that see every tap, then what else this tap sees above, below, left
 * and right of it, each row by row; then the lanes by the tree 8-4-2-1. A bias sums all outputs row by row, then the
 * lanes. Where there are only a few outputs the weights' order is another one: conv_few.c. */
#include "kernels/conv_axis.h"
#include "kernels/conv_few.h"

/* A register tile of taps and filters: the sums, one row of operands and one more fit into the registers. A block's
 * sums stay in the first-level cache while its tiles take turns on the same few pixels. */
#if defined(__AVX512F__)
enum { TILE_TAPS = 9, TILE_FILTERS = 3, BLOCK_FILTERS = 6 };
#define TILES_OF_FILTERS(X, taps) X(taps, 1) X(taps, 2) X(taps, 3)
#define TILES(X)                                                                                                       \
    TILES_OF_FILTERS(X, 1)                                                                                             \
    TILES_OF_FILTERS(X, 2)                                                                                             \
    TILES_OF_FILTERS(X, 3)                                                                                             \
    TILES_OF_FILTERS(X, 4)                                                                                             \
    TILES_OF_FILTERS(X, 5) TILES_OF_FILTERS(X, 6) TILES_OF_FILTERS(X, 7) TILES_OF_FILTERS(X, 8) TILES_OF_FILTERS(X, 9)
#else
enum { TILE_TAPS = 3, TILE_FILTERS = 3, BLOCK_FILTERS = 6 };
#define TILES_OF_FILTERS(X, taps) X(taps, 1) X(taps, 2) X(taps, 3)
#define TILES(X)                  TILES_OF_FILTERS(X, 1) TILES_OF_FILTERS(X, 2) TILES_OF_FILTERS(X, 3)
#endif
enum { BLOCK_TAPS = 18, BLOCK_PIXELS = 64 };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

typedef struct rectangle {
    size_t top, bottom, left, right; /* bottom and right are outside */
} rectangle;

/* What a tile adds to its sums: a rectangle of pixels. Distances are in lanes. */
typedef struct weights_tile {
    const lanes *source[TILE_TAPS]; /* that each tap sees at the first pixel */
    const lanes *gradient;          /* of the first filter at the first pixel */
    size_t gradient_step;           /* from one filter to the next */
    size_t rows, columns;
    size_t source_row, source_column, gradient_row; /* from one pixel to the next */
    lanes *sum;                                     /* [filter][BLOCK_TAPS] */
} weights_tile;

INLINE void add_row(const lanes *const *source, const lanes *gradient, const weights_tile *tile, size_t taps,
                    size_t filters, size_t part, vec *sum)
{
    const size_t columns = tile->columns, source_column = tile->source_column, step = tile->gradient_step;
    for (size_t column = 0, at = 0; column < columns; column++, at += source_column) {
        vec g[TILE_FILTERS];
        UNROLL for (size_t f = 0; f < filters; f++) g[f] = vec_load(gradient + f * step + column, part);
        UNROLL for (size_t t = 0; t < taps; t++)
        {
            vec x = vec_load(source[t] + at, part);
            UNROLL for (size_t f = 0; f < filters; f++) sum[f * taps + t] = vec_fma(x, g[f], sum[f * taps + t]);
        }
    }
}

INLINE void run_tile(const weights_tile *tile, size_t taps, size_t filters)
{
    for (size_t part = 0; part < PARTS; part++) {
        vec sum[TILE_TAPS * TILE_FILTERS];
        UNROLL for (size_t f = 0; f < filters; f++) UNROLL for (size_t t = 0; t < taps; t++) sum[f * taps + t] =
            vec_load(tile->sum + f * BLOCK_TAPS + t, part);
        for (size_t row = 0; row < tile->rows; row++) {
            const lanes *source[TILE_TAPS];
            UNROLL for (size_t t = 0; t < taps; t++) source[t] = tile->source[t] + row * tile->source_row;
            add_row(source, tile->gradient + row * tile->gradient_row, tile, taps, filters, part, sum);
        }
        UNROLL for (size_t f = 0; f < filters; f++) UNROLL for (size_t t = 0; t < taps; t++)
            vec_store(tile->sum + f * BLOCK_TAPS + t, part, sum[f * taps + t]);
    }
}

#define DEFINE_TILE(taps, filters)                                                                                     \
    static void tile_##taps##_by_##filters(const weights_tile *tile) { run_tile(tile, taps, filters); }
TILES(DEFINE_TILE)

#define TILE_ENTRY(taps, filters) [taps][filters] = tile_##taps##_by_##filters,
static void (*const tiles[TILE_TAPS + 1][TILE_FILTERS + 1])(const weights_tile *tile) = {TILES(TILE_ENTRY)};

/* One pass over the filters and taps of a group. */
typedef struct weights_pass {
    const conv_shape *s;
    conv_axis row, column;
    rectangle inner; /* outputs that see every tap */
    const lanes *x, *dy;
    size_t channels; /* of the source in a group */
    real *d_filters;
} weights_pass;

static weights_pass start_pass(const conv_shape *s, const lanes *x, const lanes *dy, real *d_filters)
{
    weights_pass p = {.s = s, .x = x, .dy = dy, .channels = s->in_channels / s->groups, .d_filters = d_filters};
    p.row = conv_axis_rows(s);
    p.column = conv_axis_columns(s);
    size_t unused;
    conv_tap_range(&p.row, 0, &p.inner.top, &unused);
    conv_tap_range(&p.row, p.row.taps - 1, &unused, &p.inner.bottom);
    conv_tap_range(&p.column, 0, &p.inner.left, &unused);
    conv_tap_range(&p.column, p.column.taps - 1, &unused, &p.inner.right);
    if (p.inner.top >= p.inner.bottom || p.inner.left >= p.inner.right) p.inner = (rectangle){0};
    return p;
}

/* Filters and taps (counted over the group's channels) whose sums are gathered together. */
typedef struct weights_block {
    size_t group, filter, filters, tap, taps;
    lanes sum[BLOCK_FILTERS * BLOCK_TAPS];
} weights_block;

/* Where a tap's source for output (0, 0) would lie, in lanes from x. It may lie outside. */
static ptrdiff_t tap_offset(const weights_pass *p, size_t group, size_t tap)
{
    size_t kernel = p->row.taps * p->column.taps, channel = group * p->channels + tap / kernel;
    size_t i = tap % kernel / p->column.taps, j = tap % p->column.taps, width = p->column.sources;
    return (ptrdiff_t)(channel * p->row.sources * width + i * p->row.dilation * width + j * p->column.dilation) -
           (ptrdiff_t)(p->row.before * width + p->column.before);
}

/* Adds a rectangle to the sums of a few of the block's taps, all its filters. */
static void add_rectangle(const weights_pass *p, weights_block *b, size_t tap, size_t taps, rectangle r)
{
    size_t width = p->column.sources, plane = p->row.outputs * p->column.outputs;
    weights_tile tile = {.gradient_step = plane, .rows = r.bottom - r.top, .columns = r.right - r.left};
    tile.source_row = p->row.stride * width;
    tile.source_column = p->column.stride;
    tile.gradient_row = p->column.outputs;
    for (size_t t = 0; t < taps; t++) {
        ptrdiff_t first = (ptrdiff_t)(r.top * tile.source_row + r.left * tile.source_column);
        tile.source[t] = p->x + (tap_offset(p, b->group, b->tap + tap + t) + first);
    }
    size_t parts = divide_up(b->filters, TILE_FILTERS), filter = 0;
    for (size_t i = 1; i <= parts; i++) {
        size_t end = b->filters * i / parts;
        tile.gradient = p->dy + (b->filter + filter) * plane + r.top * p->column.outputs + r.left;
        tile.sum = b->sum + filter * BLOCK_TAPS + tap;
        tiles[taps][end - filter](&tile);
        filter = end;
    }
}

/* The outputs that see every tap: few pixels at a time, so that they are still near when the next tile wants them. */
static void add_inner(const weights_pass *p, weights_block *b)
{
    size_t columns = p->inner.right - p->inner.left,
           rows = columns < BLOCK_PIXELS ? BLOCK_PIXELS / (columns + 1) + 1 : 1;
    size_t parts = divide_up(b->taps, TILE_TAPS);
    for (size_t y = p->inner.top; y < p->inner.bottom; y += rows)
        for (size_t x = p->inner.left; x < p->inner.right; x += BLOCK_PIXELS) {
            rectangle r = {y, smaller(y + rows, p->inner.bottom), x, smaller(x + BLOCK_PIXELS, p->inner.right)};
            for (size_t i = 0, tap = 0; i < parts; i++) {
                size_t end = b->taps * (i + 1) / parts;
                add_rectangle(p, b, tap, end - tap, r);
                tap = end;
            }
        }
}

static void add_if_any(const weights_pass *p, weights_block *b, size_t tap, rectangle r)
{
    if (r.top < r.bottom && r.left < r.right) add_rectangle(p, b, tap, 1, r);
}

/* The other outputs, tap by tap. */
static void add_border(const weights_pass *p, weights_block *b)
{
    for (size_t t = 0; t < b->taps; t++) {
        size_t tap = (b->tap + t) % (p->row.taps * p->column.taps);
        rectangle all, inner = p->inner;
        conv_tap_range(&p->row, tap / p->column.taps, &all.top, &all.bottom);
        conv_tap_range(&p->column, tap % p->column.taps, &all.left, &all.right);
        if (inner.top == inner.bottom) inner.top = inner.bottom = all.bottom;
        add_if_any(p, b, t, (rectangle){all.top, inner.top, all.left, all.right});
        add_if_any(p, b, t, (rectangle){inner.bottom, all.bottom, all.left, all.right});
        add_if_any(p, b, t, (rectangle){inner.top, inner.bottom, all.left, inner.left});
        add_if_any(p, b, t, (rectangle){inner.top, inner.bottom, inner.right, all.right});
    }
}

static void store_block(const weights_pass *p, const weights_block *b)
{
    size_t kernel = p->row.taps * p->column.taps, outs = p->s->out_channels;
    for (size_t t = 0; t < b->taps; t++) {
        size_t channel = (b->tap + t) / kernel, tap = (b->tap + t) % kernel;
        real *to = p->d_filters + (tap * p->channels + channel) * outs + b->filter;
        for (size_t f = 0; f < b->filters; f++) to[f] = lanes_sum(&b->sum[f * BLOCK_TAPS + t]);
    }
}

static void run_block(const weights_pass *p, weights_block *b)
{
    const rectangle *inner = &p->inner;
    bool has_border = (inner->bottom - inner->top) * (inner->right - inner->left) < p->row.outputs * p->column.outputs;
    for (size_t i = 0; i < b->filters * BLOCK_TAPS; i++) b->sum[i] = (lanes){0};
    add_inner(p, b);
    if (has_border) add_border(p, b);
    store_block(p, b);
}

static void sum_many(const weights_pass *p, size_t first, size_t last)
{
    size_t taps = p->channels * p->row.taps * p->column.taps, in_group = p->s->out_channels / p->s->groups;
    weights_block b;
    for (b.filter = first; b.filter < last; b.filter += b.filters) {
        b.group = b.filter / in_group;
        b.filters = smaller(BLOCK_FILTERS, smaller(last, (b.group + 1) * in_group) - b.filter);
        for (b.tap = 0; b.tap < taps; b.tap += b.taps) {
            b.taps = smaller(BLOCK_TAPS, taps - b.tap);
            run_block(p, &b);
        }
    }
}

/* Eight filters at once hide the time that an addition takes. */
static void sum_biases(const conv_shape *s, const lanes *dy, real *d_bias, size_t first, size_t last)
{
    enum { AT_ONCE = 8 };
    size_t plane = s->out_height * s->out_width;
    for (size_t f = first; f < last; f += AT_ONCE) {
        size_t count = smaller(AT_ONCE, last - f);
        lanes sum[AT_ONCE] = {0};
        for (size_t part = 0; part < PARTS; part++)
            for (size_t i = 0; i < plane; i++)
                for (size_t k = 0; k < count; k++)
                    vec_store(&sum[k], part, vec_load(&sum[k], part) + vec_load(dy + (f + k) * plane + i, part));
        for (size_t k = 0; k < count; k++) d_bias[f + k] = lanes_sum(&sum[k]);
    }
}

void KERNEL(conv_gradient_weights)(const conv_shape *s, const lanes *x, const lanes *dy, real *d_filters, real *d_bias,
                                   size_t first, size_t last)
{
    if (d_bias) sum_biases(s, dy, d_bias, first, last);
    if (s->out_height * s->out_width <= CONV_FEW) {
        KERNEL(conv_gradient_weights_few)(s, x, dy, d_filters, first, last);
        return;
    }
    weights_pass p = start_pass(s, x, dy, d_filters);
    sum_many(&p, first, last);
}
