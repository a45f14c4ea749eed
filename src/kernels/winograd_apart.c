/* winograd.c for an image apart: channels in lanes, [height][width][channels]. A strip is a row of tiles. Every number
 * is made by the same operations as in a block of images, and has the same bits.
 *
 * Packed are, for each point and channel, the transformed filters in lanes; where channels are few, for each lanes of
 * filters the points and channels. Behind them comes the bias. */
#include "kernels/apart_tile.h"
#include "kernels/conv_ways.h"
#include "kernels/winograd.h"

#include <string.h>

size_t KERNEL(winograd_apart_packed_size)(const conv_shape *s)
{
    return (WINOGRAD_POINTS * s->in_channels + 1) * lanes_of(s->out_channels) * LANES;
}

/* Where the lanes of filters of a point and channel are. */
static size_t packed_place(const conv_shape *s, size_t point, size_t channel, size_t f)
{
    size_t ins = s->in_channels;
    return ins <= FEW_CHANNELS ? (f * WINOGRAD_POINTS + point) * ins + channel
                               : (point * ins + channel) * lanes_of(s->out_channels) + f;
}

void KERNEL(winograd_apart_pack)(const conv_shape *s, const real *filters, const real *bias, real *packed)
{
    size_t ins = s->in_channels, outs = s->out_channels, width = lanes_of(outs) * LANES;
    memset(packed, 0, KERNEL(winograd_apart_packed_size)(s) * sizeof *packed);
    for (size_t in = 0; in < ins; in++)
        for (size_t first = 0; first < outs; first += EIGHT) {
            eight u[WINOGRAD_POINTS];
            transform_eight(s, filters, in, first, u);
            for (size_t k = 0; k < WINOGRAD_POINTS; k++)
                memcpy(packed + packed_place(s, k, in, first / LANES) * LANES + first % LANES, &u[k],
                       smaller(EIGHT, outs - first) * sizeof *packed);
        }
    if (bias) memcpy(packed + WINOGRAD_POINTS * ins * width, bias, outs * sizeof *packed);
}

/* One image. Of a row of tiles: transformed patches, and how far it is to the next point and tile; products
 * [point][tile][filter], and how far it is to the next point. */
typedef struct apart {
    winograd_source source;
    size_t pad_top, pad_left, height, width, columns;
    size_t source_width, sum_width; /* of a pixel, in lanes */
    const lanes *packed, *bias;
    bool relu, pooled;
    lanes *sum, *patches, *products;
    size_t point_step, tile_step, products_step;
} apart;

static void transform_patches(const apart *a, size_t row)
{
    for (size_t t = 0; t < a->columns; t++) {
        winograd_place p = place_of_tile(&a->source, row * a->columns + t, a->columns, a->pad_top, a->pad_left);
        for (size_t c = 0; c < a->source_width; c++)
            for (size_t part = 0; part < PARTS; part++) {
                vec_patch d = p.inside ? load_inside(&a->source, a->source.plane + c, a->source_width, p, part)
                                       : load_border(&a->source, a->source.plane + c, a->source_width, p, part);
                transform_and_store_patch(&d, a->patches + t * a->tile_step + c, a->point_step, part);
            }
    }
}

/* Of one point: the lanes of filters first ... first + width - 1 at all tiles of the row. */
static void multiply_panel(const apart *a, size_t point, size_t first, size_t width)
{
    static const size_t most[] = APART_MOST_PIXELS;
    apart_tile tile = {.loop = {{.count = 1}, {.count = 1}, {a->source.channels, 1, (ptrdiff_t)a->sum_width}}};
    tile.weights = a->packed + point * a->source.channels * a->sum_width + first;
    if (a->bias && point == BIAS_POINT) tile.bias = a->bias + first;
    const real *patches = (const real *)(a->patches + point * a->point_step);
    lanes *products = a->products + point * a->products_step + first;
    size_t tiles = divide_up(a->columns, most[width]);
    for (size_t i = 0, t = 0, end; i < tiles; i++, t = end) {
        end = a->columns * (i + 1) / tiles;
        for (size_t k = t; k < end; k++) {
            tile.source[k - t] = patches + k * a->tile_step * LANES;
            tile.sum[k - t] = products + k * a->sum_width;
        }
        KERNEL(apart_tiles)[width][end - t](&tile);
    }
}

static void multiply(const apart *a)
{
    size_t panel = apart_panel(a->sum_width);
    for (size_t point = 0; point < WINOGRAD_POINTS; point++)
        for (size_t f = 0; f < a->sum_width; f += panel) multiply_panel(a, point, f, smaller(panel, a->sum_width - f));
}

/* row and column of the tile's first output. */
INLINE void store(const apart *a, size_t f, size_t row, size_t column, size_t part, vec y[4])
{
    if (a->pooled) {
        pool_window(y, part, a->sum + (row / 2 * (a->width / 2) + column / 2) * a->sum_width + f, NULL);
        return;
    }
    if (a->relu) UNROLL for (size_t k = 0; k < 4; k++) y[k] = vec_relu(y[k]);
    for (size_t k = 0; k < 4; k++)
        if (row + k / 2 < a->height && column + k % 2 < a->width)
            vec_store(a->sum + ((row + k / 2) * a->width + column + k % 2) * a->sum_width + f, part, y[k]);
}

static void finish(const apart *a, size_t row)
{
    for (size_t t = 0; t < a->columns; t++)
        for (size_t f = 0; f < a->sum_width; f++)
            for (size_t part = 0; part < PARTS; part++) {
                vec y[4];
                transform_sums(a->products + t * a->sum_width + f, a->products_step, part, y);
                store(a, f, 2 * row, 2 * t, part, y);
            }
}

/* Products and sums where the channels are few. */
INLINE void filter_few(const apart *a, size_t row, size_t channels)
{
    for (size_t t = 0; t < a->columns; t++)
        for (size_t f = 0; f < a->sum_width; f++)
            for (size_t part = 0; part < PARTS; part++) {
                vec y[1][4], bias = a->bias ? vec_load(a->bias + f, part) : vec_set(0);
                outputs_of_few(a->packed + f * WINOGRAD_POINTS * channels,
                               (const real *)(a->patches + t * a->tile_step), LANES, 0, 1, channels, &bias, part, y);
                store(a, f, 2 * row, 2 * t, part, y[0]);
            }
}

typedef void few_function(const apart *a, size_t row);
#define DEFINE_FEW(channels)                                                                                           \
    static void filter_few_##channels(const apart *a, size_t row) { filter_few(a, row, channels); }
EACH_FEW_CHANNELS(DEFINE_FEW)

#define FEW_ENTRY(channels) [channels] = filter_few_##channels,
static few_function *const few_filters[FEW_CHANNELS + 1] = {EACH_FEW_CHANNELS(FEW_ENTRY)};

static size_t columns_of(const conv_shape *s) { return divide_up(s->out_width, 2); }

size_t KERNEL(winograd_apart_scratch_size)(const conv_shape *s)
{
    size_t patches = odd(columns_of(s) * lanes_of(s->in_channels));
    size_t products = odd(columns_of(s) * lanes_of(s->out_channels));
    return WINOGRAD_POINTS * (patches + products) * sizeof(lanes);
}

void KERNEL(winograd_apart_forward)(const conv_shape *s, const conv_call *c)
{
    apart a = {
        .source = winograd_input(s, c),
        .pad_top = s->pad_top,
        .pad_left = s->pad_left,
        .height = s->out_height,
        .width = s->out_width,
        .columns = c->pooled ? s->out_width / 2 : columns_of(s),
        .source_width = lanes_of(s->in_channels),
        .sum_width = lanes_of(s->out_channels),
        .packed = (const lanes *)(const void *)c->packed,
        .relu = c->relu,
        .pooled = c->pooled,
        .sum = c->y,
        .patches = c->scratch,
    };
    if (c->bias) a.bias = a.packed + WINOGRAD_POINTS * s->in_channels * a.sum_width;
    const bool few = a.source.channels <= FEW_CHANNELS;
    a.point_step = few ? 1 : odd(a.columns * a.source_width);
    a.tile_step = few ? WINOGRAD_POINTS : a.source_width;
    a.products = a.patches + WINOGRAD_POINTS * odd(a.columns * a.source_width);
    a.products_step = odd(a.columns * a.sum_width);
    for (size_t row = c->first; row < c->last; row++) {
        transform_patches(&a, row);
        if (few) {
            few_filters[a.source.channels](&a, row);
            continue;
        }
        multiply(&a);
        finish(&a, row);
    }
}
