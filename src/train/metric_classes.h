/* What the files that define metrics share: the list of them, their fields, and how they look at lanes. */
#ifndef TRAIN_METRIC_CLASSES_H
#define TRAIN_METRIC_CLASSES_H

#include "train/metric.h"

#include <math.h>

/* Every metric, in documentation order. */
#define METRICS(X)                                                                                                     \
    X(sparse_categorical_accuracy)                                                                                     \
    X(categorical_accuracy)                                                                                            \
    X(binary_accuracy)                                                                                                 \
    X(accuracy)                                                                                                        \
    X(sparse_top_k_categorical_accuracy)                                                                               \
    X(top_k_categorical_accuracy)                                                                                      \
    X(auc)                                                                                                             \
    X(precision)                                                                                                       \
    X(recall)                                                                                                          \
    X(true_positives)                                                                                                  \
    X(true_negatives)                                                                                                  \
    X(false_positives)                                                                                                 \
    X(false_negatives)                                                                                                 \
    X(sensitivity_at_specificity)                                                                                      \
    X(specificity_at_sensitivity)                                                                                      \
    X(precision_at_recall)                                                                                             \
    X(recall_at_precision)                                                                                             \
    X(f1_score)                                                                                                        \
    X(fbeta_score)                                                                                                     \
    X(iou)                                                                                                             \
    X(binary_iou)                                                                                                      \
    X(mean_iou)                                                                                                        \
    X(one_hot_iou)                                                                                                     \
    X(one_hot_mean_iou)                                                                                                \
    X(root_mean_squared_error)                                                                                         \
    X(log_cosh_error)                                                                                                  \
    X(cosine_similarity)                                                                                               \
    X(pearson_correlation)                                                                                             \
    X(concordance_correlation)                                                                                         \
    X(r2_score)

#define DECLARE_METRIC(name) extern const metric_class metric_##name;
METRICS(DECLARE_METRIC)
#undef DECLARE_METRIC

#define METRIC_KIND(class_name, fields_)                                                                               \
    .kind = {.name = (class_name), .fields = (fields_), .options_size = sizeof(cepa_metric_options)}

/* Keras' classes all end with a name and a type of number, which changes nothing here. */
#define METRIC_NAME TEXT(cepa_metric_options, name), DERIVED(FIELD_TEXT, dtype, .optional = true)
#define METRIC_AXIS INT(cepa_metric_options, axis, .preset = -1)

#define KERAS_EPSILON 1e-7

static inline double predicted(const metric *m, const lanes *prediction, size_t class, size_t position, size_t lane)
{
    return (double)prediction[class * m->positions + position].lane[lane];
}

static inline double label_at(const lanes *target, size_t position, size_t lane)
{
    return (double)target[position].lane[lane];
}

/* The first of the largest. */
static inline size_t largest_class(const metric *m, const lanes *values, size_t position, size_t lane)
{
    size_t best = 0;
    for (size_t c = 1; c < m->classes; c++)
        if (predicted(m, values, c, position, lane) > predicted(m, values, best, position, lane)) best = c;
    return best;
}

/* a / b, 0 where b is. */
static inline double share_of(double a, double b) { return b != 0 ? a / b : 0; }

/* Fails where a row is not one row of numbers. */
static inline cepa_status metric_need_vectors(const metric *m, const shape *prediction, cepa_error *error)
{
    char text[100];
    if (prediction->rank <= 1) return CEPA_OK;
    shape_text(prediction, text, sizeof text);
    return fail(error, CEPA_DATA, "%s takes one row of numbers for each sample, not predictions of shape %s",
                m->class->kind.name, text);
}

#endif
