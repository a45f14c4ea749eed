/* Inside vec_math.h only: the numbers its functions need, one set for each size of real. Polynomials are minimax; the
 * error noted is that of the function they stand in, relative, before rounding. */
#ifndef KERNELS_VEC_MATH_CONSTANTS_H
#define KERNELS_VEC_MATH_CONSTANTS_H

#include "kernels/lanes.h"

#ifdef CEPA_DOUBLE
enum { MANTISSA_BITS = 52, EXPONENT_BIAS = 1023 };
#define SMALLEST_NORMAL  0x1p-1022
#define SQUARE_ROOT_HALF 0x1.6a09e667f3bcdp-1
#define ROUNDER          0x1.8p52 /* added to a number it leaves the nearest whole one in the low bits */
#define LOG2_E           0x1.71547652b82fep+0
#define LN2_HIGH         0x1.62e42feep-1 /* with trailing zero bits, so that whole multiples are exact */
#define LN2_LOW          0x1.a39ef35793c76p-33
#define EXP_LOWEST       -746.0 /* exp is 0 below */
#define EXP_HIGHEST      710.0  /* and infinite above */
#define EXPM1_LOWEST     -40.0  /* exp - 1 is -1 below */
#define TANH_HIGHEST     20.0   /* tanh is 1 above */
#define ERF_HIGHEST      6.0    /* erf is 1 above */

/* (exp(r) - 1 - r) / r^2, |r| <= ln(2) / 2: 6e-20 */
static const real exp_terms[] = {0.5,
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
/* (2 atanh(s) - 2 s) / s^3 in s^2, s = f / (2 + f), sqrt(1/2) <= 1 + f <= sqrt(2): 2e-20 */
static const real log_terms[] = {0.6666666666666666,  0.40000000000006286, 0.2857142856907301,  0.22222222648744835,
                                 0.18181775508909154, 0.1538709763622993,  0.13249962318796352, 0.1325275244394186};
/* erf(x) / x - 1 in x^2, |x| <= 1: 3e-23 */
static const real erf_terms[] = {0.1283791670955126,     -0.37612638903183754,    0.11283791670955126,
                                 -0.026866170645131218,  0.00522397762544164,     -0.000854832702340025,
                                 0.0001205533297873788,  -1.4925650232016089e-05, 1.6462110661326576e-06,
                                 -1.636576657592232e-07, 1.4806002158669392e-08,  -1.2277527599256103e-09,
                                 9.322603110735871e-11,  -6.193162829498904e-12,  2.8016230920783203e-13};
/* -log(1 - erf(x)) in x - 2, 1 <= x <= 6: 1e-18 */
static const real erf_tail_terms[] = {
    5.364941264616638,       4.418160805994417,       0.9237508418238044,     0.016465118136853397,
    -0.0035707563461628744,  0.00073239938585038,     -0.0001353093346101406, 2.070643216495243e-05,
    -1.9521943094798494e-06, -2.0364177838635352e-07, 1.7320583501305061e-07, -5.7798027405108606e-08,
    1.3949751083496873e-08,  -2.5385134441312673e-09, 2.747103895702939e-10,  4.280293254444587e-11,
    -3.741589855842241e-11,  1.0172333541600658e-11,  -1.049279284976624e-12};
#else
enum { MANTISSA_BITS = 23, EXPONENT_BIAS = 127 };
#define SMALLEST_NORMAL  0x1p-126f
#define SQUARE_ROOT_HALF 0x1.6a09e6p-1f
#define ROUNDER          0x1.8p23f
#define LOG2_E           0x1.715476p+0f
#define LN2_HIGH         0x1.62e4p-1f
#define LN2_LOW          0x1.7f7d1cp-20f
#define EXP_LOWEST       -104.0f
#define EXP_HIGHEST      89.0f
#define EXPM1_LOWEST     -18.0f
#define TANH_HIGHEST     10.0f
#define ERF_HIGHEST      4.0f

/* 3e-9 */
static const real exp_terms[] = {0.49999993f, 0.16666520f, 0.041668394f, 0.0083687804f, 0.0013814463f};
/* 2e-9 */
static const real log_terms[] = {0.66666777f, 0.39977496f, 0.29873091f};
/* 1e-9 */
static const real erf_terms[] = {0.12837917f,   -0.37612626f,    0.11283585f,   -0.026853815f,
                                 0.0051883305f, -0.00080102027f, 7.8538498e-05f};
/* 1e-9, x <= 4 */
static const real erf_tail_terms[] = {5.3649410f,     4.4181594f,     0.92375348f,    0.016487903f,
                                      -0.0035442220f, 0.00071112043f, -0.00018637504f};
#endif

#endif
