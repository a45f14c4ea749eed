/* What compile fixes: what is measured of each output and on which tensor, the plan of a training step, and the
 * optimizer with what it has learned. */
#ifndef TRAIN_COMPILE_H
#define TRAIN_COMPILE_H

#include "graph/run.h"
#include "train/choices.h"
#include "train/optimizer.h"

/* One output of which something is measured. */
typedef struct head {
    const output_choice *choice;
    shape shape;           /* of one row's predictions */
    const char *loss_name; /* OUT_loss; NULL: no loss */
    size_t want, entry;    /* of the loss: which wanted tensor it reads, and the place of its gradient */
    bool logits;           /* that tensor holds logits */
} head;

/* A metric of one output. Data give it its meaning. */
typedef struct metric_use {
    const metric_choice *choice;
    const char *base, *name; /* in the history: before it is numbered where it comes twice, and after */
    size_t head;
    size_t want; /* which wanted tensor it reads */
    bool logits; /* that tensor holds logits */
    bool weighted;
} metric_use;

/* A model has one once it is compiled. */
typedef struct training {
    arena memory;
    const network *model, *network; /* the latter for the sizes of the last data, where the model leaves sizes open */
    choices choices;
    size_t head_count, loss_count, metric_count;
    head *heads;
    metric_use *metrics; /* those that weights do not touch first */
    size_t want_count, entry_count;
    int *wants, *entries; /* tensors that heads and metrics read, and whose gradients the losses write */
    plan *step, *look;    /* of a training step; of measuring without one; NULL while sizes are open */
    optimizer optimizer;
    parameter *parameters; /* trained weights, in Keras' order */
    uint32_t epoch;        /* since the model's first fit: random numbers go on where they stopped */
    size_t warning_count;
    const char **warnings;
    arena history_memory, logs_memory; /* of the last fit, of the last evaluate */
    cepa_history_table history;
    cepa_log *logs;
} training;

/* The names of a network's outputs, of the layers that give them. In the arena; NULL without memory. */
const char *const *output_names(arena *memory, const network *network);

/* The activation that gives a tensor: "softmax", "sigmoid", ...; NULL where no activation does. *input gets what it is
 * applied to. */
const char *activation_of(const network *network, int id, int *input);

/* Fixes everything for what was chosen. *memory, where the choices stand, is taken over, also on failure. */
cepa_status training_new(const network *network, arena *memory, const choices *choices, training **made,
                         cepa_error *error);
void training_free(training *t);

/* Fits heads and plans to the network for other sizes of the inputs (network_sized); optimizer and names stay. */
cepa_status training_take_network(training *t, const network *network, cepa_error *error);

/* The numbers that are reported, in the order of Keras' evaluate: the loss, each of several losses, the metrics. */
size_t report_count(const training *t);
const char *report_name(const training *t, size_t index);

#endif
