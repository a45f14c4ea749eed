/* Identity: y = x.  Keras: keras.layers.Identity. */
#include "layers/layers.h"

#include <string.h>

static const field fields[] = {END_OF_FIELDS};

static bool shape_of(shape_pass *p)
{
    p->output[0] = *p->input;
    return true;
}

static void copy(const lanes *from, lanes *to, size_t count)
{
    if (to != from) memcpy(to, from, count * sizeof *to);
}

static void forward(const layer_call *c) { copy(c->x[0], c->y[0], c->count); }
static void gradient_inputs(const layer_call *c) { copy(c->dy[0], c->dx[0], c->count); }

const layer_class identity = {
    .kind = {.name = "Identity",
             .fields = fields,
             .options_size = sizeof(cepa_identity_options),
             .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .in_place = true,
};
