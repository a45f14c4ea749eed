/* The weight gradient of a convolution with few outputs: filters lie in the vector, images follow one another.
 *
 * The order of every sum: the outputs that see the tap, row by row; for each of them the lanes 0 ... 15; one fused
 * multiply-add after the other, from 0. */
#include "kernels/conv_few.h"
#include "kernels/conv_axis.h"
#include "kernels/conv_pooled.h"
#include "kernels/conv_ways.h"
#include "kernels/turned_tile.h"

/* The pooled gradient turned, each window's going to its maximum. height, width: of the outputs in whole windows. */
static void turn_pooled(const lanes *dy, const pool_winner *winner, size_t height, size_t width, size_t filters,
                        vec *to)
{
    lanes whole[TURNED_VECTORS * VEC_WIDTH * CONV_FEW];
    size_t windows = height / 2 * (width / 2);
    for (size_t f = 0; f < filters; f++)
        for (size_t w = 0; w < windows; w++)
            for (size_t part = 0; part < PARTS; part++) {
                vec cell[4];
                expand_window(dy + f * windows + w, winner + f * windows + w, part, cell);
                lanes *corner = whole + f * height * width + w / (width / 2) * 2 * width + w % (width / 2) * 2;
                UNROLL for (size_t k = 0; k < 4; k++) vec_store(corner + k / 2 * width + k % 2, part, cell[k]);
            }
    KERNEL(turn)(whole, height * width, height * width, filters, to);
}

/* The outputs that a tap sees, and the source of each. */
static void take_pixels(turned_tile *tile, const conv_axis *row, const conv_axis *column, size_t tap)
{
    size_t tap_row = tap / column->taps, tap_column = tap % column->taps, top, bottom, left, right;
    conv_tap_range(row, tap_row, &top, &bottom);
    conv_tap_range(column, tap_column, &left, &right);
    tile->pixels = 0;
    for (size_t y = top; y < bottom; y++)
        for (size_t x = left; x < right; x++) {
            size_t from_row = y * row->stride + tap_row * row->dilation - row->before;
            size_t from_column = x * column->stride + tap_column * column->dilation - column->before;
            tile->output[tile->pixels] = y * column->outputs + x;
            tile->source[tile->pixels++] = from_row * column->sources + from_column;
        }
}

void KERNEL(conv_gradient_weights_few)(const conv_shape *s, const conv_call *c, size_t first, size_t last)
{
    conv_axis row = conv_axis_rows(s), column = conv_axis_columns(s);
    if (c->pooled) {
        row.outputs = whole_windows(row.outputs);
        column.outputs = whole_windows(column.outputs);
    }
    const size_t plane = row.outputs * column.outputs, width = turned_width(last - first);
    vec gradient[CONV_FEW * LANES * TURNED_VECTORS];
    turned_tile tile = {.gradient = gradient, .plane = s->in_height * s->in_width, .step = s->out_channels};
    tile.channels = s->in_channels / s->groups;
    tile.x = c->x + first / (s->out_channels / s->groups) * tile.channels * tile.plane;
    for (size_t f = first; f < last; f += tile.filters) {
        tile.filters = smaller(width, last - f);
        if (c->pooled)
            turn_pooled(c->dy + f * plane / 4, (const pool_winner *)c->winner + f * plane / 4, row.outputs,
                        column.outputs, tile.filters, gradient);
        else
            KERNEL(turn)(c->dy + f * plane, plane, plane, tile.filters, gradient);
        for (size_t tap = 0; tap < row.taps * column.taps; tap++) {
            take_pixels(&tile, &row, &column, tap);
            tile.d = c->d_filters + tap * tile.channels * s->out_channels + f;
            KERNEL(turned_run)(&tile);
        }
    }
    KERNEL(conv_gradient_bias)(s, c, first, last);
}
