/* ReLU with its arguments: x at or above threshold is kept up to max_value, below it becomes
 * negative_slope * (x - threshold).  Nair, Hinton 2010; Keras: keras.layers.ReLU. */
#include "layers/layers.h"

#include <math.h>

typedef cepa_relu_options options;

static const field fields[] = {
    REAL(options, max_value, .optional = true, .min = 0, .max = 1e30),
    REAL(options, negative_slope, .min = 0, .max = 1e30),
    REAL(options, threshold, .min = 0, .max = 1e30),
    END_OF_FIELDS
};

typedef activation_parameters geometry;

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    *g = (geometry){(real)o->negative_slope, real_is_set(o->max_value) ? (real)o->max_value : (real)INFINITY, (real)o->threshold};
    p->output[0] = *p->input;
    return true;
}

static void forward(const layer_call *c) { kernels->general_relu_forward(c->x[0], c->y[0], c->count, GEOMETRY(c)); }

static void gradient_inputs(const layer_call *c)
{
    kernels->general_relu_gradient(c->dy[0], c->x[0], NULL, c->dx[0], c->count, GEOMETRY(c));
}

const layer_class relu = {
    .kind = {.name = "ReLU", .fields = fields, .options_size = sizeof(options), .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .needs = NEEDS_INPUT,
    .in_place = true,
};
