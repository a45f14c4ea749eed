/* The weight gradient of a convolution with filters in the vector: images follow one another.
 *
 * The order of every sum: the outputs of a group that see the tap, row by row; for each of them the lanes 0 ... 15; one
 * fused multiply-add after the other, from 0; then the groups. */
#include "kernels/conv_turned.h"
#include "kernels/conv_axis.h"
#include "kernels/conv_pooled.h"
#include "kernels/conv_ways.h"
#include "kernels/turned_tile.h"

/* All of the pooled gradient turned, each window's going to its maximum. height, width: of the outputs in whole
 * windows. */
static void turn_pooled(const lanes *dy, const pool_winner *winner, size_t height, size_t width, size_t filters,
                        vec *to)
{
    lanes whole[TURNED_VECTORS * VEC_WIDTH * TURNED_PIXELS];
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

/* The same of a group of outputs, as they are. */
static void turn_group(const lanes *dy, size_t plane, size_t width, pixel_area group, size_t filters, vec *to)
{
    const size_t vectors = divide_up(filters, VEC_WIDTH);
    for (size_t row = 0; row < group.rows; row++, to += group.columns * LANES * vectors)
        KERNEL(turn)(dy + (group.row + row) * width + group.column, plane, group.columns, filters, to);
}

/* The outputs of a group that a tap sees, and the source of each. */
static void take_pixels(turned_tile *tile, const conv_axis *row, const conv_axis *column, size_t tap, pixel_area group)
{
    size_t tap_row = tap / column->taps, tap_column = tap % column->taps, top, bottom, left, right;
    conv_tap_range(row, tap_row, &top, &bottom);
    conv_tap_range(column, tap_column, &left, &right);
    top = larger(top, group.row);
    left = larger(left, group.column);
    bottom = smaller(bottom, group.row + group.rows);
    right = smaller(right, group.column + group.columns);
    tile->pixels = 0;
    for (size_t y = top; y < bottom; y++)
        for (size_t x = left; x < right; x++) {
            size_t from_row = y * row->stride + tap_row * row->dilation - row->before;
            size_t from_column = x * column->stride + tap_column * column->dilation - column->before;
            tile->output[tile->pixels] = (y - group.row) * group.columns + x - group.column;
            tile->source[tile->pixels++] = from_row * column->sources + from_column;
        }
}

/* What a call sums: the filters first ... last - 1 of one group of the convolution. */
typedef struct turned_pass {
    const conv_shape *s;
    const conv_call *c;
    conv_axis row, column;
    size_t first, last;
} turned_pass;

/* Adds a group of outputs, a piece of the filters after the other. */
static void add_group(const turned_pass *p, pixel_area group)
{
    const conv_shape *s = p->s;
    const conv_call *c = p->c;
    const size_t width = p->column.outputs, plane = p->row.outputs * width, taps = p->row.taps * p->column.taps;
    vec gradient[TURNED_PIXELS * LANES * TURNED_VECTORS];
    turned_tile tile = {.gradient = gradient, .plane = s->in_height * s->in_width, .step = s->out_channels};
    tile.channels = s->in_channels / s->groups;
    tile.x = c->x + p->first / (s->out_channels / s->groups) * tile.channels * tile.plane;
    tile.adds = group.row + group.column > 0;
    for (size_t f = p->first; f < p->last; f += tile.filters) {
        tile.filters = smaller(turned_width(p->last - p->first), p->last - f);
        if (c->pooled)
            turn_pooled(c->dy + f * plane / 4, (const pool_winner *)c->winner + f * plane / 4, p->row.outputs, width,
                        tile.filters, gradient);
        else
            turn_group(c->dy + f * plane, plane, width, group, tile.filters, gradient);
        for (size_t tap = 0; tap < taps; tap++) {
            take_pixels(&tile, &p->row, &p->column, tap, group);
            tile.d = c->d_filters + tap * tile.channels * s->out_channels + f;
            KERNEL(turned_run)(&tile);
        }
    }
}

void KERNEL(conv_gradient_weights_turned)(const conv_shape *s, const conv_call *c, size_t first, size_t last)
{
    turned_pass p = {s, c, conv_axis_rows(s), conv_axis_columns(s), first, last};
    if (c->pooled) {
        p.row.outputs = whole_windows(p.row.outputs);
        p.column.outputs = whole_windows(p.column.outputs);
    }
    const pixel_area all = {.rows = p.row.outputs, .columns = p.column.outputs};
    const pixel_area group = count_of(all) <= TURNED_PIXELS ? all : group_of(all);
    for (size_t row = 0; row < all.rows; row += group.rows)
        for (size_t column = 0; column < all.columns; column += group.columns)
            add_group(&p, cut(group, row, column, all));
    KERNEL(conv_gradient_bias)(s, c, first, last);
}
