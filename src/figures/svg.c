/* SVG documents: identifiers that depend on the figure alone, and the text alternative. */
#include "base/memory.h"
#include "figures/alternative.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void xml_text(buffer *out, const char *text)
{
    static const char *const names[] = {['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;"};
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < ARRAY_COUNT(names) && names[c])
            buffer_text(out, names[c]);
        else
            buffer_bytes(out, text, 1);
    }
}

/* The numbers that cairo gave, in order of their first appearance. */
typedef struct numbers {
    unsigned long *items;
    size_t count, capacity;
} numbers;

static size_t place_of(numbers *seen, unsigned long number, bool *failed)
{
    size_t place = 0;
    while (place < seen->count && seen->items[place] != number) place++;
    if (place < seen->count) return place;
    if (grow(&seen->items, &seen->capacity, seen->count + 1, sizeof *seen->items))
        seen->items[seen->count++] = number;
    else
        *failed = true;
    return place;
}

/* Writes the identifier at text, if it is one of cairo's, with its new number; gives the bytes read. */
static size_t renumber(buffer *out, const char *text, numbers *seen)
{
    static const char *const names[] = {"surface", "image", "source-"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        size_t length = strlen(names[i]);
        if (strncmp(text, names[i], length) != 0 || !isdigit((unsigned char)text[length])) continue;
        char *end;
        unsigned long number = strtoul(text + length, &end, 10);
        buffer_format(out, "%s%zu", names[i], place_of(seen, number, &out->failed));
        return (size_t)(end - text);
    }
    return 0;
}

/* Copies a document; identifiers stand behind a quotation mark or #. */
static void copy_renumbered(buffer *out, const char *text)
{
    numbers seen = {0};
    for (const char *mark; (mark = strpbrk(text, "\"#"));) {
        buffer_bytes(out, text, (size_t)(mark + 1 - text));
        text = mark + 1 + renumber(out, mark + 1, &seen);
    }
    buffer_text(out, text);
    free(seen.items);
}

void svg_describe(buffer *bytes, const char *title, const char *description)
{
    static const char tag[] = "<svg ";
    const char *text = (const char *)bytes->bytes, *open = text ? strstr(text, tag) : NULL;
    const char *body = open ? strchr(open, '>') : NULL;
    if (!body) return;
    body++;
    open += strlen(tag);
    buffer out = {0};
    buffer_bytes(&out, text, (size_t)(open - text));
    buffer_text(&out, "role=\"img\" image-rendering=\"pixelated\" ");
    buffer_bytes(&out, open, (size_t)(body - open));
    buffer_text(&out, "\n<title>");
    xml_text(&out, title);
    buffer_text(&out, "</title>\n<desc>");
    xml_text(&out, description);
    buffer_text(&out, "</desc>");
    copy_renumbered(&out, body);
    buffer_free(bytes);
    *bytes = out;
}
