/* Flatten, Reshape: the same numbers in Keras' row-major order under another shape: a gather, since the engine keeps
 * the last axis outermost. Permute: its axes in another order.
 * Keras: keras.layers.Flatten, keras.layers.Reshape, keras.layers.Permute. */
#include "layers/layers.h"

#include <string.h>

typedef struct geometry {
    uint32_t index[1]; /* y[e] = x[index[e]]: as many as elements */
} geometry;

/* The place of each output element in the input, where its shape is known: through Keras' order. */
static bool declare_gather(shape_pass *p)
{
    const shape *in = p->input, *out = p->output;
    size_t count = shape_count(in);
    geometry *g = declare_geometry(p, 2 * count * sizeof *g->index);
    declare_apart(p, 0, 1);
    if (!g || !count) return g != NULL;
    uint32_t *place = g->index, *input_place = g->index + count; /* of each element in Keras' order, and back */
    shape_order(in, place);
    for (size_t e = 0; e < count; e++) input_place[place[e]] = (uint32_t)e;
    shape_order(out, place);
    for (size_t e = 0; e < count; e++) place[e] = input_place[place[e]];
    return true;
}

static void forward(const layer_call *c) { kernels->gather(c->x[0], GEOMETRY(c)->index, c->y[0], c->count); }

/* The numbers of an image apart, closed up at one number of channels and spread out at another. */
static void forward_apart(const layer_call *c)
{
    size_t from_channels = shape_channels(&c->input[0]), to_channels = shape_channels(&c->output[0]), count = c->count;
    size_t from_step = lanes_of(from_channels) * LANES, to_step = lanes_of(to_channels) * LANES;
    const real *from = c->x[0]->lane;
    real *to = c->y[0]->lane;
    memset(to, 0, count / to_channels * to_step * sizeof *to);
    for (size_t i = 0, run; i < count; i += run) {
        size_t from_channel = i % from_channels, to_channel = i % to_channels;
        run = from_channels - from_channel < to_channels - to_channel ? from_channels - from_channel
                                                                      : to_channels - to_channel;
        memcpy(to + i / to_channels * to_step + to_channel, from + i / from_channels * from_step + from_channel,
               run * sizeof *to);
    }
}

static void gradient_inputs(const layer_call *c) { kernels->scatter(c->dy[0], GEOMETRY(c)->index, c->dx[0], c->count); }

static const field flatten_fields[] = {DATA_FORMAT, END_OF_FIELDS};

static bool flatten_shape(shape_pass *p)
{
    p->output[0] = (shape){1, {shape_is_known(p->input) ? (int)shape_count(p->input) : CEPA_UNKNOWN}};
    return declare_gather(p);
}

const layer_class flatten = {
    .kind = LAYER("Flatten", flatten_fields, cepa_flatten_options),
    .shape = flatten_shape,
    .forward = forward,
    .forward_apart = forward_apart,
    .gradient_inputs = gradient_inputs,
};

typedef cepa_reshape_options options;

static const field reshape_fields[] = {SHAPE(options, target_shape, .required = true), END_OF_FIELDS};

static bool reshape_shape(shape_pass *p)
{
    const int *target = OPTIONS(p)->target_shape;
    size_t count = shape_count(p->input), known = 1;
    shape *out = p->output;
    int open = -1;
    for (; out->rank < CEPA_MAX_RANK && target[out->rank]; out->rank++) {
        int size = out->size[out->rank] = target[out->rank];
        if (size < -1 || (size == -1 && open >= 0)) return refuse(p, "target_shape may hold sizes above 0 and one -1");
        if (size == -1)
            open = (int)out->rank;
        else if (!multiply_size(known, (size_t)size, &known))
            return refuse(p, "target_shape holds more numbers than there can be");
    }
    if (open >= 0 && count && count % known == 0) {
        out->size[open] = (int)(count / known);
        known = count;
    }
    char text[96];
    shape_text(out, text, sizeof text);
    if (known != count && shape_is_known(p->input))
        return refuse(p, "its input of %zu numbers does not fit the shape %s", count, text);
    return declare_gather(p);
}

const layer_class reshape = {
    .kind = LAYER("Reshape", reshape_fields, options),
    .shape = reshape_shape,
    .forward = forward,
    .forward_apart = forward_apart,
    .gradient_inputs = gradient_inputs,
};

static const field permute_fields[] = {
    SHAPE(cepa_permute_options, dims, .required = true, .min = 1, .max = CEPA_MAX_RANK), END_OF_FIELDS};

static bool permute_shape(shape_pass *p)
{
    const int *dims = ((const cepa_permute_options *)p->options)->dims;
    const shape *in = p->input;
    shape *out = p->output;
    bool met[CEPA_MAX_RANK] = {false};
    out->rank = in->rank;
    for (size_t i = 0; i < in->rank; i++) {
        bool valid = dims[i] > 0 && (size_t)dims[i] <= in->rank && !met[dims[i] - 1];
        if (!valid || ints_length(dims, CEPA_MAX_RANK) != in->rank)
            return refuse(p, "dims must hold each of its input's %zu axes (1, 2, ...) once", in->rank);
        met[dims[i] - 1] = true;
        out->size[i] = in->size[dims[i] - 1];
    }
    size_t count = shape_count(out), at[CEPA_MAX_RANK], from[CEPA_MAX_RANK];
    geometry *g = declare_geometry(p, sizeof *g + count * sizeof *g->index);
    if (!g) return false;
    for (size_t e = 0; e < count; e++) {
        element_at(out, e, at);
        for (size_t i = 0; i < in->rank; i++) from[dims[i] - 1] = at[i];
        g->index[e] = (uint32_t)element_place(in, from);
    }
    return true;
}

const layer_class permute = {
    .kind = LAYER("Permute", permute_fields, cepa_permute_options),
    .shape = permute_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
};
