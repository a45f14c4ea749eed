/* The register tile of a correlation: the sums of a few filters at a few pixels stay in registers while all taps pass.
 * Whatever needs sums of products over channels and taps uses it: forward pass, data gradient, Dense. */
#ifndef KERNELS_CONV_TILE_H
#define KERNELS_CONV_TILE_H

#include "kernels/vec.h"

/* How many filters a tile of 1, 2, ... pixels may have. Sums, one row of operands and one more operand fit into the
 * registers: 32 of them with AVX-512, 16 otherwise, one less where a product needs a register of its own.
 * bench/tune measures them all. */
#if defined(__AVX512F__)
#define TILES_OF_A_PIXEL(X) TILE_ROW_24(X, 1)
#define TILES(X)            TILES_OF_A_PIXEL(X) TILE_ROW_12(X, 2) TILE_ROW_8(X, 3) TILE_ROW_6(X, 4) TILE_ROW_5(X, 5)
#define TILE_FILTERS                                                                                                   \
    {                                                                                                                  \
        0, 24, 12, 8, 6, 5                                                                                             \
    }
enum { TILE_PIXELS = 5, TILE_SUMS = 25 * PARTS };
#elif defined(__AVX2__)
#define TILES_OF_A_PIXEL(X) TILE_ROW_6(X, 1)
#define TILES(X)            TILES_OF_A_PIXEL(X) TILE_ROW_3(X, 2)
#define TILE_FILTERS                                                                                                   \
    {                                                                                                                  \
        0, 6, 3                                                                                                        \
    }
enum { TILE_PIXELS = 2, TILE_SUMS = 6 * PARTS };
#else
#define TILES_OF_A_PIXEL(X) TILE_ROW_3(X, 1)
#define TILES(X)            TILES_OF_A_PIXEL(X)
#define TILE_FILTERS                                                                                                   \
    {                                                                                                                  \
        0, 3                                                                                                           \
    }
enum { TILE_PIXELS = 1, TILE_SUMS = 3 * PARTS };
#endif
#define TILE_ROW_3(X, pixels)  X(1, pixels) X(2, pixels) X(3, pixels)
#define TILE_ROW_4(X, pixels)  TILE_ROW_3(X, pixels) X(4, pixels)
#define TILE_ROW_5(X, pixels)  TILE_ROW_4(X, pixels) X(5, pixels)
#define TILE_ROW_6(X, pixels)  TILE_ROW_5(X, pixels) X(6, pixels)
#define TILE_ROW_8(X, pixels)  TILE_ROW_6(X, pixels) X(7, pixels) X(8, pixels)
#define TILE_ROW_12(X, pixels) TILE_ROW_8(X, pixels) X(9, pixels) X(10, pixels) X(11, pixels) X(12, pixels)
#define TILE_ROW_24(X, pixels)                                                                                         \
    TILE_ROW_12(X, pixels)                                                                                             \
    X(13, pixels)                                                                                                      \
    X(14, pixels)                                                                                                      \
    X(15, pixels)                                                                                                      \
    X(16, pixels)                                                                                                      \
    X(17, pixels) X(18, pixels) X(19, pixels) X(20, pixels) X(21, pixels) X(22, pixels) X(23, pixels) X(24, pixels)
enum { TILE_MAX_FILTERS = 24 };

/* Three nested loops over the terms of a sum, outermost first: how often, and how far (in lanes and in weights) each
 * goes. This is the order of the sum. */
typedef struct tile_loop {
    size_t count;
    ptrdiff_t source, weight;
} tile_loop;

typedef struct conv_tile {
    tile_loop loop[3];
    const lanes *source[TILE_PIXELS]; /* each pixel's first term */
    const real *weights;              /* of the first term: one for each filter of the tile, side by side or ... */
    size_t weight_step;               /* ... in conv_tiles_unpacked so far apart */
    lanes *sum[TILE_PIXELS];          /* each pixel's result for the first filter ... */
    size_t sum_step;                  /* ... and lanes from one filter to the next */
    const real *bias;                 /* one for each filter, where the sums start (NULL: 0) */
    bool resume;                      /* the sums go on from what is stored */
    bool relu;                        /* stored as x < 0 ? 0 : x, so that NaN and -0 pass */
} conv_tile;

typedef void tile_function(const conv_tile *tile);

/* By pixels and filters; NULL where there are not enough registers. */
extern tile_function *const KERNEL(conv_tiles)[TILE_PIXELS + 1][TILE_MAX_FILTERS + 1];

/* Of one pixel, by filters. */
extern tile_function *const KERNEL(conv_tiles_unpacked)[TILE_MAX_FILTERS + 1];

#endif
