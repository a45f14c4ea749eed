/* Optimizers: how gradients change weights. One table entry each; the arithmetic of the common ones is in
 * kernels/optimizer.c. */
#ifndef TRAIN_OPTIMIZER_H
#define TRAIN_OPTIMIZER_H

#include "base/threads.h"
#include "train/schedule.h"
#include "weights/weights.h"

enum { MOST_SLOTS = 3, MOST_SCRATCH = 4 };

/* What every optimizer takes, at the start of its options. */
typedef struct optimizer_options {
    CEPA_OPTIMIZER_OPTIONS
} optimizer_options;

/* One trained weight. Its numbers are values[value ... value + count - 1] of the graph, its gradients and slots stand
 * from place on in blocks of their own. */
typedef struct parameter {
    const char *layer, *name;
    size_t rank;
    const int *size;
    size_t value, place, count;
    member regularizer, constraint; /* kind NULL: none */
} parameter;

/* A number that an optimizer keeps for each weight. */
typedef struct optimizer_slot {
    const char *name;                                        /* as in Keras: "momentum" */
    bool (*wanted)(const void *options, const parameter *p); /* NULL: always */
    double (*start)(const void *options);                    /* what it is before the first step; NULL: 0 */
    size_t without; /* 1, 2: only one for all numbers along the last axis, the last but one; of a weight with fewer
                     * than two axes one for all, which Keras calls like the weight. 0: one for each number */
} optimizer_slot;

/* One update of count numbers, where the class wants it of the whole weight: rate is the learning rate, step counts
 * updates from 1. g may be used up; slot[i] is NULL where unwanted, scratch holds anything. */
typedef struct optimizer_call {
    const void *options;
    const parameter *parameter;
    double rate;
    uint64_t step;
    double number; /* of the class, after this step's */
    real *w, *g;
    real *slot[MOST_SLOTS], *scratch[MOST_SCRATCH];
    size_t count;
} optimizer_call;

typedef struct optimizer_class {
    kind kind;
    optimizer_slot slots[MOST_SLOTS]; /* in the order of files */
    size_t interleaved; /* the first so many slots stand together weight by weight in files, each other one for all */
    bool whole;         /* an update needs the whole weight */
    size_t scratch;     /* so many further numbers a weight to work with */
    const char *number; /* a number that is kept once, last in files; begins as 1. NULL: none */
    double (*next_number)(const void *options, double number, uint64_t step);
    double (*decay)(const void *options, const parameter *p); /* NULL: weight_decay of all */
    void (*update)(const optimizer_call *c);
} optimizer_class;

/* Entries are optimizer_class; their options all start as optimizer_options does. */
extern const family optimizer_family;

/* The state as files hold it (Keras' optimizer.variables): the number of iterations, the learning rate unless it is a
 * schedule's, arrays, the class' number. */
typedef struct optimizer_variable {
    const char *name;     /* "iteration", "learning_rate", "momentum", ... */
    const parameter *of;  /* whose array it is; NULL: nobody's */
    uint64_t *iterations; /* one of these three */
    double *number;
    real *values;
    size_t slot;        /* an array's place among its class' slots, 0 for others */
    size_t rank, count; /* an array's; rank 0, count 1: one number */
    int size[CEPA_MAX_RANK];
} optimizer_variable;

/* An optimizer at work on some weights, with its state. It stays where it was made. */
typedef struct optimizer {
    const optimizer_class *class;
    const void *options;
    const parameter *parameters;
    size_t parameter_count;
    double learning_rate; /* a float32 number, as Keras keeps it; a schedule's last one */
    member schedule;      /* kind NULL: the learning rate is a number */
    uint64_t iterations;  /* batches seen */
    double number;        /* the class' */
    size_t count;         /* numbers of all parameters */
    real *slots[MOST_SLOTS], *averages, *accumulators,
        *scratch[MOST_SCRATCH]; /* count reals each, NULL where unwanted */
    optimizer_variable *variables;
    size_t variable_count;
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

/* One batch's step, begun. */
typedef struct optimizer_batch {
    optimizer *o;
    real *values, *gradients;
    uint64_t updates; /* before this batch */
    bool updates_now; /* false while gradients are only gathered */
} optimizer_batch;

/* Begins the step of a batch whose gradients (as many numbers as the parameters have) will be there: one of the next
 * two does it. The result depends neither on which nor on threads. */
optimizer_batch optimizer_begin(optimizer *o, real *values, real *gradients);

/* Whether nothing that the step does needs more than the numbers it changes: neither other gradients (clipping by norm)
 * nor the whole weight (penalties, constraints, some rules). */
bool optimizer_goes_piecewise(const optimizer *o);

/* Then: steps count numbers of a parameter, whose gradients are there and are used up. Each number once. */
void optimizer_update(const optimizer_batch *b, size_t parameter, size_t first, size_t count);

/* Else: adds the penalties' gradients, clips, decays, updates, averages and constrains, as Keras' apply does. The
 * gradients are used up. */
void optimizer_step(optimizer_batch *b, team *team);

/* Works out the class' number, if it has one, for a state that was kept without it: by Keras 2, which takes the next
 * one not once a step but once for each weight. */
void optimizer_renew_number(optimizer *o);

/* At the end of fit: puts the averages in place, if it keeps any. */
void optimizer_finish(const optimizer *o, real *values);

#endif
