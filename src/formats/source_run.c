/* Runs statements of source text: assignments, loops, definitions, imports. */
#include "formats/source_eval.h"

#include <string.h>

typedef enum flow { GOES_ON, RETURNS, FAILS } flow;

static flow run_block(eval *e, const node *block, const thing **result);

/* ---- Assignments */

static bool assign(eval *e, const node *target, const thing *value, bool settable);

static bool assign_name(eval *e, const node *target, const thing *value, bool settable)
{
    bool top = e->scope == &e->globals;
    if (top && settable) value = eval_settable(e, target->text, value);
    if (!value || !eval_spend(e, target->offset, e->scope->count / 32)) return false;
    if (top && value->type == THING_MODEL) e->last_model = value;
    if (value->type == THING_DATA && !value->data->labels && !e->images_used) {
        e->data[value->data->test] = value->data;
        e->data_offset[value->data->test] = target->offset;
    }
    return scope_bind(e, e->scope, target->text, value);
}

static bool assign_each(eval *e, const node *target, const thing *value, bool settable)
{
    bool list = thing_is_list(value);
    if (!list && !thing_is_unknown(value))
        return eval_refuse(e, target->offset, "%s stands where %zu values were expected", thing_name(value),
                           target->count);
    if (list && value->list->count != target->count)
        return eval_refuse(e, target->offset, "%zu values stand where %zu were expected", value->list->count,
                           target->count);
    for (size_t i = 0; i < target->count; i++)
        if (!assign(e, target->child[i], list ? value->list->items[i] : thing_unknown(), settable)) return false;
    return true;
}

static bool assign_attribute(eval *e, const node *target, const thing *value)
{
    const thing *object = eval_expression(e, target->child[0]);
    return object && word_set_attribute(e, object, target->text, value, target->offset);
}

static bool assign_item(eval *e, const node *target, const thing *value)
{
    size_t place;
    const thing *object = eval_expression(e, target->child[0]);
    const thing *index = object ? eval_expression(e, target->child[1]) : NULL;
    if (!index || thing_is_unknown(object)) return index != NULL;
    if (object->type != THING_LIST)
        return eval_refuse(e, target->offset, "an item of %s cannot be changed, a list was expected",
                           thing_name(object));
    if (!eval_place(e, target->offset, object->list, index, &place)) return false;
    object->list->items[place] = value;
    return true;
}

static bool assign(eval *e, const node *target, const thing *value, bool settable)
{
    if (target->type == NODE_NAME) return assign_name(e, target, value, settable);
    if (target->type == NODE_ATTRIBUTE) return assign_attribute(e, target, value);
    if (target->type == NODE_INDEX) return assign_item(e, target, value);
    return assign_each(e, target, value, settable);
}

static flow run_assign(eval *e, const node *n, const thing **result)
{
    (void)result;
    const thing *value = eval_expression(e, n->child[n->count - 1]);
    for (size_t i = 0; value && i + 1 < n->count; i++)
        if (!assign(e, n->child[i], value, true)) return FAILS;
    return value ? GOES_ON : FAILS;
}

static flow run_augment(eval *e, const node *n, const thing **result)
{
    (void)result;
    const thing *left = eval_expression(e, n->child[0]), *right = left ? eval_expression(e, n->child[1]) : NULL;
    const thing *value = right ? eval_operate(e, n->offset, n->text, left, right) : NULL;
    return value && assign(e, n->child[0], value, false) ? GOES_ON : FAILS;
}

/* ---- Other statements */

static flow run_expression(eval *e, const node *n, const thing **result)
{
    (void)result;
    return eval_expression(e, n->child[0]) ? GOES_ON : FAILS;
}

const thing *eval_function(eval *e, const node *n)
{
    if (e->scope != &e->globals)
        return eval_refuse(e, n->offset,
                           "a function within a function is not read, one at the left margin was expected");
    thing *made = thing_new(e, THING_FUNCTION);
    source_function *function = arena_allocate(e->source.memory, sizeof *function);
    const thing **presets = arena_array(e->source.memory, n->count, sizeof *presets);
    if (!made || !function || !presets) return eval_no_memory(e);
    for (size_t i = 0; i + 1 < n->count; i++) {
        const node *preset = n->child[i]->child[0];
        if (preset && !(presets[i] = eval_expression(e, preset))) return NULL;
    }
    *function = (source_function){.def = n, .outer = e->scope, .presets = presets};
    made->function = function;
    return made;
}

static flow run_def(eval *e, const node *n, const thing **result)
{
    (void)result;
    const thing *made = eval_function(e, n);
    return made && scope_bind(e, e->scope, n->text, made) ? GOES_ON : FAILS;
}

static flow run_if(eval *e, const node *n, const thing **result)
{
    bool so;
    if (!eval_condition(e, n->child[0], &so)) return FAILS;
    const node *taken = n->child[so ? 1 : 2];
    if (!taken) return GOES_ON;
    return taken->type == NODE_IF ? run_if(e, taken, result) : run_block(e, taken, result);
}

static flow run_return(eval *e, const node *n, const thing **result)
{
    if (e->scope == &e->globals) return eval_refuse(e, n->offset, "a return stands outside of functions"), FAILS;
    *result = n->child[0] ? eval_expression(e, n->child[0]) : thing_none();
    return *result ? RETURNS : FAILS;
}

static flow run_for(eval *e, const node *n, const thing **result)
{
    const thing *list = eval_expression(e, n->child[1]);
    if (!list) return FAILS;
    if (!thing_is_list(list)) {
        eval_misplaced(e, n->child[1]->offset, list, "range(...) or a list");
        return FAILS;
    }
    for (size_t i = 0; i < list->list->count; i++) {
        if (!eval_spend(e, n->offset, 1) || !assign(e, n->child[0], list->list->items[i], false)) return FAILS;
        flow end = run_block(e, n->child[2], result);
        if (end != GOES_ON) return end;
    }
    return GOES_ON;
}

static flow run_import(eval *e, const node *n, const thing **result)
{
    (void)result;
    for (size_t i = 0; i < n->count; i++) {
        const node *imported = n->child[i];
        bool good = imported->name ? scope_bind(e, e->scope, imported->name, thing_symbol(e, imported->text))
                                   : sequence_add(e, &e->stars, thing_text(e, imported->text));
        if (!good) return FAILS;
    }
    return GOES_ON;
}

static flow run_pass(eval *e, const node *n, const thing **result)
{
    (void)e, (void)n, (void)result;
    return GOES_ON;
}

static flow run_block(eval *e, const node *block, const thing **result)
{
    static flow (*const runners[])(eval *, const node *, const thing **) = {
        [NODE_EXPRESSION] = run_expression,
        [NODE_ASSIGN] = run_assign,
        [NODE_AUGMENT] = run_augment,
        [NODE_DEF] = run_def,
        [NODE_RETURN] = run_return,
        [NODE_FOR] = run_for,
        [NODE_IMPORT] = run_import,
        [NODE_PASS] = run_pass,
        [NODE_IF] = run_if,
    };
    for (size_t i = 0; i < block->count; i++) {
        flow end = runners[block->child[i]->type](e, block->child[i], result);
        if (end != GOES_ON) return end;
    }
    return GOES_ON;
}

bool eval_block(eval *e, const node *block, const thing **result) { return run_block(e, block, result) != FAILS; }
