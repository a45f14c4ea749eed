/* Metrics: what training reports. One table entry each; every loss is a metric too. A metric either gives each row a
 * number, whose mean is reported, or keeps a state that rows are added to, one after the other. */
#ifndef TRAIN_METRIC_H
#define TRAIN_METRIC_H

#include "layers/layers.h"
#include "train/loss.h"

typedef struct metric metric;

/* One block seen by a metric of the first kind. Predictions [classes][positions]; targets the same, or labels
 * [positions]. */
typedef struct metric_block {
    const metric *metric;
    const lanes *prediction, *target;
    double *values; /* LANES numbers, to be overwritten: each row's mean over its positions */
} metric_block;

/* One row, a lane of a block, as it is added to a state. */
typedef struct metric_row {
    const lanes *prediction, *target;
    size_t lane;
    double value, weight; /* value: what the first kind gave it */
} metric_row;

/* Which way a number gets better. */
typedef enum log_direction { LOG_UNKNOWN, LOG_FALLS, LOG_RISES } log_direction;

typedef struct metric_class {
    kind kind;
    const char *reported_as; /* NULL: the class' name in snake case */
    const char *loss;        /* the class of the loss that it is; NULL: none */
    bool numbered;           /* Keras numbers several of a program: auc, auc_1 */
    log_direction direction;
    bool labels;                        /* targets are labels, one a position; else like the predictions, */
    bool own_shapes;                    /* but for a class that looks at the shapes itself */
    void (*run)(const metric_block *b); /* the first kind */
    double (*finish)(double mean);      /* of an epoch's mean; NULL: reported as it is */
    cepa_status (*begin)(arena *memory, metric *m, const shape *prediction, const shape *target, cepa_error *error);
    void (*add)(const metric *m, const metric_row *row, double *state); /* the second */
    void (*report)(const metric *m, const double *state, double *results);
} metric_class;

/* Entries are metric_class, options cepa_metric_options. */
extern const family metric_family;

/* A metric as it is used on one output. */
struct metric {
    const metric_class *class; /* NULL: it is the loss below */
    loss loss;
    const cepa_metric_options *options;
    size_t classes, positions;
    size_t state_count, result_count; /* numbers of its state, 0 at first; results that are reported */
    fold fold;                        /* begin may set what it needs: around the options' axis, */
    void *own;                        /* and a struct of the class' own */
    bool by_batch; /* an object that Keras has as a loss alone: each batch gives a number, whose mean is reported */
};

/* True for "accuracy" and "acc" in any case: the shapes of data and predictions say what they mean. */
bool metric_is_accuracy(const char *name);

/* What "accuracy" means for rows of these shapes (the loss is not looked at). */
const kind *metric_resolve(const shape *prediction, const shape *target);

/* Finds a metric or a loss by class name, snake case name or alias; NULL: unknown. */
const kind *metric_find(const char *name);

/* Of a member of the metrics or the losses; NULL is "accuracy". */
log_direction metric_direction(const kind *kind);

/* Whether larger is better of what a history calls so: the name of a metric, whatever stands before and behind it. */
bool metric_name_rises(const char *name);

/* Whether Keras has the kind as a loss alone, and no metric of its name. */
bool metric_is_loss_alone(const kind *kind);

/* Whether Keras numbers objects without a name of this kind, the first apart. */
bool metric_is_numbered(const kind *kind);

/* The name of an object without one: "sparse_top_k_categorical_accuracy". */
void metric_default_name(const kind *kind, char *text, size_t size);

/* Makes a metric of resolved options for predictions and targets of these shapes (of one row), in the arena. logits: a
 * loss finds them before the head. Fails where the shapes do not fit. */
cepa_status metric_new(arena *memory, const member *chosen, const shape *prediction, const shape *target, bool logits,
                       metric *made, cepa_error *error);

/* True of the second kind: predictions are wanted once more, row by row. */
bool metric_keeps_state(const metric *m);

/* The first kind measures one block: values[r] receives lane r's value. */
void metric_run(const metric *m, const lanes *prediction, const lanes *target, double values[LANES]);

/* What a metric by batches, of the first kind, makes of what a batch's rows gave. */
double metric_of_batch(const metric *m, const double *values, size_t rows);

/* Adds a row to the state. */
void metric_add(const metric *m, const metric_row *row, double *state);

/* Its result_count results as the state stands. */
void metric_report(const metric *m, const double *state, double *results);

#endif
