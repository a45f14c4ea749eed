/* The weight gradient of a 3 x 3 convolution by Winograd's filtering F(3x3, 2x2): of each output tile of 2 x 2 and its
 * patch of the source 16 products, summed over tiles in lane registers; the 9 weights are made of the 16 sums at the
 * end. Points are done four at a time (those of one row of transformed patches) and tiles in chunks, so that what is
 * read again and again stays in the second-level cache.
 *
 * The order of every sum: the tiles of a chunk row by row; the lanes by the tree 8-4-2-1; the chunks; then the
 * transform as it is written here. */
#include "kernels/conv_ways.h"
#include "kernels/weights_tile.h"
#include "kernels/winograd.h"

enum {
    CHUNK_BYTES = 960 << 10,
    LEAST_TILES = 64,
    TILE_SUMS = (TILE_TAPS * TILE_FILTERS + SUMS_TOGETHER - 1) / SUMS_TOGETHER * SUMS_TOGETHER
};

typedef struct weights_filtering {
    winograd_source source, gradient;
    size_t pad_top, pad_left;
    size_t rows, columns; /* tiles */
    size_t first, last;   /* filters */
    /* of a chunk: [point of the row][channel][tile], [point of the row][filter][tile] */
    lanes *patches, *gradients;
    real *sums; /* [point][channel][filter] */
} weights_filtering;

static size_t tiles_of(const conv_shape *s) { return divide_up(s->out_height, 2) * divide_up(s->out_width, 2); }

/* Tiles of a chunk, at most. */
static size_t chunk_size(const conv_shape *s)
{
    size_t most = CHUNK_BYTES / (4 * (s->in_channels + s->out_channels) * sizeof(lanes));
    return smaller(tiles_of(s), most < LEAST_TILES ? LEAST_TILES : most);
}

static size_t patches_size(const conv_shape *s) { return 4 * odd(s->in_channels * chunk_size(s)); }
static size_t gradients_size(const conv_shape *s) { return 4 * odd(s->out_channels * chunk_size(s)); }
static size_t sums_size(const conv_shape *s) { return WINOGRAD_POINTS * s->in_channels * s->out_channels; }

size_t KERNEL(winograd_weights_scratch_size)(const conv_shape *s)
{
    return (patches_size(s) + gradients_size(s)) * sizeof(lanes) + sums_size(s) * sizeof(real);
}

/* Which tiles are done now. */
typedef struct chunk {
    size_t first, tiles;
} chunk;

/* ---- Patches ------------------------------------------------------------------------------------------------------
 */

/* Along the rows a point is d[plus] + sign * d[other]. */
typedef struct row_of_points {
    size_t plus, other;
    real sign;
} row_of_points;

static const row_of_points patch_rows[4] = {{0, 2, -1}, {1, 2, 1}, {2, 1, -1}, {3, 1, -1}};

/* The row of a patch that the points are made of. */
INLINE void load_rows(const winograd_source *s, const lanes *plane, winograd_place p, row_of_points points, size_t part,
                      vec d[4])
{
    const lanes *at = plane + p.row * (ptrdiff_t)s->width + p.column;
    const lanes *plus = at + points.plus * s->width, *other = at + points.other * s->width;
    UNROLL for (size_t j = 0; j < 4; j++) d[j] =
        vec_fma(vec_set(points.sign), vec_load(other + j, part), vec_load(plus + j, part));
}

INLINE void load_border_rows(const winograd_source *s, const lanes *plane, winograd_place p, row_of_points points,
                             size_t part, vec d[4])
{
    UNROLL for (size_t j = 0; j < 4; j++)
    {
        vec plus = load_or_zero(s, plane, 1, p.row + (ptrdiff_t)points.plus, p.column + (ptrdiff_t)j, part);
        vec other = load_or_zero(s, plane, 1, p.row + (ptrdiff_t)points.other, p.column + (ptrdiff_t)j, part);
        d[j] = vec_fma(vec_set(points.sign), other, plus);
    }
}

static void transform_patches(const weights_filtering *f, row_of_points points, chunk tiles)
{
    const winograd_source *s = &f->source;
    const size_t step = odd(s->channels * tiles.tiles);
    for (size_t t = 0; t < tiles.tiles; t++) {
        winograd_place place = place_of_tile(s, tiles.first + t, f->columns, f->pad_top, f->pad_left);
        for (size_t c = 0; c < s->channels; c++) {
            const lanes *plane = s->plane + c * s->plane_size;
            lanes *to = f->patches + c * tiles.tiles + t;
            for (size_t part = 0; part < PARTS; part++) {
                vec d[4], v[4];
                if (place.inside)
                    load_rows(s, plane, place, points, part, d);
                else
                    load_border_rows(s, plane, place, points, part, d);
                transform_patch(d, v);
                UNROLL for (size_t j = 0; j < 4; j++) vec_store(to + j * step, part, v[j]);
            }
        }
    }
}

/* ---- Gradients ----------------------------------------------------------------------------------------------------
 */

INLINE void transform_gradients_of(const weights_filtering *f, size_t point_row, chunk tiles)
{
    const winograd_source *g = &f->gradient;
    const size_t step = odd(g->channels * tiles.tiles);
    for (size_t c = f->first; c < f->last; c++)
        for (size_t t = 0; t < tiles.tiles; t++) {
            size_t tile = tiles.first + t;
            for (size_t part = 0; part < PARTS; part++) {
                vec d[4], left[4], right[4], v[4];
                load_gradient_tile(g, c, tile / f->columns, tile % f->columns, part, d);
                transform_gradient(d[0], d[2], left);
                transform_gradient(d[1], d[3], right);
                transform_gradient(left[point_row], right[point_row], v);
                UNROLL for (size_t j = 0; j < 4; j++)
                    vec_store(f->gradients + j * step + c * tiles.tiles + t, part, v[j]);
            }
        }
}

static void transform_gradients(const weights_filtering *f, size_t point_row, chunk tiles)
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

/* Adds to the sums of one point those of a few filters and channels over the chunk's tiles. */
static void multiply_tile(const weights_filtering *f, const lanes *gradients, const lanes *patches, size_t tiles,
                          size_t filters, size_t channels, real *sums, bool first_chunk)
{
    lanes sum[TILE_SUMS];
    real added[TILE_SUMS];
    weights_tile tile = {.gradient = patches, .gradient_step = tiles, .rows = 1, .columns = tiles, .source_column = 1};
    tile.fresh = true;
    tile.sum_step = filters;
    for (size_t i = 0; i < filters; i++) {
        tile.source[i] = gradients + i * tiles;
        tile.sum[i] = sum + i;
    }
    KERNEL(weights_tiles)[filters][channels](&tile);
    for (size_t i = 0; i < filters * channels; i += SUMS_TOGETHER) lanes_sums(sum + i, added + i);
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < filters; i++) {
            real *to = sums + c * f->gradient.channels + i;
            *to = first_chunk ? added[c * filters + i] : *to + added[c * filters + i];
        }
}

static void multiply(const weights_filtering *f, size_t point_row, chunk tiles)
{
    const size_t ins = f->source.channels, outs = f->gradient.channels;
    for (size_t j = 0; j < 4; j++) {
        const lanes *patches = f->patches + j * odd(ins * tiles.tiles);
        const lanes *gradients = f->gradients + j * odd(outs * tiles.tiles);
        real *sums = f->sums + (4 * point_row + j) * ins * outs;
        for (size_t filter = f->first; filter < f->last; filter += TILE_TAPS)
            for (size_t c = 0; c < ins; c += TILE_FILTERS)
                multiply_tile(f, gradients + filter * tiles.tiles, patches + c * tiles.tiles, tiles.tiles,
                              smaller(TILE_TAPS, f->last - filter), smaller(TILE_FILTERS, ins - c),
                              sums + c * outs + filter, tiles.first == 0);
    }
}

/* ---- Weights ------------------------------------------------------------------------------------------------------
 */

/* Along one axis, the middle points still twice what they should be. */
INLINE void transform_weights(real m0, real m1, real m2, real m3, real w[3])
{
    w[0] = m0 + (m1 + m2) / 2;
    w[1] = (m1 - m2) / 2;
    w[2] = (m1 + m2) / 2 + m3;
}

static void finish(const weights_filtering *f, real *d_filters)
{
    size_t ins = f->source.channels, outs = f->gradient.channels, step = ins * outs;
    for (size_t c = 0; c < ins; c++)
        for (size_t filter = f->first; filter < f->last; filter++) {
            const real *m = f->sums + c * outs + filter;
            real rows[4][3], w[3];
            for (size_t j = 0; j < 4; j++)
                transform_weights(m[j * step], m[(4 + j) * step], m[(8 + j) * step], m[(12 + j) * step], rows[j]);
            for (size_t i = 0; i < 3; i++) {
                transform_weights(rows[0][i], rows[1][i], rows[2][i], rows[3][i], w);
                for (size_t j = 0; j < 3; j++) d_filters[(3 * i + j) * step + c * outs + filter] = w[j];
            }
        }
}

void KERNEL(winograd_gradient_weights)(const conv_shape *s, const conv_call *c)
{
    weights_filtering f = {
        .source = winograd_input(s, c),
        .gradient = winograd_gradient(s, c),
        .pad_top = s->pad_top,
        .pad_left = s->pad_left,
        .first = c->first,
        .last = c->last,
        .patches = c->scratch,
    };
    f.rows = divide_up(f.gradient.height, 2);
    f.columns = divide_up(f.gradient.width, 2);
    f.gradients = f.patches + patches_size(s);
    f.sums = (real *)(f.gradients + gradients_size(s));
    size_t tiles = f.rows * f.columns, chunks = divide_up(tiles, chunk_size(s));
    for (size_t i = 0; i < chunks; i++) {
        chunk now = {.first = tiles * i / chunks};
        now.tiles = tiles * (i + 1) / chunks - now.first;
        for (size_t row = 0; row < 4; row++) {
            transform_patches(&f, patch_rows[row], now);
            transform_gradients(&f, row, now);
            multiply(&f, row, now);
        }
    }
    finish(&f, c->d_filters);
    KERNEL(conv_gradient_bias)(s, c, c->first, c->last);
}
