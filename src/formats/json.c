/* JSON text to and from values, with jansson. */
#include "formats/json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_LIMIT = 16 << 20, DEPTH_LIMIT = 200 };

/* ---- Reading ---- */

static const value *from_json(arena *arena, const json_t *json, int depth, cepa_error *error);

static const value *from_array(arena *arena, const json_t *json, int depth, cepa_error *error)
{
    size_t count = json_array_size(json);
    const value **items = arena_array(arena, count, sizeof *items);
    if (!items) return fail_memory(error), NULL;
    for (size_t i = 0; i < count; i++)
        if (!(items[i] = from_json(arena, json_array_get(json, i), depth, error))) return NULL;
    return value_list(arena, items, count);
}

static const value *from_object(arena *arena, json_t *json, int depth, cepa_error *error)
{
    size_t count = 0;
    named_value *members = arena_array(arena, json_object_size(json), sizeof *members);
    if (!members) return fail_memory(error), NULL;
    for (void *at = json_object_iter(json); at; at = json_object_iter_next(json, at), count++) {
        members[count].name = arena_text(arena, json_object_iter_key(at));
        if (!members[count].name) return fail_memory(error), NULL;
        members[count].value = from_json(arena, json_object_iter_value(at), depth, error);
        if (!members[count].value) return NULL;
    }
    return value_dict(arena, members, count);
}

static const value *from_json(arena *arena, const json_t *json, int depth, cepa_error *error)
{
    if (depth > DEPTH_LIMIT) return fail(error, CEPA_FORMAT, "JSON: nested deeper than %d levels", DEPTH_LIMIT), NULL;
    const value *v = NULL;
    switch (json_typeof(json)) {
    case JSON_NULL:
        v = value_none();
        break;
    case JSON_TRUE:
        v = value_bool(arena, true);
        break;
    case JSON_FALSE:
        v = value_bool(arena, false);
        break;
    case JSON_INTEGER:
        v = value_int(arena, json_integer_value(json));
        break;
    case JSON_REAL:
        v = value_real(arena, json_real_value(json));
        break;
    case JSON_STRING: /* with a zero in it, it is the code of a Lambda, which nobody reads */
        v = strlen(json_string_value(json)) < json_string_length(json) ? value_none()
                                                                       : value_text(arena, json_string_value(json));
        break;
    case JSON_ARRAY:
        return from_array(arena, json, depth + 1, error);
    case JSON_OBJECT:
        return from_object(arena, (json_t *)(uintptr_t)json, depth + 1, error);
    }
    if (!v) fail_memory(error);
    return v;
}

/* The number words that Python writes and JSON does not know. */
static const struct {
    const char *word, *instead;
} python_words[] = {{"NaN", "null"}, {"-Infinity", "-1.7976931348623157e308"}, {"Infinity", "1.7976931348623157e308"}};

/* Copies text outside strings with Python's words replaced. */
static void replace_python_words(const char *text, size_t size, buffer *out)
{
    bool quoted = false;
    size_t copied = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted && text[i] == '\\') i++;
        if (quoted || (text[i] != 'N' && text[i] != 'I' && text[i] != '-')) continue;
        for (size_t w = 0; w < ARRAY_COUNT(python_words); w++) {
            size_t length = strlen(python_words[w].word);
            if (size - i < length || memcmp(text + i, python_words[w].word, length) != 0) continue;
            buffer_bytes(out, text + copied, i - copied);
            buffer_text(out, python_words[w].instead);
            copied = i + length;
            i = copied - 1;
            break;
        }
    }
    if (copied < size) buffer_bytes(out, text + copied, size - copied);
}

const value *json_read(arena *arena, const char *text, size_t size, cepa_error *error)
{
    if (size > SIZE_LIMIT)
        return fail(error, CEPA_FORMAT, "JSON: %zu bytes, more than the limit of %d", size, SIZE_LIMIT), NULL;
    buffer plain = {0};
    buffer_text(&plain, "");
    replace_python_words(text, size, &plain);
    if (plain.failed) return buffer_free(&plain), fail_memory(error), NULL;
    json_error_t found;
    json_t *json = json_loadb((const char *)plain.bytes, plain.size,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &found);
    buffer_free(&plain);
    if (!json) {
        fail(error, CEPA_FORMAT, "JSON: line %d, column %d: %s", found.line, found.column, found.text);
        return NULL;
    }
    const value *v = from_json(arena, json, 0, error);
    json_decref(json);
    return v;
}

/* ---- Writing ---- */

static void write_text(buffer *out, const char *text)
{
    buffer_text(out, "\"");
    for (const char *c = text; *c; c++) {
        size_t plain = strcspn(c, "\"\\\001\002\003\004\005\006\a\b\t\n\v\f\r\016\017\020\021\022\023\024\025\026\027"
                                  "\030\031\032\033\034\035\036\037");
        buffer_bytes(out, c, plain);
        c += plain;
        if (!*c) break;
        if (*c == '"' || *c == '\\')
            buffer_format(out, "\\%c", *c);
        else
            buffer_format(out, "\\u%04x", (unsigned)*c);
    }
    buffer_text(out, "\"");
}

static void write_real(buffer *out, double number)
{
    if (isnan(number))
        buffer_text(out, "NaN");
    else if (isinf(number))
        buffer_text(out, number > 0 ? "Infinity" : "-Infinity");
    else
        buffer_number(out, number, false);
}

static void write_members(buffer *out, const value *v)
{
    buffer_text(out, "{");
    for (size_t i = 0; i < v->call.count; i++) {
        if (i) buffer_text(out, ", ");
        write_text(out, v->call.members[i].name);
        buffer_text(out, ": ");
        json_write(out, v->call.members[i].value);
    }
    buffer_text(out, "}");
}

void json_write(buffer *out, const value *v)
{
    switch (v->kind) {
    case VALUE_NONE:
        buffer_text(out, "null");
        break;
    case VALUE_BOOL:
        buffer_text(out, v->boolean ? "true" : "false");
        break;
    case VALUE_INT:
        buffer_format(out, "%lld", (long long)v->integer);
        break;
    case VALUE_REAL:
        write_real(out, v->real);
        break;
    case VALUE_TEXT:
        write_text(out, v->text);
        break;
    case VALUE_LIST:
        buffer_text(out, "[");
        for (size_t i = 0; i < v->list.count; i++) {
            if (i) buffer_text(out, ", ");
            json_write(out, v->list.items[i]);
        }
        buffer_text(out, "]");
        break;
    case VALUE_CALL:
    case VALUE_DICT:
        write_members(out, v);
        break;
    }
}
