/* The weight gradient of a convolution with few outputs: filters lie in the vector, images follow one another.
 *
 * The order of every sum: the outputs that see the tap, row by row; for each of them the lanes 0 ... 15; one fused
 * multiply-add after the other, from 0. */
#include "kernels/conv_few.h"
#include "kernels/conv_axis.h"

#include <string.h>

/* A register tile of rows (input channels) and vectors of filters. */
#if defined(__AVX512F__)
enum { TILE_ROWS = 6, TILE_VECTORS = 4 };
#else
enum { TILE_ROWS = 4, TILE_VECTORS = 2 };
#endif
enum { TILE_WIDTH = TILE_VECTORS * VEC_WIDTH };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* The gradient with filters in the vector: of each output and image those of a few filters, the rest 0. */
typedef struct turned {
    vec gradient[CONV_FEW][LANES][TILE_VECTORS];
} turned;

static void turn(const lanes *dy, size_t plane, size_t filters, turned *to)
{
    *to = (turned){0};
    for (size_t f = 0; f < filters; f++)
        for (size_t i = 0; i < plane; i++)
            for (size_t r = 0; r < LANES; r++) ((real *)to->gradient[i][r])[f] = dy[f * plane + i].lane[r];
}

/* What a tap sees: its outputs, and the source of each in the first channel. */
typedef struct seen {
    size_t count, output[CONV_FEW], source[CONV_FEW];
} seen;

static seen seen_by(const conv_axis *row, const conv_axis *column, size_t tap_row, size_t tap_column)
{
    seen s = {0};
    size_t top, bottom, left, right;
    conv_tap_range(row, tap_row, &top, &bottom);
    conv_tap_range(column, tap_column, &left, &right);
    for (size_t y = top; y < bottom; y++)
        for (size_t x = left; x < right; x++) {
            size_t from_row = y * row->stride + tap_row * row->dilation - row->before;
            size_t from_column = x * column->stride + tap_column * column->dilation - column->before;
            s.output[s.count] = y * column->outputs + x;
            s.source[s.count++] = from_row * column->sources + from_column;
        }
    return s;
}

/* rows channels of x (plane apart) times all vectors; each row of d (step apart) gets filters numbers. */
INLINE void run_tile(const turned *g, const seen *s, const lanes *x, size_t plane, size_t rows, real *d, size_t step,
                     size_t filters)
{
    vec sum[TILE_ROWS][TILE_VECTORS] = {0};
    for (size_t i = 0; i < s->count; i++) {
        const lanes *from = x + s->source[i];
        for (size_t r = 0; r < LANES; r++) {
            const vec *gradient = g->gradient[s->output[i]][r];
            UNROLL for (size_t k = 0; k < rows; k++)
            {
                vec factor = vec_set(from[k * plane].lane[r]);
                UNROLL for (size_t v = 0; v < TILE_VECTORS; v++) sum[k][v] = vec_fma(factor, gradient[v], sum[k][v]);
            }
        }
    }
    for (size_t k = 0; k < rows; k++) memcpy(d + k * step, sum[k], filters * sizeof(real));
}

/* All channels of a tap. */
static void run_tap(const turned *g, const seen *s, const lanes *x, size_t plane, size_t channels, real *d, size_t step,
                    size_t filters)
{
    size_t c = 0;
    for (; c + TILE_ROWS <= channels; c += TILE_ROWS)
        run_tile(g, s, x + c * plane, plane, TILE_ROWS, d + c * step, step, filters);
    for (; c < channels; c++) run_tile(g, s, x + c * plane, plane, 1, d + c * step, step, filters);
}

void KERNEL(conv_gradient_weights_few)(const conv_shape *s, const lanes *x, const lanes *dy, real *d_filters,
                                       size_t first, size_t last)
{
    conv_axis row = conv_axis_rows(s), column = conv_axis_columns(s);
    size_t in_group = s->out_channels / s->groups, channels = s->in_channels / s->groups;
    size_t in_plane = s->in_height * s->in_width, out_plane = s->out_height * s->out_width;
    turned g;
    for (size_t f = first, filters; f < last; f += filters) {
        size_t group = f / in_group;
        filters = smaller(TILE_WIDTH, smaller(last, (group + 1) * in_group) - f);
        turn(dy + f * out_plane, out_plane, filters, &g);
        for (size_t tap = 0; tap < row.taps * column.taps; tap++) {
            seen seen = seen_by(&row, &column, tap / column.taps, tap % column.taps);
            run_tap(&g, &seen, x + group * channels * in_plane, in_plane, channels,
                    d_filters + tap * channels * s->out_channels + f, s->out_channels, filters);
        }
    }
}
