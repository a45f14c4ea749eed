/* Runs statements of source text: assignments, loops, definitions, imports. What stands below a condition that only a
 * running program would know is passed over. */
#include "formats/source_eval.h"

#include <string.h>

enum { MOST_TURNS = 2000 }; /* a loop of more goes through data or trains, and is passed over */

typedef enum flow { GOES_ON, BREAKS, CONTINUES, RETURNS, FAILS } flow;

static flow run_block(eval *e, const node *block, const thing **result);

/* ---- Assignments */

/* Where a name is bound that is assigned here. */
static scope *scope_of(eval *e, const char *name)
{
    for (size_t i = 0; i < e->scope->globals.count; i++)
        if (strcmp(e->scope->globals.items[i]->text, name) == 0) return &e->globals;
    return e->scope;
}

static bool assign_name(eval *e, const node *target, const thing *value, bool settable)
{
    scope *scope = scope_of(e, target->text);
    bool top = scope == &e->globals;
    if (top && settable) value = eval_settable(e, target->text, value);
    if (!value || !eval_spend(e, target->offset, e->scope->count / 32)) return false;
    if (top && value->type == THING_MODEL) e->last_model = value;
    if (value->type == THING_DATA && !value->data->labels && !e->images_used) {
        e->data[value->data->test] = value->data;
        e->data_offset[value->data->test] = target->offset;
    }
    return scope_bind(e, scope, target->text, value);
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
        if (!eval_assign(e, target->child[i], list ? value->list->items[i] : thing_unknown(), settable)) return false;
    return true;
}

static bool assign_attribute(eval *e, const node *target, const thing *value)
{
    const thing *object = eval_expression(e, target->child[0]);
    return object && word_set_attribute(e, object, target->text, value, target->offset);
}

/* data[...] = something: of the images that are left nothing can be declared but that. */
static bool data_change(eval *e, const node *target, const thing *data)
{
    source_data changed = *data->data;
    changed.changed = target->offset;
    const thing *made = thing_data(e, &changed);
    if (made) ((thing *)data)->data = made->data;
    const node *object = target->child[0];
    return made && (object->type != NODE_NAME || eval_assign(e, object, data, false));
}

static bool set_unknown(const thing *t)
{
    ((thing *)t)->type = THING_UNKNOWN;
    return true;
}

static bool assign_item(eval *e, const node *target, const thing *value)
{
    size_t place;
    const thing *object = eval_expression(e, target->child[0]);
    if (!object || thing_is_unknown(object) || object->type == THING_TABLE) return object != NULL;
    if (object->type == THING_DATA) return data_change(e, target, object);
    const thing *index = eval_expression(e, target->child[1]);
    if (!index) return false;
    if (object->type == THING_DICT) return set_unknown(object);
    if (object->type != THING_LIST)
        return eval_refuse(e, target->offset, "an item of %s cannot be changed, a list was expected",
                           thing_name(object));
    if (!eval_place(e, target->offset, object->list, index, &place)) return false;
    object->list->items[place] = value;
    return true;
}

bool eval_assign(eval *e, const node *target, const thing *value, bool settable)
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
        if (!eval_assign(e, n->child[i], value, true)) return FAILS;
    return value ? GOES_ON : FAILS;
}

static flow run_augment(eval *e, const node *n, const thing **result)
{
    (void)result;
    const thing *left = eval_expression(e, n->child[0]), *right = left ? eval_expression(e, n->child[1]) : NULL;
    const thing *value = right ? eval_operate(e, n->offset, n->text, left, right) : NULL;
    return value && eval_assign(e, n->child[0], value, false) ? GOES_ON : FAILS;
}

/* ---- Other statements */

static flow run_expression(eval *e, const node *n, const thing **result)
{
    (void)result;
    return eval_expression(e, n->child[0]) ? GOES_ON : FAILS;
}

const thing *eval_function(eval *e, const node *n)
{
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

static flow run_block(eval *e, const node *block, const thing **result);

static bool holds_return(const node *n)
{
    bool holds = n && (n->type == NODE_RETURN || n->type == NODE_YIELD);
    for (size_t i = 0; n && n->type >= NODE_BLOCK && !holds && i < n->count; i++) holds = holds_return(n->child[i]);
    return holds;
}

/* A return or the like below a condition that is open leaves open what follows, but a loop goes on. */
static flow pass_over(eval *e, const node *condition, const node *block, const thing **result)
{
    if (!eval_pass_over(e, condition, block)) return FAILS;
    if (e->scope == &e->globals || !holds_return(block)) return GOES_ON;
    *result = thing_unknown();
    return RETURNS;
}

static flow run_if(eval *e, const node *n, const thing **result)
{
    truth so;
    if (!eval_condition(e, n->child[0], &so)) return FAILS;
    if (so == OPEN) {
        flow end = pass_over(e, n->child[0], n->child[1], result);
        return end == GOES_ON && n->child[2] ? pass_over(e, n->child[0], n->child[2], result) : end;
    }
    const node *taken = n->child[so == YES ? 1 : 2];
    if (!taken) return GOES_ON;
    return taken->type == NODE_IF ? run_if(e, taken, result) : run_block(e, taken, result);
}

static flow run_return(eval *e, const node *n, const thing **result)
{
    if (e->scope == &e->globals) return eval_refuse(e, n->offset, "a return stands outside of functions"), FAILS;
    *result = n->child[0] ? eval_expression(e, n->child[0]) : thing_none();
    return *result ? RETURNS : FAILS;
}

bool eval_items_of(eval *e, const node *n, const sequence **list)
{
    const thing *t = eval_expression(e, n);
    if (!t) return false;
    bool known = thing_is_list(t);
    *list = known ? t->list : NULL;
    if (known || thing_truth(t) == OPEN || t->type == THING_DICT || t->type == THING_TEXT) return true;
    return eval_misplaced(e, n->offset, t, "range(...) or a list");
}

static flow run_for(eval *e, const node *n, const thing **result)
{
    const sequence *list;
    if (!eval_items_of(e, n->child[1], &list)) return FAILS;
    if (!list && !eval_assign(e, n->child[0], thing_unknown(), false)) return FAILS;
    if (!list || list->count > MOST_TURNS) return pass_over(e, n->child[1], n->child[2], result);
    for (size_t i = 0; i < list->count; i++) {
        if (!eval_spend(e, n->offset, 1) || !eval_assign(e, n->child[0], list->items[i], false)) return FAILS;
        flow end = run_block(e, n->child[2], result);
        if (end == BREAKS) break;
        if (end > CONTINUES) return end;
    }
    return GOES_ON;
}

static flow run_while(eval *e, const node *n, const thing **result)
{
    truth so;
    for (int turns = 0;; turns++) {
        if (!eval_condition(e, n->child[0], &so)) return FAILS;
        if (so == OPEN || turns == MOST_TURNS) return pass_over(e, n->child[0], n->child[1], result);
        if (so == NO) return GOES_ON;
        flow end = eval_spend(e, n->offset, 1) ? run_block(e, n->child[1], result) : FAILS;
        if (end == BREAKS) return GOES_ON;
        if (end > CONTINUES) return end;
    }
}

static flow run_break(eval *e, const node *n, const thing **result)
{
    (void)e, (void)result;
    return n->type == NODE_BREAK ? BREAKS : CONTINUES;
}

/* with a as b: a is what only a running program would know, and so is b. */
static flow run_with(eval *e, const node *n, const thing **result)
{
    for (size_t i = 0; i + 1 < n->count; i += 2) {
        if (!eval_expression(e, n->child[i])) return FAILS;
        if (n->child[i + 1] && !eval_assign(e, n->child[i + 1], thing_unknown(), false)) return FAILS;
    }
    return run_block(e, n->child[n->count - 1], result);
}

/* What a class makes only a running program would know. */
static flow run_class(eval *e, const node *n, const thing **result)
{
    (void)result;
    if (!e->class) e->class = n;
    return scope_bind(e, e->scope, n->text, thing_unknown()) ? GOES_ON : FAILS;
}

static flow run_global(eval *e, const node *n, const thing **result)
{
    (void)result;
    for (size_t i = 0; i < n->count; i++)
        if (!sequence_add(e, &e->scope->globals, thing_text(e, n->child[i]->text))) return FAILS;
    return GOES_ON;
}

/* That a file is missing may be so only here. */
static flow run_raise(eval *e, const node *n, const thing **result)
{
    (void)result;
    if (!e->files_missing) eval_refuse(e, n->offset, "the text raises an error here");
    return e->files_missing ? GOES_ON : FAILS;
}

/* What a generator yields only a running program would know. */
static flow run_yield(eval *e, const node *n, const thing **result)
{
    (void)e, (void)n;
    *result = thing_unknown();
    return RETURNS;
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
        [NODE_WHILE] = run_while,
        [NODE_WITH] = run_with,
        [NODE_CLASS] = run_class,
        [NODE_GLOBAL] = run_global,
        [NODE_RAISE] = run_raise,
        [NODE_YIELD] = run_yield,
        [NODE_BREAK] = run_break,
        [NODE_CONTINUE] = run_break,
    };
    for (size_t i = 0; i < block->count; i++) {
        flow end = runners[block->child[i]->type](e, block->child[i], result);
        if (end != GOES_ON) return end;
    }
    return GOES_ON;
}

bool eval_block(eval *e, const node *block, const thing **result) { return run_block(e, block, result) != FAILS; }
