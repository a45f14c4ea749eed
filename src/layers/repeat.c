/* RepeatVector, UpSampling1D, UpSampling3D: every number several times.
 * Keras: keras.layers.RepeatVector, keras.layers.UpSampling1D, keras.layers.UpSampling3D. */
#include "layers/layers.h"

typedef struct geometry {
    uint32_t index[1]; /* y[e] = x[index[e]]: as many as elements of y */
} geometry;

/* times[i]: how often each step along axis i of in, which is the input as it is looked at, comes in the output. */
static bool declare_repeats(shape_pass *p, const shape *in, const int *times)
{
    shape *out = p->output;
    *out = *in;
    for (size_t i = 0; i + 1 < in->rank; i++) {
        if (in->size[i] == CEPA_UNKNOWN) continue;
        if (in->size[i] > INT32_MAX / times[i]) return refuse(p, "its output would be too large");
        out->size[i] *= times[i];
    }
    size_t count = shape_count(out), at[CEPA_MAX_RANK];
    geometry *g = declare_geometry(p, sizeof *g + count * sizeof *g->index);
    if (!g) return false;
    for (size_t e = 0; e < count; e++) {
        element_at(out, e, at);
        for (size_t i = 0; i + 1 < in->rank; i++) at[i] /= (size_t)times[i];
        g->index[e] = (uint32_t)element_place(in, at);
    }
    return true;
}

static void forward(const layer_call *c) { kernels->gather(c->x[0], GEOMETRY(c)->index, c->y[0], c->count); }

static void gradient_inputs(const layer_call *c)
{
    kernels->fill(c->dx[0], shape_count(c->input), 0);
    kernels->scatter_add(c->dy[0], GEOMETRY(c)->index, c->dx[0], c->count);
}

/* (features) becomes (n, features). */
static const field vector_fields[] = {INT(cepa_repeat_vector_options, n, .required = true, .min = 1, .max = 1e9),
                                      END_OF_FIELDS};

static bool vector_shape(shape_pass *p)
{
    const cepa_repeat_vector_options *o = p->options;
    if (p->input->rank != 1) return refuse(p, "its input must be a vector, not of %zu axes", p->input->rank);
    shape one_step = {2, {1, p->input->size[0]}};
    return declare_repeats(p, &one_step, &o->n);
}

const layer_class repeat_vector = {
    .kind = LAYER("RepeatVector", vector_fields, cepa_repeat_vector_options),
    .shape = vector_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
};

static const field steps_fields[] = {INTS(cepa_up_sampling1d_options, size, .preset = 2, .min = 1, .max = 1e6),
                                     END_OF_FIELDS};

static bool steps_shape(shape_pass *p)
{
    return need_axes(p, 1) && declare_repeats(p, p->input, ((const cepa_up_sampling1d_options *)p->options)->size);
}

const layer_class up_sampling1d = {
    .kind = LAYER("UpSampling1D", steps_fields, cepa_up_sampling1d_options),
    .shape = steps_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
};

static const field volume_fields[] = {INTS(cepa_up_sampling3d_options, size, .preset = 2, .min = 1, .max = 1e6),
                                      DATA_FORMAT, END_OF_FIELDS};

static bool volume_shape(shape_pass *p)
{
    return need_axes(p, 3) && declare_repeats(p, p->input, ((const cepa_up_sampling3d_options *)p->options)->size);
}

const layer_class up_sampling3d = {
    .kind = LAYER("UpSampling3D", volume_fields, cepa_up_sampling3d_options),
    .shape = volume_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
};
