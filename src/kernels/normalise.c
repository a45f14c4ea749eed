/* Statistics and scaling of each channel of [outer][channels][inner]. Sums are in double: for each lane over outer,
 * then inner, in order; then the first rows lanes are added in order, so that all builds give the same bits. */
#include "kernels/vec.h"

typedef double dvec __attribute__((vector_size(VEC_BYTES), may_alias));
enum { DOUBLES = VEC_BYTES / sizeof(double), DOUBLE_PARTS = LANES / DOUBLES };
/* As many reals as a dvec has numbers. */
typedef real few __attribute__((vector_size(DOUBLES * sizeof(real)), may_alias));

INLINE dvec dvec_load(const lanes *from, size_t part)
{
    return __builtin_convertvector(((const few *)from->lane)[part], dvec);
}

typedef struct lane_sums {
    dvec part[DOUBLE_PARTS];
} lane_sums;

static double first_lanes(const lane_sums *sums, size_t rows)
{
    double sum = 0;
    for (size_t r = 0; r < rows; r++) sum += sums->part[r / DOUBLES][r % DOUBLES];
    return sum;
}

/* sums[c] = the sum of term over channel c, where term may use: e (the element), part, c. */
#define SUM_CHANNELS(term)                                                                                             \
    for (size_t c = 0; c < channels; c++) {                                                                            \
        lane_sums total = {0};                                                                                         \
        for (size_t o = 0; o < outer; o++)                                                                             \
            for (size_t i = 0, e = (o * channels + c) * inner; i < inner; i++, e++)                                    \
                UNROLL for (size_t part = 0; part < DOUBLE_PARTS; part++) total.part[part] += term;                    \
        sums[c] = first_lanes(&total, rows);                                                                           \
    }

INLINE dvec square(dvec x) { return x * x; }

void KERNEL(channel_sums)(const lanes *x, size_t outer, size_t channels, size_t inner, size_t rows, double *sums)
{
    SUM_CHANNELS(dvec_load(&x[e], part))
}

void KERNEL(channel_square_sums)(const lanes *x, size_t outer, size_t channels, size_t inner, size_t rows,
                                 const double *means, double *sums)
{
    SUM_CHANNELS(square(dvec_load(&x[e], part) - means[c]))
}

void KERNEL(channel_product_sums)(const lanes *a, const lanes *b, size_t outer, size_t channels, size_t inner,
                                  size_t rows, const double *means, double *sums)
{
    SUM_CHANNELS(dvec_load(&a[e], part) * (dvec_load(&b[e], part) - means[c]))
}

void KERNEL(channel_affine)(const lanes *x, lanes *y, size_t outer, size_t channels, size_t inner, const real *scale,
                            const real *offset)
{
    for (size_t row = 0; row < outer * channels; row++) {
        const vec factor = vec_set(scale[row % channels]), addend = vec_set(offset[row % channels]);
        for (size_t e = row * inner; e < (row + 1) * inner; e++)
            for (size_t part = 0; part < PARTS; part++)
                vec_store(&y[e], part, vec_fma(vec_load(&x[e], part), factor, addend));
    }
}

void KERNEL(channel_combine)(const lanes *a, const lanes *b, lanes *y, size_t outer, size_t channels, size_t inner,
                             const real *p, const real *q, const real *r)
{
    for (size_t row = 0; row < outer * channels; row++) {
        const size_t c = row % channels;
        for (size_t e = row * inner; e < (row + 1) * inner; e++)
            for (size_t part = 0; part < PARTS; part++) {
                vec sum = vec_fma(vec_load(&b[e], part), vec_set(q[c]), vec_set(r[c]));
                vec_store(&y[e], part, vec_fma(vec_load(&a[e], part), vec_set(p[c]), sum));
            }
    }
}
