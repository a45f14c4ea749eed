/* Frame, ticks and labels as matplotlib draws them: a thin black box with ticks outside. */
#include "figures/axes.h"

#include <math.h>
#include <stdlib.h>

#define TICK_SIZE   13.0 /* of the font at the ticks */
#define LABEL_SIZE  14.0
#define TITLE_SIZE  16.0
#define TICK_LENGTH 5.0
#define GAP         6.0 /* between things that belong together */
#define LINE_WIDTH  1.0

label axis_tick_label(cairo_t *cr, const scale *s, size_t index, double size)
{
    buffer text = {0};
    scale_label(s, index, &text);
    label l = label_fit(cr, (const char *)text.bytes, size, 0);
    buffer_free(&text);
    return l;
}

static label tick_label(cairo_t *cr, const scale *s, size_t index) { return axis_tick_label(cr, s, index, TICK_SIZE); }

/* The power of ten that an axis' labels are to be multiplied by; empty where there is none. */
static label power_label(cairo_t *cr, const scale *s)
{
    buffer text = {0};
    if (s->exponent) buffer_format(&text, "1e%s%d", s->exponent < 0 ? "\u2212" : "", abs(s->exponent));
    label l = label_fit(cr, (const char *)text.bytes, TICK_SIZE, 0);
    buffer_free(&text);
    return l;
}

static double widest_tick_label(cairo_t *cr, const scale *s)
{
    double widest = 0;
    for (size_t i = 0; i < s->ticks; i++) widest = fmax(widest, tick_label(cr, s, i).width);
    return widest;
}

/* Height that a line of text takes with the gap beside it; an empty one takes none. */
static double line_height(const label *l) { return *l->text ? l->ascent + 1.5 * GAP : 0; }

axes axes_layout(cairo_t *cr, const box *area, const extent *x, const extent *y, const char *title, const char *x_label,
                 const char *y_label)
{
    axes a = {.x = scale_fit(x), .y = scale_fit(y)};
    a.title = label_fit(cr, title, TITLE_SIZE, area->width);
    a.x_label = label_fit(cr, x_label, LABEL_SIZE, area->width);
    a.y_label = label_fit(cr, y_label, LABEL_SIZE, area->height);
    label y_power = power_label(cr, &a.y);
    double ticks = TICK_LENGTH + GAP, tick_height = label_fit(cr, "0", TICK_SIZE, 0).ascent;
    double left = ticks + widest_tick_label(cr, &a.y) + (*a.y_label.text ? line_height(&a.y_label) + GAP / 2 : 0);
    double top = fmax(tick_height / 2, line_height(&a.title) + line_height(&y_power));
    label x_power = power_label(cr, &a.x);
    double below = fmax(line_height(&a.x_label), line_height(&x_power));
    double bottom = ticks + tick_height + (below > 0 ? below + GAP / 2 : 0);
    double right = widest_tick_label(cr, &a.x) / 2;
    a.frame = (box){area->x + left, area->y + top, area->width - left - right, area->height - top - bottom};
    return a;
}

static double share(const scale *s, double number) { return number / (s->high - s->low) - s->low / (s->high - s->low); }

double axes_x(const axes *a, double number) { return a->frame.x + a->frame.width * share(&a->x, number); }

double axes_y(const axes *a, double number) { return a->frame.y + a->frame.height * (1 - share(&a->y, number)); }

static void line(cairo_t *cr, double x, double y, double to_x, double to_y)
{
    cairo_move_to(cr, x, y);
    cairo_line_to(cr, to_x, to_y);
    cairo_stroke(cr);
}

static void draw_x_axis(cairo_t *cr, const axes *a)
{
    double bottom = a->frame.y + a->frame.height, base = bottom;
    for (size_t i = 0; i < a->x.ticks; i++) {
        label l = tick_label(cr, &a->x, i);
        double x = axes_x(a, scale_tick(&a->x, i));
        line(cr, x, bottom, x, bottom + TICK_LENGTH);
        base = bottom + TICK_LENGTH + GAP + l.ascent;
        label_draw(cr, &l, x, base, 0.5);
    }
    label power = power_label(cr, &a->x);
    double right = a->frame.x + a->frame.width;
    label_draw(cr, &power, right, base + GAP / 2 + line_height(&power), 1);
    label_draw(cr, &a->x_label, a->frame.x + a->frame.width / 2, base + GAP / 2 + line_height(&a->x_label), 0.5);
}

static void draw_y_axis(cairo_t *cr, const axes *a)
{
    double left = a->frame.x, widest = widest_tick_label(cr, &a->y);
    for (size_t i = 0; i < a->y.ticks; i++) {
        label l = tick_label(cr, &a->y, i);
        double y = axes_y(a, scale_tick(&a->y, i));
        line(cr, left, y, left - TICK_LENGTH, y);
        label_draw(cr, &l, left - TICK_LENGTH - GAP, y + l.ascent / 2, 1);
    }
    label power = power_label(cr, &a->y);
    label_draw(cr, &power, left, a->frame.y - GAP, 0);
    label_draw_upwards(cr, &a->y_label, left - TICK_LENGTH - 2 * GAP - widest - GAP / 2,
                       a->frame.y + a->frame.height / 2);
}

void axes_draw(cairo_t *cr, const axes *a)
{
    cairo_save(cr);
    cairo_set_source_rgb(cr, 0, 0, 0);
    cairo_set_line_width(cr, LINE_WIDTH);
    cairo_rectangle(cr, a->frame.x, a->frame.y, a->frame.width, a->frame.height);
    cairo_stroke(cr);
    draw_x_axis(cr, a);
    draw_y_axis(cr, a);
    label power = power_label(cr, &a->y);
    label_draw(cr, &a->title, a->frame.x + a->frame.width / 2, a->frame.y - 1.5 * GAP - line_height(&power), 0.5);
    cairo_restore(cr);
}
