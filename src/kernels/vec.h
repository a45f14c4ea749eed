/* Inside kernels only: vec, one register of the instruction set a file is compiled for. A lanes has PARTS of them. A
 * kernel walks the parts in the loop just outside its register tile, never letting the compiler split a wider vector.
 */
#ifndef KERNELS_VEC_H
#define KERNELS_VEC_H

#include "kernels/kernels.h"

#if defined(__AVX512F__)
#define VEC_BYTES 64
#elif defined(__AVX2__)
#define VEC_BYTES 32
#else
#define VEC_BYTES 16
#endif

typedef real vec __attribute__((vector_size(VEC_BYTES), may_alias));
#ifdef CEPA_DOUBLE
typedef int64_t int_of_real;
#else
typedef int32_t int_of_real;
#endif
typedef int_of_real ivec __attribute__((vector_size(VEC_BYTES), may_alias));

enum { VEC_WIDTH = VEC_BYTES / sizeof(real), PARTS = LANES / VEC_WIDTH };

/* For register tiles. Not under the address sanitizer, whose checks of unrolled tiles take minutes to compile. */
#ifdef __SANITIZE_ADDRESS__
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif
#define INLINE static inline __attribute__((always_inline))

INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
INLINE size_t larger(size_t a, size_t b) { return a > b ? a : b; }
INLINE size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

INLINE vec vec_set(real number) { return number - (vec){0}; } /* -0 too, which 0 + number would lose */
/* The same of a number in memory, read where it is used: of several the compiler would rather make one vector, and
 * shuffle them apart. */
INLINE vec vec_set_apart(const real *number)
{
    __asm__("" ::: "memory");
    return vec_set(*number);
}
INLINE vec vec_load(const lanes *from, size_t part) { return ((const vec *)from->lane)[part]; }
INLINE void vec_store(lanes *to, size_t part, vec v) { ((vec *)to->lane)[part] = v; }

/* v, kept in a register: where it is used several times, the compiler may not read it from memory each time. */
INLINE vec vec_keep(vec v)
{
#if defined(__AVX512F__)
    __asm__("" : "+v"(v));
#elif defined(__SSE2__)
    __asm__("" : "+x"(v));
#elif defined(__aarch64__)
    __asm__("" : "+w"(v));
#endif
    return v;
}

/* Small integers, one byte each in memory. The compiler would convert them one by one. */
typedef uint8_t vec_bytes __attribute__((vector_size(VEC_WIDTH), may_alias));

INLINE ivec vec_load_bytes(const uint8_t *from, size_t part)
{
    const vec_bytes *bytes = (const vec_bytes *)from + part;
#if defined(__AVX2__) && !defined(CEPA_DOUBLE)
    ivec wide;
    __asm__("vpmovzxbd %1, %0" : "=v"(wide) : "m"(*bytes));
    return wide;
#else
    return __builtin_convertvector(*bytes, ivec);
#endif
}

INLINE void vec_store_bytes(uint8_t *to, size_t part, ivec v)
{
    vec_bytes *bytes = (vec_bytes *)to + part;
#if defined(__AVX512F__) && !defined(CEPA_DOUBLE)
    __asm__("vpmovdb %1, %0" : "=m"(*bytes) : "v"(v));
#else
    *bytes = __builtin_convertvector(v, vec_bytes);
#endif
}

/* a * b + c, rounded once where the instruction set can. The portable build rounds twice, except for the tests'
 * reference build of the same code (CEPA_TRUE_FMA). Nothing else may fuse. */
INLINE vec vec_fma(vec a, vec b, vec c)
{
#if defined(__FMA__) || defined(__AVX512F__) || defined(__ARM_FEATURE_FMA) || defined(CEPA_TRUE_FMA)
    vec sum;
    for (size_t i = 0; i < VEC_WIDTH; i++)
#ifdef CEPA_DOUBLE
        sum[i] = __builtin_fma(a[i], b[i], c[i]);
#else
        sum[i] = __builtin_fmaf(a[i], b[i], c[i]);
#endif
    return sum;
#else
    return a * b + c;
#endif
}

/* mask is all ones or all zeros in each element, as comparisons give it. */
INLINE vec vec_select(ivec mask, vec yes, vec no) { return (vec)((mask & (ivec)yes) | (~mask & (ivec)no)); }
/* a > b ? a : b, and a < b ? a : b: where one is NaN, the second operand. */
INLINE vec vec_max(vec a, vec b) { return vec_select(a > b, a, b); }
INLINE vec vec_min(vec a, vec b) { return vec_select(a < b, a, b); }
/* max(x, 0) as relu has it: NaN and -0 pass. */
INLINE vec vec_relu(vec x) { return vec_max(vec_set(0), x); }

/* Eight numbers side by side, in whatever registers there are. */
enum { EIGHT = 8 };
typedef real eight __attribute__((vector_size(EIGHT * sizeof(real)), aligned(sizeof(real)), may_alias));

/* The sixteen lanes added by the tree 8-4-2-1. */
INLINE real lanes_sum(const lanes *v)
{
    typedef real four __attribute__((vector_size(4 * sizeof(real))));
    const eight *halves = (const eight *)v->lane, s8 = halves[0] + halves[1];
    four s4 = __builtin_shufflevector(s8, s8, 0, 1, 2, 3) + __builtin_shufflevector(s8, s8, 4, 5, 6, 7);
    four s2 = s4 + __builtin_shufflevector(s4, s4, 2, 3, 0, 1);
    return s2[0] + s2[1];
}

/* to[i] = lanes_sum(v + i) for eight of them, their trees merged: a step adds the halves of two sums at once. */
enum { SUMS_TOGETHER = 8 };
INLINE void lanes_sums(const lanes *v, real to[SUMS_TOGETHER])
{
    eight s8[8], s4[4], s2[2], s1;
    UNROLL for (size_t i = 0; i < 8; i++) s8[i] = ((const eight *)v[i].lane)[0] + ((const eight *)v[i].lane)[1];
#define MERGE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
    UNROLL for (size_t i = 0; i < 4; i++) s4[i] =
        MERGE(s8[i], s8[i + 4], 0, 1, 2, 3, 8, 9, 10, 11) + MERGE(s8[i], s8[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    UNROLL for (size_t i = 0; i < 2; i++) s2[i] = MERGE(s4[2 * i], s4[2 * i + 1], 0, 1, 8, 9, 4, 5, 12, 13) +
                                                  MERGE(s4[2 * i], s4[2 * i + 1], 2, 3, 10, 11, 6, 7, 14, 15);
    s1 = MERGE(s2[0], s2[1], 0, 2, 8, 10, 4, 6, 12, 14) + MERGE(s2[0], s2[1], 1, 3, 9, 11, 5, 7, 13, 15);
#undef MERGE
    __builtin_memcpy(to, &s1, sizeof s1);
}

#endif
