/* For the tests of kernels: every instruction set that runs here, buffers between guard bands, random numbers. Included
 * after the standard headers and before cmocka.h by one file of a program. */
#ifndef TESTS_KERNEL_TEST_H
#define TESTS_KERNEL_TEST_H

#include "base/memory.h"
#include "base/random.h"
#include "kernels/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The portable code built once more with true fused multiply-adds: what the other instruction sets must equal bit for
 * bit. In the build with doubles it is the only one. */
extern const kernel_table table_reference;

/* Calls test(table) for each instruction set of this machine that must give the reference's bits. */
static inline void for_each_exact_isa(void (*test)(const kernel_table *table))
{
#ifndef CEPA_DOUBLE
    static const char *const names[] = {"avx2", "avx512"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (kernels_named(names[i])) test(kernels_named(names[i]));
#endif
    test(&table_reference);
}

/* The same, and the portable build, which has its own bits. */
static inline void for_each_isa(void (*test)(const kernel_table *table))
{
    for_each_exact_isa(test);
#ifndef CEPA_DOUBLE
    test(kernels_named("portable"));
#endif
}

enum { GUARD_BYTES = 256, GUARD = 0xa5, UNWRITTEN = 0xff };

/* A buffer of size bytes aligned to 64, between two bands of guards, filled with UNWRITTEN bytes (each real a NaN). */
typedef struct guarded {
    unsigned char *memory;
    size_t size;
    union {
        void *data;
        real *reals;
        lanes *lanes;
    };
} guarded;

static inline guarded guarded_new(size_t size)
{
    size_t room = (size + 63) / 64 * 64;
    guarded g = {.memory = allocate_aligned(room + 2 * GUARD_BYTES), .size = size};
    assert_non_null(g.memory);
    memset(g.memory, GUARD, room + 2 * GUARD_BYTES);
    g.data = g.memory + GUARD_BYTES;
    memset(g.data, UNWRITTEN, size);
    return g;
}

static inline guarded guarded_reals(size_t count) { return guarded_new(count * sizeof(real)); }
static inline guarded guarded_lanes(size_t count) { return guarded_new(count * sizeof(lanes)); }

/* Checks the bands and frees. */
static inline void guarded_free(guarded *g)
{
    if (!g->memory) return;
    size_t all = (g->size + 63) / 64 * 64 + 2 * GUARD_BYTES;
    for (size_t i = 0; i < all; i++)
        if (i < GUARD_BYTES || i >= GUARD_BYTES + g->size) assert_int_equal(g->memory[i], GUARD);
    free(g->memory);
    *g = (guarded){0};
}

/* Fills a buffer of reals or lanes with numbers in [-1, 1) that depend on seed alone. */
static inline void fill_random(guarded *g, uint64_t seed)
{
    const random_stream stream = {.key = seed};
    for (size_t i = 0; i < g->size / sizeof(real); i++)
        g->reals[i] = (real)(2 * random_uniform24(random_word(&stream, 0, i)) - 1);
}

/* An integer in [low, high] that depends on seed and place alone. */
static inline size_t random_between(uint64_t seed, uint64_t place, size_t low, size_t high)
{
    const random_stream stream = {.key = seed, .hash = 1};
    return low + random_word(&stream, 0, place) % (high - low + 1);
}

/* Two buffers hold the same bits, any NaN counting as any other. */
static inline void assert_same_bits(const guarded *a, const guarded *b)
{
    assert_int_equal(a->size, b->size);
    for (size_t i = 0; i < a->size / sizeof(real); i++)
        if (memcmp(&a->reals[i], &b->reals[i], sizeof(real)) != 0 && !(isnan(a->reals[i]) && isnan(b->reals[i])))
            fail_msg("element %zu: %.9g, not %.9g", i, (double)a->reals[i], (double)b->reals[i]);
}

/* found lies within bound of expected; NaN wants NaN, infinity the same infinity. */
static inline void assert_close(double found, double expected, double bound)
{
    bool close = isnan(expected) ? isnan(found) : isinf(expected) ? found == expected : fabs(found - expected) <= bound;
    if (!close) fail_msg("%.9g, not %.9g within %.3g", found, expected, bound);
}

/* Half a unit in the last place of 1. */
static inline double half_ulp(void) { return sizeof(real) == sizeof(float) ? 0x1p-24 : 0x1p-53; }

/* ---- Sums in double precision */

/* Sums in double, of absolute values too, for the bound. terms: how many each has. */
typedef struct exact {
    double *sum, *absolute;
    size_t *terms;
} exact;

static inline exact exact_new(size_t count)
{
    exact e = {calloc(count, sizeof(double)), calloc(count, sizeof(double)), calloc(count, sizeof(size_t))};
    assert_true(e.sum && e.absolute && e.terms);
    return e;
}

static inline void exact_add(exact *e, size_t i, double product)
{
    e->sum[i] += product;
    e->absolute[i] += fabs(product);
    e->terms[i]++;
}

static inline void exact_free(exact *e)
{
    free(e->sum);
    free(e->absolute);
    free(e->terms);
}

/* Each operation of a chain is wrong by at most half a unit of what has been added up so far. */
static inline void assert_within(real found, const exact *e, size_t i)
{
    double bound = 2 * ((double)e->terms[i] + 16) * half_ulp() * e->absolute[i];
    assert_close((double)found, e->sum[i], isfinite(bound) ? bound : 0);
}

/* ---- Shapes */

/* Sizes of one axis from Keras' rules. */
static inline void set_axis(size_t in, size_t kernel, size_t stride, size_t dilation, bool same, size_t *out,
                            size_t *before)
{
    size_t reach = (kernel - 1) * dilation + 1;
    *before = 0;
    if (!same) {
        *out = (in - reach) / stride + 1;
        return;
    }
    *out = (in + stride - 1) / stride;
    size_t covered = (*out - 1) * stride + reach;
    if (covered > in) *before = (covered - in) / 2;
}

#endif
