/* What a text leaves open: statements of which only a running program would know whether or how often they are run.
 * They are passed over; what they would change is unknown from there on, and no model may hang on it. */
#include "formats/source_eval.h"

#include <string.h>

static bool pass(eval *e, const node *n);

static bool refuse_open(eval *e, const node *n)
{
    return eval_refuse(e, n->offset, "whether this is done only a running program would know, and a model hangs on it");
}

static bool makes_models(const thing *t)
{
    return t && (t->type == THING_MODEL || t->type == THING_LAYER || t->type == THING_TENSOR);
}

/* A name that is assigned, or the list or dictionary behind one of which a part is. */
static bool forget(eval *e, const node *target)
{
    if (target->type == NODE_TUPLE || target->type == NODE_LIST) {
        for (size_t i = 0; i < target->count; i++)
            if (!forget(e, target->child[i])) return false;
        return true;
    }
    bool part = false;
    const node *name = target;
    for (; name->type == NODE_INDEX || name->type == NODE_ATTRIBUTE; name = name->child[0]) part = true;
    if (name->type != NODE_NAME) return true;
    const thing *old = scope_find(e->scope, name->text);
    if (makes_models(old)) return refuse_open(e, target);
    if (part && old && (old->type == THING_LIST || old->type == THING_DICT)) ((thing *)old)->type = THING_UNKNOWN;
    return part || eval_assign(e, name, thing_unknown(), false);
}

/* model.add(layer), list.append(item): a call of a method that changes what it belongs to. */
static bool pass_call(eval *e, const node *call)
{
    static const char *const changing[] = {"add", "pop", "compile", "adapt"};
    const node *callee = call->child[0];
    bool method = callee->type == NODE_ATTRIBUTE && callee->child[0]->type == NODE_NAME;
    const thing *object = method ? scope_find(e->scope, callee->child[0]->text) : NULL;
    if (object && object->type == THING_LIST) ((thing *)object)->type = THING_UNKNOWN;
    for (size_t i = 0; makes_models(object) && i < ARRAY_COUNT(changing); i++)
        if (strcmp(callee->text, changing[i]) == 0) return refuse_open(e, callee);
    return true;
}

static bool pass(eval *e, const node *n)
{
    if (!n) return true;
    if (!eval_enter(e, n->offset)) return false;
    bool good = true;
    size_t targets = n->type == NODE_ASSIGN ? n->count - 1 : n->type == NODE_AUGMENT || n->type == NODE_FOR ? 1 : 0;
    for (size_t i = 0; good && i < targets; i++) good = forget(e, n->child[i]);
    if (n->type == NODE_WITH)
        for (size_t i = 1; good && i + 1 < n->count; i += 2) good = !n->child[i] || forget(e, n->child[i]);
    if (n->type == NODE_CLASS && !e->class) e->class = n;
    if (n->type == NODE_DEF || n->type == NODE_CLASS)
        good = scope_bind(e, e->scope, n->text, thing_unknown());
    else if (n->type == NODE_IMPORT)
        for (size_t i = 0; good && i < n->count; i++)
            good = !n->child[i]->name || scope_bind(e, e->scope, n->child[i]->name, thing_symbol(e, n->child[i]->text));
    else if (n->type != NODE_LAMBDA)
        for (size_t i = targets; good && i < n->count; i++) good = pass(e, n->child[i]);
    if (good && n->type == NODE_CALL) good = pass_call(e, n);
    eval_leave(e);
    return good;
}

bool eval_pass_over(eval *e, const node *condition, const node *block)
{
    if (!e->open) e->open = condition;
    return pass(e, block);
}
