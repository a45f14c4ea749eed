/* One number of a block after the other: sums, products, copies by index. */
#include "kernels/vec.h"

void KERNEL(fill)(lanes *y, size_t count, real number)
{
    for (size_t e = 0; e < count; e++)
        for (size_t part = 0; part < PARTS; part++) vec_store(&y[e], part, vec_set(number));
}

void KERNEL(add)(const lanes *a, const lanes *b, lanes *y, size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t part = 0; part < PARTS; part++)
            vec_store(&y[e], part, vec_load(&a[e], part) + vec_load(&b[e], part));
}

void KERNEL(multiply)(const lanes *a, const lanes *b, lanes *y, size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t part = 0; part < PARTS; part++)
            vec_store(&y[e], part, vec_load(&a[e], part) * vec_load(&b[e], part));
}

void KERNEL(scale_offset)(const lanes *x, lanes *y, size_t count, real scale, real offset)
{
    const vec factor = vec_set(scale), addend = vec_set(offset);
    for (size_t e = 0; e < count; e++)
        for (size_t part = 0; part < PARTS; part++) vec_store(&y[e], part, vec_load(&x[e], part) * factor + addend);
}

void KERNEL(gather)(const lanes *x, const uint32_t *index, lanes *y, size_t count)
{
    for (size_t e = 0; e < count; e++) y[e] = x[index[e]];
}

void KERNEL(scatter)(const lanes *x, const uint32_t *index, lanes *y, size_t count)
{
    for (size_t e = 0; e < count; e++) y[index[e]] = x[e];
}
