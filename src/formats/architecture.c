/* Reading a network from Keras' description: layers, Sequential and functional models, models in models. */
#include "formats/architecture.h"

#include "formats/keras_object.h"
#include "layers/activations.h"

#include <string.h>

static cepa_status read_model(reading *r, const keras_object *o, const char *name, const value *outer,
                              layer_tree **tree);

static call *call_layer(reading *r, layer *layer, const int *inputs, size_t count, bool inference)
{
    enum { MOST_CALLS = 200000 };
    size_t inner = layer->nested ? layer->nested->call_count : 0;
    if (inner + r->graph->call_count > MOST_CALLS) {
        fail(r->error, CEPA_FORMAT, "the model has more than %d calls of layers", MOST_CALLS);
        return NULL;
    }
    call *made = graph_call_as(r->graph, layer, inputs, count, inference);
    if (!made) fail(r->error, r->graph->error.status, "%s", r->graph->error.message);
    return made;
}

static const layer_class *class_named(const char *name)
{
    return (const layer_class *)family_find(&layer_family, name);
}

/* A new layer of these arguments. NULL, and the error set, on failure. */
static layer *new_layer(reading *r, const layer_class *class, const char *name, bool trainable,
                        const named_value *arguments, size_t count)
{
    void *options;
    if (fields_read(&r->graph->memory, &class->kind, arguments, count, false, &options, r->error)) return NULL;
    layer *made = graph_layer(r->graph, class, options, name, trainable);
    if (!made) fail_memory(r->error);
    return made;
}

/* ---- Channels first ---- */

/* Permute that brings the channels of so many axes to the end, or back to the front. */
static layer *new_permute(reading *r, size_t rank, bool to_last)
{
    const value *axes[CEPA_MAX_RANK];
    for (size_t i = 0; i < rank; i++) {
        size_t from = to_last ? i + 1 : i + rank - 1;
        axes[i] = value_int(r->memory, (int64_t)(from % rank) + 1);
    }
    const named_value dims = {"dims", value_list(r->memory, axes, rank)};
    const char *name = arena_format(r->memory, "channels_%s_of_%zu", to_last ? "last" : "first", rank);
    if (!dims.value || !name) return fail_memory(r->error), NULL;
    return new_layer(r, class_named("Permute"), name, true, &dims, 1);
}

static layer *permute_of(reading *r, size_t rank, bool to_last)
{
    layer **kept = to_last ? &r->to_last[rank] : &r->to_first[rank];
    if (!*kept) *kept = new_permute(r, rank, to_last);
    return *kept;
}

static int permuted(reading *r, int id, bool to_last)
{
    layer *permute = permute_of(r, graph_tensor(r->graph, id)->shape.rank, to_last);
    const call *made = permute ? call_layer(r, permute, &id, 1, false) : NULL;
    return made ? made->result[0] : 0;
}

static moved_tensor *find_moved(const reading *r, int id)
{
    moved_tensor *m = r->moved;
    while (m && m->id != id) m = m->next;
    return m;
}

int tensor_as_written(reading *r, int id)
{
    moved_tensor *m = find_moved(r, id);
    if (!m) return id;
    if (!m->first) m->first = permuted(r, id, false);
    return m->first;
}

/* A tensor with its channels last. */
static int with_channels_last(reading *r, int id)
{
    return find_moved(r, id) || graph_tensor(r->graph, id)->shape.rank < 2 ? id : permuted(r, id, true);
}

/* Notes that the file has a call's result with channels first. */
static bool note_moved(reading *r, int id)
{
    moved_tensor *m = arena_allocate(r->memory, sizeof *m);
    if (!m) return fail_memory(r->error), false;
    *m = (moved_tensor){id, 0, r->moved};
    r->moved = m;
    return true;
}

call *call_on(reading *r, const layer_place *place, const int *inputs, size_t count, bool inference)
{
    int *ids = arena_array(r->memory, count, sizeof *ids);
    if (!ids) return fail_memory(r->error), NULL;
    for (size_t i = 0; i < count; i++)
        if (!(ids[i] = (place->channels_first ? with_channels_last : tensor_as_written)(r, inputs[i]))) return NULL;
    call *made = call_layer(r, place->layer, ids, count, inference);
    if (!made || !count || !place->channels_first) return made;
    size_t before = graph_tensor(r->graph, ids[0])->shape.rank,
           rank = graph_tensor(r->graph, made->result[0])->shape.rank;
    return rank < 2 || rank != before || note_moved(r, made->result[0]) ? made : NULL;
}

/* ---- Layers ---- */

/* A shape with the batch in front, without it. NULL where it is none. */
static const value *without_batch(reading *r, const value *batch_shape)
{
    if (!batch_shape || batch_shape->kind != VALUE_LIST || !batch_shape->list.count) return NULL;
    return value_list(r->memory, batch_shape->list.items + 1, batch_shape->list.count - 1);
}

static const value *batch_shape_of(const value *config)
{
    const value *shape = value_member(config, "batch_shape");
    return shape ? shape : value_member(config, "batch_input_shape");
}

static layer *make_input(reading *r, const char *name, const value *batch_shape)
{
    const named_value shape = {"shape", without_batch(r, batch_shape)};
    if (!shape.value) {
        fail(r->error, CEPA_FORMAT, "its shape (batch_shape) is missing");
        return NULL;
    }
    return new_layer(r, class_named("InputLayer"), name, true, &shape, 1);
}

static bool is_true(const value *v, bool preset) { return v && v->kind == VALUE_BOOL ? v->boolean : preset; }

static bool wants_channels_first(const value *config)
{
    const char *format = value_text_of(value_member(config, "data_format"));
    return format && strcmp(format, "channels_first") == 0;
}

/* Takes an argument away. */
static void drop_argument(named_value *arguments, size_t *count, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++)
        if (strcmp(arguments[i].name, name) != 0) arguments[kept++] = arguments[i];
    *count = kept;
}

static cepa_status make_plain_layer(reading *r, const keras_object *o, const char *name, layer_place *place)
{
    const layer_class *class = class_named(o->class_name);
    named_value *arguments;
    size_t count;
    if (!class) return fail(r->error, CEPA_UNSUPPORTED, "layers of class %.100s are not built in", o->class_name);
    cepa_status status = keras_check_dtype(value_member(o->config, "dtype"), r->error);
    if (!status) status = keras_arguments(r->memory, &class->kind, o->config, &arguments, &count, r->error);
    if (status) return status;
    if (class->is_input) {
        place->layer = make_input(r, name, batch_shape_of(o->config));
        return place->layer ? CEPA_OK : r->error->status;
    }
    place->channels_first = wants_channels_first(o->config);
    if (place->channels_first) drop_argument(arguments, &count, "data_format");
    bool trainable = is_true(value_member(o->config, "trainable"), true);
    place->layer = new_layer(r, class, name, trainable, arguments, count);
    return place->layer ? CEPA_OK : r->error->status;
}

static const kind *activation_of_class(const char *class_name)
{
    char name[64];
    snake_case(class_name, name, sizeof name);
    return family_find(&activation_family, name);
}

/* An operation that is a layer by another name: a + b is Add, ops.relu(x) an Activation. */
static cepa_status read_as_layer(reading *r, const keras_object *o, size_t tensors, const layer_class **class,
                                 named_value **arguments, size_t *count)
{
    *class = class_named(tensors > 1 ? o->class_name : "Activation");
    if (tensors > 1 && *class && (*class)->max_inputs != 1)
        return keras_arguments(r->memory, &(*class)->kind, o->config, arguments, count, r->error);
    const kind *function = tensors == 1 ? activation_of_class(o->class_name) : NULL;
    if (!function)
        return fail(r->error, CEPA_UNSUPPORTED, "the operation %.100s on tensors is not built in", o->class_name);
    cepa_status status = keras_arguments(r->memory, function, o->config, arguments, count, r->error);
    if (status) return status;
    const value *call = value_call(r->memory, function->name, *arguments, *count);
    if (!call || !(*arguments = arena_array(r->memory, 1, sizeof **arguments))) return fail_memory(r->error);
    **arguments = (named_value){"activation", call};
    *count = 1;
    return CEPA_OK;
}

static cepa_status make_operation(reading *r, const keras_object *o, const char *name, const value *object,
                                  layer_place *place)
{
    named_value number[2], *arguments = number;
    size_t tensors, count;
    cepa_status status = read_operation(r, object, &tensors, number, &count);
    const layer_class *class = status ? NULL : operation_of(o->class_name, tensors);
    bool takes = class && tensors == 1 && operation_takes_number(class);
    if (!status && !count && (!class || takes)) status = read_as_layer(r, o, tensors, &class, &arguments, &count);
    if (!status && !class)
        return fail(r->error, CEPA_UNSUPPORTED, "the operation %.100s on a tensor and a number is not built in",
                    o->class_name);
    if (status) return status;
    place->layer = new_layer(r, class, name, true, arguments, count);
    return place->layer ? CEPA_OK : r->error->status;
}

/* Where modules are not said, in .h5 files of Keras 3, it is one that is called on a number, or that is no layer. */
static bool is_operation(const keras_object *o, const value *object)
{
    if (o->module) return o->operation;
    bool known = operation_of(o->class_name, 1) || operation_of(o->class_name, 2) || activation_of_class(o->class_name);
    return known && (calls_on_number(object) || !class_named(o->class_name));
}

static bool is_model(const char *class_name)
{
    return strcmp(class_name, "Functional") == 0 || strcmp(class_name, "Model") == 0 ||
           strcmp(class_name, "Sequential") == 0;
}

/* A frozen model freezes what is in it. */
static void freeze(const layer_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        tree->places[i].layer->trainable = false;
        if (tree->places[i].nested) freeze(tree->places[i].nested);
    }
}

static cepa_status make_nested(reading *r, const keras_object *o, const char *name, const value *object,
                               layer_place *place)
{
    cepa_status status = read_model(r, o, name, object, &place->nested);
    if (status) return status;
    place->layer = graph_nested_layer(r->graph, place->nested->network, name);
    if (!place->layer) return fail_memory(r->error);
    place->layer->trainable = is_true(value_member(o->config, "trainable"), true);
    return CEPA_OK;
}

static cepa_status make_layer(reading *r, const value *object, layer_place *place)
{
    keras_object o;
    const char *name = value_text_of(value_member(value_member(object, "config"), "name"));
    if (!name) name = value_text_of(value_member(object, "name"));
    if (!name) return fail(r->error, CEPA_FORMAT, "a layer without a name");
    cepa_status status = keras_object_read(object, &o, r->error);
    if (!status && is_model(o.class_name))
        status = make_nested(r, &o, name, object, place);
    else if (!status && is_operation(&o, object))
        status = make_operation(r, &o, name, object, place);
    else if (!status)
        status = make_plain_layer(r, &o, name, place);
    return status ? fail_in(r->error, status, "layer %s", name) : CEPA_OK;
}

/* ---- Models ---- */

bool layer_tree_has_channels_first(const layer_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        const layer_place *place = &tree->places[i];
        if (place->channels_first || (place->nested && layer_tree_has_channels_first(place->nested))) return true;
    }
    return false;
}

static layer_tree *new_tree(reading *r, size_t count)
{
    layer_tree *tree = arena_allocate(r->memory, sizeof *tree);
    if (!tree || !(tree->places = arena_array(r->memory, count, sizeof *tree->places))) {
        fail_memory(r->error);
        return NULL;
    }
    return tree;
}

static cepa_status make_network(reading *r, const int *ids, size_t inputs, size_t outputs, const char *name,
                                bool sequential, layer_tree *tree)
{
    return network_new(r->graph, ids, inputs, ids + inputs, outputs, name, sequential, &tree->network, r->error);
}

static cepa_status read_functional(reading *r, const keras_object *o, const char *name, const value *layers,
                                   layer_tree *tree)
{
    tensor_place *inputs, *outputs;
    size_t input_count, output_count;
    cepa_status status = read_tensor_places(r, value_member(o->config, "input_layers"), &inputs, &input_count);
    if (!status) status = read_tensor_places(r, value_member(o->config, "output_layers"), &outputs, &output_count);
    for (; !status && tree->count < layers->list.count; tree->count++)
        status = make_layer(r, layers->list.items[tree->count], &tree->places[tree->count]);
    if (status) return status;
    tensor_place *ends = arena_array(r->memory, input_count + output_count, sizeof *ends);
    int *ids = arena_array(r->memory, input_count + output_count, sizeof *ids);
    if (!ends || !ids) return fail_memory(r->error);
    for (size_t i = 0; i < input_count + output_count; i++)
        ends[i] = i < input_count ? inputs[i] : outputs[i - input_count];
    status = connect_layers(r, layers->list.items, tree->places, tree->count, ends, input_count + output_count, ids);
    return status ? status : make_network(r, ids, input_count, output_count, name, false, tree);
}

/* The input's shape where no InputLayer is listed: said by the first layer, by the model, or known from a nested one.
 */
static const value *sequential_shape(const keras_object *o, const value *outer, const value *first)
{
    const value *shape = batch_shape_of(value_member(first, "config"));
    if (!shape) shape = value_member(o->config, "build_input_shape");
    return shape ? shape : value_member(value_member(outer, "build_config"), "input_shape");
}

/* The input of a Sequential that lists none. */
static cepa_status add_input(reading *r, const keras_object *o, const value *outer, const value *first,
                             const layer_place *place, int *id)
{
    const value *shape = sequential_shape(o, outer, first);
    const char *name = arena_format(r->memory, "%s_input", place->layer->name);
    if (!name) return fail_memory(r->error);
    if (!shape || shape->kind != VALUE_LIST)
        return fail(r->error, CEPA_FORMAT, "it was saved before it knew the shape of its input");
    layer *input = make_input(r, name, shape);
    const call *c = input ? call_layer(r, input, NULL, 0, false) : NULL;
    if (!c) return fail_in(r->error, r->error->status, "layer %s", name);
    *id = c->result[0];
    return CEPA_OK;
}

static cepa_status read_sequential(reading *r, const keras_object *o, const char *name, const value *outer,
                                   const value *layers, layer_tree *tree)
{
    int ids[2] = {0, 0}; /* the input's, and the last layer's so far */
    cepa_status status = CEPA_OK;
    if (!layers->list.count) return fail(r->error, CEPA_FORMAT, "it has no layers");
    for (; !status && tree->count < layers->list.count; tree->count++) {
        layer_place *place = &tree->places[tree->count];
        status = make_layer(r, layers->list.items[tree->count], place);
        bool is_input = !status && place->layer->class->is_input;
        if (!status && !is_input && !ids[0]) {
            status = add_input(r, o, outer, layers->list.items[0], place, &ids[0]);
            ids[1] = ids[0];
        }
        if (status) break;
        const call *c = call_on(r, place, &ids[1], is_input ? 0 : 1, false);
        if (!c) return r->error->status;
        ids[1] = c->result[0];
        if (is_input) ids[0] = ids[1];
    }
    if (!status && !(ids[1] = tensor_as_written(r, ids[1]))) status = r->error->status;
    /* The Permute of channels that come first stand at several places, which a Sequential's layers cannot. */
    return status ? status : make_network(r, ids, 1, 1, name, !layer_tree_has_channels_first(tree), tree);
}

/* The layers of a model: Keras 1 and early 2 write a Sequential's config as the bare list. */
static const value *layers_of(const keras_object *o)
{
    const value *layers = o->config && o->config->kind == VALUE_LIST ? o->config : value_member(o->config, "layers");
    return layers && layers->kind == VALUE_LIST ? layers : NULL;
}

static cepa_status read_model(reading *r, const keras_object *o, const char *name, const value *outer,
                              layer_tree **made)
{
    const value *layers = layers_of(o);
    if (!layers)
        return fail(r->error, CEPA_UNSUPPORTED,
                    "a model that is Python code of its own (a subclass): the file does not hold its layers");
    layer_tree *tree = *made = new_tree(r, layers->list.count);
    if (!tree) return CEPA_MEMORY;
    tree->sequential = strcmp(o->class_name, "Sequential") == 0;
    cepa_status status =
        tree->sequential ? read_sequential(r, o, name, outer, layers, tree) : read_functional(r, o, name, layers, tree);
    if (!status && !is_true(value_member(o->config, "trainable"), true)) freeze(tree);
    return status;
}

cepa_status architecture_read(cepa_graph *graph, arena *memory, const value *object, layer_tree **tree,
                              cepa_error *error)
{
    cepa_error inner = {0};
    reading r = {.graph = graph, .memory = memory, .error = &inner};
    keras_object o;
    cepa_status status = keras_object_read(object, &o, &inner);
    const char *name = status ? NULL : value_text_of(value_member(o.config, "name"));
    bool own = !status && !is_model(o.class_name);
    if (own && (!layers_of(&o) || !value_member(o.config, "input_layers")))
        status = fail(&inner, CEPA_UNSUPPORTED, "class %s is no model whose layers the file holds", o.class_name);
    if (!status)
        status = read_model(&r, &o, name ? name : is_model(o.class_name) ? "model" : o.class_name, object, tree);
    return status ? fail(error, status, "%s", inner.message) : CEPA_OK;
}

layer_tree *layer_tree_of(arena *memory, network *n)
{
    layer_tree *tree = arena_allocate(memory, sizeof *tree);
    if (!tree || !(tree->places = arena_array(memory, n->layer_count, sizeof *tree->places))) return NULL;
    tree->network = n;
    tree->sequential = n->sequential;
    tree->count = n->layer_count;
    for (size_t i = 0; i < n->layer_count; i++) {
        layer_place *place = &tree->places[i];
        place->layer = n->layers[i];
        if (place->layer->nested && !(place->nested = layer_tree_of(memory, place->layer->nested))) return NULL;
    }
    return tree;
}
