/* Activation: any function of the family, by name; also what an activation= argument becomes.
 * Keras: keras.layers.Activation. */
#include "layers/layers.h"

typedef cepa_activation_options options;

static const field fields[] = {MEMBER(options, activation, &activation_family, .required = true), END_OF_FIELDS};

typedef activation_call geometry;

static bool shape_of(shape_pass *p)
{
    cepa_error error;
    unsigned needs;
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    if (activation_prepare(pass_memory(p), OPTIONS(p)->activation, p->input, g, &needs, &error))
        return refuse(p, "%s", error.message);
    declare_needs(p, needs);
    p->output[0] = g->output;
    return true;
}

static void forward(const layer_call *c) { activation_forward(GEOMETRY(c), c->x[0], c->y[0]); }

static void gradient_inputs(const layer_call *c)
{
    activation_gradient(GEOMETRY(c), c->dy[0], c->x ? c->x[0] : NULL, c->y ? c->y[0] : NULL, c->dx[0]);
}

const layer_class activation = {
    .kind = LAYER("Activation", fields, options),
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .in_place = true,
};
