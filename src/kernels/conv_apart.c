/* The forward pass of a convolution for an image apart: channels in lanes, [height][width][channels], the last lanes
 * filled up with zeros. Every sum has the order that it has in a block of images, and the same bits.
 *
 * Packed are, for each term in that order, the filters in lanes; behind them the bias. */
#include "kernels/apart_tile.h"
#include "kernels/conv_axis.h"
#include "kernels/conv_pooled.h"
#include "kernels/conv_ways.h"

#include <string.h>

static size_t term_count(const conv_shape *s) { return s->in_channels * s->kernel_height * s->kernel_width; }

size_t KERNEL(direct_apart_packed_size)(const conv_shape *s)
{
    return (term_count(s) + 1) * lanes_of(s->out_channels) * LANES;
}

size_t KERNEL(direct_apart_scratch_size)(const conv_shape *s)
{
    return conv_pools(s) ? 2 * s->out_width * lanes_of(s->out_channels) * sizeof(lanes) : 0;
}

void KERNEL(direct_apart_pack)(const conv_shape *s, const real *filters, const real *bias, real *packed)
{
    size_t taps = s->kernel_height * s->kernel_width, outs = s->out_channels, width = lanes_of(outs) * LANES;
    memset(packed, 0, KERNEL(direct_apart_packed_size)(s) * sizeof *packed);
    for (size_t c = 0; c < s->in_channels; c++)
        for (size_t tap = 0; tap < taps; tap++, packed += width)
            memcpy(packed, filters + (tap * s->in_channels + c) * outs, outs * sizeof *packed);
    if (bias) memcpy(packed, bias, outs * sizeof *packed);
}

/* One image and its rows of outputs. */
typedef struct apart {
    conv_axis row, column;
    size_t terms, channels;         /* channels: of the source */
    size_t source_width, sum_width; /* of a pixel, in lanes */
    const lanes *source, *packed, *bias;
    bool relu;
} apart;

static apart apart_of(const conv_shape *s, const conv_call *c)
{
    apart a = {.row = conv_axis_rows(s),
               .column = conv_axis_columns(s),
               .terms = term_count(s),
               .channels = s->in_channels,
               .source_width = lanes_of(s->in_channels),
               .sum_width = lanes_of(s->out_channels),
               .source = c->x,
               .packed = (const lanes *)(const void *)c->packed,
               .relu = c->relu};
    a.bias = c->bias ? a.packed + a.terms * a.sum_width : NULL;
    return a;
}

/* The outputs of row times column: of a single row, all seeing the same taps. first, width: lanes of filters. */
static void run_span(const apart *a, const conv_span *row, const conv_span *column, size_t first, size_t width,
                     lanes *to)
{
    static const size_t most[] = APART_MOST_PIXELS;
    ptrdiff_t pixel = (ptrdiff_t)a->source_width * LANES, line = pixel * (ptrdiff_t)a->column.sources;
    ptrdiff_t tap = (ptrdiff_t)a->sum_width, tap_row = tap * (ptrdiff_t)a->column.taps;
    apart_tile tile = {.bias = a->bias ? a->bias + first : NULL, .relu = a->relu};
    tile.loop[0] = (tile_loop){a->channels, 1, tap_row * (ptrdiff_t)a->row.taps};
    tile.loop[1] = (tile_loop){row->taps, row->source_tap_step * line, tap_row};
    tile.loop[2] = (tile_loop){column->taps, column->source_tap_step * pixel, tap};
    if (row->taps == 1 && column->taps == 1) { /* the long loop innermost */
        tile.loop[2] = tile.loop[0];
        tile.loop[0] = (tile_loop){.count = 1};
    }
    tile.weights = a->packed + (ptrdiff_t)row->tap * tap_row + (ptrdiff_t)column->tap * tap + first;
    const real *source = (const real *)a->source + row->source * line + column->source * pixel;
    to += column->output * a->sum_width + first;
    for (size_t x = 0, count; x < column->outputs; x += count) {
        count = smaller(most[width], column->outputs - x);
        for (size_t i = 0; i < count; i++) {
            tile.source[i] = source + (ptrdiff_t)(x + i) * column->source_step * pixel;
            tile.sum[i] = to + (x + i) * a->sum_width;
        }
        KERNEL(apart_tiles)[width][count](&tile);
    }
}

/* Row y of the outputs, the lanes of filters first ... last - 1. */
static void run_row(const apart *a, size_t y, size_t first, size_t last, lanes *to)
{
    conv_span row = conv_span_at(&a->row, y, y + 1);
    size_t panel = apart_panel(last - first);
    for (size_t x = 0; x < a->column.outputs;) {
        conv_span column = conv_span_at(&a->column, x, a->column.outputs);
        for (size_t f = first; f < last; f += panel) run_span(a, &row, &column, f, smaller(panel, last - f), to);
        x += column.outputs;
    }
}

static void pool_rows(const apart *a, const lanes *rows, lanes *to)
{
    size_t line = a->column.outputs * a->sum_width;
    for (size_t x = 0; x < a->column.outputs / 2; x++, rows += 2 * a->sum_width)
        for (size_t f = 0; f < a->sum_width; f++, to++)
            for (size_t part = 0; part < PARTS; part++) {
                const vec y[4] = {vec_load(rows + f, part), vec_load(rows + a->sum_width + f, part),
                                  vec_load(rows + line + f, part), vec_load(rows + line + a->sum_width + f, part)};
                pool_window(y, part, to, NULL);
            }
}

void KERNEL(direct_apart_forward)(const conv_shape *s, const conv_call *c)
{
    apart a = apart_of(s, c);
    if (conv_apart_splits_filters(s)) {
        run_row(&a, 0, c->first, c->last, c->y);
        return;
    }
    if (c->pooled) a.column.outputs = whole_windows(a.column.outputs);
    size_t line = a.column.outputs * a.sum_width, last = smaller(2 * c->last, s->out_height);
    for (size_t y = 2 * c->first; y < last; y++) {
        lanes *rows = c->scratch;
        run_row(&a, y, 0, a.sum_width, c->pooled ? rows + y % 2 * line : c->y + y * line);
        if (c->pooled && y % 2) pool_rows(&a, rows, c->y + y / 2 * (line / 2));
    }
}
