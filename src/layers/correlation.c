#include "layers/correlation.h"

typedef struct geometry {
    conv_shape shape;
    bool bias;
} geometry;

bool declare_correlation(shape_pass *p, const conv_shape *s, const shape *kernel, const kernel_texts *texts)
{
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    *g = (geometry){.shape = *s, .bias = texts->use_bias};
    g->shape.direct = conv_direct_wanted();
    s = &g->shape;
    declare_weight(p, &(weight_spec){.name = "kernel",
                                     .shape = *kernel,
                                     .initializer = texts->kernel_initializer,
                                     .regularizer = texts->kernel_regularizer,
                                     .constraint = texts->kernel_constraint});
    if (g->bias)
        declare_weight(p, &(weight_spec){.name = "bias",
                                         .shape = {1, {kernel->size[kernel->rank - 1]}},
                                         .initializer = texts->bias_initializer,
                                         .regularizer = texts->bias_regularizer,
                                         .constraint = texts->bias_constraint});
    if (!s->out_height || !s->out_width) return true; /* unknown: nothing will run */
    declare_packed(p, PASS_FORWARD, kernels->conv_packed_size(s, false));
    declare_packed(p, PASS_GRADIENT_INPUTS, kernels->conv_packed_size(s, true));
    declare_scratch(p, kernels->conv_scratch_size(s));
    declare_split(p, s->out_channels, s->in_channels, s->out_channels);
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

typedef void conv_kernel(const conv_shape *s, const conv_call *c);

/* kernel: of a block or of an image apart. */
static void forward(const layer_call *c, conv_kernel *kernel, bool relu, bool pooled)
{
    conv_call call = call_of(c);
    call.x = c->x[0];
    call.bias = GEOMETRY(c)->bias ? c->w[1] : NULL;
    call.relu = relu;
    call.pooled = pooled;
    call.y = c->y[0];
    kernel(&GEOMETRY(c)->shape, &call);
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

void correlation_forward(const layer_call *c) { forward(c, kernels->conv_forward, false, false); }
void correlation_relu_forward(const layer_call *c) { forward(c, kernels->conv_forward, true, false); }
void correlation_forward_apart(const layer_call *c) { forward(c, kernels->conv_apart_forward, false, false); }
void correlation_relu_forward_apart(const layer_call *c) { forward(c, kernels->conv_apart_forward, true, false); }
void correlation_gradient_inputs(const layer_call *c) { gradient_inputs(c, false); }
void correlation_gradient_weights(const layer_call *c) { gradient_weights(c, false); }

bool correlation_pools(const void *g) { return conv_pools(&((const geometry *)g)->shape); }
void correlation_pooled_forward(const layer_call *c) { forward(c, kernels->conv_forward, true, true); }
void correlation_pooled_forward_apart(const layer_call *c) { forward(c, kernels->conv_apart_forward, true, true); }
void correlation_pooled_gradient_inputs(const layer_call *c) { gradient_inputs(c, true); }
void correlation_pooled_gradient_weights(const layer_call *c) { gradient_weights(c, true); }
