/* BatchNormalization: y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each entry of an axis, with the
 * batch's mean and biased variance in training, moving averages of them in inference; frozen, it stays in inference
 * mode. Ioffe, Szegedy 2015; Keras: keras.layers.BatchNormalization. */
#include "layers/layers.h"

#include <math.h>

typedef cepa_batch_normalization_options options;

static const field fields[] = {INT(options, axis, .preset = -1, .min = -CEPA_MAX_RANK, .max = CEPA_MAX_RANK),
                               REAL(options, momentum, .preset = 0.99, .min = 0, .max = 1),
                               REAL(options, epsilon, .preset = 1e-3, .min = 0, .max = 1),
                               FLAG(options, center, .preset = 1),
                               FLAG(options, scale, .preset = 1),
                               MEMBER(options, beta_initializer, &initializer_family, .preset_text = "zeros"),
                               MEMBER(options, gamma_initializer, &initializer_family, .preset_text = "ones"),
                               MEMBER(options, moving_mean_initializer, &initializer_family, .preset_text = "zeros"),
                               MEMBER(options, moving_variance_initializer, &initializer_family, .preset_text = "ones"),
                               MEMBER(options, beta_regularizer, &regularizer_family, .optional = true),
                               MEMBER(options, gamma_regularizer, &regularizer_family, .optional = true),
                               MEMBER(options, beta_constraint, &constraint_family, .optional = true),
                               MEMBER(options, gamma_constraint, &constraint_family, .optional = true),
                               END_OF_FIELDS};

typedef struct geometry {
    fold fold;
    size_t channels;
    int gamma, beta, mean, variance; /* places in w; -1: none */
} geometry;

static int declare(shape_pass *p, int *next, const char *name, const char *initializer, const char *regularizer,
                   const char *constraint, bool moving)
{
    size_t axis = 0;
    shape_axis(p->input, OPTIONS(p)->axis, &axis);
    declare_weight(p, &(weight_spec){.name = name,
                                     .shape = {1, {p->input->size[axis]}},
                                     .initializer = initializer,
                                     .regularizer = regularizer,
                                     .constraint = constraint,
                                     .not_trained = moving});
    return (*next)++;
}

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    size_t axis;
    if (!need_axis(p, o->axis, &axis) || !need_size(p, axis)) return false;
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    g->fold = fold_axis(p->input, axis);
    g->channels = g->fold.size;
    int next = 0;
    g->gamma = o->scale
                   ? declare(p, &next, "gamma", o->gamma_initializer, o->gamma_regularizer, o->gamma_constraint, false)
                   : -1;
    g->beta =
        o->center ? declare(p, &next, "beta", o->beta_initializer, o->beta_regularizer, o->beta_constraint, false) : -1;
    g->mean = declare(p, &next, "moving_mean", o->moving_mean_initializer, NULL, NULL, true);
    g->variance = declare(p, &next, "moving_variance", o->moving_variance_initializer, NULL, NULL, true);
    p->output[0] = *p->input;
    declare_batch_state(p, 2 * g->channels, 4 * g->channels);
    declare_scratch(p, 3 * g->channels * sizeof(double));
    return true;
}

/* The state of a batch, by channel. */
static double *batch_mean(const layer_call *c) { return c->state; }
static double *batch_factor(const layer_call *c)
{
    return c->state + GEOMETRY(c)->channels;
} /* 1 / sqrt(variance + eps) */
static double *mean_dy(const layer_call *c) { return c->state + 2 * GEOMETRY(c)->channels; }
static double *mean_dy_x(const layer_call *c) { return c->state + 3 * GEOMETRY(c)->channels; }

static double numbers_per_channel(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    return (double)c->batch_rows * (double)g->fold.outer * (double)g->fold.inner;
}

static double gamma_of(const layer_call *c, size_t channel)
{
    int place = GEOMETRY(c)->gamma;
    return place < 0 ? 1 : (double)c->w[place][channel];
}

/* The factor 1 / sqrt(variance + epsilon) in use. */
static double factor_of(const layer_call *c, size_t channel)
{
    if (c->training) return batch_factor(c)[channel];
    return 1 / sqrt((double)c->w[GEOMETRY(c)->variance][channel] + OPTIONS(c)->epsilon);
}

static void move_average(const layer_call *c, int place, size_t channel, double batch_value)
{
    double momentum = OPTIONS(c)->momentum;
    real *average = c->w[place] + channel;
    *average = (real)((double)*average * momentum + batch_value * (1 - momentum));
}

/* Of a and of a b, by channel. */
static void sum_pairs(const layer_call *c, const lanes *a, const lanes *b, double *sums)
{
    const geometry *g = GEOMETRY(c);
    kernels->channel_pair_sums(a, b, g->fold.outer, g->channels, g->fold.inner, c->rows, sums);
}

static void sum_moments(const layer_call *c) { sum_pairs(c, c->x[0], c->x[0], c->sums); }

/* The variance as the mean of the squares less the mean's square: in double what is lost so is less than what the
 * rounding of x to a real may have changed it by. */
static void take_moments(const layer_call *c)
{
    const size_t channels = GEOMETRY(c)->channels;
    for (size_t i = 0; i < channels; i++) {
        double mean = c->sums[i] / numbers_per_channel(c);
        double variance = c->sums[channels + i] / numbers_per_channel(c) - mean * mean;
        if (variance < 0) variance = 0;
        batch_mean(c)[i] = mean;
        batch_factor(c)[i] = 1 / sqrt(variance + OPTIONS(c)->epsilon);
        move_average(c, GEOMETRY(c)->mean, i, mean);
        move_average(c, GEOMETRY(c)->variance, i, variance);
    }
}

/* y = x * scale + offset, both made of the statistics in use. */
static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    real *scale = c->scratch, *offset = scale + g->channels;
    for (size_t i = 0; i < g->channels; i++) {
        double mean = c->training ? batch_mean(c)[i] : (double)c->w[g->mean][i];
        double factor = factor_of(c, i);
        double beta = g->beta < 0 ? 0 : (double)c->w[g->beta][i];
        scale[i] = (real)(gamma_of(c, i) * factor);
        offset[i] = (real)(beta - mean * gamma_of(c, i) * factor);
    }
    kernels->channel_affine(c->x[0], c->y[0], g->fold.outer, g->channels, g->fold.inner, scale, offset);
}

/* Of dy, and of dy (x - mean), by channel. */
static void add_gradients(const layer_call *c, const double *mean, double *sums)
{
    const size_t channels = GEOMETRY(c)->channels;
    sum_pairs(c, c->dy[0], c->x[0], sums);
    for (size_t i = 0; i < channels; i++) sums[channels + i] -= mean[i] * sums[i];
}

static void sum_gradients(const layer_call *c) { add_gradients(c, batch_mean(c), c->sums); }

static void take_gradients(const layer_call *c)
{
    size_t channels = GEOMETRY(c)->channels;
    for (size_t i = 0; i < channels; i++) {
        mean_dy(c)[i] = c->sums[i] / numbers_per_channel(c);
        mean_dy_x(c)[i] = c->sums[channels + i] / numbers_per_channel(c);
    }
}

/* The batch's share of the gradient reaches unused lanes too, where it must be 0. */
static void clear_unused(const layer_call *c)
{
    for (size_t e = 0; c->rows < LANES && e < c->count; e++)
        for (size_t i = c->rows; i < LANES; i++) c->dx[0][e].lane[i] = 0;
}

/* In training dx = gamma f (dy - mean(dy) - (x - mean) f^2 mean(dy (x - mean))) with f the batch's factor. */
static void gradient_inputs(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    real *p = c->scratch, *q = p + g->channels, *r = q + g->channels;
    for (size_t i = 0; i < g->channels; i++) {
        double f = factor_of(c, i);
        double scale = gamma_of(c, i) * f, slope = c->training ? scale * f * f * mean_dy_x(c)[i] : 0;
        p[i] = (real)scale;
        q[i] = (real)-slope;
        r[i] = c->training ? (real)(slope * batch_mean(c)[i] - scale * mean_dy(c)[i]) : 0;
    }
    if (c->training) {
        kernels->channel_combine(c->dy[0], c->x[0], c->dx[0], g->fold.outer, g->channels, g->fold.inner, p, q, r);
        clear_unused(c);
    } else
        kernels->channel_affine(c->dy[0], c->dx[0], g->fold.outer, g->channels, g->fold.inner, p, r);
}

/* d gamma = sum of dy (x - mean) f, d beta = sum of dy: in training this block's share of the sums that the batch has
 * just taken. */
static void gradient_weights(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    double *sums = c->sums;
    if (!c->training) {
        double *mean = c->scratch;
        sums = mean + g->channels;
        for (size_t i = 0; i < g->channels; i++) mean[i] = (double)c->w[g->mean][i];
        add_gradients(c, mean, sums);
    }
    for (size_t i = 0; i < g->channels; i++) {
        if (g->gamma >= 0 && c->dw[g->gamma]) c->dw[g->gamma][i] = (real)(sums[g->channels + i] * factor_of(c, i));
        if (g->beta >= 0 && c->dw[g->beta]) c->dw[g->beta][i] = (real)sums[i];
    }
}

const layer_class batch_normalization = {
    .kind = LAYER("BatchNormalization", fields, options),
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .gradient_weights = gradient_weights,
    .forward_stage = {sum_moments, take_moments},
    .gradient_stage = {sum_gradients, take_gradients},
    .needs = NEEDS_INPUT,
    .weights_need = NEEDS_INPUT,
    .in_place = true,
    .frozen_is_inference = true,
};
