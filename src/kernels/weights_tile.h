/* The register tile of a weight gradient: the products of a few sources with a few gradients, summed over pixels. */
#ifndef KERNELS_WEIGHTS_TILE_H
#define KERNELS_WEIGHTS_TILE_H

#include "kernels/vec.h"

/* So many taps (or other sources) and filters (gradients) that the sums, the fewer of the operands and one more fit
 * into the registers. */
#if defined(__AVX512F__)
enum { TILE_TAPS = 9, TILE_FILTERS = 3 };
#define TILES(X)                                                                                                       \
    TILE_ROW_3(X, 1)                                                                                                   \
    TILE_ROW_3(X, 2)                                                                                                   \
    TILE_ROW_3(X, 3)                                                                                                   \
    TILE_ROW_3(X, 4) TILE_ROW_3(X, 5) TILE_ROW_3(X, 6) TILE_ROW_3(X, 7) TILE_ROW_3(X, 8) TILE_ROW_3(X, 9)
#elif defined(__AVX2__)
enum { TILE_TAPS = 3, TILE_FILTERS = 4 };
#define TILES(X) TILE_ROW_4(X, 1) TILE_ROW_4(X, 2) TILE_ROW_4(X, 3)
#else
enum { TILE_TAPS = 3, TILE_FILTERS = 3 };
#define TILES(X) TILE_ROW_3(X, 1) TILE_ROW_3(X, 2) TILE_ROW_3(X, 3)
#endif
#define TILE_ROW_3(X, taps) X(taps, 1) X(taps, 2) X(taps, 3)
#define TILE_ROW_4(X, taps) TILE_ROW_3(X, taps) X(taps, 4)

/* What a tile adds to its sums: a rectangle of pixels. Distances are in lanes. */
typedef struct weights_tile {
    const lanes *source[TILE_TAPS]; /* that each tap sees at the first pixel */
    const lanes *gradient;          /* of the first filter at the first pixel */
    size_t gradient_step;           /* from one filter to the next */
    size_t rows, columns;
    size_t source_row, source_column, gradient_row; /* from one pixel to the next */
    bool fresh;                                     /* the sums start at 0, not at what is stored */
    lanes *sum[TILE_TAPS];                          /* of the first filter ... */
    size_t sum_step;                                /* ... and lanes from one filter to the next */
} weights_tile;

typedef void weights_tile_function(const weights_tile *tile);

/* By taps and filters. */
extern weights_tile_function *const KERNEL(weights_tiles)[TILE_TAPS + 1][TILE_FILTERS + 1];

#endif
