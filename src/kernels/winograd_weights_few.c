/* The weight gradient of a 3 x 3 convolution of a few channels (a picture's), by Winograd's filtering: images lie in
 * the vector, and a tile's gradient is transformed in registers where it is multiplied, so nothing of it is stored. Of
 * a strip of tiles the patches stay in the first-level cache while all filters pass.
 *
 * The order of every sum, a bias' too: the tiles row by row; the lanes by the tree 8-4-2-1; then the transform. */
#include "kernels/winograd_weights.h"

enum {
    STRIP = 16,                            /* tiles */
    MOST_SUMS = VEC_BYTES == 64 ? 24 : 12, /* in registers */
    BIAS_ROW = BIAS_POINT / 4,
    BIAS_COLUMN = BIAS_POINT % 4 /* of a tile's gradient the point that is the sum of its cells */
};

typedef struct few_filtering {
    winograd_source source, gradient;
    size_t tiles; /* of the strip */
    size_t row[STRIP], column[STRIP];
    winograd_place place[STRIP];
    lanes *patches; /* [tile][row of points, of those done at once][point][channel] */
    lanes *sums;    /* [row of points][filter][point][channel] */
    lanes *biases;  /* [filter] */
    bool fresh;     /* no strip was added before */
} few_filtering;

static size_t patches_size(size_t channels) { return STRIP * WINOGRAD_POINTS * channels; }
static size_t sums_size(const conv_shape *s) { return WINOGRAD_POINTS * s->in_channels * s->out_channels; }

/* From one channel's sums to the next, once their lanes are added. */
static size_t filters_step(const conv_shape *s) { return divide_up(s->out_channels, EIGHT) * EIGHT; }

size_t KERNEL(winograd_weights_few_scratch_size)(const conv_shape *s)
{
    return (patches_size(s->in_channels) + s->out_channels + sums_size(s)) * sizeof(lanes) +
           WINOGRAD_POINTS * s->in_channels * filters_step(s) * sizeof(real);
}

/* Of the rows of points row, row + 1, ... */
INLINE void transform_patches(const few_filtering *f, size_t row, size_t rows, size_t channels)
{
    for (size_t c = 0; c < channels; c++)
        for (size_t t = 0; t < f->tiles; t++)
            for (size_t part = 0; part < PARTS; part++) {
                lanes *to = f->patches + t * rows * 4 * channels + c;
                const lanes *plane = f->source.plane + c * f->source.plane_size;
                UNROLL for (size_t r = 0; r < rows; r++)
                {
                    vec v[4];
                    transform_patch_row(&f->source, plane, f->place[t], patch_rows[row + r], part, v);
                    UNROLL for (size_t j = 0; j < 4; j++) vec_store(to + (4 * r + j) * channels, part, v[j]);
                }
            }
}

/* Fetches a tile's gradient. The processor does not see it coming: strips are short, and filters far apart. */
INLINE void fetch_gradient(const winograd_source *g, size_t filter, size_t row, size_t column)
{
    const lanes *first = g->plane + gradient_place(g, filter, row, column);
    __builtin_prefetch(first);
    if (g->winner) return;
    UNROLL for (size_t k = 1; k < 4; k++) __builtin_prefetch(first + k / 2 * g->width + k % 2);
}

/* Adds a strip's products to the sums of a filter, in the same rows of points. */
INLINE void add_filter(const few_filtering *f, size_t filter, size_t row, size_t rows, size_t channels, size_t part)
{
    const size_t each = 4 * channels;
    lanes *stored[4];
    vec sum[WINOGRAD_POINTS * FEW_CHANNELS], bias = f->fresh ? vec_set(0) : vec_load(f->biases + filter, part);
    UNROLL for (size_t r = 0; r < rows; r++) stored[r] = f->sums + ((row + r) * f->gradient.channels + filter) * each;
    UNROLL for (size_t i = 0; i < rows * each; i++) sum[i] =
        f->fresh ? vec_set(0) : vec_load(stored[i / each] + i % each, part);
    for (size_t t = 0; t < f->tiles; t++) {
        const lanes *patch = f->patches + t * rows * each;
        vec d[4], v[4];
        load_gradient_tile(&f->gradient, filter, f->row[t], f->column[t], part, d);
        if (row == 0) fetch_gradient(&f->gradient, filter + 1, f->row[t], f->column[t]);
        UNROLL for (size_t r = 0; r < rows; r++)
        {
            transform_gradient_row(d, row + r, v);
            if (row + r == BIAS_ROW) bias += v[BIAS_COLUMN];
            UNROLL for (size_t i = 0; i < each; i++) sum[r * each + i] =
                vec_fma(v[i / channels], vec_load(patch + r * each + i, part), sum[r * each + i]);
        }
    }
    UNROLL for (size_t i = 0; i < rows * each; i++) vec_store(stored[i / each] + i % each, part, sum[i]);
    if (row <= BIAS_ROW && BIAS_ROW < row + rows) vec_store(f->biases + filter, part, bias);
}

/* So many rows of points are done at once as there are registers for sums. */
INLINE void add_strip(const few_filtering *f, size_t first, size_t last, size_t channels)
{
    const size_t rows = 2 * 4 * channels <= MOST_SUMS ? 2 : 1;
    UNROLL for (size_t row = 0; row < 4; row += rows)
    {
        transform_patches(f, row, rows, channels);
        for (size_t filter = first; filter < last; filter++)
            for (size_t part = 0; part < PARTS; part++) add_filter(f, filter, row, rows, channels, part);
    }
}

typedef void strip_function(const few_filtering *f, size_t first, size_t last);
#define DEFINE_STRIP(channels)                                                                                         \
    static void add_strip_##channels(const few_filtering *f, size_t first, size_t last)                                \
    {                                                                                                                  \
        add_strip(f, first, last, channels);                                                                           \
    }
EACH_FEW_CHANNELS(DEFINE_STRIP)

#define STRIP_ENTRY(channels) [channels] = add_strip_##channels,
static strip_function *const add_strips[FEW_CHANNELS + 1] = {EACH_FEW_CHANNELS(STRIP_ENTRY)};

/* Adds the lanes of the sums of a row of points, to [point][channel][filter]. The last eight may reach beyond, into
 * what is not written yet. */
static void add_lanes(const few_filtering *f, size_t row, size_t first, size_t last, real *added, size_t step)
{
    const size_t each = 4 * f->source.channels, count = (last - first) * each;
    const lanes *sums = f->sums + (row * f->gradient.channels + first) * each;
    for (size_t i = 0; i < count; i += SUMS_TOGETHER) {
        real sum[SUMS_TOGETHER];
        lanes_sums(sums + i, sum);
        for (size_t k = i; k < i + SUMS_TOGETHER && k < count; k++)
            added[(row * each + k % each) * step + k / each] = sum[k - i];
    }
}

/* Takes the tiles first ... first + tiles - 1 of a picture with so many in a row. */
static void take_strip(few_filtering *f, const conv_shape *s, size_t first, size_t tiles, size_t columns)
{
    f->fresh = first == 0;
    f->tiles = tiles;
    for (size_t t = 0; t < tiles; t++) {
        f->row[t] = (first + t) / columns;
        f->column[t] = (first + t) % columns;
        f->place[t] = place_at(&f->source, f->row[t], f->column[t], s->pad_top, s->pad_left);
    }
}

void KERNEL(winograd_gradient_weights_few)(const conv_shape *s, const conv_call *c)
{
    few_filtering f = {.source = winograd_input(s, c), .gradient = winograd_gradient(s, c), .patches = c->scratch};
    f.biases = f.patches + patches_size(s->in_channels);
    f.sums = f.biases + s->out_channels;
    real *added = (real *)(f.sums + sums_size(s));
    const size_t columns = divide_up(f.gradient.width, 2), all = divide_up(f.gradient.height, 2) * columns;
    for (size_t first = 0; first < all; first += f.tiles) {
        take_strip(&f, s, first, smaller(STRIP, all - first), columns);
        add_strips[s->in_channels](&f, c->first, c->last);
    }
    const size_t step = filters_step(s);
    for (size_t row = 0; row < 4; row++) add_lanes(&f, row, c->first, c->last, added, step);
    KERNEL(winograd_weights_of_sums)(s, added, step, c->first, c->last, c->d_filters);
    for (size_t filter = c->first; c->d_bias && filter < c->last; filter++)
        c->d_bias[filter] = lanes_sum(f.biases + filter);
}
