/* Layers in source text: making them, calling them on tensors, and inputs. */
#include "formats/source_eval.h"

#include <string.h>

/* ---- Making layers */

/* What every layer takes besides its own fields. */
typedef struct common_arguments {
    const char *name;
    bool trainable;
    const thing *input_shape;
} common_arguments;

static bool take_name(eval *e, const named_thing *a, common_arguments *common)
{
    if (a->thing->type == THING_TEXT)
        common->name = a->thing->text;
    else if (a->thing->type != THING_NONE)
        return eval_misplaced(e, a->offset, a->thing, "a name");
    return true;
}

static bool take_trainable(eval *e, const named_thing *a, common_arguments *common)
{
    if (a->thing->type != THING_BOOL) return eval_misplaced(e, a->offset, a->thing, "True or False");
    common->trainable = a->thing->boolean;
    return true;
}

static bool take_dtype(eval *e, const named_thing *a, common_arguments *common)
{
    (void)common;
    bool single = a->thing->type == THING_TEXT && strcmp(a->thing->text, "float32") == 0;
    if (single || a->thing->type == THING_NONE) return true;
    return eval_refuse(e, a->offset, "this number type is not built in, 'float32' was expected");
}

static bool take_input_shape(eval *e, const named_thing *a, common_arguments *common)
{
    (void)e;
    common->input_shape = a->thing;
    return true;
}

/* What the numbers of an input are elsewhere; here they are float32, which holds whole numbers up to 16777216. */
static bool take_input_dtype(eval *e, const named_thing *a)
{
    static const char *const whole[] = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"};
    for (size_t i = 0; a->thing->type == THING_TEXT && i < ARRAY_COUNT(whole); i++)
        if (strcmp(a->thing->text, whole[i]) == 0) return true;
    return take_dtype(e, a, NULL);
}

static const struct {
    const char *name;
    bool (*take)(eval *e, const named_thing *argument, common_arguments *common);
} common_fields[] = {
    {"name", take_name},
    {"trainable", take_trainable},
    {"dtype", take_dtype},
    {"input_shape", take_input_shape},
    {"input_dim", take_input_shape},
    {"input_length", take_input_shape},
};

/* Whether a class has a field of its own with this name: Embedding's input_dim is no shape. */
static bool has_field(const layer_class *class, const char *name)
{
    const field *f = field_find(&class->kind, name);
    return f && !f->derived;
}

/* Takes the common arguments out of a call's; *left receives the others. */
static bool split_arguments(eval *e, const call_site *site, size_t first, const layer_class *class,
                            common_arguments *common, call_site *left)
{
    named_thing *others = arena_array(e->source.memory, site->count, sizeof *others);
    if (!others) return eval_no_memory(e);
    *common = (common_arguments){.trainable = true};
    *left = (call_site){.offset = site->offset, .path = site->path, .arguments = others};
    for (size_t i = first; i < site->count; i++) {
        const named_thing *a = &site->arguments[i];
        size_t k = a->name && !has_field(class, a->name) ? 0 : ARRAY_COUNT(common_fields);
        while (k < ARRAY_COUNT(common_fields) && strcmp(a->name, common_fields[k].name) != 0) k++;
        if (k == ARRAY_COUNT(common_fields))
            others[left->count++] = *a;
        else if (!common_fields[k].take(e, a, common))
            return false;
    }
    return true;
}

static bool make_layer(eval *e, const call_site *site, size_t first, const layer_class *class, source_layer *made)
{
    common_arguments common;
    call_site own = {.count = 0};
    cepa_error error;
    void *options;
    if (!split_arguments(e, site, first, class, &common, &own)) return false;
    named_value *values = call_values(e, &own);
    if (!values) return false;
    if (fields_read(&e->graph->memory, &class->kind, values, own.count, false, &options, &error))
        return eval_pass_on(e, call_offset(&own, &class->kind, error.message), &error);
    made->offset = site->offset;
    made->input_shape = common.input_shape;
    made->layer = graph_layer(e->graph, class, options, common.name, common.trainable);
    return made->layer || eval_pass_on(e, site->offset, &e->graph->error);
}

/* ---- Calling layers */

static bool add_tensor(eval *e, const thing *t, size_t offset, sequence *tensors)
{
    if (t->type == THING_TENSOR) return sequence_add(e, tensors, t);
    return eval_misplaced(e, offset, t, "a tensor");
}

bool tensors_of(eval *e, const thing *t, size_t offset, int **ids, size_t *count)
{
    sequence tensors = {0};
    size_t items;
    const thing *const *item = thing_items(&t, &items);
    for (size_t i = 0; i < items; i++)
        if (!add_tensor(e, item[i], offset, &tensors)) return false;
    *ids = arena_array(e->source.memory, tensors.count, sizeof **ids);
    if (!*ids) return eval_no_memory(e);
    *count = tensors.count;
    for (size_t i = 0; i < tensors.count; i++) (*ids)[i] = tensors.items[i]->tensor;
    return true;
}

const thing *thing_tensor(eval *e, int id)
{
    thing *made = thing_new(e, THING_TENSOR);
    if (made) made->tensor = id;
    return made;
}

const thing *call_on_tensors(eval *e, layer *layer, const thing *inputs, bool inference, size_t offset)
{
    int *ids = NULL;
    size_t count = 0;
    if (!tensors_of(e, inputs, offset, &ids, &count)) return NULL;
    const call *c = graph_call_as(e->graph, layer, ids, count, inference);
    if (!c) return eval_pass_on(e, offset, &e->graph->error);
    if (c->outputs == 1) return thing_tensor(e, c->result[0]);
    const thing *list = thing_sequence(e, THING_LIST, NULL, 0);
    for (size_t i = 0; list && i < c->outputs; i++)
        if (!sequence_add(e, list->list, thing_tensor(e, c->result[i]))) return NULL;
    return list;
}

const named_thing *bind_inputs(eval *e, const call_site *site, bool *inference)
{
    static const char *const names[] = {"inputs", "training", NULL};
    const named_thing *given[2];
    if (!eval_bind(e, site, names, 1, given)) return NULL;
    const thing *training = given[1] ? given[1]->thing : thing_none();
    *inference = training->type == THING_BOOL && !training->boolean;
    if (training->type == THING_BOOL || training->type == THING_NONE) return given[0];
    eval_misplaced(e, given[1]->offset, training, "True or False");
    return NULL;
}

const thing *call_layer(eval *e, const call_site *site)
{
    bool inference;
    const named_thing *inputs = bind_inputs(e, site, &inference);
    return inputs ? call_on_tensors(e, site->self->layer.layer, inputs->thing, inference, site->offset) : NULL;
}

/* layers.add([a, b]): a merging layer's name in snake case makes it and calls it at once. */
static const thing *call_merge(eval *e, const call_site *site, const layer_class *class)
{
    source_layer made = {0};
    if (!site->count || (site->arguments[0].name && strcmp(site->arguments[0].name, "inputs") != 0))
        return eval_refuse(e, site->offset, "%s takes a list of tensors first", site->path);
    if (!make_layer(e, site, 1, class, &made)) return NULL;
    return call_on_tensors(e, made.layer, site->arguments[0].thing, false, site->offset);
}

const layer_class *merge_class(const char *name)
{
    char snake[64];
    for (size_t i = 0; i < layer_family.count; i++) {
        const layer_class *class = (const layer_class *)layer_family.members[i];
        if (class->max_inputs == 1 || class->is_input) continue;
        snake_case(class->kind.name, snake, sizeof snake);
        if (strcmp(snake, name) == 0 || strcmp(class->kind.name, name) == 0) return class;
    }
    return NULL;
}

bool layer_word_exists(const char *name) { return family_find(&layer_family, name) || merge_class(name); }

const thing *call_layer_word(eval *e, const call_site *site)
{
    const char *name = path_end(site->path);
    const layer_class *class = (const layer_class *)family_find(&layer_family, name), *merge = merge_class(name);
    if (!class && merge) return call_merge(e, site, merge);
    if (!class) {
        cepa_error error;
        member none;
        member_read(e->source.memory, &layer_family, &(value){.kind = VALUE_TEXT, .text = name}, &none, &error);
        return eval_pass_on(e, site->offset, &error);
    }
    thing *made = thing_new(e, THING_LAYER);
    return made && make_layer(e, site, 0, class, &made->layer) ? made : NULL;
}

/* ---- Inputs */

const thing *make_input(eval *e, const thing *shape, const thing *name, size_t offset)
{
    const named_thing arguments[] = {{"shape", shape, offset}, {"name", name, offset}};
    const call_site site = {.offset = offset, .path = "keras.Input", .arguments = arguments, .count = 2};
    source_layer made = {0};
    if (!make_layer(e, &site, 0, (const layer_class *)family_find(&layer_family, "InputLayer"), &made)) return NULL;
    const call *c = graph_call(e->graph, made.layer, NULL, 0);
    return c ? thing_tensor(e, c->result[0]) : eval_pass_on(e, offset, &e->graph->error);
}

const thing *shape_without_batch(eval *e, const thing *shape, size_t offset)
{
    if (!thing_is_list(shape) || !shape->list->count)
        return eval_misplaced(e, offset, shape, "a shape with the batch in front");
    return thing_sequence(e, THING_TUPLE, shape->list->items + 1, shape->list->count - 1);
}

/* Sparse and ragged tensors are other kinds of data. */
static bool need_false(eval *e, const named_thing *a)
{
    bool is_false = !a || a->thing->type == THING_NONE || (a->thing->type == THING_BOOL && !a->thing->boolean);
    return is_false || eval_refuse(e, a->offset, "sparse and ragged inputs are not built in, False was expected");
}

const thing *call_input(eval *e, const call_site *site)
{
    static const char *const names[] = {"shape",       "batch_size", "dtype",       "sparse", "ragged",
                                        "batch_shape", "name",       "input_shape", NULL};
    enum { GIVEN_SHAPE, DTYPE = 2, SPARSE, RAGGED, BATCH_SHAPE, NAME, OLD_SHAPE, COUNT };
    const named_thing *given[COUNT];
    if (!eval_bind(e, site, names, 0, given)) return NULL;
    if (given[DTYPE] && !take_input_dtype(e, given[DTYPE])) return NULL;
    if (!need_false(e, given[SPARSE]) || !need_false(e, given[RAGGED])) return NULL;
    const named_thing *a = given[GIVEN_SHAPE] ? given[GIVEN_SHAPE] : given[OLD_SHAPE];
    if (!a && !(a = given[BATCH_SHAPE])) return eval_refuse(e, site->offset, "%s: shape is missing", site->path);
    const thing *shape = a == given[BATCH_SHAPE] ? shape_without_batch(e, a->thing, a->offset) : a->thing;
    return shape ? make_input(e, shape, given[NAME] ? given[NAME]->thing : thing_none(), a->offset) : NULL;
}

/* ---- What layers and tensors tell */

const thing *thing_shape(eval *e, int64_t rows, const shape *s)
{
    const thing *made = thing_sequence(e, THING_TUPLE, NULL, 0);
    if (!made || !sequence_add(e, made->list, rows < 0 ? thing_none() : thing_int(e, rows))) return NULL;
    for (size_t i = 0; i < s->rank; i++)
        if (!sequence_add(e, made->list, s->size[i] < 0 ? thing_none() : thing_int(e, s->size[i]))) return NULL;
    return made;
}

const thing *tensor_shape(eval *e, const thing *object, size_t offset)
{
    (void)offset;
    return thing_shape(e, CEPA_UNKNOWN, &graph_tensor(e->graph, object->tensor)->shape);
}

const thing *layer_name(eval *e, const thing *object, size_t offset)
{
    (void)offset;
    return thing_text(e, object->layer.layer->name);
}

const thing *layer_adapt(eval *e, const call_site *site)
{
    return eval_refuse(
        e, site->offset,
        "adapt needs the numbers of the data: give Normalization its mean and variance, or open the file of "
        "a model that Keras has adapted");
}

const thing *layer_trainable(eval *e, const thing *object, size_t offset)
{
    (void)offset;
    return thing_bool(e, object->layer.layer->trainable);
}

bool layer_set_trainable(eval *e, const thing *object, const thing *value, size_t offset)
{
    common_arguments common = {0};
    if (!take_trainable(e, &(named_thing){"trainable", value, offset}, &common)) return false;
    object->layer.layer->trainable = common.trainable;
    return true;
}
