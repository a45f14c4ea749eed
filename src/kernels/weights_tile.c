/* The register tiles of weight gradients, one function for each size: a page of C that the compiler unrolls. */
#include "kernels/weights_tile.h"

/* Adds a pixel's products: the operands of which there are fewer stay in registers while the others pass. */
INLINE void add_pixel(const lanes *const *source, size_t at, const lanes *gradient, size_t step, size_t taps,
                      size_t filters, size_t part, vec *sum)
{
    if (filters < taps) {
        vec g[TILE_FILTERS];
        UNROLL for (size_t f = 0; f < filters; f++) g[f] = vec_load(gradient + f * step, part);
        UNROLL for (size_t t = 0; t < taps; t++)
        {
            vec x = vec_keep(vec_load(source[t] + at, part));
            UNROLL for (size_t f = 0; f < filters; f++) sum[f * taps + t] = vec_fma(x, g[f], sum[f * taps + t]);
        }
    } else {
        vec x[TILE_TAPS];
        UNROLL for (size_t t = 0; t < taps; t++) x[t] = vec_keep(vec_load(source[t] + at, part));
        UNROLL for (size_t f = 0; f < filters; f++)
        {
            vec g = vec_keep(vec_load(gradient + f * step, part));
            UNROLL for (size_t t = 0; t < taps; t++) sum[f * taps + t] = vec_fma(x[t], g, sum[f * taps + t]);
        }
    }
}

INLINE void start_sums(const weights_tile *tile, size_t taps, size_t filters, size_t part, vec *sum)
{
    if (tile->fresh) {
        UNROLL for (size_t i = 0; i < taps * filters; i++) sum[i] = vec_set(0);
        return;
    }
    UNROLL for (size_t t = 0; t < taps; t++) UNROLL for (size_t f = 0; f < filters; f++) sum[f * taps + t] =
        vec_load(tile->sum[t] + f * tile->sum_step, part);
}

INLINE void run_tile(const weights_tile *tile, size_t taps, size_t filters)
{
    const size_t columns = tile->columns, sum_step = tile->sum_step, source_column = tile->source_column,
                 step = tile->gradient_step;
    for (size_t part = 0; part < PARTS; part++) {
        vec sum[TILE_TAPS * TILE_FILTERS];
        start_sums(tile, taps, filters, part, sum);
        for (size_t row = 0; row < tile->rows; row++) {
            const lanes *source[TILE_TAPS], *gradient = tile->gradient + row * tile->gradient_row;
            UNROLL for (size_t t = 0; t < taps; t++) source[t] = tile->source[t] + row * tile->source_row;
            for (size_t column = 0, at = 0; column < columns; column++, at += source_column)
                add_pixel(source, at, gradient + column, step, taps, filters, part, sum);
        }
        UNROLL for (size_t t = 0; t < taps; t++) UNROLL for (size_t f = 0; f < filters; f++)
            vec_store(tile->sum[t] + f * sum_step, part, sum[f * taps + t]);
    }
}

#define DEFINE_TILE(taps, filters)                                                                                     \
    static void tile_##taps##_by_##filters(const weights_tile *tile) { run_tile(tile, taps, filters); }
TILES(DEFINE_TILE)

#define TILE_ENTRY(taps, filters) [taps][filters] = tile_##taps##_by_##filters,
weights_tile_function *const KERNEL(weights_tiles)[TILE_TAPS + 1][TILE_FILTERS + 1] = {TILES(TILE_ENTRY)};
