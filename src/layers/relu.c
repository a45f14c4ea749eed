/* ReLU with its arguments: x at or above threshold is kept up to max_value, below it becomes
 * negative_slope * (x - threshold).  Nair, Hinton 2010; Keras: keras.layers.ReLU. */
#include "layers/layers.h"

#include <math.h>

typedef cepa_relu_options options;

static const field fields[] = {REAL(options, max_value, .optional = true, .min = 0, .max = 1e30),
                               REAL(options, negative_slope, .min = 0, .max = 1e30),
                               REAL(options, threshold, .min = 0, .max = 1e30), END_OF_FIELDS};

typedef struct geometry {
    activation_parameters parameters;
    bool plain; /* max(x, 0), whose gradient reads the output alone */
} geometry;

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    bool limited = real_is_set(o->max_value);
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    g->parameters = (activation_parameters){(real)o->negative_slope, limited ? (real)o->max_value : (real)INFINITY,
                                            (real)o->threshold};
    g->plain = !limited && o->negative_slope == 0 && o->threshold == 0;
    declare_needs(p, g->plain ? NEEDS_OUTPUT : NEEDS_INPUT);
    p->output[0] = *p->input;
    return true;
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    if (g->plain)
        kernels->relu_forward(c->x[0], c->y[0], c->count, &g->parameters);
    else
        kernels->general_relu_forward(c->x[0], c->y[0], c->count, &g->parameters);
}

static void gradient_inputs(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    if (g->plain)
        kernels->relu_gradient(c->dy[0], NULL, c->y[0], c->dx[0], c->count, &g->parameters);
    else
        kernels->general_relu_gradient(c->dy[0], c->x[0], NULL, c->dx[0], c->count, &g->parameters);
}

const layer_class relu = {
    .kind = LAYER("ReLU", fields, options),
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .in_place = true,
};
