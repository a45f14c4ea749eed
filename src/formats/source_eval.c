/* Evaluates expressions of source text: values, names, calls. */
#include "formats/source_eval.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 1000000, MOST_DEPTH = 1500, MOST_MEGABYTES = 1024 };

/* ---- Failing */

const thing *eval_refuse(eval *e, size_t offset, const char *format, ...)
{
    char message[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    source_fail(&e->source, offset, CEPA_SYNTAX, "%s", message);
    return NULL;
}

const thing *eval_misplaced(eval *e, size_t offset, const thing *found, const char *expected)
{
    return eval_refuse(e, offset, "%s stands where %s was expected", thing_name(found), expected);
}

const thing *eval_pass_on(eval *e, size_t offset, const cepa_error *error)
{
    source_fail(&e->source, offset, error->status, "%s", error->message);
    return NULL;
}

bool eval_spend(eval *e, size_t offset, size_t steps)
{
    if (steps > MOST_STEPS || (e->steps += steps) > MOST_STEPS)
        return eval_refuse(e, offset, "this takes too long, at most %d steps are read", MOST_STEPS);
    if ((e->source.memory->size + e->graph->memory.size) >> 20 < MOST_MEGABYTES) return true;
    return eval_refuse(e, offset, "this takes too much memory, at most %d MB are used", MOST_MEGABYTES);
}

bool eval_enter(eval *e, size_t offset)
{
    if (!eval_spend(e, offset, 1)) return false;
    if (e->depth++ < MOST_DEPTH) return true;
    return eval_refuse(e, offset, "this is nested too deeply, at most %d levels are read", MOST_DEPTH);
}

void eval_leave(eval *e) { e->depth--; }

/* ---- Names */

const thing *scope_find(const scope *scope, const char *name)
{
    for (; scope; scope = scope->outer)
        for (size_t i = 0; i < scope->count; i++)
            if (strcmp(scope->names[i].name, name) == 0) return scope->names[i].thing;
    return NULL;
}

bool scope_bind(eval *e, scope *scope, const char *name, const thing *value)
{
    if (!value) return false;
    for (size_t i = 0; i < scope->count; i++) {
        if (strcmp(scope->names[i].name, name) != 0) continue;
        scope->names[i].thing = value;
        return true;
    }
    if (!arena_grow(e->source.memory, &scope->names, &scope->capacity, scope->count + 1, sizeof *scope->names))
        return eval_no_memory(e);
    scope->names[scope->count++] = (named_thing){name, value, 0};
    return true;
}

static const thing *eval_name(eval *e, const node *n)
{
    if (!eval_spend(e, n->offset, (e->scope->count + e->globals.count) / 32)) return NULL;
    const thing *found = scope_find(e->scope, n->text);
    bool good = found || (eval_spend(e, n->offset, e->stars.count) && word_find(e, n->text, &found));
    if (!good) return NULL;
    return found ? found : eval_refuse(e, n->offset, "'%s' is not defined, a name from above was expected", n->text);
}

/* ---- Values */

static const thing *eval_none(eval *e, const node *n)
{
    (void)e, (void)n;
    return thing_none();
}

static const thing *eval_bool(eval *e, const node *n) { return thing_bool(e, n->integer != 0); }
static const thing *eval_int(eval *e, const node *n) { return thing_int(e, n->integer); }
static const thing *eval_real(eval *e, const node *n) { return thing_real(e, n->real); }

static const thing *eval_text(eval *e, const node *n)
{
    thing *made = thing_new(e, THING_TEXT);
    if (made) made->text = n->text;
    return made;
}

static const thing *eval_items(eval *e, const node *n, thing_type type)
{
    const thing *made = thing_sequence(e, type, NULL, 0);
    for (size_t i = 0; made && i < n->count; i++)
        if (!sequence_add(e, made->list, eval_expression(e, n->child[i]))) return NULL;
    return made;
}

static const thing *eval_tuple(eval *e, const node *n) { return eval_items(e, n, THING_TUPLE); }
static const thing *eval_list(eval *e, const node *n) { return eval_items(e, n, THING_LIST); }

/* Adds what *list or **dict gives to arguments; of an unknown one, and where none can stand, that one alone. */
static bool add_starred(eval *e, const node *argument, const thing *given, buffer *arguments)
{
    bool dict = given->type == THING_DICT, list = thing_is_list(given);
    size_t offset = argument->child[0]->offset, count = dict ? given->dict.count : list ? given->list->count : 1;
    if (!thing_is_unknown(given) && given->type != THING_DATA && (argument->name[1] ? !dict : !list))
        return eval_misplaced(e, offset, given, argument->name[1] ? "a dictionary" : "a list");
    if (!eval_spend(e, offset, count)) return false;
    for (size_t i = 0; i < count; i++) {
        named_thing one = {NULL, list ? given->list->items[i] : given, offset};
        if (dict) one = (named_thing){given->dict.items[i].name, given->dict.items[i].thing, offset};
        buffer_bytes(arguments, &one, sizeof one);
    }
    return true;
}

/* Arguments, or a dictionary's members, evaluated in their order. */
static named_thing *eval_arguments(eval *e, node *const *arguments, size_t *count)
{
    buffer list = {0};
    bool good = true;
    for (size_t i = 0; good && i < *count; i++) {
        const node *value = arguments[i]->child[0];
        named_thing one = {arguments[i]->text, eval_expression(e, value), value->offset};
        if (!(good = one.thing != NULL)) break;
        if (arguments[i]->name)
            good = add_starred(e, arguments[i], one.thing, &list);
        else
            buffer_bytes(&list, &one, sizeof one);
    }
    *count = list.size / sizeof(named_thing);
    named_thing *made = good ? arena_array(e->source.memory, *count + 1, sizeof *made) : NULL;
    if (good && (!made || list.failed)) made = NULL, eval_no_memory(e);
    if (made && list.size) memcpy(made, list.bytes, list.size);
    buffer_free(&list);
    return made;
}

static const thing *eval_dict(eval *e, const node *n)
{
    size_t count = n->count;
    thing *dict = thing_new(e, THING_DICT);
    if (!dict || !(dict->dict.items = eval_arguments(e, n->child, &count))) return NULL;
    dict->dict.count = count;
    return dict;
}

/* A formatted text is known where all its fields are and none has a format of its own. */
static const thing *eval_format(eval *e, const node *n)
{
    buffer text = {0};
    bool known = true, good = true;
    for (size_t i = 0; good && i < n->count; i++) {
        const node *part = n->child[i];
        const thing *t = eval_expression(e, part->type == NODE_FIELD ? part->child[0] : part);
        size_t before = text.size;
        known = known && t && !(part->type == NODE_FIELD && part->text) && thing_print(t, &text);
        good = t && eval_spend(e, part->offset, text.size - before);
    }
    char *characters = buffer_take_text(&text);
    const thing *made = !good         ? NULL
                        : !characters ? eval_no_memory(e)
                        : known       ? thing_text(e, characters)
                                      : thing_unknown();
    free(characters);
    return made;
}

/* ---- Calls */

static bool refuse_argument(eval *e, const call_site *site, size_t offset, const char *problem,
                            const char *const *names)
{
    buffer known = {0};
    for (size_t i = 0; names[i]; i++) buffer_format(&known, "%s%s", i ? ", " : "", names[i]);
    if (!names[0]) buffer_text(&known, "no arguments");
    char *text = buffer_take_text(&known);
    if (text)
        eval_refuse(e, offset, "%s: %s; it takes %s", site->path, problem, text);
    else
        eval_no_memory(e);
    free(text);
    return false;
}

bool eval_bind(eval *e, const call_site *site, const char *const *names, size_t required, const named_thing **given)
{
    size_t most = 0;
    char problem[160];
    for (; names[most]; most++) given[most] = NULL;
    for (size_t i = 0; i < site->count; i++) {
        const named_thing *a = &site->arguments[i];
        size_t place = i;
        if (a->name)
            for (place = 0; place < most && strcmp(names[place], a->name) != 0;) place++;
        snprintf(problem, sizeof problem, "unknown argument '%.100s'", a->name ? a->name : "");
        if (place >= most) return refuse_argument(e, site, a->offset, a->name ? problem : "too many arguments", names);
        if (given[place]) return refuse_argument(e, site, a->offset, "an argument is given twice", names);
        given[place] = a;
    }
    for (size_t i = 0; i < required; i++) {
        snprintf(problem, sizeof problem, "%.100s is missing", names[i]);
        if (!given[i]) return refuse_argument(e, site, site->offset, problem, names);
    }
    return true;
}

const thing *eval_settable(eval *e, const char *name, const thing *value)
{
    bool scalar = !value || value->type <= THING_TEXT;
    for (size_t i = 0; value && value->type == THING_TUPLE && i < value->list->count; i++)
        if (!(scalar = value->list->items[i]->type <= THING_TEXT)) break;
    if (!scalar) return value;
    bool known = false;
    for (size_t i = 0; i < e->settable.count; i++) known = known || strcmp(e->settable.items[i]->text, name) == 0;
    if (!known && !sequence_add(e, &e->settable, thing_text(e, name))) return NULL;
    for (size_t i = 0; i < e->set_count; i++) {
        if (strcmp(e->sets[i].name, name) != 0) continue;
        e->sets[i].used = true;
        value = e->sets[i].thing;
    }
    return value;
}

/* Binds a function's parameters: what is set, else what is given, else the default. */
static bool bind_parameters(eval *e, const source_function *f, const call_site *site, scope *inner)
{
    size_t count = f->def->count - 1;
    const char **names = arena_array(e->source.memory, count + 1, sizeof *names);
    const named_thing **given = arena_array(e->source.memory, count + 1, sizeof *given);
    if (!names || !given) return eval_no_memory(e);
    for (size_t i = 0; i < count; i++) names[i] = f->def->child[i]->text;
    if (!eval_bind(e, site, names, 0, given)) return false;
    if (!eval_spend(e, site->offset, count * e->settable.count / 32)) return false;
    for (size_t i = 0; i < count; i++) {
        const thing *value = given[i] ? given[i]->thing : f->presets[i];
        if (!value && strcmp(names[i], "hp") == 0) value = thing_new(e, THING_TUNER); /* a tuner would give it */
        value = eval_settable(e, names[i], value);
        char problem[160];
        snprintf(problem, sizeof problem, "%.100s is missing", names[i]);
        if (!value) return refuse_argument(e, site, site->offset, problem, names);
        if (!scope_bind(e, inner, names[i], value)) return false;
    }
    return true;
}

const thing *eval_call_function(eval *e, const source_function *function, const call_site *site)
{
    scope *inner = arena_allocate(e->source.memory, sizeof *inner); /* a function that is made in it keeps it */
    scope *caller = e->scope;
    const thing *result = NULL;
    for (size_t i = 0; i + 1 < function->def->count; i++)
        if (function->def->child[i]->name) return thing_unknown(); /* it takes *any number of arguments */
    if (!inner) return eval_no_memory(e);
    *inner = (scope){.outer = function->outer};
    if (!bind_parameters(e, function, site, inner)) return NULL;
    e->scope = inner;
    bool good = eval_block(e, function->def->child[function->def->count - 1], &result);
    e->scope = caller;
    if (!good) return NULL;
    return result ? result : thing_none();
}

const thing *eval_call(eval *e, const thing *callee, const call_site *site)
{
    switch (callee->type) {
    case THING_UNKNOWN:
        return callee;
    case THING_FUNCTION:
        return eval_call_function(e, callee->function, site);
    case THING_SYMBOL:
        return word_call_symbol(e, site);
    case THING_METHOD:
        return callee->bound.method->call(e, site);
    case THING_LAYER:
        return call_layer(e, site);
    case THING_MODEL:
        return call_network(e, site);
    default:
        return eval_refuse(e, site->offset, "%s cannot be called, a function or a layer was expected",
                           thing_name(callee));
    }
}

static const thing *eval_called(eval *e, const node *n)
{
    const thing *callee = eval_expression(e, n->child[0]);
    size_t count = n->count - 1;
    named_thing *arguments = callee ? eval_arguments(e, n->child + 1, &count) : NULL;
    if (!arguments) return NULL;
    call_site site = {.offset = n->offset, .arguments = arguments, .count = count, .self = callee};
    site.path = callee->type == THING_SYMBOL ? callee->text
                : n->child[0]->text          ? n->child[0]->text
                                             : thing_name(callee);
    if (callee->type == THING_METHOD) site.self = callee->bound.self;
    return eval_call(e, callee, &site);
}

static const thing *eval_attribute(eval *e, const node *n)
{
    const thing *object = eval_expression(e, n->child[0]);
    return object ? word_attribute(e, object, n->text, n->offset) : NULL;
}

truth thing_truth(const thing *t)
{
    if (thing_is_unknown(t) || t->type == THING_DATA || t->type == THING_TABLE) return OPEN;
    switch (t->type) {
    case THING_NONE:
        return NO;
    case THING_BOOL:
        return t->boolean;
    case THING_INT:
        return t->integer != 0;
    case THING_REAL:
        return t->real != 0;
    case THING_TEXT:
        return *t->text != 0;
    case THING_LIST:
    case THING_TUPLE:
        return t->list->count > 0;
    case THING_DICT:
        return t->dict.count > 0;
    default:
        return YES;
    }
}

bool eval_condition(eval *e, const node *n, truth *so)
{
    const thing *t = eval_expression(e, n);
    *so = t ? thing_truth(t) : NO;
    return t != NULL;
}

static const thing *eval_choice(eval *e, const node *n)
{
    truth so;
    if (!eval_condition(e, n->child[0], &so)) return NULL;
    return so == OPEN ? thing_unknown() : eval_expression(e, n->child[so == YES ? 1 : 2]);
}

static const thing *eval_unknown(eval *e, const node *n)
{
    (void)e, (void)n;
    return thing_unknown();
}

static const thing *eval_slice(eval *e, const node *n)
{
    return eval_refuse(e, n->offset, "a slice stands where a value was expected");
}

const thing *eval_expression(eval *e, const node *n)
{
    static const thing *(*const evaluators[])(eval *, const node *) = {
        [NODE_NONE] = eval_none,           [NODE_BOOL] = eval_bool,       [NODE_INT] = eval_int,
        [NODE_REAL] = eval_real,           [NODE_TEXT] = eval_text,       [NODE_FORMAT] = eval_format,
        [NODE_NAME] = eval_name,           [NODE_TUPLE] = eval_tuple,     [NODE_LIST] = eval_list,
        [NODE_DICT] = eval_dict,           [NODE_UNARY] = eval_unary,     [NODE_BINARY] = eval_binary,
        [NODE_ATTRIBUTE] = eval_attribute, [NODE_CALL] = eval_called,     [NODE_INDEX] = eval_index,
        [NODE_SLICE] = eval_slice,         [NODE_COMPARE] = eval_compare, [NODE_CHOICE] = eval_choice,
        [NODE_LAMBDA] = eval_function,     [NODE_UNKNOWN] = eval_unknown, [NODE_NOT] = eval_not,
        [NODE_LOGIC] = eval_logic,         [NODE_EACH] = eval_each,
    };
    if (!eval_enter(e, n->offset)) return NULL;
    const thing *made = evaluators[n->type](e, n);
    eval_leave(e);
    return made;
}
