/* A plan in the making: between plan.c (what runs), backward.c (what its gradients need) and places.c (where bytes
 * lie). */
#ifndef GRAPH_PLANNER_H
#define GRAPH_PLANNER_H

#include "graph/plan.h"

/* What is known of a tensor while the plan is made. */
typedef struct value_state {
    int slot;       /* of its value; NO_SLOT: fused away, not run, or only apart */
    int apart;      /* of its value as an image apart has it; NO_SLOT: none yet */
    int gradient;   /* slot of its gradient; NO_SLOT: none yet */
    size_t readers; /* calls that read it */
    bool wanted;    /* read by the head */
    bool needs_gradient;
    bool kept; /* a gradient pass reads it again */
} value_state;

/* Calls that are done in one pass; mostly a single one. */
typedef struct call_row {
    size_t count;
    const call *const *calls;
    const fusion *fusion; /* NULL: a single call */
} call_row;

typedef struct planner {
    const plan_request *request;
    plan *plan;
    cepa_graph *graph;
    value_state *value; /* by tensor id */
    int *kept_slot;     /* by call index */
    size_t row_count;
    call_row *rows; /* all calls, in order */
    size_t penalties;
    bool failed; /* memory is exhausted */
} planner;

/* ---- Places: places.c. Where memory is exhausted they note it in failed, and the caller may go on until it looks. */

/* Zeroed memory that lives as long as the plan, NULL where there is none. */
void *planner_allocate(planner *p, size_t count, size_t size);

/* A new slot, whose place is found at the end; NO_SLOT without memory. */
int planner_add_slot(planner *p, size_t bytes);

/* The step that comes next reads or writes the slot (or each of them): it lives until then. NO_SLOT and NULL are
 * nothing. */
void planner_touch(planner *p, int number);
void planner_touch_all(planner *p, const int *slots, size_t count);

/* Of a tensor's value, for a block. */
size_t planner_bytes(const planner *p, int id);

/* Puts every slot at a place of its own while it lives, once all steps are known. */
cepa_status planner_place_slots(plan *plan, cepa_error *error);

/* Where the gradient of each trained weight stands. */
void planner_add_segments(planner *p);

/* The room that the largest call's weight gradient takes, and the packed forms that the steps read. */
void planner_measure_weights(planner *p);
void planner_collect_packs(planner *p);

/* The pieces that close a batch, once steps and packs are known. */
void planner_add_closing(planner *p);

/* ---- Steps: plan.c. */

/* Appends a copy of made and touches its slots. */
void planner_add_step(planner *p, const step *made);

/* True where the call behaves as in training: not so where its frozen layer means inference. */
bool planner_runs_training(const planner *p, const call *c);

/* The slots of these tensors, each in that use; lives as long as the plan. */
typedef enum slot_use { USE_VALUE, USE_APART, USE_GRADIENT } slot_use;
int *planner_slots_of(planner *p, const int *tensors, size_t count, slot_use use);

/* A step for a pass of the row, which the caller completes: from the first call's inputs to the last one's outputs. */
step planner_step_of(planner *p, const call_row *row, pass_kind kind);

/* A stage that needs the whole batch, if there is one: its partial as a step, then the barrier with its combine. */
void planner_add_batch_stage(planner *p, const batch_stage *stage, const step *like);

/* ---- Gradients: backward.c. */

/* Which tensors' gradients are asked for: those behind a trained weight, or behind an input where these are wanted. */
void planner_mark_gradients(planner *p);

/* What the call's own gradient passes read besides dy; 0 where none will run. */
unsigned planner_gradient_needs(const planner *p, const call *c);

/* Which values a gradient pass reads again. */
void planner_mark_kept(planner *p);

/* ---- Images apart: apart.c. */

/* The forward steps of a plan for images apart, and the wanted values put into lanes. */
void planner_forward_apart(planner *p);

/* True where the row gives one of the network's inputs, which the batch fills. */
bool planner_is_input(const network *n, const call_row *row);

/* The forward step of a row in lanes. */
void planner_forward_row(planner *p, const call_row *row);

/* All steps after the head. */
void planner_backward(planner *p);

/* The first gradient of a weight in a block overwrites; a shared layer's further ones are added. */
void planner_mark_first_uses(planner *p);

#endif
