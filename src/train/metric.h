/* Metrics: what training reports. The accuracies are one table entry each; every loss is a metric too. */
#ifndef TRAIN_METRIC_H
#define TRAIN_METRIC_H

#include "train/loss.h"

/* One block seen by a metric: predictions [classes][positions]; targets the same, or labels [positions]. */
typedef struct metric_block {
    const lanes *prediction, *target;
    size_t classes, positions;
    double parameter; /* k, or the threshold */
    double *values;   /* LANES numbers, to be overwritten: each row's mean over its positions */
} metric_block;

typedef struct metric_class {
    kind kind;
    bool labels; /* targets are labels, one a position */
    void (*run)(const metric_block *b);
    double (*finish)(double mean); /* of an epoch's mean; NULL: reported as it is */
    bool rises;                    /* larger is better */
} metric_class;

/* Entries are metric_class, options cepa_metric_options. */
extern const family metric_family;

/* A metric as it is used on one output. */
typedef struct metric {
    const metric_class *class; /* NULL: it is the loss below */
    loss loss;
    double parameter;
    size_t classes, positions;
} metric;

/* True for "accuracy" and "acc" in any case: the shapes of data and predictions say what they mean. */
bool metric_is_accuracy(const char *name);

/* What "accuracy" means for rows of these shapes (the loss is not looked at). */
const kind *metric_resolve(const shape *prediction, const shape *target);

/* Finds a metric or a loss by class name, snake case name or alias; NULL: unknown. */
const kind *metric_find(const char *name);

/* True where a larger number is better: of the accuracies (NULL is "accuracy"), not of losses. */
bool metric_rises(const kind *kind);

/* The name of an object without one: its class in snake case, "sparse_top_k_categorical_accuracy". */
void metric_default_name(const kind *kind, char *text, size_t size);

/* Makes a metric of resolved options for predictions of a shape. logits: a loss finds them before the head. */
void metric_new(const member *chosen, const shape *prediction, bool logits, metric *made);

/* Checks that a target of this shape (of one row) fits. */
cepa_status metric_check_shape(const metric *m, const shape *prediction, const shape *target, cepa_error *error);

/* Measures one block: values[r] receives lane r's value. */
void metric_run(const metric *m, const lanes *prediction, const lanes *target, double values[LANES]);

/* What an epoch's mean is reported as. */
double metric_finish(const metric *m, double mean);

#endif
