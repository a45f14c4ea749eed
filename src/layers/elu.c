/* ELU: y = x > 0 ? x : alpha * (exp(x) - 1).  Clevert et al. 2016; Keras: keras.layers.ELU. */
#include "layers/layers.h"

typedef cepa_elu_options options;

static const field fields[] = {
    REAL(options, alpha, .preset = 1, .min = 0, .max = 1e30),
    END_OF_FIELDS,
};

static activation_parameters alpha(const layer_call *c)
{
    return (activation_parameters){.a = (real)OPTIONS(c)->alpha};
}

static void forward(const layer_call *c)
{
    activation_parameters p = alpha(c);
    kernels->elu_forward(c->x[0], c->y[0], c->count, &p);
}

static void gradient_inputs(const layer_call *c)
{
    activation_parameters p = alpha(c);
    kernels->elu_gradient(c->dy[0], NULL, c->y[0], c->dx[0], c->count, &p);
}

const layer_class elu = {
    .kind = LAYER("ELU", fields, options),
    .shape = same_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .needs = NEEDS_OUTPUT,
    .in_place = true,
};
