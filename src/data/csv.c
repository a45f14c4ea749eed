/* CSV text as fields. */
#include "data/csv.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Text being taken apart: fields are copied to out, which needs a byte for each that is read and one more. */
typedef struct reading {
    const char *where;
    const char *next, *end;
    char *out;
    size_t line; /* from 1 */
    csv_fields *table;
    cepa_error *error;
} reading;

void csv_fields_free(csv_fields *table)
{
    free(table->fields);
    free(table->text);
    *table = (csv_fields){0};
}

static bool at_line_end(const reading *r) { return r->next == r->end || *r->next == '\n' || *r->next == '\r'; }

static bool at_field_end(const reading *r) { return at_line_end(r) || *r->next == r->table->separator; }

static void skip_blanks(reading *r)
{
    while (!at_field_end(r) && (*r->next == ' ' || *r->next == '\t')) r->next++;
}

/* What stands in quotation marks; next is behind the first. */
static cepa_status read_quoted(reading *r)
{
    size_t started = r->line;
    for (; r->next < r->end; r->next++) {
        if (*r->next == '"' && (++r->next == r->end || *r->next != '"')) {
            skip_blanks(r);
            if (at_field_end(r)) return CEPA_OK;
            return fail(r->error, CEPA_FORMAT,
                        "%s:%zu: text behind a closing quotation mark, the field's end was "
                        "expected",
                        r->where, r->line);
        }
        r->line += *r->next == '\n';
        *r->out++ = *r->next;
    }
    return fail(r->error, CEPA_FORMAT, "%s:%zu: a quotation mark is not closed", r->where, started);
}

static void read_bare(reading *r)
{
    char *start = r->out;
    while (!at_field_end(r)) *r->out++ = *r->next++;
    while (r->out > start && (r->out[-1] == ' ' || r->out[-1] == '\t')) r->out--;
}

static cepa_status read_field(reading *r)
{
    csv_fields *t = r->table;
    if (!grow(&t->fields, &t->capacity, t->count + 1, sizeof *t->fields)) return fail_memory(r->error);
    t->fields[t->count++] = r->out;
    skip_blanks(r);
    cepa_status status = CEPA_OK;
    if (r->next < r->end && *r->next == '"') {
        r->next++;
        status = read_quoted(r);
    } else
        read_bare(r);
    *r->out++ = 0;
    return status;
}

/* Spaces and nothing else up to the end of the line: next is then there. */
static bool skip_blank_line(reading *r)
{
    const char *start = r->next;
    while (r->next < r->end && *r->next == ' ') r->next++;
    if (at_line_end(r)) return true;
    r->next = start;
    return false;
}

/* A line that is not blank; next is then behind it. */
static cepa_status read_line(reading *r)
{
    csv_fields *t = r->table;
    size_t before = t->count, line = r->line;
    cepa_status status = read_field(r);
    while (!status && !at_line_end(r)) {
        r->next++;
        status = read_field(r);
    }
    if (status) return status;
    size_t found = t->count - before;
    if (t->rows == 0) t->columns = found;
    if (found != t->columns)
        return fail(r->error, CEPA_FORMAT, "%s:%zu: %zu field%s, %zu were expected, as in the first line", r->where,
                    line, found, found == 1 ? "" : "s", t->columns);
    t->rows++;
    return CEPA_OK;
}

static cepa_status read_lines(reading *r)
{
    cepa_status status = CEPA_OK;
    while (!status && r->next < r->end) {
        if (!skip_blank_line(r)) status = read_line(r);
        if (r->next < r->end && *r->next == '\r') r->next++;
        if (r->next < r->end && *r->next == '\n') {
            r->next++;
            r->line++;
        }
    }
    return status;
}

static cepa_status read_all(reading *r)
{
    size_t size = (size_t)(r->end - r->next), room;
    if (memchr(r->next, 0, size))
        return fail(r->error, CEPA_FORMAT, "%s: it holds a byte 0, lines of text were expected", r->where);
    if (!add_size(size, 2, &room) || !(r->table->text = malloc(room))) return fail_memory(r->error);
    r->out = r->table->text;
    cepa_status status = read_lines(r);
    return status || r->table->rows ? status : fail(r->error, CEPA_FORMAT, "%s: it is empty", r->where);
}

/* What the first line has most of outside quotation marks; a comma where it has none. */
static char find_separator(const char *text, const char *end)
{
    static const char separators[] = ",;\t";
    size_t count[sizeof separators] = {0}, most = 0;
    bool quoted = false;
    for (; text < end && (quoted || (*text != '\n' && *text != '\r')); text++) {
        const char *found = *text ? strchr(separators, *text) : NULL;
        if (*text == '"')
            quoted = !quoted;
        else if (found && !quoted)
            count[found - separators]++;
    }
    for (size_t i = 1; i < sizeof separators - 1; i++)
        if (count[i] > count[most]) most = i;
    return separators[most];
}

cepa_status csv_read_table(const char *where, const unsigned char *bytes, size_t size, csv_fields *table,
                           cepa_error *error)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* of UTF-8 */
    const char *text = (const char *)bytes, *end = text + size;
    if (size >= 3 && memcmp(text, mark, 3) == 0) text += 3;
    while (text < end && (*text == '\n' || *text == '\r')) text++;
    table->separator = find_separator(text, end);
    reading r = {.where = where, .next = text, .end = end, .line = 1, .table = table, .error = error};
    return read_all(&r);
}

cepa_status csv_read_list(const char *where, const char *text, csv_fields *list, cepa_error *error)
{
    list->separator = ',';
    reading r = {.where = where, .next = text, .end = text + strlen(text), .line = 1, .table = list, .error = error};
    return read_all(&r);
}

/* Whether a field is read back as it is. */
static bool is_plain(const char *field, char separator)
{
    const char *const blanks = " \t";
    return *field && !strpbrk(field, "\"\r\n") && !strchr(field, separator) && !strchr(blanks, *field) &&
           !strchr(blanks, field[strlen(field) - 1]);
}

void csv_write_field(buffer *row, char separator, const char *field)
{
    if (row->size) buffer_bytes(row, &separator, 1);
    if (is_plain(field, separator)) {
        buffer_text(row, field);
        return;
    }
    buffer_text(row, "\"");
    for (; *field; field++) {
        if (*field == '"') buffer_text(row, "\"");
        buffer_bytes(row, field, 1);
    }
    buffer_text(row, "\"");
}
