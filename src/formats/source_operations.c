/* Operations on tensors in source text: operators, and the functions of keras.ops. */
#include "formats/source_eval.h"
#include "layers/activations.h"

#include <string.h>

static const value *value_of(eval *e, const thing *t, size_t offset, size_t *tensors)
{
    *tensors += t->type == THING_TENSOR;
    return t->type == THING_TENSOR ? NULL : thing_value(e, t, offset);
}

static const thing *make_and_call(eval *e, size_t offset, const layer_class *class, const named_value *arguments,
                                  size_t count, const thing *inputs, const thing *given_name)
{
    void *options;
    cepa_error error;
    const char *name = given_name && given_name->type == THING_TEXT ? given_name->text : NULL;
    if (fields_read(&e->graph->memory, &class->kind, arguments, count, false, &options, &error))
        return eval_pass_on(e, offset, &error);
    layer *made = graph_layer(e->graph, class, options, name, true);
    return made ? call_on_tensors(e, made, inputs, false, offset) : eval_pass_on(e, offset, &e->graph->error);
}

const thing *call_operation(eval *e, size_t offset, const char *name, const thing *const *operands, size_t count,
                            const thing *given_name)
{
    size_t tensors = 0;
    named_value arguments[2] = {{"number", NULL}, {"number_first", value_bool(&e->graph->memory, false)}};
    for (size_t i = 0; i < count; i++) {
        const value *number = value_of(e, operands[i], offset, &tensors);
        if (operands[i]->type == THING_TENSOR) continue;
        if (!number) return NULL;
        arguments[0].value = number;
        arguments[1].value = value_bool(&e->graph->memory, i == 0);
    }
    const layer_class *class = operation_of(name, tensors);
    if (!class && tensors == 2) class = merge_class(name);
    bool fits = class && (tensors == 2 || operation_takes_number(class) == (count == 2));
    if (!arguments[1].value) return eval_no_memory(e);
    if (!fits) return eval_refuse(e, offset, "the operation %s is not built in for these operands", name);
    const thing *inputs = thing_sequence(e, THING_LIST, NULL, 0);
    for (size_t i = 0; inputs && i < count; i++)
        if (operands[i]->type == THING_TENSOR && !sequence_add(e, inputs->list, operands[i])) return NULL;
    return inputs ? make_and_call(e, offset, class, arguments, arguments[0].value ? 2 : 0, inputs, given_name) : NULL;
}

/* keras.ops.relu(x, ...): as the activation of that name. */
static const thing *call_activation(eval *e, const call_site *site, const kind *function)
{
    const char *name = graph_auto_name(e->graph, function->name);
    const call_site others = {site->offset, site->path, site->self, site->arguments + 1, site->count - 1};
    named_value *arguments = call_values(e, &others);
    const value *call = arguments ? value_call(&e->graph->memory, function->name, arguments, others.count) : NULL;
    const named_value activation = {"activation", call};
    const layer_class *class = (const layer_class *)family_find(&layer_family, "Activation");
    if (!call || !name) return arguments ? eval_no_memory(e) : NULL;
    const thing *given_name = thing_text(e, name);
    if (!given_name) return NULL;
    return make_and_call(e, site->offset, class, &activation, 1, site->arguments[0].thing, given_name);
}

/* What a function of keras.ops was given. */
typedef struct operands {
    const thing *items[2], *name;
    size_t count, tensors; /* of the items */
    bool others;           /* there is more, or what is neither tensor nor number */
} operands;

static void add_operand(operands *o, const named_thing *a)
{
    const thing *t = a->thing;
    size_t place = a->name && strcmp(a->name, "x2") == 0 ? 1 : a->name && *a->name == 'x' ? 0 : o->count;
    double number;
    bool named = a->name && a->name[0] == 'x', known = t->type == THING_TENSOR || thing_number(t, &number);
    o->tensors += t->type == THING_TENSOR;
    o->others |= place > 1 || (a->name && !named) || !known;
    if (place < 2) o->items[place] = t;
    o->count++;
}

static operands read_operands(const call_site *site)
{
    operands o = {.count = 0};
    for (size_t i = 0; i < site->count; i++)
        if (site->arguments[i].name && strcmp(site->arguments[i].name, "name") == 0)
            o.name = site->arguments[i].thing;
        else
            add_operand(&o, &site->arguments[i]);
    for (size_t i = 0; i < o.count && i < 2; i++) o.others |= !o.items[i];
    return o;
}

const thing *call_ops_word(eval *e, const call_site *site)
{
    const char *name = path_end(site->path);
    const kind *function = family_find(&activation_family, name);
    for (size_t i = 0; i < site->count; i++)
        if (thing_is_unknown(site->arguments[i].thing)) return thing_unknown();
    const operands o = read_operands(site);
    if (strcmp(name, "exp") == 0 && !o.tensors) return call_exp(e, site);
    if (o.tensors && !o.others && !function) return call_operation(e, site->offset, name, o.items, o.count, o.name);
    if (function && site->count && site->arguments[0].thing->type == THING_TENSOR)
        return call_activation(e, site, function);
    if (strcmp(name, "concatenate") == 0) return call_layer_word(e, site);
    return eval_refuse(e, site->offset, "%s is not read here for these operands", site->path);
}
