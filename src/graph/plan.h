/* A plan decides everything about running a network before it runs: which passes in which order, where the batch must
 * be waited for, which of them are fused, and the place of every byte. */
#ifndef GRAPH_PLAN_H
#define GRAPH_PLAN_H

#include "graph/graph.h"

typedef struct plan_request {
    const network *network;
    bool training;   /* dropout draws, batch statistics are taken */
    const int *want; /* tensors that the head reads (predictions, logits) */
    size_t wants;
    const int *entry; /* tensors whose gradient the head writes; none: no backward pass */
    size_t entries;
    bool waiting_head;    /* the head writes some gradients only once it has seen the whole batch */
    bool input_gradients; /* also carry the gradient to the network's inputs, for batch.finish */
    bool plain;           /* without fusing */
    bool apart;           /* one image at a time, in inference */
} plan_request;

/* One trained weight: where it stands in the graph's values and in the gradients. Ordered by the latter, which follows
 * Keras' order of trainable variables. */
typedef struct segment {
    size_t weight; /* index into graph->weights */
    size_t value_offset, gradient_offset, count;
} segment;

/* The trained weights of a network, in the arena; NULL without memory. */
segment *network_segments(const network *n, arena *memory, size_t *count);

/* A value that lives for a part of the run: an activation, a gradient, what a layer keeps. */
typedef struct slot {
    size_t bytes, offset;
    size_t first, last; /* steps */
    bool per_block;     /* lives across a barrier: each block has its own; else each worker has one */
} slot;

typedef struct step step;
struct frame;
struct stage_run;

enum { NO_SLOT = -1 };

/* One thing done to a block. The pointers of its layer_call are slots, resolved when it runs. */
struct step {
    void (*run)(struct frame *frame, const step *step);
    layer_pass *pass; /* of the class, for steps that run one */
    const call *call; /* whose options, geometry, inputs and weights */
    pass_kind kind;
    const fusion *fusion; /* that the pass is of; NULL: the call's own */
    int *x, *y, *dy, *dx; /* slots; x and dx by input, y and dy by output of the call */
    size_t outputs;       /* a fused pass has those of its last call */
    const shape *input_shape, *output_shape;
    uint32_t stream; /* hash of the call's random numbers */
    int kept;
    int from, to;  /* of a step that adds */
    size_t number; /* of an input, a penalty, a batch state */
    bool training;
    size_t count;          /* elements of y[0] */
    bool first_use;        /* of a weight gradient in a block: overwrites */
    bool releases;         /* pieces that close the batch wait for it */
    const uint32_t *order; /* of an input or a result: Keras' place of each element */
};

/* Steps between two barriers: each block goes through all of them, then combine runs once, with no block. */
typedef struct stage {
    size_t first, last;  /* steps first ... last - 1 */
    const step *combine; /* NULL: none */
} stage;

typedef struct packed_use {
    call *call;
    pass_kind pass;
} packed_use;

/* A piece of what closes a batch, once no slot's walk needs what it changes. */
typedef struct closing_piece {
    void (*run)(const struct stage_run *last, const struct closing_piece *piece);
    size_t after;        /* steps that each slot's walk has done by then */
    size_t layer;        /* in the graph */
    bool after_layer;    /* it waits for the layer's pieces that do not */
    size_t index;        /* of a segment, in packs */
    size_t first, count; /* of a segment: the numbers that are added up and stepped at a time */
} closing_piece;

typedef struct plan {
    arena memory;
    const network *network;
    size_t step_count, step_capacity;
    step *steps;
    size_t stage_count;
    stage *stages;
    size_t slot_count, slot_capacity;
    slot *slots;
    size_t worker_bytes, block_bytes; /* of the two kinds of slots together */
    size_t wants, entries, inputs;
    int *want, *entry;              /* slots */
    int *input_gradient;            /* slots by network input, or NULL */
    uint32_t **input_order;         /* by network input */
    size_t penalty_count;           /* lanes of penalties a block */
    size_t sums_count, state_count; /* doubles of the largest batch stage; of all states */
    size_t *state_offset;           /* by graph call index */
    size_t most_values;             /* inputs or outputs of any call */
    size_t largest_weights;         /* reals of the largest call's weights: room for one gradient */
    size_t scratch_bytes;           /* of the pass that uses most */
    size_t block_rows;              /* LANES, or 1 of images apart */
    size_t pack_count;
    packed_use *packs; /* the packed forms of weights that the steps read */
    size_t closing_count;
    closing_piece *closing; /* in the order in which the walk is done with the layers */
    size_t segment_count;
    segment *segments;
    size_t gradient_count;   /* reals of all trained weights */
    size_t *gradient_offset; /* by graph weight; SIZE_MAX: not trained */
} plan;

/* Makes a plan; owned by the caller. Fails where an input's size is unknown. The network's graph must outlive it. */
cepa_status plan_new(const plan_request *request, plan **made, cepa_error *error);
void plan_free(plan *plan);

#endif
