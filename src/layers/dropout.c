/* Dropout: in training each number is kept with probability 1 - rate and then scaled by 1 / (1 - rate), else 0; nothing
 * happens in inference. SpatialDropout1D ... 3D: the same of whole channels. AlphaDropout: dropped numbers become the
 * least that selu gives, and all are moved so that mean 0 and variance 1 stay.
 * Srivastava et al. 2014; Tompson et al. 2015; Klambauer et al. 2017; Keras: keras.layers.Dropout ... */
#include "layers/layers.h"

#include <math.h>

typedef cepa_dropout_options options;

static const field fields[] = {REAL(options, rate, .required = true, .min = 0, .max = 1),
                               SHAPE(options, noise_shape, .optional = true), LONG(options, seed, .optional = true),
                               END_OF_FIELDS};

typedef struct geometry {
    int64_t seed;
    bool batch_shares;    /* one draw for all rows */
    uint64_t limit;       /* a word below it drops */
    real scale;           /* of what is kept */
    real dropped, offset; /* what replaces what is dropped, and is added to what is kept */
    uint32_t element[1];  /* the number that element e shares its draw with, in Keras' order: as many as elements */
} geometry;

/* Axes of size 1 in noise_shape share the draw: the place of an element with these axes at 0. */
static bool share_draws(shape_pass *p, const int *noise, uint32_t *element, size_t count)
{
    const shape *in = p->input;
    if (!noise[0]) return true;
    for (size_t i = 0; i < in->rank; i++)
        if (noise[i + 1] != 1 && noise[i + 1] != CEPA_UNKNOWN && noise[i + 1] != in->size[i])
            return refuse(p, "noise_shape must hold 1 or the input's size on each axis");
    for (size_t e = 0; e < count; e++) {
        size_t rest = element[e], stride = 1, place = 0;
        for (size_t i = in->rank; i-- > 0;) {
            size_t size = (size_t)in->size[i], at = rest % size;
            if (noise[i + 1] != 1) place += at * stride;
            stride *= size;
            rest /= size;
        }
        element[e] = (uint32_t)place;
    }
    return true;
}

static geometry *declare_draws(shape_pass *p, double rate, int64_t seed, const int *noise)
{
    size_t count = shape_count(p->input);
    geometry *g = declare_geometry(p, sizeof *g + count * sizeof *g->element);
    if (!g) return NULL;
    g->seed = seed;
    g->batch_shares = noise[0] == 1;
    g->limit = (uint64_t)(rate * 0x1p32);
    g->scale = rate < 1 ? (real)(1 / (1 - rate)) : 0;
    shape_order(p->input, g->element);
    p->output[0] = *p->input;
    declare_kept(p, count * sizeof(lanes));
    declare_scratch(p, count * sizeof(lanes));
    return share_draws(p, noise, g->element, count) ? g : NULL;
}

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    return declare_draws(p, o->rate, o->seed, o->noise_shape) != NULL;
}

/* The factor of each number, 0 where it is dropped. */
static const lanes *draw(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    random_rows r = *c->random;
    r.stream = stream_of(c, g->seed);
    for (size_t i = 0; g->batch_shares && i < LANES; i++) r.row[i] = r.batch_row;
    lanes *mask = c->kept ? c->kept : c->scratch;
    kernels->dropout_mask(r.stream.key, r.stream.hash, r.stream.epoch, r.row, g->element, g->limit, g->scale, mask,
                          c->count);
    return mask;
}

static void forward(const layer_call *c) { kernels->multiply(c->x[0], draw(c), c->y[0], c->count); }

static void gradient_inputs(const layer_call *c) { kernels->multiply(c->dy[0], c->kept, c->dx[0], c->count); }

const layer_class dropout = {
    .kind = LAYER("Dropout", fields, options),
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .in_place = true,
    .identity_in_inference = true,
};

static const field spatial_fields[] = {REAL(cepa_spatial_dropout_options, rate, .required = true, .min = 0, .max = 1),
                                       LONG(cepa_spatial_dropout_options, seed, .optional = true), END_OF_FIELDS};

static bool spatial_shape(shape_pass *p, size_t axes)
{
    static const int own = CEPA_UNKNOWN, shared = 1;
    const cepa_spatial_dropout_options *o = p->options;
    int noise[CEPA_MAX_RANK + 1] = {own};
    if (!need_axes(p, axes)) return false;
    for (size_t i = 1; i <= axes; i++) noise[i] = shared;
    noise[axes + 1] = own;
    return declare_draws(p, o->rate, o->seed, noise) != NULL;
}

static bool spatial1d_shape(shape_pass *p) { return spatial_shape(p, 1); }
static bool spatial2d_shape(shape_pass *p) { return spatial_shape(p, 2); }
static bool spatial3d_shape(shape_pass *p) { return spatial_shape(p, 3); }

#define SPATIAL(class_name, shape_)                                                                                    \
    .kind = LAYER(class_name, spatial_fields, cepa_spatial_dropout_options), .shape = (shape_), .forward = forward,    \
    .gradient_inputs = gradient_inputs, .in_place = true, .identity_in_inference = true, .always_trainable = true

const layer_class spatial_dropout1d = {SPATIAL("SpatialDropout1D", spatial1d_shape)};
const layer_class spatial_dropout2d = {SPATIAL("SpatialDropout2D", spatial2d_shape)};
const layer_class spatial_dropout3d = {SPATIAL("SpatialDropout3D", spatial3d_shape)};

static bool alpha_shape(shape_pass *p)
{
    const double least = -1.7580993408473766; /* of selu */
    const options *o = OPTIONS(p);
    geometry *g = declare_draws(p, o->rate, o->seed, o->noise_shape);
    if (!g) return false;
    double scale = o->rate < 1 ? 1 / sqrt((1 - o->rate) * (1 + o->rate * least * least)) : 0;
    g->scale = (real)scale;
    g->offset = (real)(-scale * least * o->rate);
    g->dropped = (real)(scale * least * (1 - o->rate));
    return true;
}

static void alpha_forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    const lanes *factor = draw(c), *x = c->x[0];
    lanes *y = c->y[0];
    for (size_t e = 0; e < c->count; e++)
        for (size_t r = 0; r < LANES; r++) {
            real f = factor[e].lane[r];
            y[e].lane[r] = f > 0 ? x[e].lane[r] * f + g->offset : g->dropped;
        }
}

const layer_class alpha_dropout = {
    .kind = LAYER("AlphaDropout", fields, options),
    .shape = alpha_shape,
    .forward = alpha_forward,
    .gradient_inputs = gradient_inputs,
    .in_place = true,
    .identity_in_inference = true,
};
