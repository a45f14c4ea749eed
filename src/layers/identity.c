/* Identity: y = x.  Keras: keras.layers.Identity. */
#include "layers/layers.h"

static const field fields[] = {END_OF_FIELDS};

static void forward(const layer_call *c) { copy_lanes(c->x[0], c->y[0], c->count); }
static void gradient_inputs(const layer_call *c) { copy_lanes(c->dy[0], c->dx[0], c->count); }

const layer_class identity = {
    .kind = LAYER("Identity", fields, cepa_identity_options),
    .shape = same_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .in_place = true,
};
