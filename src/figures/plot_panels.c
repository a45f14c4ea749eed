/* cepa_plot_panels: matrices beside each other, as tables of numbers or as pictures. */
#include "figures/axes.h"
#include "figures/panels.h"
#include "figures/plain.h"
#include "figures/surface.h"
#include "figures/tile.h"
#include "figures/tone.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE   13.0 /* of the font in tables */
#define TITLE_SIZE    13.0
#define HEADING_SIZE  16.0
#define SIGN_SIZE     24.0
#define LINE          17.0 /* of a title */
#define CELL_HEIGHT   24.0
#define CELL_WIDTH    34.0 /* at least */
#define CELL_PADDING  7.0
#define GAP           14.0 /* between panels */
#define SIGN_GAP      56.0 /* with a sign between them */
#define PADDING       14.0
#define LEAST_FRAME   9.0
#define LARGEST_PLAIN 32767.0 /* pixels that cairo draws, either way */

typedef struct content {
    const cepa_panel *panels;
    size_t count, columns;
    const char *heading;
    double left;                                                      /* where panels begin */
    double tile;                                                      /* pixels of a PNG for a picture's longer side */
    double column_width[MOST_PANEL_COLUMNS], gap[MOST_PANEL_COLUMNS]; /* gap: behind a column */
    double *row_height;                                               /* by row, with titles */
    uint32_t *colours;                                                /* room for the largest picture */
} content;

/* ---- Sizes ------------------------------------------------------------------------------------------------------- */

static double title_height(const cepa_panel *p)
{
    size_t lines = plain_lines(p->title);
    return (double)lines * LINE + (lines ? 3 : 0);
}

static double title_width(cairo_t *cr, const cepa_panel *p)
{
    double widest = 0;
    for (size_t i = 0; i < plain_lines(p->title); i++)
        widest = fmax(widest, label_fit_line(cr, p->title, i, TITLE_SIZE, 0).width);
    return widest;
}

static label number_label(cairo_t *cr, const cepa_number_style *style, double number)
{
    char text[40], typographic[44], *at = text;
    cepa_styled_number(style, number, text);
    at += strspn(at, " ");
    snprintf(typographic, sizeof typographic, "%s%s", *at == '-' ? "\u2212" : "", at + (*at == '-'));
    return label_fit(cr, typographic, NUMBER_SIZE, 0);
}

static cepa_number_style style_of(const cepa_matrix *m)
{
    return cepa_number_style_of(m->values, m->height * m->width);
}

static double cell_width(cairo_t *cr, const cepa_matrix *m)
{
    cepa_number_style style = style_of(m);
    double widest = 0;
    for (size_t i = 0; i < m->height * m->width; i++)
        widest = fmax(widest, number_label(cr, &style, m->values[i]).width);
    return fmax(ceil(widest + 2 * CELL_PADDING), CELL_WIDTH);
}

/* The panel's size without its title. */
static box panel_size(cairo_t *cr, const content *c, const cepa_panel *p)
{
    if (!p->matrix) return (box){0};
    double height = (double)p->matrix->height, width = (double)p->matrix->width;
    if (p->tone == CEPA_TONE_NUMBERS)
        return (box){.width = width * cell_width(cr, p->matrix), .height = height * CELL_HEIGHT};
    double pixel = tile_pixel(p->matrix->height, p->matrix->width, c->tile);
    return (box){.width = width * pixel, .height = height * pixel};
}

static void lay_out(cairo_t *cr, content *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const cepa_panel *p = &c->panels[i];
        box size = panel_size(cr, c, p);
        double *width = &c->column_width[i % c->columns], *height = &c->row_height[i / c->columns];
        double *gap = &c->gap[i % c->columns];
        *width = fmax(*width, fmax(size.width, fmin(title_width(cr, p), size.width + 120)));
        *height = fmax(*height, size.height + title_height(p));
        *gap = fmax(*gap, p->sign ? SIGN_GAP : GAP);
    }
    c->gap[c->columns - 1] = 0;
}

static double heading_height(const content *c) { return c->heading && *c->heading ? HEADING_SIZE + 14 : 0; }

/* ---- Drawing ----------------------------------------------------------------------------------------------------- */

static void black(cairo_t *cr) { cairo_set_source_rgb(cr, 0, 0, 0); }

/* The red frame of a mark; around a few pixels of a large picture it is larger than they are, to be seen. */
static void draw_frame(cairo_t *cr, const cepa_region *r, const box *b, double cell_w, double cell_h)
{
    if (r->height <= 0) return;
    double width = fmax(r->width * cell_w, LEAST_FRAME), height = fmax(r->height * cell_h, LEAST_FRAME);
    double middle_x = b->x + (r->column + r->width / 2.0) * cell_w,
           middle_y = b->y + (r->row + r->height / 2.0) * cell_h;
    cairo_rectangle(cr, middle_x - width / 2, middle_y - height / 2, width, height);
    cairo_set_source_rgb(cr, 0.93, 0.11, 0.14);
    cairo_set_line_width(cr, 2);
    cairo_stroke(cr);
}

static void draw_cell(cairo_t *cr, const cepa_panel *p, size_t row, size_t column, const box *cell,
                      const cepa_number_style *style)
{
    bool marked = region_holds(&p->mark, row, column);
    bool pale = p->inner.height > 0 && !region_holds(&p->inner, row, column);
    if (marked || pale) {
        cairo_rectangle(cr, cell->x, cell->y, cell->width, cell->height);
        if (marked)
            cairo_set_source_rgb(cr, 0.984, 0.898, 0.839);
        else
            cairo_set_source_rgb(cr, 0.945, 0.945, 0.945);
        cairo_fill(cr);
    }
    label l = number_label(cr, style, p->matrix->values[row * p->matrix->width + column]);
    double shade = pale ? 0.45 : 0;
    cairo_set_source_rgb(cr, shade, shade, shade);
    label_draw(cr, &l, cell->x + cell->width / 2, cell->y + (cell->height + l.ascent) / 2, 0.5);
}

static void draw_lines(cairo_t *cr, const cepa_matrix *m, const box *b, double width)
{
    cairo_set_source_rgb(cr, 0.75, 0.75, 0.75);
    cairo_set_line_width(cr, 1);
    for (size_t i = 1; i < m->height; i++) {
        cairo_move_to(cr, b->x, b->y + (double)i * CELL_HEIGHT);
        cairo_line_to(cr, b->x + b->width, b->y + (double)i * CELL_HEIGHT);
    }
    for (size_t i = 1; i < m->width; i++) {
        cairo_move_to(cr, b->x + (double)i * width, b->y);
        cairo_line_to(cr, b->x + (double)i * width, b->y + b->height);
    }
    cairo_stroke(cr);
    black(cr);
    cairo_set_line_width(cr, 1.5);
    cairo_rectangle(cr, b->x, b->y, b->width, b->height);
    cairo_stroke(cr);
}

static void draw_numbers(cairo_t *cr, const cepa_panel *p, const box *b)
{
    const cepa_matrix *m = p->matrix;
    cepa_number_style style = style_of(m);
    double width = b->width / (double)m->width;
    for (size_t row = 0; row < m->height; row++)
        for (size_t column = 0; column < m->width; column++) {
            box cell = {b->x + (double)column * width, b->y + (double)row * CELL_HEIGHT, width, CELL_HEIGHT};
            draw_cell(cr, p, row, column, &cell, &style);
        }
    draw_lines(cr, m, b, width);
    draw_frame(cr, &p->mark, b, width, CELL_HEIGHT);
}

static void draw_picture(cairo_t *cr, const content *c, const cepa_panel *p, const box *b)
{
    const cepa_matrix *m = p->matrix;
    brightness bright = panel_brightness(p);
    for (size_t row = 0; row < m->height; row++)
        for (size_t column = 0; column < m->width; column++)
            c->colours[row * m->width + column] = panel_colour(p, &bright, row, column);
    double pixel = b->width / (double)m->width;
    tile_draw(cr, c->colours, m->height, m->width, b->x, b->y, pixel);
    draw_frame(cr, &p->mark, b, pixel, pixel);
}

/* Draws a panel in the middle of its cell. */
static void draw_panel(cairo_t *cr, const content *c, const cepa_panel *p, const box *cell)
{
    box b = panel_size(cr, c, p);
    double title = title_height(p);
    b.x = cell->x + (cell->width - b.width) / 2;
    b.y = cell->y + title + (cell->height - title - b.height) / 2;
    black(cr);
    for (size_t i = 0; i < plain_lines(p->title); i++) {
        label l = label_fit_line(cr, p->title, i, TITLE_SIZE, cell->width + GAP - 4);
        label_draw(cr, &l, cell->x + cell->width / 2, b.y - title + ((double)i + 1) * LINE - 4, 0.5);
    }
    if (p->matrix && p->tone == CEPA_TONE_NUMBERS)
        draw_numbers(cr, p, &b);
    else if (p->matrix)
        draw_picture(cr, c, p, &b);
    if (!p->sign) return;
    label sign = label_fit(cr, p->sign, SIGN_SIZE, 0);
    black(cr);
    label_draw(cr, &sign, cell->x + cell->width + SIGN_GAP / 2, b.y + b.height / 2 + SIGN_SIZE * 0.32, 0.5);
}

static void draw(cairo_t *cr, const void *drawn)
{
    const content *c = drawn;
    double y = PADDING + heading_height(c), right = c->left;
    for (size_t row = 0; row * c->columns < c->count; row++) {
        double x = c->left;
        for (size_t i = row * c->columns; i < c->count && i < (row + 1) * c->columns; i++) {
            box cell = {x, y, c->column_width[i % c->columns], c->row_height[row]};
            draw_panel(cr, c, &c->panels[i], &cell);
            x += cell.width + c->gap[i % c->columns];
            right = fmax(right, cell.x + cell.width);
        }
        y += c->row_height[row] + GAP;
    }
    if (heading_height(c) <= 0) return;
    label heading = label_fit(cr, c->heading, HEADING_SIZE, 0);
    black(cr);
    label_draw(cr, &heading, (c->left + right) / 2, PADDING + HEADING_SIZE, 0.5);
}

/* ---- The figure -------------------------------------------------------------------------------------------------- */

static double default_tile(size_t count) { return count <= 4 ? 384 : count <= 12 ? 192 : count <= 36 ? 128 : 96; }

static cepa_status prepare(content *c, const cepa_panel_options *o, figure *f, cepa_error *error)
{
    size_t largest = 0;
    for (size_t i = 0; i < c->count; i++) {
        const cepa_matrix *m = c->panels[i].matrix;
        size_t pixels = m ? m->height * m->width : 0;
        if (c->panels[i].tone != CEPA_TONE_NUMBERS && pixels > largest) largest = pixels;
    }
    c->row_height = calloc((c->count + c->columns - 1) / c->columns, sizeof *c->row_height);
    c->colours = calloc(largest + 1, sizeof *c->colours);
    if (!c->row_height || !c->colours) return fail_memory(error);
    c->tile = o->tile ? o->tile : default_tile(c->count);
    c->heading = o->title;
    cairo_t *cr = measuring_context();
    lay_out(cr, c);
    double panels = 0, heading = label_fit(cr, c->heading, HEADING_SIZE, 0).width;
    cairo_destroy(cr);
    for (size_t i = 0; i < c->columns; i++) panels += c->column_width[i] + c->gap[i];
    f->width = fmax(panels, heading) + 2 * PADDING;
    f->height = 2 * PADDING;
    c->left = (f->width - panels) / 2;
    for (size_t i = 0; i * c->columns < c->count; i++) f->height += c->row_height[i] + (i ? GAP : 0);
    f->height += heading_height(c);
    if (f->width * PIXELS_PER_UNIT > LARGEST_PLAIN || f->height * PIXELS_PER_UNIT > LARGEST_PLAIN)
        return fail(error, CEPA_ARGUMENT, "the figure would be %.0f x %.0f pixels large; show fewer numbers",
                    f->width * PIXELS_PER_UNIT, f->height * PIXELS_PER_UNIT);
    return CEPA_OK;
}

cepa_status cepa_plot_panels(const char *path, const cepa_panel *panels, size_t count,
                             const cepa_panel_options *options, cepa_error *error)
{
    const cepa_panel_options none = {0}, *o = options ? options : &none;
    content c = {.panels = panels, .count = count};
    cepa_status status = figure_check_path(path, error);
    if (!status) status = panels_check(panels, count, o, &c.columns, error);
    if (status) return status;
    buffer title = {0}, description = {0};
    buffer_text(&title, o->title ? o->title : panels->title ? panels->title : "Matrices");
    if (o->description)
        buffer_text(&description, o->description);
    else
        panels_describe(&description, panels, count);
    figure f = {.title = (const char *)title.bytes,
                .description = (const char *)description.bytes,
                .draw = draw,
                .content = &c};
    status = title.failed || description.failed ? fail_memory(error) : prepare(&c, o, &f, error);
    if (!status) status = figure_write(path, &f, error);
    free(c.row_height);
    free(c.colours);
    buffer_free(&title);
    buffer_free(&description);
    return status;
}

/* ---- One picture alone ------------------------------------------------------------------------------------------- */

static void draw_alone(cairo_t *cr, const void *drawn)
{
    const content *c = drawn;
    box b = {0, 0, (double)c->panels->matrix->width / PIXELS_PER_UNIT,
             (double)c->panels->matrix->height / PIXELS_PER_UNIT};
    draw_picture(cr, c, c->panels, &b);
}

cepa_status cepa_plot_picture(const char *path, const cepa_panel *panel, cepa_error *error)
{
    content c = {.panels = panel, .count = 1};
    cepa_status status = figure_check_path(path, error);
    const cepa_panel_options none = {0};
    if (!status) status = panels_check(panel, 1, &none, &c.columns, error);
    if (!status && !panel->matrix) status = fail(error, CEPA_ARGUMENT, "%s: there is no matrix to draw", path);
    if (status) return status;
    const cepa_matrix *m = panel->matrix;
    buffer description = {0};
    panels_describe(&description, panel, 1);
    c.colours = calloc(m->height * m->width, sizeof *c.colours);
    figure f = {.width = (double)m->width / PIXELS_PER_UNIT,
                .height = (double)m->height / PIXELS_PER_UNIT,
                .title = panel->title ? panel->title : "Picture",
                .description = (const char *)description.bytes,
                .draw = draw_alone,
                .content = &c};
    if (m->height > LARGEST_PLAIN || m->width > LARGEST_PLAIN)
        status =
            fail(error, CEPA_ARGUMENT, "a picture of %zu x %zu pixels is too large to be drawn", m->height, m->width);
    else
        status = c.colours && !description.failed ? figure_write(path, &f, error) : fail_memory(error);
    free(c.colours);
    buffer_free(&description);
    return status;
}
