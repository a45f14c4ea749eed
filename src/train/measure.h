/* What a data set's rows are to a compiled model, and what losses and metrics say of them: block by block while a batch
 * runs, then summed up in the order of the rows by one thread. */
#ifndef TRAIN_MEASURE_H
#define TRAIN_MEASURE_H

#include "train/compile.h"
#include "train/metric.h"

/* The rows of a data set that a model learns from or is measured on. */
typedef struct row_range {
    const cepa_dataset *data;
    size_t first, rows;
} row_range;

/* What each class counts; classes from count on count 1. */
typedef struct class_weights {
    const double *of;
    size_t count;
} class_weights;

#define NOT_KEPT SIZE_MAX

/* What a loss that needs the whole batch has of its rows, and says of them. */
typedef struct whole_use {
    const loss *loss; /* NULL: the head or metric is measured row by row */
    double *numbers, *state, value;
} whole_use;

/* Everything of one range of rows and one plan. Owned by an arena; no call below allocates but measure_new. */
typedef struct measure {
    const training *training;
    row_range range;
    class_weights class_weights;
    bool learns;            /* gradients are wanted */
    bool weighted;          /* rows have weights of their own */
    size_t most_rows;       /* of a batch */
    size_t *input, *target; /* arrays of the data set, by the network's inputs and by heads */
    bool *one_hot;          /* by head: the array holds labels, the loss takes 1 at the label's place, 0 elsewhere */
    loss *losses;           /* by head */
    metric *metrics;        /* by metric of the training */
    whole_use *wholes;      /* by head, then by metric */
    size_t target_count;    /* lanes of all heads' targets of one block */
    lanes *targets;         /* by block */
    size_t rows;            /* of the batch */
    double *factors;        /* of its gradients, by head */
    double *weights;        /* of the batch's rows */
    double *values;         /* of the batch's rows: each head's weighted losses, then each metric's values */
    size_t *target_at;      /* by head: where its targets are among a block's */
    size_t *kept_at;        /* by wanted tensor: where it is among what a block keeps; NOT_KEPT: it does not */
    size_t kept_count;      /* lanes that a block keeps */
    lanes *kept;            /* by block: predictions for metrics with a state */
    double *penalties;      /* of the batch's rows */
    const size_t *order;    /* of the batch: rows of the range */
    double *total, *count;  /* of the epoch so far, by reported loss */
    double **state;         /* by metric, its results behind it */
} measure;

/* The network for the sizes of the data, where it leaves sizes open; fails where the data have no array for an input or
 * a layer refuses the sizes. Whether the known sizes fit is for match_inputs. */
cepa_status network_for(const network *network, const cepa_dataset *data, const struct network **sized,
                        cepa_error *error);

/* Makes the training that of the network for the sizes of the data. */
cepa_status training_meet(training *t, const cepa_dataset *data, cepa_error *error);

/* The data set's arrays that a network's inputs take (by name where there are several, else the only one); fails where
 * one is missing or has another shape. */
cepa_status match_inputs(const network *network, const cepa_dataset *data, size_t *input, cepa_error *error);

/* Fits losses and metrics to data: shapes, labels, what "accuracy" means. most_rows: of one batch. learns: a step's
 * plan is run, so that gradients are written. */
cepa_status measure_new(arena *memory, const training *t, const row_range *range, const class_weights *weights,
                        bool learns, size_t most_rows, measure *made, cepa_error *error);

/* Numbers of a row's target as a head takes it, and one of them. */
size_t measure_target_size(const measure *m, size_t head);
double measure_target(const measure *m, size_t head, size_t row, size_t element);

/* Forgets the sums: an epoch begins. */
void measure_begin(measure *m);

/* Prepares a batch of rows of the data set, in this order, for a session: its load and head are the measure's. */
void measure_batch(measure *m, const size_t *order, size_t rows, batch *made);

/* After the run: adds rows first ... first + rows - 1 of the batch to the sums as one batch of Keras'. penalty: of the
 * weights. */
void measure_add(measure *m, const session *s, size_t first, size_t rows, double penalty);

/* A reported number as it stands now, into a log; results that it points to are the measure's. */
void measure_report(const measure *m, size_t index, cepa_log *log);

#endif
