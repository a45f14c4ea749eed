/* Sums of values that are repeated along some axes. */
#include "kernels/vec.h"

void KERNEL(add_gathered)(const lanes *a, const lanes *b, const uint32_t *index, lanes *y, size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t part = 0; part < PARTS; part++)
            vec_store(&y[e], part, vec_load(&a[e], part) + vec_load(&b[index[e]], part));
}

void KERNEL(scatter_add)(const lanes *x, const uint32_t *index, lanes *y, size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t part = 0; part < PARTS; part++)
            vec_store(&y[index[e]], part, vec_load(&y[index[e]], part) + vec_load(&x[e], part));
}
