/* Two axes in a frame with ticks and labels, and the legend of what is drawn in them. */
#ifndef FIGURES_AXES_H
#define FIGURES_AXES_H

#include "figures/scale.h"
#include "figures/text.h"

typedef struct box {
    double x, y, width, height;
} box;

typedef struct axes {
    scale x, y;
    label title, x_label, y_label;
    box frame; /* where numbers are drawn */
} axes;

/* Lays the frame out in the area so that ticks, labels and title (each may be NULL) stand around it. */
axes axes_layout(cairo_t *cr, const box *area, const extent *x, const extent *y, const char *title, const char *x_label,
                 const char *y_label);

/* Draws frame, ticks, labels and title. */
void axes_draw(cairo_t *cr, const axes *a);

/* The label of a scale's tick in a font size. */
label axis_tick_label(cairo_t *cr, const scale *s, size_t index, double size);

/* Where a number is drawn. */
double axes_x(const axes *a, double number);
double axes_y(const axes *a, double number);

#endif
