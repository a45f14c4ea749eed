/* The register tiles of an image apart, one function for each size. */
#include "kernels/apart_tile.h"

INLINE void run_tile(const apart_tile *tile, size_t width, size_t pixels)
{
    enum { MOST_SUMS = 24 };
    const tile_loop outer = tile->loop[0], middle = tile->loop[1], inner = tile->loop[2];
    const size_t vectors = width * PARTS;
    const real *source[APART_PIXELS];
    vec sum[MOST_SUMS];
    UNROLL for (size_t p = 0; p < pixels; p++) source[p] = tile->source[p];
    UNROLL for (size_t v = 0; v < vectors; v++) UNROLL for (size_t p = 0; p < pixels; p++) sum[p * vectors + v] =
        tile->bias ? vec_load(tile->bias + v / PARTS, v % PARTS) : vec_set(0);
    for (size_t a = 0; a < outer.count; a++)
        for (size_t b = 0; b < middle.count; b++) {
            ptrdiff_t at = (ptrdiff_t)a * outer.source + (ptrdiff_t)b * middle.source;
            const lanes *weights = tile->weights + ((ptrdiff_t)a * outer.weight + (ptrdiff_t)b * middle.weight);
            for (size_t c = 0; c < inner.count; c++, at += inner.source, weights += inner.weight) {
                vec w[4 * PARTS];
                UNROLL for (size_t v = 0; v < vectors; v++) w[v] = vec_keep(vec_load(weights + v / PARTS, v % PARTS));
                UNROLL for (size_t p = 0; p < pixels; p++)
                {
                    vec x = vec_set(source[p][at]);
                    UNROLL for (size_t v = 0; v < vectors; v++) sum[p * vectors + v] =
                        vec_fma(x, w[v], sum[p * vectors + v]);
                }
            }
        }
    UNROLL for (size_t p = 0; p < pixels; p++) UNROLL for (size_t v = 0; v < vectors; v++)
    {
        vec y = sum[p * vectors + v];
        vec_store(tile->sum[p] + v / PARTS, v % PARTS, tile->relu ? vec_relu(y) : y);
    }
}

#define DEFINE_TILE(width, pixels)                                                                                     \
    static void tile_##width##_by_##pixels(const apart_tile *tile) { run_tile(tile, width, pixels); }
APART_TILES(DEFINE_TILE)

#define TILE_ENTRY(width, pixels) [width][pixels] = tile_##width##_by_##pixels,
apart_tile_function *const KERNEL(apart_tiles)[APART_LANES + 1][APART_PIXELS + 1] = {APART_TILES(TILE_ENTRY)};
