/* DepthwiseConv1D, DepthwiseConv2D: a correlation of each channel by itself with depth_multiplier filters, plus bias:
 * as many groups as channels.  Keras: keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D. */
#include "layers/correlation.h"

#define DEPTHWISE_FIELDS(options_)                                                                                     \
    INTS(options_, kernel_size, .required = true, .min = 1, .max = 1e6),                                               \
        INTS(options_, strides, .preset = 1, .min = 1, .max = 1e6),                                                    \
        CHOICE(options_, padding, .preset_text = "valid", .choices = paddings),                                        \
        INT(options_, depth_multiplier, .preset = 1, .min = 1, .max = 1e6), DATA_FORMAT,                               \
        INTS(options_, dilation_rate, .preset = 1, .min = 1, .max = 1e6),                                              \
        MEMBER(options_, activation, &activation_family, .optional = true), FLAG(options_, use_bias, .preset = 1),     \
        MEMBER(options_, depthwise_initializer, &initializer_family, .preset_text = "glorot_uniform"),                 \
        MEMBER(options_, bias_initializer, &initializer_family, .preset_text = "zeros"),                               \
        MEMBER(options_, depthwise_regularizer, &regularizer_family, .optional = true),                                \
        MEMBER(options_, bias_regularizer, &regularizer_family, .optional = true),                                     \
        MEMBER(options_, activity_regularizer, &regularizer_family, .optional = true),                                 \
        MEMBER(options_, depthwise_constraint, &constraint_family, .optional = true),                                  \
        MEMBER(options_, bias_constraint, &constraint_family, .optional = true), END_OF_FIELDS

static const field fields1d[] = {DEPTHWISE_FIELDS(cepa_depthwise_conv1d_options)};
static const field fields2d[] = {DEPTHWISE_FIELDS(cepa_depthwise_conv2d_options)};

/* c: what the layer says of its windows, without filters and groups. */
static bool declare(shape_pass *p, convolution c, int depth_multiplier, const kernel_texts *texts)
{
    conv_shape s;
    if (!need_axes(p, c.axes) || !need_size(p, c.axes)) return false;
    int channels = p->input->size[c.axes];
    if (depth_multiplier > INT32_MAX / channels) return refuse(p, "its output would be too large");
    c.filters = channels * depth_multiplier;
    c.groups = channels;
    if (!fit_convolution(p, &c, &s)) return false;
    shape kernel = kernel_shape(&c, channels, depth_multiplier);
    return declare_correlation(p, &s, &kernel, texts);
}

#define DECLARE(p, o, axes_)                                                                                           \
    declare(p, (convolution){axes_, (o)->kernel_size, (o)->strides, (o)->dilation_rate, (o)->padding, 0, 0},           \
            (o)->depth_multiplier,                                                                                     \
            &(kernel_texts){(o)->use_bias == CEPA_TRUE, (o)->depthwise_initializer, (o)->bias_initializer,             \
                            (o)->depthwise_regularizer, (o)->bias_regularizer, (o)->depthwise_constraint,              \
                            (o)->bias_constraint, NULL})

static bool shape1d(shape_pass *p)
{
    const cepa_depthwise_conv1d_options *o = p->options;
    return DECLARE(p, o, 1);
}

static bool shape2d(shape_pass *p)
{
    const cepa_depthwise_conv2d_options *o = p->options;
    return DECLARE(p, o, 2);
}

const layer_class depthwise_conv1d = {
    .kind = LAYER("DepthwiseConv1D", fields1d, cepa_depthwise_conv1d_options),
    .shape = shape1d,
    CORRELATION_PASSES,
    .takes_activation = true,
};
const layer_class depthwise_conv2d = {
    .kind = LAYER("DepthwiseConv2D", fields2d, cepa_depthwise_conv2d_options),
    .shape = shape2d,
    CORRELATION_PASSES,
    .takes_activation = true,
};
