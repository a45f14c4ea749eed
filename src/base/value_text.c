/* Values as text and back: call notation, a small part of Python. */
#include "base/buffer.h"
#include "base/value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NESTED = 32 };

/* ---- Reading */

typedef struct reader {
    arena *arena;
    const char *text, *at;
    cepa_error *error;
    int depth;
} reader;

static const value *read_value(reader *r);

/* Always NULL: return refuse(r, ...). */
static const void *refuse(const reader *r, const char *expected)
{
    if (*r->at)
        fail(r->error, CEPA_ARGUMENT, "'%s': %s expected before '%s'", r->text, expected, r->at);
    else
        fail(r->error, CEPA_ARGUMENT, "'%s': %s expected at the end", r->text, expected);
    return NULL;
}

static const value *made(const reader *r, const value *v)
{
    if (!v) fail_memory(r->error);
    return v;
}

static void skip_spaces(reader *r)
{
    while (isspace((unsigned char)*r->at)) r->at++;
}

static bool take(reader *r, char c)
{
    skip_spaces(r);
    if (*r->at != c) return false;
    r->at++;
    return true;
}

static const value *read_quoted(reader *r)
{
    buffer text = {0};
    char quote = *r->at++;
    for (; *r->at && *r->at != quote; r->at++) {
        if (*r->at == '\\' && r->at[1]) {
            r->at++;
            buffer_bytes(&text, *r->at == 'n' ? "\n" : *r->at == 't' ? "\t" : r->at, 1);
        } else {
            buffer_bytes(&text, r->at, 1);
        }
    }
    char *taken = buffer_take_text(&text);
    const value *v = NULL;
    if (!taken)
        fail_memory(r->error);
    else if (!*r->at)
        refuse(r, "a closing quote");
    else
        v = made(r, value_text(r->arena, taken));
    free(taken);
    if (v) r->at++;
    return v;
}

static const value *read_numeral(reader *r)
{
    const char *end;
    double real = read_number(r->at, &end);
    if (end == r->at) return refuse(r, "a value");
    bool whole = true;
    for (const char *c = r->at; c < end; c++) whole = whole && (isdigit((unsigned char)*c) || *c == '-' || *c == '+');
    errno = 0;
    long long integer = whole ? strtoll(r->at, NULL, 10) : 0;
    if (whole && errno) return refuse(r, "an integer of at most 64 bits");
    r->at = end;
    return made(r, whole ? value_int(r->arena, integer) : value_real(r->arena, real));
}

typedef struct value_array {
    named_value *items;
    size_t count, capacity;
    bool last_comma; /* the list ended with one */
} value_array;

static bool append(reader *r, value_array *array, const char *name, const value *v)
{
    if (!v) return false;
    if (!grow(&array->items, &array->capacity, array->count + 1, sizeof *array->items)) {
        fail_memory(r->error);
        return false;
    }
    array->items[array->count++] = (named_value){name, v};
    return true;
}

static size_t name_length(const char *at)
{
    size_t length = 0;
    if (!isalpha((unsigned char)*at) && *at != '_') return 0;
    while (isalnum((unsigned char)at[length]) || at[length] == '_' || at[length] == '.') length++;
    return length;
}

/* A name in front of '=', or none. False without memory. */
static bool read_argument_name(reader *r, const char **name)
{
    skip_spaces(r);
    size_t length = name_length(r->at);
    const char *after = r->at + length;
    after += strspn(after, " ");
    *name = NULL;
    if (!length || *after != '=') return true;
    *name = arena_text_n(r->arena, r->at, length);
    if (!*name) fail_memory(r->error);
    r->at = after + 1;
    return *name != NULL;
}

/* A key and its colon. */
static bool read_key(reader *r, const char **name)
{
    const value *key = read_value(r);
    *name = value_text_of(key);
    if (key && !*name) refuse(r, "a text as key");
    return *name && (take(r, ':') || refuse(r, "':'"));
}

static bool no_name(reader *r, const char **name)
{
    (void)r;
    *name = NULL;
    return true;
}

/* Reads what stands between an opening bracket and close. */
static bool read_items(reader *r, char close, bool (*read_name)(reader *, const char **), value_array *array)
{
    char expected[] = "',' or '?'";
    expected[sizeof expected - 3] = close;
    while (!take(r, close)) {
        const char *name;
        if (array->count && !take(r, ',')) return refuse(r, expected);
        array->last_comma = array->count && take(r, close);
        if (array->last_comma) return true;
        if (!read_name(r, &name) || !append(r, array, name, read_value(r))) return false;
    }
    return true;
}

static const value *list_of(const reader *r, const value_array *array)
{
    const value **items = arena_array(r->arena, array->count, sizeof *items);
    if (!items) return NULL;
    for (size_t i = 0; i < array->count; i++) items[i] = array->items[i].value;
    return value_list(r->arena, items, array->count);
}

static const value *read_list(reader *r, char close)
{
    value_array array = {0};
    const value *v = NULL;
    r->at++;
    if (read_items(r, close, no_name, &array)) {
        /* Brackets around one value without a comma only group it. */
        bool grouped = close == ')' && array.count == 1 && !array.last_comma;
        v = grouped ? array.items[0].value : made(r, list_of(r, &array));
    }
    free(array.items);
    return v;
}

static const value *read_dict(reader *r)
{
    value_array array = {0};
    r->at++;
    bool ok = read_items(r, '}', read_key, &array);
    const value *v = ok ? made(r, value_dict(r->arena, array.items, array.count)) : NULL;
    free(array.items);
    return v;
}

static const value *read_call(reader *r, const char *name)
{
    value_array array = {0};
    bool ok = read_items(r, ')', read_argument_name, &array);
    const value *v = ok ? made(r, value_call(r->arena, name, array.items, array.count)) : NULL;
    free(array.items);
    return v;
}

static const value *read_name(reader *r)
{
    char *name = arena_text_n(r->arena, r->at, name_length(r->at));
    if (!name) return made(r, NULL);
    r->at += strlen(name);
    if (take(r, '(')) return read_call(r, name);
    if (strcmp(name, "None") == 0) return value_none();
    if (strcmp(name, "True") == 0) return made(r, value_bool(r->arena, true));
    if (strcmp(name, "False") == 0) return made(r, value_bool(r->arena, false));
    return made(r, value_text(r->arena, name));
}

static const value *read_value(reader *r)
{
    const value *v;
    skip_spaces(r);
    if (++r->depth > MOST_NESTED) return refuse(r, "less nesting");
    if (name_length(r->at))
        v = read_name(r);
    else if (*r->at == '\'' || *r->at == '"')
        v = read_quoted(r);
    else if (*r->at == '(')
        v = read_list(r, ')');
    else if (*r->at == '[')
        v = read_list(r, ']');
    else if (*r->at == '{')
        v = read_dict(r);
    else
        v = read_numeral(r);
    r->depth--;
    return v;
}

const value *value_parse(arena *arena, const char *text, cepa_error *error)
{
    reader r = {.arena = arena, .text = text, .at = text, .error = error};
    const value *v = read_value(&r);
    if (v) skip_spaces(&r);
    if (v && *r.at) return refuse(&r, "nothing more");
    return v;
}

/* ---- Writing */

static void print_value(buffer *out, const value *v);

static void print_text(buffer *out, const char *text)
{
    buffer_text(out, "'");
    for (; *text; text++) {
        if (*text == '\n')
            buffer_text(out, "\\n");
        else if (*text == '\'' || *text == '\\')
            buffer_format(out, "\\%c", *text);
        else
            buffer_bytes(out, text, 1);
    }
    buffer_text(out, "'");
}

static void print_list(buffer *out, const value *v)
{
    buffer_text(out, "(");
    for (size_t i = 0; i < v->list.count; i++) {
        if (i) buffer_text(out, ", ");
        print_value(out, v->list.items[i]);
    }
    buffer_text(out, v->list.count == 1 ? ",)" : ")");
}

static void print_call(buffer *out, const value *v)
{
    buffer_format(out, "%s(", v->call.name);
    for (size_t i = 0; i < v->call.count; i++) {
        const named_value *m = &v->call.members[i];
        if (i) buffer_text(out, ", ");
        if (m->name) buffer_format(out, "%s=", m->name);
        print_value(out, m->value);
    }
    buffer_text(out, ")");
}

static void print_dict(buffer *out, const value *v)
{
    buffer_text(out, "{");
    for (size_t i = 0; i < v->call.count; i++) {
        if (i) buffer_text(out, ", ");
        print_text(out, v->call.members[i].name);
        buffer_text(out, ": ");
        print_value(out, v->call.members[i].value);
    }
    buffer_text(out, "}");
}

static void print_value(buffer *out, const value *v)
{
    switch (v->kind) {
    case VALUE_NONE:
        buffer_text(out, "None");
        break;
    case VALUE_BOOL:
        buffer_text(out, v->boolean ? "True" : "False");
        break;
    case VALUE_INT:
        buffer_format(out, "%lld", (long long)v->integer);
        break;
    case VALUE_REAL:
        buffer_number(out, v->real == 0 ? 0 : v->real, false);
        break;
    case VALUE_TEXT:
        print_text(out, v->text);
        break;
    case VALUE_LIST:
        print_list(out, v);
        break;
    case VALUE_CALL:
        print_call(out, v);
        break;
    case VALUE_DICT:
        print_dict(out, v);
        break;
    }
}

char *value_print(arena *arena, const value *v)
{
    buffer out = {0};
    print_value(&out, v);
    char *text = buffer_take_text(&out), *copy = text ? arena_text(arena, text) : NULL;
    free(text);
    return copy;
}
