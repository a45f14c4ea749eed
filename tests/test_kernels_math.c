/* The kernels' exp, log and relatives against libm in long double: errors in units in the last place of real, printed
 * and bounded, and what happens at the ends. Built with fused multiply-add, without, and with real = double. */
#include "base/memory.h"
#include "kernels/vec_math.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#ifdef CEPA_DOUBLE
#define STEP     0x1.0p42
#define SMALLEST 0x1p-1022L
typedef uint64_t bits;
#else
#define STEP     2003 /* in bit patterns: about a million numbers of each sign */
#define SMALLEST 0x1p-126L
typedef uint32_t bits;
#endif

static long double sigmoidl(long double x) { return 1 / (1 + expl(-x)); }

#define EACH(X)                                                                                                        \
    X(exp, expl, 2)                                                                                                    \
    X(expm1, expm1l, 3) X(log, logl, 2) X(log1p, log1pl, 3) X(tanh, tanhl, 3) X(erf, erfl, 3) X(sigmoid, sigmoidl, 3)

#define DEFINE(name, truth, bound)                                                                                     \
    static real name##_of(real x) { return vec_##name(vec_set(x))[0]; }
EACH(DEFINE)

typedef struct function {
    const char *name;
    real (*ours)(real);
    long double (*truth)(long double);
    double bound;
} function;

static const function functions[] = {
#define ENTRY(name, truth, bound) {#name, name##_of, truth, bound},
    EACH(ENTRY)};

static real real_of(bits pattern)
{
    real x;
    memcpy(&x, &pattern, sizeof x);
    return x;
}

/* The distance in units in the last place of real around truth (of the smallest normal number below it). */
static double units(real y, long double truth)
{
    if (isnan(truth) || isinf((real)truth) || y == (real)truth) return isnan(truth) ? !isnan(y) : y != (real)truth;
    int exponent;
    frexpl(fmaxl(fabsl(truth), SMALLEST), &exponent);
    return (double)(fabsl((long double)y - truth) / ldexpl(1, exponent - 1 - MANTISSA_BITS));
}

static void errors_are_small(void **state)
{
    (void)state;
    bool good = true;
    for (size_t i = 0; i < ARRAY_COUNT(functions); i++) {
        const function *f = &functions[i];
        double worst = 0;
        real where = 0;
        const bits end = (bits)(EXPONENT_BIAS * 2 + 1) << MANTISSA_BITS, sign = (bits)1 << (sizeof(bits) * 8 - 1);
        for (bits pattern = 0; pattern < end; pattern += (bits)STEP)
            for (int negative = 0; negative < 2; negative++) {
                real x = real_of(negative ? pattern | sign : pattern);
                double error = units(f->ours(x), f->truth((long double)x));
                if (error > worst) worst = error, where = x;
            }
        printf("%-8s %.2f units in the last place at %.9g\n", f->name, worst, (double)where);
        good = good && worst < f->bound;
    }
    assert_true(good);
}

/* The same number, the sign of zero included, or both NaN. */
static void assert_same(const char *name, real x, real y, real truth)
{
    bool same = isnan(truth) ? isnan(y) : y == truth && !signbit(y) == !signbit(truth);
    if (!same) fail_msg("%s(%g) gives %g, not %g", name, (double)x, (double)y, (double)truth);
}

static void ends_are_those_of_libm(void **state)
{
    (void)state;
    static const real ends[] = {0, (real)-0.0, INFINITY, -INFINITY, NAN, 1e30f, -1e30f};
    for (size_t i = 0; i < ARRAY_COUNT(functions); i++)
        for (size_t k = 0; k < ARRAY_COUNT(ends); k++) {
            real truth = (real)functions[i].truth((long double)ends[k]);
            if (isfinite(truth) && truth != 0 && fabs((double)truth) != 1) continue; /* an ordinary number */
            assert_same(functions[i].name, ends[k], functions[i].ours(ends[k]), truth);
        }
    assert_same("log1p", -1, log1p_of(-1), -INFINITY);
    assert_same("log1p", -2, log1p_of(-2), NAN);
    assert_same("log", 1, log_of(1), 0);
    assert_same("exp", 0, exp_of(0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_small),
        cmocka_unit_test(ends_are_those_of_libm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
