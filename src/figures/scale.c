/* Ranges and ticks, after matplotlib's defaults (ticker.MaxNLocator, axes.autoscale). */
#include "figures/scale.h"

#include "base/memory.h"

#include <math.h>

#define MARGIN     0.05 /* of the extent, on either side */
#define MOST_STEPS 9

bool can_draw(double number) { return fabs(number) <= 1e300; }

void extent_add(extent *e, double number)
{
    if (!can_draw(number)) return;
    bool whole = number == nearbyint(number);
    if (!e->seen) *e = (extent){number, number, true, whole};
    if (number < e->low) e->low = number;
    if (number > e->high) e->high = number;
    e->whole = e->whole && whole;
}

/* The ends of the axis around the extent. */
static void choose_ends(const extent *e, scale *s)
{
    double size = fmax(fabs(e->low), fabs(e->high));
    if (!e->seen) {
        s->low = 0;
        s->high = 1;
    } else if (e->high - e->low > 1e-12 * size && e->high - e->low > 1e-290) {
        double margin = MARGIN * (e->high - e->low);
        s->low = e->low - margin;
        s->high = e->high + margin;
    } else {
        double around = e->whole && size < 1e6 ? 0.5 : size > 1e-290 ? MARGIN * size : MARGIN;
        s->low = e->low - around;
        s->high = e->high + around;
    }
}

/* Steps in rising order are numbered: 1, 2, 2.5, 5 times 10^(number / 4). */
static const double mantissas[] = {1, 2, 2.5, 5};
enum { PER_DECADE = (int)ARRAY_COUNT(mantissas) };

static int decade_of(int number) { return (int)floor((double)number / PER_DECADE); }
static int place_of(int number) { return number - decade_of(number) * PER_DECADE; }

static double step_of(int number)
{
    double mantissa = mantissas[place_of(number)];
    int decade = decade_of(number);
    return decade < 0 ? mantissa / pow(10, -decade) : mantissa * pow(10, decade);
}

/* Between whole numbers, such as epochs, there is nothing to mark. */
static bool suits(const extent *e, double step) { return !e->whole || step == nearbyint(step); }

static void use_step(scale *s, int number)
{
    s->step = step_of(number);
    s->first = ceil(s->low / s->step);
    double last = floor(s->high / s->step);
    s->ticks = last >= s->first ? (size_t)(last - s->first) + 1 : 0;
}

/* Digits that the labels need, with very large and very small numbers written over a common power of ten. */
static void choose_digits(scale *s, int number)
{
    int decade = decade_of(number);
    if (mantissas[place_of(number)] == 2.5) decade--;
    double size = fmax(fabs(s->low), fabs(s->high));
    int magnitude = (int)floor(log10(size));
    s->exponent = magnitude < -4 || magnitude > 5 ? magnitude : 0;
    s->decimals = decade < s->exponent ? s->exponent - decade : 0;
}

scale scale_fit(const extent *e)
{
    scale s = {0};
    choose_ends(e, &s);
    double least = (s.high - s.low) / MOST_STEPS;
    int lowest = e->whole ? 0 : -PER_DECADE * 400;
    int number = PER_DECADE * (int)floor(log10(least)) - PER_DECADE;
    if (number < lowest) number = lowest;
    while (step_of(number) < least || !suits(e, step_of(number))) number++;
    use_step(&s, number);
    while (s.ticks < 2 && number > lowest) use_step(&s, --number);
    choose_digits(&s, number);
    return s;
}

double scale_tick(const scale *s, size_t index) { return (s->first + (double)index) * s->step; }

void scale_label(const scale *s, size_t index, buffer *text)
{
    double tick = scale_tick(s, index);
    if (s->exponent) tick = s->exponent < 0 ? tick * pow(10, -s->exponent) : tick / pow(10, s->exponent);
    if (tick < 0) buffer_text(text, "\u2212");
    buffer_fixed(text, fabs(tick), s->decimals);
}
