/* The contract every layer fills. A layer's file holds its field table, a shape pass and up to three kernels' calls; it
 * never allocates, never sees a thread, a file format or another layer. */
#ifndef GRAPH_LAYER_H
#define GRAPH_LAYER_H

#include "base/fields.h"
#include "base/random.h"
#include "kernels/kernels.h"

/* Sizes without the batch; CEPA_UNKNOWN where one is not known yet. */
typedef struct shape {
    size_t rank;
    int size[CEPA_MAX_RANK];
} shape;

/* The number of elements; 0 where a size is unknown. The shape pass has made sure that it fits. */
size_t shape_count(const shape *s);
bool shape_is_known(const shape *s);
/* The size of the last axis; 1 of a single number. */
size_t shape_channels(const shape *s);
bool shape_equal(const shape *a, const shape *b);
/* "(None, 30, 30, 50)" as Keras prints it, with the batch axis in front. */
void shape_text(const shape *s, char *text, size_t size);
/* An axis as Keras counts it (batch 0, negative from the end) as an index into size; false where there is none. */
bool shape_axis(const shape *s, int axis, size_t *index);
/* index[e] is the place in Keras' row-major order of element e in the engine's order (last axis outermost); nothing is
 * written where a size is unknown. */
void shape_order(const shape *s, uint32_t *index);

/* What a call does with a block, or with an image apart. */
typedef enum pass_kind {
    PASS_FORWARD,
    PASS_GRADIENT_INPUTS,
    PASS_GRADIENT_WEIGHTS,
    PASS_FORWARD_APART,
    PASSES
} pass_kind;

/* What a layer's shape pass sees and declares, for one call. Where a size is unknown, so are the sizes that follow from
 * it (CEPA_UNKNOWN), or the pass refuses; such a call is never run, so its geometry and its declared bytes do not
 * matter: before it runs, the pass is asked again with sizes that are known. */
typedef struct shape_pass {
    const void *options; /* resolved */
    size_t inputs;
    const shape *input;
    size_t outputs; /* 1 unless the pass sets another, at most CEPA_MAX_INPUTS */
    shape *output;
    void *internal;
} shape_pass;

typedef struct weight_spec {
    const char *name; /* as in Keras: "kernel" */
    shape shape;
    const char *initializer;              /* in call notation */
    const char *regularizer, *constraint; /* NULL: none */
    bool not_trained;                     /* moving averages */
    bool whole;                           /* one whole number, an int64 in Keras' files */
} weight_spec;

/* Declares the layer's next weight, w[0], w[1], ... in order. A later call of a shared layer must declare the same. */
void declare_weight(shape_pass *p, const weight_spec *spec);
/* Bytes of a block kept from the forward pass for the gradient (a winner, a mask): c->kept. */
void declare_kept(shape_pass *p, size_t bytes);
/* Bytes that a pass may use while it runs, its part of a split: c->scratch. */
void declare_scratch(shape_pass *p, size_t bytes);
/* Numbers of a batch-wide stage: each block's sums, and the state that combine leaves for all blocks. */
void declare_batch_state(shape_pass *p, size_t sums, size_t state);
/* Reals of the form that the class's pack for a pass makes of the weights whenever they have changed: c->packed. */
void declare_packed(shape_pass *p, pass_kind pass, size_t reals);
/* What forward_apart needs: bytes of scratch, and the number of parts into which its outputs can be divided. Not
 * declared, the image is put into lanes for this call. */
void declare_apart(shape_pass *p, size_t scratch, size_t parts);
/* Into how many parts the outputs of each pass can be divided among idle threads (1: not at all): c->first, c->last. */
void declare_split(shape_pass *p, size_t forward, size_t gradient_inputs, size_t gradient_weights);
/* A struct of the layer's own, made here once and read in every call: c->geometry. NULL without memory (then return
 * false). */
void *declare_geometry(shape_pass *p, size_t size);
/* A further table of the layer's own, to be pointed to from its geometry. */
void *declare_table(shape_pass *p, size_t size);
/* The graph's memory, for what is resolved anew in a shape pass. */
arena *pass_memory(shape_pass *p);
/* What gradient_inputs reads besides dy, where it depends on the options; otherwise the class says it. */
void declare_needs(shape_pass *p, unsigned needs);
/* Refuses the call: the fact and the limit ("kernel 5x5 does not fit its input 4x4 (padding 'valid')"); the layer's
 * name is put in front. Always false: return refuse(p, ...). */
bool refuse(shape_pass *p, const char *format, ...) CEPA_FORMAT(2, 3);

/* Where a block's random numbers come from. */
typedef struct random_rows {
    random_stream stream; /* of this call */
    uint32_t row[LANES];  /* each lane's place in the epoch's order */
    uint32_t batch_row;   /* that of the batch's first row */
} random_rows;

/* One pass of one call over one block. Pointers that the pass has no business with are NULL.
 *
 * In inference a few images may go through apart, one at a time: then x and y are [all axes but the last][channels],
 * the channels in lanes, the last lanes filled up with anything finite. Every number has the same bits as in a block.
 */
typedef struct layer_call {
    const void *options;
    const void *geometry;
    size_t inputs, outputs;
    const shape *input, *output;
    const lanes *const *x;
    lanes *const *y;
    const lanes *const *dy;
    lanes *const *dx; /* to be overwritten; NULL entries are not wanted */
    real *const *w;   /* in Keras' shape and order; only combine may write */
    real *const *dw;  /* to be overwritten; NULL entries are not wanted */
    real *packed;     /* the pass's form of w: written by its pack */
    void *kept;       /* NULL where no gradient pass will come */
    void *scratch;
    double *sums;       /* partial: this block's, to be overwritten; combine: added over all blocks in order; the
                           gradient_weights that follows a gradient stage: this block's again */
    double *state;      /* written by combine, read by every block */
    size_t batch_rows;  /* real rows in the whole batch */
    size_t count;       /* elements of y[0] */
    size_t first, last; /* the part of the split to be done */
    size_t rows;        /* real rows in this block; lanes beyond repeat the last and have gradient 0 */
    bool training;
    const random_rows *random;
    lanes *penalty; /* a penalty of each row (activity regularizers), to be overwritten */
} layer_call;

typedef void layer_pass(const layer_call *c);

/* A stage that needs the whole batch: partial runs for each block, combine once when all are done. */
typedef struct batch_stage {
    layer_pass *partial, *combine;
} batch_stage;

enum { NEEDS_INPUT = 1, NEEDS_OUTPUT = 2 };

/* How each pass of a call is done, in the words of the field. */
typedef struct layer_ways {
    const char *forward, *gradient_inputs, *gradient_weights;
} layer_ways;

typedef struct layer_class {
    kind kind;
    size_t min_inputs, max_inputs;             /* max 0: any number */
    bool (*shape)(shape_pass *p);              /* false after refuse */
    layer_pass *forward;                       /* after the forward stage, if any */
    layer_pass *forward_apart;                 /* the same for an image apart, where declare_apart says so */
    layer_pass *gradient_inputs;               /* dy -> dx; NULL: no gradient flows */
    layer_pass *gradient_weights;              /* x, dy -> dw */
    layer_pass *pack[PASSES];                  /* w -> packed, where declare_packed says so */
    batch_stage forward_stage, gradient_stage; /* only while training */
    unsigned needs;                            /* what gradient_inputs (and the gradient stage) read besides dy */
    unsigned weights_need;                     /* what gradient_weights reads besides dy */
    layer_ways (*ways)(const void *geometry);  /* NULL: there is but one way */
    int (*table_rows)(const void *options);    /* the inputs are whole numbers from 0, below it; NULL: any */
    bool in_place;                             /* y[0] may be x[0], dx[0] may be dy[0] */
    bool identity_in_inference;                /* forward is skipped there */
    bool frozen_is_inference; /* trainable=False puts the layer into inference mode (BatchNormalization) */
    bool penalizes;           /* forward writes c->penalty */
    bool takes_activation;    /* its arguments activation and activity_regularizer become calls of their own */
    bool is_input;
    bool always_trainable; /* Keras' class does not take the argument */
    const char *operation; /* NULL: a layer; else Keras' module of operations on tensors that has it */
} layer_class;

/* Every layer, in documentation order. Entries are layer_class. Defined in layers/table.c. */
extern const family layer_family;

/* The operations on tensors that are no layers: a tensor and a number, a tensor alone, two tensors. Entries are
 * layer_class. Defined in layers/operations.c. */
extern const family operation_family;

/* Finds one by its name for so many tensors; NULL: there is none. */
const layer_class *operation_of(const char *name, size_t tensors);

/* Whether it takes a number beside its tensor: the arguments number and number_first. */
bool operation_takes_number(const layer_class *class);

/* The number of an operation with these options; false where it has none, or is a layer. first: it stands before the
 * tensor. */
bool operation_number(const layer_class *class, const void *options, double *number, bool *first);

/* An argument that becomes a call of its own behind the layer's (takes_activation): the field of the layer, the class
 * of the call and the field of that class which receives the text; NULL: the text's own arguments are the class', so
 * that activity_regularizer=l2(0.01) is ActivityRegularization(l2=0.01). Defined in layers/table.c. */
typedef struct argument_layer {
    const char *field;
    const layer_class *class;
    const char *receives;
} argument_layer;

extern const argument_layer argument_layers[];
extern const size_t argument_layer_count;

/* A call in a row, as a fusion looks at it. */
typedef struct fusion_part {
    const void *options, *geometry;
} fusion_part;

/* Calls in a row that are done in one pass, each the only reader of the one before. Its passes have the first call's
 * options, geometry, inputs and weights, and the last one's outputs and kept bytes. Defined in layers/fusions.c. */
typedef struct fusion {
    size_t count; /* calls in the row */
    const layer_class *const *classes;
    const char *adds; /* what is done besides the first call, in words */
    bool (*matches)(const fusion_part *parts);
    layer_pass *forward, *forward_apart;            /* apart: where the first call declares it */
    layer_pass *gradient_inputs, *gradient_weights; /* NULL: the calls' own, one after the other */
} fusion;

extern const fusion fusions[];
extern const size_t fusion_count;

/* A class' kind: Keras' name, field table and type of the options; further members of kind. */
#define LAYER_KIND(name_, fields_, options_, ...)                                                                      \
    {                                                                                                                  \
        .name = (name_), .fields = (fields_), .options_size = sizeof(options_), .by_class_name = true, __VA_ARGS__     \
    }
/* The same of a layer of one input; says that too. */
#define LAYER(...) LAYER_KIND(__VA_ARGS__), .min_inputs = 1, .max_inputs = 1

#define OPTIONS(c)  ((const options *)(c)->options)
#define GEOMETRY(c) ((const geometry *)(c)->geometry)

#endif
