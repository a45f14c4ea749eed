/* The look of lines: colours, dashes, and the legend that explains them. */
#ifndef FIGURES_LINES_H
#define FIGURES_LINES_H

#include "figures/axes.h"
#include "figures/series.h"

/* Series drawn as lines in a frame. */
typedef struct line_plot {
    const cepa_series *series;
    size_t count;
    const axes *axes;
} line_plot;

/* Sets colour, width and dashes of the series with this place in the plot: no two of MOST_SERIES look the same. */
void line_style(cairo_t *cr, size_t place);

/* The box a legend takes: for more than LEGEND_INSIDE series it stands to the right of the frame. */
enum { LEGEND_INSIDE = 8 };
box legend_size(cairo_t *cr, const cepa_series *series, size_t count);
/* Draws it where it covers least of the lines, or beside the frame. */
void legend_draw(cairo_t *cr, const line_plot *plot);

#endif
