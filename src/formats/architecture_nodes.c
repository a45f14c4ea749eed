/* How Keras 2 and 3 write down the calls of layers. */
#include "formats/architecture.h"
#include "formats/keras_object.h"

#include <stdlib.h>
#include <string.h>

/* What a call was told besides tensors: None changes nothing, False is what every flag but training has anyway.
 * keras3: its models tell every layer again whether they train, so that training=True changes nothing either. */
static cepa_status read_keywords(reading *r, const value *keywords, bool keras3, bool *inference)
{
    for (size_t i = 0; keywords && keywords->kind == VALUE_DICT && i < keywords->call.count; i++) {
        const named_value *m = &keywords->call.members[i];
        bool off = m->value->kind == VALUE_BOOL && !m->value->boolean;
        bool training = strcmp(m->name, "training") == 0;
        if (off && training) *inference = true;
        if (keras3 && training && m->value->kind == VALUE_BOOL) continue;
        if (!off && m->value->kind != VALUE_NONE)
            return fail(r->error, CEPA_UNSUPPORTED, "it is called with the argument %s, which is not built in",
                        m->name);
    }
    return CEPA_OK;
}

bool read_tensor_place(reading *r, const value *v, tensor_place *place)
{
    bool list = v->kind == VALUE_LIST && v->list.count >= 3;
    const value *const *item = list ? v->list.items : NULL;
    if (!list || !value_text_of(item[0]) || item[1]->kind != VALUE_INT || item[2]->kind != VALUE_INT ||
        item[1]->integer < 0 || item[2]->integer < 0)
        return fail(r->error, CEPA_FORMAT, "a tensor is not written as [layer, call, output]"), false;
    *place = (tensor_place){item[0]->text, item[1]->integer, item[2]->integer, false};
    return v->list.count < 4 || !read_keywords(r, item[3], false, &place->inference);
}

/* Counts the tensors in the positional arguments of a Keras 3 call, and reads them where places is not NULL. Numbers
 * stand among those of an operation. */
static cepa_status collect_tensors(reading *r, const value *v, bool operation, tensor_place *places, size_t *count)
{
    const char *class_name = value_text_of(value_member(v, "class_name"));
    double number;
    if (operation && value_number(v, &number)) return CEPA_OK;
    if (v->kind == VALUE_LIST) {
        cepa_status status = CEPA_OK;
        for (size_t i = 0; i < v->list.count && !status; i++)
            status = collect_tensors(r, v->list.items[i], operation, places, count);
        return status;
    }
    const value *history = value_member(value_member(v, "config"), "keras_history");
    if (!class_name || strcmp(class_name, "__keras_tensor__") != 0 || !history)
        return fail(r->error, CEPA_UNSUPPORTED, "it is called on %s, only tensors are built in", value_kind_name(v));
    if (places && !read_tensor_place(r, history, &places[*count])) return CEPA_FORMAT;
    ++*count;
    return CEPA_OK;
}

static cepa_status read_keras3_node(reading *r, const value *node, bool operation, tensor_place **inputs, size_t *count,
                                    bool *inference)
{
    const value *arguments = value_member(node, "args");
    if (!arguments || arguments->kind != VALUE_LIST)
        return fail(r->error, CEPA_FORMAT, "a call without its arguments (args)");
    cepa_status status = read_keywords(r, value_member(node, "kwargs"), true, inference);
    if (!status) status = collect_tensors(r, arguments, operation, NULL, count);
    if (status) return status;
    if (!(*inputs = arena_array(r->memory, *count, sizeof **inputs))) return fail_memory(r->error);
    *count = 0;
    return collect_tensors(r, arguments, operation, *inputs, count);
}

cepa_status read_node(reading *r, const value *node, bool operation, tensor_place **inputs, size_t *count,
                      bool *inference)
{
    *count = 0;
    if (node->kind == VALUE_DICT) return read_keras3_node(r, node, operation, inputs, count, inference);
    if (node->kind != VALUE_LIST) return fail(r->error, CEPA_FORMAT, "a call that is %s", value_kind_name(node));
    if (!(*inputs = arena_array(r->memory, node->list.count, sizeof **inputs))) return fail_memory(r->error);
    for (; *count < node->list.count; ++*count) {
        if (!read_tensor_place(r, node->list.items[*count], &(*inputs)[*count])) return r->error->status;
        *inference |= (*inputs)[*count].inference;
    }
    return CEPA_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const named_value *)a)->name, ((const named_value *)b)->name);
}

/* Keras flattens a dict in the order of its names. */
static cepa_status places_of_dict(reading *r, const value *v, tensor_place *places)
{
    named_value *sorted = arena_array(r->memory, v->call.count, sizeof *sorted);
    if (!sorted) return fail_memory(r->error);
    if (v->call.count) memcpy(sorted, v->call.members, v->call.count * sizeof *sorted);
    qsort(sorted, v->call.count, sizeof *sorted, by_name);
    for (size_t i = 0; i < v->call.count; i++)
        if (!read_tensor_place(r, sorted[i].value, &places[i])) return r->error->status;
    return CEPA_OK;
}

cepa_status read_tensor_places(reading *r, const value *v, tensor_place **places, size_t *count)
{
    bool single = v && v->kind == VALUE_LIST && v->list.count && value_text_of(v->list.items[0]);
    if (!v || (v->kind != VALUE_LIST && v->kind != VALUE_DICT))
        return fail(r->error, CEPA_FORMAT, "its inputs or outputs (input_layers, output_layers) are missing");
    *count = single ? 1 : v->kind == VALUE_LIST ? v->list.count : v->call.count;
    if (!(*places = arena_array(r->memory, *count, sizeof **places))) return fail_memory(r->error);
    if (v->kind == VALUE_DICT) return places_of_dict(r, v, *places);
    for (size_t i = 0; i < *count; i++)
        if (!read_tensor_place(r, single ? v : v->list.items[i], &(*places)[i])) return r->error->status;
    return CEPA_OK;
}

/* Where the number stands among the arguments of an operation's call; count: nowhere. */
static size_t place_of_number(const value *arguments, double *number)
{
    size_t i = 0;
    while (i < arguments->list.count && !value_number(arguments->list.items[i], number)) i++;
    return i;
}

/* The arguments of an object's first call in Keras 3's spelling; NULL: there are none. */
static const value *arguments_of(const value *object)
{
    const value *nodes = value_member(object, "inbound_nodes");
    const value *node = nodes && nodes->kind == VALUE_LIST && nodes->list.count ? nodes->list.items[0] : NULL;
    const value *given = value_member(node, "args");
    return given && given->kind == VALUE_LIST ? given : NULL;
}

bool calls_on_number(const value *object)
{
    double number;
    const value *given = arguments_of(object);
    return given && place_of_number(given, &number) < given->list.count;
}

cepa_status read_operation(reading *r, const value *object, size_t *tensors, named_value arguments[2], size_t *count)
{
    const value *given = arguments_of(object);
    double number = 0;
    *tensors = *count = 0;
    if (!given) return fail(r->error, CEPA_FORMAT, "a call without its arguments (args)");
    cepa_status status = collect_tensors(r, given, true, NULL, tensors);
    size_t place = place_of_number(given, &number);
    if (status || place == given->list.count) return status;
    arguments[0] = (named_value){"number", value_real(r->memory, number)};
    arguments[1] = (named_value){"number_first", value_bool(r->memory, place == 0)};
    *count = 2;
    return arguments[0].value && arguments[1].value ? CEPA_OK : fail_memory(r->error);
}
