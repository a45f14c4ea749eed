/* Elementary functions in double precision, from additions, multiplications and divisions alone. Reductions use
 * constants cut into a part with trailing zero bits, whose small multiples are exact, and a rest (Cody and Waite,
 * Software manual for the elementary functions, 1980). */
#include "base/elementary.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;

/* c[0] + c[1] x + c[2] x^2 ... */
static double polynomial(double x, const double *c, size_t count)
{
    double sum = c[count - 1];
    for (size_t i = count - 1; i-- > 0;) sum = sum * x + c[i];
    return sum;
}

#define POLYNOMIAL(x, c) polynomial((x), (c), sizeof(c) / sizeof *(c))

/* 2 to the power n, for -1022 <= n <= 1023. */
static double power_of_two(int n)
{
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

double elementary_exp(double x)
{
    /* (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2: minimax, relative error of exp(r) 6e-20 */
    static const double terms[] = {0.5,
                                   0.16666666666666682,
                                   0.04166666666666609,
                                   0.00833333333331692,
                                   0.001388888888911736,
                                   0.00019841269896676755,
                                   2.4801586924471235e-05,
                                   2.755723456145982e-06,
                                   2.755758287192107e-07,
                                   2.5112143943590276e-08,
                                   2.0826521664790966e-09};
    if (isnan(x)) return x;
    if (x > 709.79) return INFINITY;
    if (x < -745.14) return 0;
    int n = (int)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
    double r = x - n * ln2_high - n * ln2_low;
    double y = 1 + (r + r * r * POLYNOMIAL(r, terms));
    return y * power_of_two(n / 2) * power_of_two(n - n / 2);
}

double elementary_log(double x)
{
    /* (2 atanh(s) - 2 s) / s^3 as a polynomial in s^2, for s = f / (2 + f), sqrt(1/2) <= 1 + f <= sqrt(2): minimax,
     * 2e-20 */
    static const double terms[] = {0.6666666666666666,  0.40000000000006286, 0.2857142856907301,  0.22222222648744835,
                                   0.18181775508909154, 0.1538709763622993,  0.13249962318796352, 0.1325275244394186};
    if (x == 0) return -INFINITY;
    if (x < 0) return NAN;
    if (!isfinite(x)) return x;
    int n;
    double f = 2 * frexp(x, &n) - 1; /* exact */
    n--;
    if (f > 0.41421356237309503) {
        f = (f - 1) / 2;
        n++;
    }
    double s = f / (2 + f), z = s * s, half = f * f / 2;
    return n * ln2_high - ((half - (s * (half + z * POLYNOMIAL(z, terms)) + n * ln2_low)) - f);
}

/* The quarter turn nearest to x, and the angle that remains, at most pi / 4. */
static int64_t quarter_turns(double x, double *rest)
{
    double count = floor(x * 0.6366197723675814 + 0.5);
    double r = x - count * 0x1.921fb544p+0;
    r -= count * 0x1.0b4611a6p-34;
    *rest = r - count * 0x1.3198a2e037073p-69;
    return (int64_t)count;
}

/* Sums of Taylor's series for |r| <= pi / 4. */
static double sine_of(double r)
{
    static const double terms[] = {-1.0 / 6,        1.0 / 120,        -1.0 / 5040,          1.0 / 362880,
                                   -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000};
    return r + r * (r * r) * POLYNOMIAL(r * r, terms);
}

static double cosine_of(double r)
{
    static const double terms[] = {
        1.0 / 24,        -1.0 / 720,           1.0 / 40320,          -1.0 / 3628800,
        1.0 / 479001600, -1.0 / 87178291200.0, 1.0 / 20922789888000, -1.0 / 6402373705728000};
    double z = r * r;
    return 1 - (z / 2 - z * z * POLYNOMIAL(z, terms));
}

/* The sine of x plus some quarter turns. */
static double sine_ahead(double x, int64_t quarters)
{
    if (!(fabs(x) < 1e6)) return NAN;
    double r;
    quarters += quarter_turns(x, &r);
    double y = quarters & 1 ? cosine_of(r) : sine_of(r);
    return quarters & 2 ? -y : y;
}

double elementary_sin(double x) { return sine_ahead(x, 0); }
double elementary_cos(double x) { return sine_ahead(x, 1); }

double elementary_power(double x, double y)
{
    if (y == 0 || x == 1) return 1;
    if (x == 0) return y > 0 ? 0 : INFINITY;
    return elementary_exp(y * elementary_log(x));
}
