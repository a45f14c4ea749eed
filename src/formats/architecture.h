/* A network as Keras' config.json (or to_json) describes it. */
#ifndef FORMATS_ARCHITECTURE_H
#define FORMATS_ARCHITECTURE_H

#include "base/value.h"
#include "graph/graph.h"

/* A model's layers in the order of its config, which is that of its weights in files. */
typedef struct layer_tree {
    network *network;
    bool sequential; /* as the file has it */
    size_t count;
    struct layer_place *places;
} layer_tree;

typedef struct layer_place {
    layer *layer;
    layer_tree *nested;  /* of a model used as a layer */
    bool channels_first; /* the file calls it on such values */
} layer_place;

/* Makes the network that an object {"class_name": "Functional", "config": ...} of Keras 2 or 3 describes, on an empty
 * graph. memory holds the tree and what is needed while reading; the layers belong to the graph. Refused with layer and
 * reason: what is damaged (CEPA_FORMAT), and layers, arguments or code that this program has not (CEPA_UNSUPPORTED). */
cepa_status architecture_read(cepa_graph *graph, arena *memory, const value *object, layer_tree **tree,
                              cepa_error *error);

/* True where the file calls a layer on values that have their channels first. */
bool layer_tree_has_channels_first(const layer_tree *tree);

/* The tree of a network that was made otherwise. NULL without memory. */
layer_tree *layer_tree_of(arena *memory, network *network);

/* Describes a network in the spelling that Keras 3.0 ... 3.15 load. */
cepa_status architecture_write(arena *memory, const network *network, const value **object, cepa_error *error);

/* ---- Between the files of the architecture ---- */

/* A tensor whose channels are last, and first in the file. */
typedef struct moved_tensor {
    int id, first; /* first: the same with its channels there; 0: nobody has asked for it */
    struct moved_tensor *next;
} moved_tensor;

/* One model being read. */
typedef struct reading {
    cepa_graph *graph;
    arena *memory;
    cepa_error *error;
    layer *to_last[CEPA_MAX_RANK + 1], *to_first[CEPA_MAX_RANK + 1]; /* Permute by rank, as far as they were needed */
    moved_tensor *moved;
} reading;

/* A use of an output: the number of a layer's call (its node) among its calls, and of the tensor among the call's. */
typedef struct tensor_place {
    const char *layer;
    int64_t node, tensor;
    bool inference; /* the call that takes it has training=False */
} tensor_place;

/* architecture_nodes.c: how calls are written down. */

/* Reads ["name", node, tensor] with anything behind it that says nothing. */
bool read_tensor_place(reading *r, const value *v, tensor_place *place);
/* The tensors that one call of a layer or an operation takes, in Keras 2's or 3's spelling, and whether it has
 * training=False. */
cepa_status read_node(reading *r, const value *node, bool operation, tensor_place **inputs, size_t *count,
                      bool *inference);
/* Whether a number stands among the arguments of an object's first call. */
bool calls_on_number(const value *object);
/* What an operation's object is called on: how many tensors, and the number among them as arguments of its fields. */
cepa_status read_operation(reading *r, const value *object, size_t *tensors, named_value arguments[2], size_t *count);
/* The tensors of input_layers or output_layers: a list of places, one place, or a dict of them (in order of its names).
 */
cepa_status read_tensor_places(reading *r, const value *v, tensor_place **places, size_t *count);

/* architecture_calls.c: calls the layers of a functional model on each other. places[i] was described by objects[i]. */
cepa_status connect_layers(reading *r, const value *const *objects, const layer_place *places, size_t count,
                           const tensor_place *ends, size_t end_count, int *ids);

/* A call, unless a model repeated in itself again and again would make too many. A layer that wants its channels first
 * is called with channels last, with Permute before it where its inputs are not so. NULL, and the error set, on
 * failure.
 */
call *call_on(reading *r, const layer_place *place, const int *inputs, size_t count, bool inference);

/* A call's result as the file has it: behind Permute where its channels were moved. 0, and the error set, on failure.
 */
int tensor_as_written(reading *r, int id);

#endif
