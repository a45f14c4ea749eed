/* Points in a frame, and the names of their colours. */
#ifndef FIGURES_POINTS_H
#define FIGURES_POINTS_H

#include "figures/axes.h"

/* The colour of the series or class with this place in a figure. */
void point_colour(cairo_t *cr, size_t place, double opacity);

/* A dot at a place of the figure. */
void point_draw(cairo_t *cr, double x, double y, double radius);

/* Draws a list of coloured dots and names from its upper left corner. */
void point_names_draw(cairo_t *cr, const char *const *names, size_t count, double x, double y);

#endif
