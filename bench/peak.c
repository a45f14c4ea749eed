/* Compiled once for each instruction set: multiply-adds in registers alone, as fast as the core issues them; and
 * reading. */
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

real KERNEL(peak_read)(const lanes *x, size_t count)
{
    enum { CHAINS = 8 };
    vec sum[CHAINS] = {{0}};
    for (size_t i = 0; i < count; i += CHAINS)
        for (size_t part = 0; part < PARTS; part++)
            UNROLL for (size_t k = 0; k < CHAINS; k++) sum[k] += vec_load(x + i + k, part);
    real total = 0;
    for (size_t k = 0; k < CHAINS; k++) total += sum[k][0];
    return total;
}
