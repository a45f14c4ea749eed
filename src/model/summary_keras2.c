/* The table as Keras 2 prints it: fixed columns between lines of underscores and equals signs. */
#include "base/columns.h"
#include "model/summary.h"

#include <stdio.h>
#include <string.h>

enum { MOST_COLUMNS = 4 };

static const size_t chain_ends[MOST_COLUMNS] = {29, 55, 65}, connected_ends[MOST_COLUMNS] = {29, 58, 68, 98},
                    older_connected_ends[MOST_COLUMNS] = {32, 53, 65, 98};

typedef struct layout {
    const size_t *ends;
    size_t columns, width;
} layout;

static void rule(buffer *text, const char *character, size_t width)
{
    while (width--) buffer_text(text, character);
    buffer_text(text, "\n");
}

/* Bytes of a field that go into a line of its column: as many as fit, but no more than a whole item of a list. */
static size_t fitting(const char *field, size_t columns)
{
    static const char *const item_ends[] = {"),", "},", "],", "',"};
    size_t bytes = text_bytes(field, columns), shortest = bytes;
    for (size_t i = 0; i < ARRAY_COUNT(item_ends); i++) {
        const char *end = strstr(field, item_ends[i]);
        size_t length = end ? (size_t)(end - field) + strlen(item_ends[i]) : bytes;
        if (length < shortest) shortest = length;
    }
    return shortest;
}

/* One row: the fields are cut into lines, two blanks before the next column. */
static void write_row(buffer *text, const layout *l, const char *const *fields)
{
    const char *left[MOST_COLUMNS];
    for (size_t i = 0; i < l->columns; i++) left[i] = fields[i];
    for (bool more = true; more;) {
        size_t start = text->size;
        more = false;
        buffer_text(text, " ");
        for (size_t i = 0; i < l->columns; i++) {
            bool last = i + 1 == l->columns;
            size_t bytes = fitting(left[i], l->ends[i] - (i ? l->ends[i - 1] : 0) - (last ? 0 : 2));
            buffer_bytes(text, left[i], bytes);
            if (!last) buffer_text(text, "  ");
            size_t column =
                text->failed ? l->ends[i] : text_columns((const char *)text->bytes + start, text->size - start);
            if (column < l->ends[i]) buffer_blanks(text, l->ends[i] - column);
            left[i] += bytes;
            more |= *left[i] != 0;
        }
        buffer_text(text, "\n");
    }
}

/* One row as until Keras 2.6: each field is cut to its column, and what does not fit is lost. */
static void write_cut_row(buffer *text, const layout *l, const char *const *fields)
{
    for (size_t i = 0; i < l->columns; i++) {
        size_t start = i ? l->ends[i - 1] : 0, room = l->ends[i] - start - (i + 1 < l->columns);
        size_t bytes = text_bytes(fields[i], room);
        buffer_bytes(text, fields[i], bytes);
        buffer_blanks(text, l->ends[i] - start - text_columns(fields[i], bytes));
    }
    buffer_text(text, "\n");
}

/* Each layer behind "['a[0][0]', 'b[0][0]']" stands in a row of its own. */
static void write_cut_rows(buffer *text, const layout *l, const char *const *fields)
{
    const char *columns[MOST_COLUMNS] = {fields[0], fields[1], fields[2], ""};
    const char *left = fields[3];
    do {
        char one[200] = "";
        const char *from = strchr(left, '\''), *to = from ? strchr(from + 1, '\'') : NULL;
        if (to) snprintf(one, sizeof one, "%.*s", (int)(to - from - 1), from + 1);
        columns[3] = one;
        write_cut_row(text, l, columns);
        columns[0] = columns[1] = columns[2] = "";
        left = to ? to + 1 : "";
    } while (strchr(left, '\''));
}

static void begin_table(summary *s, buffer *text, layout *l,
                        void (*write)(buffer *, const layout *, const char *const *))
{
    static const char *const titles[] = {"Layer (type)", "Output Shape", "Param #", "Connected to"};
    l->width = l->ends[l->columns - 1];
    s->closing_rule = l->width;
    buffer_format(text, "Model: \"%s\"\n", s->network->name);
    rule(text, "_", l->width);
    write(text, l, titles);
    rule(text, "=", l->width);
}

bool summary_table_keras2(summary *s, buffer *text)
{
    layout l = {s->chain ? chain_ends : connected_ends, s->chain ? 3 : 4};
    begin_table(s, text, &l, write_row);
    for (size_t i = 0; i < s->row_count; i++) {
        const summary_row *row = &s->rows[i];
        write_row(text, &l, (const char *const[]){row->name, row->shape, row->parameters, row->connections});
        rule(text, " ", l.width);
    }
    rule(text, "=", l.width);
    return true;
}

bool summary_table_keras2_6(summary *s, buffer *text)
{
    layout l = {s->chain ? chain_ends : older_connected_ends, s->chain ? 3 : 4};
    begin_table(s, text, &l, write_cut_row);
    for (size_t i = 0; i < s->row_count; i++) {
        const summary_row *row = &s->rows[i];
        if (i) rule(text, "_", l.width);
        write_cut_rows(text, &l, (const char *const[]){row->name, row->shape, row->parameters, row->connections});
    }
    rule(text, "=", l.width);
    return true;
}
