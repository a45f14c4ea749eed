/* Series of points, whatever they are drawn with. */
#ifndef FIGURES_SERIES_H
#define FIGURES_SERIES_H

#include "base/error.h"
#include "figures/scale.h"

enum { MOST_SERIES = 20 };

/* matplotlib's ten colours, "tab10", for series by their place. */
uint32_t series_colour(size_t place);

/* Refuses a number of series that cannot be told apart, and series without name or numbers. */
cepa_status series_check(const cepa_series *series, size_t count, cepa_error *error);

/* The x and y of a series' point, in the numbers of the axes; false where the point cannot be drawn. */
bool series_point(const cepa_series *s, size_t index, double *x, double *y);

/* The spread at a point; 0 where there is none. */
double series_spread(const cepa_series *s, size_t index);

/* The extents of all series with their spreads. */
void series_extents(const cepa_series *series, size_t count, extent *x, extent *y);

/* The options of a plot of lines, with the axes' labels that it has where they say nothing. */
cepa_plot_options series_options(const cepa_plot_options *options, const cepa_series *series, size_t count);

/* Whether the lines need their names beside them: not where the y axis says the only one. */
bool series_need_names(const cepa_series *series, size_t count, const char *y_label);

/* A sentence for each series: where it starts and ends, how it runs, its lowest and highest point. */
void series_describe(buffer *text, const cepa_series *series, size_t count, const char *x_label, const char *y_label);

#endif
