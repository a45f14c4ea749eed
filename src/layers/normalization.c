/* LayerNormalization, GroupNormalization, RMSNormalization: each row's own numbers brought to one
 * size, in training as in inference.  Ba et al. 2016; Wu, He 2018; Zhang, Sennrich 2019;
 * Keras: keras.layers.LayerNormalization ... */
#include "layers/layers.h"

typedef struct geometry {
    normalisation normalisation;
    int gamma, beta;       /* places in w; -1: none */
    size_t entries;        /* of gamma */
    const uint32_t *index; /* the elements in the order they are normalised in; NULL: they stand so */
} geometry;

/* What the layers say of gamma and beta. */
typedef struct weights_wanted {
    bool scale, center;
    const char *gamma_name, *gamma_initializer, *gamma_regularizer, *gamma_constraint;
    const char *beta_initializer, *beta_regularizer, *beta_constraint;
} weights_wanted;

static void declare_weights(shape_pass *p, geometry *g, const shape *s, const weights_wanted *w)
{
    g->entries = shape_count(s);
    g->gamma = w->scale ? 0 : -1;
    g->beta = w->center ? g->gamma + 1 : -1;
    if (w->scale)
        declare_weight(p, &(weight_spec){.name = w->gamma_name ? w->gamma_name : "gamma",
                                         .shape = *s,
                                         .initializer = w->gamma_initializer,
                                         .regularizer = w->gamma_regularizer,
                                         .constraint = w->gamma_constraint});
    if (w->center)
        declare_weight(p, &(weight_spec){.name = "beta",
                                         .shape = *s,
                                         .initializer = w->beta_initializer,
                                         .regularizer = w->beta_regularizer,
                                         .constraint = w->beta_constraint});
    declare_scratch(p, (g->index ? 3 : 0) * shape_count(p->input) * sizeof(lanes) + 2 * g->entries * sizeof(double));
    p->output[0] = *p->input;
}

/* The layer sees its input's elements in the order [other axes][those along]. */
static bool reorder(shape_pass *p, geometry *g, const bool along[CEPA_MAX_RANK])
{
    uint32_t *index = declare_table(p, shape_count(p->input) * sizeof *index);
    if (index) gather_axes(p->input, along, index);
    g->index = index;
    return index != NULL;
}

/* Along some axes of the input; *own gets the shape of their entries. */
static geometry *along_axes(shape_pass *p, const int *axes, bool centred, double epsilon, shape *own)
{
    const shape *in = p->input;
    bool along[CEPA_MAX_RANK] = {false};
    size_t axis = 0;
    if (!need_axis(p, axes[0], &axis) || !entries_along(p, axes, along, own)) return NULL;
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return NULL;
    fold f = own->rank == 1 ? fold_axis(in, axis) : (fold){1, shape_count(own), 1};
    g->normalisation = (normalisation){
        .outer = f.outer, .n = f.size, .inner = f.inner, .repeat = 1, .centred = centred, .epsilon = epsilon};
    if (own->rank == 1) return g;
    g->normalisation.outer = shape_count(in) / f.size;
    return reorder(p, g, along) ? g : NULL;
}

static double *sums_of(const layer_call *c)
{
    return (double *)((lanes *)c->scratch + (GEOMETRY(c)->index ? 3 * c->count : 0));
}

/* A value in the order of the normalisation: itself, or gathered into room. */
static const lanes *ordered(const layer_call *c, const lanes *value, lanes *room)
{
    if (!GEOMETRY(c)->index) return value;
    kernels->gather(value, GEOMETRY(c)->index, room, c->count);
    return room;
}

static const real *weight_of(const layer_call *c, int place) { return place < 0 ? NULL : c->w[place]; }

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    lanes *room = c->scratch, *y = g->index ? room + c->count : c->y[0];
    kernels->normalise(&g->normalisation, ordered(c, c->x[0], room), weight_of(c, g->gamma), weight_of(c, g->beta), y);
    if (g->index) kernels->scatter(y, g->index, c->y[0], c->count);
}

static void gradient_inputs(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    lanes *room = c->scratch, *dx = g->index ? room + 2 * c->count : c->dx[0];
    const lanes *x = ordered(c, c->x[0], room), *dy = ordered(c, c->dy[0], room + c->count);
    kernels->normalise_gradient(&g->normalisation, x, dy, weight_of(c, g->gamma), dx);
    if (g->index) kernels->scatter(dx, g->index, c->dx[0], c->count);
}

static void gradient_weights(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    lanes *room = c->scratch;
    double *d_gamma = sums_of(c), *d_beta = d_gamma + g->entries;
    const lanes *x = ordered(c, c->x[0], room), *dy = ordered(c, c->dy[0], room + c->count);
    kernels->normalise_weights(&g->normalisation, x, dy, c->rows, d_gamma, d_beta);
    for (size_t i = 0; i < g->entries; i++) {
        if (g->gamma >= 0 && c->dw[g->gamma]) c->dw[g->gamma][i] = (real)d_gamma[i];
        if (g->beta >= 0 && c->dw[g->beta]) c->dw[g->beta][i] = (real)d_beta[i];
    }
}

#define ROW_PASSES                                                                                                     \
    .forward = forward, .gradient_inputs = gradient_inputs, .gradient_weights = gradient_weights,                      \
    .needs = NEEDS_INPUT, .weights_need = NEEDS_INPUT

#define AXES_OF(options_)             AXES(options_, axis, .preset = -1, .min = -CEPA_MAX_RANK, .max = CEPA_MAX_RANK)
#define EPSILON_OF(options_, preset_) REAL(options_, epsilon, .preset = preset_, .min = 0, .max = 1)
#define GAMMA_AND_BETA(options_)                                                                                       \
    FLAG(options_, center, .preset = 1), FLAG(options_, scale, .preset = 1),                                           \
        MEMBER(options_, beta_initializer, &initializer_family, .preset_text = "zeros"),                               \
        MEMBER(options_, gamma_initializer, &initializer_family, .preset_text = "ones"),                               \
        MEMBER(options_, beta_regularizer, &regularizer_family, .optional = true),                                     \
        MEMBER(options_, gamma_regularizer, &regularizer_family, .optional = true),                                    \
        MEMBER(options_, beta_constraint, &constraint_family, .optional = true),                                       \
        MEMBER(options_, gamma_constraint, &constraint_family, .optional = true), END_OF_FIELDS
#define GAMMA_AND_BETA_OF(o)                                                                                           \
    (&(weights_wanted){.scale = (o)->scale == CEPA_TRUE,                                                               \
                       .center = (o)->center == CEPA_TRUE,                                                             \
                       .gamma_initializer = (o)->gamma_initializer,                                                    \
                       .gamma_regularizer = (o)->gamma_regularizer,                                                    \
                       .gamma_constraint = (o)->gamma_constraint,                                                      \
                       .beta_initializer = (o)->beta_initializer,                                                      \
                       .beta_regularizer = (o)->beta_regularizer,                                                      \
                       .beta_constraint = (o)->beta_constraint})

/* Along one axis or several, whose entries have a gamma and a beta each. */
static const field layer_fields[] = {AXES_OF(cepa_layer_normalization_options),
                                     EPSILON_OF(cepa_layer_normalization_options, 1e-3),
                                     GAMMA_AND_BETA(cepa_layer_normalization_options)};

static bool layer_shape(shape_pass *p)
{
    const cepa_layer_normalization_options *o = p->options;
    shape own;
    geometry *g = along_axes(p, o->axis, true, o->epsilon, &own);
    if (g) declare_weights(p, g, &own, GAMMA_AND_BETA_OF(o));
    return g != NULL;
}

const layer_class layer_normalization = {
    .kind = LAYER("LayerNormalization", layer_fields, cepa_layer_normalization_options),
    .shape = layer_shape,
    ROW_PASSES,
};

/* Over whole pictures of groups of an axis' entries that follow each other; gamma and beta of each entry. */
static const field group_fields[] = {
    INT(cepa_group_normalization_options, groups, .preset = 32, .min = -1, .max = 1e6),
    INT(cepa_group_normalization_options, axis, .preset = -1, .min = -CEPA_MAX_RANK, .max = CEPA_MAX_RANK),
    EPSILON_OF(cepa_group_normalization_options, 1e-3), GAMMA_AND_BETA(cepa_group_normalization_options)};

static bool group_shape(shape_pass *p)
{
    const cepa_group_normalization_options *o = p->options;
    const shape *in = p->input;
    size_t axis;
    if (!need_axis(p, o->axis, &axis) || !need_size(p, axis)) return false;
    int channels = in->size[axis], groups = o->groups == -1 ? channels : o->groups;
    if (groups < 1 || channels % groups) return refuse(p, "groups=%d must divide its %d channels", o->groups, channels);
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    size_t count = shape_count(in), each = (size_t)(channels / groups);
    g->normalisation = (normalisation){.outer = (size_t)groups,
                                       .n = count / (size_t)groups,
                                       .inner = 1,
                                       .step = each,
                                       .repeat = count ? count / (size_t)channels : 1,
                                       .centred = true,
                                       .epsilon = o->epsilon};
    bool others[CEPA_MAX_RANK];
    for (size_t i = 0; i < in->rank; i++) others[i] = i != axis;
    if (axis + 1 < in->rank && !reorder(p, g, others)) return false;
    declare_weights(p, g, &(shape){1, {channels}}, GAMMA_AND_BETA_OF(o));
    return true;
}

const layer_class group_normalization = {
    .kind = LAYER("GroupNormalization", group_fields, cepa_group_normalization_options),
    .shape = group_shape,
    ROW_PASSES,
};

/* x / sqrt(mean of x^2 + epsilon) * scale */
static const field rms_fields[] = {AXES_OF(cepa_rms_normalization_options),
                                   EPSILON_OF(cepa_rms_normalization_options, 1e-6), END_OF_FIELDS};

static bool rms_shape(shape_pass *p)
{
    const cepa_rms_normalization_options *o = p->options;
    shape own;
    geometry *g = along_axes(p, o->axis, false, o->epsilon, &own);
    if (g)
        declare_weights(p, g, &own,
                        &(weights_wanted){.scale = true, .gamma_name = "scale", .gamma_initializer = "ones"});
    return g != NULL;
}

const layer_class rms_normalization = {
    .kind = LAYER("RMSNormalization", rms_fields, cepa_rms_normalization_options),
    .shape = rms_shape,
    ROW_PASSES,
};
