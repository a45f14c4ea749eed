/* Optimizers: how gradients change weights. One table entry each; the arithmetic is in kernels/optimizer.c. */
#ifndef TRAIN_OPTIMIZER_H
#define TRAIN_OPTIMIZER_H

#include "base/threads.h"
#include "weights/weights.h"

enum { MOST_SLOTS = 3 };

/* What every optimizer takes, at the start of its options. */
typedef struct optimizer_options {
    CEPA_OPTIMIZER_OPTIONS
} optimizer_options;

/* A number that an optimizer keeps for each weight. */
typedef struct optimizer_slot {
    const char *name;                    /* as in Keras: "momentum" */
    bool (*wanted)(const void *options); /* NULL: always */
} optimizer_slot;

/* One update of count numbers: rate is the learning rate, step counts updates from 1; slot[i] is NULL where unwanted.
 */
typedef struct optimizer_call {
    const void *options;
    double rate;
    uint64_t step;
    real *w;
    const real *g;
    real *slot[MOST_SLOTS];
    size_t count;
} optimizer_call;

typedef struct optimizer_class {
    kind kind;
    optimizer_slot slots[MOST_SLOTS]; /* in the order of files */
    size_t interleaved; /* the first so many slots stand together weight by weight in files, each other one for all */
    void (*update)(const optimizer_call *c);
} optimizer_class;

/* Entries are optimizer_class; their options all start as optimizer_options does. */
extern const family optimizer_family;

/* One trained weight. Its numbers are values[value ... value + count - 1] of the graph, its gradients and slots stand
 * from place on in blocks of their own. */
typedef struct parameter {
    const char *layer, *name;
    size_t rank;
    const int *size;
    size_t value, place, count;
    member regularizer, constraint; /* kind NULL: none */
} parameter;

/* An optimizer at work on some weights, with its state. */
typedef struct optimizer {
    const optimizer_class *class;
    const void *options;
    const parameter *parameters;
    size_t parameter_count;
    double learning_rate;                              /* a float32 number, as Keras keeps it */
    uint64_t iterations;                               /* batches seen */
    size_t count;                                      /* numbers of all parameters */
    real *slots[MOST_SLOTS], *averages, *accumulators; /* count reals each, NULL where unwanted */
    struct optimizer_chunk *chunks;
    size_t chunk_count;
    double *parts;   /* of a norm, by chunk */
    double *factors; /* that gradients are multiplied by, by parameter */
} optimizer;

/* Makes an optimizer of resolved options on parameters, in their order, with a fresh state. Everything is owned by the
 * arena. Fails where more than one way of clipping is asked for. */
cepa_status optimizer_new(arena *memory, const member *chosen, const parameter *parameters, size_t count,
                          optimizer *made, cepa_error *error);

/* What a loss is multiplied by before its gradients are taken, and optimizer_step divides by. */
double optimizer_loss_scale(const optimizer *o);

/* The penalties of all weights as they are, in double. */
double optimizer_penalty(const optimizer *o, const real *values);

/* One batch: adds the penalties' gradients, clips, decays, updates, averages and constrains, as Keras' apply does.
 * gradients (count numbers) are used up. The result does not depend on threads. */
void optimizer_step(optimizer *o, real *values, real *gradients, team *team);

/* At the end of fit: puts the averages in place, if it keeps any. */
void optimizer_finish(const optimizer *o, real *values);

/* The state as files hold it (Keras' optimizer.variables): the number of iterations, the learning rate, then arrays. */
typedef struct optimizer_variable {
    const char *name;     /* "iteration", "learning_rate", "momentum", ... */
    const parameter *of;  /* whose shape an array has; NULL in the first two */
    uint64_t *iterations; /* one of these three */
    double *learning_rate;
    real *values;
} optimizer_variable;

size_t optimizer_variable_count(const optimizer *o);
/* index below the count; what it points to may be written. */
optimizer_variable optimizer_variable_at(optimizer *o, size_t index);

#endif
