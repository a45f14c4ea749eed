#include "kernels/weights_tile.h"
#include "tiles.h"

enum { PIXELS = 50 };

double KERNEL(weights_tile_run)(size_t taps, size_t filters, size_t turns)
{
    static lanes source[TILE_TAPS * PIXELS], gradient[TILE_FILTERS * PIXELS], sum[TILE_TAPS * TILE_FILTERS];
    if (taps > TILE_TAPS || filters > TILE_FILTERS) return 0;
    weights_tile tile = {.gradient = gradient,
                         .gradient_step = PIXELS,
                         .rows = 1,
                         .columns = PIXELS,
                         .source_column = 1,
                         .fresh = true,
                         .sum_step = TILE_TAPS};
    for (size_t i = 0; i < taps; i++) {
        tile.source[i] = source + i * PIXELS;
        tile.sum[i] = sum + i;
    }
    for (size_t t = 0; t < turns; t++) KERNEL(weights_tiles)[taps][filters](&tile);
    return 2.0 * LANES * PIXELS * (double)(taps * filters) * (double)turns;
}
