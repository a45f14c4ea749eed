/* Lines in words: the text alternative of a line plot. */
#include "figures/series.h"

#include <math.h>

/* A series' drawable points that matter. */
typedef struct course {
    size_t points;
    struct {
        double x, y;
    } first, last, low, high;
    double spread; /* the largest */
} course;

static course follow(const cepa_series *s)
{
    course c = {0};
    for (size_t i = 0; i < s->count; i++) {
        double x, y;
        if (!series_point(s, i, &x, &y)) continue;
        c.last.x = x;
        c.last.y = y;
        if (!c.points++) c.first = c.low = c.high = c.last;
        c.spread = fmax(c.spread, series_spread(s, i));
        if (y < c.low.y) c.low = c.last;
        if (y > c.high.y) c.high = c.last;
    }
    return c;
}

/* How the series runs, read off its ends: an end within a sixth of the range of an extreme is at it. */
static const char *trend(const course *c)
{
    double near_enough = (c->high.y - c->low.y) / 6;
    bool starts_low = c->first.y - c->low.y <= near_enough, starts_high = c->high.y - c->first.y <= near_enough;
    bool ends_low = c->last.y - c->low.y <= near_enough, ends_high = c->high.y - c->last.y <= near_enough;
    if (c->high.y <= c->low.y) return "stays the same";
    if (starts_low && ends_high) return "rises";
    if (starts_high && ends_low) return "falls";
    if (starts_high) return "falls, then rises";
    if (starts_low) return "rises, then falls";
    return "goes up and down";
}

static void number(buffer *text, const char *before, double value)
{
    buffer_text(text, before);
    buffer_digits(text, value, 4);
}

static void describe(buffer *text, const cepa_series *s)
{
    course c = follow(s);
    buffer_format(text, " %s", s->name);
    if (!c.points) {
        buffer_text(text, " has no number that can be drawn.");
        return;
    }
    if (c.points == 1) {
        number(text, " is one point, ", c.first.y);
        number(text, " at ", c.first.x);
        buffer_text(text, ".");
        return;
    }
    buffer_format(text, " %s: %zu points", trend(&c), c.points);
    number(text, " from ", c.first.y);
    number(text, " at ", c.first.x);
    number(text, " to ", c.last.y);
    number(text, " at ", c.last.x);
    number(text, "; lowest ", c.low.y);
    number(text, " at ", c.low.x);
    number(text, ", highest ", c.high.y);
    number(text, " at ", c.high.x);
    if (c.spread > 0) number(text, "; spread up to ", c.spread);
    if (c.points < s->count) buffer_format(text, "; %zu values cannot be drawn", s->count - c.points);
    buffer_text(text, ".");
}

void series_describe(buffer *text, const cepa_series *series, size_t count, const char *x_label, const char *y_label)
{
    buffer_text(text, "Line plot");
    if (*y_label) buffer_format(text, " of %s", y_label);
    if (*x_label) buffer_format(text, " over %s", x_label);
    buffer_text(text, ".");
    for (size_t i = 0; i < count; i++) describe(text, &series[i]);
}
