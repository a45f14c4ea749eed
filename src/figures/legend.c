/* The legend of a line plot, and the place where it hides least. */
#include "figures/lines.h"

#include "base/memory.h"

#include <math.h>

#define FONT_SIZE  13.0
#define SAMPLE     26.0 /* length of the piece of line before a name */
#define SPACE      8.0  /* inside its border, and between line and name */
#define ROW        19.0
#define DISTANCE   7.0   /* from the frame */
#define MOST_WIDTH 220.0 /* beside the frame; inside it half as much again */
#define CORNER     3.0

static label name_label(cairo_t *cr, const cepa_series *s, size_t count)
{
    double most = count > LEGEND_INSIDE ? MOST_WIDTH : 1.5 * MOST_WIDTH;
    return label_fit(cr, s->name, FONT_SIZE, most - SAMPLE - 3 * SPACE);
}

box legend_size(cairo_t *cr, const cepa_series *series, size_t count)
{
    box size = {.height = (double)count * ROW + SPACE};
    for (size_t i = 0; i < count; i++) size.width = fmax(size.width, name_label(cr, &series[i], count).width);
    size.width += SAMPLE + 3 * SPACE;
    return size;
}

/* Cuts the interval [*from, *to] of a segment's parameter to where start + t * change lies in [low, high]. */
static void cut_interval(double start, double change, double low, double high, double *from, double *to)
{
    if (fabs(change) < 1e-12) {
        if (start < low || start > high) *to = *from;
        return;
    }
    double first = (low - start) / change, second = (high - start) / change;
    *from = fmax(*from, fmin(first, second));
    *to = fmin(*to, fmax(first, second));
}

/* The length of a straight line's part inside a box (Liang and Barsky 1984). */
static double length_inside(const box *b, double x, double y, double to_x, double to_y)
{
    double from = 0, to = 1;
    cut_interval(x, to_x - x, b->x, b->x + b->width, &from, &to);
    cut_interval(y, to_y - y, b->y, b->y + b->height, &from, &to);
    return to > from ? (to - from) * hypot(to_x - x, to_y - y) : 0;
}

/* How much of the lines a box covers; a lone point counts as a short line. */
static double covered(const line_plot *plot, const box *b)
{
    double sum = 0;
    for (size_t i = 0; i < plot->count; i++) {
        const cepa_series *s = &plot->series[i];
        double last_x = 0, last_y = 0, x, y;
        bool connected = false;
        for (size_t k = 0; k < s->count; k++, last_x = x, last_y = y) {
            bool drawn = series_point(s, k, &x, &y);
            x = drawn ? axes_x(plot->axes, x) : 0;
            y = drawn ? axes_y(plot->axes, y) : 0;
            if (drawn) sum += connected ? length_inside(b, last_x, last_y, x, y) : length_inside(b, x, y, x + 1, y);
            connected = drawn;
        }
    }
    return sum;
}

/* The nine places in a frame, in matplotlib's order of preference, as shares of the free width and height. */
static const double places[][2] = {{1, 0}, {0, 0}, {0, 1}, {1, 1}, {0, 0.5}, {1, 0.5}, {0.5, 1}, {0.5, 0}, {0.5, 0.5}};

static box best_place(const line_plot *plot, box size)
{
    const box *frame = &plot->axes->frame;
    box best = size;
    double least = INFINITY;
    for (size_t i = 0; i < ARRAY_COUNT(places) && least > 0; i++) {
        box b = size;
        b.x = frame->x + DISTANCE + places[i][0] * (frame->width - size.width - 2 * DISTANCE);
        b.y = frame->y + DISTANCE + places[i][1] * (frame->height - size.height - 2 * DISTANCE);
        double hidden = covered(plot, &b);
        if (hidden < least) {
            least = hidden;
            best = b;
        }
    }
    return best;
}

static void rounded_box(cairo_t *cr, const box *b)
{
    const double quarter = 1.5707963267948966;
    cairo_new_path(cr);
    cairo_arc(cr, b->x + b->width - CORNER, b->y + CORNER, CORNER, -quarter, 0);
    cairo_arc(cr, b->x + b->width - CORNER, b->y + b->height - CORNER, CORNER, 0, quarter);
    cairo_arc(cr, b->x + CORNER, b->y + b->height - CORNER, CORNER, quarter, 2 * quarter);
    cairo_arc(cr, b->x + CORNER, b->y + CORNER, CORNER, 2 * quarter, 3 * quarter);
    cairo_close_path(cr);
}

static void draw_row(cairo_t *cr, const line_plot *plot, size_t place, double x, double middle)
{
    label l = name_label(cr, &plot->series[place], plot->count);
    cairo_save(cr);
    line_style(cr, place);
    cairo_move_to(cr, x, middle);
    cairo_line_to(cr, x + SAMPLE, middle);
    cairo_stroke(cr);
    cairo_restore(cr);
    label_draw(cr, &l, x + SAMPLE + SPACE, middle + l.ascent / 2, 0);
}

void legend_draw(cairo_t *cr, const line_plot *plot)
{
    box b = legend_size(cr, plot->series, plot->count);
    if (plot->count > LEGEND_INSIDE) {
        b.x = plot->axes->frame.x + plot->axes->frame.width + 2 * DISTANCE;
        b.y = plot->axes->frame.y;
    } else {
        b = best_place(plot, b);
    }
    cairo_save(cr);
    rounded_box(cr, &b);
    cairo_set_source_rgba(cr, 1, 1, 1, 0.8);
    cairo_fill_preserve(cr);
    cairo_set_source_rgb(cr, 0.8, 0.8, 0.8);
    cairo_set_line_width(cr, 1);
    cairo_stroke(cr);
    cairo_set_source_rgb(cr, 0, 0, 0);
    for (size_t i = 0; i < plot->count; i++)
        draw_row(cr, plot, i, b.x + SPACE, b.y + SPACE / 2 + ((double)i + 0.5) * ROW);
    cairo_restore(cr);
}
