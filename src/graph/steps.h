/* What the steps of a plan do: between plan.c, which strings them together, and run.c, which walks them. */
#ifndef GRAPH_STEPS_H
#define GRAPH_STEPS_H

#include "graph/plan.h"
#include "graph/run.h"

/* A block on its way through a stage. */
typedef struct frame {
    struct session *session;
    const batch *batch;
    size_t block, rows; /* its number in the batch and its real rows */
    size_t worker;      /* whose memory it uses */
    size_t thread;      /* whose lists of pointers */
    size_t part, parts; /* of the step's outputs: all of them where parts is 1 */
    bool first_of_slot; /* no block before it has added to its gradient slot */
    real *gradients;    /* of its gradient slot */
    random_rows random;
} frame;

typedef void step_run(frame *frame, const step *step);

step_run step_run_pass;    /* a class' forward or gradient_inputs */
step_run step_run_partial; /* the part of a batch-wide stage that each block does */
step_run step_run_weights; /* a class' gradient_weights, into the block's gradient slot or, ... */
step_run step_add_weights; /* ... where that has some already, to be added to them */
step_run step_load;        /* rows of the data set into an input */
step_run step_load_apart;  /* one row, apart */
step_run step_put_into_lanes, step_take_apart;
step_run step_add; /* a further contribution to a tensor's gradient */
step_run step_zero;
step_run step_head;           /* losses, metrics and the gradients they start, ... */
step_run step_head_gradients; /* ... those that need the whole batch */
step_run step_finish;

/* Once at a barrier: a class' combine, and the head's. */
step_run step_combine, step_head_combine;

/* What closes a batch: a part of a gradient added up over the slots and handed on, a packed form made anew. */
typedef void closing_run(const struct stage_run *last, const closing_piece *piece);

closing_run closing_add_slots, closing_pack;

#endif
