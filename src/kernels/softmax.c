/* Softmax, its logarithm and sparsemax along the middle axis of [outer][n][inner]. Sums run along the axis in order; y
 * may be x, dx may be dy. */
#include "kernels/vec_math.h"

#include <string.h>

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

/* The threshold above which the excesses of z = x - largest add up to 1: starting with all, numbers that are not above
 * the mean excess drop out until none does (Michelot 1986). */
INLINE vec sparsemax_threshold(const row *r, const lanes *x, vec largest)
{
    vec threshold = vec_set((real)-INFINITY);
    for (size_t round = 0; round < r->n; round++) {
        vec sum = vec_set(-1), count = vec_set(0), before = threshold;
        for (size_t i = 0; i < r->n; i++) {
            vec z = row_load(r, x, i) - largest;
            ivec stays = z > threshold;
            sum += vec_select(stays, z, vec_set(0));
            count += vec_select(stays, vec_set(1), vec_set(0));
        }
        threshold = sum / count;
        if (memcmp(&before, &threshold, sizeof before) == 0) break;
    }
    return threshold;
}

INLINE void sparsemax_row(const row *r, const lanes *x, lanes *y)
{
    vec largest = row_max(r, x), threshold = sparsemax_threshold(r, x, largest);
    for (size_t i = 0; i < r->n; i++) row_store(r, y, i, vec_relu(row_load(r, x, i) - largest - threshold));
}

/* Among the numbers that are not 0 the gradient is dy less its mean. */
INLINE void sparsemax_gradient_row(const row *r, const lanes *dy, const lanes *y, lanes *dx)
{
    vec sum = vec_set(0), count = vec_set(0);
    for (size_t i = 0; i < r->n; i++) {
        ivec stays = row_load(r, y, i) > 0;
        sum += vec_select(stays, row_load(r, dy, i), vec_set(0));
        count += vec_select(stays, vec_set(1), vec_set(0));
    }
    vec mean = sum / count;
    for (size_t i = 0; i < r->n; i++)
        row_store(r, dx, i, vec_select(row_load(r, y, i) > 0, row_load(r, dy, i) - mean, vec_set(0)));
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
ROW_FUNCTION(sparsemax)
