/* The register tiles of a correlation, one function for each size: a page of C that the compiler unrolls. */
#include "kernels/conv_tile.h"

INLINE void start_sums(const conv_tile *tile, size_t filters, size_t pixels, size_t part, vec *sum)
{
    if (tile->resume) {
        UNROLL for (size_t f = 0; f < filters; f++) UNROLL for (size_t p = 0; p < pixels; p++) sum[f * pixels + p] =
            vec_load(tile->sum[p] + f * tile->sum_step, part);
        return;
    }
    UNROLL for (size_t f = 0; f < filters; f++)
    {
        vec start = vec_set(tile->bias ? tile->bias[f] : 0);
        UNROLL for (size_t p = 0; p < pixels; p++) sum[f * pixels + p] = start;
    }
}

INLINE void store_sums(const conv_tile *tile, size_t filters, size_t pixels, size_t part, vec *sum)
{
    if (tile->relu) UNROLL for (size_t i = 0; i < filters * pixels; i++) sum[i] = vec_relu(sum[i]);
    const size_t step = tile->sum_step;
    UNROLL for (size_t p = 0; p < pixels; p++)
    {
        lanes *to = tile->sum[p];
        UNROLL for (size_t f = 0; f < filters; f++) vec_store(to + f * step, part, sum[f * pixels + p]);
    }
}

/* Adds one term to each sum. offset is in lanes. */
INLINE void add_term(const lanes *const *source, ptrdiff_t offset, const real *weight, size_t filters, size_t pixels,
                     size_t part, vec *sum)
{
    vec x[TILE_PIXELS];
    UNROLL for (size_t p = 0; p < pixels; p++) x[p] = vec_load(source[p] + offset, part);
    UNROLL for (size_t f = 0; f < filters; f++)
    {
        vec w = vec_set(weight[f]);
        UNROLL for (size_t p = 0; p < pixels; p++) sum[f * pixels + p] = vec_fma(x[p], w, sum[f * pixels + p]);
    }
}

INLINE void run_tile(const conv_tile *tile, size_t filters, size_t pixels)
{
    const tile_loop outer = tile->loop[0], middle = tile->loop[1], inner = tile->loop[2];
    const lanes *source[TILE_PIXELS];
    for (size_t p = 0; p < pixels; p++) source[p] = tile->source[p];

    for (size_t part = 0; part < PARTS; part++) {
        vec sum[TILE_SUMS];
        start_sums(tile, filters, pixels, part, sum);
        for (size_t a = 0; a < outer.count; a++)
            for (size_t b = 0; b < middle.count; b++) {
                ptrdiff_t offset = (ptrdiff_t)a * outer.source + (ptrdiff_t)b * middle.source;
                const real *weight = tile->weights + (ptrdiff_t)a * outer.weight + (ptrdiff_t)b * middle.weight;
                for (size_t c = 0; c < inner.count; c++, offset += inner.source, weight += inner.weight)
                    add_term(source, offset, weight, filters, pixels, part, sum);
            }
        store_sums(tile, filters, pixels, part, sum);
    }
}

#define DEFINE_TILE(filters, pixels)                                                                                   \
    static void tile_##filters##_by_##pixels(const conv_tile *tile) { run_tile(tile, filters, pixels); }
TILES(DEFINE_TILE)

#define TILE_ENTRY(filters, pixels) [pixels][filters] = tile_##filters##_by_##pixels,
tile_function *const KERNEL(conv_tiles)[TILE_PIXELS + 1][TILE_MAX_FILTERS + 1] = {TILES(TILE_ENTRY)};
