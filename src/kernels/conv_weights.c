/* The weight gradient of a convolution: for each filter and tap the products of the output's gradient with the source,
 * summed over all pixels in lane registers.
 *
 * The order of every sum: the rectangles of outputs that see the same taps, row by row of them, each rectangle row by
 * row; then the lanes by the tree 8-4-2-1. A bias sums all outputs row by row, then the lanes. Where there are only a
 * few outputs the weights' order is another one: conv_few.c. */
#include "kernels/conv_axis.h"
#include "kernels/conv_few.h"

/* A register tile of taps and filters: the sums, the fewer of the operands and one more fit into the registers. A
 * block's sums stay in the first-level cache while its tiles take turns on the same few pixels. */
#if defined(__AVX512F__)
enum { TILE_TAPS = 9, TILE_FILTERS = 3 };
#define TILES(X)                                                                                                       \
    TILE_ROW_3(X, 1)                                                                                                   \
    TILE_ROW_3(X, 2)                                                                                                   \
    TILE_ROW_3(X, 3)                                                                                                   \
    TILE_ROW_3(X, 4) TILE_ROW_3(X, 5) TILE_ROW_3(X, 6) TILE_ROW_3(X, 7) TILE_ROW_3(X, 8) TILE_ROW_3(X, 9)
#elif defined(__AVX2__)
enum { TILE_TAPS = 3, TILE_FILTERS = 4 };
#define TILES(X) TILE_ROW_4(X, 1) TILE_ROW_4(X, 2) TILE_ROW_4(X, 3)
#else
enum { TILE_TAPS = 3, TILE_FILTERS = 3 };
#define TILES(X) TILE_ROW_3(X, 1) TILE_ROW_3(X, 2) TILE_ROW_3(X, 3)
#endif
#define TILE_ROW_3(X, taps) X(taps, 1) X(taps, 2) X(taps, 3)
#define TILE_ROW_4(X, taps) TILE_ROW_3(X, taps) X(taps, 4)
enum { BLOCK_TAPS = 18, BLOCK_FILTERS = 2 * TILE_FILTERS, BLOCK_PIXELS = 64 };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

/* What a tile adds to its sums: a rectangle of pixels. Distances are in lanes. */
typedef struct weights_tile {
    const lanes *source[TILE_TAPS]; /* that each tap sees at the first pixel */
    const lanes *gradient;          /* of the first filter at the first pixel */
    size_t gradient_step;           /* from one filter to the next */
    size_t rows, columns;
    size_t source_row, source_column, gradient_row; /* from one pixel to the next */
    lanes *sum[TILE_TAPS];                          /* of the first filter; the next one's are BLOCK_TAPS further */
} weights_tile;

/* Adds a pixel's products: the operands of which there are fewer stay in registers while the others pass. */
INLINE void add_pixel(const lanes *const *source, size_t at, const lanes *gradient, size_t step, size_t taps,
                      size_t filters, size_t part, vec *sum)
{
    if (filters < taps) {
        vec g[TILE_FILTERS];
        UNROLL for (size_t f = 0; f < filters; f++) g[f] = vec_keep(vec_load(gradient + f * step, part));
        UNROLL for (size_t t = 0; t < taps; t++)
        {
            vec x = vec_keep(vec_load(source[t] + at, part));
            UNROLL for (size_t f = 0; f < filters; f++) sum[f * taps + t] = vec_fma(x, g[f], sum[f * taps + t]);
        }
    } else {
        vec x[TILE_TAPS];
        UNROLL for (size_t t = 0; t < taps; t++) x[t] = vec_keep(vec_load(source[t] + at, part));
        UNROLL for (size_t f = 0; f < filters; f++)
        {
            vec g = vec_keep(vec_load(gradient + f * step, part));
            UNROLL for (size_t t = 0; t < taps; t++) sum[f * taps + t] = vec_fma(x[t], g, sum[f * taps + t]);
        }
    }
}

INLINE void run_tile(const weights_tile *tile, size_t taps, size_t filters)
{
    const size_t columns = tile->columns, source_column = tile->source_column, step = tile->gradient_step;
    for (size_t part = 0; part < PARTS; part++) {
        vec sum[TILE_TAPS * TILE_FILTERS];
        UNROLL for (size_t t = 0; t < taps; t++) UNROLL for (size_t f = 0; f < filters; f++) sum[f * taps + t] =
            vec_load(tile->sum[t] + f * BLOCK_TAPS, part);
        for (size_t row = 0; row < tile->rows; row++) {
            const lanes *source[TILE_TAPS], *gradient = tile->gradient + row * tile->gradient_row;
            UNROLL for (size_t t = 0; t < taps; t++) source[t] = tile->source[t] + row * tile->source_row;
            for (size_t column = 0, at = 0; column < columns; column++, at += source_column)
                add_pixel(source, at, gradient + column, step, taps, filters, part, sum);
        }
        UNROLL for (size_t t = 0; t < taps; t++) UNROLL for (size_t f = 0; f < filters; f++)
            vec_store(tile->sum[t] + f * BLOCK_TAPS, part, sum[f * taps + t]);
    }
}

#define DEFINE_TILE(taps, filters)                                                                                     \
    static void tile_##taps##_by_##filters(const weights_tile *tile) { run_tile(tile, taps, filters); }
TILES(DEFINE_TILE)

#define TILE_ENTRY(taps, filters) [taps][filters] = tile_##taps##_by_##filters,
static void (*const tiles[TILE_TAPS + 1][TILE_FILTERS + 1])(const weights_tile *tile) = {TILES(TILE_ENTRY)};

typedef struct weights_pass {
    const conv_shape *s;
    conv_axis row, column;
    const lanes *x, *dy;
    size_t channels; /* of the source in a group */
    real *d_filters;
} weights_pass;

/* A tap of one source channel of the group. */
typedef struct block_tap {
    size_t row, column;
    ptrdiff_t offset; /* lanes from x to its source for output (0, 0), which may lie outside */
    size_t weight;    /* its first filter's place in d_filters */
} block_tap;

/* Filters and taps whose sums are gathered together. */
typedef struct weights_block {
    size_t filter, filters, taps;
    block_tap tap[BLOCK_TAPS];
    lanes sum[BLOCK_FILTERS * BLOCK_TAPS];
} weights_block;

/* Takes the taps first, first + 1, ... counted over the group's channels, kernel rows and columns. */
static void take_taps(const weights_pass *p, weights_block *b, size_t group, size_t first, size_t count)
{
    size_t rows = p->row.taps, columns = p->column.taps, width = p->column.sources, plane = p->row.sources * width;
    size_t channel = first / (rows * columns), row = first / columns % rows, column = first % columns;
    b->taps = count;
    for (size_t t = 0; t < count; t++) {
        size_t place = (group * p->channels + channel) * plane + row * p->row.dilation * width;
        place += column * p->column.dilation;
        b->tap[t] = (block_tap){.row = row, .column = column};
        b->tap[t].offset = (ptrdiff_t)place - (ptrdiff_t)(p->row.before * width + p->column.before);
        b->tap[t].weight = ((row * columns + column) * p->channels + channel) * p->s->out_channels;
        if (++column < columns) continue;
        column = 0;
        if (++row < rows) continue;
        row = 0;
        channel++;
    }
}

/* A rectangle of outputs; bottom and right are outside. */
typedef struct rectangle {
    size_t top, bottom, left, right;
} rectangle;

/* Adds a rectangle to the sums of a few of the block's taps, all its filters. */
static void add_rectangle(const weights_pass *p, weights_block *b, const size_t *taps, size_t count, rectangle r)
{
    size_t width = p->column.sources, plane = p->row.outputs * p->column.outputs;
    weights_tile tile = {.gradient_step = plane, .rows = r.bottom - r.top, .columns = r.right - r.left};
    tile.source_row = p->row.stride * width;
    tile.source_column = p->column.stride;
    tile.gradient_row = p->column.outputs;
    ptrdiff_t first = (ptrdiff_t)(r.top * tile.source_row + r.left * tile.source_column);
    for (size_t t = 0; t < count; t++) tile.source[t] = p->x + (b->tap[taps[t]].offset + first);
    for (size_t filter = 0; filter < b->filters; filter += TILE_FILTERS) {
        tile.gradient = p->dy + (b->filter + filter) * plane + r.top * p->column.outputs + r.left;
        for (size_t t = 0; t < count; t++) tile.sum[t] = b->sum + filter * BLOCK_TAPS + taps[t];
        tiles[count][smaller(TILE_FILTERS, b->filters - filter)](&tile);
    }
}

/* Which of the block's taps the outputs of row times column see. */
static size_t seen_taps(const weights_block *b, const conv_span *row, const conv_span *column, size_t *seen)
{
    size_t count = 0;
    for (size_t t = 0; t < b->taps; t++) {
        seen[count] = t;
        count += b->tap[t].row - row->tap < row->taps && b->tap[t].column - column->tap < column->taps;
    }
    return count;
}

/* All outputs of row times column: few at a time, so that they are still near when the next tile wants them. */
static void add_spans(const weights_pass *p, weights_block *b, const conv_span *row, const conv_span *column)
{
    size_t seen[BLOCK_TAPS + 1], count = seen_taps(b, row, column, seen);
    if (count == 0) return;
    size_t each = divide_up(count, divide_up(count, TILE_TAPS));
    size_t rows = divide_up(row->outputs, divide_up(row->outputs * column->outputs, BLOCK_PIXELS));
    size_t bottom = row->output + row->outputs, right = column->output + column->outputs;
    for (size_t y = row->output; y < bottom; y += rows)
        for (size_t x = column->output; x < right; x += BLOCK_PIXELS) {
            rectangle r = {y, smaller(y + rows, bottom), x, smaller(x + BLOCK_PIXELS, right)};
            for (size_t t = 0; t < count; t += each) add_rectangle(p, b, seen + t, smaller(each, count - t), r);
        }
}

static void store_block(const weights_pass *p, const weights_block *b)
{
    for (size_t t = 0; t < b->taps; t++) {
        real *to = p->d_filters + b->tap[t].weight + b->filter;
        for (size_t f = 0; f < b->filters; f++) to[f] = lanes_sum(&b->sum[f * BLOCK_TAPS + t]);
    }
}

static void run_block(const weights_pass *p, weights_block *b)
{
    for (size_t i = 0; i < b->filters * BLOCK_TAPS; i++) b->sum[i] = (lanes){0};
    for (size_t y = 0; y < p->row.outputs;) {
        conv_span row = conv_span_at(&p->row, y, p->row.outputs);
        for (size_t x = 0; x < p->column.outputs;) {
            conv_span column = conv_span_at(&p->column, x, p->column.outputs);
            add_spans(p, b, &row, &column);
            x += column.outputs;
        }
        y += row.outputs;
    }
    store_block(p, b);
}

static void sum_many(const weights_pass *p, size_t first, size_t last)
{
    size_t taps = p->channels * p->row.taps * p->column.taps, in_group = p->s->out_channels / p->s->groups;
    weights_block b;
    for (b.filter = first; b.filter < last; b.filter += b.filters) {
        size_t group = b.filter / in_group;
        b.filters = smaller(BLOCK_FILTERS, smaller(last, (group + 1) * in_group) - b.filter);
        for (size_t tap = 0; tap < taps; tap += b.taps) {
            take_taps(p, &b, group, tap, smaller(BLOCK_TAPS, taps - tap));
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
    weights_pass p = {.s = s, .x = x, .dy = dy, .channels = s->in_channels / s->groups, .d_filters = d_filters};
    p.row = conv_axis_rows(s);
    p.column = conv_axis_columns(s);
    sum_many(&p, first, last);
}
