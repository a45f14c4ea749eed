/* The forward pass of a 3 x 3 convolution by Winograd's filtering, strip by strip of a few tiles. A sum's transforms
 * are done in the order that is written here. */
#include "kernels/conv_ways.h"
#include "kernels/winograd_products.h"

/* Sums are what comes out: planes of height x width, or their 2 x 2 maxima behind relu (pooled). */
typedef struct filtering {
    winograd_source source;
    size_t pad_top, pad_left;
    size_t height, width;
    bool relu, pooled;
    lanes *sum;
    pool_winner *winner; /* NULL: not wanted */
    winograd_products products;
} filtering;

/* The steps are those between the numbers of transformed patches. */
INLINE void transform_patches(const filtering *f, const winograd_place *place, size_t tiles, size_t point_step,
                              size_t channel_step, size_t tile_step)
{
    const winograd_source *s = &f->source;
    for (size_t c = 0; c < s->channels; c++)
        for (size_t t = 0; t < tiles; t++)
            for (size_t part = 0; part < PARTS; part++) {
                const lanes *plane = s->plane + c * s->plane_size;
                vec_patch d = place[t].inside ? load_inside(s, plane, 1, place[t], part)
                                              : load_border(s, plane, 1, place[t], part);
                lanes *to = f->products.tiles + c * channel_step + t * tile_step;
                transform_and_store_patch(&d, to, point_step, part);
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
                transform_sums(f->products.sum + (filter * tiles + t) * POINTS_STEP, 1, part, y);
                store(f, &place[t], filter, part, y);
            }
}

/* Of a few filters at once. */
INLINE void filter_tile(const filtering *f, const winograd_place *place, const lanes *patch, size_t filter,
                        size_t count, size_t channels, size_t part)
{
    const size_t step = WINOGRAD_POINTS * channels;
    vec y[FEW_AT_ONCE][4], bias[FEW_AT_ONCE];
    UNROLL for (size_t r = 0; r < count; r++) bias[r] = vec_set(f->products.bias ? f->products.bias[filter + r] : 0);
    outputs_of_few(patch, f->products.packed + filter * step, channels, step, count, channels, bias, part, y);
    UNROLL for (size_t r = 0; r < count; r++) store(f, place, filter + r, part, y[r]);
}

/* Products and sums where the channels are few. */
INLINE void filter_few(const filtering *f, const winograd_place *place, size_t tiles, size_t first, size_t last,
                       size_t channels)
{
    for (size_t filter = first; filter < last; filter += FEW_AT_ONCE)
        for (size_t t = 0; t < tiles; t++)
            for (size_t part = 0; part < PARTS; part++) {
                const lanes *patch = f->products.tiles + t * WINOGRAD_POINTS * channels;
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

void KERNEL(winograd_forward)(const conv_shape *s, const conv_call *c)
{
    filtering f = {
        .source = winograd_input(s, c),
        .pad_top = s->pad_top,
        .pad_left = s->pad_left,
        .height = s->out_height,
        .width = s->out_width,
        .relu = c->relu,
        .pooled = c->pooled,
        .sum = c->y,
        .winner = c->winner,
        .products = KERNEL(winograd_products_of)(s, c, false),
    };
    const size_t channels = s->in_channels;
    const bool few = channels <= FEW_CHANNELS;
    size_t rows = f.pooled ? f.height / 2 : divide_up(f.height, 2);
    size_t columns = f.pooled ? f.width / 2 : divide_up(f.width, 2);
    size_t begin = c->top * columns, all = pairs_end(c, rows) * columns - begin;
    size_t strips = divide_up(all, STRIP);
    for (size_t strip = 0, tile = begin, end; strip < strips; strip++, tile = end) {
        winograd_place place[STRIP];
        end = begin + all * (strip + 1) / strips;
        size_t tiles = end - tile;
        for (size_t t = 0; t < tiles; t++)
            place[t] = place_of_tile(&f.source, tile + t, columns, f.pad_top, f.pad_left);
        if (few) {
            transform_patches(&f, place, tiles, channels, 1, WINOGRAD_POINTS * channels);
            few_filters[channels](&f, place, tiles, c->first, c->last);
        } else {
            transform_patches(&f, place, tiles, 1, tiles * POINTS_STEP, POINTS_STEP);
            KERNEL(winograd_multiply)(&f.products, tiles, c->first, c->last);
            finish(&f, place, tiles, c->first, c->last);
        }
    }
}
