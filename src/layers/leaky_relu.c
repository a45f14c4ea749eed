/* LeakyReLU: y = x > 0 ? x : negative_slope * x.  Maas et al. 2013; Keras: keras.layers.LeakyReLU. */
#include "layers/layers.h"

typedef cepa_leaky_relu_options options;

static const field fields[] = {
    REAL(options, negative_slope, .preset = 0.3, .min = 0, .max = 1e30, .keras2_name = "alpha"),
    END_OF_FIELDS,
};

static activation_parameters slope(const layer_call *c)
{
    return (activation_parameters){.a = (real)OPTIONS(c)->negative_slope};
}

static void forward(const layer_call *c)
{
    activation_parameters p = slope(c);
    kernels->leaky_relu_forward(c->x[0], c->y[0], c->count, &p);
}

static void gradient_inputs(const layer_call *c)
{
    activation_parameters p = slope(c);
    kernels->leaky_relu_gradient(c->dy[0], NULL, c->y[0], c->dx[0], c->count, &p);
}

const layer_class leaky_relu = {
    .kind = LAYER("LeakyReLU", fields, options),
    .shape = same_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .needs = NEEDS_OUTPUT,
    .in_place = true,
};
