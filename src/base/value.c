#include "base/value.h"

#include <string.h>

const value *value_none(void)
{
    static const value none = {.kind = VALUE_NONE};
    return &none;
}

static value *new_value(arena *arena, value_kind kind)
{
    value *made = arena_allocate(arena, sizeof *made);
    if (made) made->kind = kind;
    return made;
}

const value *value_bool(arena *arena, bool boolean)
{
    value *made = new_value(arena, VALUE_BOOL);
    if (made) made->boolean = boolean;
    return made;
}

const value *value_int(arena *arena, int64_t integer)
{
    value *made = new_value(arena, VALUE_INT);
    if (made) made->integer = integer;
    return made;
}

const value *value_real(arena *arena, double real)
{
    value *made = new_value(arena, VALUE_REAL);
    if (made) made->real = real;
    return made;
}

const value *value_text(arena *arena, const char *text)
{
    value *made = new_value(arena, VALUE_TEXT);
    if (made) made->text = arena_text(arena, text);
    return made && made->text ? made : NULL;
}

const value *value_list(arena *arena, const value *const *items, size_t count)
{
    value *made = new_value(arena, VALUE_LIST);
    const value **copy = arena_array(arena, count, sizeof *copy);
    if (!made || !copy || (count && !items)) return NULL;
    for (size_t i = 0; i < count; i++)
        if (!(copy[i] = items[i])) return NULL;
    made->list.items = copy;
    made->list.count = count;
    return made;
}

static const value *new_named(arena *arena, value_kind kind, const char *name, const named_value *members, size_t count)
{
    value *made = new_value(arena, kind);
    named_value *copy = arena_array(arena, count, sizeof *copy);
    char *name_copy = arena_text(arena, name);
    if (!made || !copy || (name && !name_copy) || (count && !members)) return NULL;
    for (size_t i = 0; i < count; i++) {
        copy[i] = (named_value){arena_text(arena, members[i].name), members[i].value};
        if ((members[i].name && !copy[i].name) || !copy[i].value) return NULL;
    }
    made->call.name = name_copy;
    made->call.members = copy;
    made->call.count = count;
    return made;
}

const value *value_call(arena *arena, const char *name, const named_value *members, size_t count)
{
    return new_named(arena, VALUE_CALL, name, members, count);
}

const value *value_dict(arena *arena, const named_value *members, size_t count)
{
    return new_named(arena, VALUE_DICT, NULL, members, count);
}

const value *value_dict_with(arena *arena, const value *dict, const named_value *further, size_t count)
{
    size_t own = dict ? dict->call.count : 0;
    named_value *members = arena_array(arena, own + count, sizeof *members);
    if (!dict || !members) return NULL;
    for (size_t i = 0; i < own + count; i++) members[i] = i < own ? dict->call.members[i] : further[i - own];
    return value_dict(arena, members, own + count);
}

const value *value_member(const value *v, const char *name)
{
    if (!v || (v->kind != VALUE_CALL && v->kind != VALUE_DICT)) return NULL;
    for (size_t i = 0; i < v->call.count; i++) {
        const named_value *m = &v->call.members[i];
        if (m->name && strcmp(m->name, name) == 0) return m->value;
    }
    return NULL;
}

const char *value_text_of(const value *v) { return v && v->kind == VALUE_TEXT ? v->text : NULL; }

bool value_number(const value *v, double *number)
{
    if (!v) return false;
    if (v->kind == VALUE_INT)
        *number = (double)v->integer;
    else if (v->kind == VALUE_REAL)
        *number = v->real;
    else if (v->kind == VALUE_BOOL)
        *number = v->boolean;
    else
        return false;
    return true;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static bool same_members(const value *a, const value *b)
{
    if (a->call.count != b->call.count || !same_text(a->call.name, b->call.name)) return false;
    for (size_t i = 0; i < a->call.count; i++) {
        const named_value *m = &a->call.members[i], *n = &b->call.members[i];
        if (!same_text(m->name, n->name) || !value_equal(m->value, n->value)) return false;
    }
    return true;
}

static bool same_items(const value *a, const value *b)
{
    if (a->list.count != b->list.count) return false;
    for (size_t i = 0; i < a->list.count; i++)
        if (!value_equal(a->list.items[i], b->list.items[i])) return false;
    return true;
}

bool value_equal(const value *a, const value *b)
{
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case VALUE_NONE:
        return true;
    case VALUE_BOOL:
        return a->boolean == b->boolean;
    case VALUE_INT:
        return a->integer == b->integer;
    case VALUE_REAL:
        return a->real == b->real;
    case VALUE_TEXT:
        return strcmp(a->text, b->text) == 0;
    case VALUE_LIST:
        return same_items(a, b);
    case VALUE_CALL:
    case VALUE_DICT:
        return same_members(a, b);
    }
    return false;
}

const char *value_kind_name(const value *v)
{
    static const char *const names[] = {
        [VALUE_NONE] = "None",     [VALUE_BOOL] = "True or False", [VALUE_INT] = "an integer",
        [VALUE_REAL] = "a number", [VALUE_TEXT] = "a text",        [VALUE_LIST] = "a list",
        [VALUE_CALL] = "a call",   [VALUE_DICT] = "a dictionary",
    };
    return v ? names[v->kind] : "nothing";
}
