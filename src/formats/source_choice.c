/* Which of a source text's models is meant. */
#include "formats/source_eval.h"

#include <string.h>

/* The path of a dotted name as far as the top level knows it; NULL where it is none. */
static const char *static_path(eval *e, const node *n, const thing **function)
{
    const char *inner = NULL;
    if (n->type == NODE_NAME) {
        const thing *found = scope_find(&e->globals, n->text);
        if (!found && !word_find(e, n->text, &found)) return NULL;
        if (found && found->type == THING_FUNCTION) *function = found;
        return found && found->type == THING_SYMBOL ? found->text : NULL;
    }
    if (n->type == NODE_ATTRIBUTE) inner = static_path(e, n->child[0], function);
    char *path = inner ? arena_format(e->source.memory, "%s.%s", inner, n->text) : NULL;
    return path ? word_path(e, path) : NULL;
}

/* *looks: how many statements may still be looked at, so that what goes in circles ends. */
static bool returns_model(eval *e, const node *def, int *looks);

/* True where evaluating n, an expression of a function's block, gives a model. */
static bool gives_model(eval *e, const node *n, const node *block, int *looks)
{
    if (n->type == NODE_CALL) {
        const thing *function = NULL;
        const char *path = static_path(e, n->child[0], &function);
        if (function) return returns_model(e, function->function->def, looks);
        return path && word_makes_model(path);
    }
    for (size_t i = 0; n->type == NODE_NAME && i < block->count && --*looks > 0; i++) {
        const node *s = block->child[i];
        bool named =
            s->type == NODE_ASSIGN && s->child[0]->type == NODE_NAME && strcmp(s->child[0]->text, n->text) == 0;
        if (named && gives_model(e, s->child[s->count - 1], block, looks)) return true;
    }
    return false;
}

static bool returns_model(eval *e, const node *def, int *looks)
{
    const node *block = def->child[def->count - 1];
    for (size_t i = 0; i < block->count && --*looks > 0; i++) {
        const node *s = block->child[i];
        if (s->type == NODE_RETURN && s->child[0] && gives_model(e, s->child[0], block, looks)) return true;
    }
    return false;
}

/* True for a function that returns a model. */
static bool makes_model(eval *e, const thing *t)
{
    int looks = 2000;
    return t->type == THING_FUNCTION && returns_model(e, t->function->def, &looks);
}

/* ---- How it is compiled */

/* def compile_model(model): model.compile(...), with defaults for what else it may take. */
static bool compiles_its_argument(const node *def)
{
    size_t parameters = def->count - 1;
    const node *block = def->child[parameters];
    if (!parameters || def->child[0]->child[0]) return false;
    for (size_t i = 1; i < parameters; i++)
        if (!def->child[i]->child[0]) return false;
    for (size_t i = 0; i < block->count; i++) {
        const node *s = block->child[i], *call = s->type == NODE_EXPRESSION ? s->child[0] : NULL;
        const node *callee = call && call->type == NODE_CALL ? call->child[0] : NULL;
        if (!callee || callee->type != NODE_ATTRIBUTE || strcmp(callee->text, "compile") != 0) continue;
        const node *object = callee->child[0];
        if (object->type == NODE_NAME && strcmp(object->text, def->child[0]->text) == 0) return true;
    }
    return false;
}

/* The text's only function that compiles; NULL where there is none, or more than one. */
static const thing *only_compiler(const eval *e)
{
    const thing *found = NULL;
    for (size_t i = 0; i < e->globals.count; i++) {
        const thing *t = e->globals.names[i].thing;
        if (t->type != THING_FUNCTION || t == found || !compiles_its_argument(t->function->def)) continue;
        if (found) return NULL;
        found = t;
    }
    return found;
}

/* A model that the text makes and leaves alone is compiled as the text compiles its others; where it compiles none, by
 * its only function that does so. */
static const thing *compiled(eval *e, const thing *model)
{
    const thing *compiler = only_compiler(e);
    if (model->model->compiled || e->compiles_differ) return model;
    if (e->last_compiled) {
        model->model->compiled = true;
        model->model->compile = e->last_compiled->compile;
    } else if (compiler) {
        const named_thing argument = {.thing = model};
        const node *def = compiler->function->def;
        const call_site site = {.offset = def->offset, .path = def->text, .arguments = &argument, .count = 1};
        if (!eval_call_function(e, compiler->function, &site)) return NULL;
    }
    return model;
}

/* ---- Choosing */

static const thing *call_maker(eval *e, const thing *function)
{
    const node *def = function->function->def;
    call_site site = {.offset = def->offset, .path = def->text};
    const thing *made = eval_call_function(e, function->function, &site);
    if (made && made->type == THING_MODEL) return compiled(e, made);
    return !made ? NULL
                 : eval_refuse(e, def->offset, "%s gives %s, a function that returns a model was expected", def->text,
                               thing_name(made));
}

/* Where the text makes models in a way that is not read: by a class of its own, or below a condition that is open. */
static bool refuse_unread(eval *e)
{
    if (e->class)
        eval_refuse(e, e->class->offset,
                    "'class' is not part of what a model file may say, functions and keras.Model(...) was expected");
    else if (e->open)
        eval_refuse(e, e->open->offset,
                    "whether this is so only a running program would know, and no model is made elsewhere");
    return e->class || e->open;
}

/* Fails, and says what there is instead. */
static const thing *refuse_choice(eval *e, const char *problem, cepa_status status)
{
    buffer known = {0};
    for (size_t i = 0; i < e->globals.count; i++) {
        const named_thing *t = &e->globals.names[i];
        if (t->thing->type == THING_MODEL || makes_model(e, t->thing))
            buffer_format(&known, "%s%s", known.size ? ", " : "", t->name);
    }
    fail(e->source.error, status, "%.160s: %s; %s%s", e->source.path, problem,
         known.size ? "models and functions that return one: " : "no model is made and no function returns one",
         known.failed || !known.size ? "" : (const char *)known.bytes);
    buffer_free(&known);
    return NULL;
}

static const thing *named_model(eval *e, const char *name)
{
    char problem[120];
    const thing *found = scope_find(&e->globals, name);
    snprintf(problem, sizeof problem, "%.60s is %.40s", name, found ? thing_name(found) : "not defined");
    if (found && found->type == THING_FUNCTION) return call_maker(e, found);
    return found && found->type == THING_MODEL ? compiled(e, found) : refuse_choice(e, problem, CEPA_ARGUMENT);
}

/* A function that a tuner calls: build_model(hp). */
static bool is_tuned(const thing *function)
{
    const node *def = function->function->def;
    return def->count > 1 && strcmp(def->child[0]->text, "hp") == 0;
}

const thing *source_choose(eval *e, const char *name)
{
    if (name) return named_model(e, name);
    const thing *model = scope_find(&e->globals, "model"), *maker = NULL;
    bool several = false;
    if (model && model->type == THING_MODEL) return model;
    if (e->last_model) return e->last_model;
    if (e->last_fitted) return e->last_fitted;
    for (size_t i = 0; i < e->globals.count; i++) {
        const thing *t = e->globals.names[i].thing;
        if (!makes_model(e, t)) continue;
        if (is_tuned(t)) return call_maker(e, t);
        if (maker) several = true;
        maker = t;
    }
    if (several) return refuse_choice(e, "several functions return a model and none is called", CEPA_SYNTAX);
    if (maker) return call_maker(e, maker);
    return refuse_unread(e) ? NULL : refuse_choice(e, "there is no model", CEPA_SYNTAX);
}
