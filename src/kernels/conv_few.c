/* The weight gradient of a convolution with few outputs: filters lie in the vector, images follow one another.
 *
 * The order of every sum: the outputs that see the tap, row by row; for each of them the lanes 0 ... 15; one fused
 * multiply-add after the other, from 0. */
#include "kernels/conv_few.h"
#include "kernels/conv_axis.h"
#include "kernels/conv_pooled.h"
#include "kernels/conv_ways.h"
#include "kernels/eight.h"

#include <string.h>

/* A register tile of rows (input channels) and vectors of filters. With fewer vectors it has more rows. */
#if defined(__AVX512F__)
enum { TILE_VECTORS = 4, TILE_SUMS = 24 };
#else
enum { TILE_VECTORS = 3, TILE_SUMS = 12 };
#endif

/* The gradient with filters in the vector: of each output and image those of a few filters, the rest 0. */
typedef struct turned {
    vec gradient[CONV_FEW][LANES][TILE_VECTORS];
} turned;

/* Squares of eight filters and eight images. */
static void turn(const lanes *dy, size_t plane, size_t filters, turned *to)
{
    const size_t width = divide_up(filters, VEC_WIDTH) * VEC_WIDTH;
    for (size_t i = 0; i < plane; i++)
        for (size_t first = 0; first < width; first += EIGHT)
            for (size_t row = 0; row < LANES; row += EIGHT) {
                const size_t count = smaller(EIGHT, width - first), end = smaller(first + EIGHT, filters);
                eight square[EIGHT] = {{0}};
                for (size_t f = first; f < end; f++) square[f - first] = *(const eight *)(dy[f * plane + i].lane + row);
                eights_transpose(square);
                for (size_t r = 0; r < EIGHT; r++) {
                    real *at = (real *)to->gradient[i][row + r] + first;
                    eight_store(at, square[r], count, at + count);
                }
            }
}

/* The same of the pooled gradient, each window's going to its maximum. height, width: of the outputs in whole windows.
 */
static void turn_pooled(const lanes *dy, const pool_winner *winner, size_t height, size_t width, size_t filters,
                        turned *to)
{
    lanes whole[TILE_VECTORS * VEC_WIDTH * CONV_FEW];
    size_t windows = height / 2 * (width / 2);
    for (size_t f = 0; f < filters; f++)
        for (size_t w = 0; w < windows; w++)
            for (size_t part = 0; part < PARTS; part++) {
                vec cell[4];
                expand_window(dy + f * windows + w, winner + f * windows + w, part, cell);
                lanes *corner = whole + f * height * width + w / (width / 2) * 2 * width + w % (width / 2) * 2;
                UNROLL for (size_t k = 0; k < 4; k++) vec_store(corner + k / 2 * width + k % 2, part, cell[k]);
            }
    turn(whole, height * width, filters, to);
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

/* A tap's gradient: for each of channels (plane lanes apart in x, step reals apart in d) filters numbers. */
typedef struct tap_job {
    const turned *gradient;
    seen seen;
    const lanes *x;
    size_t plane, channels, step, filters;
    real *d;
} tap_job;

INLINE void store_row(real *d, const vec *sum, size_t vectors, size_t filters)
{
    UNROLL for (size_t v = 0; v + 1 < vectors; v++) memcpy(d + v * VEC_WIDTH, &sum[v], sizeof(vec));
    size_t done = (vectors - 1) * VEC_WIDTH;
    if (filters - done == VEC_WIDTH)
        memcpy(d + done, &sum[vectors - 1], sizeof(vec));
    else
        for (size_t i = done; i < filters; i++) d[i] = sum[vectors - 1][i - done];
}

INLINE void run_rows(const tap_job *job, size_t first, size_t rows, size_t vectors)
{
    const lanes *x = job->x + first * job->plane;
    const size_t plane = job->plane;
    vec sum[TILE_SUMS];
    UNROLL for (size_t k = 0; k < rows * vectors; k++) sum[k] = vec_set(0);
    for (size_t i = 0; i < job->seen.count; i++) {
        const vec *gradient = job->gradient->gradient[job->seen.output[i]][0];
        const lanes *from = x + job->seen.source[i];
        for (size_t r = 0; r < LANES; r++, gradient += TILE_VECTORS) {
            vec g[TILE_VECTORS];
            UNROLL for (size_t v = 0; v < vectors; v++) g[v] = vec_keep(gradient[v]);
            UNROLL for (size_t k = 0; k < rows; k++)
            {
                vec factor = vec_set(from[k * plane].lane[r]);
                UNROLL for (size_t v = 0; v < vectors; v++) sum[k * vectors + v] =
                    vec_fma(factor, g[v], sum[k * vectors + v]);
            }
        }
    }
    UNROLL for (size_t k = 0; k < rows; k++)
        store_row(job->d + (first + k) * job->step, sum + k * vectors, vectors, job->filters);
}

INLINE void run_tap(const tap_job *job, size_t vectors)
{
    const size_t rows = TILE_SUMS / 2 / vectors * 2;
    size_t c = 0;
    for (; c + rows <= job->channels; c += rows) run_rows(job, c, rows, vectors);
    for (; c + 2 <= job->channels; c += 2) run_rows(job, c, 2, vectors);
    if (c < job->channels) run_rows(job, c, 1, vectors);
}

static void run_1(const tap_job *job) { run_tap(job, 1); }
static void run_2(const tap_job *job) { run_tap(job, 2); }
static void run_3(const tap_job *job) { run_tap(job, 3); }
#if defined(__AVX512F__)
static void run_4(const tap_job *job) { run_tap(job, 4); }
#endif
static void (*const run[TILE_VECTORS + 1])(const tap_job *job) = {
    NULL,  run_1, run_2, run_3,
#if defined(__AVX512F__)
    run_4,
#endif
};

/* Filters are cut into pieces of about equal width, in whole vectors. */
static size_t piece_width(size_t filters)
{
    size_t vectors = divide_up(filters, VEC_WIDTH);
    return divide_up(vectors, divide_up(vectors, TILE_VECTORS)) * VEC_WIDTH;
}

void KERNEL(conv_gradient_weights_few)(const conv_shape *s, const conv_call *c, size_t first, size_t last)
{
    conv_axis row = conv_axis_rows(s), column = conv_axis_columns(s);
    if (c->pooled) {
        row.outputs = whole_windows(row.outputs);
        column.outputs = whole_windows(column.outputs);
    }
    const size_t plane = row.outputs * column.outputs, width = piece_width(last - first);
    turned g;
    tap_job job = {.gradient = &g, .plane = s->in_height * s->in_width, .channels = s->in_channels / s->groups};
    job.step = s->out_channels;
    job.x = c->x + first / (s->out_channels / s->groups) * job.channels * job.plane;
    for (size_t f = first; f < last; f += job.filters) {
        job.filters = smaller(width, last - f);
        if (c->pooled)
            turn_pooled(c->dy + f * plane / 4, (const pool_winner *)c->winner + f * plane / 4, row.outputs,
                        column.outputs, job.filters, &g);
        else
            turn(c->dy + f * plane, plane, job.filters, &g);
        for (size_t tap = 0; tap < row.taps * column.taps; tap++) {
            job.seen = seen_by(&row, &column, tap / column.taps, tap % column.taps);
            job.d = c->d_filters + tap * job.channels * s->out_channels + f;
            run[divide_up(job.filters, VEC_WIDTH)](&job);
        }
    }
    KERNEL(conv_gradient_bias)(s, c, first, last);
}
