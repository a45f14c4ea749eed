/* Metrics of a confusion matrix: intersection over union. Definitions as in Keras 3 (keras/src/metrics/iou_metrics.py),
 * which counts in whole numbers: weights too. */
#include "train/metric_classes.h"

typedef cepa_metric_options options;

/* What predictions and targets are: classes, or a number for each class of which the largest counts. The targets' lie
 * class_step apart, from one position to the next position_step. */
typedef struct layout {
    bool sparse_prediction, sparse_target;
    float threshold; /* predictions from it on are class 1, below 0; NaN: they are classes */
    size_t positions, target_classes, class_step, position_step;
} layout;

static size_t classes_counted(const metric *m) { return m->options->num_classes ? (size_t)m->options->num_classes : 2; }

static double predicted_class(const metric *m, const metric_row *row, size_t position)
{
    const layout *l = m->own;
    if (!l->sparse_prediction) return (double)largest_class(m, row->prediction, position, row->lane);
    float p = (float)row->prediction[position].lane[row->lane];
    return isnan(l->threshold) ? trunc((double)p) : p >= l->threshold;
}

static double wanted_class(const metric *m, const metric_row *row, size_t position)
{
    const layout *l = m->own;
    const lanes *first = row->target + position * l->position_step;
    if (l->sparse_target) return trunc((double)first->lane[row->lane]);
    size_t best = 0;
    for (size_t c = 1; c < l->target_classes; c++)
        if (first[c * l->class_step].lane[row->lane] > first[best * l->class_step].lane[row->lane]) best = c;
    return (double)best;
}

/* What is no class does not count. */
static void add(const metric *m, const metric_row *row, double *state)
{
    const layout *l = m->own;
    double ignored = m->options->ignore_class, classes = (double)classes_counted(m);
    for (size_t position = 0; position < l->positions; position++) {
        double p = predicted_class(m, row, position), y = wanted_class(m, row, position);
        if (!(p >= 0 && p < classes && y >= 0 && y < classes) || (real_is_set(ignored) && y == ignored)) continue;
        state[(size_t)y * (size_t)classes + (size_t)p] += trunc(row->weight);
    }
}

/* Of one class; false where it is neither predicted nor wanted. */
static bool intersection_over_union(const metric *m, const double *state, size_t class, double *found)
{
    size_t classes = classes_counted(m);
    double both = state[class * classes + class], either = -both;
    for (size_t i = 0; i < classes; i++) either += state[class * classes + i] + state[i * classes + class];
    *found = both / (either + KERAS_EPSILON);
    return either > 1e-9;
}

static void report(const metric *m, const double *state, double *results)
{
    const double *ids = m->options->target_class_ids;
    size_t given = reals_length(ids, CEPA_MAX_LABELS), count = given ? given : classes_counted(m);
    double sum = 0, valid = 0, found;
    for (size_t i = 0; i < count; i++)
        if (intersection_over_union(m, state, given ? (size_t)ids[i] : i, &found)) {
            sum += found;
            valid++;
        }
    results[0] = sum / (valid + KERAS_EPSILON);
}

/* ---- Beginning --------------------------------------------------------------------------------------------------- */

static cepa_status check(const metric *m, const shape *prediction, const shape *target, cepa_error *error)
{
    const double *ids = m->options->target_class_ids;
    const layout *l = m->own;
    int axis = m->options->axis;
    const char *name = m->class->kind.name;
    for (size_t i = 0; i < reals_length(ids, CEPA_MAX_LABELS); i++)
        if (ids[i] >= (double)classes_counted(m))
            return fail(error, CEPA_ARGUMENT, "%s: target_class_ids: there is no class %.0f of %zu", name, ids[i],
                        classes_counted(m));
    if (axis && axis != -1 && axis != (int)prediction->rank)
        return fail(error, CEPA_DATA, "%s: classes stand along the last axis, not along axis %d", name, axis);
    if (l->positions * l->target_classes == shape_count(target)) return CEPA_OK;
    char given[100], wanted[100];
    shape_text(target, given, sizeof given);
    shape_text(prediction, wanted, sizeof wanted);
    return fail(error, CEPA_DATA, "targets of shape %s do not fit predictions of shape %s: %s takes %s for each of %zu",
                given, wanted, name, l->sparse_target ? "the number of a class" : "a number for each class",
                l->positions);
}

static cepa_status begin_with(arena *memory, metric *m, const layout *like, const shape *prediction,
                              const shape *target, cepa_error *error)
{
    layout *l = m->own = arena_allocate(memory, sizeof *l);
    size_t numbers = m->classes * m->positions, targets = shape_count(target);
    if (!l) return fail_memory(error);
    *l = *like;
    l->positions = l->sparse_prediction ? numbers : m->positions;
    l->target_classes = l->sparse_target || !target->rank ? 1 : (size_t)target->size[target->rank - 1];
    bool as_predictions = targets == numbers; /* how they lie then */
    l->class_step = as_predictions ? m->positions : 1;
    l->position_step = as_predictions ? 1 : l->target_classes;
    m->state_count = classes_counted(m) * classes_counted(m);
    m->result_count = 1;
    return check(m, prediction, target, error);
}

static cepa_status begin(arena *memory, metric *m, const shape *prediction, const shape *target, cepa_error *error)
{
    const layout l = {m->options->sparse_y_pred, m->options->sparse_y_true, .threshold = NAN};
    return begin_with(memory, m, &l, prediction, target, error);
}

static cepa_status begin_binary(arena *memory, metric *m, const shape *prediction, const shape *target,
                                cepa_error *error)
{
    const layout l = {true, true, .threshold = (float)m->options->threshold};
    return begin_with(memory, m, &l, prediction, target, error);
}

/* ---- The classes ------------------------------------------------------------------------------------------------- */

#define CLASSES INT(options, num_classes, .required = true, .min = 1, .max = 10000)
#define CLASS_IDS(...)                                                                                                 \
    REALS(options, target_class_ids, .whole = true, .always_list = true, .min = 0, .max = 10000, __VA_ARGS__)
#define IGNORED            REAL(options, ignore_class, .optional = true, .whole = true)
#define SPARSE(which, is_) FLAG(options, sparse_y_##which, .preset = (is_))

static const field iou_fields[] = {CLASSES,
                                   CLASS_IDS(.required = true),
                                   METRIC_NAME,
                                   IGNORED,
                                   SPARSE(true, true),
                                   SPARSE(pred, true),
                                   METRIC_AXIS,
                                   END_OF_FIELDS};
static const field binary_fields[] = {CLASS_IDS(.optional = true),
                                      REAL(options, threshold, .preset = 0.5, .min = -INFINITY, .max = INFINITY),
                                      METRIC_NAME, END_OF_FIELDS};
static const field mean_fields[] = {CLASSES,     METRIC_NAME,  IGNORED, SPARSE(true, true), SPARSE(pred, true),
                                    METRIC_AXIS, END_OF_FIELDS};
static const field one_hot_fields[] = {
    CLASSES, CLASS_IDS(.required = true), METRIC_NAME, IGNORED, SPARSE(pred, false), METRIC_AXIS, END_OF_FIELDS};
static const field one_hot_mean_fields[] = {CLASSES,     METRIC_NAME,  IGNORED, SPARSE(pred, false),
                                            METRIC_AXIS, END_OF_FIELDS};

#define OF_MATRIX(variable, class_name, fields_, begin_)                                                               \
    const metric_class metric_##variable = {METRIC_KIND(class_name, fields_),                                          \
                                            .numbered = true,                                                          \
                                            .own_shapes = true,                                                        \
                                            .direction = LOG_RISES,                                                    \
                                            .begin = (begin_),                                                         \
                                            .add = add,                                                                \
                                            .report = report};

OF_MATRIX(iou, "IoU", iou_fields, begin)
OF_MATRIX(binary_iou, "BinaryIoU", binary_fields, begin_binary)
OF_MATRIX(mean_iou, "MeanIoU", mean_fields, begin)
OF_MATRIX(one_hot_iou, "OneHotIoU", one_hot_fields, begin)
OF_MATRIX(one_hot_mean_iou, "OneHotMeanIoU", one_hot_mean_fields, begin)
