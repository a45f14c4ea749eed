/* PReLU: y = x > 0 ? x : alpha * x, alpha learned for each place, or for those that share it.  He et al. 2015;
 * Keras: keras.layers.PReLU. */
#include "layers/layers.h"

#include <string.h>

typedef cepa_prelu_options options;

static const field fields[] = {
    MEMBER(options, alpha_initializer, &initializer_family, .preset_text = "zeros"),
    MEMBER(options, alpha_regularizer, &regularizer_family, .optional = true),
    MEMBER(options, alpha_constraint, &constraint_family, .optional = true),
    AXES(options, shared_axes, .optional = true, .min = -CEPA_MAX_RANK, .max = CEPA_MAX_RANK), END_OF_FIELDS};

typedef struct geometry {
    size_t alphas;
    uint32_t index[1]; /* the alpha of element e: as many as elements */
} geometry;

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    const shape *in = p->input;
    shape own = *in;
    if (!in->rank) return refuse(p, "its input needs an axis besides the batch");
    for (size_t i = 0, axis; i < CEPA_MAX_RANK && o->shared_axes[i]; i++) {
        if (!need_axis(p, o->shared_axes[i], &axis)) return false;
        own.size[axis] = 1;
    }
    for (size_t i = 0; i < in->rank; i++)
        if (own.size[i] != 1 && !need_size(p, i)) return false;
    size_t count = shape_count(in), at[CEPA_MAX_RANK];
    geometry *g = declare_geometry(p, sizeof *g + count * sizeof *g->index);
    if (!g) return false;
    g->alphas = shape_count(&own);
    for (size_t e = 0; e < count; e++) {
        element_at(in, e, at);
        size_t place = 0;
        for (size_t i = 0; i < in->rank; i++) place = place * (size_t)own.size[i] + (own.size[i] == 1 ? 0 : at[i]);
        g->index[e] = (uint32_t)place;
    }
    declare_weight(p, &(weight_spec){.name = "alpha",
                                     .shape = own,
                                     .initializer = o->alpha_initializer,
                                     .regularizer = o->alpha_regularizer,
                                     .constraint = o->alpha_constraint});
    p->output[0] = *in;
    return true;
}

static void forward(const layer_call *c)
{
    kernels->prelu_forward(c->x[0], c->w[0], GEOMETRY(c)->index, c->y[0], c->count);
}

static void gradient_inputs(const layer_call *c)
{
    kernels->prelu_gradient(c->dy[0], c->x[0], c->w[0], GEOMETRY(c)->index, c->dx[0], c->count);
}

static void gradient_weights(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    if (!c->dw[0]) return;
    memset(c->dw[0], 0, g->alphas * sizeof *c->dw[0]);
    kernels->prelu_weights(c->dy[0], c->x[0], g->index, c->rows, c->count, c->dw[0]);
}

const layer_class prelu = {
    .kind = LAYER("PReLU", fields, options),
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .gradient_weights = gradient_weights,
    .needs = NEEDS_INPUT,
    .weights_need = NEEDS_INPUT,
};
