/* Conv1D, Conv2D: a correlation with filters, plus bias.  Keras: keras.layers.Conv1D, keras.layers.Conv2D. */
#include "layers/correlation.h"

#define CONVOLUTION_FIELDS(options_, paddings_)                                                                        \
    INT(options_, filters, .required = true, .min = 1, .max = 1e6),                                                    \
        INTS(options_, kernel_size, .required = true, .min = 1, .max = 1e6),                                           \
        INTS(options_, strides, .preset = 1, .min = 1, .max = 1e6),                                                    \
        CHOICE(options_, padding, .preset_text = "valid", .choices = paddings_), DATA_FORMAT,                          \
        INTS(options_, dilation_rate, .preset = 1, .min = 1, .max = 1e6),                                              \
        INT(options_, groups, .preset = 1, .min = 1, .max = 1e6), KERNEL_FIELDS(options_), END_OF_FIELDS

#define CONVOLUTION_OF(o, axes_)                                                                                       \
    (&(convolution){axes_, (o)->kernel_size, (o)->strides, (o)->dilation_rate, (o)->padding, (o)->filters, (o)->groups})

static const field conv1d_fields[] = {CONVOLUTION_FIELDS(cepa_conv1d_options, paddings_of_steps)};
static const field conv2d_fields[] = {CONVOLUTION_FIELDS(cepa_conv2d_options, paddings)};

static bool declare(shape_pass *p, const convolution *c, const kernel_texts *texts)
{
    conv_shape s;
    if (!fit_convolution(p, c, &s)) return false;
    shape kernel = kernel_shape(c, (int)(s.in_channels / s.groups), c->filters);
    return declare_correlation(p, &s, &kernel, texts);
}

static bool conv1d_shape(shape_pass *p)
{
    const cepa_conv1d_options *o = p->options;
    return declare(p, CONVOLUTION_OF(o, 1), KERNEL_TEXTS(o));
}

static bool conv2d_shape(shape_pass *p)
{
    const cepa_conv2d_options *o = p->options;
    return declare(p, CONVOLUTION_OF(o, 2), KERNEL_TEXTS(o));
}

const layer_class conv1d = {
    .kind = {.name = "Conv1D",
             .aliases = (const char *const[]){"Convolution1D", NULL},
             .fields = conv1d_fields,
             .options_size = sizeof(cepa_conv1d_options),
             .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = conv1d_shape,
    CORRELATION_PASSES,
    .takes_activation = true,
};

const layer_class conv2d = {
    .kind = {.name = "Conv2D",
             .aliases = (const char *const[]){"Convolution2D", NULL},
             .fields = conv2d_fields,
             .options_size = sizeof(cepa_conv2d_options),
             .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = conv2d_shape,
    CORRELATION_PASSES,
    .takes_activation = true,
};
