/* Walks a plan over batches. A session owns the memory of one plan for one caller: all of it is allocated when the
 * session is made, none in a run. */
#ifndef GRAPH_RUN_H
#define GRAPH_RUN_H

#include "base/threads.h"
#include "graph/plan.h"

/* One batch and those who fill and read it. Called from several threads at once, for different blocks. */
typedef struct batch {
    size_t rows;       /* 1 ... the session's most_rows */
    const size_t *row; /* the data set's rows, in order */
    uint64_t seed;     /* of the layers' random numbers */
    uint32_t epoch;
    size_t position; /* of row[0] in the epoch's order */
    void *context;
    /* Fills the block's lanes of an input from 16 rows (lanes beyond the batch repeat the last row); element e takes
     * the number at place order[e] of a row. */
    void (*load)(void *context, size_t input, const size_t rows[LANES], const uint32_t *order, lanes *x);
    /* Fills an image apart from a row: [all axes but the last][channels in lanes], the last lanes filled up with 0.
     * Only for plans of images apart, which take load's place. */
    void (*load_apart)(void *context, size_t input, size_t row, size_t channels, real *x);
    /* Reads the wanted tensors of a block (want[i] in the engine's order) and overwrites the entries' gradients, 0 in
     * lanes from rows on. position: of the block's first row in the batch. NULL: nothing to do. */
    void (*head)(void *context, size_t position, size_t rows, const lanes *const *want, lanes *const *gradient);
    /* Of a plan with a waiting head: once when all blocks have had their head, and then for each of them again. */
    void (*head_combine)(void *context);
    void (*head_gradients)(void *context, size_t position, size_t rows, const lanes *const *want,
                           lanes *const *gradient);
    /* Reads the gradients of the inputs, where the plan was asked for them. */
    void (*finish)(void *context, size_t position, size_t rows, const lanes *const *input_gradient);
    /* Steps a part of a segment's weights, whose gradient is there and which the batch no longer reads; what is packed
     * of them is then made anew. NULL: the caller does both when it has all gradients. */
    void (*update)(void *update_context, size_t segment, size_t first, size_t count);
    void *update_context;
} batch;

typedef struct session session;

/* Memory for batches of up to most_rows rows on threads threads (0: default). Packs the weights where they are not. */
cepa_status session_new(const plan *plan, size_t most_rows, int threads, session **made, cepa_error *error);
void session_free(session *session);

/* Brings the packed forms of weights that the plan reads up to date. Any thread. */
cepa_status plan_pack(const plan *plan, cepa_error *error);

/* Runs the batch on the graph's weights. With entries: leaves the gradients of all trained weights. */
void session_run(session *session, const batch *batch);

/* The sums over the batch, gradient_count reals ordered as the plan's segments; valid until the next run. */
real *session_gradients(session *session);

/* Penalty of number (activity regularizers in the network's order) for each row of the last batch. */
void session_penalty(const session *session, size_t number, size_t rows, double *penalty);

/* Makes packed weights anew after a step has changed them, on the session's threads. */
void session_pack(session *session);

/* The threads that run it, for work between two runs. */
team *session_team(const session *session);

#endif
