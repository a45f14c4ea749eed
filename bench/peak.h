/* What this machine can do at most: multiply-adds in a second, bytes in a second. Compiled by instruction set. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

#include "kernels/lanes.h"

/* Works turns times and says how many operations (two for a multiply-add) that took. */
typedef double peak_run(size_t turns);
/* Reads count numbers, a multiple of 8 lanes, and gives their sum. */
typedef real peak_read(const lanes *x, size_t count);

peak_run peak_run_portable, peak_run_avx2, peak_run_avx512;
peak_read peak_read_portable, peak_read_avx2, peak_read_avx512;

#endif
