/* Models in source text: keras.Model, keras.Sequential, and what is said to them. */
#include "formats/source_eval.h"

#include <stdlib.h>
#include <string.h>

static const thing *new_model(eval *e, const named_thing *name, bool sequential, size_t offset)
{
    const char *base = sequential ? "sequential" : e->graph->keras2_names ? "model" : "functional";
    thing *made = thing_new(e, THING_MODEL);
    source_network *model = arena_allocate(e->source.memory, sizeof *model);
    if (!made || !model) return eval_no_memory(e);
    bool named = name && name->thing->type == THING_TEXT;
    if (name && !named && name->thing->type != THING_NONE)
        return eval_misplaced(e, name->offset, name->thing, "a model's name");
    *model = (source_network){.offset = offset, .sequential = sequential};
    model->name = named ? name->thing->text : graph_auto_name(e->graph, base);
    if (!model->name) return eval_pass_on(e, offset, &e->graph->error);
    made->model = model;
    return made;
}

static bool make_network(eval *e, source_network *m, const int *in, size_t ins, const int *out, size_t outs,
                         size_t offset)
{
    cepa_error error;
    if (!network_new(e->graph, in, ins, out, outs, m->name, m->sequential, &m->network, &error)) return true;
    return eval_pass_on(e, offset, &error);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const named_thing *)a)->name, ((const named_thing *)b)->name);
}

/* A dictionary's tensors, in the order of their names as in Keras. */
static const thing *listed(eval *e, const thing *t)
{
    if (t->type != THING_DICT || !t->dict.count) return t;
    named_thing *items = arena_array(e->source.memory, t->dict.count, sizeof *items);
    const thing *list = thing_sequence(e, THING_LIST, NULL, 0);
    if (!items || !list) return eval_no_memory(e);
    memcpy(items, t->dict.items, t->dict.count * sizeof *items);
    qsort(items, t->dict.count, sizeof *items, compare_names);
    for (size_t i = 0; i < t->dict.count; i++)
        if (!sequence_add(e, list->list, items[i].thing)) return NULL;
    return list;
}

const thing *call_model(eval *e, const call_site *site)
{
    static const char *const names[] = {"inputs", "outputs", "name", NULL};
    const named_thing *given[3];
    int *in, *out;
    size_t ins, outs;
    if (!eval_bind(e, site, names, 2, given)) return NULL;
    const thing *inputs = listed(e, given[0]->thing), *outputs = listed(e, given[1]->thing);
    if (!inputs || !tensors_of(e, inputs, given[0]->offset, &in, &ins)) return NULL;
    if (!outputs || !tensors_of(e, outputs, given[1]->offset, &out, &outs)) return NULL;
    const thing *made = new_model(e, given[2], false, site->offset);
    return made && make_network(e, made->model, in, ins, out, outs, site->offset) ? made : NULL;
}

/* ---- Sequential */

static layer *layer_of(eval *e, const thing *part, size_t offset)
{
    if (part->type == THING_LAYER) return part->layer.layer;
    source_network *m = part->model;
    if (m->nested || !model_network(e, part, offset)) return m->nested;
    m->nested = graph_nested_layer(e->graph, m->network, m->name);
    if (!m->nested) eval_pass_on(e, offset, &e->graph->error);
    return m->nested;
}

/* Calls the parts that were not called yet, where the input is known. */
static bool call_parts(eval *e, source_network *m)
{
    for (; m->input && m->called < m->parts.count; m->called++) {
        const thing *part = m->parts.items[m->called], *input = thing_tensor(e, m->output);
        size_t offset = part->type == THING_MODEL ? part->model->offset : part->layer.offset;
        if (part->type == THING_MODEL && !model_know_input(e, part, input, offset)) return false;
        layer *layer = input ? layer_of(e, part, offset) : NULL;
        const thing *result = layer ? call_on_tensors(e, layer, input, false, offset) : NULL;
        if (!result) return false;
        if (result->type != THING_TENSOR)
            return eval_refuse(e, offset, "%s has several outputs, one was expected in a Sequential", layer->name);
        m->output = result->tensor;
    }
    return true;
}

/* Keras makes a functional model of a Sequential each time that it is built, and counts its name. */
static bool rebuild(eval *e, source_network *m, size_t offset)
{
    m->network = NULL;
    if (!m->input || !m->parts.count) return true;
    if (!call_parts(e, m)) return false;
    if (!e->graph->keras2_names && !graph_auto_name(e->graph, "functional"))
        return eval_pass_on(e, offset, &e->graph->error);
    return true;
}

static bool set_input(eval *e, source_network *m, const thing *shape, size_t offset)
{
    const thing *input = make_input(e, shape, thing_none(), offset);
    if (!input) return false;
    m->input = m->output = input->tensor;
    return true;
}

/* A first layer may say its input's shape, as Keras 2 had it; a first model knows it. */
static bool input_of_first(eval *e, source_network *m, const thing *part, size_t offset)
{
    const thing *shape = part->type == THING_LAYER ? part->layer.input_shape : NULL;
    return !shape || set_input(e, m, shape, offset);
}

static bool input_of_model(eval *e, source_network *m, size_t offset)
{
    const thing *first = m->parts.items[0];
    bool knows = !m->input && m->parts.count > 1 && first->type == THING_MODEL && first->model->network &&
                 first->model->network->inputs == 1;
    if (!knows) return true;
    const shape *s = &graph_tensor(e->graph, first->model->network->input[0])->shape;
    const thing *whole = thing_shape(e, CEPA_UNKNOWN, s);
    const thing *shape = whole ? shape_without_batch(e, whole, offset) : NULL;
    return shape && set_input(e, m, shape, offset);
}

static bool add_part(eval *e, source_network *m, const thing *part, size_t offset)
{
    bool empty = !m->parts.count && !m->input;
    if (part->type == THING_TENSOR && empty && graph_tensor(e->graph, part->tensor)->producer->layer->class->is_input) {
        m->input = m->output = part->tensor;
        return true;
    }
    if (part->type != THING_LAYER && part->type != THING_MODEL) return eval_misplaced(e, offset, part, "a layer");
    if (empty && !input_of_first(e, m, part, offset)) return false;
    return sequence_add(e, &m->parts, part);
}

/* What Keras does after parts were added. */
static bool build(eval *e, source_network *m, size_t offset)
{
    return !m->parts.count || (input_of_model(e, m, offset) && rebuild(e, m, offset));
}

const thing *call_sequential(eval *e, const call_site *site)
{
    static const char *const names[] = {"layers", "trainable", "name", NULL};
    const named_thing *given[3];
    if (!eval_bind(e, site, names, 0, given)) return NULL;
    const thing *made = new_model(e, given[2], true, site->offset), *list = given[0] ? given[0]->thing : thing_none();
    if (!made || list->type == THING_NONE) return made;
    if (!thing_is_list(list)) return eval_misplaced(e, given[0]->offset, list, "a list of layers");
    for (size_t i = 0; i < list->list->count; i++)
        if (!add_part(e, made->model, list->list->items[i], given[0]->offset)) return NULL;
    return build(e, made->model, site->offset) ? made : NULL;
}

static bool need_sequential(eval *e, const call_site *site)
{
    if (site->self->model->sequential) return true;
    return eval_refuse(e, site->offset, "%s: only a Sequential can do this", site->path);
}

const thing *model_add(eval *e, const call_site *site)
{
    static const char *const names[] = {"layer", NULL};
    const named_thing *given[1];
    source_network *m = site->self->model;
    if (!need_sequential(e, site) || !eval_bind(e, site, names, 1, given)) return NULL;
    return add_part(e, m, given[0]->thing, given[0]->offset) && build(e, m, site->offset) ? thing_none() : NULL;
}

/* Without its last part a Sequential is called anew from its input. */
const thing *model_pop(eval *e, const call_site *site)
{
    source_network *m = site->self->model;
    if (!need_sequential(e, site)) return NULL;
    if (!m->parts.count) return eval_refuse(e, site->offset, "there is no layer to take away");
    m->parts.count--;
    m->called = 0;
    m->output = m->input;
    return rebuild(e, m, site->offset) ? thing_unknown() : NULL;
}

bool model_know_shape(eval *e, source_network *m, const thing *with_batch, size_t offset)
{
    const thing *shape = with_batch ? shape_without_batch(e, with_batch, offset) : NULL;
    return shape && set_input(e, m, shape, offset) && rebuild(e, m, offset);
}

const thing *model_build(eval *e, const call_site *site)
{
    static const char *const names[] = {"input_shape", NULL};
    const named_thing *given[1];
    source_network *m = site->self->model;
    if (!eval_bind(e, site, names, 0, given)) return NULL;
    if (m->network || m->input || !given[0]) return thing_none();
    return model_know_shape(e, m, given[0]->thing, given[0]->offset) ? thing_none() : NULL;
}

bool model_know_input(eval *e, const thing *model, const thing *input, size_t offset)
{
    source_network *m = model->model;
    if (!input) return false;
    if (!m->sequential || m->input) return true;
    return model_know_shape(e, m, tensor_shape(e, input, offset), offset);
}

bool model_network(eval *e, const thing *model, size_t offset)
{
    source_network *m = model->model;
    if (m->network) return true;
    if (!m->input)
        return eval_refuse(e, m->offset,
                           "this model's input shape is not known, keras.Input(shape=...) in front was expected");
    if (!m->parts.count) return eval_refuse(e, m->offset, "this model has no layers");
    return call_parts(e, m) && make_network(e, m, &m->input, 1, &m->output, 1, offset);
}

/* ---- A model as a layer */

const thing *call_network(eval *e, const call_site *site)
{
    bool inference;
    const named_thing *a = bind_inputs(e, site, &inference);
    if (!a) return NULL;
    if (thing_is_unknown(a->thing) || a->thing->type == THING_DATA || a->thing->type == THING_TABLE)
        return thing_unknown(); /* a prediction */
    if (a->thing->type == THING_TENSOR && !model_know_input(e, site->self, a->thing, site->offset)) return NULL;
    layer *layer = layer_of(e, site->self, site->offset);
    return layer ? call_on_tensors(e, layer, a->thing, inference, site->offset) : NULL;
}

/* ---- What is said to a model */

static bool same_value(const value *a, const value *b) { return a && b ? value_equal(a, b) : a == b; }

static bool same_compile(const compile_values *a, const compile_values *b)
{
    bool same = true;
    for (size_t i = 0; same && i < COMPILE_ARGUMENTS; i++) same = same_value(a->all[i], b->all[i]);
    return same;
}

/* What else compile takes changes no number. */
const thing *model_compile(eval *e, const call_site *site)
{
    static const char *const others[] = {"run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss"};
    enum { COUNT = COMPILE_ARGUMENTS + ARRAY_COUNT(others) };
    const char *names[COUNT + 1] = {NULL};
    const named_thing *given[COUNT];
    source_network *m = site->self->model;
    compile_values said = {.all = {NULL}};
    for (size_t i = 0; i < COUNT; i++)
        names[i] = i < COMPILE_ARGUMENTS ? compile_arguments[i].name : others[i - COMPILE_ARGUMENTS];
    if (!eval_bind(e, site, names, 0, given)) return NULL;
    for (size_t i = 0; i < COMPILE_ARGUMENTS; i++) {
        const char *module = compile_arguments[i].module;
        if (!given[i] || given[i]->thing->type == THING_NONE) continue;
        if (!(said.all[i] = thing_value(e, given[i]->thing, given[i]->offset))) return NULL;
        if (module && !members_check(e, module, said.all[i], given[i]->offset)) return NULL;
    }
    e->compiles_differ = e->compiles_differ || (e->last_compiled && !same_compile(&said, &e->last_compiled->compile));
    m->compiled = true;
    m->compile = said;
    e->last_compiled = m;
    return thing_none();
}

/* ---- What a model tells */

static const thing *thing_of_layer(eval *e, layer *layer)
{
    thing *made = thing_new(e, THING_LAYER);
    if (made) made->layer = (source_layer){.layer = layer};
    return made;
}

const thing *model_layers(eval *e, const thing *object, size_t offset)
{
    if (object->model->sequential)
        return thing_sequence(e, THING_LIST, object->model->parts.items, object->model->parts.count);
    if (!model_network(e, object, offset)) return NULL;
    const network *n = object->model->network;
    const thing *list = thing_sequence(e, THING_LIST, NULL, 0);
    for (size_t i = 0; list && i < n->layer_count; i++)
        if (!sequence_add(e, list->list, thing_of_layer(e, n->layers[i]))) return NULL;
    return list;
}

const thing *model_get_layer(eval *e, const call_site *site)
{
    static const char *const names[] = {"name", "index", NULL};
    const named_thing *given[2];
    const thing *list = model_layers(e, site->self, site->offset);
    size_t place;
    if (!list || !eval_bind(e, site, names, 0, given)) return NULL;
    if (given[1])
        return eval_place(e, given[1]->offset, list->list, given[1]->thing, &place) ? list->list->items[place] : NULL;
    if (!given[0] || given[0]->thing->type != THING_TEXT)
        return eval_refuse(e, site->offset, "get_layer takes a name or an index");
    for (size_t i = 0; i < list->list->count; i++) {
        const thing *t = list->list->items[i];
        const char *name = t->type == THING_LAYER ? t->layer.layer->name : t->model->name;
        if (strcmp(name, given[0]->thing->text) == 0) return t;
    }
    return eval_refuse(e, given[0]->offset, "the model has no layer '%s'", given[0]->thing->text);
}

static const thing *tensors(eval *e, const int *ids, size_t count)
{
    const thing *list = thing_sequence(e, THING_LIST, NULL, 0);
    for (size_t i = 0; list && i < count; i++)
        if (!sequence_add(e, list->list, thing_tensor(e, ids[i]))) return NULL;
    return list;
}

const thing *model_inputs(eval *e, const thing *object, size_t offset)
{
    if (!model_network(e, object, offset)) return NULL;
    return tensors(e, object->model->network->input, object->model->network->inputs);
}

const thing *model_outputs(eval *e, const thing *object, size_t offset)
{
    if (!model_network(e, object, offset)) return NULL;
    return tensors(e, object->model->network->output, object->model->network->outputs);
}

static const thing *one_or_all(const thing *list)
{
    return list && list->list->count == 1 ? list->list->items[0] : list;
}

const thing *model_input(eval *e, const thing *object, size_t offset)
{
    return one_or_all(model_inputs(e, object, offset));
}
const thing *model_output(eval *e, const thing *object, size_t offset)
{
    return one_or_all(model_outputs(e, object, offset));
}

static const thing *shape_of(eval *e, const thing *tensor, size_t offset)
{
    return tensor && tensor->type == THING_TENSOR ? tensor_shape(e, tensor, offset) : tensor ? thing_unknown() : NULL;
}

const thing *model_input_shape(eval *e, const thing *object, size_t offset)
{
    return shape_of(e, model_input(e, object, offset), offset);
}
const thing *model_output_shape(eval *e, const thing *object, size_t offset)
{
    return shape_of(e, model_output(e, object, offset), offset);
}

const thing *model_name(eval *e, const thing *object, size_t offset)
{
    (void)offset;
    return thing_text(e, object->model->name);
}

static void freeze(const network *n, bool trainable)
{
    for (size_t i = 0; i < n->layer_count; i++) {
        n->layers[i]->trainable = trainable;
        if (n->layers[i]->nested) freeze(n->layers[i]->nested, trainable);
    }
}

const thing *model_trainable(eval *e, const thing *object, size_t offset)
{
    if (!model_network(e, object, offset)) return NULL;
    bool trainable = true;
    const network *n = object->model->network;
    for (size_t i = 0; i < n->layer_count; i++) trainable = trainable && n->layers[i]->trainable;
    return thing_bool(e, trainable);
}

/* Keras sets a model's trainable on every layer in it. */
bool model_set_trainable(eval *e, const thing *object, const thing *value, size_t offset)
{
    if (value->type != THING_BOOL) return eval_misplaced(e, offset, value, "True or False");
    if (!model_network(e, object, offset)) return false;
    freeze(object->model->network, value->boolean);
    return true;
}

const thing *call_clear_session(eval *e, const call_site *site)
{
    (void)site;
    e->graph->name_count = 0; /* automatic names count from the start again */
    return thing_none();
}
