/* The whole interface of the kernels: one list generates the declarations for each instruction set, the table of
 * function pointers and its entries. Kernels work on one block of sixteen images and are written as if for one.
 *
 * Rules: the order of every sum depends on shapes alone, so that all instruction sets give the same bits (the portable
 * one, which has no fused multiply-add, has its own). Gradients overwrite. Pointers never overlap unless said.
 * To add a kernel: a line here, and the function in a file of this folder, its name wrapped in KERNEL(). */
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include "base/error.h"
#include "kernels/lanes.h"

#include <stdbool.h>

/* A correlation of one image with filters; a Dense layer is the 1 x 1 case over its positions. Sizes in elements. */
typedef struct conv_shape {
    size_t in_height, in_width, in_channels;
    size_t out_height, out_width, out_channels;
    size_t kernel_height, kernel_width;
    size_t stride_height, stride_width;
    size_t dilation_height, dilation_width;
    size_t pad_top, pad_left; /* rows and columns of nothing before the picture */
    size_t groups;
    bool direct; /* nothing but the definition's own products */
} conv_shape;

/* What one pass of a convolution works on; each pass reads what concerns it. */
typedef struct conv_call {
    const real *filters; /* what packed was made of */
    const real *packed;  /* what conv_pack made for this pass */
    void *scratch;       /* conv_scratch_size bytes */
    size_t first, last;  /* the channels of its result that are wanted: y's, dx's, d_filters' */
    size_t top, bottom;  /* the pairs of rows of y that are wanted, in conv_forward; bottom 0: all */
    const lanes *x, *dy;
    const real *bias; /* NULL: none */
    bool relu;        /* on y */
    bool pooled;      /* only where conv_pools: y and dy are the maxima of y's whole 2 x 2 windows behind a relu */
    void *winner;     /* of those maxima, conv_winner_size bytes, written with y and read with dy; NULL: not wanted */
    lanes *y, *dx;
    real *d_filters, *d_bias; /* summed over the block; d_bias NULL: none */
} conv_call;

typedef enum conv_way { CONV_DIRECT, CONV_WINOGRAD } conv_way;
typedef struct conv_choice {
    conv_way forward, gradient_inputs, gradient_weights;
} conv_choice;

/* The way each pass of a shape goes; from the shape alone. */
conv_choice conv_choose(const conv_shape *s);
/* Whether a shape's passes can take the maximum of 2 x 2 windows on the way. */
bool conv_pools(const conv_shape *s);

/* The lanes that so many channels of an image apart fill. */
static inline size_t lanes_of(size_t channels) { return (channels + LANES - 1) / LANES; }
/* Pairs of rows of a shape's outputs; the last may be one row alone. */
static inline size_t conv_row_pairs(const conv_shape *s) { return (s->out_height + 1) / 2; }
/* Into how many parts the forward pass of an image apart can be divided: pairs of rows of its outputs, or where there
 * is one output alone (a Dense layer) lanes of filters. */
static inline bool conv_apart_splits_filters(const conv_shape *s) { return s->out_height * s->out_width == 1; }
static inline size_t conv_apart_parts(const conv_shape *s)
{
    return conv_apart_splits_filters(s) ? lanes_of(s->out_channels) : conv_row_pairs(s);
}

/* A window that slides over each channel. */
typedef struct pool_shape {
    size_t in_height, in_width, channels;
    size_t out_height, out_width;
    size_t pool_height, pool_width;
    size_t stride_height, stride_width;
    size_t pad_top, pad_left;
} pool_shape;

/* One pixel of another picture, and how much it counts. */
typedef struct tap {
    uint32_t place;
    real weight;
} tap;

/* Pictures of out pixels made of pictures of in: pixel i of tap[first[i]] ... tap[first[i + 1] - 1]. */
typedef struct resampling {
    size_t in, out;
    const uint32_t *first;
    const tap *tap;
} resampling;

/* Each n numbers of [outer][n][inner] are brought to one size: y = (x - mean) / sqrt(variance + epsilon) * gamma +
 * beta. Not centred, the mean is taken for 0. Number k of outer o has entry o * step + k / repeat of gamma and beta. */
typedef struct normalisation {
    size_t outer, n, inner;
    size_t step, repeat;
    bool centred;
    double epsilon;
} normalisation;

/* Pictures looked at through a linear map, another one in each lane. */
typedef enum outside { OUTSIDE_REFLECT, OUTSIDE_WRAP, OUTSIDE_NEAREST, OUTSIDE_CONSTANT } outside;
typedef struct mapping {
    size_t height, width, channels;
    outside outside; /* what stands beyond the picture's edges: itself mirrored or again, its edge, or constant */
    bool nearest;    /* the nearest pixel instead of the four around */
    real constant;
} mapping;

/* Pixel (row, column) comes from (a row + b column + c, d row + e column + f) of the picture. */
typedef struct linear_map {
    real a, b, c, d, e, f;
} linear_map;

/* One block of a loss. Predictions and targets are [classes][positions]; each position of a row is a sample. */
typedef struct loss_block {
    const lanes *prediction;
    const lanes *target; /* of losses of labels [positions]: the label as a number */
    const lanes *weight; /* of each sample, 0 in lanes without a row; 0 drops a sample entirely */
    size_t weight_step;  /* 1: [positions]; 0: one for all positions of a row */
    size_t classes, positions;
    real target_scale, target_offset; /* targets that are no labels are read as target * scale + offset */
    real parameter;                   /* delta of huber; of losses of labels the label that does not count, or NaN */
    real factor;                      /* of the gradient */
    double *sums;                     /* LANES numbers: weight * value, added over the positions in order */
    lanes *gradient;                  /* factor * weight * derivative for the prediction; NULL: not wanted */
} loss_block;

/* Up to three numbers that an activation function takes (slope, limit, threshold), in the order of its field table. */
typedef struct activation_parameters {
    real a, b, c;
} activation_parameters;

/* Element by element: y = f(x); dx = dy * f'(x), from x and y as the function needs (the other may be NULL). y may be
 * x, dx may be dy. Formulas and kinks: activations.c. */
#define ACTIVATION_KERNELS(X, name)                                                                                    \
    X(void, name##_forward, (const lanes *x, lanes *y, size_t count, const activation_parameters *p))                  \
    X(void, name##_gradient,                                                                                           \
      (const lanes *dy, const lanes *x, const lanes *y, lanes *dx, size_t count, const activation_parameters *p))

/* clang-format off */
#define LOSS_KERNEL(X, name) X(void, name, (const loss_block *b))

#define LOSS_KERNELS(X)                                                                                                \
    LOSS_KERNEL(X, sparse_crossentropy) LOSS_KERNEL(X, sparse_crossentropy_logits)                                     \
    LOSS_KERNEL(X, categorical_crossentropy) LOSS_KERNEL(X, categorical_crossentropy_logits)                           \
    LOSS_KERNEL(X, binary_crossentropy) LOSS_KERNEL(X, binary_crossentropy_logits)                                     \
    LOSS_KERNEL(X, mean_squared_error) LOSS_KERNEL(X, mean_absolute_error)                                             \
    LOSS_KERNEL(X, mean_absolute_percentage_error) LOSS_KERNEL(X, mean_squared_logarithmic_error)                      \
    LOSS_KERNEL(X, huber) LOSS_KERNEL(X, log_cosh) LOSS_KERNEL(X, poisson) LOSS_KERNEL(X, kl_divergence)               \
    LOSS_KERNEL(X, hinge) LOSS_KERNEL(X, squared_hinge) LOSS_KERNEL(X, categorical_hinge)

/* Rows of a data set that fill a block; lanes beyond the real rows repeat the last one. index[e] is the place in a row
 * (Keras' order) of the block's element e. */
#define KERNELS(X)                                                                                                     \
    /* conv.c: filters in Keras' order (height, width, in / groups, out). packed holds what conv_pack made of them,    \
     * conv_packed_size reals: a form for the forward pass and one for the data gradient. */                           \
    X(size_t, conv_packed_size, (const conv_shape *s, bool gradient))                                                  \
    X(size_t, conv_scratch_size, (const conv_shape *s))                                                                \
    X(void, conv_pack, (const conv_shape *s, const real *filters, bool gradient, real *packed))                        \
    X(void, conv_forward, (const conv_shape *s, const conv_call *c))          /* y: correlation + bias */              \
    X(void, conv_gradient_inputs, (const conv_shape *s, const conv_call *c))  /* dx */                                 \
    X(void, conv_gradient_weights, (const conv_shape *s, const conv_call *c)) /* d_filters, d_bias */                  \
    /* of an image apart, in one group: x and y are [height][width][channels], the channels in whole lanes; first, last   \
     * count conv_apart_parts; pooled as above, without a winner. packed has a form of its own, the bias in it. Every      \
     * number has the bits that conv_forward gives it in a block. */                                                       \
    X(size_t, conv_apart_packed_size, (const conv_shape *s))                                                           \
    X(size_t, conv_apart_scratch_size, (const conv_shape *s))                                                          \
    X(void, conv_apart_pack, (const conv_shape *s, const real *filters, const real *bias, real *packed))               \
    X(void, conv_apart_forward, (const conv_shape *s, const conv_call *c))                                             \
    /* pool.c: channels first ... last - 1. winner: max_pool_winner_size bytes for the gradient (NULL: not wanted) */  \
    X(size_t, max_pool_winner_size, (const pool_shape *s))                                                             \
    X(void, max_pool_forward, (const pool_shape *s, const lanes *x, lanes *y, void *winner, size_t first, size_t last))\
    X(void, max_pool_gradient,                                                                                         \
      (const pool_shape *s, const lanes *dy, const void *winner, lanes *dx, size_t first, size_t last))                \
    X(void, average_pool_forward, (const pool_shape *s, const lanes *x, lanes *y, size_t first, size_t last))          \
    X(void, average_pool_gradient, (const pool_shape *s, const lanes *dy, lanes *dx, size_t first, size_t last))       \
    /* over the inner positions of each of outer channels; a maximum's ties share the gradient */                      \
    X(void, global_average_forward, (const lanes *x, lanes *y, size_t outer, size_t inner))                            \
    X(void, global_average_gradient, (const lanes *dy, lanes *dx, size_t outer, size_t inner))                         \
    X(void, global_max_forward, (const lanes *x, lanes *y, size_t outer, size_t inner))                                \
    X(void, global_max_gradient,                                                                                       \
      (const lanes *dy, const lanes *x, const lanes *y, lanes *dx, size_t outer, size_t inner))                        \
    /* resample.c */                                                                                                   \
    X(void, resample, (const resampling *r, const lanes *x, lanes *y, size_t channels))                                \
    X(void, resample_gradient, (const resampling *r, const lanes *dy, lanes *dx, size_t channels))                     \
    /* elementwise.c */                                                                                                \
    X(void, fill, (lanes * y, size_t count, real number))                                                              \
    X(void, add, (const lanes *a, const lanes *b, lanes *y, size_t count))              /* y may be a or b */          \
    X(void, scale_offset, (const lanes *x, lanes *y, size_t count, real scale, real offset)) /* x * scale + offset */   \
    X(void, subtract, (const lanes *a, const lanes *b, lanes *y, size_t count))         /* y may be a or b */          \
    X(void, multiply, (const lanes *a, const lanes *b, lanes *y, size_t count))         /* y may be a or b */          \
    X(void, maximum, (const lanes *a, const lanes *b, lanes *y, size_t count))          /* y may be a or b */          \
    X(void, minimum, (const lanes *a, const lanes *b, lanes *y, size_t count))          /* y may be a or b */          \
    /* where x is y, what is left goes to dx and nothing stays; elsewhere dx is 0 */                                   \
    X(void, take_where_equal, (const lanes *x, const lanes *y, lanes *left, lanes *dx, size_t count))                  \
    /* y[e] = x[index[e]]; its gradient for an index that holds each place once */                                     \
    X(void, gather, (const lanes *x, const uint32_t *index, lanes *y, size_t count))                                   \
    X(void, scatter, (const lanes *x, const uint32_t *index, lanes *y, size_t count))   /* y[index[e]] = x[e] */       \
    /* y[index[e]] += x[e], in the order of e */                                                                       \
    X(void, scatter_add, (const lanes *x, const uint32_t *index, lanes *y, size_t count))                              \
    /* dropout.c: a factor for each number: scale where the word is at least limit, else 0; the word of lane r in        \
     * element e is that of row rows[r] and element index[e], as base/random.h's random_word gives it */               \
    X(void, dropout_mask,                                                                                              \
      (uint64_t key, uint32_t hash, uint32_t epoch, const uint32_t rows[LANES], const uint32_t *index, uint64_t limit, \
       real scale, lanes *mask, size_t count))                                                                         \
    /* softmax.c: along the middle axis of [outer][n][inner]; y may be x, dx may be dy */                              \
    X(void, softmax_forward, (const lanes *x, lanes *y, size_t outer, size_t n, size_t inner))                         \
    X(void, softmax_gradient, (const lanes *dy, const lanes *y, lanes *dx, size_t outer, size_t n, size_t inner))      \
    X(void, log_softmax_forward, (const lanes *x, lanes *y, size_t outer, size_t n, size_t inner))                     \
    X(void, log_softmax_gradient, (const lanes *dy, const lanes *y, lanes *dx, size_t outer, size_t n, size_t inner))  \
    /* normalise.c: per channel of [outer][channels][inner] over the block's first rows lanes, in double */            \
    X(void, channel_sums, (const lanes *x, size_t outer, size_t channels, size_t inner, size_t rows, double *sums))    \
    X(void, channel_pair_sums, /* of a, and behind them of a * b */                                                    \
      (const lanes *a, const lanes *b, size_t outer, size_t channels, size_t inner, size_t rows, double *sums))        \
    X(void, channel_affine, /* y = x * scale[c] + offset[c]; y may be x */                                             \
      (const lanes *x, lanes *y, size_t outer, size_t channels, size_t inner, const real *scale, const real *offset))  \
    X(void, channel_combine, /* y = a * p[c] + b * q[c] + r[c]; y may be a or b */                                     \
      (const lanes *a, const lanes *b, lanes *y, size_t outer, size_t channels, size_t inner, const real *p,           \
       const real *q, const real *r))                                                                                  \
    /* gamma, beta NULL: 1, 0. gradients of gamma and beta: sums over the block's first rows lanes; NULL: not wanted */ \
    X(void, normalise, (const normalisation *s, const lanes *x, const real *gamma, const real *beta, lanes *y))        \
    X(void, normalise_gradient,                                                                                        \
      (const normalisation *s, const lanes *x, const lanes *dy, const real *gamma, lanes *dx))                         \
    X(void, normalise_weights,                                                                                         \
      (const normalisation *s, const lanes *x, const lanes *dy, size_t rows, double *d_gamma, double *d_beta))         \
    /* prelu.c: x or, below 0, alpha[index[e]] * x; d_alpha[index[e]] is added to */                                   \
    X(void, prelu_forward, (const lanes *x, const real *alpha, const uint32_t *index, lanes *y, size_t count))         \
    X(void, prelu_gradient,                                                                                            \
      (const lanes *dy, const lanes *x, const real *alpha, const uint32_t *index, lanes *dx, size_t count))            \
    X(void, prelu_weights,                                                                                             \
      (const lanes *dy, const lanes *x, const uint32_t *index, size_t rows, size_t count, real *d_alpha))              \
    /* map.c: maps holds one for each lane */                                                                          \
    X(void, map_pictures, (const mapping *m, const linear_map maps[LANES], const lanes *x, lanes *y))                  \
    X(void, map_pictures_gradient, (const mapping *m, const linear_map maps[LANES], const lanes *dy, lanes *dx))       \
    /* convert.c */                                                                                                    \
    X(void, load_bytes,                                                                                                \
      (const uint8_t *const rows[LANES], const uint32_t *index, const real table[256], lanes *y, size_t count))        \
    X(void, load_floats, (const float *const rows[LANES], const uint32_t *index, real scale, lanes *y, size_t count))  \
    X(void, store_floats, (const lanes *x, const uint32_t *index, float *const rows[LANES], size_t row_count, size_t count)) \
    /* losses.c: values and gradients of one block; formulas: train/loss.c */                                          \
    LOSS_KERNELS(X)                                                                                                    \
    /* optimizer.c: over count numbers; parameters and slots as in Keras' rules (train/optimizers.c) */                \
    X(void, add_into, (real *sum, const real *g, size_t count))                                                        \
    X(void, scale_into, (real *g, real factor, size_t count))                                                          \
    X(void, clip_into, (real *g, real limit, size_t count))                                                            \
    X(void, add_scaled_into, (real *g, const real *w, real factor, size_t count)) /* g += factor * w */                \
    X(void, add_sign_into, (real *g, const real *w, real factor, size_t count))   /* g += factor * sign(w) */          \
    X(double, square_sum, (const real *g, size_t count))                                                               \
    X(double, absolute_sum, (const real *g, size_t count))                                                             \
    X(void, sgd_step, (real *w, const real *g, size_t count, real rate))                                               \
    X(void, momentum_step, (real *w, const real *g, real *m, size_t count, real rate, real momentum, bool nesterov))   \
    X(void, adam_step,                                                                                                 \
      (real *w, const real *g, real *m, real *v, real *v_hat, size_t count, real rate, real one_minus_beta_1,          \
       real one_minus_beta_2, real epsilon)) /* v_hat NULL: no amsgrad */                                              \
    X(void, rmsprop_step, /* m, a NULL: no momentum, not centered */                                                   \
      (real *w, const real *g, real *v, real *m, real *a, size_t count, real rate, double rho, real momentum,          \
       real epsilon))

#define EVERY_KERNEL(X)                                                                                                \
    KERNELS(X)                                                                                                         \
    KERNELS_OF_ACTIVATIONS(X)

/* Those with parameters: general_relu(slope, most, threshold), leaky_relu(slope), elu(alpha), celu(alpha),
 * soft_shrink(threshold), hard_shrink(threshold), squareplus(b), threshold(threshold, value). */
#define KERNELS_OF_ACTIVATIONS(X)                                                                                      \
    ACTIVATION_KERNELS(X, linear) ACTIVATION_KERNELS(X, relu) ACTIVATION_KERNELS(X, general_relu)                      \
    ACTIVATION_KERNELS(X, relu6) ACTIVATION_KERNELS(X, leaky_relu) ACTIVATION_KERNELS(X, elu)                          \
    ACTIVATION_KERNELS(X, celu) ACTIVATION_KERNELS(X, selu) ACTIVATION_KERNELS(X, gelu)                                \
    ACTIVATION_KERNELS(X, gelu_tanh) ACTIVATION_KERNELS(X, sigmoid) ACTIVATION_KERNELS(X, tanh)                        \
    ACTIVATION_KERNELS(X, silu) ACTIVATION_KERNELS(X, hard_sigmoid) ACTIVATION_KERNELS(X, hard_silu)                   \
    ACTIVATION_KERNELS(X, softplus) ACTIVATION_KERNELS(X, mish) ACTIVATION_KERNELS(X, log_sigmoid)                     \
    ACTIVATION_KERNELS(X, softsign) ACTIVATION_KERNELS(X, exponential) ACTIVATION_KERNELS(X, hard_tanh)                \
    ACTIVATION_KERNELS(X, tanh_shrink) ACTIVATION_KERNELS(X, soft_shrink) ACTIVATION_KERNELS(X, hard_shrink)           \
    ACTIVATION_KERNELS(X, squareplus) ACTIVATION_KERNELS(X, threshold) ACTIVATION_KERNELS(X, sparse_plus)              \
    ACTIVATION_KERNELS(X, sparse_sigmoid)
/* clang-format on */

typedef struct kernel_table {
    const char *name; /* "portable", "avx2", "avx512" */
#define MEMBER_OF_TABLE(type, name, arguments) type(*name) arguments;
    EVERY_KERNEL(MEMBER_OF_TABLE)
#undef MEMBER_OF_TABLE
} kernel_table;

/* The table in use. Chosen once, by kernels_choose; never written again. */
extern const kernel_table *kernels;

/* Chooses by the CPU, or as the environment variable CEPA_CPU demands; fails where the machine lacks what it names, and
 * where CEPA_CONV is neither "auto" nor "direct". Any number of calls, from any thread. */
cepa_status kernels_choose(cepa_error *error);

/* Whether CEPA_CONV demands that layers set conv_shape.direct; known once kernels_choose has been called. */
bool conv_direct_wanted(void);

/* A table by name, NULL where this build or this machine does not have it: for the tests. */
const kernel_table *kernels_named(const char *name);

/* Names of functions inside the files that are compiled once for each instruction set. */
#ifdef KERNEL_SUFFIX
#define KERNEL_JOIN_(name, suffix)            name##_##suffix
#define KERNEL_JOIN(name, suffix)             KERNEL_JOIN_(name, suffix)
#define KERNEL(name)                          KERNEL_JOIN(name, KERNEL_SUFFIX)
#define DECLARE_KERNEL(type, name, arguments) type KERNEL(name) arguments;
EVERY_KERNEL(DECLARE_KERNEL)
#undef DECLARE_KERNEL
#endif

#endif
