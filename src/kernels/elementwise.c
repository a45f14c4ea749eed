/* One number of a block after the other: sums, products, copies by index. */
#include "kernels/vec.h"

void KERNEL(fill)(lanes *y, size_t count, real number)
{
    for (size_t e = 0; e < count; e++)
        for (size_t part = 0; part < PARTS; part++) vec_store(&y[e], part, vec_set(number));
}

/* y = value, made of a and b. */
#define TWO_TO_ONE(name, value)                                                                                        \
    void KERNEL(name)(const lanes *A, const lanes *B, lanes *y, size_t count)                                          \
    {                                                                                                                  \
        for (size_t e = 0; e < count; e++)                                                                             \
            for (size_t part = 0; part < PARTS; part++) {                                                              \
                const vec a = vec_load(&A[e], part), b = vec_load(&B[e], part);                                        \
                vec_store(&y[e], part, value);                                                                         \
            }                                                                                                          \
    }

/* What is no number stays so. */
TWO_TO_ONE(add, a + b)
TWO_TO_ONE(subtract, a - b)
TWO_TO_ONE(multiply, a *b)
TWO_TO_ONE(maximum, vec_select((a > b) | (a != a), a, b))
TWO_TO_ONE(minimum, vec_select((a < b) | (a != a), a, b))

void KERNEL(take_where_equal)(const lanes *x, const lanes *y, lanes *left, lanes *dx, size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t part = 0; part < PARTS; part++) {
            const vec all = vec_load(&left[e], part), none = vec_set(0);
            const ivec equal = vec_load(&x[e], part) == vec_load(&y[e], part);
            vec_store(&dx[e], part, vec_select(equal, all, none));
            vec_store(&left[e], part, vec_select(equal, none, all));
        }
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

void KERNEL(scatter_add)(const lanes *x, const uint32_t *index, lanes *y, size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t part = 0; part < PARTS; part++)
            vec_store(&y[index[e]], part, vec_load(&y[index[e]], part) + vec_load(&x[e], part));
}
