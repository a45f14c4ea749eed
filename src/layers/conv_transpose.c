/* Conv1DTranspose, Conv2DTranspose: what a Conv2D with the same windows, from its output's size to its input's, does
 * with a gradient: each pixel of the input is scattered over a window of the output. Keras:
 * keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose. */
#include "layers/correlation.h"

static const field fields1d[] = {TRANSPOSE_FIELDS(cepa_conv1d_transpose_options)};
static const field fields2d[] = {TRANSPOSE_FIELDS(cepa_conv2d_transpose_options)};

typedef struct geometry {
    conv_shape shape; /* of the Conv2D: from this layer's output to its input */
    bool bias;
} geometry;

static bool declare(shape_pass *p, const convolution *o, const int *output_padding, const kernel_texts *texts)
{
    window axis[2] = {no_axis, no_axis};
    if (!open_windows(p, o, output_padding, axis + 2 - o->axes)) return false;
    int channels = p->input->size[o->axes];
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    g->bias = texts->use_bias;
    g->shape = conv_shape_of(axis, (size_t)o->filters, (size_t)channels, 1);
    shape kernel = kernel_shape(o, o->filters, channels);
    declare_kernel_and_bias(p, &kernel, o->filters, texts);
    if (!g->shape.out_height || !g->shape.out_width) return true; /* unknown: nothing will run */
    declare_packed(p, PASS_FORWARD, kernels->conv_packed_size(&g->shape, true));
    declare_packed(p, PASS_GRADIENT_INPUTS, kernels->conv_packed_size(&g->shape, false));
    declare_scratch(p, kernels->conv_scratch_size(&g->shape) + (size_t)o->filters * sizeof(double));
    return true;
}

static bool shape1d(shape_pass *p)
{
    const cepa_conv1d_transpose_options *o = p->options;
    return declare(p, TRANSPOSE_OF(o, 1), o->output_padding, KERNEL_TEXTS(o));
}

static bool shape2d(shape_pass *p)
{
    const cepa_conv2d_transpose_options *o = p->options;
    return declare(p, TRANSPOSE_OF(o, 2), o->output_padding, KERNEL_TEXTS(o));
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
    if (GEOMETRY(c)->bias) add_bias(c->y[0], c->w[1], s->in_channels, s->in_height * s->in_width, c->scratch);
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
    if (GEOMETRY(c)->bias && c->dw[1])
        sum_bias(c->dy[0], c->dw[1], s->in_channels, s->in_height * s->in_width, c->rows, c->scratch);
}

#define TRANSPOSE(class_name, alias, axes)                                                                             \
    .kind = LAYER(class_name, fields##axes, cepa_conv##axes##_transpose_options, .aliases = ALIASES(alias)),           \
    .shape = shape##axes, .forward = forward, .gradient_inputs = gradient_inputs,                                      \
    .gradient_weights = gradient_weights, .weights_need = NEEDS_INPUT,                                                 \
    .pack = {[PASS_FORWARD] = pack_forward, [PASS_GRADIENT_INPUTS] = pack_gradient}, .takes_activation = true

const layer_class conv1d_transpose = {TRANSPOSE("Conv1DTranspose", "Convolution1DTranspose", 1d)};
const layer_class conv2d_transpose = {TRANSPOSE("Conv2DTranspose", "Convolution2DTranspose", 2d)};
