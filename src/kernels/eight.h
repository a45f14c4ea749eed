/* Weights on their way into packed forms, eight side by side at a time. Inside kernels only. */
#ifndef KERNELS_EIGHT_H
#define KERNELS_EIGHT_H

#include "kernels/vec.h"

/* Eight numbers from the first on; 0 for those that lie at end or beyond. */
INLINE eight eight_load(const real *from, const real *end)
{
    if (end - from >= EIGHT) return *(const eight *)from;
    eight v = {0};
    for (ptrdiff_t i = 0; i < end - from; i++) v[i] = from[i];
    return v;
}

/* Stores the first count; where there is room before end all eight, which is faster. So whatever lies behind the count
 * must be stored later: go upwards, or give the count's own end. */
INLINE void eight_store(real *to, eight v, size_t count, const real *end)
{
    if (end - to >= EIGHT)
        *(eight *)to = v;
    else
        for (size_t i = 0; i < count; i++) to[i] = v[i];
}

/* Exchanges the right upper with the left lower part of every block of two of these rows. */
#define EIGHTS_EXCHANGE(a, b, upper, lower)                                                                            \
    do {                                                                                                               \
        eight x = (a), y = (b);                                                                                        \
        (a) = __builtin_shufflevector(x, y, upper);                                                                    \
        (b) = __builtin_shufflevector(x, y, lower);                                                                    \
    } while (0)
#define PLACES(...) __VA_ARGS__

/* Rows become columns: blocks of 4 x 4 change places, then in each those of 2 x 2, then in each the single numbers. */
INLINE void eights_transpose(eight v[EIGHT])
{
    UNROLL for (size_t i = 0; i < 4; i++)
        EIGHTS_EXCHANGE(v[i], v[i + 4], PLACES(0, 1, 2, 3, 8, 9, 10, 11), PLACES(4, 5, 6, 7, 12, 13, 14, 15));
    UNROLL for (size_t i = 0; i < 8; i += 4) UNROLL for (size_t j = i; j < i + 2; j++)
        EIGHTS_EXCHANGE(v[j], v[j + 2], PLACES(0, 1, 8, 9, 4, 5, 12, 13), PLACES(2, 3, 10, 11, 6, 7, 14, 15));
    UNROLL for (size_t i = 0; i < 8; i += 2)
        EIGHTS_EXCHANGE(v[i], v[i + 1], PLACES(0, 8, 2, 10, 4, 12, 6, 14), PLACES(1, 9, 3, 11, 5, 13, 7, 15));
}

#endif
