/* Softmax and its logarithm along the middle axis of [outer][n][inner]. Sums run along the axis in order; y
 * may be x, dx may be dy. */
#include "kernels/vec_math.h"

/* One part of n lane vectors that are step apart. */
typedef struct row {
    size_t n, step, part;
} row;

/* Does a statement for the row that starts at element first of the block. */
#define FOR_EACH_ROW(statement)                                                                                        \
    for (size_t o = 0; o < outer; o++)                                                                                 \
        for (size_t i = 0; i < inner; i++)                                                                             \
            for (row r = {n, inner, 0}; r.part < PARTS; r.part++) {                                                    \
                const size_t first = o * n * inner + i;                                                                \
                statement;                                                                                             \
            }

INLINE vec row_load(const row *r, const lanes *x, size_t i) { return vec_load(&x[i * r->step], r->part); }
INLINE void row_store(const row *r, lanes *y, size_t i, vec v) { vec_store(&y[i * r->step], r->part, v); }

INLINE vec row_max(const row *r, const lanes *x)
{
    vec largest = row_load(r, x, 0);
    for (size_t i = 1; i < r->n; i++) largest = vec_max(row_load(r, x, i), largest);
    return largest;
}

INLINE void softmax_row(const row *r, const lanes *x, lanes *y)
{
    vec largest = row_max(r, x), sum = vec_set(0);
    for (size_t i = 0; i < r->n; i++) {
        vec e = vec_exp(row_load(r, x, i) - largest);
        row_store(r, y, i, e);
        sum += e;
    }
    for (size_t i = 0; i < r->n; i++) row_store(r, y, i, row_load(r, y, i) / sum);
}

INLINE void softmax_gradient_row(const row *r, const lanes *dy, const lanes *y, lanes *dx)
{
    vec sum = vec_set(0);
    for (size_t i = 0; i < r->n; i++) sum = vec_fma(row_load(r, dy, i), row_load(r, y, i), sum);
    for (size_t i = 0; i < r->n; i++) row_store(r, dx, i, row_load(r, y, i) * (row_load(r, dy, i) - sum));
}

INLINE void log_softmax_row(const row *r, const lanes *x, lanes *y)
{
    vec largest = row_max(r, x), sum = vec_set(0);
    for (size_t i = 0; i < r->n; i++) sum += vec_exp(row_load(r, x, i) - largest);
    vec log_sum = vec_log(sum);
    for (size_t i = 0; i < r->n; i++) row_store(r, y, i, row_load(r, x, i) - largest - log_sum);
}

INLINE void log_softmax_gradient_row(const row *r, const lanes *dy, const lanes *y, lanes *dx)
{
    vec sum = vec_set(0);
    for (size_t i = 0; i < r->n; i++) sum += row_load(r, dy, i);
    for (size_t i = 0; i < r->n; i++) row_store(r, dx, i, row_load(r, dy, i) - vec_exp(row_load(r, y, i)) * sum);
}

/* The two kernels of a function along rows. */
#define ROW_FUNCTION(name)                                                                                             \
    void KERNEL(name##_forward)(const lanes *x, lanes *y, size_t outer, size_t n, size_t inner)                        \
    {                                                                                                                  \
        FOR_EACH_ROW(name##_row(&r, &x[first], &y[first]))                                                             \
    }                                                                                                                  \
    void KERNEL(name##_gradient)(const lanes *dy, const lanes *y, lanes *dx, size_t outer, size_t n, size_t inner)     \
    {                                                                                                                  \
        FOR_EACH_ROW(name##_gradient_row(&r, &dy[first], &y[first], &dx[first]))                                       \
    }

ROW_FUNCTION(softmax)
ROW_FUNCTION(log_softmax)
