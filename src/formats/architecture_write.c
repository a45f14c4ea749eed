/* Writing a network as Keras 3's config.json. */
#include "formats/architecture.h"
#include "formats/keras_object.h"

/* One model being written. Each writer gives NULL without memory, or where error says what cannot be written. */
typedef struct writing {
    arena *memory;
    const network *network;
    size_t *node; /* of a visible call, by its index: its number among its layer's calls in this model */
    cepa_error *error;
} writing;

static const value *write_model(arena *memory, const network *n, const char *name, bool trainable, cepa_error *error);

/* ---- Names, shapes and tensors ---- */

/* Keras 3 refuses names with a slash, which Keras 2 allowed. */
static const value *name_value(arena *memory, const char *name)
{
    char *spelled = arena_text(memory, name);
    for (char *c = spelled; c && *c; c++)
        if (*c == '/') *c = '_';
    return value_text(memory, spelled);
}

/* [null, 32, 32, 3] */
static const value *batch_shape(arena *memory, const shape *s)
{
    const value *items[CEPA_MAX_RANK + 1] = {value_none()};
    for (size_t i = 0; i < s->rank; i++) items[i + 1] = s->size[i] < 0 ? value_none() : value_int(memory, s->size[i]);
    return value_list(memory, items, s->rank + 1);
}

/* ["conv2d", 0, 0]: where a tensor comes from. */
static const value *place_of(const writing *w, int id)
{
    size_t index;
    const call *c = graph_source(w->network->graph, id, &index);
    if (c->result[index] != id) {
        fail(w->error, CEPA_UNSUPPORTED, "layer %s: its value before its activation has no name in Keras' files",
             c->layer->name);
        return NULL;
    }
    const value *items[] = {name_value(w->memory, c->layer->name), value_int(w->memory, (int64_t)w->node[c->index]),
                            value_int(w->memory, (int64_t)index)};
    return value_list(w->memory, items, ARRAY_COUNT(items));
}

static const value *write_places(const writing *w, const int *ids, size_t count)
{
    const value **items = arena_array(w->memory, count, sizeof *items);
    for (size_t i = 0; items && i < count; i++)
        if (!(items[i] = place_of(w, ids[i]))) return NULL;
    return value_list(w->memory, items, count);
}

/* {"class_name": "__keras_tensor__", "config": {"shape", "dtype", "keras_history"}} */
static const value *write_tensor(const writing *w, int id)
{
    const named_value config[] = {
        {"shape", batch_shape(w->memory, &graph_tensor(w->network->graph, id)->shape)},
        {"dtype", value_text(w->memory, "float32")},
        {"keras_history", place_of(w, id)},
    };
    const named_value members[] = {
        {"class_name", value_text(w->memory, "__keras_tensor__")},
        {"config", value_dict(w->memory, config, ARRAY_COUNT(config))},
    };
    return value_dict(w->memory, members, ARRAY_COUNT(members));
}

/* ---- Calls ---- */

/* Numbers each layer's calls in this model, in the order in which they were made. */
static bool number_calls(writing *w)
{
    const network *n = w->network;
    const cepa_graph *g = n->graph;
    size_t *next = arena_array(w->memory, g->layer_count, sizeof *next);
    bool *here = arena_array(w->memory, g->call_count, sizeof *here);
    w->node = arena_array(w->memory, g->call_count, sizeof *w->node);
    if (!next || !here || !w->node) return false;
    for (size_t i = 0; i < n->visible_count; i++) here[n->visible[i]->index] = true;
    for (size_t i = 0; i < g->call_count; i++)
        if (here[i]) w->node[i] = next[g->calls[i]->layer->index]++;
    return true;
}

/* The tensors of a call, and the number of an operation before or behind them. */
static const value *write_arguments(const writing *w, const call *c)
{
    const layer *l = c->layer;
    double number;
    bool first = false, has_number = !l->nested && operation_number(l->class, l->options, &number, &first);
    const value **items = arena_array(w->memory, c->inputs + 1, sizeof *items);
    for (size_t i = 0; items && i < c->inputs; i++)
        if (!(items[i + first] = write_tensor(w, c->input[i]))) return NULL;
    if (items && has_number) items[first ? 0 : c->inputs] = value_real(w->memory, number);
    return value_list(w->memory, items, c->inputs + has_number);
}

/* {"args": [T], "kwargs": {}}, or with {"training": false}; what takes a list of tensors has them in a list of its own.
 */
static const value *write_node(const writing *w, const call *c)
{
    const value *arguments = write_arguments(w, c);
    bool in_list = c->layer->nested ? c->inputs > 1 : c->layer->class->max_inputs != 1 && !c->layer->class->operation;
    if (in_list) arguments = value_list(w->memory, &arguments, 1);
    const named_value training = {"training", value_bool(w->memory, false)};
    const named_value members[] = {{"args", arguments}, {"kwargs", value_dict(w->memory, &training, c->inference)}};
    return value_dict(w->memory, members, ARRAY_COUNT(members));
}

/* All calls of a layer in this model, by number; none of an input. */
static const value *write_nodes(const writing *w, call *const *calls, size_t count)
{
    const value **items = arena_array(w->memory, count, sizeof *items);
    if (!calls[0]->inputs) return value_list(w->memory, NULL, 0);
    for (size_t i = 0; items && i < count; i++)
        if (!(items[w->node[calls[i]->index]] = write_node(w, calls[i]))) return NULL;
    return value_list(w->memory, items, count);
}

/* ---- Layers ---- */

static const value *write_input(const writing *w, const layer *l, const shape *s)
{
    const named_value config[] = {
        {"name", name_value(w->memory, l->name)},
        {"batch_shape", batch_shape(w->memory, s)},
        {"dtype", value_text(w->memory, "float32")},
        {"sparse", value_bool(w->memory, false)},
    };
    return keras_object_write(w->memory, "keras.layers", "InputLayer",
                              value_dict(w->memory, config, ARRAY_COUNT(config)));
}

static const value *write_plain_layer(const writing *w, const layer *l)
{
    const named_value head[] = {
        {"name", name_value(w->memory, l->name)},
        {"dtype", value_text(w->memory, "float32")},
        {"trainable", value_bool(w->memory, l->trainable)},
    };
    const value *own = keras_config_write(w->memory, &l->class->kind, l->options, w->error);
    if (!own) {
        if (w->error->status) fail_in(w->error, w->error->status, "layer %s", l->name);
        return NULL;
    }
    const value *config = value_dict(w->memory, head, ARRAY_COUNT(head) - l->class->always_trainable);
    config = value_dict_with(w->memory, config, own->call.members, own->call.count);
    return keras_object_write(w->memory, "keras.layers", l->class->kind.name, config);
}

static const value *write_operation(const writing *w, const layer *l)
{
    const named_value name = {"name", name_value(w->memory, l->name)};
    return keras_object_write(w->memory, l->class->operation, l->class->kind.name, value_dict(w->memory, &name, 1));
}

static const value *write_layer(const writing *w, const call *c)
{
    const layer *l = c->layer;
    if (l->nested) return write_model(w->memory, l->nested, l->name, l->trainable, w->error);
    if (l->class->is_input) return write_input(w, l, &graph_tensor(w->network->graph, c->output[0])->shape);
    return (l->class->operation ? write_operation : write_plain_layer)(w, l);
}

/* A layer of a functional model has its name and its calls beside it. */
static const value *with_connections(const writing *w, call *const *calls, size_t count, const value *object)
{
    const named_value further[] = {{"name", name_value(w->memory, calls[0]->layer->name)},
                                   {"inbound_nodes", write_nodes(w, calls, count)}};
    return value_dict_with(w->memory, object, further, ARRAY_COUNT(further));
}

/* The layers in the network's order, in which the calls of one stand together. */
static const value *write_layers(const writing *w, bool connections)
{
    const network *n = w->network;
    const value **items = arena_array(w->memory, n->layer_count, sizeof *items);
    size_t count = 0;
    for (size_t i = 0, calls; items && i < n->visible_count; i += calls) {
        for (calls = 1; i + calls < n->visible_count && n->visible[i + calls]->layer == n->visible[i]->layer;) calls++;
        const value *object = write_layer(w, n->visible[i]);
        if (connections && object) object = with_connections(w, n->visible + i, calls, object);
        if (!object) return NULL;
        items[count++] = object;
    }
    return items ? value_list(w->memory, items, count) : NULL;
}

/* ---- Models ---- */

/* Each layer once, one behind the other. */
static bool is_chain(const network *n)
{
    return n->sequential && n->inputs == 1 && n->outputs == 1 && n->visible_count == n->layer_count &&
           n->visible[0]->layer->class->is_input;
}

/* A chain's config ends with its layers; a functional model's says where its inputs and outputs are, too. */
static const value *write_model(arena *memory, const network *n, const char *name, bool trainable, cepa_error *error)
{
    writing w = {memory, n, NULL, error};
    bool chain = is_chain(n);
    if (!number_calls(&w)) return NULL;
    const value *layers = write_layers(&w, !chain);
    if (!layers) return NULL;
    const named_value config[] = {
        {"name", name_value(memory, name)},
        {"trainable", value_bool(memory, trainable)},
        {"layers", layers},
        {"input_layers", chain ? NULL : write_places(&w, n->input, n->inputs)},
        {"output_layers", chain ? NULL : write_places(&w, n->output, n->outputs)},
    };
    const char *class_name = chain ? "Sequential" : "Functional";
    const named_value members[] = {
        {"module", value_text(memory, chain ? "keras" : "keras.src.models.functional")},
        {"class_name", value_text(memory, class_name)},
        {"config", value_dict(memory, config, chain ? 3 : ARRAY_COUNT(config))},
        {"registered_name", chain ? value_none() : value_text(memory, class_name)},
    };
    return value_dict(memory, members, ARRAY_COUNT(members));
}

cepa_status architecture_write(arena *memory, const network *network, const value **object, cepa_error *error)
{
    cepa_error inner = {0};
    *object = write_model(memory, network, network->name, true, &inner);
    if (*object) return CEPA_OK;
    return inner.status ? fail(error, inner.status, "%s", inner.message) : fail_memory(error);
}
