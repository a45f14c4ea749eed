/* The core's peak, by instruction set. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

#include <stddef.h>

/* Works turns times and says how many operations (two for a multiply-add) that took. */
double peak_run_portable(size_t turns);
double peak_run_avx2(size_t turns);
double peak_run_avx512(size_t turns);

#endif
