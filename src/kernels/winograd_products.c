/* Filters as Winograd's filtering wants them, and their products with the transformed tiles of a strip: what the
 * forward pass and the data gradient share. The order of every sum: over the channels from 0 (in BIAS_POINT from the
 * bias), one fused multiply-add after the other. */
#include "kernels/winograd_products.h"
#include "kernels/conv_ways.h"

enum {
    MOST_PANEL = TILE_SUMS / (PARTS * TILE_PIXELS),
    NEAR_LANES = 512 /* of one point of a strip, in the first-level cache while all filters pass */
};
_Static_assert((int)MOST_PANEL <= (int)EIGHT, "a panel's filters are packed in one go");

/* ---- Filters ------------------------------------------------------------------------------------------------------
 */

/* A panel holds what fills a register tile, and panels are about equally wide. */
static size_t panel_width(size_t filters) { return divide_up(filters, divide_up(filters, MOST_PANEL)); }

/* Packed are, point by point and panel by panel, for each source the numbers of the panel's filters side by side. From
 * one point to the next it is no power of 2, where all sixteen would meet in the same set of the cache. */
static size_t point_step(const conv_shape *s)
{
    size_t lines = (s->in_channels * s->out_channels + LANES - 1) / LANES;
    return odd(lines) * LANES;
}

size_t KERNEL(winograd_packed_size)(const conv_shape *s, bool gradient)
{
    (void)gradient; /* either form has as many */
    return WINOGRAD_POINTS * point_step(s);
}

static void pack_forward(const conv_shape *s, const real *filters, real *packed)
{
    const size_t ins = s->in_channels, outs = s->out_channels, panel = panel_width(outs), step = point_step(s);
    real *to = packed;
    for (size_t begin = 0; begin < outs; begin += panel) {
        size_t width = smaller(panel, outs - begin);
        for (size_t in = 0; in < ins; in++, to += width) {
            eight u[WINOGRAD_POINTS];
            transform_eight(s, filters, in, begin, u);
            for (size_t k = 0; k < WINOGRAD_POINTS; k++)
                eight_store(to + k * step, u[k], width, packed + (k + 1) * step);
        }
    }
}

/* For the data gradient inputs and outputs change places. */
static void pack_gradient(const conv_shape *s, const real *filters, real *packed)
{
    const size_t ins = s->in_channels, outs = s->out_channels, panel = panel_width(ins), step = point_step(s);
    real *to = packed;
    for (size_t begin = 0; begin < ins; begin += panel) {
        size_t width = smaller(panel, ins - begin);
        for (size_t first = 0; first < outs; first += EIGHT) {
            size_t count = smaller(EIGHT, outs - first);
            eight u[MOST_PANEL][WINOGRAD_POINTS];
            for (size_t i = 0; i < width; i++) transform_eight(s, filters, begin + i, first, u[i]);
            for (size_t k = 0; k < WINOGRAD_POINTS; k++) {
                eight of_filter[EIGHT] = {{0}};
                for (size_t i = 0; i < width; i++) of_filter[i] = u[i][k];
                eights_transpose(of_filter);
                real *point = to + k * step, *end = packed + (k + 1) * step;
                for (size_t f = 0; f < count; f++) eight_store(point + f * width, of_filter[f], width, end);
            }
            to += count * width;
        }
    }
}

/* Where the forward pass has few channels. */
static void pack_few(const conv_shape *s, const real *filters, real *packed)
{
    const size_t ins = s->in_channels, outs = s->out_channels;
    for (size_t in = 0; in < ins; in++)
        for (size_t first = 0; first < outs; first += EIGHT) {
            eight u[WINOGRAD_POINTS];
            transform_eight(s, filters, in, first, u);
            for (size_t k = 0; k < WINOGRAD_POINTS; k++)
                for (size_t out = first; out < outs && out < first + EIGHT; out++)
                    packed[(out * WINOGRAD_POINTS + k) * ins + in] = u[k][out - first];
        }
}

void KERNEL(winograd_pack)(const conv_shape *s, const real *filters, bool gradient, real *packed)
{
    if (gradient)
        pack_gradient(s, filters, packed);
    else if (s->in_channels <= FEW_CHANNELS)
        pack_few(s, filters, packed);
    else
        pack_forward(s, filters, packed);
}

/* ---- Products -----------------------------------------------------------------------------------------------------
 */

static size_t strip_size(size_t channels) { return channels * STRIP * POINTS_STEP; }

size_t KERNEL(winograd_scratch_size)(const conv_shape *s)
{
    return (strip_size(s->in_channels) + strip_size(s->out_channels)) * sizeof(lanes);
}

winograd_products KERNEL(winograd_products_of)(const conv_shape *s, const conv_call *c, bool gradient)
{
    winograd_products p = {
        .channels = gradient ? s->out_channels : s->in_channels,
        .sums = gradient ? s->in_channels : s->out_channels,
        .packed = c->packed,
        .packed_step = point_step(s),
        .bias = gradient ? NULL : c->bias,
        .tiles = c->scratch,
    };
    p.panel = panel_width(p.sums);
    p.sum = p.tiles + strip_size(p.channels);
    return p;
}

/* Of one point: adds a few channels to the sums first ... last - 1 of one panel at all tiles of the strip. */
static void multiply_panel(const winograd_products *p, size_t point, size_t first, size_t last, size_t tiles,
                           size_t channel, size_t channels)
{
    size_t begin = first / p->panel * p->panel, width = smaller(p->panel, p->sums - begin);
    const size_t step = tiles * POINTS_STEP;
    conv_tile tile = {.loop = {{1, 0, 0}, {1, 0, 0}, {channels, (ptrdiff_t)step, (ptrdiff_t)width}}};
    tile.sum_step = step;
    tile.weights = p->packed + point * p->packed_step + begin * p->channels + channel * width + (first - begin);
    tile.resume = channel > 0;
    if (p->bias && point == BIAS_POINT) tile.bias = p->bias + first;
    const lanes *source = p->tiles + point + channel * step;
    lanes *sum = p->sum + point + first * step;
    for (size_t t = 0, count; t < tiles; t += count) {
        count = smaller(TILE_PIXELS, tiles - t);
        for (size_t i = 0; i < count; i++) {
            tile.source[i] = source + (t + i) * POINTS_STEP;
            tile.sum[i] = sum + (t + i) * POINTS_STEP;
        }
        KERNEL(conv_tiles)[count][last - first](&tile);
    }
}

void KERNEL(winograd_multiply)(const winograd_products *p, size_t tiles, size_t first, size_t last)
{
    const size_t blocks = divide_up(p->channels * tiles, NEAR_LANES);
    for (size_t point = 0; point < WINOGRAD_POINTS; point++)
        for (size_t block = 0; block < blocks; block++) {
            size_t channel = p->channels * block / blocks, end = p->channels * (block + 1) / blocks;
            for (size_t filter = first, next; filter < last; filter = next) {
                next = smaller((filter / p->panel + 1) * p->panel, last);
                multiply_panel(p, point, filter, next, tiles, channel, end - channel);
            }
        }
}
