/* The products of Winograd's filtering, by the register tiles of conv_tile.h. */
#ifndef KERNELS_WINOGRAD_PRODUCTS_H
#define KERNELS_WINOGRAD_PRODUCTS_H

#include "kernels/conv_tile.h"
#include "kernels/winograd.h"

/* The tiles of a strip, whose transformed numbers stay in the first-level cache for one point at a time while all
 * filters pass. */
enum { STRIP = TILE_PIXELS < 4 ? 4 : TILE_PIXELS };

/* The points of a tile lie side by side, and a line more, so that one point of all tiles is in all sets of the cache.
 */
enum { POINTS_STEP = WINOGRAD_POINTS + 1 };

/* Sums of the strip's transformed numbers times packed filters over the channels, for each of the sixteen points. */
typedef struct winograd_products {
    size_t channels, sums;
    size_t panel; /* filters packed side by side */
    const real *packed, *bias;
    size_t packed_step; /* from one point to the next */
    lanes *tiles;       /* [channel][tile][POINTS_STEP] */
    lanes *sum;         /* [sum][tile][POINTS_STEP] */
} winograd_products;

winograd_products KERNEL(winograd_products_of)(const conv_shape *s, const conv_call *c, bool gradient);
/* The sums first ... last - 1 at so many tiles. */
void KERNEL(winograd_multiply)(const winograd_products *p, size_t tiles, size_t first, size_t last);

#endif
