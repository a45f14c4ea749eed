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
    declare_packed(p, kernels->conv_packed_size(s));
    declare_split(p, s->out_channels, s->in_channels, s->out_channels);
    return true;
}

static const real *bias(const layer_call *c) { return GEOMETRY(c)->bias ? c->w[1] : NULL; }

void correlation_pack(const layer_call *c) { kernels->conv_pack(&GEOMETRY(c)->shape, c->w[0], c->packed); }

void correlation_forward(const layer_call *c)
{
    kernels->conv_forward(&GEOMETRY(c)->shape, c->x[0], c->packed, bias(c), false, c->y[0], c->first, c->last);
}

void correlation_relu_forward(const layer_call *c)
{
    kernels->conv_forward(&GEOMETRY(c)->shape, c->x[0], c->packed, bias(c), true, c->y[0], c->first, c->last);
}

void correlation_gradient_inputs(const layer_call *c)
{
    kernels->conv_gradient_inputs(&GEOMETRY(c)->shape, c->dy[0], c->packed, c->dx[0], c->first, c->last);
}

void correlation_gradient_weights(const layer_call *c)
{
    real *d_bias = GEOMETRY(c)->bias ? c->dw[1] : NULL;
    kernels->conv_gradient_weights(&GEOMETRY(c)->shape, c->x[0], c->dy[0], c->dw[0], d_bias, c->first, c->last);
}
