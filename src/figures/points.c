/* cepa_plot_points: what was predicted over what is true, and the like. */
#include "figures/points.h"

#include "figures/series.h"
#include "figures/surface.h"

#define SIDE        480.0
#define PADDING     12.0
#define RADIUS      3.5
#define OPACITY     0.6
#define NAME_SIZE   13.0
#define NAME_HEIGHT 20.0
#define MOST_NAME   180.0

void point_colour(cairo_t *cr, size_t place, double opacity)
{
    uint32_t colour = series_colour(place);
    cairo_set_source_rgba(cr, (colour >> 16) / 255.0, (colour >> 8 & 255) / 255.0, (colour & 255) / 255.0, opacity);
}

void point_draw(cairo_t *cr, double x, double y, double radius)
{
    cairo_new_path(cr);
    cairo_arc(cr, x, y, radius, 0, 6.283185307179586);
    cairo_fill(cr);
}

void point_names_draw(cairo_t *cr, const char *const *names, size_t count, double x, double y)
{
    for (size_t i = 0; i < count; i++) {
        label l = label_fit(cr, names[i], NAME_SIZE, MOST_NAME);
        double middle = y + ((double)i + 0.5) * NAME_HEIGHT;
        point_colour(cr, i, 1);
        point_draw(cr, x + NAME_HEIGHT / 2, middle, RADIUS + 1);
        cairo_set_source_rgb(cr, 0, 0, 0);
        label_draw(cr, &l, x + NAME_HEIGHT, middle + l.ascent / 2, 0);
    }
}

typedef struct content {
    const cepa_series *series;
    size_t count;
    bool diagonal;
    const char *title, *x_label, *y_label;
    const char *names[MOST_SERIES];
} content;

/* Both axes show the same range. */
static void unite(extent *x, extent *y)
{
    extent_add(x, y->low);
    extent_add(x, y->high);
    x->whole = y->whole = x->whole && y->whole;
    *y = *x;
}

static void draw_diagonal(cairo_t *cr, const axes *a)
{
    static const double dash[] = {6, 4};
    cairo_save(cr);
    cairo_set_source_rgb(cr, 0.45, 0.45, 0.45);
    cairo_set_line_width(cr, 1.2);
    cairo_set_dash(cr, dash, 2, 0);
    cairo_move_to(cr, axes_x(a, a->x.low), axes_y(a, a->x.low));
    cairo_line_to(cr, axes_x(a, a->x.high), axes_y(a, a->x.high));
    cairo_stroke(cr);
    cairo_restore(cr);
}

static void draw(cairo_t *cr, const void *drawn)
{
    const content *c = drawn;
    extent x_extent, y_extent;
    series_extents(c->series, c->count, &x_extent, &y_extent);
    if (c->diagonal && x_extent.seen && y_extent.seen) unite(&x_extent, &y_extent);
    box area = {PADDING, PADDING, SIDE - 2 * PADDING, SIDE - 2 * PADDING};
    axes a = axes_layout(cr, &area, &x_extent, &y_extent, c->title, c->x_label, c->y_label);
    if (c->diagonal) draw_diagonal(cr, &a);
    for (size_t i = 0; i < c->count; i++) {
        double x, y;
        point_colour(cr, i, OPACITY);
        for (size_t k = 0; k < c->series[i].count; k++)
            if (series_point(&c->series[i], k, &x, &y)) point_draw(cr, axes_x(&a, x), axes_y(&a, y), RADIUS);
    }
    axes_draw(cr, &a);
    if (c->count > 1) point_names_draw(cr, c->names, c->count, area.x + area.width, a.frame.y);
}

/* "165 points of 0.2 to 15.1 over 0 to 15.4; with the diagonal, 80 above and 85 below it." */
static void describe(buffer *text, const content *c)
{
    for (size_t i = 0; i < c->count; i++) {
        extent x_extent, y_extent;
        size_t points = 0, above = 0;
        double x, y;
        series_extents(&c->series[i], 1, &x_extent, &y_extent);
        for (size_t k = 0; k < c->series[i].count; k++) {
            if (!series_point(&c->series[i], k, &x, &y)) continue;
            points++;
            above += y > x;
        }
        buffer_format(text, "%s%s: %zu points", i ? " " : "", c->series[i].name, points);
        if (points)
            buffer_format(text, ", x from %.4g to %.4g, y from %.4g to %.4g", x_extent.low, x_extent.high, y_extent.low,
                          y_extent.high);
        if (c->diagonal) buffer_format(text, "; %zu lie above the diagonal", above);
        buffer_text(text, ".");
    }
}

cepa_status cepa_plot_points(const char *path, const cepa_series *series, size_t count, bool diagonal,
                             const cepa_plot_options *options, cepa_error *error)
{
    const cepa_plot_options none = {0}, *o = options ? options : &none;
    cepa_status status = figure_check_path(path, error);
    if (!status) status = series_check(series, count, error);
    if (status) return status;
    content c = {series, count, diagonal, o->title, o->x_label, o->y_label, {NULL}};
    for (size_t i = 0; i < count; i++) c.names[i] = series[i].name;
    buffer description = {0};
    if (o->description)
        buffer_text(&description, o->description);
    else
        describe(&description, &c);
    double names = count > 1 ? MOST_NAME : 0;
    figure f = {SIDE + names, SIDE, o->title ? o->title : series->name, (const char *)description.bytes, draw, &c};
    status = description.failed ? fail_memory(error) : figure_write(path, &f, error);
    buffer_free(&description);
    return status;
}
