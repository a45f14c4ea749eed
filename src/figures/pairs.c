/* cepa_plot_pairs: every column of a table over every other one, as seaborn's pairplot. */
#include "base/elementary.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "figures/points.h"
#include "figures/surface.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PANEL     150.0
#define GAP       10.0
#define LEFT      78.0 /* for numbers and names at the left and at the bottom */
#define BELOW     58.0
#define NAMES     180.0
#define TICK_SIZE 11.0
#define NAME_SIZE 13.0

enum { FEWEST = 2, MOST = 10, MOST_CLASSES = 20, CURVE = 101 };

typedef struct content {
    const cepa_dataset *data;
    const float *numbers;
    const char *const *columns, *const *names; /* names: of the classes; NULL: all rows are of one */
    size_t rows, count, classes;               /* count: of columns */
    extent extents[MOST];
    double *curves; /* density: column x class x CURVE */
} content;

static double number(const content *c, size_t row, size_t column)
{
    return (double)c->numbers[row * c->count + column];
}

static size_t class_of(const content *c, size_t row)
{
    int class = c->names ? cepa_dataset_class(c->data, row) : 0;
    return class > 0 && (size_t) class < c->classes ? (size_t) class : 0;
}

/* ---- Density ---- */

/* Adds to a curve the Gaussian kernels of a class' numbers, with Scott's width: n^(-1/5) standard deviations. */
static void estimate(const content *c, size_t column, size_t class, double *curve)
{
    double sum = 0, squares = 0, n = 0;
    for (size_t row = 0; row < c->rows; row++) {
        if (class_of(c, row) != class) continue;
        double x = number(c, row, column);
        sum += x;
        squares += x * x;
        n++;
    }
    double variance = n > 1 ? (squares - sum * sum / n) / (n - 1) : 0;
    if (!(variance > 0)) return;
    double width = sqrt(variance) * elementary_power(n, -0.2);
    scale s = scale_fit(&c->extents[column]);
    for (size_t row = 0; row < c->rows; row++) {
        if (class_of(c, row) != class) continue;
        for (size_t i = 0; i < CURVE; i++) {
            double x = s.low + (s.high - s.low) * (double)i / (CURVE - 1), z = (x - number(c, row, column)) / width;
            curve[i] += elementary_exp(-0.5 * z * z) / width;
        }
    }
}

static void draw_density(cairo_t *cr, const content *c, size_t column, const box *b)
{
    const double *curves = c->curves + column * c->classes * CURVE;
    double most = 0;
    for (size_t i = 0; i < c->classes * CURVE; i++) most = fmax(most, curves[i]);
    for (size_t class = 0; class < c->classes && most > 0; class ++) {
        cairo_new_path(cr);
        cairo_move_to(cr, b->x, b->y + b->height);
        for (size_t i = 0; i < CURVE; i++)
            cairo_line_to(cr, b->x + b->width * (double)i / (CURVE - 1),
                          b->y + b->height * (1 - 0.93 * curves[class * CURVE + i] / most));
        cairo_line_to(cr, b->x + b->width, b->y + b->height);
        point_colour(cr, class, 0.25);
        cairo_fill_preserve(cr);
        point_colour(cr, class, 1);
        cairo_set_line_width(cr, 1.2);
        cairo_stroke(cr);
    }
}

/* ---- Panels ---- */

static void draw_points(cairo_t *cr, const content *c, const axes *a, size_t x, size_t y)
{
    for (size_t row = 0; row < c->rows; row++) {
        point_colour(cr, class_of(c, row), 0.65);
        point_draw(cr, axes_x(a, number(c, row, x)), axes_y(a, number(c, row, y)), 2.2);
    }
}

/* Numbers and a name below a column of panels: every other tick, so that they do not touch. */
static void draw_below(cairo_t *cr, const content *c, const axes *a, size_t column)
{
    double base = a->frame.y + a->frame.height + GAP + TICK_SIZE;
    for (size_t i = 0; i < a->x.ticks; i += 2) {
        label l = axis_tick_label(cr, &a->x, i, TICK_SIZE);
        label_draw(cr, &l, axes_x(a, scale_tick(&a->x, i)), base, 0.5);
    }
    label name = label_fit(cr, c->columns[column], NAME_SIZE, PANEL);
    label_draw(cr, &name, a->frame.x + a->frame.width / 2, base + NAME_SIZE + GAP, 0.5);
}

/* The same at the left of a row. */
static void draw_left(cairo_t *cr, const content *c, const axes *a, size_t row)
{
    for (size_t i = 0; i < a->y.ticks; i += 2) {
        label l = axis_tick_label(cr, &a->y, i, TICK_SIZE);
        label_draw(cr, &l, a->frame.x - GAP / 2, axes_y(a, scale_tick(&a->y, i)) + l.ascent / 2, 1);
    }
    label name = label_fit(cr, c->columns[row], NAME_SIZE, PANEL);
    label_draw_upwards(cr, &name, GAP + NAME_SIZE, a->frame.y + a->frame.height / 2);
}

static void draw_panel(cairo_t *cr, const content *c, size_t row, size_t column)
{
    axes a = {.x = scale_fit(&c->extents[column]), .y = scale_fit(&c->extents[row])};
    a.frame = (box){LEFT + (double)column * (PANEL + GAP), GAP + (double)row * (PANEL + GAP), PANEL, PANEL};
    if (row == column)
        draw_density(cr, c, row, &a.frame);
    else
        draw_points(cr, c, &a, column, row);
    cairo_set_source_rgb(cr, 0, 0, 0);
    cairo_set_line_width(cr, 1);
    cairo_rectangle(cr, a.frame.x, a.frame.y, a.frame.width, a.frame.height);
    cairo_stroke(cr);
    if (row + 1 == c->count) draw_below(cr, c, &a, column);
    if (column == 0) draw_left(cr, c, &a, row);
}

static void draw(cairo_t *cr, const void *drawn)
{
    const content *c = drawn;
    for (size_t i = 0; i < c->count * c->count; i++) draw_panel(cr, c, i / c->count, i % c->count);
    if (c->names) point_names_draw(cr, c->names, c->classes, LEFT + (double)c->count * (PANEL + GAP), GAP);
}

/* ---- In words ---- */

/* The mean of each column for each class. */
static void describe(buffer *text, const content *c)
{
    buffer_format(text, "Each of %zu columns over each other one, %zu rows.", c->count, c->rows);
    for (size_t column = 0; column < c->count; column++) {
        buffer_format(text, " Mean of %s:", c->columns[column]);
        for (size_t class = 0; class < c->classes; class ++) {
            double sum = 0, n = 0;
            for (size_t row = 0; row < c->rows; row++)
                if (class_of(c, row) == class) sum += number(c, row, column), n++;
            buffer_format(text, "%s %s%s%.4g", class ? "," : "", c->names ? c->names[class] : "", c->names ? " " : "",
                          n > 0 ? sum / n : 0);
        }
        buffer_text(text, ".");
    }
}

static cepa_status check(const cepa_dataset_info *info, cepa_error *error)
{
    const cepa_array *x = info->inputs;
    if (x->rank != 1 || !x->columns || x->type != CEPA_FLOAT32)
        return fail(error, CEPA_ARGUMENT, "%s is no table: pairs are drawn of columns", info->name);
    if (x->shape[0] < FEWEST || x->shape[0] > MOST)
        return fail(error, CEPA_ARGUMENT, "%s has %d input columns, %d to %d can be drawn: choose some", info->name,
                    x->shape[0], FEWEST, MOST);
    return CEPA_OK;
}

cepa_status cepa_plot_pairs(const char *path, const cepa_dataset *data, cepa_error *error)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    cepa_status status = figure_check_path(path, error);
    if (!status) status = check(info, error);
    if (status) return status;
    content c = {.data = data, .numbers = info->inputs->data, .columns = info->inputs->columns, .rows = info->rows};
    c.count = (size_t)info->inputs->shape[0];
    if (info->class_count && info->class_count <= MOST_CLASSES) c.names = info->class_names;
    c.classes = c.names ? info->class_count : 1;
    c.curves = calloc(c.count * c.classes * CURVE, sizeof *c.curves);
    if (!c.curves) return fail_memory(error);
    for (size_t row = 0; row < c.rows; row++)
        for (size_t i = 0; i < c.count; i++) extent_add(&c.extents[i], number(&c, row, i));
    for (size_t i = 0; i < c.count * c.classes; i++) estimate(&c, i / c.classes, i % c.classes, c.curves + i * CURVE);
    buffer description = {0};
    describe(&description, &c);
    double side = (double)c.count * (PANEL + GAP);
    figure f = {
        LEFT + side + (c.names ? NAMES : 0), GAP + side + BELOW, info->name, (const char *)description.bytes, draw, &c};
    status = description.failed ? fail_memory(error) : figure_write(path, &f, error);
    buffer_free(&description);
    free(c.curves);
    return status;
}
