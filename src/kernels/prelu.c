/* PReLU: x where it is above 0, else its own slope times x; both halves count 0 as the other's. */
#include "kernels/vec.h"

void KERNEL(prelu_forward)(const lanes *x, const real *alpha, const uint32_t *index, lanes *y, size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t part = 0; part < PARTS; part++) {
            const vec number = vec_load(&x[e], part);
            vec_store(&y[e], part, vec_select(number > 0, number, number * alpha[index[e]]));
        }
}

void KERNEL(prelu_gradient)(const lanes *dy, const lanes *x, const real *alpha, const uint32_t *index, lanes *dx,
                            size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t part = 0; part < PARTS; part++) {
            const vec number = vec_load(&x[e], part), d = vec_load(&dy[e], part);
            const vec below = vec_select(number < 0, d * alpha[index[e]], vec_set(0));
            vec_store(&dx[e], part, vec_select(number > 0, d, below));
        }
}

void KERNEL(prelu_weights)(const lanes *dy, const lanes *x, const uint32_t *index, size_t rows, size_t count,
                           real *d_alpha)
{
    for (size_t e = 0; e < count; e++) {
        real sum = 0;
        for (size_t r = 0; r < rows; r++)
            if (x[e].lane[r] < 0) sum += dy[e].lane[r] * x[e].lane[r];
        d_alpha[index[e]] += sum;
    }
}
