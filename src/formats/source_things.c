/* The things that source text is evaluated to: makers, names, and their way to arguments' values. */
#include "formats/keras_activation.h"
#include "formats/source_eval.h"
#include "layers/activations.h"

#include <string.h>

const thing *eval_no_memory(eval *e)
{
    fail_memory(e->source.error);
    return NULL;
}

thing *thing_new(eval *e, thing_type type)
{
    thing *made = arena_allocate(e->source.memory, sizeof *made);
    if (made)
        made->type = type;
    else
        eval_no_memory(e);
    return made;
}

const thing *thing_none(void)
{
    static const thing none = {.type = THING_NONE};
    return &none;
}

const thing *thing_unknown(void)
{
    static const thing unknown = {.type = THING_UNKNOWN};
    return &unknown;
}

const thing *thing_bool(eval *e, bool boolean)
{
    thing *made = thing_new(e, THING_BOOL);
    if (made) made->boolean = boolean;
    return made;
}

const thing *thing_int(eval *e, int64_t integer)
{
    thing *made = thing_new(e, THING_INT);
    if (made) made->integer = integer;
    return made;
}

const thing *thing_real(eval *e, double real)
{
    thing *made = thing_new(e, THING_REAL);
    if (made) made->real = real;
    return made;
}

const thing *thing_text(eval *e, const char *text)
{
    thing *made = thing_new(e, THING_TEXT);
    if (made && !(made->text = arena_text(e->source.memory, text))) return eval_no_memory(e);
    return made;
}

const thing *thing_symbol(eval *e, const char *path)
{
    thing *made = thing_new(e, THING_SYMBOL);
    return made && (made->text = word_path(e, path)) ? made : NULL;
}

bool sequence_add(eval *e, sequence *list, const thing *item)
{
    if (!item) return false;
    if (!arena_grow(e->source.memory, &list->items, &list->capacity, list->count + 1, sizeof *list->items))
        return eval_no_memory(e);
    list->items[list->count++] = item;
    return true;
}

const thing *thing_sequence(eval *e, thing_type type, const thing *const *items, size_t count)
{
    thing *made = thing_new(e, type);
    if (!made || !(made->list = arena_allocate(e->source.memory, sizeof *made->list))) return eval_no_memory(e);
    for (size_t i = 0; i < count; i++)
        if (!sequence_add(e, made->list, items[i])) return NULL;
    return made;
}

bool thing_is_list(const thing *t) { return t->type == THING_LIST || t->type == THING_TUPLE; }

bool thing_number(const thing *t, double *number)
{
    *number = t->type == THING_INT ? (double)t->integer : t->type == THING_REAL ? t->real : 0;
    return t->type == THING_INT || t->type == THING_REAL;
}

const thing *const *thing_items(const thing *const *t, size_t *count)
{
    bool list = thing_is_list(*t);
    *count = list ? (*t)->list->count : 1;
    return list ? (*t)->list->items : t;
}

/* ---- As text */

const char *path_end(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

bool thing_is_unknown(const thing *t)
{
    bool keras = t->type == THING_SYMBOL && strncmp(t->text, "keras", 5) == 0 && strchr(".", t->text[5]);
    bool read = keras || (t->type == THING_SYMBOL && strncmp(t->text, "builtins.", 9) == 0);
    return t->type == THING_UNKNOWN || (t->type == THING_SYMBOL && !read);
}

const char *thing_name(const thing *t)
{
    static const char *const names[THING_TYPES] = {
        [THING_NONE] = "None",
        [THING_BOOL] = "True or False",
        [THING_INT] = "an integer",
        [THING_REAL] = "a number",
        [THING_TEXT] = "a text",
        [THING_LIST] = "a list",
        [THING_TUPLE] = "a tuple",
        [THING_DICT] = "a dictionary",
        [THING_UNKNOWN] = "something that only a running program would know",
        [THING_FUNCTION] = "a function",
        [THING_METHOD] = "a method",
        [THING_MEMBER] = "an optimizer, loss or the like",
        [THING_SCHEDULER] = "a callback",
        [THING_LAYER] = "a layer",
        [THING_TENSOR] = "a tensor",
        [THING_MODEL] = "a model",
        [THING_DATA] = "rows of a data set",
        [THING_TABLE] = "a table",
        [THING_TUNER] = "a set of hyperparameters",
    };
    return t->type == THING_SYMBOL ? t->text : names[t->type];
}

bool thing_print(const thing *t, buffer *out)
{
    if (t->type == THING_NONE)
        buffer_text(out, "None");
    else if (t->type == THING_BOOL)
        buffer_text(out, t->boolean ? "True" : "False");
    else if (t->type == THING_INT)
        buffer_format(out, "%lld", (long long)t->integer);
    else if (t->type == THING_REAL)
        buffer_number(out, t->real, false);
    else if (t->type == THING_TEXT)
        buffer_text(out, t->text);
    else
        return false;
    return !out->failed;
}

/* ---- As values */

static const value *made(eval *e, const value *v)
{
    if (!v) eval_no_memory(e);
    return v;
}

static const value *list_value(eval *e, const sequence *list, size_t offset)
{
    const value **items = arena_array(&e->graph->memory, list->count, sizeof *items);
    for (size_t i = 0; items && i < list->count; i++)
        if (!(items[i] = thing_value(e, list->items[i], offset))) return NULL;
    return made(e, items ? value_list(&e->graph->memory, items, list->count) : NULL);
}

static const value *dict_value(eval *e, const thing *dict, size_t offset)
{
    named_value *members = arena_array(&e->graph->memory, dict->dict.count, sizeof *members);
    for (size_t i = 0; members && i < dict->dict.count; i++) {
        members[i] = (named_value){dict->dict.items[i].name, thing_value(e, dict->dict.items[i].thing, offset)};
        if (!members[i].value) return NULL;
    }
    return made(e, members ? value_dict(&e->graph->memory, members, dict->dict.count) : NULL);
}

/* keras.activations.relu, tf.nn.relu: a member by its name. */
static const value *symbol_value(eval *e, const thing *symbol, size_t offset)
{
    static const char *const modules[] = {
        "keras.activations.", "keras.initializers.", "keras.regularizers.", "keras.constraints.",
        "keras.optimizers.",  "keras.losses.",       "keras.metrics.",      "tensorflow.nn.",
    };
    for (size_t i = 0; i < ARRAY_COUNT(modules); i++)
        if (strncmp(symbol->text, modules[i], strlen(modules[i])) == 0)
            return made(e, value_text(&e->graph->memory, path_end(symbol->text)));
    eval_refuse(e, offset, "%s stands where a value was expected", symbol->text);
    return NULL;
}

/* A layer in the place of an activation: the function of the same meaning, with those of the layer's arguments that it
 * has. */
static const value *layer_value(eval *e, const thing *t, size_t offset)
{
    const layer *l = t->layer.layer;
    const activation_spelling *spelling = activation_spelling_of(l->class->kind.name);
    const kind *function = spelling ? family_find(&activation_family, spelling->function) : NULL;
    size_t count, kept = 0;
    if (!function) {
        eval_refuse(e, offset, "the layer %s stands where a value was expected: call it on what this one gives",
                    l->class->kind.name);
        return NULL;
    }
    const named_value *arguments = fields_write(&e->graph->memory, &l->class->kind, l->options, &count);
    named_value *own = arguments ? arena_array(&e->graph->memory, count, sizeof *own) : NULL;
    for (size_t i = 0; own && i < count; i++)
        if (field_find(function, arguments[i].name)) own[kept++] = arguments[i];
    return made(e, own ? value_call(&e->graph->memory, function->name, own, kept) : NULL);
}

static const value *any_value(eval *e, const thing *t, size_t offset)
{
    arena *memory = &e->graph->memory;
    switch (t->type) {
    case THING_NONE:
        return value_none();
    case THING_BOOL:
        return made(e, value_bool(memory, t->boolean));
    case THING_INT:
        return made(e, value_int(memory, t->integer));
    case THING_REAL:
        return made(e, value_real(memory, t->real));
    case THING_TEXT:
        return made(e, value_text(memory, t->text));
    case THING_LIST:
    case THING_TUPLE:
        return list_value(e, t->list, offset);
    case THING_DICT:
        return dict_value(e, t, offset);
    case THING_SYMBOL:
        return symbol_value(e, t, offset);
    case THING_MEMBER:
        return t->member;
    case THING_LAYER:
        return layer_value(e, t, offset);
    default:
        eval_misplaced(e, offset, t, "a value");
        return NULL;
    }
}

const value *thing_value(eval *e, const thing *t, size_t offset)
{
    if (!eval_enter(e, offset)) return NULL; /* a list may hold itself */
    const value *v = any_value(e, t, offset);
    eval_leave(e);
    return v;
}

static const thing *list_of_value(eval *e, const value *v)
{
    thing *tuple = (thing *)thing_sequence(e, THING_TUPLE, NULL, 0);
    for (size_t i = 0; tuple && i < v->list.count; i++)
        if (!sequence_add(e, tuple->list, thing_of_value(e, v->list.items[i]))) return NULL;
    return tuple;
}

static const thing *dict_of_value(eval *e, const value *v)
{
    thing *dict = thing_new(e, THING_DICT);
    named_thing *items = arena_array(e->source.memory, v->call.count, sizeof *items);
    if (!dict || !items) return eval_no_memory(e);
    for (size_t i = 0; i < v->call.count; i++) {
        items[i] = (named_thing){v->call.members[i].name, thing_of_value(e, v->call.members[i].value), 0};
        if (!items[i].thing) return NULL;
    }
    dict->dict.items = items;
    dict->dict.count = v->call.count;
    return dict;
}

const thing *thing_of_value(eval *e, const value *v)
{
    thing *member;
    switch (v->kind) {
    case VALUE_NONE:
        return thing_none();
    case VALUE_BOOL:
        return thing_bool(e, v->boolean);
    case VALUE_INT:
        return thing_int(e, v->integer);
    case VALUE_REAL:
        return thing_real(e, v->real);
    case VALUE_TEXT:
        return thing_text(e, v->text);
    case VALUE_LIST:
        return list_of_value(e, v);
    case VALUE_DICT:
        return dict_of_value(e, v);
    case VALUE_CALL:
        member = thing_new(e, THING_MEMBER);
        if (member) member->member = v;
        return member;
    }
    return NULL;
}
