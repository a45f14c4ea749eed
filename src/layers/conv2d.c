/* Conv2D: a correlation with filters, plus bias.  Keras: keras.layers.Conv2D. */
#include "layers/correlation.h"

typedef cepa_conv2d_options options;

static const field fields[] = {INT(options, filters, .required = true, .min = 1, .max = 1e6),
                               INTS(options, kernel_size, .required = true, .min = 1, .max = 1e6),
                               INTS(options, strides, .preset = 1, .min = 1, .max = 1e6),
                               CHOICE(options, padding, .preset_text = "valid", .choices = paddings),
                               DATA_FORMAT,
                               INTS(options, dilation_rate, .preset = 1, .min = 1, .max = 1e6),
                               INT(options, groups, .preset = 1, .min = 1, .max = 1e6),
                               KERNEL_FIELDS(options),
                               END_OF_FIELDS};

static bool fit_windows(shape_pass *p, window axis[2])
{
    const options *o = OPTIONS(p);
    const int *in = p->input->size;
    bool strided = o->strides[0] > 1 || o->strides[1] > 1, dilated = o->dilation_rate[0] > 1 || o->dilation_rate[1] > 1;
    if (strided && dilated) return refuse(p, "strides and dilation_rate may not both be above 1");
    for (int i = 0; i < 2; i++)
        if (!window_fit(&axis[i], in[i], o->kernel_size[i], o->strides[i], o->dilation_rate[i], o->padding))
            return refuse(p, "kernel %dx%d does not fit its input %dx%d (padding '%s')", o->kernel_size[0],
                          o->kernel_size[1], in[0], in[1], o->padding);
    return true;
}

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    window axis[2];
    if (!need_image(p) || !need_size(p, 2) || !fit_windows(p, axis)) return false;
    int channels = p->input->size[2];
    if (channels % o->groups || o->filters % o->groups)
        return refuse(p, "groups=%d must divide its %d input channels and its %d filters", o->groups, channels,
                      o->filters);
    p->output[0] = (shape){3, {(int)axis[0].out, (int)axis[1].out, o->filters}};
    shape kernel = {4, {o->kernel_size[0], o->kernel_size[1], channels / o->groups, o->filters}};
    conv_shape s = {
        .in_height = axis[0].in,
        .in_width = axis[1].in,
        .in_channels = (size_t)channels,
        .out_height = axis[0].out,
        .out_width = axis[1].out,
        .out_channels = (size_t)o->filters,
        .kernel_height = axis[0].size,
        .kernel_width = axis[1].size,
        .stride_height = axis[0].stride,
        .stride_width = axis[1].stride,
        .dilation_height = axis[0].dilation,
        .dilation_width = axis[1].dilation,
        .pad_top = axis[0].before,
        .pad_left = axis[1].before,
        .groups = (size_t)o->groups,
    };
    return declare_correlation(p, &s, &kernel, KERNEL_TEXTS(o));
}

const layer_class conv2d = {
    .kind = {.name = "Conv2D",
             .aliases = (const char *const[]){"Convolution2D", NULL},
             .fields = fields,
             .options_size = sizeof(options),
             .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape_of,
    CORRELATION_PASSES,
    .takes_activation = true,
};
