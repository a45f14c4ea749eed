/* How fast the register tiles are, with everything in the first-level cache. Compiled by instruction set. */
#ifndef BENCH_TILES_H
#define BENCH_TILES_H

#include <stddef.h>

/* Runs a tile turns times and says how many operations (two for a multiply-add) that took; 0 where there is none. */
typedef double tile_run(size_t rows, size_t columns, size_t turns);

/* Of a correlation: pixels and filters. Of a weight gradient: taps and filters. */
tile_run conv_tile_run_portable, conv_tile_run_avx2, conv_tile_run_avx512;
tile_run weights_tile_run_portable, weights_tile_run_avx2, weights_tile_run_avx512;

#endif
