/* Activation functions that no network spends its time in: plain C, one line along the axis after the other. */
#include "layers/activation_rows.h"
#include "base/elementary.h"

#include <math.h>
#include <stdbool.h>

/* The numbers along the axis at one place of the others, in one lane. */
typedef struct line {
    size_t first, step, count, lane;
} line;

static double at(const line *l, const lanes *x, size_t i) { return (double)x[l->first + i * l->step].lane[l->lane]; }

static void set(const line *l, lanes *x, size_t i, double number)
{
    x[l->first + i * l->step].lane[l->lane] = (real)number;
}

#define FOR_EACH_LINE(statement)                                                                                       \
    for (size_t o = 0; o < outer; o++)                                                                                 \
        for (size_t i = 0; i < inner; i++)                                                                             \
            for (size_t lane = 0; lane < LANES; lane++) {                                                              \
                const line l = {o * n * inner + i, inner, n, lane};                                                    \
                statement;                                                                                             \
            }

/* ---- Sparsemax --------------------------------------------------------------------------------------------------- */

/* The place of number i among the largest, from 1, and the sum up to it. Of equal ones the first comes first. */
static size_t rank_of(const line *l, const lanes *x, size_t i, double *sum)
{
    size_t rank = 0;
    double own = at(l, x, i);
    *sum = 0;
    for (size_t k = 0; k < l->count; k++) {
        double other = at(l, x, k);
        if (!(other > own || (other == own && k <= i))) continue;
        rank++;
        *sum += other;
    }
    return rank;
}

/* True where number i is among those that the threshold is taken of (Martins and Astudillo 2016). */
static bool is_support(const line *l, const lanes *x, size_t i, size_t *rank, double *sum)
{
    *rank = rank_of(l, x, i, sum);
    return at(l, x, i) - (*sum - 1) / (double)*rank > 0;
}

/* What Keras takes off every number: it adds up the sums of all the support, where the paper takes the last one. */
static double threshold_of(const line *l, const lanes *x, size_t *support)
{
    size_t rank;
    double all = 0, sum;
    *support = 0;
    for (size_t i = 0; i < l->count; i++)
        if (is_support(l, x, i, &rank, &sum)) {
            ++*support;
            all += sum;
        }
    return (all - 1) / (double)*support;
}

static void sparsemax_line(const line *l, const lanes *x, lanes *y)
{
    size_t support;
    double threshold = threshold_of(l, x, &support);
    for (size_t i = 0; i < l->count; i++) set(l, y, i, fmax(at(l, x, i) - threshold, 0));
}

/* Number i is in as many of the support's sums as stand from its place on. */
static void sparsemax_gradient_line(const line *l, const lanes *dy, const lanes *x, lanes *dx)
{
    size_t support, rank;
    double threshold = threshold_of(l, x, &support), flowing = 0, sum;
    for (size_t i = 0; i < l->count; i++)
        if (at(l, x, i) >= threshold) flowing += at(l, dy, i);
    for (size_t i = 0; i < l->count; i++) {
        double slope = at(l, x, i) >= threshold ? at(l, dy, i) : 0;
        if (is_support(l, x, i, &rank, &sum)) slope -= flowing * (double)(support - rank + 1) / (double)support;
        set(l, dx, i, slope);
    }
}

void sparsemax_forward(const lanes *x, lanes *y, size_t outer, size_t n, size_t inner)
{
    FOR_EACH_LINE(sparsemax_line(&l, x, y))
}

void sparsemax_gradient(const lanes *dy, const lanes *x, lanes *dx, size_t outer, size_t n, size_t inner)
{
    FOR_EACH_LINE(sparsemax_gradient_line(&l, dy, x, dx))
}

/* ---- Glu --------------------------------------------------------------------------------------------------------- */

static double sigmoid(double x)
{
    double small = elementary_exp(-fabs(x));
    return x < 0 ? small / (1 + small) : 1 / (1 + small);
}

/* The line of the results, half as long. */
static line half_of(const line *l, size_t outer)
{
    size_t half = l->count / 2, whole = outer * l->count * l->step;
    return (line){l->first - whole + outer * half * l->step, l->step, half, l->lane};
}

static void glu_line(const line *l, size_t outer, const lanes *x, lanes *y)
{
    line result = half_of(l, outer);
    for (size_t i = 0; i < result.count; i++) set(&result, y, i, at(l, x, i) * sigmoid(at(l, x, result.count + i)));
}

static void glu_gradient_line(const line *l, size_t outer, const lanes *dy, const lanes *x, lanes *dx)
{
    line result = half_of(l, outer);
    for (size_t i = 0; i < result.count; i++) {
        double a = at(l, x, i), gate = sigmoid(at(l, x, result.count + i)), slope = at(&result, dy, i);
        set(l, dx, i, slope * gate);
        set(l, dx, result.count + i, slope * a * gate * (1 - gate));
    }
}

void glu_forward(const lanes *x, lanes *y, size_t outer, size_t n, size_t inner)
{
    FOR_EACH_LINE(glu_line(&l, o, x, y))
}

void glu_gradient(const lanes *dy, const lanes *x, lanes *dx, size_t outer, size_t n, size_t inner)
{
    FOR_EACH_LINE(glu_gradient_line(&l, o, dy, x, dx))
}
