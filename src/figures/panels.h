/* Panels laid out in rows and columns; and what they show, in words. */
#ifndef FIGURES_PANELS_H
#define FIGURES_PANELS_H

#include "base/buffer.h"
#include "base/error.h"

enum { MOST_PANELS = 1024, MOST_PANEL_COLUMNS = 64 };

/* Checks the panels and gives the number of columns: all in one row where options say nothing. */
cepa_status panels_check(const cepa_panel *panels, size_t count, const cepa_panel_options *options, size_t *columns,
                         cepa_error *error);

/* True where a place lies in a region. */
bool region_holds(const cepa_region *region, size_t row, size_t column);

/* The text alternative: each panel's title, size and numbers, or their range where they are many. */
void panels_describe(buffer *text, const cepa_panel *panels, size_t count);

#endif
