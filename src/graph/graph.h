/* Layers, the calls that connect them, the tensors between, the weights; and networks: a graph's part from some tensors
 * to others. Everything is made in order and never changed, so that the order of calls is a topological one. */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include "graph/layer.h"

#include <pthread.h>

typedef struct layer layer;
typedef struct call call;
typedef struct network network;

typedef struct weight {
    layer *layer;
    const char *name;
    shape shape;
    size_t offset, count;           /* in the graph's values */
    member regularizer, constraint; /* kind NULL: none */
    bool not_trained, whole;
} weight;

/* What Keras calls a layer: a class with arguments and weights, called once or more. */
struct layer {
    size_t index; /* in the graph's layers */
    const layer_class *class;
    const char *name;
    void *options; /* resolved */
    bool trainable;
    size_t first_weight, weight_count;
    size_t call_count;   /* visible calls */
    size_t uses;         /* all calls: each draws random numbers of its own */
    layer *arguments[2]; /* of a layer that takes an activation: the layers of its arguments, by argument_layers */
    network *nested;     /* a model used as a layer: its calls are repeated inside the outer one */
    layer *owner;        /* of a layer that stands for an argument (activation=): the layer that has it */
    bool named_by_user;
};

typedef struct tensor {
    shape shape;
    call *producer;
    size_t index; /* among the producer's outputs */
} tensor;

/* What a layer's pack makes of its weights for one pass. */
typedef struct packed_form {
    real *reals;
    size_t count;
    uint64_t version; /* of the weights that it was made of */
} packed_form;

/* One use of a layer. */
struct call {
    layer *layer;
    size_t index;   /* in the graph's calls */
    size_t number;  /* among the layer's visible calls: Keras' node index */
    uint32_t use;   /* among all its calls */
    bool inference; /* called with training=False: files say so, but fit overrides it, as Keras 3's does */
    size_t inputs, outputs;
    int *input, *output; /* tensor ids */
    int *result;         /* of a visible call: the outputs behind its arguments' calls */
    call *part_of; /* the visible call that this one is a part of: an activation's, a nested model's; NULL: visible */
    void *geometry;
    unsigned needs; /* what gradient_inputs reads besides dy */
    size_t kept_bytes, scratch_bytes, sums, state;
    packed_form packed[PASSES]; /* laid out for this call's geometry */
    size_t split[PASSES];
};

struct cepa_graph {
    arena memory;
    cepa_error error;
    uint64_t seed;
    bool keras2_names;
    size_t layer_count, call_count, tensor_count, weight_count, value_count;
    size_t layer_capacity, call_capacity, tensor_capacity, weight_capacity, value_capacity;
    layer **layers;
    call **calls;
    tensor **tensors; /* [0] is NULL: id 0 is no tensor */
    weight *weights;
    real *values;     /* all weights, in Keras' shape and order, one after the other */
    uint64_t version; /* grows whenever values change */
    struct name_count *names;
    size_t name_count, name_capacity;
    struct cepa_model **models;
    size_t model_count, model_capacity;
    size_t stored_values; /* while a file is read that brings the weights: as many as it can hold; 0: they are drawn */
    network *sized;       /* those that network_sized has made */
    struct predictor *predictors; /* those that wait for the next prediction */
    pthread_mutex_t packing;
};

/* An empty graph; NULL without memory. cepa_graph_free frees it with every model on it. */
cepa_graph *graph_new(uint64_t seed, bool keras2_names);
void graph_free(cepa_graph *graph);

/* Keeps the first error; later ones are dropped. */
void graph_fail(cepa_graph *graph, const cepa_error *error);

/* Makes a layer of resolved options (owned by the graph's arena) without calling it. name NULL: an automatic one. NULL,
 * and the graph's error set, on failure. */
layer *graph_layer(cepa_graph *graph, const layer_class *class, void *options, const char *name, bool trainable);

/* Calls a layer on tensors. Gives the visible call (its outputs are those behind an activation), NULL on failure. The
 * second with training=False where inference is true; for a model used as a layer that is said of all that it calls. */
call *graph_call(cepa_graph *graph, layer *layer, const int *inputs, size_t count);
call *graph_call_as(cepa_graph *graph, layer *layer, const int *inputs, size_t count, bool inference);

/* An automatic name: snake case with a number, counted for each base. */
const char *graph_auto_name(cepa_graph *graph, const char *base);

const tensor *graph_tensor(const cepa_graph *graph, int id);

/* The visible call that gave a tensor, and which of its results it is. */
const call *graph_source(const cepa_graph *graph, int id, size_t *index);

/* True where training changes a weight: not by kind or because its layer is frozen. */
bool weight_is_trained(const weight *w);

/* Makes anew what a pass of a call reads of its packed weights; the call has memory for it. */
void call_pack(cepa_graph *graph, call *c, pass_kind pass);

/* The same where it is older than the weights, with memory. Any thread. */
cepa_status call_pack_again(cepa_graph *graph, call *c, pass_kind pass, cepa_error *error);

/* To be called by whoever has written weights. */
void graph_weights_changed(cepa_graph *graph);

/* A graph's part from inputs to outputs, in Keras' order. */
struct network {
    cepa_graph *graph;
    const char *name;
    bool sequential;
    size_t inputs, outputs;
    int *input, *output; /* tensor ids */
    size_t layer_count;  /* visible layers, sorted as model.layers: by depth, then by order of traversal from outputs */
    layer **layers;
    size_t visible_count; /* visible calls, same order */
    call **visible;
    size_t call_count; /* every call to run, in topological order */
    call **calls;
    const network *sized_from; /* of one that network_sized has made: the one it repeats */
    network *next_sized;
};

/* Finds the part between inputs and outputs. Fails where an output does not depend on inputs alone, or where a layer
 * name occurs twice. Owned by the graph. */
cepa_status network_new(cepa_graph *graph, const int *inputs, size_t input_count, const int *outputs,
                        size_t output_count, const char *name, bool sequential, network **made, cepa_error *error);

/* True where all sizes of its inputs are known: it can be run. */
bool network_is_sized(const network *n);

/* The network for inputs of these shapes (known, and those of n where n knows them): n itself where it leaves no size
 * open, else one that repeats its calls with the same layers and weights, made once for each combination of shapes and
 * owned by the graph. Its layers and visible calls are those of n. Fails where a layer refuses the sizes. Adds to the
 * graph: no other thread may read it meanwhile but under graph->packing. */
cepa_status network_sized(const network *n, const shape *inputs, const network **sized, cepa_error *error);

/* Repeats a call, as a part of visible, on the tensors that map (by tensor id) gives for its inputs, and maps its
 * outputs. NULL on failure. */
call *graph_repeat_call(cepa_graph *graph, const call *inner, int *map, call *visible);

/* A layer that stands for a network. */
layer *graph_nested_layer(cepa_graph *graph, network *network, const char *name);

/* The weights of a network in Keras' order (model.weights of its layers one after the other, nested ones in place,
 * shared ones once): indices into graph->weights. *count of them; owned by the graph. */
const size_t *network_weights(const network *network, size_t *count);

/* A layer's parameters (a nested model's where it stands for one), and those among them that training leaves alone. */
size_t layer_parameters(const cepa_graph *graph, const layer *l, size_t *not_trained);

/* A number of parameters: all, and those not trained (by kind or because the layer, or a model around it, is frozen).
 */
size_t network_parameters(const network *network, size_t *not_trained);

#endif
