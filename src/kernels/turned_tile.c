#include "kernels/turned_tile.h"
#include "kernels/eight.h"

#include <string.h>

/* Squares of eight filters and eight images. */
void KERNEL(turn)(const lanes *from, size_t plane, size_t pixels, size_t filters, vec *to)
{
    const size_t width = divide_up(filters, VEC_WIDTH) * VEC_WIDTH;
    for (size_t i = 0; i < pixels; i++)
        for (size_t first = 0; first < width; first += EIGHT)
            for (size_t row = 0; row < LANES; row += EIGHT) {
                const size_t count = smaller(EIGHT, width - first), end = smaller(first + EIGHT, filters);
                eight square[EIGHT] = {{0}};
                for (size_t f = first; f < end; f++)
                    square[f - first] = *(const eight *)(from[f * plane + i].lane + row);
                eights_transpose(square);
                for (size_t r = 0; r < EIGHT; r++) {
                    real *at = (real *)to + (i * LANES + row + r) * width + first;
                    eight_store(at, square[r], count, at + count);
                }
            }
}

/* With fewer vectors a tile has more channels. */
enum { TURNED_SUMS = TURNED_VECTORS == 4 ? 24 : 12 };

/* (Typed stores instead of memcpy, and the compiler would keep the sums in memory.) */
INLINE void add_stored(const real *d, size_t vectors, size_t filters, vec *sum)
{
    const size_t done = (vectors - 1) * VEC_WIDTH;
    vec before;
    UNROLL for (size_t v = 0; v + 1 < vectors; v++)
    {
        memcpy(&before, d + v * VEC_WIDTH, sizeof before);
        sum[v] += before;
    }
    before = vec_set(0);
    memcpy(&before, d + done, (filters - done) * sizeof *d);
    sum[vectors - 1] += before;
}

INLINE void store_sums(real *d, const vec *sum, size_t vectors, size_t filters)
{
    UNROLL for (size_t v = 0; v + 1 < vectors; v++) memcpy(d + v * VEC_WIDTH, &sum[v], sizeof(vec));
    const size_t done = (vectors - 1) * VEC_WIDTH;
    if (filters - done == VEC_WIDTH)
        memcpy(d + done, &sum[vectors - 1], sizeof(vec));
    else
        for (size_t i = done; i < filters; i++) d[i] = sum[vectors - 1][i - done];
}

INLINE void run_channels(const turned_tile *tile, size_t first, size_t channels, size_t vectors)
{
    const lanes *x = tile->x + first * tile->plane;
    const size_t plane = tile->plane;
    vec sum[TURNED_SUMS];
    real *d = tile->d + first * tile->step;
    UNROLL for (size_t k = 0; k < channels * vectors; k++) sum[k] = vec_set(0);
    UNROLL for (size_t k = 0; k < channels * vectors; k++)
        __builtin_prefetch(d + k / vectors * tile->step + k % vectors * VEC_WIDTH, 1);
    for (size_t i = 0; i < tile->pixels; i++) {
        const vec *gradient = tile->gradient + tile->output[i] * LANES * vectors;
        const lanes *from = x + tile->source[i];
        for (size_t r = 0; r < LANES; r++, gradient += vectors) {
            vec g[TURNED_VECTORS];
            UNROLL for (size_t v = 0; v < vectors; v++) g[v] = vec_keep(gradient[v]);
            UNROLL for (size_t k = 0; k < channels; k++)
            {
                vec factor = vec_set(from[k * plane].lane[r]);
                UNROLL for (size_t v = 0; v < vectors; v++) sum[k * vectors + v] =
                    vec_fma(factor, g[v], sum[k * vectors + v]);
            }
        }
    }
    if (tile->adds)
        UNROLL for (size_t k = 0; k < channels; k++)
            add_stored(d + k * tile->step, vectors, tile->filters, sum + k * vectors);
    UNROLL for (size_t k = 0; k < channels; k++)
        store_sums(d + k * tile->step, sum + k * vectors, vectors, tile->filters);
}

INLINE void run_tile(const turned_tile *tile, size_t vectors)
{
    const size_t most = TURNED_SUMS / vectors > 8 ? 8 : TURNED_SUMS / 2 / vectors * 2;
    size_t c = 0;
    for (; c + most <= tile->channels; c += most) run_channels(tile, c, most, vectors);
    for (; c + 2 <= tile->channels; c += 2) run_channels(tile, c, 2, vectors);
    if (c < tile->channels) run_channels(tile, c, 1, vectors);
}

static void run_1(const turned_tile *tile) { run_tile(tile, 1); }
static void run_2(const turned_tile *tile) { run_tile(tile, 2); }
static void run_3(const turned_tile *tile) { run_tile(tile, 3); }
#if defined(__AVX512F__)
static void run_4(const turned_tile *tile) { run_tile(tile, 4); }
#endif
static void (*const run[TURNED_VECTORS + 1])(const turned_tile *tile) = {
    NULL,  run_1, run_2, run_3,
#if defined(__AVX512F__)
    run_4,
#endif
};

void KERNEL(turned_run)(const turned_tile *tile) { run[divide_up(tile->filters, VEC_WIDTH)](tile); }
