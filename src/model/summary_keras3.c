/* The table as Keras 3 prints it through the package rich: cells in boxes, wrapped at blanks. */
#include "base/columns.h"
#include "model/summary.h"

#include <string.h>

enum { MOST_COLUMNS = 4, BLANKS_AROUND = 2 };

typedef struct column {
    const char *title;
    double end;      /* as a share of the table */
    bool right;      /* aligned */
    bool type_first; /* ink of the layer's type rather than of numbers */
} column;

static const column chain_columns[] = {
    {"Layer (type)", 0.45, .type_first = true}, {"Output Shape", 0.80}, {"Param #", 1, .right = true}};
static const column connected_columns[] = {{"Layer (type)", 0.30, .type_first = true},
                                           {"Output Shape", 0.56},
                                           {"Param #", 0.74, .right = true},
                                           {"Connected to", 1}};

typedef struct table {
    const column *columns;
    size_t count;
    size_t width[MOST_COLUMNS]; /* of the text in a column */
    bool color;
    arena *memory;
} table;

/* ---- Widths ------------------------------------------------------------------------------------------------------ */

/* total / parts rounded to the nearest whole number, halves to the even one, as Python's round. */
static size_t rounded_share(size_t total, size_t parts)
{
    size_t twice = 2 * (total % parts), share = total / parts;
    return share + (twice > parts || (twice == parts && share % 2));
}

/* Columns end at shares of the line; then each gives up its part of what the borders and blanks take. */
static void fit_widths(table *t, size_t terminal, size_t widest)
{
    enum { NARROWEST = 40 };
    size_t line = terminal < NARROWEST + 4 ? NARROWEST : terminal - 4, before = 0;
    if (line > widest) line = widest;
    size_t excess = 3 * t->count + 1;
    for (size_t i = 0; i < t->count; i++) {
        size_t end = (size_t)(t->columns[i].end * (double)line), given = rounded_share(excess, t->count - i);
        t->width[i] = end - before - given;
        excess -= given;
        before = end;
    }
}

/* ---- Cells ------------------------------------------------------------------------------------------------------- */

/* One line of a cell: bytes of its text, and an ellipsis where a word was cut. */
typedef struct piece {
    size_t from, to;
    bool cut;
} piece;

typedef struct cell {
    const char *text;
    const unsigned char *ink; /* of each byte: an index into inks; NULL without colours */
    piece *pieces;
    size_t count;
} cell;

enum ink { PLAIN, BOLD, TYPE, NUMBER, NONE_SIZE };
static const char *const inks[] = {"", "\033[1m", "\033[38;5;33m", "\033[38;5;34m", "\033[38;5;45m"};

/* Ends a line of the cell before the blanks at its end, cut where it is too wide. */
static void end_piece(cell *c, size_t from, size_t to, size_t width)
{
    while (to > from && c->text[to - 1] == ' ') to--;
    piece p = {from, to, text_columns(c->text + from, to - from) > width};
    if (p.cut) p.to = from + text_bytes(c->text + from, width - 1);
    c->pieces[c->count++] = p;
}

/* Wraps at blanks: a word that does not fit goes to the next line, where a longer one is cut. */
static bool wrap(cell *c, size_t width, arena *memory)
{
    size_t length = strlen(c->text), from = 0, used = 0, at = 0;
    c->pieces = arena_array(memory, length + 1, sizeof *c->pieces);
    if (!c->pieces) return false;
    while (at < length) {
        size_t start = at;
        while (c->text[at] == ' ') at++;
        while (c->text[at] && c->text[at] != ' ') at++;
        size_t word = text_columns(c->text + start, at - start);
        if (used + word > width && start) {
            end_piece(c, from, start, width);
            from = start;
            used = 0;
        }
        while (c->text[at] == ' ') at++;
        used += text_columns(c->text + start, at - start);
    }
    end_piece(c, from, length, width);
    return true;
}

/* The type in brackets at the end of a layer's cell. */
static void ink_type(const char *text, unsigned char *ink)
{
    const char *open = strrchr(text, '(');
    for (const char *at = open ? open + 1 : ""; *at && *at != ')'; at++) ink[at - text] = TYPE;
}

/* Numbers and None, at the start of the text or behind a bracket or blank: digits of a name are none. */
static void ink_numbers(const char *text, unsigned char *ink)
{
    for (size_t i = 0; text[i]; i++) {
        if (i && !strchr("([ ", text[i - 1])) continue;
        size_t length = strspn(text + i, "0123456789,");
        while (length && text[i + length - 1] == ',') length--;
        if (length)
            memset(ink + i, NUMBER, length);
        else if (strncmp(text + i, "None", 4) == 0)
            memset(ink + i, NONE_SIZE, 4);
    }
}

static bool make_cell(const table *t, size_t place, const char *text, bool title, cell *c)
{
    *c = (cell){.text = text};
    if (t->color) {
        unsigned char *ink = arena_allocate(t->memory, strlen(text) + 1);
        if (!ink) return false;
        if (title)
            memset(ink, BOLD, strlen(text));
        else if (t->columns[place].type_first)
            ink_type(text, ink);
        else
            ink_numbers(text, ink);
        c->ink = ink;
    }
    return wrap(c, t->width[place], t->memory);
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

static void write_inked(buffer *text, const cell *c, const piece *p)
{
    unsigned char now = PLAIN;
    for (size_t i = p->from; i < p->to; i++) {
        if (c->ink && c->ink[i] != now) {
            buffer_format(text, "%s%s", now ? "\033[0m" : "", inks[c->ink[i]]);
            now = c->ink[i];
        }
        buffer_bytes(text, c->text + i, 1);
    }
    if (p->cut) buffer_text(text, "…");
    if (now) buffer_text(text, "\033[0m");
}

/* One line of a cell, with the blanks that fill its column; line may lie outside the cell's own lines. */
static void write_piece(buffer *text, const cell *c, size_t line, size_t width, bool right)
{
    static const piece empty;
    const piece *p = line < c->count ? &c->pieces[line] : &empty;
    size_t used = text_columns(c->text + p->from, p->to - p->from) + p->cut;
    if (right) buffer_blanks(text, width - used);
    write_inked(text, c, p);
    if (!right) buffer_blanks(text, width - used);
}

/* A row of cells; those of the heading stand at its bottom, others at the top. */
static bool write_row(const table *t, buffer *text, const char *const *fields, bool title)
{
    const char *border = title ? "┃" : "│";
    cell cells[MOST_COLUMNS];
    size_t lines = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (!make_cell(t, i, fields[i], title, &cells[i])) return false;
        if (cells[i].count > lines) lines = cells[i].count;
    }
    for (size_t line = 0; line < lines; line++) {
        buffer_text(text, border);
        for (size_t i = 0; i < t->count; i++) {
            size_t above = title ? lines - cells[i].count : 0;
            buffer_text(text, " ");
            write_piece(text, &cells[i], line - above, t->width[i], t->columns[i].right);
            buffer_format(text, " %s", border);
        }
        buffer_text(text, "\n");
    }
    return true;
}

typedef struct border {
    const char *left, *line, *cross, *right;
} border;

static void write_border(const table *t, buffer *text, border b)
{
    buffer_text(text, b.left);
    for (size_t i = 0; i < t->count; i++) {
        for (size_t k = 0; k < t->width[i] + BLANKS_AROUND; k++) buffer_text(text, b.line);
        buffer_text(text, i + 1 < t->count ? b.cross : b.right);
    }
    buffer_text(text, "\n");
}

bool summary_table_keras3(summary *s, buffer *text)
{
    table t = {s->chain ? chain_columns : connected_columns, s->chain ? 3 : 4, .color = s->color, .memory = &s->memory};
    const char *titles[MOST_COLUMNS];
    fit_widths(&t, s->width, s->chain ? 88 : 108);
    for (size_t i = 0; i < t.count; i++) titles[i] = t.columns[i].title;
    buffer_format(text, s->color ? "\033[1mModel: \"%s\"\033[0m\n" : "Model: \"%s\"\n", s->network->name);
    write_border(&t, text, (border){"┏", "━", "┳", "┓"});
    bool good = write_row(&t, text, titles, true);
    write_border(&t, text, (border){"┡", "━", "╇", "┩"});
    for (size_t i = 0; good && i < s->row_count; i++) {
        const summary_row *row = &s->rows[i];
        const char *fields[] = {row->name, row->shape, row->parameters, row->connections};
        if (i) write_border(&t, text, (border){"├", "─", "┼", "┤"});
        good = write_row(&t, text, fields, false);
    }
    write_border(&t, text, (border){"└", "─", "┴", "┘"});
    return good;
}
