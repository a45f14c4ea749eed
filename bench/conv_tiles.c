#include "kernels/conv_tile.h"
#include "tiles.h"

enum { TERMS = 50 };

double KERNEL(conv_tile_run)(size_t pixels, size_t filters, size_t turns)
{
    static lanes source[TERMS * TILE_PIXELS], sum[TILE_PIXELS * TILE_MAX_FILTERS];
    static real weights[TERMS * TILE_MAX_FILTERS];
    if (pixels > TILE_PIXELS || filters > TILE_MAX_FILTERS || !KERNEL(conv_tiles)[pixels][filters]) return 0;
    conv_tile tile = {.loop = {{1, 0, 0}, {1, 0, 0}, {TERMS, TILE_PIXELS, (ptrdiff_t)filters}},
                      .weights = weights,
                      .sum_step = TILE_PIXELS};
    for (size_t i = 0; i < pixels; i++) {
        tile.source[i] = source + i;
        tile.sum[i] = sum + i;
    }
    for (size_t t = 0; t < turns; t++) KERNEL(conv_tiles)[pixels][filters](&tile);
    return 2.0 * LANES * TERMS * (double)(pixels * filters) * (double)turns;
}
