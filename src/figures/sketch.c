/* cepa_plot_dropout: a network as columns of circles, whole and with dropout's masks. */
#include "base/buffer.h"
#include "figures/plain.h"
#include "figures/surface.h"
#include "figures/text.h"

#include <math.h>

#define RADIUS     13.0
#define PITCH      36.0  /* from circle to circle in a column */
#define COLUMN     104.0 /* from column to column */
#define TITLE_SIZE 20.0
#define LABEL_SIZE 13.0
#define TITLE      46.0 /* height of the title's part */
#define LABEL      20.0 /* of a label's line */
#define PADDING    20.0
#define MIDDLE     64.0 /* between the two sketches */
#define ARROW      6.0

enum { MOST_UNITS = 12, MOST_LAYERS = 10 };

typedef struct content {
    const cepa_sketch_layer *layers;
    size_t count, most_units;
    double width; /* of one sketch */
} content;

static bool is_kept(const cepa_sketch_layer *l, size_t unit, bool dropout)
{
    return !dropout || !l->mask || l->mask[unit] != 0;
}

static double column_x(size_t column) { return RADIUS + COLUMN * (double)column; }

static double unit_y(const content *c, const cepa_sketch_layer *l, size_t unit)
{
    return TITLE + RADIUS + PITCH * ((double)unit + ((double)c->most_units - (double)l->units) / 2);
}

/* An arrow between two circles, its head at the rim of the second. */
static void draw_arrow(cairo_t *cr, double x, double y, double to_x, double to_y)
{
    double length = hypot(to_x - x, to_y - y), dx = (to_x - x) / length, dy = (to_y - y) / length;
    double end_x = to_x - dx * (RADIUS + 1), end_y = to_y - dy * (RADIUS + 1);
    cairo_move_to(cr, x + dx * RADIUS, y + dy * RADIUS);
    cairo_line_to(cr, end_x - dx * ARROW, end_y - dy * ARROW);
    cairo_stroke(cr);
    cairo_move_to(cr, end_x, end_y);
    cairo_line_to(cr, end_x - dx * ARROW - dy * ARROW / 2.5, end_y - dy * ARROW + dx * ARROW / 2.5);
    cairo_line_to(cr, end_x - dx * ARROW + dy * ARROW / 2.5, end_y - dy * ARROW - dx * ARROW / 2.5);
    cairo_fill(cr);
}

/* Every unit that is kept to every one of the next column. */
static void draw_arrows(cairo_t *cr, const content *c, size_t column, bool dropout)
{
    const cepa_sketch_layer *from = &c->layers[column], *to = from + 1;
    cairo_set_source_rgb(cr, 0.25, 0.25, 0.25);
    cairo_set_line_width(cr, 1);
    for (size_t i = 0; i < from->units; i++)
        for (size_t k = 0; k < to->units; k++)
            if (is_kept(from, i, dropout) && is_kept(to, k, dropout))
                draw_arrow(cr, column_x(column), unit_y(c, from, i), column_x(column + 1), unit_y(c, to, k));
}

static void draw_units(cairo_t *cr, const content *c, size_t column, bool dropout)
{
    const cepa_sketch_layer *l = &c->layers[column];
    cairo_set_line_width(cr, 2.2);
    for (size_t i = 0; i < l->units; i++) {
        double shade = is_kept(l, i, dropout) ? 0 : 0.82;
        cairo_new_path(cr);
        cairo_arc(cr, column_x(column), unit_y(c, l, i), RADIUS, 0, 6.283185307179586);
        cairo_set_source_rgb(cr, shade, shade, shade);
        cairo_stroke(cr);
    }
}

static void draw_label(cairo_t *cr, const content *c, size_t column)
{
    const char *text = c->layers[column].label;
    double y = TITLE + PITCH * (double)c->most_units + LABEL;
    cairo_set_source_rgb(cr, 0, 0, 0);
    for (size_t i = 0; i < plain_lines(text); i++) {
        label l = label_fit_line(cr, text, i, LABEL_SIZE, COLUMN - 6);
        label_draw(cr, &l, column_x(column), y + LABEL * (double)i, 0.5);
    }
}

static void draw_sketch(cairo_t *cr, const content *c, const char *title, bool dropout)
{
    label heading = label_fit(cr, title, TITLE_SIZE, c->width);
    cairo_set_source_rgb(cr, 0, 0, 0);
    label_draw(cr, &heading, c->width / 2, TITLE_SIZE, 0.5);
    for (size_t i = 0; i + 1 < c->count; i++) draw_arrows(cr, c, i, dropout);
    for (size_t i = 0; i < c->count; i++) {
        draw_units(cr, c, i, dropout);
        draw_label(cr, c, i);
    }
}

/* Half of a label stands to the left of the first circle, and to the right of the last. */
#define OVERHANG (COLUMN / 2 - RADIUS)

static void draw(cairo_t *cr, const void *drawn)
{
    const content *c = drawn;
    cairo_translate(cr, PADDING + OVERHANG, PADDING);
    draw_sketch(cr, c, "no dropout", false);
    cairo_translate(cr, c->width + 2 * OVERHANG + MIDDLE - COLUMN / 2, 0);
    draw_sketch(cr, c, "with dropout", true);
}

static void describe(buffer *text, const content *c)
{
    buffer_text(text, "Two sketches of a network, without and with dropout. Columns from left to right:");
    for (size_t i = 0; i < c->count; i++) {
        const cepa_sketch_layer *l = &c->layers[i];
        size_t kept = 0;
        for (size_t k = 0; k < l->units; k++) kept += is_kept(l, k, true);
        buffer_format(text, "%s %s, %zu circles", i ? ";" : "", l->label ? l->label : "", l->units);
        if (l->mask) buffer_format(text, ", of which dropout keeps %zu", kept);
    }
    buffer_text(text, ". Every circle has an arrow to every one of the next column, but for those that are dropped.");
}

static cepa_status check(const cepa_sketch_layer *layers, size_t count, cepa_error *error)
{
    if (count < 2 || count > MOST_LAYERS)
        return fail(error, CEPA_ARGUMENT, "a sketch takes 2 to %d columns, not %zu", MOST_LAYERS, count);
    for (size_t i = 0; i < count; i++)
        if (layers[i].units < 1 || layers[i].units > MOST_UNITS)
            return fail(error, CEPA_ARGUMENT, "a column of a sketch has 1 to %d units, not %zu", MOST_UNITS,
                        layers[i].units);
    return CEPA_OK;
}

cepa_status cepa_plot_dropout(const char *path, const cepa_sketch_layer *layers, size_t count, cepa_error *error)
{
    cepa_status status = figure_check_path(path, error);
    if (!status) status = check(layers, count, error);
    if (status) return status;
    content c = {.layers = layers, .count = count, .width = COLUMN * (double)(count - 1) + 2 * RADIUS};
    size_t lines = 0;
    for (size_t i = 0; i < count; i++) {
        if (layers[i].units > c.most_units) c.most_units = layers[i].units;
        size_t own = plain_lines(layers[i].label);
        if (own > lines) lines = own;
    }
    buffer description = {0};
    describe(&description, &c);
    figure f = {.width = 2 * (PADDING + c.width + 2 * OVERHANG) + MIDDLE - COLUMN / 2,
                .height = 2 * PADDING + TITLE + PITCH * (double)c.most_units + LABEL * (double)lines,
                .title = "A network without and with dropout",
                .description = (const char *)description.bytes,
                .draw = draw,
                .content = &c};
    status = description.failed ? fail_memory(error) : figure_write(path, &f, error);
    buffer_free(&description);
    return status;
}
