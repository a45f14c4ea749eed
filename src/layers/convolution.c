/* Conv1D, Conv2D: a correlation with filters, plus bias.  Keras: keras.layers.Conv1D, keras.layers.Conv2D. */
#include "layers/correlation.h"

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
    .kind = LAYER("Conv1D", conv1d_fields, cepa_conv1d_options, .aliases = ALIASES("Convolution1D")),
    .shape = conv1d_shape,
    CORRELATION_PASSES,
    .takes_activation = true,
};

const layer_class conv2d = {
    .kind = LAYER("Conv2D", conv2d_fields, cepa_conv2d_options, .aliases = ALIASES("Convolution2D")),
    .shape = conv2d_shape,
    CORRELATION_PASSES,
    .takes_activation = true,
};
