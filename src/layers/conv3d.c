/* Conv3D, Conv3DTranspose: each slice of the output is a Conv2D of those slices of the input that the kernel's depth
 * reaches, stacked as channels.  Keras: keras.layers.Conv3D, keras.layers.Conv3DTranspose. */
#include "layers/correlation.h"

#include <string.h>

/* A convolution from slices of in to slices of out; of a Conv3DTranspose the way back, as in conv_transpose.c. */
typedef struct geometry {
    window depth;
    conv_shape slice;
    size_t in_pixels, out_pixels, kernel_pixels; /* of a slice */
    size_t group;                                /* input channels of a group */
    size_t in_channels, filters;
    bool bias;
} geometry;

/* A number for each of depth, kernel_pixels, group and filters. */
static size_t kernel_count(const geometry *g) { return g->depth.size * g->kernel_pixels * g->group * g->filters; }

static size_t stack_count(const geometry *g) { return g->depth.size * g->in_channels * g->in_pixels; }

/* windows: depth, height, width, from in_channels to filters. */
static geometry *declare_volume(shape_pass *p, const window windows[3], size_t in_channels, size_t filters,
                                size_t groups, bool bias)
{
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return NULL;
    *g = (geometry){.depth = windows[0],
                    .slice = conv_shape_of(windows + 1, windows[0].size * in_channels, filters, groups),
                    .in_pixels = windows[1].in * windows[2].in,
                    .out_pixels = windows[1].out * windows[2].out,
                    .kernel_pixels = windows[1].size * windows[2].size,
                    .group = in_channels / groups,
                    .in_channels = in_channels,
                    .filters = filters,
                    .bias = bias};
    return g;
}

/* Lanes that hold the kernel's numbers: the Conv2D's packed kernel stands behind its plain one. */
static size_t kernel_lanes(const geometry *g) { return lanes_of(kernel_count(g)); }
static size_t packed_at(const geometry *g) { return kernel_lanes(g) * LANES; }

/* Lanes of a pass' scratch before the Conv2D's own. */
static size_t own_lanes(const geometry *g)
{
    return stack_count(g) + g->filters * g->out_pixels + 2 * kernel_lanes(g) + lanes_of(g->filters);
}

/* onward: the pass that needs the Conv2D's forward pass; back: the one that needs its gradient. */
static void declare_passes(shape_pass *p, const geometry *g, pass_kind onward, pass_kind back)
{
    if (!shape_is_known(p->input)) return; /* nothing will run */
    declare_packed(p, onward, packed_at(g) + kernels->conv_packed_size(&g->slice, false));
    declare_packed(p, back, packed_at(g) + kernels->conv_packed_size(&g->slice, true));
    declare_scratch(p, own_lanes(g) * sizeof(lanes) + kernels->conv_scratch_size(&g->slice));
}

/* What a pass has in its scratch. */
typedef struct room {
    lanes *stack, *slice;       /* of the input, of the output */
    real *kernel, *sums, *bias; /* the kernel's gradient for one slice and for all so far, the bias' for one */
    void *conv;                 /* the Conv2D's */
} room;

static room room_of(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    lanes *stack = c->scratch, *slice = stack + stack_count(g), *kernel = slice + g->filters * g->out_pixels;
    lanes *sums = kernel + kernel_lanes(g), *bias = sums + kernel_lanes(g);
    return (room){stack, slice, kernel->lane, sums->lane, bias->lane, stack + own_lanes(g)};
}

/* The kernel in Keras' order (depth, height, width, channels, filters) and in the Conv2D's, whose channels are a
 * group's depth x channels. */
static void turn_kernel(const geometry *g, const real *from, real *to, bool back)
{
    size_t run = g->group * g->filters;
    for (size_t k = 0; k < g->depth.size; k++)
        for (size_t i = 0; i < g->kernel_pixels; i++) {
            size_t keras = (k * g->kernel_pixels + i) * run, own = (i * g->depth.size + k) * run;
            memcpy(to + (back ? keras : own), from + (back ? own : keras), run * sizeof *to);
        }
}

static void pack(const layer_call *c, bool gradient)
{
    const geometry *g = GEOMETRY(c);
    turn_kernel(g, c->w[0], c->packed, false);
    kernels->conv_pack(&g->slice, c->packed, gradient, c->packed + packed_at(g));
}

static void pack_onward(const layer_call *c) { pack(c, false); }
static void pack_back(const layer_call *c) { pack(c, true); }

/* Where the Conv2D for slice z of the output has slice k of its input's channel in its stack, and which slice of the
 * input that is; false where it lies in the padding. */
static bool slice_at(const geometry *g, size_t z, size_t k, size_t channel, size_t *in_stack, size_t *in_input)
{
    size_t group = channel / g->group, at = z * g->depth.stride + k * g->depth.dilation;
    *in_stack = ((group * g->depth.size + k) * g->group + channel % g->group) * g->in_pixels;
    if (at < g->depth.before || at - g->depth.before >= g->depth.in) return false;
    *in_input = (channel * g->depth.in + at - g->depth.before) * g->in_pixels;
    return true;
}

static void stack_slices(const geometry *g, size_t z, const lanes *input, lanes *stack)
{
    size_t to, from;
    for (size_t k = 0; k < g->depth.size; k++)
        for (size_t i = 0; i < g->in_channels; i++)
            if (slice_at(g, z, k, i, &to, &from))
                memcpy(stack + to, input + from, g->in_pixels * sizeof *stack);
            else
                kernels->fill(stack + to, g->in_pixels, 0);
}

static void add_slices(const geometry *g, size_t z, const lanes *stack, lanes *input)
{
    size_t from, to;
    for (size_t k = 0; k < g->depth.size; k++)
        for (size_t i = 0; i < g->in_channels; i++)
            if (slice_at(g, z, k, i, &from, &to)) kernels->add(input + to, stack + from, input + to, g->in_pixels);
}

static size_t output_place(const geometry *g, size_t filter, size_t z)
{
    return (filter * g->depth.out + z) * g->out_pixels;
}

/* Slice z of an output, and back into it. */
static void take_slice(const geometry *g, size_t z, const lanes *output, lanes *slice)
{
    for (size_t f = 0; f < g->filters; f++, slice += g->out_pixels)
        memcpy(slice, output + output_place(g, f, z), g->out_pixels * sizeof *slice);
}

static void put_slice(const geometry *g, size_t z, const lanes *slice, lanes *output)
{
    for (size_t f = 0; f < g->filters; f++, slice += g->out_pixels)
        memcpy(output + output_place(g, f, z), slice, g->out_pixels * sizeof *slice);
}

static conv_call call_of(const layer_call *c, const room *r, size_t channels)
{
    const geometry *g = GEOMETRY(c);
    return (conv_call){.filters = c->packed,
                       .packed = c->packed ? c->packed + packed_at(g) : NULL,
                       .scratch = r->conv,
                       .last = channels};
}

/* From input to output. */
static void onward(const layer_call *c, const lanes *input, const real *bias, lanes *output)
{
    const geometry *g = GEOMETRY(c);
    room r = room_of(c);
    conv_call call = call_of(c, &r, g->filters);
    call.x = r.stack;
    call.y = r.slice;
    call.bias = bias;
    for (size_t z = 0; z < g->depth.out; z++) {
        stack_slices(g, z, input, r.stack);
        kernels->conv_forward(&g->slice, &call);
        put_slice(g, z, r.slice, output);
    }
}

/* What an output's gradient is for the input. */
static void back(const layer_call *c, const lanes *output, lanes *input)
{
    const geometry *g = GEOMETRY(c);
    room r = room_of(c);
    conv_call call = call_of(c, &r, g->slice.in_channels);
    call.dy = r.slice;
    call.dx = r.stack;
    kernels->fill(input, g->in_channels * g->depth.in * g->in_pixels, 0);
    for (size_t z = 0; z < g->depth.out; z++) {
        take_slice(g, z, output, r.slice);
        kernels->conv_gradient_inputs(&g->slice, &call);
        add_slices(g, z, r.stack, input);
    }
}

/* d_bias NULL: not wanted */
static void weights(const layer_call *c, const lanes *input, const lanes *output, real *d_kernel, real *d_bias)
{
    const geometry *g = GEOMETRY(c);
    room r = room_of(c);
    conv_call call = call_of(c, &r, g->filters);
    call.x = r.stack;
    call.dy = r.slice;
    call.d_filters = r.kernel;
    call.d_bias = d_bias ? r.bias : NULL;
    memset(r.sums, 0, kernel_count(g) * sizeof *r.sums);
    if (d_bias) memset(d_bias, 0, g->filters * sizeof *d_bias);
    for (size_t z = 0; z < g->depth.out; z++) {
        stack_slices(g, z, input, r.stack);
        take_slice(g, z, output, r.slice);
        kernels->conv_gradient_weights(&g->slice, &call);
        kernels->add_into(r.sums, r.kernel, kernel_count(g));
        if (d_bias) kernels->add_into(d_bias, r.bias, g->filters);
    }
    turn_kernel(g, r.sums, d_kernel, true);
}

/* ---- Conv3D */

static const field fields[] = {CONVOLUTION_FIELDS(cepa_conv3d_options, paddings)};

static bool shape_of(shape_pass *p)
{
    const cepa_conv3d_options *o = p->options;
    const convolution *c = CONVOLUTION_OF(o, 3);
    window windows[3];
    if (!fit_windows(p, c, windows)) return false;
    int channels = p->input->size[3];
    const geometry *g =
        declare_volume(p, windows, (size_t)channels, (size_t)o->filters, (size_t)o->groups, o->use_bias == CEPA_TRUE);
    if (!g) return false;
    shape kernel = kernel_shape(c, channels / o->groups, o->filters);
    declare_kernel_and_bias(p, &kernel, o->filters, KERNEL_TEXTS(o));
    declare_passes(p, g, PASS_FORWARD, PASS_GRADIENT_INPUTS);
    return true;
}

static void forward(const layer_call *c) { onward(c, c->x[0], GEOMETRY(c)->bias ? c->w[1] : NULL, c->y[0]); }
static void gradient_inputs(const layer_call *c) { back(c, c->dy[0], c->dx[0]); }

static void gradient_weights(const layer_call *c)
{
    weights(c, c->x[0], c->dy[0], c->dw[0], GEOMETRY(c)->bias ? c->dw[1] : NULL);
}

const layer_class conv3d = {
    .kind = LAYER("Conv3D", fields, cepa_conv3d_options, .aliases = ALIASES("Convolution3D")),
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .gradient_weights = gradient_weights,
    .weights_need = NEEDS_INPUT,
    .pack = {[PASS_FORWARD] = pack_onward, [PASS_GRADIENT_INPUTS] = pack_back},
    .takes_activation = true,
};

/* ---- Conv3DTranspose */

static const field transpose_fields[] = {TRANSPOSE_FIELDS(cepa_conv3d_transpose_options)};

static bool transpose_shape(shape_pass *p)
{
    const cepa_conv3d_transpose_options *o = p->options;
    const convolution *c = TRANSPOSE_OF(o, 3);
    window windows[3];
    if (!open_windows(p, c, o->output_padding, windows)) return false;
    int channels = p->input->size[3];
    const geometry *g = declare_volume(p, windows, (size_t)o->filters, (size_t)channels, 1, o->use_bias == CEPA_TRUE);
    if (!g) return false;
    shape kernel = kernel_shape(c, o->filters, channels);
    declare_kernel_and_bias(p, &kernel, o->filters, KERNEL_TEXTS(o));
    declare_passes(p, g, PASS_GRADIENT_INPUTS, PASS_FORWARD);
    return true;
}

static void transpose_forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    back(c, c->x[0], c->y[0]);
    if (g->bias) add_bias(c->y[0], c->w[1], g->in_channels, g->depth.in * g->in_pixels, c->scratch);
}

static void transpose_gradient_inputs(const layer_call *c) { onward(c, c->dy[0], NULL, c->dx[0]); }

static void transpose_gradient_weights(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    weights(c, c->dy[0], c->x[0], c->dw[0], NULL);
    if (g->bias) sum_bias(c->dy[0], c->dw[1], g->in_channels, g->depth.in * g->in_pixels, c->rows, c->scratch);
}

const layer_class conv3d_transpose = {
    .kind = LAYER("Conv3DTranspose", transpose_fields, cepa_conv3d_transpose_options,
                  .aliases = ALIASES("Convolution3DTranspose")),
    .shape = transpose_shape,
    .forward = transpose_forward,
    .gradient_inputs = transpose_gradient_inputs,
    .gradient_weights = transpose_gradient_weights,
    .weights_need = NEEDS_INPUT,
    .pack = {[PASS_FORWARD] = pack_back, [PASS_GRADIENT_INPUTS] = pack_onward},
    .takes_activation = true,
};
