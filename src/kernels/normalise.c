/* Statistics and scaling of each channel of [outer][channels][inner], and of each row's own numbers. Sums are in
 * double: for each lane over outer, then inner, in order; then the first rows lanes are added in order, so that all
 * builds give the same bits. */
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

INLINE dvec square(dvec x) { return x * x; }

/* For each channel: walks its elements e, and of each the parts. */
#define EACH_OF_CHANNEL                                                                                                \
    for (size_t o = 0; o < outer; o++)                                                                                 \
        for (size_t i = 0, e = (o * channels + c) * inner; i < inner; i++, e++)                                        \
    UNROLL for (size_t part = 0; part < DOUBLE_PARTS; part++)

void KERNEL(channel_sums)(const lanes *x, size_t outer, size_t channels, size_t inner, size_t rows, double *sums)
{
    for (size_t c = 0; c < channels; c++) {
        lane_sums total = {0};
        EACH_OF_CHANNEL total.part[part] += dvec_load(&x[e], part);
        sums[c] = first_lanes(&total, rows);
    }
}

void KERNEL(channel_pair_sums)(const lanes *a, const lanes *b, size_t outer, size_t channels, size_t inner, size_t rows,
                               double *sums)
{
    for (size_t c = 0; c < channels; c++) {
        lane_sums total = {0}, products = {0};
        EACH_OF_CHANNEL
        {
            const dvec number = dvec_load(&a[e], part);
            total.part[part] += number;
            products.part[part] += number * dvec_load(&b[e], part);
        }
        sums[c] = first_lanes(&total, rows);
        sums[channels + c] = first_lanes(&products, rows);
    }
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

/* ---- Numbers of a row brought to one size, in double ------------------------------------------------------------- */

INLINE dvec dvec_set(double number) { return number - (dvec){0}; }

INLINE void dvec_store(lanes *to, size_t part, dvec v) { ((few *)to->lane)[part] = __builtin_convertvector(v, few); }

typedef struct row_statistics {
    dvec mean, factor; /* 1 / sqrt(variance + epsilon) */
} row_statistics;

INLINE row_statistics statistics_of(const normalisation *s, const lanes *x, size_t part)
{
    row_statistics found = {dvec_set(0), dvec_set(0)};
    for (size_t k = 0; s->centred && k < s->n; k++) found.mean += dvec_load(&x[k * s->inner], part);
    found.mean /= (double)s->n;
    for (size_t k = 0; k < s->n; k++) found.factor += square(dvec_load(&x[k * s->inner], part) - found.mean);
    UNROLL for (size_t r = 0; r < DOUBLES; r++) found.factor[r] =
        1 / __builtin_sqrt(found.factor[r] / (double)s->n + s->epsilon);
    return found;
}

INLINE size_t entry_of(const normalisation *s, size_t outer, size_t k) { return outer * s->step + k / s->repeat; }

/* Walks the rows: at is where the first number of one stands, o its outer, part a part of its lanes. */
#define EACH_ROW                                                                                                       \
    for (size_t o = 0; o < s->outer; o++)                                                                              \
        for (size_t at = o * s->n * s->inner, i = 0; i < s->inner; i++, at++)                                          \
            for (size_t part = 0; part < DOUBLE_PARTS; part++)

void KERNEL(normalise)(const normalisation *s, const lanes *x, const real *gamma, const real *beta, lanes *y)
{
    EACH_ROW
    {
        const row_statistics of = statistics_of(s, x + at, part);
        for (size_t k = 0; k < s->n; k++) {
            const size_t entry = entry_of(s, o, k), e = at + k * s->inner;
            const double scale = gamma ? (double)gamma[entry] : 1, offset = beta ? (double)beta[entry] : 0;
            dvec_store(&y[e], part, (dvec_load(&x[e], part) - of.mean) * of.factor * scale + offset);
        }
    }
}

/* With z = (x - mean) f and g = dy gamma: dx = f (g - mean(g) - z mean(g z)), the first mean only where centred. */
void KERNEL(normalise_gradient)(const normalisation *s, const lanes *x, const lanes *dy, const real *gamma, lanes *dx)
{
    EACH_ROW
    {
        const row_statistics of = statistics_of(s, x + at, part);
        dvec mean = dvec_set(0), product = dvec_set(0);
        for (size_t k = 0; k < s->n; k++) {
            const size_t e = at + k * s->inner;
            const dvec g = dvec_load(&dy[e], part) * (gamma ? (double)gamma[entry_of(s, o, k)] : 1);
            mean += g;
            product += g * ((dvec_load(&x[e], part) - of.mean) * of.factor);
        }
        mean *= s->centred ? 1 / (double)s->n : 0;
        product /= (double)s->n;
        for (size_t k = 0; k < s->n; k++) {
            const size_t e = at + k * s->inner;
            const dvec g = dvec_load(&dy[e], part) * (gamma ? (double)gamma[entry_of(s, o, k)] : 1);
            const dvec z = (dvec_load(&x[e], part) - of.mean) * of.factor;
            dvec_store(&dx[e], part, of.factor * (g - mean - z * product));
        }
    }
}

void KERNEL(normalise_weights)(const normalisation *s, const lanes *x, const lanes *dy, size_t rows, double *d_gamma,
                               double *d_beta)
{
    const size_t entries = entry_of(s, s->outer - 1, s->n - 1) + 1;
    for (size_t i = 0; i < entries; i++) {
        if (d_gamma) d_gamma[i] = 0;
        if (d_beta) d_beta[i] = 0;
    }
    EACH_ROW
    {
        const row_statistics of = statistics_of(s, x + at, part);
        for (size_t k = 0; k < s->n; k++) {
            const size_t entry = entry_of(s, o, k), e = at + k * s->inner;
            const dvec d = dvec_load(&dy[e], part), z = (dvec_load(&x[e], part) - of.mean) * of.factor;
            for (size_t r = 0; r < DOUBLES && part * DOUBLES + r < rows; r++) {
                if (d_gamma) d_gamma[entry] += d[r] * z[r];
                if (d_beta) d_beta[entry] += d[r];
            }
        }
    }
}
