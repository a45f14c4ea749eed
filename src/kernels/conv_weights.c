/* The weight gradient of a convolution: for each filter and tap the products of the output's gradient with the source,
 * summed over all pixels in lane registers.
 *
 * The order of every sum: the rectangles of outputs that see the same taps, row by row of them, each rectangle row by
 * row; then the lanes by the tree 8-4-2-1. Where filters lie in the vector the order is another one: conv_turned.c. */
#include "kernels/conv_axis.h"
#include "kernels/conv_pooled.h"
#include "kernels/conv_turned.h"
#include "kernels/conv_ways.h"
#include "kernels/weights_tile.h"

#include <string.h>

/* A block's sums, and the few pixels on which its tiles take turns, stay in the first-level cache; the gradients of a
 * few filters in the second, for their biases. Widened to whole windows a rectangle may have twice its pixels and a
 * little more. */
enum { BLOCK_TAPS = 27, BLOCK_PIXELS = 64, GRADIENT_STEP = 2 * BLOCK_PIXELS + 9, NEAR_FILTERS = 12 };

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

/* Filters (those of a tile) and taps whose sums are gathered together. */
typedef struct weights_block {
    size_t filter, filters, taps;
    block_tap tap[BLOCK_TAPS];
    lanes sum[TILE_FILTERS * BLOCK_TAPS + SUMS_TOGETHER];
    lanes gradient[TILE_FILTERS * GRADIENT_STEP]; /* of the windows that a rectangle touches, where dy is pooled */
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

/* Columns of the windows that a rectangle touches. */
static size_t columns_of_windows(rectangle r) { return 2 * (divide_up(r.right, 2) - r.left / 2); }

/* The gradients of the windows that a rectangle touches, each filter's rows one after the other. */
static void expand_rectangle(const weights_pass *p, weights_block *b, rectangle r)
{
    size_t width = p->column.outputs / 2, plane = p->row.outputs / 2 * width;
    rectangle windows = {r.top / 2, divide_up(r.bottom, 2), r.left / 2, divide_up(r.right, 2)};
    size_t step = columns_of_windows(r);
    for (size_t f = 0; f < b->filters; f++) {
        lanes *row = b->gradient + f * GRADIENT_STEP;
        for (size_t y = windows.top; y < windows.bottom; y++, row += 2 * step) {
            size_t first = (b->filter + f) * plane + y * width;
            for (size_t x = windows.left; x < windows.right; x++)
                for (size_t part = 0; part < PARTS; part++) {
                    vec cell[4];
                    expand_window(p->dy + first + x, p->winner + first + x, part, cell);
                    lanes *to = row + 2 * (x - windows.left);
                    UNROLL for (size_t k = 0; k < 4; k++) vec_store(to + k / 2 * step + k % 2, part, cell[k]);
                }
        }
    }
}

/* Adds a rectangle to the sums of a few of the block's taps, all its filters. */
static void add_rectangle(const weights_pass *p, weights_block *b, const size_t *taps, size_t count, rectangle r)
{
    size_t width = p->column.sources, plane = p->row.outputs * p->column.outputs;
    weights_tile tile = {.sum_step = BLOCK_TAPS, .rows = r.bottom - r.top, .columns = r.right - r.left};
    tile.source_row = p->row.stride * width;
    tile.source_column = p->column.stride;
    tile.gradient_row = p->winner ? columns_of_windows(r) : p->column.outputs;
    tile.gradient_step = p->winner ? GRADIENT_STEP : plane;
    tile.gradient = p->winner ? b->gradient + r.top % 2 * tile.gradient_row + r.left % 2
                              : p->dy + b->filter * plane + r.top * p->column.outputs + r.left;
    ptrdiff_t first = (ptrdiff_t)(r.top * tile.source_row + r.left * tile.source_column);
    for (size_t t = 0; t < count; t++) tile.source[t] = p->x + (b->tap[taps[t]].offset + first);
    for (size_t t = 0; t < count; t++) tile.sum[t] = b->sum + taps[t];
    KERNEL(weights_tiles)[count][b->filters](&tile);
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
    size_t bottom = row->output + row->outputs, right = column->output + column->outputs, end;
    for (size_t y = row->output; y < bottom; y = end) {
        end = smaller(rows > 1 ? (y + rows) / 2 * 2 : y + 1, bottom); /* where windows of 2 x 2 end */
        for (size_t x = column->output; x < right; x += BLOCK_PIXELS) {
            rectangle r = {y, end, x, smaller(x + BLOCK_PIXELS, right)};
            if (p->winner) expand_rectangle(p, b, r);
            for (size_t t = 0; t < count; t += each) add_rectangle(p, b, seen + t, smaller(each, count - t), r);
        }
    }
}

/* d_filters lies tap by tap, the sums filter by filter. */
static void store_block(const weights_pass *p, const weights_block *b)
{
    real sum[BLOCK_TAPS + SUMS_TOGETHER];
    for (size_t f = 0; f < b->filters; f++) {
        for (size_t t = 0; t < b->taps; t += SUMS_TOGETHER) lanes_sums(b->sum + f * BLOCK_TAPS + t, sum + t);
        for (size_t t = 0; t < b->taps; t++) p->d_filters[b->tap[t].weight + b->filter + f] = sum[t];
    }
}

static void run_block(const weights_pass *p, weights_block *b)
{
    memset(b->sum, 0, (b->filters * BLOCK_TAPS + SUMS_TOGETHER) * sizeof *b->sum);
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

static void sum_filters(const weights_pass *p, size_t first, size_t last)
{
    size_t taps = p->channels * p->row.taps * p->column.taps, in_group = p->s->out_channels / p->s->groups;
    weights_block b;
    for (b.filter = first; b.filter < last; b.filter += b.filters) {
        size_t group = b.filter / in_group;
        b.filters = smaller(TILE_FILTERS, smaller(last, (group + 1) * in_group) - b.filter);
        for (size_t tap = 0; tap < taps; tap += b.taps) {
            take_taps(p, &b, group, tap, smaller(BLOCK_TAPS, taps - tap));
            run_block(p, &b);
        }
    }
}

/* So many of a group's filters go into the vector, where there are few outputs or channels enough for a register tile;
 * with many outputs whole lanes alone. */
static size_t turned_filters(const conv_shape *s)
{
    enum { LEAST_CHANNELS = 8 };
    size_t outputs = s->out_height * s->out_width, in_group = s->out_channels / s->groups;
    if (outputs <= TURNED_PIXELS) return filters_to_turn(in_group, outputs);
    return s->in_channels / s->groups < LEAST_CHANNELS ? 0 : in_group - in_group % LANES;
}

void KERNEL(direct_gradient_weights)(const conv_shape *s, const conv_call *c)
{
    weights_pass p = {.s = s, .x = c->x, .dy = c->dy, .channels = s->in_channels / s->groups};
    p.d_filters = c->d_filters;
    p.row = conv_axis_rows(s);
    p.column = conv_axis_columns(s);
    if (c->pooled) {
        p.winner = c->winner;
        p.row.outputs = whole_windows(p.row.outputs);
        p.column.outputs = whole_windows(p.column.outputs);
    }
    const size_t turned = turned_filters(s), in_group = s->out_channels / s->groups;
    for (size_t first = c->first, last; first < c->last; first = last) {
        size_t group = first / in_group * in_group;
        if (first < group + turned) {
            last = smaller(group + turned, c->last);
            KERNEL(conv_gradient_weights_turned)(s, c, first, last);
            continue;
        }
        last = smaller(first + NEAR_FILTERS, c->last);
        if (turned > 0) last = smaller(last, group + in_group);
        sum_filters(&p, first, last);
        KERNEL(conv_gradient_bias)(s, c, first, last);
    }
}
