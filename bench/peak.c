/* Compiled once for each instruction set: multiply-adds in registers alone, as fast as the core issues them. */
#include "peak.h"
#include "kernels/vec.h"

double KERNEL(peak_run)(size_t turns)
{
    enum { CHAINS = 12 };
    vec sum[CHAINS], factor = vec_set(1);
    for (size_t i = 0; i < CHAINS; i++) sum[i] = vec_set((real)i);
    for (size_t t = 0; t < turns; t++) {
        UNROLL for (size_t i = 0; i < CHAINS; i++) sum[i] = vec_fma(sum[i], factor, factor);
        __asm__ volatile("" : "+x"(factor));
    }
    real total = 0;
    for (size_t i = 0; i < CHAINS; i++) total += sum[i][0];
    __asm__ volatile("" : : "x"(total));
    return 2.0 * CHAINS * VEC_WIDTH * (double)turns;
}
