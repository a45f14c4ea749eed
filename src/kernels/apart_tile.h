/* The register tile for an image apart, whose channels lie in lanes: the sums of a few lanes of filters at a few pixels
 * stay in registers while all taps pass. conv_tile.h with its operands exchanged. */
#ifndef KERNELS_APART_TILE_H
#define KERNELS_APART_TILE_H

#include "kernels/conv_tile.h"

/* For 1, 2, ... lanes of filters: how many pixels a tile may have, so that sums, one row of operands and one more
 * operand fit into the registers. */
#if defined(__AVX512F__)
enum { APART_LANES = 4 };
#define APART_MOST_PIXELS                                                                                              \
    {                                                                                                                  \
        0, 8, 8, 8, 6                                                                                                  \
    }
#define APART_TILES(X) APART_ROW_8(X, 1) APART_ROW_8(X, 2) APART_ROW_8(X, 3) APART_ROW_6(X, 4)
#elif defined(__AVX2__)
enum { APART_LANES = 2 };
#define APART_MOST_PIXELS                                                                                              \
    {                                                                                                                  \
        0, 6, 3                                                                                                        \
    }
#define APART_TILES(X) APART_ROW_6(X, 1) APART_ROW_3(X, 2)
#else
enum { APART_LANES = 1 };
#define APART_MOST_PIXELS                                                                                              \
    {                                                                                                                  \
        0, 3                                                                                                           \
    }
#define APART_TILES(X) APART_ROW_3(X, 1)
#endif
#define APART_ROW_3(X, n) X(n, 1) X(n, 2) X(n, 3)
#define APART_ROW_6(X, n) APART_ROW_3(X, n) X(n, 4) X(n, 5) X(n, 6)
#define APART_ROW_8(X, n) APART_ROW_6(X, n) X(n, 7) X(n, 8)
enum { APART_PIXELS = 8 };

typedef struct apart_tile {
    tile_loop loop[3];                /* sources in reals, weights in lanes */
    const real *source[APART_PIXELS]; /* each pixel's first term */
    const lanes *weights;             /* of the first term: the tile's lanes of filters side by side */
    lanes *sum[APART_PIXELS];         /* each pixel's results */
    const lanes *bias;                /* where the sums start (NULL: 0) */
    bool relu;
} apart_tile;

typedef void apart_tile_function(const apart_tile *tile);

/* By lanes of filters and pixels. */
extern apart_tile_function *const KERNEL(apart_tiles)[APART_LANES + 1][APART_PIXELS + 1];

/* A width of filters cut into about equal numbers of lanes for tiles. */
INLINE size_t apart_panel(size_t width) { return divide_up(width, divide_up(width, APART_LANES)); }

#endif
