/* cepa_text_panels: panels as lines of text, for terminals and for those who read with their ears. */
#include "base/columns.h"
#include "figures/panels.h"
#include "figures/plain.h"
#include "figures/tone.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A panel as lines. */
typedef struct block {
    buffer *line;
    size_t lines;
    size_t width; /* columns that each line takes on the screen */
} block;

typedef struct painting {
    const cepa_panel *panel;
    brightness brightness;
    size_t width, height; /* of the picture on the screen, in pixels */
    double black, white;  /* greys that are shown as such, of a picture in dots */
} painting;

/* ---- Blocks ------------------------------------------------------------------------------------------------------ */

static bool block_begin(block *b, size_t lines, size_t width)
{
    b->line = calloc(lines, sizeof *b->line);
    b->lines = lines;
    b->width = width;
    return b->line;
}

static void block_free(block *b)
{
    for (size_t i = 0; i < b->lines && b->line; i++) buffer_free(&b->line[i]);
    free(b->line);
}

/* ---- Tables ------------------------------------------------------------------------------------------------------ */

/* What stands around a number: brackets at the ends of a marked row. */
static void put_cell(buffer *line, const cepa_panel *p, size_t row, size_t column, const char *number, bool color)
{
    bool marked = region_holds(&p->mark, row, column);
    bool first = marked && (column == 0 || !region_holds(&p->mark, row, column - 1));
    bool last = marked && !region_holds(&p->mark, row, column + 1);
    bool pale = p->inner.height > 0 && !region_holds(&p->inner, row, column);
    if (color && marked) buffer_text(line, "\x1b[48;2;251;229;214;38;2;0;0;0m");
    if (color && pale && !marked) buffer_text(line, "\x1b[90m");
    buffer_text(line, first ? "[" : " ");
    buffer_text(line, number);
    buffer_text(line, last ? "]" : " ");
    if (color && (marked || pale)) buffer_text(line, "\x1b[0m");
}

static bool write_numbers(block *b, const cepa_panel *p, bool color)
{
    const cepa_matrix *m = p->matrix;
    cepa_number_style style = cepa_number_style_of(m->values, m->height * m->width);
    if (!block_begin(b, m->height, m->width * (size_t)(style.width + 2))) return false;
    for (size_t row = 0; row < m->height; row++)
        for (size_t column = 0; column < m->width; column++) {
            char number[40];
            cepa_styled_number(&style, m->values[row * m->width + column], number);
            put_cell(&b->line[row], p, row, column, number, color);
        }
    return true;
}

/* ---- Pictures ---------------------------------------------------------------------------------------------------- */

/* The mean colour of the panel's pixels that fall on one of the screen. */
static uint32_t mean_colour(const painting *d, size_t y, size_t x)
{
    const cepa_matrix *m = d->panel->matrix;
    size_t top = y * m->height / d->height, bottom = (y + 1) * m->height / d->height;
    size_t left = x * m->width / d->width, right = (x + 1) * m->width / d->width;
    if (bottom == top) bottom++;
    if (right == left) right++;
    uint64_t sum[3] = {0}, count = (bottom - top) * (right - left);
    for (size_t row = top; row < bottom; row++)
        for (size_t column = left; column < right; column++) {
            uint32_t colour = panel_colour(d->panel, &d->brightness, row, column);
            for (int i = 0; i < 3; i++) sum[i] += colour >> (16 - 8 * i) & 255;
        }
    return (uint32_t)(sum[0] / count << 16 | sum[1] / count << 8 | sum[2] / count);
}

static unsigned grey_of(uint32_t colour)
{
    return (299 * (colour >> 16) + 587 * (colour >> 8 & 255) + 114 * (colour & 255)) / 1000;
}

/* Two pixels, one above the other, as the halves of one character. */
static void put_halves(buffer *line, const painting *d, size_t y, size_t x)
{
    bool odd = 2 * y + 1 == d->height;
    uint32_t upper = mean_colour(d, 2 * y, x), lower = odd ? upper : mean_colour(d, 2 * y + 1, x);
    buffer_format(line, "\x1b[38;2;%u;%u;%um\x1b[48;2;%u;%u;%um\u2580", upper >> 16, upper >> 8 & 255, upper & 255,
                  lower >> 16, lower >> 8 & 255, lower & 255);
}

/* With dots alone a picture needs contrast: black and white are some deviations from its mean. */
static void choose_contrast(painting *d)
{
    double sum = 0, squares = 0, count = (double)(d->height * d->width);
    for (size_t y = 0; y < d->height; y++)
        for (size_t x = 0; x < d->width; x++) {
            double grey = grey_of(mean_colour(d, y, x));
            sum += grey;
            squares += grey * grey;
        }
    double mean = sum / count, reach = 1.7 * sqrt(fmax(squares / count - mean * mean, 0));
    bool flat = reach < 8;
    d->black = flat ? 0 : fmax(mean - reach, 0);
    d->white = flat ? 255 : fmin(mean + reach, 255);
}

/* Whether a dot of a picture in dots is lit: brighter than its place's threshold (ordered dithering, Bayer 1973). */
static bool is_lit(const painting *d, size_t y, size_t x)
{
    static const double thresholds[4][4] = {{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};
    if (y >= d->height) return false;
    double share = (grey_of(mean_colour(d, y, x)) - d->black) / (d->white - d->black);
    return share > (thresholds[y % 4][x % 4] + 0.5) / 16;
}

/* Eight pixels as the dots of a Braille character. */
static void put_dots(buffer *line, const painting *d, size_t y, size_t x)
{
    unsigned dots = 0;
    for (size_t i = 0; i < DOTS_DOWN; i++)
        for (size_t j = 0; j < DOTS_ACROSS; j++)
            if (is_lit(d, DOTS_DOWN * y + i, DOTS_ACROSS * x + j)) dots |= plain_dot(i, j);
    plain_dots(line, dots);
}

/* Columns for a picture: one for each of its own, but at least SMALLEST where there is room. */
static size_t picture_columns(const cepa_matrix *m, size_t most)
{
    enum { SMALLEST = 12 };
    size_t times = (SMALLEST + m->width - 1) / m->width;
    while (times > 1 && times * m->width > most) times--;
    return times * m->width < most ? times * m->width : most;
}

static bool write_picture(block *b, const cepa_panel *p, size_t most, bool color)
{
    const cepa_matrix *m = p->matrix;
    painting d = {.panel = p, .brightness = panel_brightness(p)};
    size_t across = color ? 1 : DOTS_ACROSS, down = color ? 2 : DOTS_DOWN; /* pixels of the picture in a character */
    size_t columns = picture_columns(m, most);
    d.width = across * columns;
    d.height = (m->height * d.width + m->width / 2) / m->width;
    if (!d.height) d.height = 1;
    if (!block_begin(b, (d.height + down - 1) / down, columns)) return false;
    if (!color) choose_contrast(&d);
    for (size_t y = 0; y < b->lines; y++) {
        for (size_t x = 0; x < columns; x++) (color ? put_halves : put_dots)(&b->line[y], &d, y, x);
        if (color) buffer_text(&b->line[y], "\x1b[0m");
    }
    return true;
}

/* ---- Rows of panels ---------------------------------------------------------------------------------------------- */

/* Panels that stand beside each other. */
typedef struct row {
    const cepa_panel *panels;
    size_t count;
    block *blocks;
    bool color;
} row;

/* The last line of a title must fit; those above it may reach over the columns behind. */
static size_t column_width(const row *r, size_t i)
{
    size_t lines = plain_lines(r->panels[i].title), title = 0, length;
    if (lines) {
        const char *last = plain_line(r->panels[i].title, lines - 1, &length);
        title = text_columns(last, length);
    }
    return r->blocks[i].width > title ? r->blocks[i].width : title;
}

static size_t gap_width(const cepa_panel *p) { return p->sign ? 5 : 2; }

static size_t most_lines(const row *r)
{
    size_t most = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->blocks[i].lines > most) most = r->blocks[i].lines;
    return most;
}

/* What stands between a panel and the next in a line. */
static void put_gap(buffer *text, const cepa_panel *p, bool sign_here)
{
    const char *sign = p->sign && strcmp(p->sign, "\u2217") == 0 ? "*" : p->sign;
    if (sign)
        buffer_format(text, "  %s  ", sign_here ? sign : " ");
    else
        buffer_text(text, "  ");
}

/* Ends a line, without the blanks that nothing follows. */
static void end_line(buffer *text)
{
    while (text->size && text->bytes[text->size - 1] == ' ') text->size--;
    buffer_text(text, "\n");
}

/* Line number of most, counted from the top, of the titles, which all end at the bottom. */
static void put_title_line(buffer *text, const row *r, size_t number, size_t most)
{
    size_t written = 0, start = 0, length;
    for (size_t i = 0; i < r->count; start += column_width(r, i) + gap_width(&r->panels[i]), i++) {
        size_t missing = most - plain_lines(r->panels[i].title);
        if (number < missing) continue;
        const char *line = plain_line(r->panels[i].title, number - missing, &length);
        if (strspn(line, " ") >= length) continue;
        if (written && written >= start) start = written + 1;
        buffer_blanks(text, start - written);
        buffer_bytes(text, line, length);
        written = start + text_columns(line, length);
    }
    end_line(text);
}

static void put_titles(buffer *text, const row *r)
{
    size_t most = 0;
    for (size_t i = 0; i < r->count; i++)
        if (plain_lines(r->panels[i].title) > most) most = plain_lines(r->panels[i].title);
    for (size_t line = 0; line < most; line++) put_title_line(text, r, line, most);
}

/* Each block in the middle of the row's lines. */
static void put_row(buffer *text, const row *r)
{
    size_t lines = most_lines(r);
    put_titles(text, r);
    for (size_t line = 0; line < lines; line++) {
        for (size_t i = 0; i < r->count; i++) {
            const block *b = &r->blocks[i];
            size_t before = (lines - b->lines) / 2, width = column_width(r, i);
            bool here = line >= before && line < before + b->lines;
            if (here && b->line[line - before].bytes) buffer_text(text, (const char *)b->line[line - before].bytes);
            if (i + 1 == r->count) break;
            buffer_blanks(text, width - (here ? b->width : 0));
            put_gap(text, &r->panels[i], line == (lines - 1) / 2);
        }
        end_line(text);
    }
}

/* Columns that each picture of the row may take, so that all fit beside the tables. */
static size_t room_for_pictures(const row *r, size_t width)
{
    size_t used = 0, pictures = 0;
    for (size_t i = 0; i < r->count; i++) {
        bool picture = r->panels[i].matrix && r->panels[i].tone != CEPA_TONE_NUMBERS;
        pictures += picture;
        used += picture ? 0 : column_width(r, i);
        if (i + 1 < r->count) used += gap_width(&r->panels[i]);
    }
    size_t room = pictures && width > used ? (width - used) / pictures : 0;
    return room > 8 ? room : 8;
}

static bool write_row(buffer *text, row *r, size_t width)
{
    bool good = true;
    for (size_t i = 0; i < r->count && good; i++)
        if (r->panels[i].matrix && r->panels[i].tone == CEPA_TONE_NUMBERS)
            good = write_numbers(&r->blocks[i], &r->panels[i], r->color);
    size_t room = room_for_pictures(r, width);
    for (size_t i = 0; i < r->count && good; i++)
        if (r->panels[i].matrix && r->panels[i].tone != CEPA_TONE_NUMBERS)
            good = write_picture(&r->blocks[i], &r->panels[i], room, r->color);
    for (size_t i = 0; i < r->count; i++)
        for (size_t k = 0; k < r->blocks[i].lines && good; k++) good = !r->blocks[i].line[k].failed;
    if (good) put_row(text, r);
    for (size_t i = 0; i < r->count; i++) block_free(&r->blocks[i]);
    return good;
}

cepa_status cepa_text_panels(const cepa_panel *panels, size_t count, const cepa_panel_options *options,
                             const cepa_text_options *text_options, char **text, cepa_error *error)
{
    const cepa_panel_options plain = {0}, *o = options ? options : &plain;
    const cepa_text_options dull = {0}, *t = text_options ? text_options : &dull;
    size_t columns;
    *text = NULL;
    cepa_status status = panels_check(panels, count, o, &columns, error);
    if (status) return status;
    buffer lines = {0};
    bool good = true;
    if (o->title) buffer_format(&lines, "%s\n", o->title);
    for (size_t first = 0; first < count && good; first += columns) {
        block blocks[MOST_PANEL_COLUMNS] = {0};
        row r = {panels + first, count - first < columns ? count - first : columns, blocks, t->color};
        if (first) buffer_text(&lines, "\n");
        good = write_row(&lines, &r, t->width > 0 ? (size_t)t->width : 80);
    }
    if (!good) lines.failed = true;
    *text = buffer_take_text(&lines);
    return *text ? CEPA_OK : fail_memory(error);
}
