/* The weight gradient of a 3 x 3 convolution by Winograd's filtering F(3x3, 2x2): of each output tile of 2 x 2 and its
 * patch of the source 16 products, summed over tiles; the 9 weights are made of the 16 sums at the end. Points are done
 * four at a time (those of one row of transformed patches) and tiles in chunks, so that what is read again and again
 * stays in the second-level cache. Whole lanes of filters lie in the vector (turned_tile.h), the rest of them have
 * images there, as patches do (weights_tile.h).
 *
 * The order of every sum: of filters in the vector the tiles of a group row by row, of each the lanes, then the groups;
 * of the rest the tiles of a chunk row by row, the lanes by the tree 8-4-2-1, then the chunks; then the transform as it
 * is written here. */
#include "kernels/winograd_weights.h"
#include "kernels/turned_tile.h"
#include "kernels/weights_tile.h"

enum {
    CHUNK_BYTES = 240 << 10,
    TILE_SUMS = (TILE_TAPS * TILE_FILTERS + SUMS_TOGETHER - 1) / SUMS_TOGETHER * SUMS_TOGETHER
};

/* Filters whose gradients lie alike: of the vector's or of the lanes' kind. */
typedef struct filter_range {
    size_t first, last;
    lanes *gradients; /* four points of a chunk */
    real *sums;       /* [point][channel][filter] */
    size_t step;      /* of the sums, from one channel to the next */
} filter_range;

typedef struct weights_filtering {
    winograd_source source, gradient;
    size_t pad_top, pad_left, columns; /* columns: of tiles */
    pixel_area group;
    lanes *patches;      /* of a chunk: [point of the row][channel][tile] */
    filter_range turned; /* gradients are [point of the row][piece][tile][image][filter] */
    filter_range apart;  /* [point of the row][filter][tile] */
    lanes *cells;        /* the turned ones': [piece][tile][cell][image][filter] */
} weights_filtering;

/* All tiles of a shape, with those that pooled windows do without. */
static pixel_area tiles_of(const conv_shape *s)
{
    return (pixel_area){.rows = divide_up(s->out_height, 2), .columns = divide_up(s->out_width, 2)};
}

/* Those that are transformed together, in whole groups. */
static pixel_area chunk_of(const conv_shape *s)
{
    const pixel_area all = tiles_of(s);
    return area_of(all, CHUNK_BYTES / (4 * (s->in_channels + 2 * s->out_channels) * sizeof(lanes)), group_of(all));
}

/* So many filters in whole lanes. */
static size_t padded(size_t filters) { return divide_up(filters, LANES) * LANES; }

static size_t patches_size(const conv_shape *s) { return 4 * odd(s->in_channels * count_of(chunk_of(s))); }
static size_t gradients_size(size_t filters, size_t tiles) { return 4 * odd(filters * tiles); }
static size_t cells_size(size_t filters, size_t tiles) { return 4 * filters * tiles; }
static size_t sums_size(const conv_shape *s, size_t filters) { return WINOGRAD_POINTS * s->in_channels * filters; }

size_t KERNEL(winograd_weights_scratch_size)(const conv_shape *s)
{
    if (s->in_channels <= FEW_CHANNELS) return KERNEL(winograd_weights_few_scratch_size)(s);
    const size_t tiles = count_of(chunk_of(s)), filters = padded(s->out_channels);
    size_t gradients = gradients_size(filters, tiles) + gradients_size(LANES, tiles);
    return (patches_size(s) + gradients + cells_size(filters, tiles)) * sizeof(lanes) +
           sums_size(s, filters) * sizeof(real);
}

/* Which tile of the picture is number t of an area. */
static size_t tile_at(const weights_filtering *f, pixel_area a, size_t t)
{
    return (a.row + t / a.columns) * f->columns + a.column + t % a.columns;
}

/* ---- Patches ------------------------------------------------------------------------------------------------------
 */

static void transform_patches(const weights_filtering *f, row_of_points points, pixel_area tiles)
{
    const winograd_source *s = &f->source;
    const size_t step = odd(s->channels * count_of(tiles));
    lanes *to = f->patches;
    for (size_t c = 0; c < s->channels; c++) {
        const lanes *plane = s->plane + c * s->plane_size;
        for (size_t row = tiles.row; row < tiles.row + tiles.rows; row++)
            for (size_t column = tiles.column; column < tiles.column + tiles.columns; column++, to++) {
                winograd_place place = place_at(s, row, column, f->pad_top, f->pad_left);
                for (size_t part = 0; part < PARTS; part++) {
                    vec v[4];
                    transform_patch_row(s, plane, place, points, part, v);
                    UNROLL for (size_t j = 0; j < 4; j++) vec_store(to + j * step, part, v[j]);
                }
            }
    }
}

/* ---- Gradients ----------------------------------------------------------------------------------------------------
 */

INLINE void transform_apart(const weights_filtering *f, size_t point_row, pixel_area tiles)
{
    const filter_range *r = &f->apart;
    const size_t step = odd((r->last - r->first) * count_of(tiles));
    for (size_t c = r->first; c < r->last; c++)
        for (size_t t = 0; t < count_of(tiles); t++) {
            size_t tile = tile_at(f, tiles, t);
            lanes *to = r->gradients + (c - r->first) * count_of(tiles) + t;
            for (size_t part = 0; part < PARTS; part++) {
                vec d[4], v[4];
                load_gradient_tile(&f->gradient, c, tile / f->columns, tile % f->columns, part, d);
                transform_gradient_row(d, point_row, v);
                UNROLL for (size_t j = 0; j < 4; j++) vec_store(to + j * step, part, v[j]);
            }
        }
}

/* Where a piece of the filters begins, and how wide it is, in whole vectors. */
typedef struct piece {
    size_t first, width;
} piece;

static piece piece_at(const filter_range *r, size_t first)
{
    size_t most = turned_width(r->last - r->first), left = divide_up(r->last - first, VEC_WIDTH) * VEC_WIDTH;
    return (piece){first, smaller(most, left)};
}

/* Turns the cells of a chunk's tiles. */
static void turn_cells(const weights_filtering *f, pixel_area tiles)
{
    const filter_range *r = &f->turned;
    lanes cell[4 * TURNED_VECTORS * VEC_WIDTH];
    piece p;
    for (size_t first = r->first; first < r->last; first += p.width) {
        p = piece_at(r, first);
        const size_t count = smaller(p.width, r->last - first);
        lanes *to = f->cells + 4 * (first - r->first) * count_of(tiles);
        for (size_t t = 0; t < count_of(tiles); t++, to += 4 * p.width) {
            size_t tile = tile_at(f, tiles, t);
            for (size_t i = 0; i < count; i++)
                for (size_t part = 0; part < PARTS; part++) {
                    vec d[4];
                    load_gradient_tile(&f->gradient, first + i, tile / f->columns, tile % f->columns, part, d);
                    UNROLL for (size_t k = 0; k < 4; k++) vec_store(cell + 4 * i + k, part, d[k]);
                }
            KERNEL(turn)(cell, 4, 4, count, (vec *)to);
        }
    }
}

INLINE void transform_turned(const weights_filtering *f, size_t point_row, pixel_area tiles)
{
    const filter_range *r = &f->turned;
    const size_t step = odd(padded(r->last - r->first) * count_of(tiles));
    piece p;
    for (size_t first = r->first; first < r->last; first += p.width) {
        p = piece_at(r, first);
        const lanes *from = f->cells + 4 * (first - r->first) * count_of(tiles);
        lanes *to = r->gradients + (first - r->first) * count_of(tiles);
        for (size_t t = 0; t < count_of(tiles); t++, from += 4 * p.width, to += p.width)
            for (size_t i = 0; i < p.width * PARTS; i++) {
                vec d[4], v[4];
                UNROLL for (size_t k = 0; k < 4; k++) d[k] = vec_load(from + k * p.width, i);
                transform_gradient_row(d, point_row, v);
                UNROLL for (size_t j = 0; j < 4; j++) vec_store(to + j * step, i, v[j]);
            }
    }
}

INLINE void transform_gradients_of(const weights_filtering *f, size_t point_row, pixel_area tiles)
{
    transform_turned(f, point_row, tiles);
    transform_apart(f, point_row, tiles);
}

static void transform_gradients(const weights_filtering *f, size_t point_row, pixel_area tiles)
{
    switch (point_row) {
    case 0:
        transform_gradients_of(f, 0, tiles);
        break;
    case 1:
        transform_gradients_of(f, 1, tiles);
        break;
    case 2:
        transform_gradients_of(f, 2, tiles);
        break;
    default:
        transform_gradients_of(f, 3, tiles);
        break;
    }
}

/* ---- Products -----------------------------------------------------------------------------------------------------
 */

/* The tiles of a group, numbered as in a chunk of so many columns. */
static void take_group(turned_tile *tile, pixel_area group, size_t columns)
{
    tile->pixels = 0;
    for (size_t row = group.row; row < group.row + group.rows; row++)
        for (size_t column = group.column; column < group.column + group.columns; column++, tile->pixels++)
            tile->output[tile->pixels] = tile->source[tile->pixels] = row * columns + column;
}

/* Adds to the sums of one point those of all filters in the vector over the chunk's tiles, group by group. */
static void multiply_turned(const weights_filtering *f, size_t point, pixel_area tiles)
{
    const filter_range *r = &f->turned;
    const size_t ins = f->source.channels, count = count_of(tiles);
    const lanes *gradients = r->gradients + point % 4 * odd(padded(r->last - r->first) * count);
    turned_tile tile = {.channels = ins, .plane = count, .step = r->step};
    tile.x = f->patches + point % 4 * odd(ins * count);
    piece p;
    for (size_t first = r->first; first < r->last; first += p.width) {
        p = piece_at(r, first);
        tile.filters = p.width;
        tile.gradient = (const vec *)(gradients + (first - r->first) * count);
        tile.d = r->sums + point * ins * r->step + first - r->first;
        tile.adds = tiles.row + tiles.column > 0;
        for (size_t row = 0; row < tiles.rows; row += f->group.rows)
            for (size_t column = 0; column < tiles.columns; column += f->group.columns) {
                take_group(&tile, cut(f->group, row, column, tiles), tiles.columns);
                KERNEL(turned_run)(&tile);
                tile.adds = true;
            }
    }
}

/* The same of a few of the other filters and channels. */
static void multiply_tile(const filter_range *r, const lanes *gradients, const lanes *patches, size_t tiles,
                          size_t filters, size_t channels, real *sums, bool first_chunk)
{
    lanes sum[TILE_SUMS];
    real added[TILE_SUMS];
    weights_tile tile = {.gradient = gradients, .gradient_step = tiles, .rows = 1, .columns = tiles};
    tile.source_column = 1;
    tile.fresh = true;
    tile.sum_step = channels;
    for (size_t c = 0; c < channels; c++) {
        tile.source[c] = patches + c * tiles;
        tile.sum[c] = sum + c;
    }
    KERNEL(weights_tiles)[channels][filters](&tile);
    for (size_t i = 0; i < filters * channels; i += SUMS_TOGETHER) lanes_sums(sum + i, added + i);
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < filters; i++) {
            real *to = sums + c * r->step + i;
            *to = first_chunk ? added[i * channels + c] : *to + added[i * channels + c];
        }
}

static void multiply_apart(const weights_filtering *f, size_t point, pixel_area tiles)
{
    const filter_range *r = &f->apart;
    const size_t ins = f->source.channels, outs = r->last - r->first;
    const lanes *patches = f->patches + point % 4 * odd(ins * count_of(tiles));
    const lanes *gradients = r->gradients + point % 4 * odd(outs * count_of(tiles));
    real *sums = r->sums + point * ins * r->step;
    for (size_t filter = 0; filter < outs; filter += TILE_FILTERS)
        for (size_t c = 0; c < ins; c += TILE_TAPS)
            multiply_tile(r, gradients + filter * count_of(tiles), patches + c * count_of(tiles), count_of(tiles),
                          smaller(TILE_FILTERS, outs - filter), smaller(TILE_TAPS, ins - c),
                          sums + c * r->step + filter, tiles.row + tiles.column == 0);
}

/* ---- Weights ------------------------------------------------------------------------------------------------------
 */

/* Along one axis, the middle points still twice what they should be. */
INLINE void transform_weights(const eight m[4], eight w[3])
{
    eight ends = m[1] + m[2];
    w[0] = m[0] + ends * (real)0.5;
    w[1] = (m[1] - m[2]) * (real)0.5;
    w[2] = ends * (real)0.5 + m[3];
}

/* Eight filters of a channel at a time. */
void KERNEL(winograd_weights_of_sums)(const conv_shape *s, const real *sums, size_t step, size_t first, size_t last,
                                      real *d_filters)
{
    const size_t ins = s->in_channels, outs = s->out_channels, point = ins * step;
    const real *end = sums + WINOGRAD_POINTS * point;
    for (size_t c = 0; c < ins; c++)
        for (size_t filter = first; filter < last; filter += EIGHT) {
            const size_t count = smaller(EIGHT, last - filter);
            const real *m = sums + c * step + filter - first;
            eight rows[4][3], w[3];
            UNROLL for (size_t j = 0; j < 4; j++)
            {
                eight column[4];
                UNROLL for (size_t i = 0; i < 4; i++) column[i] = eight_load(m + (4 * i + j) * point, end);
                transform_weights(column, rows[j]);
            }
            UNROLL for (size_t i = 0; i < 3; i++)
            {
                const eight row[4] = {rows[0][i], rows[1][i], rows[2][i], rows[3][i]};
                transform_weights(row, w);
                UNROLL for (size_t j = 0; j < 3; j++)
                {
                    real *to = d_filters + ((3 * i + j) * ins + c) * outs + filter;
                    eight_store(to, w[j], count, to + count);
                }
            }
        }
}

/* Takes the ranges of c's filters, and all places in scratch. */
static void take_ranges(weights_filtering *f, const conv_shape *s, const conv_call *c)
{
    const size_t tiles = count_of(chunk_of(s)), border = filters_to_turn(s->out_channels, count_of(tiles_of(s)));
    filter_range *turned = &f->turned, *apart = &f->apart;
    turned->first = smaller(c->first, border);
    turned->last = smaller(c->last, border);
    apart->first = c->first < border ? border : c->first;
    apart->last = c->last < border ? border : c->last;
    turned->step = padded(turned->last - turned->first);
    apart->step = apart->last - apart->first;
    f->patches = c->scratch;
    f->cells = f->patches + patches_size(s);
    turned->gradients = f->cells + cells_size(turned->step, tiles);
    apart->gradients = turned->gradients + gradients_size(turned->step, tiles);
    turned->sums = (real *)(apart->gradients + gradients_size(apart->step, tiles));
    apart->sums = turned->sums + sums_size(s, turned->step);
}

static void finish(const conv_shape *s, const filter_range *r, real *d_filters)
{
    KERNEL(winograd_weights_of_sums)(s, r->sums, r->step, r->first, r->last, d_filters);
}

static void add_chunk(const weights_filtering *f, pixel_area tiles)
{
    turn_cells(f, tiles);
    for (size_t row = 0; row < 4; row++) {
        transform_patches(f, patch_rows[row], tiles);
        transform_gradients(f, row, tiles);
        for (size_t point = 4 * row; point < 4 * row + 4; point++) {
            multiply_turned(f, point, tiles);
            multiply_apart(f, point, tiles);
        }
    }
}

void KERNEL(winograd_gradient_weights)(const conv_shape *s, const conv_call *c)
{
    if (s->in_channels <= FEW_CHANNELS) {
        KERNEL(winograd_gradient_weights_few)(s, c);
        return;
    }
    weights_filtering f = {
        .source = winograd_input(s, c),
        .gradient = winograd_gradient(s, c),
        .pad_top = s->pad_top,
        .pad_left = s->pad_left,
    };
    const pixel_area all = {.rows = divide_up(f.gradient.height, 2), .columns = divide_up(f.gradient.width, 2)};
    const pixel_area chunk = chunk_of(s);
    f.columns = all.columns;
    f.group = group_of(tiles_of(s));
    take_ranges(&f, s, c);
    for (size_t row = 0; row < all.rows; row += chunk.rows)
        for (size_t column = 0; column < all.columns; column += chunk.columns)
            add_chunk(&f, cut(chunk, row, column, all));
    finish(s, &f.turned, c->d_filters);
    finish(s, &f.apart, c->d_filters);
    KERNEL(conv_gradient_bias)(s, c, c->first, c->last);
}
