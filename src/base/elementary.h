/* Elementary functions in double precision with the same bits everywhere: libm picks variants by processor. */
#ifndef BASE_ELEMENTARY_H
#define BASE_ELEMENTARY_H

/* Errors are below one unit in the last place of a double times the number noted; tests/test_elementary.c measures
 * them. */
double elementary_exp(double x);             /* 2; 0 and infinity beyond the range */
double elementary_log(double x);             /* 2; -infinity of 0, NaN below */
double elementary_sin(double x);             /* 4 of 1; NaN for |x| >= 1e6 */
double elementary_cos(double x);             /* 4 of 1; NaN for |x| >= 1e6 */
double elementary_power(double x, double y); /* relative 1e-15 * (1 + |y log x|); x >= 0 */

#endif
