/* Curves of a history and points of predictions as SVG; the history's numbers as a table. */
#include "page.h"

#include <math.h>
#include <string.h>

/* In units of the picture. */
enum { WIDTH = 480, HEIGHT = 300, LEFT = 52, RIGHT = 12, TOP = 26, BOTTOM = 40 };

/* Where numbers lie. */
typedef struct frame {
    double x_low, x_high, y_low, y_high; /* of y the logarithms to base 10 where it is logarithmic */
    bool logarithmic;
    bool whole; /* nothing lies between whole numbers along x */
} frame;

static double x_of(const frame *f, double x)
{
    return LEFT + (x - f->x_low) / (f->x_high - f->x_low) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const frame *f, double y)
{
    if (f->logarithmic) y = log10(y);
    return HEIGHT - BOTTOM - (y - f->y_low) / (f->y_high - f->y_low) * (HEIGHT - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, so that a span has at most six steps. */
static double step_of(double span)
{
    static const double factors[] = {1, 2, 5, 10};
    double power = pow(10, floor(log10(span / 6)));
    size_t i = 0;
    while (i < 3 && span / (factors[i] * power) > 6) i++;
    return factors[i] * power;
}

static void widen(frame *f, const double *values, size_t count)
{
    for (size_t i = 0; values && i < count; i++) {
        if (!isfinite(values[i])) continue;
        f->y_low = fmin(f->y_low, values[i]);
        f->y_high = fmax(f->y_high, values[i]);
    }
}

static void add_margin(double *low, double *high)
{
    double margin = *high > *low ? 0.05 * (*high - *low) : fmax(0.05 * fabs(*low), 1e-6);
    *low -= margin;
    *high += margin;
}

static frame frame_of(const csv_table *h, const double *a, const double *b)
{
    frame f = {.whole = true,
               .x_low = h->first_epoch + 1,
               .x_high = h->first_epoch + (double)h->epochs,
               .y_low = INFINITY,
               .y_high = -INFINITY};
    widen(&f, a, h->epochs);
    widen(&f, b, h->epochs);
    if (!(f.y_low <= f.y_high)) f.y_low = 0, f.y_high = 1;
    f.logarithmic = f.y_low > 0 && f.y_high > 100 * f.y_low; /* else all but the first epochs lie on one line */
    if (f.logarithmic) f.y_low = log10(f.y_low), f.y_high = log10(f.y_high);
    add_margin(&f.y_low, &f.y_high);
    if (f.x_high <= f.x_low) f.x_low -= 0.5, f.x_high += 0.5;
    return f;
}

/* How many ticks, the first at first * step. */
static size_t ticks_of(double low, double high, double step, double *first)
{
    *first = ceil(low / step);
    double last = floor(high / step);
    return last >= *first ? (size_t)(last - *first) + 1 : 0;
}

static void draw_axes(FILE *out, const frame *f, const char *x_label)
{
    double first, step = step_of(f->y_high - f->y_low);
    if (f->logarithmic) step = fmax(1, step); /* whole powers of ten */
    size_t ticks = ticks_of(f->y_low, f->y_high, step, &first);
    for (size_t i = 0; i < ticks; i++) {
        double number = (first + (double)i) * step;
        if (f->logarithmic) number = pow(10, number);
        double y = y_of(f, number);
        fprintf(out,
                "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%.4g</text>\n",
                LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, number);
    }
    step = step_of(f->x_high - f->x_low);
    if (f->whole) step = fmax(1, step);
    ticks = ticks_of(f->x_low, f->x_high, step, &first);
    for (size_t i = 0; i < ticks; i++) {
        double number = (first + (double)i) * step;
        fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.4g</text>\n", x_of(f, number),
                HEIGHT - BOTTOM + 16, number);
    }
    fprintf(out, "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", LEFT, TOP,
            WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6,
            x_label);
}

static void draw_line(FILE *out, const frame *f, const csv_table *h, const char *name, const double *values,
                      const char *kind)
{
    bool pen = false;
    fprintf(out, "<path class=\"%s\" d=\"", kind);
    for (size_t i = 0; i < h->epochs; i++) {
        if (isfinite(values[i]))
            fprintf(out, "%s%.1f %.1f", pen ? "L" : "M", x_of(f, h->first_epoch + (double)i + 1), y_of(f, values[i]));
        pen = isfinite(values[i]);
    }
    fputs("\"/>\n", out);
    for (size_t i = 0; i < h->epochs && h->epochs <= 200; i++) {
        if (!isfinite(values[i])) continue;
        fprintf(out, "<circle class=\"dot\" r=\"5\" cx=\"%.1f\" cy=\"%.1f\"><title>epoch %d: ",
                x_of(f, h->first_epoch + (double)i + 1), y_of(f, values[i]), h->first_epoch + (int)i + 1);
        page_text(out, name);
        fprintf(out, " %.4f</title></circle>\n", values[i]);
    }
}

static void draw_key(FILE *out, int x, const char *kind, const char *name)
{
    fprintf(out, "<path class=\"%s\" d=\"M%d 14h26\"/><text x=\"%d\" y=\"18\">", kind, x, x + 32);
    page_text(out, name);
    fputs("</text>\n", out);
}

void page_curves(FILE *out, const csv_table *h, const char *metric)
{
    char validation[200];
    snprintf(validation, sizeof validation, "val_%s", metric);
    const double *a = csv_column(h, metric), *b = csv_column(h, validation);
    if (!a || !h->epochs) return;
    frame f = frame_of(h, a, b);
    size_t last = h->epochs - 1;
    fprintf(out, "<figure>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    page_text(out, metric);
    fprintf(out, " over %zu epochs: from %.4f to %.4f", h->epochs, a[0], a[last]);
    if (b) fprintf(out, "; in validation from %.4f to %.4f", b[0], b[last]);
    fputs("\">\n", out);
    draw_axes(out, &f, "epoch");
    draw_line(out, &f, h, metric, a, "a");
    if (b) draw_line(out, &f, h, validation, b, "b");
    draw_key(out, LEFT, "a", metric);
    if (b) draw_key(out, LEFT + 190, "b", validation);
    fputs("</svg>\n", out);
    if (f.logarithmic) fputs("<figcaption>Each line stands for ten times the one below it.</figcaption>\n", out);
    fputs("</figure>\n", out);
}

void page_points(FILE *out, const char *name, const double *truth, const double *predicted, size_t count)
{
    frame f = {.x_low = INFINITY, .x_high = -INFINITY, .y_low = INFINITY, .y_high = -INFINITY};
    widen(&f, truth, count);
    f.x_low = f.y_low, f.x_high = f.y_high;
    widen(&f, predicted, count);
    if (!(f.x_low <= f.x_high)) return;
    add_margin(&f.x_low, &f.x_high);
    add_margin(&f.y_low, &f.y_high);
    double low = fmax(f.x_low, f.y_low), high = fmin(f.x_high, f.y_high);
    fprintf(out, "<figure>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    page_text(out, name);
    fprintf(out, ": %zu points, predicted over true; on the line both are the same\">\n", count);
    draw_axes(out, &f, "true");
    fprintf(out, "<path class=\"b\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", x_of(&f, low), y_of(&f, low), x_of(&f, high),
            y_of(&f, high));
    for (size_t i = 0; i < count; i++)
        if (isfinite(truth[i]) && isfinite(predicted[i]))
            fprintf(out, "<circle class=\"point\" r=\"3\" cx=\"%.1f\" cy=\"%.1f\"/>\n", x_of(&f, truth[i]),
                    y_of(&f, predicted[i]));
    fprintf(out, "<text x=\"%d\" y=\"18\">predicted ", LEFT);
    page_text(out, name);
    fputs("</text>\n</svg>\n</figure>\n", out);
}

void page_history(FILE *out, const csv_table *h)
{
    fputs("<details>\n<summary>The numbers of each epoch</summary>\n<div class=\"scroll\"><table>\n<tr><th "
          "scope=\"col\">epoch</th>",
          out);
    for (size_t c = 0; c < h->columns; c++) {
        fputs("<th scope=\"col\">", out);
        page_text(out, h->names[c]);
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
    for (size_t e = 0; e < h->epochs; e++) {
        fprintf(out, "<tr><td>%d</td>", h->first_epoch + (int)e + 1);
        for (size_t c = 0; c < h->columns; c++) fprintf(out, "<td>%.4f</td>", h->values[c * h->stride + e]);
        fputs("</tr>\n", out);
    }
    fputs("</table></div>\n</details>\n", out);
}
