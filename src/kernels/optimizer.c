/* Sums over gradients, and the optimizers' rules with Keras' order of operations; each is rounded by itself, so that
 * all builds give the same bits. */
#include "kernels/vec_math.h"

void KERNEL(add_into)(real *sum, const real *g, size_t count)
{
    for (size_t i = 0; i < count; i++) sum[i] += g[i];
}

void KERNEL(scale_into)(real *g, real factor, size_t count)
{
    for (size_t i = 0; i < count; i++) g[i] *= factor;
}

void KERNEL(clip_into)(real *g, real limit, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        real above = g[i] < -limit ? -limit : g[i];
        g[i] = above > limit ? limit : above;
    }
}

void KERNEL(add_scaled_into)(real *g, const real *w, real factor, size_t count)
{
    for (size_t i = 0; i < count; i++) g[i] += factor * w[i];
}

void KERNEL(add_sign_into)(real *g, const real *w, real factor, size_t count)
{
    for (size_t i = 0; i < count; i++) g[i] += factor * (real)((w[i] > 0) - (w[i] < 0));
}

/* Sums of a term of each i in 8 strands, i modulo 8, added in order at the end. */
#define SUM_IN_STRANDS(term)                                                                                           \
    enum { STRANDS = 8 };                                                                                              \
    double strand[STRANDS] = {0}, sum = 0;                                                                             \
    size_t whole = count / STRANDS * STRANDS;                                                                          \
    for (size_t i = 0; i < whole; i += STRANDS)                                                                        \
        for (size_t s = 0; s < STRANDS; s++) strand[s] += term(g[i + s]);                                              \
    for (size_t i = whole; i < count; i++) strand[i - whole] += term(g[i]);                                            \
    for (size_t s = 0; s < STRANDS; s++) sum += strand[s];                                                             \
    return sum;

INLINE double square(double number) { return number * number; }

double KERNEL(square_sum)(const real *g, size_t count) { SUM_IN_STRANDS(square) }

double KERNEL(absolute_sum)(const real *g, size_t count) { SUM_IN_STRANDS(__builtin_fabs) }

void KERNEL(sgd_step)(real *w, const real *g, size_t count, real rate)
{
    for (size_t i = 0; i < count; i++) w[i] -= g[i] * rate;
}

void KERNEL(momentum_step)(real *w, const real *g, real *m, size_t count, real rate, real momentum, bool nesterov)
{
    for (size_t i = 0; i < count; i++) {
        m[i] = m[i] * momentum - g[i] * rate;
        w[i] += nesterov ? m[i] * momentum - g[i] * rate : m[i];
    }
}

void KERNEL(adam_step)(real *w, const real *g, real *m, real *v, real *v_hat, size_t count, real rate,
                       real one_minus_beta_1, real one_minus_beta_2, real epsilon)
{
    for (size_t i = 0; i < count; i++) {
        m[i] += (g[i] - m[i]) * one_minus_beta_1;
        v[i] += (g[i] * g[i] - v[i]) * one_minus_beta_2;
        real second = v[i];
        if (v_hat) second = v_hat[i] = v_hat[i] > v[i] ? v_hat[i] : v[i];
        w[i] -= m[i] * rate / (real_sqrt(second) + epsilon);
    }
}

void KERNEL(rmsprop_step)(real *w, const real *g, real *v, real *m, real *a, size_t count, real rate, double rho,
                          real momentum, real epsilon)
{
    const real old = (real)rho, new = (real)(1 - rho);
    for (size_t i = 0; i < count; i++) {
        v[i] = old * v[i] + new *(g[i] * g[i]);
        real second = v[i];
        if (a) {
            a[i] = old * a[i] + new *g[i];
            second -= a[i] * a[i];
        }
        real step = rate * g[i] / real_sqrt(second + epsilon);
        if (m) step = m[i] = momentum * m[i] + step;
        w[i] -= step;
    }
}
