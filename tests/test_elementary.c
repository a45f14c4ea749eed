/* Elementary functions against libm in long double: errors in units in the last place, printed and bounded. */
#include "base/elementary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { SAMPLES = 400000 };

/* The distance of y from the truth in units in the last place of a double of the truth's size, or of 1 if that is
 * larger and scale asks for it. */
static double units(double y, long double truth, double scale)
{
    double size = fmax(fabs((double)truth), scale);
    double unit = nextafter(size, INFINITY) - size;
    return (double)fabsl((long double)y - truth) / unit;
}

static double between(double low, double high, int i) { return low + (high - low) * i / SAMPLES; }

static double worst_of(double (*f)(double), long double (*truth)(long double), double low, double high, double scale)
{
    double worst = 0;
    for (int i = 0; i <= SAMPLES; i++) {
        double x = between(low, high, i);
        worst = fmax(worst, units(f(x), truth((long double)x), scale));
    }
    return worst;
}

static void exp_is_exact_to_two_units(void **state)
{
    (void)state;
    double worst = fmax(worst_of(elementary_exp, expl, -2, 2, 0), worst_of(elementary_exp, expl, -708, 709.7, 0));
    worst = fmax(worst, worst_of(elementary_exp, expl, -1e-9, 1e-9, 0));
    printf("exp: %.2f units in the last place\n", worst);
    assert_true(worst < 2);
    assert_true(elementary_exp(0) == 1);
    assert_true(elementary_exp(-0.0) == 1);
    assert_true(isinf(elementary_exp(710)) && isinf(elementary_exp(INFINITY)));
    assert_true(elementary_exp(-746) == 0 && elementary_exp(-INFINITY) == 0);
    assert_true(isnan(elementary_exp(NAN)));
    assert_true(elementary_exp(-745) == 0x1p-1074);
}

static void log_is_exact_to_two_units(void **state)
{
    (void)state;
    double worst = fmax(worst_of(elementary_log, logl, 0.3, 3, 0), worst_of(elementary_log, logl, 1e-3, 1e300, 0));
    worst = fmax(worst, worst_of(elementary_log, logl, 0x1p-1074, 1e-307, 0));
    worst = fmax(worst, worst_of(elementary_log, logl, 1 - 1e-6, 1 + 1e-6, 0));
    printf("log: %.2f units in the last place\n", worst);
    assert_true(worst < 2);
    assert_true(elementary_log(1) == 0);
    assert_true(elementary_log(0) == -INFINITY && elementary_log(INFINITY) == INFINITY);
    assert_true(isnan(elementary_log(-1)) && isnan(elementary_log(NAN)));
}

static void sine_and_cosine_are_exact_to_four_units_of_one(void **state)
{
    (void)state;
    double worst = fmax(worst_of(elementary_sin, sinl, -7, 7, 1), worst_of(elementary_sin, sinl, -999999, 999999, 1));
    worst = fmax(worst, worst_of(elementary_cos, cosl, -7, 7, 1));
    worst = fmax(worst, worst_of(elementary_cos, cosl, -999999, 999999, 1));
    printf("sin, cos: %.2f units in the last place of 1\n", worst);
    assert_true(worst < 4);
    assert_true(elementary_sin(0) == 0 && elementary_cos(0) == 1);
    assert_true(isnan(elementary_sin(INFINITY)) && isnan(elementary_cos(NAN)));
}

static void power_keeps_its_bound(void **state)
{
    (void)state;
    double worst = 0;
    for (int i = 1; i <= SAMPLES; i++) {
        double x = between(1e-6, 4, i), y = between(-20, 40, (int)((i * 7919LL) % SAMPLES));
        long double truth = powl((long double)x, (long double)y);
        double bound = 1e-15 * (1 + fabs(y * log(x)));
        worst = fmax(worst, (double)fabsl((long double)elementary_power(x, y) / truth - 1) / bound);
    }
    printf("power: %.2f of its bound\n", worst);
    assert_true(worst < 1);
    assert_true(elementary_power(0, 2) == 0 && elementary_power(0, 0) == 1 && elementary_power(5, 0) == 1);
    assert_true(isinf(elementary_power(0, -1)) && elementary_power(1, 1e9) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_exact_to_two_units),
        cmocka_unit_test(log_is_exact_to_two_units),
        cmocka_unit_test(sine_and_cosine_are_exact_to_four_units_of_one),
        cmocka_unit_test(power_keeps_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
