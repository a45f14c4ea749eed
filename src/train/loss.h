/* Losses: what training makes small. One table entry each; the arithmetic is in kernels/losses.c. */
#ifndef TRAIN_LOSS_H
#define TRAIN_LOSS_H

#include "layers/layers.h"

typedef void loss_kernel(const loss_block *b);

struct loss;

/* The rows of a batch, or of one among several that are run together, as a loss that needs all of them sees them.
 * Number n of row r stands at numbers[(r / LANES * row_numbers + n) * LANES + r % LANES]. */
typedef struct loss_batch {
    size_t first, rows;
    const double *numbers;
    const double *weights; /* of the rows; NULL: none are given */
    double factor;         /* of the gradient */
    double *state;         /* what the gradient needs: batch_state numbers, and row_state for each row */
} loss_batch;

/* A loss that needs the whole batch: note takes the numbers that matter of each row of a block, combine makes a value
 * of them all and fills the state, then gradients writes a block's, 0 in lanes from rows on. */
typedef struct whole_batch {
    void (*note)(const struct loss *l, const loss_block *b, double *numbers);
    double (*combine)(const struct loss *l, const loss_batch *batch);
    void (*gradients)(const struct loss *l, const loss_block *b, const loss_batch *batch, size_t position, size_t rows);
} whole_batch;

/* What a class adds to a new loss for predictions of a shape. */
typedef void loss_begin(struct loss *l, const shape *prediction);

typedef struct loss_class {
    kind kind;
    bool labels;           /* targets are labels 0 ... classes - 1, one a sample; else numbers like the predictions' */
    bool any_label;        /* labels may be any whole numbers */
    bool no_metric;        /* Keras has no metric of its name */
    const char *object;    /* what Keras calls an object without a name; NULL: the class' name in snake case */
    bool zero_one_is_sign; /* targets that are all 0 or 1 stand for -1 and 1 (hinge losses) */
    const char *head;      /* class of the activation whose input the loss takes for the logits; NULL: none */
    bool smooth_binary;    /* label smoothing goes towards 1/2, else towards 1 / classes */
    loss_kernel *run;      /* on predictions as they are */
    loss_kernel *run_logits;                                 /* on logits; NULL: the loss knows none */
    void (*rows)(const struct loss *l, const loss_block *b); /* instead of both */
    const whole_batch *whole;                                /* instead of all, where the loss has row_numbers */
    loss_begin *begin;                                       /* NULL: nothing */
    bool may_be_logits;                                      /* its options begin as the crossentropies' do */
} loss_class;

/* Entries are loss_class; their options all start as cepa_loss_options does. */
extern const family loss_family;

typedef enum reduction { REDUCE_MEAN, REDUCE_SUM, REDUCE_WEIGHTED_MEAN } reduction;

/* Axes of a row's predictions that a loss goes along, in the engine's order, those that lie side by side as one. */
typedef struct loss_axes {
    size_t count, total; /* the product of the sizes */
    size_t size[CEPA_MAX_RANK], stride[CEPA_MAX_RANK];
} loss_axes;

/* What an overlap is divided by: the sums of y p, y and p, each times its number, and a little more. */
typedef struct overlap {
    double both, target, prediction, more;
} overlap;

/* A loss as it is used on one output. */
typedef struct loss {
    const loss_class *class;
    const void *options;
    reduction reduction;
    bool logits; /* predictions are logits */
    size_t classes, positions;
    const char *misfit;     /* why it cannot be for such predictions; NULL: it can */
    fold fold;              /* of the predictions around the axis of the classes */
    loss_axes kept, summed; /* of an overlap: along which its values stand, and which they add up */
    overlap overlap;
    size_t row_numbers, row_state, batch_state; /* of a loss that needs the whole batch; else 0 */
    real target_scale, target_offset, parameter;
    bool ignores; /* samples whose label is parameter do not count */
} loss;

/* Makes a loss for predictions of a shape. */
void loss_new(const member *chosen, const shape *prediction, bool logits, loss *made);

/* True where the options say that predictions are logits. */
bool loss_from_logits(const member *chosen);

/* How Keras 3 spells a reduction that an older version spelled otherwise. */
const char *loss_reduction_name(const char *reduction);

/* Numbers of one row's target. */
size_t loss_target_count(const loss *l);

/* Checks that a target of this shape (of one row) fits predictions: equal shapes, but for a last axis of 1; or labels,
 * one for each row of the predictions' last axis. name: what takes them, for the message. */
cepa_status target_check_shape(const char *name, bool labels, const shape *prediction, const shape *target,
                               cepa_error *error);

/* What the targets of a data set are, gathered over all its rows before anything is measured. */
typedef struct target_range {
    double low, high;
    bool whole, zero_or_one; /* all of them */
} target_range;

/* A range of no targets yet; and one target more. A label that does not count is passed over. */
target_range target_range_new(void);
void target_range_add(target_range *range, const loss *l, double target);

/* Fits the loss to the targets of a data set: refuses what is no label, learns whether 0 stands for -1. */
cepa_status loss_meet_targets(loss *l, const target_range *range, cepa_error *error);

/* What a batch's loss is divided by, apart from its sum of weighted values: samples counts all of them, valid those
 * that are not ignored, weights is their sum of weights. 0: the loss is 0. */
double loss_divisor(const loss *l, size_t samples, size_t valid, double weights);

/* Measures one block of a loss that does not need the whole batch: sums[r] receives lane r's weighted values, gradient
 * (may be NULL) the derivative of factor * (their sum). Sample weights as in loss_block. */
void loss_run(const loss *l, const lanes *prediction, const lanes *target, const lanes *weight, size_t weight_step,
              real factor, double sums[LANES], lanes *gradient);

#endif
