/* Conv2DTranspose: what a Conv2D with the same windows, from its output's size to its input's, does with a gradient:
 * each pixel of the input is scattered over a window of the output.  Keras: keras.layers.Conv2DTranspose. */
#include "layers/correlation.h"

#include <string.h>

typedef cepa_conv2d_transpose_options options;

static const field fields[] = {INT(options, filters, .required = true, .min = 1, .max = 1e6),
                               INTS(options, kernel_size, .required = true, .min = 1, .max = 1e6),
                               INTS(options, strides, .preset = 1, .min = 1, .max = 1e6),
                               CHOICE(options, padding, .preset_text = "valid", .choices = paddings),
                               WEIGHT_AXES(options, output_padding, .optional = true, .min = 0, .max = 1e6),
                               DATA_FORMAT,
                               INTS(options, dilation_rate, .preset = 1, .min = 1, .max = 1e6),
                               KERNEL_FIELDS(options),
                               END_OF_FIELDS};

typedef struct geometry {
    conv_shape shape; /* of the Conv2D: from this layer's output to its input */
    bool bias;
} geometry;

/* The output's size along an axis; further: output_padding, -1 where it is None. */
static int64_t open_size(const options *o, int i, int in, int further)
{
    bool same = strcmp(o->padding, "same") == 0;
    int64_t stride = o->strides[i], extent = (int64_t)(o->kernel_size[i] - 1) * o->dilation_rate[i] + 1;
    if (further >= 0) return (in - 1) * stride + extent - (same ? extent / 2 * 2 : 0) + further;
    return in * stride + (same || extent < stride ? 0 : extent - stride);
}

/* The windows along an axis that lead from the output to the input. */
static bool open_window(shape_pass *p, int i, window *w)
{
    const options *o = OPTIONS(p);
    const int *stored = o->output_padding;
    int in = p->input->size[i], further = stored[i && stored[1] ? 1 : 0] - 1;
    int64_t out = in == CEPA_UNKNOWN ? CEPA_UNKNOWN : open_size(o, i, in, further);
    if (further >= o->strides[i])
        return refuse(p, "output_padding %d must be below the stride %d", further, o->strides[i]);
    if (out > INT32_MAX) return refuse(p, "its output would be too large");
    bool fits = (out > 0 || in == CEPA_UNKNOWN) &&
                window_fit(w, (int)out, o->kernel_size[i], o->strides[i], o->dilation_rate[i], o->padding);
    if (fits && (int)w->out == in) return true;
    return refuse(p, "with output_padding %d no output leads back to its input's %d", further, in);
}

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    window axis[2];
    if (!need_axes(p, 2) || !need_size(p, 2)) return false;
    int channels = p->input->size[2];
    if (!strides_or_dilation(p, o->strides, o->dilation_rate, 2)) return false;
    for (int i = 0; i < 2; i++)
        if (!open_window(p, i, &axis[i])) return false;
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    g->bias = o->use_bias == CEPA_TRUE;
    g->shape = conv_shape_of(axis, (size_t)o->filters, (size_t)channels, 1);
    p->output[0] = (shape){3, {(int)axis[0].in, (int)axis[1].in, o->filters}};
    declare_kernel_and_bias(p, &(shape){4, {o->kernel_size[0], o->kernel_size[1], o->filters, channels}}, o->filters,
                            KERNEL_TEXTS(o));
    if (!g->shape.out_height || !g->shape.out_width) return true; /* unknown: nothing will run */
    declare_packed(p, PASS_FORWARD, kernels->conv_packed_size(&g->shape, true));
    declare_packed(p, PASS_GRADIENT_INPUTS, kernels->conv_packed_size(&g->shape, false));
    declare_scratch(p, kernels->conv_scratch_size(&g->shape) + (size_t)o->filters * sizeof(double));
    return true;
}

static void pack_forward(const layer_call *c) { kernels->conv_pack(&GEOMETRY(c)->shape, c->w[0], true, c->packed); }

static void pack_gradient(const layer_call *c) { kernels->conv_pack(&GEOMETRY(c)->shape, c->w[0], false, c->packed); }

/* For all passes of the Conv2D, whose channels are done all at once. */
static conv_call call_of(const layer_call *c, size_t channels)
{
    return (conv_call){.filters = c->w[0], .packed = c->packed, .scratch = c->scratch, .last = channels};
}

static void forward(const layer_call *c)
{
    const conv_shape *s = &GEOMETRY(c)->shape;
    conv_call call = call_of(c, s->in_channels);
    call.dy = c->x[0];
    call.dx = c->y[0];
    kernels->conv_gradient_inputs(s, &call);
    if (!GEOMETRY(c)->bias) return;
    real *ones = c->scratch;
    for (size_t i = 0; i < s->in_channels; i++) ones[i] = 1;
    kernels->channel_affine(c->y[0], c->y[0], 1, s->in_channels, s->in_height * s->in_width, ones, c->w[1]);
}

static void gradient_inputs(const layer_call *c)
{
    const conv_shape *s = &GEOMETRY(c)->shape;
    conv_call call = call_of(c, s->out_channels);
    call.x = c->dy[0];
    call.y = c->dx[0];
    kernels->conv_forward(s, &call);
}

static void gradient_weights(const layer_call *c)
{
    const conv_shape *s = &GEOMETRY(c)->shape;
    conv_call call = call_of(c, s->out_channels);
    call.x = c->dy[0];
    call.dy = c->x[0];
    call.d_filters = c->dw[0];
    if (c->dw[0]) kernels->conv_gradient_weights(s, &call);
    if (!GEOMETRY(c)->bias || !c->dw[1]) return;
    double *sums = c->scratch;
    kernels->channel_sums(c->dy[0], 1, s->in_channels, s->in_height * s->in_width, c->rows, sums);
    for (size_t i = 0; i < s->in_channels; i++) c->dw[1][i] = (real)sums[i];
}

const layer_class conv2d_transpose = {
    .kind = {.name = "Conv2DTranspose",
             .aliases = (const char *const[]){"Convolution2DTranspose", NULL},
             .fields = fields,
             .options_size = sizeof(options),
             .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .gradient_weights = gradient_weights,
    .weights_need = NEEDS_INPUT,
    .pack = {[PASS_FORWARD] = pack_forward, [PASS_GRADIENT_INPUTS] = pack_gradient},
    .takes_activation = true,
};
