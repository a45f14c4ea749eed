#include "layers/correlation.h"

#include <string.h>

typedef struct geometry {
    conv_shape shape;
    bool bias;
} geometry;

/* Refuses strides and dilation that are both above 1. */
static bool strides_or_dilation(shape_pass *p, const int *strides, const int *dilation_rate, size_t axes)
{
    bool strided = false, dilated = false;
    for (size_t i = 0; i < axes; i++) {
        strided = strided || strides[i] > 1;
        dilated = dilated || dilation_rate[i] > 1;
    }
    return !(strided && dilated) || refuse(p, "strides and dilation_rate may not both be above 1");
}

conv_shape conv_shape_of(const window axis[2], size_t in_channels, size_t out_channels, size_t groups)
{
    return (conv_shape){
        .in_height = axis[0].in,
        .in_width = axis[1].in,
        .in_channels = in_channels,
        .out_height = axis[0].out,
        .out_width = axis[1].out,
        .out_channels = out_channels,
        .kernel_height = axis[0].size,
        .kernel_width = axis[1].size,
        .stride_height = axis[0].stride,
        .stride_width = axis[1].stride,
        .dilation_height = axis[0].dilation,
        .dilation_width = axis[1].dilation,
        .pad_top = axis[0].before,
        .pad_left = axis[1].before,
        .groups = groups,
        .direct = conv_direct_wanted(),
    };
}

conv_shape pointwise_shape(size_t height, size_t width, size_t in_channels, size_t out_channels)
{
    window axis[2] = {no_axis, no_axis};
    axis[0].in = axis[0].out = height;
    axis[1].in = axis[1].out = width;
    return conv_shape_of(axis, in_channels, out_channels, 1);
}

bool fit_windows(shape_pass *p, const convolution *o, window *axis)
{
    if (!need_axes(p, o->axes) || !need_size(p, o->axes)) return false;
    if (!strides_or_dilation(p, o->strides, o->dilation_rate, o->axes)) return false;
    const int *in = p->input->size, channels = in[o->axes];
    p->output[0] = *p->input;
    for (size_t i = 0; i < o->axes; i++) {
        if (!window_fit(&axis[i], in[i], o->kernel_size[i], o->strides[i], o->dilation_rate[i], o->padding))
            return refuse_windows(p, "kernel", o->kernel_size, o->axes, o->padding);
        p->output[0].size[i] = (int)axis[i].out;
    }
    if (channels % o->groups || o->filters % o->groups)
        return refuse(p, "groups=%d must divide its %d input channels and its %d filters", o->groups, channels,
                      o->filters);
    p->output[0].size[o->axes] = o->filters;
    return true;
}

bool fit_convolution(shape_pass *p, const convolution *o, conv_shape *s)
{
    window axis[2] = {no_axis, no_axis};
    if (!fit_windows(p, o, axis + 2 - o->axes)) return false;
    *s = conv_shape_of(axis, (size_t)p->input->size[o->axes], (size_t)o->filters, (size_t)o->groups);
    return true;
}

/* The output's size along an axis of a transposed convolution; further: output_padding, -1 where it is None. */
static int64_t open_size(const convolution *o, size_t i, int in, int further)
{
    bool same = strcmp(o->padding, "same") == 0;
    int64_t stride = o->strides[i], extent = (int64_t)(o->kernel_size[i] - 1) * o->dilation_rate[i] + 1;
    if (further >= 0) return (in - 1) * stride + extent - (same ? extent / 2 * 2 : 0) + further;
    return in * stride + (same || extent < stride ? 0 : extent - stride);
}

static bool open_window(shape_pass *p, const convolution *o, size_t i, int further, window *w)
{
    int in = p->input->size[i];
    int64_t out = in == CEPA_UNKNOWN ? CEPA_UNKNOWN : open_size(o, i, in, further);
    if (further >= o->strides[i])
        return refuse(p, "output_padding %d must be below the stride %d", further, o->strides[i]);
    if (out > INT32_MAX) return refuse(p, "its output would be too large");
    bool fits = (out > 0 || in == CEPA_UNKNOWN) &&
                window_fit(w, (int)out, o->kernel_size[i], o->strides[i], o->dilation_rate[i], o->padding);
    if (fits && (int)w->out == in) return true;
    return refuse(p, "with output_padding %d no output leads back to its input's %d", further, in);
}

bool open_windows(shape_pass *p, const convolution *o, const int *output_padding, window *axis)
{
    if (!need_axes(p, o->axes) || !need_size(p, o->axes)) return false;
    if (!strides_or_dilation(p, o->strides, o->dilation_rate, o->axes)) return false;
    p->output[0] = *p->input;
    p->output[0].size[o->axes] = o->filters;
    for (size_t i = 0; i < o->axes; i++) {
        int further = (output_padding[i] ? output_padding[i] : output_padding[0]) - 1;
        if (!open_window(p, o, i, further, &axis[i])) return false;
        p->output[0].size[i] = (int)axis[i].in;
    }
    return true;
}

shape kernel_shape(const convolution *o, int before_last, int last)
{
    shape s = {.rank = o->axes + 2};
    for (size_t i = 0; i < o->axes; i++) s.size[i] = o->kernel_size[i];
    s.size[o->axes] = before_last;
    s.size[o->axes + 1] = last;
    return s;
}

void declare_kernel_and_bias(shape_pass *p, const shape *kernel, int channels, const kernel_texts *texts)
{
    declare_weight(p, &(weight_spec){.name = texts->name ? texts->name : "kernel",
                                     .shape = *kernel,
                                     .initializer = texts->kernel_initializer,
                                     .regularizer = texts->kernel_regularizer,
                                     .constraint = texts->kernel_constraint});
    if (texts->use_bias)
        declare_weight(p, &(weight_spec){.name = "bias",
                                         .shape = {1, {channels}},
                                         .initializer = texts->bias_initializer,
                                         .regularizer = texts->bias_regularizer,
                                         .constraint = texts->bias_constraint});
}

void add_bias(lanes *y, const real *bias, size_t channels, size_t positions, void *scratch)
{
    real *ones = scratch;
    for (size_t i = 0; i < channels; i++) ones[i] = 1;
    kernels->channel_affine(y, y, 1, channels, positions, ones, bias);
}

void sum_bias(const lanes *dy, real *d_bias, size_t channels, size_t positions, size_t rows, void *scratch)
{
    double *sums = scratch;
    kernels->channel_sums(dy, 1, channels, positions, rows, sums);
    for (size_t i = 0; i < channels; i++) d_bias[i] = (real)sums[i];
}

/* Whether the forward pass is divided by rows, which costs nothing, and not by filters, each part of which reads or
 * transforms all of its input. */
static bool splits_rows(const conv_shape *s)
{
    enum { LEAST_PAIRS = 4 };
    return conv_row_pairs(s) >= LEAST_PAIRS;
}

bool declare_correlation(shape_pass *p, const conv_shape *s, const shape *kernel, const kernel_texts *texts)
{
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    *g = (geometry){.shape = *s, .bias = texts->use_bias};
    s = &g->shape;
    declare_kernel_and_bias(p, kernel, (int)s->out_channels, texts);
    if (!s->out_height || !s->out_width) return true; /* unknown: nothing will run */
    declare_packed(p, PASS_FORWARD, kernels->conv_packed_size(s, false));
    declare_packed(p, PASS_GRADIENT_INPUTS, kernels->conv_packed_size(s, true));
    declare_scratch(p, kernels->conv_scratch_size(s));
    declare_split(p, splits_rows(s) ? conv_row_pairs(s) : s->out_channels, s->in_channels, s->out_channels);
    if (s->groups > 1) return true;
    declare_packed(p, PASS_FORWARD_APART, kernels->conv_apart_packed_size(s));
    declare_apart(p, kernels->conv_apart_scratch_size(s), conv_apart_parts(s));
    return true;
}

static void pack(const layer_call *c, bool gradient)
{
    kernels->conv_pack(&GEOMETRY(c)->shape, c->w[0], gradient, c->packed);
}

void correlation_pack_forward(const layer_call *c) { pack(c, false); }
void correlation_pack_gradient(const layer_call *c) { pack(c, true); }

void correlation_pack_apart(const layer_call *c)
{
    kernels->conv_apart_pack(&GEOMETRY(c)->shape, c->w[0], GEOMETRY(c)->bias ? c->w[1] : NULL, c->packed);
}

static conv_call call_of(const layer_call *c)
{
    return (conv_call){.filters = c->w[0],
                       .packed = c->packed,
                       .scratch = c->scratch,
                       .first = c->first,
                       .last = c->last,
                       .winner = c->kept};
}

static conv_call forward_of(const layer_call *c, bool relu, bool pooled)
{
    conv_call call = call_of(c);
    call.x = c->x[0];
    call.bias = GEOMETRY(c)->bias ? c->w[1] : NULL;
    call.relu = relu;
    call.pooled = pooled;
    call.y = c->y[0];
    return call;
}

static void forward(const layer_call *c, bool relu, bool pooled)
{
    const conv_shape *s = &GEOMETRY(c)->shape;
    conv_call call = forward_of(c, relu, pooled);
    if (splits_rows(s)) {
        call.top = c->first;
        call.bottom = c->last;
        call.first = 0;
        call.last = s->out_channels;
    }
    kernels->conv_forward(s, &call);
}

static void forward_apart(const layer_call *c, bool relu, bool pooled)
{
    conv_call call = forward_of(c, relu, pooled);
    kernels->conv_apart_forward(&GEOMETRY(c)->shape, &call);
}

static void gradient_inputs(const layer_call *c, bool pooled)
{
    conv_call call = call_of(c);
    call.dy = c->dy[0];
    call.pooled = pooled;
    call.dx = c->dx[0];
    kernels->conv_gradient_inputs(&GEOMETRY(c)->shape, &call);
}

static void gradient_weights(const layer_call *c, bool pooled)
{
    conv_call call = call_of(c);
    call.x = c->x[0];
    call.dy = c->dy[0];
    call.pooled = pooled;
    call.d_filters = c->dw[0];
    call.d_bias = GEOMETRY(c)->bias ? c->dw[1] : NULL;
    kernels->conv_gradient_weights(&GEOMETRY(c)->shape, &call);
}

layer_ways correlation_ways(const void *g)
{
    static const char *const of_outputs[] = {[CONV_DIRECT] = "direct", [CONV_WINOGRAD] = "Winograd F(2x2,3x3)"};
    static const char *const of_weights[] = {[CONV_DIRECT] = "direct", [CONV_WINOGRAD] = "Winograd F(3x3,2x2)"};
    conv_choice choice = conv_choose(&((const geometry *)g)->shape);
    return (layer_ways){of_outputs[choice.forward], of_outputs[choice.gradient_inputs],
                        of_weights[choice.gradient_weights]};
}

void correlation_forward(const layer_call *c) { forward(c, false, false); }
void correlation_relu_forward(const layer_call *c) { forward(c, true, false); }
void correlation_forward_apart(const layer_call *c) { forward_apart(c, false, false); }
void correlation_relu_forward_apart(const layer_call *c) { forward_apart(c, true, false); }
void correlation_gradient_inputs(const layer_call *c) { gradient_inputs(c, false); }
void correlation_gradient_weights(const layer_call *c) { gradient_weights(c, false); }

bool correlation_pools(const void *g) { return conv_pools(&((const geometry *)g)->shape); }
void correlation_pooled_forward(const layer_call *c) { forward(c, true, true); }
void correlation_pooled_forward_apart(const layer_call *c) { forward_apart(c, true, true); }
void correlation_pooled_gradient_inputs(const layer_call *c) { gradient_inputs(c, true); }
void correlation_pooled_gradient_weights(const layer_call *c) { gradient_weights(c, true); }
