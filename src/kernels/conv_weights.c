/* The weight gradient of a convolution: for each filter and tap the products of the output's gradient with the source,
 * summed over all pixels in lane registers.
 *
 * The order of every sum: the rectangles of outputs that see the same taps, row by row of them, each rectangle row by
 * row; then the lanes by the tree 8-4-2-1. A bias sums all outputs row by row, then the lanes. Where there are only a
 * few outputs the weights' order is another one: conv_few.c. */
#include "kernels/conv_axis.h"
#include "kernels/conv_few.h"
#include "kernels/conv_pooled.h"
#include "kernels/conv_ways.h"
#include "kernels/weights_tile.h"

/* A block's sums stay in the first-level cache while its tiles take turns on the same few pixels. */
enum { BLOCK_TAPS = 27, BLOCK_FILTERS = 2 * TILE_FILTERS, BLOCK_PIXELS = 64, GRADIENT_STEP = BLOCK_PIXELS + 1 };

typedef struct weights_pass {
    const conv_shape *s;
    conv_axis row, column;
    const lanes *x, *dy;
    const pool_winner *winner; /* dy is that of the maxima of 2 x 2 windows; NULL: of all outputs */
    size_t channels;           /* of the source in a group */
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
    lanes gradient[BLOCK_FILTERS * GRADIENT_STEP]; /* of a rectangle, where it has to be made of the pooled one */
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

/* The gradients of a window's outputs, as far as they lie in the rectangle: all goes to its maximum. */
INLINE void expand_into(const lanes *gradient, const pool_winner *winner, rectangle r, size_t top, size_t left,
                        lanes *to)
{
    for (size_t part = 0; part < PARTS; part++) {
        vec cell[4];
        expand_window(gradient, winner, part, cell);
        UNROLL for (size_t k = 0; k < 4; k++)
        {
            size_t y = top + k / 2, x = left + k % 2;
            if (y >= r.top && y < r.bottom && x >= r.left && x < r.right)
                vec_store(to + (y - r.top) * (r.right - r.left) + x - r.left, part, cell[k]);
        }
    }
}

/* The gradients of a rectangle's outputs, each filter's rows one after the other. */
static void expand_rectangle(const weights_pass *p, weights_block *b, rectangle r)
{
    size_t width = p->column.outputs / 2, plane = p->row.outputs / 2 * width;
    for (size_t f = 0; f < b->filters; f++)
        for (size_t y = r.top / 2; 2 * y < r.bottom; y++)
            for (size_t x = r.left / 2; 2 * x < r.right; x++) {
                size_t window = (b->filter + f) * plane + y * width + x;
                expand_into(p->dy + window, p->winner + window, r, 2 * y, 2 * x, b->gradient + f * GRADIENT_STEP);
            }
}

/* Adds a rectangle to the sums of a few of the block's taps, all its filters. */
static void add_rectangle(const weights_pass *p, weights_block *b, const size_t *taps, size_t count, rectangle r)
{
    size_t width = p->column.sources, plane = p->row.outputs * p->column.outputs;
    weights_tile tile = {.sum_step = BLOCK_TAPS, .rows = r.bottom - r.top, .columns = r.right - r.left};
    tile.source_row = p->row.stride * width;
    tile.source_column = p->column.stride;
    tile.gradient_row = p->winner ? tile.columns : p->column.outputs;
    tile.gradient_step = p->winner ? GRADIENT_STEP : plane;
    const lanes *gradient = p->winner ? b->gradient : p->dy + b->filter * plane + r.top * p->column.outputs + r.left;
    ptrdiff_t first = (ptrdiff_t)(r.top * tile.source_row + r.left * tile.source_column);
    for (size_t t = 0; t < count; t++) tile.source[t] = p->x + (b->tap[taps[t]].offset + first);
    for (size_t filter = 0; filter < b->filters; filter += TILE_FILTERS) {
        tile.gradient = gradient + filter * tile.gradient_step;
        for (size_t t = 0; t < count; t++) tile.sum[t] = b->sum + filter * BLOCK_TAPS + taps[t];
        KERNEL(weights_tiles)[count][smaller(TILE_FILTERS, b->filters - filter)](&tile);
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
            if (p->winner) expand_rectangle(p, b, r);
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

static void sum_many(const weights_pass *p, const conv_call *c)
{
    size_t first = c->first, last = c->last;
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

/* Eight filters at once hide the time that an addition takes. plane: of dy. */
INLINE void sum_biases(const conv_call *c, size_t plane, bool pooled)
{
    enum { AT_ONCE = 8 };
    for (size_t f = c->first; f < c->last; f += AT_ONCE) {
        size_t count = smaller(AT_ONCE, c->last - f);
        lanes sum[AT_ONCE] = {0};
        for (size_t part = 0; part < PARTS; part++)
            for (size_t i = 0; i < plane; i++)
                for (size_t k = 0; k < count; k++) {
                    size_t at = (f + k) * plane + i;
                    vec dy = pooled ? pooled_gradient(c->dy + at, (const pool_winner *)c->winner + at, part)
                                    : vec_load(c->dy + at, part);
                    vec_store(&sum[k], part, vec_load(&sum[k], part) + dy);
                }
        for (size_t k = 0; k < count; k++) c->d_bias[f + k] = lanes_sum(&sum[k]);
    }
}

void KERNEL(direct_gradient_weights)(const conv_shape *s, const conv_call *c)
{
    size_t outputs = s->out_height * s->out_width;
    if (c->d_bias && c->pooled)
        sum_biases(c, s->out_height / 2 * (s->out_width / 2), true);
    else if (c->d_bias)
        sum_biases(c, outputs, false);
    if (outputs <= CONV_FEW) {
        KERNEL(conv_gradient_weights_few)(s, c);
        return;
    }
    weights_pass p = {.s = s, .x = c->x, .dy = c->dy, .channels = s->in_channels / s->groups};
    p.d_filters = c->d_filters;
    p.row = conv_axis_rows(s);
    p.column = conv_axis_columns(s);
    if (c->pooled) {
        p.winner = c->winner;
        p.row.outputs = whole_windows(p.row.outputs);
        p.column.outputs = whole_windows(p.column.outputs);
    }
    sum_many(&p, c);
}
