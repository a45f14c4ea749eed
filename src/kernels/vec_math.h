/* Inside kernels only: exp, log and their relatives for vec, the same operations on every instruction set. Reductions
 * and polynomials follow Cody and Waite, Software manual for the elementary functions, 1980. NaN gives NaN, and 0, -0
 * and infinities give what C's functions give. Errors in units in the last place: tests/test_kernels_math.c. */
#ifndef KERNELS_VEC_MATH_H
#define KERNELS_VEC_MATH_H

#include "kernels/vec.h"
#include "kernels/vec_math_constants.h"

#include <math.h>

INLINE ivec vec_sign_bit(vec x) { return (ivec)x & (ivec)vec_set((real)-0.0); }
INLINE vec vec_abs(vec x) { return (vec)((ivec)x ^ vec_sign_bit(x)); }
/* y, which is not negative or of x's sign already, with the sign of x. */
INLINE vec vec_with_sign(vec y, vec x) { return (vec)((ivec)y | vec_sign_bit(x)); }

INLINE real real_sqrt(real x)
{
#ifdef CEPA_DOUBLE
    return __builtin_sqrt(x);
#else
    return __builtin_sqrtf(x);
#endif
}

INLINE vec vec_sqrt(vec x)
{
    for (size_t i = 0; i < VEC_WIDTH; i++) x[i] = real_sqrt(x[i]);
    return x;
}

/* c[0] + c[1] x + c[2] x^2 ... */
INLINE vec vec_polynomial(vec x, const real *c, size_t count)
{
    vec sum = vec_set(c[count - 1]);
    UNROLL for (size_t i = count - 1; i-- > 0;) sum = vec_fma(sum, x, vec_set(c[i]));
    return sum;
}

#define VEC_POLYNOMIAL(x, c) vec_polynomial((x), (c), sizeof(c) / sizeof *(c))

INLINE vec vec_power_of_two(ivec n) { return (vec)((n + EXPONENT_BIAS) << MANTISSA_BITS); }

/* exp(r) - 1, where x = n ln(2) + r and n is the nearest whole number. */
INLINE vec vec_exp_rest(vec x, ivec *n)
{
    vec shifted = vec_fma(x, vec_set(LOG2_E), vec_set(ROUNDER));
    vec whole = shifted - vec_set(ROUNDER);
    vec r = vec_fma(whole, vec_set(-LN2_LOW), vec_fma(whole, vec_set(-LN2_HIGH), x));
    *n = (ivec)shifted - (ivec)vec_set(ROUNDER);
    return vec_fma(r * r, VEC_POLYNOMIAL(r, exp_terms), r);
}

INLINE vec vec_exp(vec x)
{
    ivec n;
    vec rest = vec_exp_rest(vec_min(vec_set(EXP_HIGHEST), vec_max(vec_set(EXP_LOWEST), x)), &n);
    ivec half = n >> 1; /* two steps: 2^n alone may be out of range */
    return (rest + 1) * vec_power_of_two(half) * vec_power_of_two(n - half);
}

/* exp(x) - 1 */
INLINE vec vec_expm1(vec x)
{
    ivec n;
    vec rest = vec_exp_rest(vec_min(vec_set(EXP_HIGHEST), vec_max(vec_set(EXPM1_LOWEST), x)), &n);
    vec scale = vec_power_of_two(n - 1); /* half of 2^n, which may be out of range */
    vec y = vec_fma(scale, rest, scale - vec_set((real)0.5));
    return vec_with_sign(y + y, x);
}

/* n ln(2) + log(1 + f) + correction, for sqrt(1/2) <= 1 + f <= sqrt(2) and a correction next to nothing. */
INLINE vec vec_log_sum(vec n, vec f, vec correction)
{
    vec s = f / (f + 2), z = s * s, half = f * f * vec_set((real)0.5);
    vec rest = vec_fma(s, vec_fma(z, VEC_POLYNOMIAL(z, log_terms), half), vec_fma(n, vec_set(LN2_LOW), correction));
    return vec_fma(n, vec_set(LN2_HIGH), f - (half - rest));
}

/* The size of x as 2^n (1 + f) with sqrt(1/2) <= 1 + f <= sqrt(2), for a normal x. */
INLINE ivec vec_log_split(vec x, vec *f)
{
    ivec size = (ivec)vec_abs(x), n = (size - (ivec)vec_set(SQUARE_ROOT_HALF)) >> MANTISSA_BITS;
    *f = (vec)(size - (n << MANTISSA_BITS)) - 1;
    return n;
}

/* y where x is positive and finite, else the logarithm's infinities and NaN. */
INLINE vec vec_log_ends(vec x, vec y)
{
    const vec infinity = vec_set((real)INFINITY);
    y = vec_select(x == infinity, x, y);
    y = vec_select(x == 0, -infinity, y);
    return vec_select(x >= 0, y, vec_set((real)NAN));
}

INLINE vec vec_log(vec x)
{
    const real up = (real)(1LL << MANTISSA_BITS);
    ivec tiny = x < vec_set(SMALLEST_NORMAL);
    vec f;
    ivec n = vec_log_split(vec_select(tiny, x * vec_set(up), x), &f) - (tiny & MANTISSA_BITS);
    return vec_log_ends(x, vec_log_sum(__builtin_convertvector(n, vec), f, vec_set(0)));
}

/* log(1 + x) */
INLINE vec vec_log1p(vec x)
{
    vec sum = x + 1, f;
    ivec n = vec_log_split(sum, &f);
    vec lost = vec_select(n > 0, 1 - (sum - x), x - (sum - 1)); /* what rounding took from the sum */
    ivec near = n == 0;
    vec y =
        vec_log_sum(__builtin_convertvector(n, vec), vec_select(near, x, f), vec_select(near, vec_set(0), lost / sum));
    return vec_with_sign(vec_log_ends(sum, y), x);
}

INLINE vec vec_tanh(vec x)
{
    vec size = vec_min(vec_set(TANH_HIGHEST), vec_abs(x));
    vec grown = vec_expm1(size + size);
    return vec_with_sign(grown / (grown + 2), x);
}

/* 1 / (1 + exp(-x)), accurate at both ends. */
INLINE vec vec_sigmoid(vec x)
{
    vec shrunk = vec_exp(-vec_abs(x));
    return vec_select(x >= 0, vec_set(1), shrunk) / (shrunk + 1);
}

INLINE vec vec_erf(vec x)
{
    vec size = vec_min(vec_set(ERF_HIGHEST), vec_abs(x));
    vec inner = vec_fma(size, VEC_POLYNOMIAL(size * size, erf_terms), size);
    vec outer = 1 - vec_exp(-VEC_POLYNOMIAL(size - 2, erf_tail_terms));
    return vec_with_sign(vec_select(size < 1, inner, outer), x);
}

#endif
