/* Where in a source text something is wrong, said to a person. */
#include "base/buffer.h"
#include "formats/source_tree.h"

#include <stdarg.h>

enum { SHOWN = 120 }; /* bytes of a source line in a message */

static bool continues_character(char c) { return ((unsigned char)c & 0xC0) == 0x80; }

/* The part of the line around a place, and a caret below the place. A tab stays one, other control characters do not.
 */
static void print_caret(buffer *out, const source_text *source, size_t line, size_t offset)
{
    const char *text = source->text;
    size_t first = offset - line > SHOWN / 2 ? offset - SHOWN / 2 : line;
    while (continues_character(text[first])) first++;
    buffer_text(out, "\n");
    for (size_t i = first; i < source->size && text[i] != '\n' && text[i] != '\r'; i++) {
        if (i - first >= SHOWN && !continues_character(text[i])) break;
        buffer_bytes(out, (unsigned char)text[i] < ' ' && text[i] != '\t' ? " " : text + i, 1);
    }
    buffer_text(out, "\n");
    for (size_t i = first; i < offset; i++)
        if (!continues_character(text[i])) buffer_text(out, text[i] == '\t' ? "\t" : " ");
    buffer_text(out, "^");
}

cepa_status source_fail(const source_text *source, size_t offset, cepa_status status, const char *format, ...)
{
    char what[440];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    size_t number = 1, line = 0, column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (source->text[i] != '\n') continue;
        number++;
        line = i + 1;
    }
    for (size_t i = line; i < offset; i++) column += !continues_character(source->text[i]);
    buffer out = {0};
    buffer_format(&out, "%.160s:%zu:%zu: %s", source->path, number, column, what);
    print_caret(&out, source, line, offset);
    fail(source->error, status, "%s", out.failed ? what : (const char *)out.bytes);
    buffer_free(&out);
    return status;
}
