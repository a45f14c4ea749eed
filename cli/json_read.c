#include "json_read.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 64 };

static const char *skip_space(const char *c) { return c + strspn(c, " \t\r\n"); }

/* Behind a text that begins at c; NULL where it does not end. */
static const char *skip_text(const char *c)
{
    if (*c != '"') return NULL;
    for (c++; *c && *c != '"'; c++)
        if (*c == '\\' && !*++c) return NULL;
    return *c ? c + 1 : NULL;
}

/* Behind a value of any kind that begins at c; NULL where it is broken. */
static const char *skip_value(const char *c)
{
    int depth = 0;
    do {
        c = skip_space(c);
        if (*c == '"')
            c = skip_text(c);
        else if (*c == '{' || *c == '[')
            depth++, c++;
        else if (*c == '}' || *c == ']')
            depth--, c++;
        else if ((*c == ',' || *c == ':') && depth)
            c++;
        else {
            size_t length = strcspn(c, ",:]}{[\" \t\r\n");
            c = length ? c + length : NULL;
        }
        if (!c || depth < 0 || depth > MOST_DEPTH) return NULL;
    } while (depth);
    return c;
}

/* The value of one member of the object that begins at c. */
static const char *member(const char *c, const char *name, size_t length)
{
    if (*c != '{') return NULL;
    for (c = skip_space(c + 1); *c == '"'; c = skip_space(c + 1)) {
        const char *key = c + 1, *end = skip_text(c);
        if (!end) return NULL;
        c = skip_space(end);
        if (*c != ':') return NULL;
        c = skip_space(c + 1);
        if ((size_t)(end - 1 - key) == length && strncmp(key, name, length) == 0) return c;
        c = skip_value(c);
        if (!c || *(c = skip_space(c)) != ',') return NULL;
    }
    return NULL;
}

const char *json_find(const char *text, const char *path)
{
    const char *c = skip_space(text);
    while (c && *path) {
        size_t length = strcspn(path, ".");
        c = member(c, path, length);
        path += length + (path[length] == '.');
    }
    return c && skip_value(c) ? c : NULL;
}

double json_find_number(const char *text, const char *path, double otherwise)
{
    const char *c = json_find(text, path);
    if (!c) return otherwise;
    char *end;
    double number = strtod(c, &end);
    return end == c ? otherwise : number;
}

/* A text from its quotation mark on. The escapes that json.c writes are read; others stand for their letter. */
static char *copy_text(const char *c)
{
    const char *end = c ? skip_text(c) : NULL;
    char *made = end ? malloc((size_t)(end - c)) : NULL;
    if (!made) return NULL;
    size_t size = 0;
    for (c++; c < end - 1; c++) {
        if (*c == '\\' && c[1] == 'u') {
            char digits[5] = "";
            memcpy(digits, c + 2, strnlen(c + 2, 4));
            made[size++] = (char)strtol(digits, NULL, 16);
            c += 1 + strlen(digits);
        } else {
            c += *c == '\\';
            made[size++] = *c;
        }
    }
    made[size] = 0;
    return made;
}

char *json_find_text(const char *text, const char *path) { return copy_text(json_find(text, path)); }

char **json_find_texts(const char *text, const char *path, size_t *count)
{
    const char *c = json_find(text, path);
    char **made = NULL;
    *count = 0;
    if (!c || *c != '[') return NULL;
    for (c = skip_space(c + 1); *c == '"'; c = skip_space(c + 1)) {
        char **grown = realloc(made, (*count + 1) * sizeof *made);
        if (!grown) break;
        made = grown;
        made[(*count)++] = copy_text(c);
        c = skip_text(c);
        if (!made[*count - 1] || !c) break;
        c = skip_space(c);
        if (*c == ']') return made;
        if (*c != ',') break;
    }
    for (size_t i = 0; i < *count; i++) free(made[i]);
    free(made);
    return NULL;
}
