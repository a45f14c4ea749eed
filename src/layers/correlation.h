/* What Dense and the convolutions are: a correlation with filters, plus bias. */
#ifndef LAYERS_CORRELATION_H
#define LAYERS_CORRELATION_H

#include "layers/layers.h"

/* The texts among CEPA_KERNEL_OPTIONS that concern the weights. */
typedef struct kernel_texts {
    bool use_bias;
    const char *kernel_initializer, *bias_initializer, *kernel_regularizer, *bias_regularizer, *kernel_constraint,
        *bias_constraint;
    const char *name; /* of the kernel; NULL: "kernel" */
} kernel_texts;

#define KERNEL_TEXTS(o)                                                                                                \
    (&(kernel_texts){(o)->use_bias == CEPA_TRUE, (o)->kernel_initializer, (o)->bias_initializer,                       \
                     (o)->kernel_regularizer, (o)->bias_regularizer, (o)->kernel_constraint, (o)->bias_constraint,     \
                     NULL})

/* What the convolutions say of their windows; sizes one for each axis. */
typedef struct convolution {
    size_t axes; /* 1 to 3 */
    const int *kernel_size, *strides, *dilation_rate;
    const char *padding;
    int filters, groups;
} convolution;

#define CONVOLUTION_FIELDS(options_, paddings_)                                                                        \
    INT(options_, filters, .required = true, .min = 1, .max = 1e6),                                                    \
        INTS(options_, kernel_size, .required = true, .min = 1, .max = 1e6),                                           \
        INTS(options_, strides, .preset = 1, .min = 1, .max = 1e6),                                                    \
        CHOICE(options_, padding, .preset_text = "valid", .choices = paddings_), DATA_FORMAT,                          \
        INTS(options_, dilation_rate, .preset = 1, .min = 1, .max = 1e6),                                              \
        INT(options_, groups, .preset = 1, .min = 1, .max = 1e6), KERNEL_FIELDS(options_), END_OF_FIELDS

#define CONVOLUTION_OF(o, axes_)                                                                                       \
    (&(convolution){axes_, (o)->kernel_size, (o)->strides, (o)->dilation_rate, (o)->padding, (o)->filters, (o)->groups})

#define TRANSPOSE_FIELDS(options_)                                                                                     \
    INT(options_, filters, .required = true, .min = 1, .max = 1e6),                                                    \
        INTS(options_, kernel_size, .required = true, .min = 1, .max = 1e6),                                           \
        INTS(options_, strides, .preset = 1, .min = 1, .max = 1e6),                                                    \
        CHOICE(options_, padding, .preset_text = "valid", .choices = paddings),                                        \
        WEIGHT_AXES(options_, output_padding, .optional = true, .min = 0, .max = 1e6), DATA_FORMAT,                    \
        INTS(options_, dilation_rate, .preset = 1, .min = 1, .max = 1e6), KERNEL_FIELDS(options_), END_OF_FIELDS

#define TRANSPOSE_OF(o, axes_)                                                                                         \
    (&(convolution){axes_, (o)->kernel_size, (o)->strides, (o)->dilation_rate, (o)->padding, (o)->filters, 1})

/* A correlation with the windows of two axes, and one of 1 x 1. */
conv_shape conv_shape_of(const window axis[2], size_t in_channels, size_t out_channels, size_t groups);
conv_shape pointwise_shape(size_t height, size_t width, size_t in_channels, size_t out_channels);

/* Fits the windows to the input: fills the output's shape and a window for each axis. */
bool fit_windows(shape_pass *p, const convolution *o, window *axis);
/* The same of one or two axes: fills *s. */
bool fit_convolution(shape_pass *p, const convolution *o, conv_shape *s);
/* The windows of a transposed convolution, which lead from its output back to its input; output_padding as a
 * WEIGHT_AXES field holds it. Fills the output's shape. */
bool open_windows(shape_pass *p, const convolution *o, const int *output_padding, window *axis);

/* The shape of a kernel: its sizes and two numbers of channels. */
shape kernel_shape(const convolution *o, int before_last, int last);

/* Declares kernel (of the given shape) and bias of so many channels. */
void declare_kernel_and_bias(shape_pass *p, const shape *kernel, int channels, const kernel_texts *texts);

/* The bias of a layer whose convolution runs backwards: y + bias, and the sums of dy; scratch: a double a channel. */
void add_bias(lanes *y, const real *bias, size_t channels, size_t positions, void *scratch);
void sum_bias(const lanes *dy, real *d_bias, size_t channels, size_t positions, size_t rows, void *scratch);

/* Declares kernel (of the given shape) and bias, the packed form and the splits. */
bool declare_correlation(shape_pass *p, const conv_shape *s, const shape *kernel, const kernel_texts *texts);

layer_ways correlation_ways(const void *geometry);
layer_pass correlation_forward, correlation_gradient_inputs, correlation_gradient_weights;
layer_pass correlation_forward_apart, correlation_pack_forward, correlation_pack_gradient, correlation_pack_apart;
/* With relu behind it. */
layer_pass correlation_relu_forward, correlation_relu_forward_apart;
/* With relu and the maximum of 2 x 2 windows behind it, where correlation_pools; kept is theirs. */
bool correlation_pools(const void *geometry);
layer_pass correlation_pooled_forward, correlation_pooled_forward_apart, correlation_pooled_gradient_inputs,
    correlation_pooled_gradient_weights;

#define CORRELATION_PASSES                                                                                             \
    .forward = correlation_forward, .forward_apart = correlation_forward_apart,                                        \
    .gradient_inputs = correlation_gradient_inputs, .gradient_weights = correlation_gradient_weights,                  \
    .weights_need = NEEDS_INPUT, .ways = correlation_ways,                                                             \
    .pack = {[PASS_FORWARD] = correlation_pack_forward,                                                                \
             [PASS_GRADIENT_INPUTS] = correlation_pack_gradient,                                                       \
             [PASS_FORWARD_APART] = correlation_pack_apart}

#endif
