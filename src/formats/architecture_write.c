/* Writing a network as Keras 3's config.json. */
#include "formats/architecture.h"
#include "formats/keras_object.h"

#include <string.h>

/* One model being written. */
typedef struct writing {
    arena *memory;
    const network *network;
    size_t *node; /* of a visible call, by its index: its number among its layer's calls in this model */
    cepa_error *error;
} writing;

static cepa_status write_model(arena *memory, const network *n, const char *name, bool trainable, const value **object,
                               cepa_error *error);

/* ---- Names, shapes and tensors ---- */

/* Keras 3 refuses names with a slash, which Keras 2 allowed. */
static const value *name_value(arena *memory, const char *name)
{
    char *spelled = arena_text(memory, name);
    for (char *c = spelled; c && *c; c++)
        if (*c == '/') *c = '_';
    return spelled ? value_text(memory, spelled) : NULL;
}

/* [null, 32, 32, 3] */
static const value *batch_shape(arena *memory, const shape *s)
{
    const value *items[CEPA_MAX_RANK + 1] = {value_none()};
    for (size_t i = 0; i < s->rank; i++) {
        items[i + 1] = s->size[i] < 0 ? value_none() : value_int(memory, s->size[i]);
        if (!items[i + 1]) return NULL;
    }
    return value_list(memory, items, s->rank + 1);
}

/* ["conv2d", 0, 0]: where a tensor comes from. */
static cepa_status place_of(const writing *w, int id, const value **place)
{
    size_t index;
    const call *c = graph_source(w->network->graph, id, &index);
    if (c->result[index] != id)
        return fail(w->error, CEPA_UNSUPPORTED, "layer %s: its value before its activation has no name in Keras' files",
                    c->layer->name);
    const value *items[] = {name_value(w->memory, c->layer->name), value_int(w->memory, (int64_t)w->node[c->index]),
                            value_int(w->memory, (int64_t)index)};
    *place = items[0] && items[1] && items[2] ? value_list(w->memory, items, 3) : NULL;
    return *place ? CEPA_OK : fail_memory(w->error);
}

/* {"class_name": "__keras_tensor__", "config": {"shape", "dtype", "keras_history"}} */
static cepa_status write_tensor(const writing *w, int id, const value **tensor)
{
    const value *place;
    cepa_status status = place_of(w, id, &place);
    if (status) return status;
    named_value config[] = {{"shape", batch_shape(w->memory, &graph_tensor(w->network->graph, id)->shape)},
                            {"dtype", value_text(w->memory, "float32")},
                            {"keras_history", place}};
    bool good = config[0].value && config[1].value;
    named_value members[] = {{"class_name", value_text(w->memory, "__keras_tensor__")},
                             {"config", good ? value_dict(w->memory, config, ARRAY_COUNT(config)) : NULL}};
    good = members[0].value && members[1].value;
    *tensor = good ? value_dict(w->memory, members, ARRAY_COUNT(members)) : NULL;
    return *tensor ? CEPA_OK : fail_memory(w->error);
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
static cepa_status write_arguments(const writing *w, const call *c, const value **arguments)
{
    const layer *l = c->layer;
    double number;
    bool first = false, has_number = !l->nested && operation_number(l->class, l->options, &number, &first);
    const value **items = arena_array(w->memory, c->inputs + 1, sizeof *items);
    if (!items) return fail_memory(w->error);
    for (size_t i = 0; i < c->inputs; i++) {
        cepa_status status = write_tensor(w, c->input[i], &items[i + first]);
        if (status) return status;
    }
    if (has_number && !(items[first ? 0 : c->inputs] = value_real(w->memory, number))) return fail_memory(w->error);
    *arguments = value_list(w->memory, items, c->inputs + has_number);
    return *arguments ? CEPA_OK : fail_memory(w->error);
}

/* {"args": [T], "kwargs": {}}, or with {"training": false}; what takes a list of tensors has them in a list of its own.
 */
static cepa_status write_node(const writing *w, const call *c, const value **node)
{
    const value *arguments;
    cepa_status status = write_arguments(w, c, &arguments);
    if (status) return status;
    bool in_list = c->layer->nested ? c->inputs > 1 : c->layer->class->max_inputs != 1 && !c->layer->class->operation;
    if (in_list) arguments = value_list(w->memory, &arguments, 1);
    const named_value training = {"training", value_bool(w->memory, false)};
    if (!training.value) return fail_memory(w->error);
    named_value members[] = {{"args", arguments}, {"kwargs", value_dict(w->memory, &training, c->inference)}};
    *node = arguments && members[1].value ? value_dict(w->memory, members, ARRAY_COUNT(members)) : NULL;
    return *node ? CEPA_OK : fail_memory(w->error);
}

/* All calls of a layer in this model, by number. */
static cepa_status write_nodes(const writing *w, const layer *l, const value **nodes)
{
    const network *n = w->network;
    const value **items = arena_array(w->memory, n->visible_count, sizeof *items);
    size_t count = 0;
    if (!items) return fail_memory(w->error);
    for (size_t i = 0; i < n->visible_count; i++) {
        const call *c = n->visible[i];
        if (c->layer != l || l->class->is_input) continue;
        cepa_status status = write_node(w, c, &items[w->node[c->index]]);
        if (status) return status;
        count++;
    }
    *nodes = value_list(w->memory, items, count);
    return *nodes ? CEPA_OK : fail_memory(w->error);
}

/* ---- Layers ---- */

static cepa_status write_input(arena *memory, const layer *l, const shape *s, const value **object, cepa_error *error)
{
    named_value config[] = {{"name", name_value(memory, l->name)},
                            {"batch_shape", batch_shape(memory, s)},
                            {"dtype", value_text(memory, "float32")},
                            {"sparse", value_bool(memory, false)}};
    for (size_t i = 0; i < ARRAY_COUNT(config); i++)
        if (!config[i].value) return fail_memory(error);
    const value *dict = value_dict(memory, config, ARRAY_COUNT(config));
    *object = keras_object_write(memory, "keras.layers", "InputLayer", dict);
    return *object ? CEPA_OK : fail_memory(error);
}

static cepa_status write_plain_layer(arena *memory, const layer *l, const value **object, cepa_error *error)
{
    enum { HEAD = 3 };
    const size_t head = l->class->always_trainable ? HEAD - 1 : HEAD;
    named_value *own, *members;
    size_t count;
    cepa_status status = keras_config_write(memory, &l->class->kind, l->options, HEAD, &own, &count, error);
    if (status) return fail_in(error, status, "layer %s", l->name);
    if (!(members = arena_array(memory, count + HEAD, sizeof *members))) return fail_memory(error);
    members[0] = (named_value){"name", name_value(memory, l->name)};
    members[1] = (named_value){"dtype", value_text(memory, "float32")};
    members[2] = (named_value){"trainable", value_bool(memory, l->trainable)};
    bool good = members[0].value && members[1].value && members[2].value;
    if (count) memcpy(members + head, own, count * sizeof *own);
    const value *config = good ? value_dict(memory, members, count + head) : NULL;
    *object = config ? keras_object_write(memory, "keras.layers", l->class->kind.name, config) : NULL;
    return *object ? CEPA_OK : fail_memory(error);
}

static cepa_status write_operation(arena *memory, const layer *l, const value **object, cepa_error *error)
{
    const named_value name = {"name", name_value(memory, l->name)};
    const value *config = name.value ? value_dict(memory, &name, 1) : NULL;
    *object = config ? keras_object_write(memory, l->class->operation, l->class->kind.name, config) : NULL;
    return *object ? CEPA_OK : fail_memory(error);
}

static cepa_status write_layer(const writing *w, const call *c, const value **object)
{
    const layer *l = c->layer;
    if (l->nested) return write_model(w->memory, l->nested, l->name, l->trainable, object, w->error);
    if (l->class->is_input)
        return write_input(w->memory, l, &graph_tensor(w->network->graph, c->output[0])->shape, object, w->error);
    return (l->class->operation ? write_operation : write_plain_layer)(w->memory, l, object, w->error);
}

/* A layer of a functional model has its name and its calls beside it. */
static cepa_status add_connections(const writing *w, const layer *l, const value **object)
{
    const value *nodes;
    cepa_status status = write_nodes(w, l, &nodes);
    if (status) return status;
    size_t count = (*object)->call.count;
    named_value *members = arena_array(w->memory, count + 2, sizeof *members);
    if (!members) return fail_memory(w->error);
    memcpy(members, (*object)->call.members, count * sizeof *members);
    members[count] = (named_value){"name", name_value(w->memory, l->name)};
    members[count + 1] = (named_value){"inbound_nodes", nodes};
    *object = members[count].value ? value_dict(w->memory, members, count + 2) : NULL;
    return *object ? CEPA_OK : fail_memory(w->error);
}

/* The layers in the network's order, each where its first call stands. */
static cepa_status write_layers(const writing *w, bool connections, const value **layers)
{
    const network *n = w->network;
    const value **items = arena_array(w->memory, n->layer_count, sizeof *items);
    size_t count = 0;
    if (!items) return fail_memory(w->error);
    for (size_t i = 0; i < n->visible_count; i++) {
        const call *c = n->visible[i];
        if (i > 0 && n->visible[i - 1]->layer == c->layer) continue; /* calls of one layer stand together */
        cepa_status status = write_layer(w, c, &items[count]);
        if (!status && connections) status = add_connections(w, c->layer, &items[count]);
        if (status) return status;
        count++;
    }
    *layers = value_list(w->memory, items, count);
    return *layers ? CEPA_OK : fail_memory(w->error);
}

/* ---- Models ---- */

static cepa_status write_places(const writing *w, const int *ids, size_t count, const value **places)
{
    const value **items = arena_array(w->memory, count, sizeof *items);
    if (!items) return fail_memory(w->error);
    for (size_t i = 0; i < count; i++) {
        cepa_status status = place_of(w, ids[i], &items[i]);
        if (status) return status;
    }
    *places = value_list(w->memory, items, count);
    return *places ? CEPA_OK : fail_memory(w->error);
}

/* Each layer once, one behind the other. */
static bool is_chain(const network *n)
{
    return n->sequential && n->inputs == 1 && n->outputs == 1 && n->visible_count == n->layer_count &&
           n->visible[0]->layer->class->is_input;
}

static cepa_status write_model(arena *memory, const network *n, const char *name, bool trainable, const value **object,
                               cepa_error *error)
{
    writing w = {memory, n, NULL, error};
    const value *layers, *inputs = NULL, *outputs = NULL;
    bool chain = is_chain(n);
    if (!number_calls(&w)) return fail_memory(error);
    cepa_status status = write_layers(&w, !chain, &layers);
    if (!status && !chain) status = write_places(&w, n->input, n->inputs, &inputs);
    if (!status && !chain) status = write_places(&w, n->output, n->outputs, &outputs);
    if (status) return status;
    named_value config[] = {{"name", name_value(memory, name)},
                            {"trainable", value_bool(memory, trainable)},
                            {"layers", layers},
                            {"input_layers", inputs},
                            {"output_layers", outputs}};
    const value *dict =
        config[0].value && config[1].value ? value_dict(memory, config, chain ? 3 : ARRAY_COUNT(config)) : NULL;
    const char *class_name = chain ? "Sequential" : "Functional";
    named_value members[] = {{"module", value_text(memory, chain ? "keras" : "keras.src.models.functional")},
                             {"class_name", value_text(memory, class_name)},
                             {"config", dict},
                             {"registered_name", chain ? value_none() : value_text(memory, class_name)}};
    bool good = members[0].value && members[1].value && dict && members[3].value;
    *object = good ? value_dict(memory, members, ARRAY_COUNT(members)) : NULL;
    return *object ? CEPA_OK : fail_memory(error);
}

cepa_status architecture_write(arena *memory, const network *network, const value **object, cepa_error *error)
{
    return write_model(memory, network, network->name, true, object, error);
}
