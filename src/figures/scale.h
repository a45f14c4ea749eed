/* Axes as numbers: which range to show and where to put the ticks. */
#ifndef FIGURES_SCALE_H
#define FIGURES_SCALE_H

#include "base/buffer.h"

/* Smallest and largest of the numbers seen so far. */
typedef struct extent {
    double low, high;
    bool seen;
    bool whole; /* all of them whole numbers */
} extent;

/* A number that has a place on an axis: neither NaN nor infinite, nor beyond 1e300. */
bool can_draw(double number);

/* Widens the extent to a number; starts from {0}. Numbers that cannot be drawn are passed over. */
void extent_add(extent *e, double number);

/* A range with ticks at first * step, (first + 1) * step, ... */
typedef struct scale {
    double low, high; /* the ends of the axis */
    double step, first;
    size_t ticks;
    int decimals; /* of a label */
    int exponent; /* labels are the ticks over 10^exponent; 0 for numbers of ordinary size */
} scale;

/* The extent with 5 % on either side, as matplotlib; a single number gets a range around it. Ticks are 1, 2, 2.5 or 5
 * times a power of ten apart, so that there are at most nine steps and at least two ticks (matplotlib's MaxNLocator).
 * Whole numbers get ticks at whole numbers only. */
scale scale_fit(const extent *e);

double scale_tick(const scale *s, size_t index);
/* The tick's label behind what the buffer holds: "0.25". A typographic minus sign stands before negative numbers. */
void scale_label(const scale *s, size_t index, buffer *text);

#endif
