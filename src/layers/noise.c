/* GaussianNoise: in training a normal number is added to each, GaussianDropout: each is multiplied by one whose mean is
 * 1; nothing happens in inference.  Keras: keras.layers.GaussianNoise, keras.layers.GaussianDropout. */
#include "layers/layers.h"

#include <math.h>

typedef struct geometry {
    int64_t seed;
    double mean, deviation;
    uint32_t element[1]; /* the number of element e in Keras' order: as many as elements */
} geometry;

static bool declare_noise(shape_pass *p, double mean, double deviation, int64_t seed)
{
    size_t count = shape_count(p->input);
    geometry *g = declare_geometry(p, sizeof *g + count * sizeof *g->element);
    if (!g) return false;
    g->seed = seed;
    g->mean = mean;
    g->deviation = deviation;
    shape_order(p->input, g->element);
    p->output[0] = *p->input;
    declare_kept(p, count * sizeof(lanes));
    declare_scratch(p, count * sizeof(lanes));
    return true;
}

/* A normal number for each; lanes beyond the rows repeat the last row's. */
static lanes *draw(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    random_stream stream = stream_of(c, g->seed);
    lanes *noise = c->kept ? c->kept : c->scratch;
    for (size_t e = 0; e < c->count; e++)
        for (size_t r = 0; r < LANES; r++) {
            uint64_t element = (uint64_t)c->random->row[r] * c->count + g->element[e];
            noise[e].lane[r] = r && c->random->row[r] == c->random->row[r - 1]
                                   ? noise[e].lane[r - 1]
                                   : (real)(g->mean + g->deviation * random_normal(&stream, element));
        }
    return noise;
}

static const field noise_fields[] = {REAL(cepa_gaussian_noise_options, stddev, .required = true, .min = 0, .max = 1),
                                     LONG(cepa_gaussian_noise_options, seed, .optional = true), END_OF_FIELDS};

static bool noise_shape(shape_pass *p)
{
    const cepa_gaussian_noise_options *o = p->options;
    return declare_noise(p, 0, o->stddev, o->seed);
}

static void noise_forward(const layer_call *c) { kernels->add(c->x[0], draw(c), c->y[0], c->count); }

static void noise_gradient(const layer_call *c) { copy_lanes(c->dy[0], c->dx[0], c->count); }

const layer_class gaussian_noise = {
    .kind = LAYER("GaussianNoise", noise_fields, cepa_gaussian_noise_options),
    .shape = noise_shape,
    .forward = noise_forward,
    .gradient_inputs = noise_gradient,
    .in_place = true,
    .identity_in_inference = true,
};

/* The deviation is that of a Dropout with this rate. */
static const field dropout_fields[] = {
    REAL(cepa_gaussian_dropout_options, rate, .required = true, .min = 0, .max = 1, .below_max = true),
    LONG(cepa_gaussian_dropout_options, seed, .optional = true), END_OF_FIELDS};

static bool dropout_shape(shape_pass *p)
{
    const cepa_gaussian_dropout_options *o = p->options;
    return declare_noise(p, 1, sqrt(o->rate / (1 - o->rate)), o->seed);
}

static void dropout_forward(const layer_call *c) { kernels->multiply(c->x[0], draw(c), c->y[0], c->count); }
static void dropout_gradient(const layer_call *c) { kernels->multiply(c->dy[0], c->kept, c->dx[0], c->count); }

const layer_class gaussian_dropout = {
    .kind = LAYER("GaussianDropout", dropout_fields, cepa_gaussian_dropout_options),
    .shape = dropout_shape,
    .forward = dropout_forward,
    .gradient_inputs = dropout_gradient,
    .in_place = true,
    .identity_in_inference = true,
};
