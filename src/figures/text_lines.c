/* cepa_text_lines: curves as dots of Braille characters, for terminals. */
#include "base/columns.h"
#include "base/memory.h"
#include "figures/plain.h"
#include "figures/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_COLUMNS = 20, LEAST_LINES = 8, MOST_LINES = 24 };

/* Dots on and off along a line, by the series' place, where there are no colours. */
static const int dashes[][2] = {{1, 0}, {3, 2}, {1, 2}, {6, 2}, {2, 4}};

typedef struct canvas {
    size_t columns, lines;  /* characters */
    unsigned char *dots;    /* of each character: a bit for each, as Unicode numbers them */
    unsigned char *painter; /* the place of the series that drew last, plus 1 */
    scale x, y;
    size_t place; /* of the series that is drawn */
    bool color;
} canvas;

/* ---- Dots -------------------------------------------------------------------------------------------------------- */

static void put_dot(canvas *c, double across, double down)
{
    long x = lrint(across), y = lrint(down);
    if (x < 0 || y < 0 || x >= (long)(DOTS_ACROSS * c->columns) || y >= (long)(DOTS_DOWN * c->lines)) return;
    size_t at = (size_t)y / DOTS_DOWN * c->columns + (size_t)x / DOTS_ACROSS;
    c->dots[at] |= plain_dot((size_t)y % DOTS_DOWN, (size_t)x % DOTS_ACROSS);
    c->painter[at] = (unsigned char)(c->place + 1);
}

static double dot_x(const canvas *c, double number)
{
    return (number - c->x.low) / (c->x.high - c->x.low) * (double)(DOTS_ACROSS * c->columns - 1);
}

static double dot_y(const canvas *c, double number)
{
    return (c->y.high - number) / (c->y.high - c->y.low) * (double)(DOTS_DOWN * c->lines - 1);
}

/* A straight line; *drawn counts its dots, so that dashes run on from piece to piece. */
static void draw_piece(canvas *c, double x, double y, double to_x, double to_y, long *drawn)
{
    const int *dash = dashes[c->color ? 0 : c->place % ARRAY_COUNT(dashes)];
    long steps = (long)ceil(fmax(fabs(to_x - x), fabs(to_y - y)));
    for (long i = 0; i <= steps; i++, ++*drawn) {
        double way = steps ? (double)i / (double)steps : 0;
        if (*drawn % (dash[0] + dash[1]) < dash[0]) put_dot(c, x + way * (to_x - x), y + way * (to_y - y));
    }
}

/* The spread as every other dot of an upright line. */
static void draw_spread(canvas *c, double x, double low, double high)
{
    long from = lrint(dot_y(c, high)), to = lrint(dot_y(c, low));
    for (long y = from; y <= to; y += 2) put_dot(c, dot_x(c, x), (double)y);
}

static void draw_series(canvas *c, const cepa_series *s)
{
    double x, y, last_x = 0, last_y = 0;
    long drawn = 0;
    bool connected = false;
    for (size_t i = 0; i < s->count; i++) {
        bool good = series_point(s, i, &x, &y);
        if (good && series_spread(s, i) > 0) draw_spread(c, x, y - series_spread(s, i), y + series_spread(s, i));
        x = good ? dot_x(c, x) : 0;
        y = good ? dot_y(c, y) : 0;
        if (good) draw_piece(c, connected ? last_x : x, connected ? last_y : y, x, y, &drawn);
        connected = good;
        last_x = x;
        last_y = y;
    }
}

/* ---- Text -------------------------------------------------------------------------------------------------------- */

static void put_colour(buffer *text, const canvas *c, size_t place)
{
    uint32_t colour = series_colour(place);
    if (c->color) buffer_format(text, "\x1b[38;2;%u;%u;%um", colour >> 16, colour >> 8 & 255, colour & 255);
}

static void end_colour(buffer *text, const canvas *c)
{
    if (c->color) buffer_text(text, "\x1b[0m");
}

static void put_cell(buffer *text, const canvas *c, size_t at)
{
    if (!c->dots[at]) {
        buffer_text(text, " ");
        return;
    }
    put_colour(text, c, c->painter[at] - 1u);
    plain_dots(text, c->dots[at]);
    end_colour(text, c);
}

static size_t columns_of(const char *text) { return text_columns(text, strlen(text)); }

/* A tick's label in a small buffer. */
static void label_of(const scale *s, size_t tick, char label[40])
{
    buffer b = {0};
    scale_label(s, tick, &b);
    if (s->exponent && tick + 1 == s->ticks) buffer_format(&b, "e%d", s->exponent);
    snprintf(label, 40, "%s", b.failed ? "" : (const char *)b.bytes);
    buffer_free(&b);
}

static size_t widest_label(const scale *s)
{
    size_t widest = 0;
    for (size_t i = 0; i < s->ticks; i++) {
        char label[40];
        label_of(s, i, label);
        if (columns_of(label) > widest) widest = columns_of(label);
    }
    return widest;
}

/* The line of characters that a number of the y axis falls on. */
static size_t line_of(const canvas *c, double number) { return (size_t)lrint(dot_y(c, number)) / DOTS_DOWN; }

static void put_line(buffer *text, const canvas *c, size_t line, size_t margin)
{
    char label[40] = "";
    for (size_t i = 0; i < c->y.ticks; i++)
        if (line_of(c, scale_tick(&c->y, i)) == line) label_of(&c->y, i, label);
    buffer_blanks(text, margin - columns_of(label));
    buffer_format(text, "%s %s", label, *label ? "\u2524" : "\u2502");
    for (size_t i = 0; i < c->columns; i++) put_cell(text, c, line * c->columns + i);
    buffer_text(text, "\n");
}

static void put_x_axis(buffer *text, const canvas *c, size_t margin)
{
    buffer_blanks(text, margin + 1);
    buffer_text(text, "\u2514");
    for (size_t i = 0, tick = 0; i < c->columns; i++) {
        bool here = tick < c->x.ticks && (size_t)lrint(dot_x(c, scale_tick(&c->x, tick))) / DOTS_ACROSS <= i;
        buffer_text(text, here ? "\u252c" : "\u2500");
        tick += here;
    }
    buffer_text(text, "\n");
}

static void put_x_labels(buffer *text, const canvas *c, size_t margin)
{
    size_t used = 0;
    for (size_t i = 0; i < c->x.ticks; i++) {
        char label[40];
        label_of(&c->x, i, label);
        size_t width = columns_of(label),
               middle = margin + 2 + (size_t)lrint(dot_x(c, scale_tick(&c->x, i))) / DOTS_ACROSS;
        size_t start = middle > width / 2 ? middle - width / 2 : 0;
        if (used && start < used + 1) continue; /* no room beside the one before */
        buffer_blanks(text, start - used);
        buffer_text(text, label);
        used = start + width;
    }
    buffer_text(text, "\n");
}

/* A piece of each line, and its name. */
static void put_legend(buffer *text, const canvas *c, const cepa_series *series, size_t count, size_t margin)
{
    for (size_t i = 0; i < count; i++) {
        const int *dash = dashes[c->color ? 0 : i % ARRAY_COUNT(dashes)];
        buffer_blanks(text, margin + 2);
        put_colour(text, c, i);
        for (int k = 0; k < 6; k++) {
            unsigned dots = 0;
            for (int d = 0; d < DOTS_ACROSS; d++)
                if ((DOTS_ACROSS * k + d) % (dash[0] + dash[1]) < dash[0]) dots |= plain_dot(1, (size_t)d);
            plain_dots(text, dots);
        }
        end_colour(text, c);
        buffer_format(text, " %s\n", series[i].name);
    }
}

static void put_all(buffer *text, const canvas *c, const cepa_series *series, size_t count, const cepa_plot_options *o)
{
    size_t margin = widest_label(&c->y);
    if (o->title) buffer_format(text, "%s\n", o->title);
    if (*o->y_label) buffer_format(text, "%s\n", o->y_label);
    for (size_t line = 0; line < c->lines; line++) put_line(text, c, line, margin);
    put_x_axis(text, c, margin);
    put_x_labels(text, c, margin);
    if (*o->x_label) {
        size_t middle = margin + 2 + c->columns / 2, half = columns_of(o->x_label) / 2;
        buffer_blanks(text, middle > half ? middle - half : 0);
        buffer_format(text, "%s\n", o->x_label);
    }
    if (series_need_names(series, count, o->y_label)) put_legend(text, c, series, count, margin);
}

/* ---- The plot ---------------------------------------------------------------------------------------------------- */

static bool open_canvas(canvas *c, const cepa_series *series, size_t count, int width)
{
    extent x, y;
    series_extents(series, count, &x, &y);
    c->x = scale_fit(&x);
    c->y = scale_fit(&y);
    size_t taken = widest_label(&c->y) + 3, wide = width > 0 ? (size_t)width : 80;
    c->columns = wide > taken + LEAST_COLUMNS ? wide - taken : LEAST_COLUMNS;
    c->lines = c->columns / 4;
    if (c->lines < LEAST_LINES) c->lines = LEAST_LINES;
    if (c->lines > MOST_LINES) c->lines = MOST_LINES;
    c->dots = calloc(c->columns * c->lines, 1);
    c->painter = calloc(c->columns * c->lines, 1);
    return c->dots && c->painter;
}

cepa_status cepa_text_lines(const cepa_series *series, size_t count, const cepa_plot_options *options,
                            const cepa_text_options *text_options, char **text, cepa_error *error)
{
    const cepa_text_options dull = {0}, *t = text_options ? text_options : &dull;
    *text = NULL;
    cepa_status status = series_check(series, count, error);
    if (status) return status;
    cepa_plot_options o = series_options(options, series, count);
    canvas c = {.color = t->color};
    buffer lines = {0};
    if (open_canvas(&c, series, count, t->width)) {
        for (c.place = 0; c.place < count; c.place++) draw_series(&c, &series[c.place]);
        put_all(&lines, &c, series, count, &o);
    } else
        lines.failed = true;
    free(c.dots);
    free(c.painter);
    *text = buffer_take_text(&lines);
    return *text ? CEPA_OK : fail_memory(error);
}
