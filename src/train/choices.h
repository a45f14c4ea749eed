/* What compile was told: optimizer, losses and metrics of each output, from a C program's options or from values as
 * files and source text hold them; and back into values. */
#ifndef TRAIN_CHOICES_H
#define TRAIN_CHOICES_H

#include "train/loss.h"

/* A metric as it was asked for. */
typedef struct metric_choice {
    const char *name; /* in the history: a text as it was written, an object's own name */
    member member;    /* kind NULL: "accuracy", which data will give a meaning */
    bool object;      /* with options, not just a name */
} metric_choice;

typedef struct metric_list {
    size_t count;
    metric_choice *items;
} metric_list;

/* What was said of one output. */
typedef struct output_choice {
    const char *name; /* of the layer that gives it */
    member loss;      /* kind NULL: none */
    double weight;
    metric_list metrics, weighted;
} output_choice;

typedef struct choices {
    member optimizer;
    size_t outputs;
    output_choice *output;
    bool weights_given; /* loss_weights was said */
} choices;

enum { COMPILE_ARGUMENTS = 5 };

/* The arguments of Keras' compile as values, by name and in Keras' order; NULL where one was left out. */
typedef struct compile_values {
    union {
        struct {
            const value *optimizer, *loss, *loss_weights, *metrics, *weighted_metrics;
        };
        const value *all[COMPILE_ARGUMENTS];
    };
} compile_values;

/* The same arguments' names, and the modules of Keras that have what they are made of (NULL: numbers). */
typedef struct compile_argument {
    const char *name, *module;
} compile_argument;

extern const compile_argument compile_arguments[COMPILE_ARGUMENTS];

/* A family's member from a program's choice: a name with options, or call notation. */
cepa_status choice_take(arena *memory, const family *family, const cepa_choice *choice, member *made,
                        cepa_error *error);

/* Reads what a program wants for a model of outputs with these names. Everything is copied into the arena. */
cepa_status choices_take(arena *memory, const cepa_compile_options *options, const char *const *outputs, size_t count,
                         choices *made, cepa_error *error);

/* The same from values. A loss or list of metrics may stand for all outputs, or lists and dicts give one to each.
 * tolerant, for files: arguments that are not known are passed over. */
cepa_status choices_read(arena *memory, const compile_values *values, bool tolerant, const char *const *outputs,
                         size_t count, choices *made, cepa_error *error);

/* As values again: members as CALLs with all their fields, metrics by name as TEXTs, lists where there are several
 * outputs; NONE where nothing was said. False where memory is exhausted. */
bool choices_write(arena *memory, const choices *c, compile_values *values);

#endif
