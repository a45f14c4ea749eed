/* cepa_plot_heat: a matrix of numbers as cells of more or less colour, such as a confusion matrix. */
#include "figures/surface.h"
#include "figures/text.h"

#include "base/buffer.h"

#include <math.h>

#define NAME_SIZE  13.0
#define LABEL_SIZE 14.0
#define TITLE_SIZE 16.0
#define GAP        8.0
#define MOST_NAME  170.0
#define MOST_SIDE  640.0
#define LARGEST    80.0 /* side of a cell */

typedef struct content {
    const cepa_matrix *matrix;
    const cepa_heat_options *options;
    double cell, left, top, below; /* side of a cell; room around them */
    bool upwards;                  /* the columns' names */
} content;

static const char *name_of(const char *const *names, size_t place, char number[32])
{
    if (names) return names[place];
    snprintf(number, 32, "%zu", place);
    return number;
}

/* The room that the widest name needs. */
static double room_for(cairo_t *cr, const char *const *names, size_t count)
{
    char number[32];
    double widest = 0;
    for (size_t i = 0; i < count; i++)
        widest = fmax(widest, label_fit(cr, name_of(names, i, number), NAME_SIZE, MOST_NAME).width);
    return widest;
}

static content lay_out(const cepa_matrix *m, const cepa_heat_options *o)
{
    content c = {.matrix = m, .options = o};
    size_t most = m->height > m->width ? m->height : m->width;
    c.cell = fmin(LARGEST, MOST_SIDE / (double)most);
    cairo_t *cr = measuring_context();
    double columns = room_for(cr, o->column_names, m->width), rows = room_for(cr, o->row_names, m->height);
    cairo_destroy(cr);
    c.upwards = columns > c.cell;
    c.left = 2 * GAP + rows + (o->row_label ? LABEL_SIZE + GAP : 0);
    c.top = 2 * GAP + (o->title ? TITLE_SIZE + GAP : 0);
    c.below = 3 * GAP + (c.upwards ? columns : NAME_SIZE) + (o->column_label ? LABEL_SIZE + GAP : 0);
    return c;
}

static double row_sum(const cepa_matrix *m, size_t row)
{
    double sum = 0;
    for (size_t i = 0; i < m->width; i++) sum += m->values[row * m->width + i];
    return sum;
}

/* From white to dark blue. */
static void cell_colour(cairo_t *cr, double share)
{
    cairo_set_source_rgb(cr, 1 - 0.95 * share, 1 - 0.72 * share, 1 - 0.42 * share);
}

static void draw_cell(cairo_t *cr, const content *c, size_t row, size_t column)
{
    double number = c->matrix->values[row * c->matrix->width + column], sum = row_sum(c->matrix, row);
    double share = sum > 0 && number > 0 ? fmin(number / sum, 1) : 0;
    double x = c->left + (double)column * c->cell, y = c->top + (double)row * c->cell;
    char text[32];
    snprintf(text, sizeof text, "%.4g", number);
    cell_colour(cr, share);
    cairo_rectangle(cr, x, y, c->cell, c->cell);
    cairo_fill(cr);
    label l = label_fit(cr, text, fmin(15, 0.34 * c->cell), c->cell);
    double tone = share > 0.45 ? 1 : 0;
    cairo_set_source_rgb(cr, tone, tone, tone);
    label_draw(cr, &l, x + c->cell / 2, y + (c->cell + l.ascent) / 2, 0.5);
}

static void draw_names(cairo_t *cr, const content *c)
{
    const cepa_heat_options *o = c->options;
    char number[32];
    double size = fmin(NAME_SIZE, 0.8 * c->cell), bottom = c->top + (double)c->matrix->height * c->cell;
    for (size_t i = 0; i < c->matrix->height; i++) {
        label l = label_fit(cr, name_of(o->row_names, i, number), size, MOST_NAME);
        label_draw(cr, &l, c->left - GAP, c->top + ((double)i + 0.5) * c->cell + l.ascent / 2, 1);
    }
    for (size_t i = 0; i < c->matrix->width; i++) {
        label l = label_fit(cr, name_of(o->column_names, i, number), size, MOST_NAME);
        double middle = c->left + ((double)i + 0.5) * c->cell;
        if (c->upwards)
            label_draw_upwards(cr, &l, middle + l.ascent / 2, bottom + GAP + l.width / 2);
        else
            label_draw(cr, &l, middle, bottom + GAP + l.ascent, 0.5);
    }
}

static void draw(cairo_t *cr, const void *drawn)
{
    const content *c = drawn;
    const cepa_heat_options *o = c->options;
    double width = (double)c->matrix->width * c->cell, height = (double)c->matrix->height * c->cell;
    for (size_t i = 0; i < c->matrix->height * c->matrix->width; i++)
        draw_cell(cr, c, i / c->matrix->width, i % c->matrix->width);
    cairo_set_source_rgb(cr, 0, 0, 0);
    cairo_set_line_width(cr, 1);
    cairo_rectangle(cr, c->left, c->top, width, height);
    cairo_stroke(cr);
    draw_names(cr, c);
    label title = label_fit(cr, o->title, TITLE_SIZE, width + c->left);
    label rows = label_fit(cr, o->row_label, LABEL_SIZE, height),
          columns = label_fit(cr, o->column_label, LABEL_SIZE, 0);
    label_draw(cr, &title, c->left + width / 2, c->top - GAP, 0.5);
    label_draw_upwards(cr, &rows, GAP + rows.ascent, c->top + height / 2);
    label_draw(cr, &columns, c->left + width / 2, c->top + height + c->below - GAP, 0.5);
}

/* The numbers, row by row. */
static void describe(buffer *text, const cepa_matrix *m, const cepa_heat_options *o)
{
    enum { MOST_SPOKEN = 20 };
    char number[32];
    buffer_format(text, "Matrix of %zu rows and %zu columns.", m->height, m->width);
    for (size_t row = 0; row < m->height && row < MOST_SPOKEN; row++) {
        buffer_format(text, " %s:", name_of(o->row_names, row, number));
        for (size_t i = 0; i < m->width && i < MOST_SPOKEN; i++)
            buffer_format(text, " %s %.4g%s", name_of(o->column_names, i, number), m->values[row * m->width + i],
                          i + 1 < m->width ? "," : ".");
    }
}

cepa_status cepa_plot_heat(const char *path, const cepa_matrix *matrix, const cepa_heat_options *options,
                           cepa_error *error)
{
    enum { MOST = 100 };
    const cepa_heat_options none = {0}, *o = options ? options : &none;
    cepa_status status = figure_check_path(path, error);
    if (status) return status;
    if (matrix->channels != 1 || !matrix->height || !matrix->width || matrix->height > MOST || matrix->width > MOST)
        return fail(error, CEPA_ARGUMENT,
                    "a matrix of 1 to %d rows and columns and one channel can be drawn, not of %zu x "
                    "%zu x %zu",
                    MOST, matrix->height, matrix->width, matrix->channels);
    content c = lay_out(matrix, o);
    buffer description = {0};
    if (o->description)
        buffer_text(&description, o->description);
    else
        describe(&description, matrix, o);
    figure f = {c.left + (double)matrix->width * c.cell + 3 * GAP,
                c.top + (double)matrix->height * c.cell + c.below,
                o->title ? o->title : "matrix",
                (const char *)description.bytes,
                draw,
                &c};
    status = description.failed ? fail_memory(error) : figure_write(path, &f, error);
    buffer_free(&description);
    return status;
}
