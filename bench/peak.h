/* What this machine can do at most: multiply-adds in a second, bytes in a second. Compiled by instruction set. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

#include "clock.h"
#include "kernels/lanes.h"

/* Works turns times and says how many operations (two for a multiply-add) that took. */
typedef double peak_run(size_t turns);
/* Reads count numbers, a multiple of 8 lanes, and gives their sum. */
typedef real peak_read(const lanes *x, size_t count);

/* Multiply-adds counted twice, a second: at best, since others may use the machine too. */
static inline double peak_operations(peak_run *run)
{
    double best = 0;
    for (int k = 0; k < 20; k++) {
        double start = cpu_seconds(), done = run(2000000), rate = done / (cpu_seconds() - start);
        if (rate > best) best = rate;
    }
    return best;
}

peak_run peak_run_portable, peak_run_avx2, peak_run_avx512;
peak_read peak_read_portable, peak_read_avx2, peak_read_avx512;

#endif
