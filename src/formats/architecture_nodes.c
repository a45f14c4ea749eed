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

/* Counts the tensors in the positional arguments of a Keras 3 call, and reads them where places is not NULL. */
static cepa_status collect_tensors(reading *r, const value *v, tensor_place *places, size_t *count)
{
    const char *class_name = value_text_of(value_member(v, "class_name"));
    if (v->kind == VALUE_LIST) {
        cepa_status status = CEPA_OK;
        for (size_t i = 0; i < v->list.count && !status; i++)
            status = collect_tensors(r, v->list.items[i], places, count);
        return status;
    }
    const value *history = value_member(value_member(v, "config"), "keras_history");
    if (!class_name || strcmp(class_name, "__keras_tensor__") != 0 || !history)
        return fail(r->error, CEPA_UNSUPPORTED, "it is called on %s, only tensors are built in", value_kind_name(v));
    if (places && !read_tensor_place(r, history, &places[*count])) return CEPA_FORMAT;
    ++*count;
    return CEPA_OK;
}

static cepa_status read_keras3_node(reading *r, const value *node, tensor_place **inputs, size_t *count,
                                    bool *inference)
{
    const value *arguments = value_member(node, "args");
    if (!arguments || arguments->kind != VALUE_LIST)
        return fail(r->error, CEPA_FORMAT, "a call without its arguments (args)");
    cepa_status status = read_keywords(r, value_member(node, "kwargs"), true, inference);
    if (!status) status = collect_tensors(r, arguments, NULL, count);
    if (status) return status;
    if (!(*inputs = arena_array(r->memory, *count, sizeof **inputs))) return fail_memory(r->error);
    *count = 0;
    return collect_tensors(r, arguments, *inputs, count);
}

cepa_status read_node(reading *r, const value *node, tensor_place **inputs, size_t *count, bool *inference)
{
    *count = 0;
    if (node->kind == VALUE_DICT) return read_keras3_node(r, node, inputs, count, inference);
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
