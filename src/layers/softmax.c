/* Softmax: e^x over the sum of e^x along one axis, or several together.  Keras: keras.layers.Softmax. */
#include "layers/layers.h"

typedef cepa_softmax_options options;

static const field fields[] = {AXES(options, axis, .preset = -1), END_OF_FIELDS};

/* Along several axes the numbers are first gathered into [others][theirs]. */
typedef struct geometry {
    fold fold;
    bool several;
    uint32_t index[1]; /* as many as elements, where there are several axes */
} geometry;

static bool shape_of(shape_pass *p)
{
    const int *axes = OPTIONS(p)->axis;
    bool along[CEPA_MAX_RANK] = {false};
    size_t count = ints_length(axes, CEPA_MAX_RANK), axis = 0;
    if (!choose_axes(p, axes, along) || !need_axis(p, axes[0], &axis)) return false;
    geometry *g = declare_geometry(p, sizeof *g + (count > 1 ? shape_count(p->input) * sizeof *g->index : 0));
    if (!g) return false;
    g->several = count > 1;
    g->fold = g->several ? (fold){1, 1, 1} : fold_axis(p->input, axis);
    if (g->several) {
        for (size_t i = 0; i < p->input->rank; i++)
            *(along[i] ? &g->fold.size : &g->fold.outer) *= (size_t)p->input->size[i];
        gather_axes(p->input, along, g->index);
        declare_scratch(p, 3 * shape_count(p->input) * sizeof(lanes));
    }
    p->output[0] = *p->input;
    return true;
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    const lanes *x = c->x[0];
    lanes *y = c->y[0], *x_gathered = c->scratch, *y_gathered = x_gathered + c->count;
    if (!g->several) {
        kernels->softmax_forward(x, y, g->fold.outer, g->fold.size, g->fold.inner);
        return;
    }
    kernels->gather(x, g->index, x_gathered, c->count);
    kernels->softmax_forward(x_gathered, y_gathered, g->fold.outer, g->fold.size, 1);
    kernels->scatter(y_gathered, g->index, y, c->count);
}

static void gradient_inputs(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    lanes *dy = c->scratch, *y = dy + c->count, *dx = y + c->count;
    if (!g->several) {
        kernels->softmax_gradient(c->dy[0], c->y[0], c->dx[0], g->fold.outer, g->fold.size, g->fold.inner);
        return;
    }
    kernels->gather(c->dy[0], g->index, dy, c->count);
    kernels->gather(c->y[0], g->index, y, c->count);
    kernels->softmax_gradient(dy, y, dx, g->fold.outer, g->fold.size, 1);
    kernels->scatter(dx, g->index, c->dx[0], c->count);
}

const layer_class softmax = {
    .kind = LAYER("Softmax", fields, options),
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .needs = NEEDS_OUTPUT,
};
