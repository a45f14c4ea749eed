/* The forward pass and the data gradient of a 3 x 3 convolution by Winograd's filtering: strips of a few tiles whose
 * transformed patches, for one of the 16 points at a time, stay in the first-level cache while all filters pass.
 *
 * The order of every sum: over the channels from 0 (in BIAS_POINT from the bias), one fused multiply-add after the
 * other; then the transforms as they are written here. */
#include "kernels/winograd.h"

#include "kernels/conv_tile.h"
#include "kernels/conv_ways.h"

enum { STRIP = TILE_PIXELS < 4 ? 4 : TILE_PIXELS /* tiles */, MOST_PANEL = TILE_SUMS / (PARTS * TILE_PIXELS) };
_Static_assert((int)MOST_PANEL <= (int)EIGHT, "a panel's filters are packed in one go");

/* Either pass. Sums are what comes out: planes of height x width, or their 2 x 2 maxima behind relu (pooled). */
typedef struct filtering {
    winograd_source source;
    size_t pad_top, pad_left;
    size_t sums, height, width;
    size_t panel; /* filters packed side by side */
    const real *packed, *bias;
    size_t packed_step; /* from one point to the next */
    bool relu, pooled;
    lanes *sum;
    pool_winner *winner; /* NULL: not wanted */
    /* of a strip: transformed patches, and how far it is to the next point, channel and tile; sums [filter][tile] of
     * each point, and how far it is to the next point */
    lanes *patches, *products;
    size_t point_step, channel_step, tile_step, products_step;
} filtering;

/* A panel holds what fills a register tile, and panels are about equally wide. */
static size_t panel_width(size_t filters) { return divide_up(filters, divide_up(filters, MOST_PANEL)); }

/* ---- Filters ------------------------------------------------------------------------------------------------------
 */

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

/* Of a filter turned round, points 0 and 3 of either axis change places. */
static size_t turned(size_t point)
{
    static const size_t other[] = {3, 1, 2, 0};
    return 4 * other[point / 4] + other[point % 4];
}

/* For the data gradient inputs and outputs change places, and the filters are turned round. */
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
                real *point = to + turned(k) * step, *end = packed + (turned(k) + 1) * step;
                for (size_t f = 0; f < count; f++) eight_store(point + f * width, of_filter[f], width, end);
            }
            to += count * width;
        }
    }
}

/* Where the channels are few. */
static void pack_few(const conv_shape *s, const real *filters, bool gradient, real *packed)
{
    const size_t ins = s->in_channels, outs = s->out_channels;
    for (size_t in = 0; in < ins; in++)
        for (size_t first = 0; first < outs; first += EIGHT) {
            eight u[WINOGRAD_POINTS];
            transform_eight(s, filters, in, first, u);
            for (size_t k = 0; k < WINOGRAD_POINTS; k++)
                for (size_t out = first; out < outs && out < first + EIGHT; out++) {
                    size_t place = gradient ? (in * WINOGRAD_POINTS + turned(k)) * outs + out
                                            : (out * WINOGRAD_POINTS + k) * ins + in;
                    packed[place] = u[k][out - first];
                }
        }
}

void KERNEL(winograd_pack)(const conv_shape *s, const real *filters, bool gradient, real *packed)
{
    if ((gradient ? s->out_channels : s->in_channels) <= FEW_CHANNELS)
        pack_few(s, filters, gradient, packed);
    else if (gradient)
        pack_gradient(s, filters, packed);
    else
        pack_forward(s, filters, packed);
}

/* ---- Patches ------------------------------------------------------------------------------------------------------
 */

INLINE lanes *patch_at(const filtering *f, size_t channel, size_t tile)
{
    return f->patches + channel * f->channel_step + tile * f->tile_step;
}

static void transform_plain(const filtering *f, const winograd_place *place, size_t tiles)
{
    const winograd_source *s = &f->source;
    for (size_t c = 0; c < s->channels; c++)
        for (size_t t = 0; t < tiles; t++)
            for (size_t part = 0; part < PARTS; part++) {
                const lanes *plane = s->plane + c * s->plane_size;
                vec_patch d = place[t].inside ? load_inside(s, plane, 1, place[t], part)
                                              : load_border(s, plane, 1, place[t], part);
                transform_and_store_patch(&d, patch_at(f, c, t), f->point_step, part);
            }
}

INLINE void transform_pooled(const filtering *f, const winograd_place *place, size_t tiles, size_t row_phase,
                             size_t column_phase)
{
    const winograd_source *s = &f->source;
    for (size_t c = 0; c < s->channels; c++)
        for (size_t t = 0; t < tiles; t++)
            for (size_t part = 0; part < PARTS; part++) {
                vec_patch d = load_pooled(s, s->plane + c * s->plane_size, s->winner + c * s->plane_size, place[t],
                                          row_phase, column_phase, part);
                transform_and_store_patch(&d, patch_at(f, c, t), f->point_step, part);
            }
}

static void transform_patches(const filtering *f, const winograd_place *place, size_t tiles)
{
    bool odd_row = f->pad_top % 2, odd_column = f->pad_left % 2;
    if (!f->source.winner)
        transform_plain(f, place, tiles);
    else if (odd_row)
        odd_column ? transform_pooled(f, place, tiles, 1, 1) : transform_pooled(f, place, tiles, 1, 0);
    else
        odd_column ? transform_pooled(f, place, tiles, 0, 1) : transform_pooled(f, place, tiles, 0, 0);
}

/* ---- Products -----------------------------------------------------------------------------------------------------
 */

/* Of one point: the filters first ... last - 1 of one panel at all tiles of the strip. */
static void multiply_panel(const filtering *f, size_t point, size_t first, size_t last, size_t tiles)
{
    size_t sources = f->source.channels, begin = first / f->panel * f->panel;
    size_t width = smaller(f->panel, f->sums - begin);
    conv_tile tile = {.loop = {{1, 0, 0}, {1, 0, 0}, {sources, (ptrdiff_t)tiles, (ptrdiff_t)width}}, .sum_step = tiles};
    tile.weights = f->packed + point * f->packed_step + begin * sources + (first - begin);
    if (f->bias && point == BIAS_POINT) tile.bias = f->bias + first;
    const lanes *patches = f->patches + point * f->point_step;
    lanes *products = f->products + point * f->products_step + first * tiles;
    for (size_t t = 0, count; t < tiles; t += count) {
        count = smaller(TILE_PIXELS, tiles - t);
        for (size_t i = 0; i < count; i++) {
            tile.source[i] = patches + t + i;
            tile.sum[i] = products + t + i;
        }
        KERNEL(conv_tiles)[count][last - first](&tile);
    }
}

static void multiply(const filtering *f, size_t tiles, size_t first, size_t last)
{
    for (size_t point = 0; point < WINOGRAD_POINTS; point++)
        for (size_t filter = first, next; filter < last; filter = next) {
            next = smaller((filter / f->panel + 1) * f->panel, last);
            multiply_panel(f, point, filter, next, tiles);
        }
}

/* ---- Sums ---------------------------------------------------------------------------------------------------------
 */

/* row and column of the tile's first output. */
INLINE void store_plain(const filtering *f, size_t filter, size_t row, size_t column, size_t part, vec y[4])
{
    if (f->relu) UNROLL for (size_t k = 0; k < 4; k++) y[k] = vec_relu(y[k]);
    lanes *to = f->sum + (filter * f->height + row) * f->width + column;
    bool right = column + 1 < f->width, below = row + 1 < f->height;
    vec_store(to, part, y[0]);
    if (right) vec_store(to + 1, part, y[1]);
    if (below) vec_store(to + f->width, part, y[2]);
    if (right && below) vec_store(to + f->width + 1, part, y[3]);
}

INLINE void store(const filtering *f, const winograd_place *place, size_t filter, size_t part, vec y[4])
{
    size_t row = (size_t)(place->row + (ptrdiff_t)f->pad_top);
    size_t column = (size_t)(place->column + (ptrdiff_t)f->pad_left);
    size_t pooled = (filter * (f->height / 2) + row / 2) * (f->width / 2) + column / 2;
    if (f->pooled)
        pool_window(y, part, f->sum + pooled, f->winner ? f->winner + pooled : NULL);
    else
        store_plain(f, filter, row, column, part, y);
}

static void finish(const filtering *f, const winograd_place *place, size_t tiles, size_t first, size_t last)
{
    for (size_t filter = first; filter < last; filter++)
        for (size_t t = 0; t < tiles; t++)
            for (size_t part = 0; part < PARTS; part++) {
                vec y[4];
                transform_sums(f->products + filter * tiles + t, f->products_step, part, y);
                store(f, &place[t], filter, part, y);
            }
}

/* Of a few filters at once. */
INLINE void filter_tile(const filtering *f, const winograd_place *place, const lanes *patch, size_t filter,
                        size_t count, size_t channels, size_t part)
{
    const size_t step = WINOGRAD_POINTS * channels;
    vec y[FEW_AT_ONCE][4], bias[FEW_AT_ONCE];
    UNROLL for (size_t r = 0; r < count; r++) bias[r] = vec_set(f->bias ? f->bias[filter + r] : 0);
    outputs_of_few(patch, f->packed + filter * step, channels, step, count, channels, bias, part, y);
    UNROLL for (size_t r = 0; r < count; r++) store(f, place, filter + r, part, y[r]);
}

/* Products and sums where the channels are few. */
INLINE void filter_few(const filtering *f, const winograd_place *place, size_t tiles, size_t first, size_t last,
                       size_t channels)
{
    for (size_t filter = first; filter < last; filter += FEW_AT_ONCE)
        for (size_t t = 0; t < tiles; t++)
            for (size_t part = 0; part < PARTS; part++) {
                const lanes *patch = f->patches + t * WINOGRAD_POINTS * channels;
                if (filter + FEW_AT_ONCE <= last)
                    filter_tile(f, &place[t], patch, filter, FEW_AT_ONCE, channels, part);
                else
                    filter_tile(f, &place[t], patch, filter, 1, channels, part);
            }
}

typedef void few_function(const filtering *f, const winograd_place *place, size_t tiles, size_t first, size_t last);
#define DEFINE_FEW(channels)                                                                                           \
    static void filter_few_##channels(const filtering *f, const winograd_place *place, size_t tiles, size_t first,     \
                                      size_t last)                                                                     \
    {                                                                                                                  \
        filter_few(f, place, tiles, first, last, channels);                                                            \
    }
EACH_FEW_CHANNELS(DEFINE_FEW)

#define FEW_ENTRY(channels) [channels] = filter_few_##channels,
static few_function *const few_filters[FEW_CHANNELS + 1] = {EACH_FEW_CHANNELS(FEW_ENTRY)};

/* ---- The whole ----------------------------------------------------------------------------------------------------
 */

/* How many tiles from the first on see any of the source along one axis: all that lie behind are zero. */
static size_t live_tiles(size_t tiles, size_t before, size_t size)
{
    return smaller(tiles, divide_up(before + size, 2));
}

/* Zeros from row top and, above it, from column left on. */
static void clear_beyond(const filtering *f, size_t top, size_t left, size_t first, size_t last)
{
    for (size_t filter = first; filter < last; filter++)
        for (size_t row = 0; row < f->height; row++) {
            size_t from = row < top ? left : 0;
            lanes *line = f->sum + (filter * f->height + row) * f->width;
            for (size_t column = from; column < f->width; column++) line[column] = (lanes){0};
        }
}

static size_t products_step(size_t sums) { return odd(sums * STRIP); }

static void filter_all(filtering *f, size_t first, size_t last, void *scratch)
{
    size_t rows = f->pooled ? f->height / 2 : divide_up(f->height, 2);
    size_t columns = f->pooled ? f->width / 2 : divide_up(f->width, 2);
    rows = live_tiles(rows, f->pad_top, f->source.height);
    columns = live_tiles(columns, f->pad_left, f->source.width);
    if (!f->pooled && (2 * rows < f->height || 2 * columns < f->width))
        clear_beyond(f, 2 * rows, 2 * columns, first, last);

    const size_t channels = f->source.channels;
    const bool few = channels <= FEW_CHANNELS;
    f->patches = scratch;
    f->point_step = few ? channels : odd(channels * STRIP);
    f->tile_step = few ? WINOGRAD_POINTS * channels : 1;
    f->products = f->patches + WINOGRAD_POINTS * odd(channels * STRIP);
    f->products_step = products_step(f->sums);
    size_t all = rows * columns, strips = divide_up(all, STRIP);
    for (size_t strip = 0, tile = 0, end; strip < strips; strip++, tile = end) {
        winograd_place place[STRIP];
        end = all * (strip + 1) / strips;
        for (size_t t = tile; t < end; t++)
            place[t - tile] = place_of_tile(&f->source, t, columns, f->pad_top, f->pad_left);
        f->channel_step = few ? 1 : end - tile;
        transform_patches(f, place, end - tile);
        if (few) {
            few_filters[channels](f, place, end - tile, first, last);
            continue;
        }
        multiply(f, end - tile, first, last);
        finish(f, place, end - tile, first, last);
    }
}

size_t KERNEL(winograd_scratch_size)(const conv_shape *s)
{
    return WINOGRAD_POINTS * (products_step(s->in_channels) + products_step(s->out_channels)) * sizeof(lanes);
}

void KERNEL(winograd_forward)(const conv_shape *s, const conv_call *c)
{
    filtering f = {
        .source = winograd_input(s, c),
        .pad_top = s->pad_top,
        .pad_left = s->pad_left,
        .sums = s->out_channels,
        .height = s->out_height,
        .width = s->out_width,
        .panel = panel_width(s->out_channels),
        .packed = c->packed,
        .packed_step = point_step(s),
        .bias = c->bias,
        .relu = c->relu,
        .pooled = c->pooled,
        .sum = c->y,
        .winner = c->winner,
    };
    filter_all(&f, c->first, c->last, c->scratch);
}

void KERNEL(winograd_gradient_inputs)(const conv_shape *s, const conv_call *c)
{
    filtering f = {
        .source = winograd_gradient(s, c),
        .pad_top = 2 - s->pad_top,
        .pad_left = 2 - s->pad_left,
        .sums = s->in_channels,
        .height = s->in_height,
        .width = s->in_width,
        .panel = panel_width(s->in_channels),
        .packed = c->packed,
        .packed_step = point_step(s),
        .sum = c->dx,
    };
    filter_all(&f, c->first, c->last, c->scratch);
}
