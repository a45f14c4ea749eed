/* DepthwiseConv2D: a correlation of each channel by itself with depth_multiplier filters, plus bias: as many groups as
 * channels.  Keras: keras.layers.DepthwiseConv2D. */
#include "layers/correlation.h"

typedef cepa_depthwise_conv2d_options options;

static const field fields[] = {
    INTS(options, kernel_size, .required = true, .min = 1, .max = 1e6),
    INTS(options, strides, .preset = 1, .min = 1, .max = 1e6),
    CHOICE(options, padding, .preset_text = "valid", .choices = paddings),
    INT(options, depth_multiplier, .preset = 1, .min = 1, .max = 1e6),
    DATA_FORMAT,
    INTS(options, dilation_rate, .preset = 1, .min = 1, .max = 1e6),
    MEMBER(options, activation, &activation_family, .optional = true),
    FLAG(options, use_bias, .preset = 1),
    MEMBER(options, depthwise_initializer, &initializer_family, .preset_text = "glorot_uniform"),
    MEMBER(options, bias_initializer, &initializer_family, .preset_text = "zeros"),
    MEMBER(options, depthwise_regularizer, &regularizer_family, .optional = true),
    MEMBER(options, bias_regularizer, &regularizer_family, .optional = true),
    MEMBER(options, activity_regularizer, &regularizer_family, .optional = true),
    MEMBER(options, depthwise_constraint, &constraint_family, .optional = true),
    MEMBER(options, bias_constraint, &constraint_family, .optional = true),
    END_OF_FIELDS};

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    if (!need_axes(p, 2) || !need_size(p, 2)) return false;
    int channels = p->input->size[2];
    if (o->depth_multiplier > INT32_MAX / channels) return refuse(p, "its output would be too large");
    convolution c = {2,       o->kernel_size, o->strides, o->dilation_rate, o->padding, channels * o->depth_multiplier,
                     channels};
    conv_shape s;
    if (!fit_convolution(p, &c, &s)) return false;
    shape kernel = kernel_shape(&c, channels, o->depth_multiplier);
    kernel_texts texts = {o->use_bias == CEPA_TRUE, o->depthwise_initializer, o->bias_initializer,
                          o->depthwise_regularizer, o->bias_regularizer,      o->depthwise_constraint,
                          o->bias_constraint};
    return declare_correlation(p, &s, &kernel, &texts);
}

const layer_class depthwise_conv2d = {
    .kind = {.name = "DepthwiseConv2D", .fields = fields, .options_size = sizeof(options), .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape_of,
    CORRELATION_PASSES,
    .takes_activation = true,
};
