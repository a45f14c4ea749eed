/* cepa_plot_lines: curves in a frame, as the lesson's figures show a training history. */
#include "figures/lines.h"

#include "base/memory.h"
#include "figures/points.h"
#include "figures/surface.h"

#define WIDTH         640.0
#define HEIGHT        480.0
#define PADDING       12.0
#define LINE_WIDTH    2.0
#define MARKER_RADIUS 3.5

/* seaborn's dashes, in line widths; the first line is solid. With ten colours twenty lines differ. */
static const double dashes[][6] = {{0}, {4, 1.5}, {1, 1}, {3, 1.25, 1.5, 1.25}, {5, 1, 1, 1}, {5, 1, 1, 1, 1, 1}};

void line_style(cairo_t *cr, size_t place)
{
    const double *pattern = dashes[place % ARRAY_COUNT(dashes)];
    double lengths[6];
    int count = 0;
    for (; count < 6 && pattern[count] > 0; count++) lengths[count] = pattern[count] * LINE_WIDTH;
    point_colour(cr, place, 1);
    cairo_set_line_width(cr, LINE_WIDTH);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_dash(cr, lengths, count, 0);
}

/* A point with a gap on both sides would leave no line: a dot shows it. */
static void draw_dot(cairo_t *cr, double x, double y) { point_draw(cr, x, y, MARKER_RADIUS); }

static void draw_series(cairo_t *cr, const axes *a, const cepa_series *s)
{
    double x, y;
    size_t length = 0; /* points of the line being drawn */
    cairo_new_path(cr);
    for (size_t i = 0; i < s->count; i++) {
        if (!series_point(s, i, &x, &y)) {
            length = 0;
            continue;
        }
        x = axes_x(a, x);
        y = axes_y(a, y);
        if (length++)
            cairo_line_to(cr, x, y);
        else
            cairo_move_to(cr, x, y);
    }
    cairo_stroke(cr);
}

static void draw_lone_points(cairo_t *cr, const axes *a, const cepa_series *s)
{
    double x, y, unused;
    for (size_t i = 0; i < s->count; i++) {
        bool before = i > 0 && series_point(s, i - 1, &unused, &unused);
        bool after = i + 1 < s->count && series_point(s, i + 1, &unused, &unused);
        if (!before && !after && series_point(s, i, &x, &y)) draw_dot(cr, axes_x(a, x), axes_y(a, y));
    }
}

/* ---- Spread ---- */

#define BAND_OPACITY 0.18
#define CAP_WIDTH    5.0 /* of an error bar, to either side */

/* Points at places of their own get dots and error bars, epochs and what is as many have the band alone. */
enum { MOST_BARS = 16 };

/* The points first ... last - 1, which all can be drawn, from one edge of the band to the other and back. */
static void fill_band(cairo_t *cr, const axes *a, const cepa_series *s, size_t first, size_t last)
{
    double x, y;
    cairo_new_path(cr);
    for (size_t i = first; i < last; i++) {
        series_point(s, i, &x, &y);
        cairo_line_to(cr, axes_x(a, x), axes_y(a, y + series_spread(s, i)));
    }
    for (size_t i = last; i-- > first;) {
        series_point(s, i, &x, &y);
        cairo_line_to(cr, axes_x(a, x), axes_y(a, y - series_spread(s, i)));
    }
    cairo_close_path(cr);
    cairo_fill(cr);
}

static void draw_band(cairo_t *cr, const axes *a, const cepa_series *s)
{
    double x, y;
    for (size_t first = 0, i = 0; i <= s->count; i++) {
        if (i < s->count && series_point(s, i, &x, &y)) continue;
        if (i > first) fill_band(cr, a, s, first, i);
        first = i + 1;
    }
}

static void draw_bars(cairo_t *cr, const axes *a, const cepa_series *s)
{
    double x, y;
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_set_line_width(cr, LINE_WIDTH / 2);
    for (size_t i = 0; i < s->count && s->count <= MOST_BARS; i++) {
        double spread = series_spread(s, i);
        if (!series_point(s, i, &x, &y)) continue;
        draw_dot(cr, axes_x(a, x), axes_y(a, y));
        if (spread <= 0) continue;
        for (int side = -1; side <= 1; side += 2) {
            double end = axes_y(a, y + side * spread);
            cairo_move_to(cr, axes_x(a, x), axes_y(a, y));
            cairo_line_to(cr, axes_x(a, x), end);
            cairo_move_to(cr, axes_x(a, x) - CAP_WIDTH, end);
            cairo_line_to(cr, axes_x(a, x) + CAP_WIDTH, end);
        }
        cairo_stroke(cr);
    }
}

typedef struct content {
    const cepa_series *series;
    size_t count;
    const char *title, *x_label, *y_label;
    bool legend;
} content;

static void draw(cairo_t *cr, const void *drawn)
{
    const content *c = drawn;
    extent x_extent, y_extent;
    series_extents(c->series, c->count, &x_extent, &y_extent);
    box area = {PADDING, PADDING, WIDTH - 2 * PADDING, HEIGHT - 2 * PADDING};
    if (c->count > LEGEND_INSIDE) area.width -= legend_size(cr, c->series, c->count).width + PADDING;
    axes a = axes_layout(cr, &area, &x_extent, &y_extent, c->title, c->x_label, c->y_label);
    for (size_t i = 0; i < c->count; i++) {
        point_colour(cr, i, BAND_OPACITY);
        if (c->series[i].spread) draw_band(cr, &a, &c->series[i]);
    }
    for (size_t i = 0; i < c->count; i++) {
        const cepa_series *s = &c->series[i];
        cairo_save(cr);
        line_style(cr, i);
        draw_series(cr, &a, s);
        draw_lone_points(cr, &a, s);
        if (s->spread && s->x) draw_bars(cr, &a, s);
        cairo_restore(cr);
    }
    axes_draw(cr, &a);
    if (c->legend) legend_draw(cr, &(line_plot){c->series, c->count, &a});
}

/* "accuracy and val_accuracy over epochs" */
static void describe_title(buffer *text, const content *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (i) buffer_text(text, i + 1 < c->count ? ", " : " and ");
        buffer_text(text, c->series[i].name);
    }
    if (*c->x_label) buffer_format(text, " over %s", c->x_label);
}

cepa_status cepa_plot_lines(const char *path, const cepa_series *series, size_t count, const cepa_plot_options *options,
                            cepa_error *error)
{
    cepa_status status = figure_check_path(path, error);
    if (status == CEPA_OK) status = series_check(series, count, error);
    if (status != CEPA_OK) return status;
    cepa_plot_options o = series_options(options, series, count);
    content c = {series, count, o.title, o.x_label, o.y_label, series_need_names(series, count, o.y_label)};
    buffer title = {0}, description = {0};
    if (o.title)
        buffer_text(&title, o.title);
    else
        describe_title(&title, &c);
    if (o.description)
        buffer_text(&description, o.description);
    else
        series_describe(&description, series, count, c.x_label, c.y_label);
    figure f = {WIDTH, HEIGHT, (const char *)title.bytes, (const char *)description.bytes, draw, &c};
    status = title.failed || description.failed ? fail_memory(error) : figure_write(path, &f, error);
    buffer_free(&title);
    buffer_free(&description);
    return status;
}
