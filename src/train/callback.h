/* Callbacks: rules that watch training and act on it, as in Keras 3 (keras/src/callbacks). One table entry each. */
#ifndef TRAIN_CALLBACK_H
#define TRAIN_CALLBACK_H

#include "train/history.h"

/* Saves the model that is trained, weights alone where the path ends so. */
typedef struct model_saver {
    cepa_status (*save)(void *context, const char *path, cepa_error *error);
    void *context;
} model_saver;

/* A fit as callbacks see it, and what they do to it. */
typedef struct fit_state {
    training *t;
    int epoch;              /* from 0 */
    size_t step;            /* of the epoch, from 0 */
    const log_list *logs;   /* of the step or the epoch that ended */
    const char *stopped_by; /* set: training ends after this step, its epoch's validation still runs */
    int restored_epoch;     /* whose weights were put back; -1: none */
    cepa_error failure;     /* set: the fit ends at once and fails */
    void (*say)(void *context, const char *message);
    void *context; /* of say */
    const model_saver *saver;
} fit_state;

/* A number that a callback watches, and the best it was. */
typedef struct monitor {
    size_t log; /* its place among an epoch's logs */
    bool rises; /* larger is better */
    double min_delta;
    bool any; /* best holds a number */
    double best;
} monitor;

/* A callback in one fit. */
typedef struct callback {
    const struct callback_class *class;
    const void *options;
    monitor monitor;
    int wait, cooldown, best_epoch, stopped_epoch; /* stopped_epoch 0: did not stop it */
    real *best_values;                             /* of all weights; NULL: not to be kept */
    bool kept;                                     /* best_values holds an epoch's, or a file what is gone on with */
    bool sees_rate;                                /* one before it adds learning_rate to the logs */
} callback;

/* When a fit calls them, in the words of Keras: on_epoch_begin ... */
typedef enum callback_event { EPOCH_BEGIN, BATCH_END, EPOCH_END, TRAIN_END, CALLBACK_EVENTS } callback_event;

typedef struct callback_class {
    kind kind;
    bool logs_rate;    /* adds learning_rate to an epoch's logs */
    bool writes_files; /* of its own */
    cepa_status (*begin)(callback *c, arena *memory, const fit_state *f, cepa_error *error); /* NULL: nothing to do */
    void (*on[CALLBACK_EVENTS])(callback *c, fit_state *f);                                  /* the same */
} callback_class;

/* Entries are callback_class. */
extern const family callback_family;

/* What one fit was asked for. */
typedef struct callback_list {
    size_t count;
    callback items[CEPA_MAX_INPUTS];
} callback_list;

/* Resolves the options; refuses unknown names and arguments. Owned by the arena. */
cepa_status callbacks_take(arena *memory, const cepa_choice *wanted, callback_list *made, cepa_error *error);

/* The name of a callback in call notation that writes files of its own; NULL of others. */
const char *callback_that_writes(const char *text);

/* True where one of them adds learning_rate to an epoch's logs. */
bool callbacks_log_rate(const callback_list *list);

/* Prepares them for a fit whose epochs have these logs (f->logs). Fails where a number to be watched is not among them,
 * or where its name does not say which way is better and mode neither. */
cepa_status callbacks_begin(callback_list *list, arena *memory, const fit_state *f, cepa_error *error);

/* Tells all of them, in their order. */
void callbacks_run(callback_list *list, callback_event event, fit_state *f);

#endif
