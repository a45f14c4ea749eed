#include "json.h"

#include "cepa.h"

static void quote(FILE *out, const char *text)
{
    putc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c < 0x20)
            fprintf(out, "\\u%04x", *c);
        else
            putc(*c, out);
    }
    putc('"', out);
}

/* Comma, line and name in front of a value. */
static void begin(json *json, const char *name)
{
    if (json->depth) fprintf(json->out, "%s\n%*s", json->filled ? "," : "", 2 * json->depth, "");
    if (name) {
        quote(json->out, name);
        fputs(": ", json->out);
    }
    json->filled = true;
}

void json_open(json *json, const char *name, char bracket)
{
    begin(json, name);
    putc(bracket, json->out);
    json->depth++;
    json->filled = false;
}

void json_close(json *json, char bracket)
{
    json->depth--;
    if (json->filled) fprintf(json->out, "\n%*s", 2 * json->depth, "");
    putc(bracket, json->out);
    if (!json->depth) putc('\n', json->out);
    json->filled = true;
}

void json_text(json *json, const char *name, const char *text)
{
    begin(json, name);
    if (text)
        quote(json->out, text);
    else
        fputs("null", json->out);
}

void json_number(json *json, const char *name, double number)
{
    char text[32];
    cepa_number_text(number, text);
    begin(json, name);
    fputs(number - number == 0 ? text : "null", json->out);
}

void json_whole(json *json, const char *name, uint64_t number)
{
    begin(json, name);
    fprintf(json->out, "%llu", (unsigned long long)number);
}

void json_flag(json *json, const char *name, bool flag)
{
    begin(json, name);
    fputs(flag ? "true" : "false", json->out);
}

void json_numbers(json *json, const char *name, const double *numbers, size_t count)
{
    begin(json, name);
    putc('[', json->out);
    for (size_t i = 0; i < count; i++) {
        char text[32];
        cepa_number_text(numbers[i], text);
        fprintf(json->out, "%s%s", i ? ", " : "", numbers[i] - numbers[i] == 0 ? text : "null");
    }
    putc(']', json->out);
}

void json_shape(json *json, const char *name, const int *sizes, size_t rank)
{
    begin(json, name);
    putc('[', json->out);
    for (size_t i = 0; i < rank; i++) {
        if (i) fputs(", ", json->out);
        if (sizes[i] < 0)
            fputs("null", json->out);
        else
            fprintf(json->out, "%d", sizes[i]);
    }
    putc(']', json->out);
}
