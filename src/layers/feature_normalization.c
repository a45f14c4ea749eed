/* Normalization: y = (x - mean) / deviation, or with invert x * deviation + mean. Each entry of some axes has a mean
 * and a variance: given, or weights that Keras' adapt has made.  Keras: keras.layers.Normalization. */
#include "layers/layers.h"

#include <math.h>

typedef cepa_normalization_options options;

static const field fields[] = {
    AXES(options, axis, .preset = -1, .optional = true, .min = -CEPA_MAX_RANK, .max = CEPA_MAX_RANK),
    NUMBERS(options, mean), NUMBERS(options, variance, .min = 0, .max = 1e300), BOOL(options, invert), END_OF_FIELDS};

typedef struct geometry {
    size_t entries;
    real *mean, *variance; /* where they are given */
    uint32_t entry[1];     /* that of each element */
} geometry;

static real *reals_of(shape_pass *p, const cepa_numbers *n)
{
    real *reals = declare_table(p, n->count * sizeof *reals);
    for (size_t i = 0; reals && i < n->count; i++) reals[i] = (real)n->numbers[i];
    return reals;
}

/* The numbers given belong to the entries of the last axis that is kept. */
static bool declare_given(shape_pass *p, geometry *g, const shape *own)
{
    const cepa_numbers *mean = &OPTIONS(p)->mean, *variance = &OPTIONS(p)->variance;
    size_t last = own->rank ? (size_t)own->size[own->rank - 1] : 1;
    if (mean->count != variance->count)
        return refuse(p, "mean and variance are given together, as many of each, not %zu and %zu", mean->count,
                      variance->count);
    if (mean->count != 1 && mean->count != last)
        return refuse(p, "mean and variance hold one number, or one for each of %zu entries, not %zu", last,
                      mean->count);
    g->entries = mean->count;
    g->mean = reals_of(p, mean);
    g->variance = reals_of(p, variance);
    return g->mean && g->variance;
}

static void declare_weights(shape_pass *p, geometry *g, const shape *own)
{
    g->entries = shape_count(own);
    declare_weight(p, &(weight_spec){.name = "mean", .shape = *own, .initializer = "zeros", .not_trained = true});
    declare_weight(p, &(weight_spec){.name = "variance", .shape = *own, .initializer = "ones", .not_trained = true});
    declare_weight(p, &(weight_spec){.name = "count", .initializer = "zeros", .not_trained = true, .whole = true});
}

static bool shape_of(shape_pass *p)
{
    const shape *in = p->input;
    bool kept[CEPA_MAX_RANK] = {false}, given = OPTIONS(p)->mean.count || OPTIONS(p)->variance.count;
    shape own = {0};
    if (in->rank == 0) return refuse(p, "its input needs an axis besides the batch");
    if (!entries_along(p, OPTIONS(p)->axis, kept, &own)) return false;
    size_t count = shape_count(in), at[CEPA_MAX_RANK];
    geometry *g = declare_geometry(p, sizeof *g + count * sizeof *g->entry);
    if (!g) return false;
    if (!given)
        declare_weights(p, g, &own);
    else if (!declare_given(p, g, &own))
        return false;
    for (size_t e = 0; e < count; e++) {
        size_t entry = 0;
        element_at(in, e, at);
        for (size_t i = 0; i < in->rank; i++)
            if (kept[i]) entry = entry * (size_t)in->size[i] + at[i];
        g->entry[e] = (uint32_t)(entry % g->entries);
    }
    declare_scratch(p, g->entries * sizeof(real));
    p->output[0] = *in;
    return true;
}

/* The deviation of each entry, never below Keras' epsilon: a feature that is constant becomes 0. */
static const real *deviations(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    const real *variance = g->variance ? g->variance : c->w[1];
    real *deviation = c->scratch;
    for (size_t i = 0; i < g->entries; i++) deviation[i] = (real)fmax(sqrt((double)variance[i]), 1e-7);
    return deviation;
}

/* mean NULL: 0 */
static void apply(const layer_call *c, const lanes *x, const real *mean, lanes *y)
{
    const uint32_t *entry = GEOMETRY(c)->entry;
    const real *deviation = deviations(c);
    const bool invert = OPTIONS(c)->invert;
    for (size_t e = 0; e < c->count; e++) {
        const real m = mean ? mean[entry[e]] : 0, d = deviation[entry[e]];
        for (size_t r = 0; r < LANES; r++) y[e].lane[r] = invert ? x[e].lane[r] * d + m : (x[e].lane[r] - m) / d;
    }
}

static void forward(const layer_call *c)
{
    apply(c, c->x[0], GEOMETRY(c)->mean ? GEOMETRY(c)->mean : c->w[0], c->y[0]);
}

static void gradient_inputs(const layer_call *c) { apply(c, c->dy[0], NULL, c->dx[0]); }

const layer_class normalization = {
    .kind = LAYER("Normalization", fields, options),
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .in_place = true,
};
