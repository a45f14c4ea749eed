/* The table of metrics. Definitions as in Keras 3 (keras/src/metrics/accuracy_metrics.py, regression_metrics.py). */
#include "train/metric.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- Looking at lanes -------------------------------------------------------------------------------------------- */

static double at(const lanes *values, const metric_block *b, size_t class, size_t position, size_t lane)
{
    return (double)values[class * b->positions + position].lane[lane];
}

/* The first of the largest. */
static size_t largest(const lanes *values, const metric_block *b, size_t position, size_t lane)
{
    size_t best = 0;
    for (size_t c = 1; c < b->classes; c++)
        if (at(values, b, c, position, lane) > at(values, b, best, position, lane)) best = c;
    return best;
}

static double label_of(const metric_block *b, size_t position, size_t lane)
{
    return (double)b->target[position].lane[lane];
}

typedef double one_position(const metric_block *b, size_t position, size_t lane);

static void mean_over_positions(const metric_block *b, one_position *measure)
{
    for (size_t lane = 0; lane < LANES; lane++) {
        double sum = 0;
        for (size_t position = 0; position < b->positions; position++) sum += measure(b, position, lane);
        b->values[lane] = sum / (double)b->positions;
    }
}

/* ---- Accuracies -------------------------------------------------------------------------------------------------- */

static double sparse_hit(const metric_block *b, size_t position, size_t lane)
{
    return (double)largest(b->prediction, b, position, lane) == label_of(b, position, lane);
}

static double categorical_hit(const metric_block *b, size_t position, size_t lane)
{
    return largest(b->prediction, b, position, lane) == largest(b->target, b, position, lane);
}

static double binary_hits(const metric_block *b, size_t position, size_t lane)
{
    double hits = 0;
    for (size_t c = 0; c < b->classes; c++) {
        double decision = at(b->prediction, b, c, position, lane) > b->parameter;
        hits += decision == at(b->target, b, c, position, lane);
    }
    return hits / (double)b->classes;
}

/* Fewer than k predictions are strictly larger than the right one: all of equal ones hit. Never where one is no number.
 */
static double is_among_largest(const metric_block *b, size_t right, size_t position, size_t lane)
{
    double larger = 0;
    for (size_t c = 0; c < b->classes; c++) {
        double p = at(b->prediction, b, c, position, lane);
        if (!isfinite(p)) return 0;
        larger += p > at(b->prediction, b, right, position, lane);
    }
    return larger < b->parameter;
}

static double sparse_top_hit(const metric_block *b, size_t position, size_t lane)
{
    return is_among_largest(b, (size_t)label_of(b, position, lane), position, lane);
}

static double top_hit(const metric_block *b, size_t position, size_t lane)
{
    return is_among_largest(b, largest(b->target, b, position, lane), position, lane);
}

static double mean_square(const metric_block *b, size_t position, size_t lane)
{
    double sum = 0;
    for (size_t c = 0; c < b->classes; c++) {
        double d = at(b->prediction, b, c, position, lane) - at(b->target, b, c, position, lane);
        sum += d * d;
    }
    return sum / (double)b->classes;
}

static void run_sparse(const metric_block *b) { mean_over_positions(b, sparse_hit); }
static void run_categorical(const metric_block *b) { mean_over_positions(b, categorical_hit); }
static void run_binary(const metric_block *b) { mean_over_positions(b, binary_hits); }
static void run_sparse_top(const metric_block *b) { mean_over_positions(b, sparse_top_hit); }
static void run_top(const metric_block *b) { mean_over_positions(b, top_hit); }
static void run_mean_square(const metric_block *b) { mean_over_positions(b, mean_square); }

/* ---- The table --------------------------------------------------------------------------------------------------- */

typedef cepa_metric_options options;

static const field plain_fields[] = {TEXT(options, name), END_OF_FIELDS};
static const field binary_fields[] = {
    TEXT(options, name), REAL(options, threshold, .preset = 0.5, .min = -INFINITY, .max = INFINITY), END_OF_FIELDS};
static const field top_fields[] = {INT(options, k, .preset = 5, .min = 1, .max = 1e9), TEXT(options, name),
                                   END_OF_FIELDS};

#define KIND(class_name, fields_) .kind = {.name = (class_name), .fields = (fields_), .options_size = sizeof(options)}

static const metric_class sparse_categorical_accuracy = {KIND("SparseCategoricalAccuracy", plain_fields),
                                                         .labels = true, .rises = true, .run = run_sparse};
static const metric_class categorical_accuracy = {KIND("CategoricalAccuracy", plain_fields), .rises = true,
                                                  .run = run_categorical};
static const metric_class binary_accuracy = {KIND("BinaryAccuracy", binary_fields), .rises = true, .run = run_binary};
static const metric_class sparse_top_k = {KIND("SparseTopKCategoricalAccuracy", top_fields), .labels = true,
                                          .rises = true, .run = run_sparse_top};
static const metric_class top_k = {KIND("TopKCategoricalAccuracy", top_fields), .rises = true, .run = run_top};
static const metric_class root_mean_squared_error = {KIND("RootMeanSquaredError", plain_fields), .run = run_mean_square,
                                                     .finish = sqrt};

static const kind *const members[] = {
    &sparse_categorical_accuracy.kind,
    &categorical_accuracy.kind,
    &binary_accuracy.kind,
    &sparse_top_k.kind,
    &top_k.kind,
    &root_mean_squared_error.kind,
};

const family metric_family = {"metric", members, ARRAY_COUNT(members)};

/* ---- Names ------------------------------------------------------------------------------------------------------- */

bool metric_is_accuracy(const char *name) { return strcasecmp(name, "accuracy") == 0 || strcasecmp(name, "acc") == 0; }

const kind *metric_resolve(const shape *prediction, const shape *target)
{
    int last = prediction->rank ? prediction->size[prediction->rank - 1] : 1;
    if (last == 1) return &binary_accuracy.kind;
    bool column = target->rank && target->size[target->rank - 1] == 1;
    return target->rank < prediction->rank || column ? &sparse_categorical_accuracy.kind : &categorical_accuracy.kind;
}

const kind *metric_find(const char *name)
{
    const kind *found = family_find(&metric_family, name);
    return found ? found : family_find(&loss_family, name);
}

void metric_default_name(const kind *kind, char *text, size_t size) { snake_case(kind->name, text, size); }

/* ---- A metric in use --------------------------------------------------------------------------------------------- */

static bool is_member(const family *family, const kind *kind)
{
    for (size_t i = 0; i < family->count; i++)
        if (family->members[i] == kind) return true;
    return false;
}

bool metric_rises(const kind *kind)
{
    return !kind || (is_member(&metric_family, kind) && ((const metric_class *)kind)->rises);
}

void metric_new(const member *chosen, const shape *prediction, bool logits, metric *made)
{
    *made = (metric){.classes = prediction->rank ? (size_t)prediction->size[prediction->rank - 1] : 1};
    made->positions = prediction->rank ? shape_count(prediction) / made->classes : 1;
    if (!is_member(&metric_family, chosen->kind)) {
        loss_new(chosen, prediction, logits, &made->loss);
        return;
    }
    const options *o = chosen->options;
    made->class = (const metric_class *)chosen->kind;
    made->parameter = made->class == &binary_accuracy ? o->threshold : o->k;
}

cepa_status metric_check_shape(const metric *m, const shape *prediction, const shape *target, cepa_error *error)
{
    bool labels = m->class ? m->class->labels : m->loss.class->labels;
    const char *name = m->class ? m->class->kind.name : m->loss.class->kind.name;
    return target_check_shape(name, labels, prediction, target, error);
}

void metric_run(const metric *m, const lanes *prediction, const lanes *target, double values[LANES])
{
    static const lanes one = {{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};
    if (m->class) {
        m->class->run(&(metric_block){prediction, target, m->classes, m->positions, m->parameter, values});
        return;
    }
    loss_run(&m->loss, prediction, target, &one, 0, 0, values, NULL);
    for (size_t lane = 0; lane < LANES; lane++) values[lane] /= (double)m->positions;
}

double metric_finish(const metric *m, double mean)
{
    return m->class && m->class->finish ? m->class->finish(mean) : mean;
}
