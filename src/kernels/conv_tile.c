/* The register tiles of a correlation, one function for each size: a page of C that the compiler unrolls. */
#include "kernels/conv_tile.h"

INLINE void start_sums(const conv_tile *tile, size_t filters, size_t pixels, vec *sum)
{
    if (tile->resume) {
        UNROLL for (size_t f = 0; f < filters; f++) UNROLL for (size_t i = 0; i < pixels * PARTS; i++)
            sum[f * pixels * PARTS + i] = vec_load(tile->sum[i / PARTS] + f * tile->sum_step, i % PARTS);
        return;
    }
    UNROLL for (size_t f = 0; f < filters; f++)
    {
        vec start = vec_set(tile->bias ? tile->bias[f] : 0);
        UNROLL for (size_t i = 0; i < pixels * PARTS; i++) sum[f * pixels * PARTS + i] = start;
    }
}

INLINE void store_sums(const conv_tile *tile, size_t filters, size_t pixels, vec *sum)
{
    if (tile->relu) UNROLL for (size_t i = 0; i < filters * pixels * PARTS; i++) sum[i] = vec_relu(sum[i]);
    const size_t step = tile->sum_step;
    UNROLL for (size_t i = 0; i < pixels * PARTS; i++) UNROLL for (size_t f = 0; f < filters; f++)
        vec_store(tile->sum[i / PARTS] + f * step, i % PARTS, sum[f * pixels * PARTS + i]);
}

/* Adds one term to each sum: the operands of which there are fewer stay in registers while the others pass. offset is
 * in lanes, step in weights from one filter to the next. */
INLINE void add_term(const lanes *const *source, ptrdiff_t offset, const real *weight, size_t step, size_t filters,
                     size_t pixels, vec *sum)
{
    const size_t vectors = pixels * PARTS;
    if (vectors <= filters) {
        vec x[TILE_SUMS];
        UNROLL for (size_t i = 0; i < vectors; i++) x[i] = vec_load(source[i / PARTS] + offset, i % PARTS);
        UNROLL for (size_t f = 0; f < filters; f++)
        {
            vec w = vec_set_apart(weight + f * step);
            UNROLL for (size_t i = 0; i < vectors; i++) sum[f * vectors + i] = vec_fma(x[i], w, sum[f * vectors + i]);
        }
    } else {
        vec w[TILE_SUMS];
        UNROLL for (size_t f = 0; f < filters; f++) w[f] = vec_keep(vec_set(weight[f * step]));
        UNROLL for (size_t i = 0; i < vectors; i++)
        {
            vec x = vec_keep(vec_load(source[i / PARTS] + offset, i % PARTS));
            UNROLL for (size_t f = 0; f < filters; f++) sum[f * vectors + i] = vec_fma(x, w[f], sum[f * vectors + i]);
        }
    }
}

/* The results' lines of the cache come while the terms are added. */
INLINE void fetch_results(const conv_tile *tile, size_t filters, size_t pixels)
{
    UNROLL for (size_t i = 0; i < pixels; i++) UNROLL for (size_t f = 0; f < filters; f++)
        __builtin_prefetch(tile->sum[i] + f * tile->sum_step, 1);
}

INLINE void run_tile(const conv_tile *tile, size_t step, size_t filters, size_t pixels)
{
    const tile_loop outer = tile->loop[0], middle = tile->loop[1], inner = tile->loop[2];
    const lanes *source[TILE_PIXELS];
    vec sum[TILE_SUMS];
    UNROLL for (size_t p = 0; p < pixels; p++) source[p] = tile->source[p];
    start_sums(tile, filters, pixels, sum);
    fetch_results(tile, filters, pixels);
    for (size_t a = 0; a < outer.count; a++)
        for (size_t b = 0; b < middle.count; b++) {
            ptrdiff_t offset = (ptrdiff_t)a * outer.source + (ptrdiff_t)b * middle.source;
            const real *weight = tile->weights + (ptrdiff_t)a * outer.weight + (ptrdiff_t)b * middle.weight;
            for (size_t c = 0; c < inner.count; c++, offset += inner.source, weight += inner.weight)
                add_term(source, offset, weight, step, filters, pixels, sum);
        }
    store_sums(tile, filters, pixels, sum);
}

#define DEFINE_TILE(filters, pixels)                                                                                   \
    static void tile_##filters##_by_##pixels(const conv_tile *tile) { run_tile(tile, 1, filters, pixels); }
TILES(DEFINE_TILE)

#define TILE_ENTRY(filters, pixels) [pixels][filters] = tile_##filters##_by_##pixels,
tile_function *const KERNEL(conv_tiles)[TILE_PIXELS + 1][TILE_MAX_FILTERS + 1] = {TILES(TILE_ENTRY)};

#define DEFINE_UNPACKED(filters, pixels)                                                                               \
    static void unpacked_##filters(const conv_tile *tile) { run_tile(tile, tile->weight_step, filters, pixels); }
TILES_OF_A_PIXEL(DEFINE_UNPACKED)

#define UNPACKED_ENTRY(filters, pixels) [filters] = unpacked_##filters,
tile_function *const KERNEL(conv_tiles_unpacked)[TILE_MAX_FILTERS + 1] = {TILES_OF_A_PIXEL(UNPACKED_ENTRY)};
