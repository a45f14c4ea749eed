/* Panels of a figure that a command gathers, and where they go: a file, the terminal. */
#ifndef CLI_DRAWING_H
#define CLI_DRAWING_H

#include "cepa.h"
#include "options.h"

/* A growing figure that owns its titles and matrices. Zero-initialise; drawing_free at the end. */
typedef struct drawing {
    cepa_panel *panels;
    char **titles;
    cepa_matrix *matrices;
    size_t count, capacity;
} drawing;

/* Adds a panel: title (NULL: none) is copied, the matrix is taken over, also on failure. The panel may be changed until
 * the next one is added; NULL without memory. */
cepa_panel *drawing_add(drawing *drawing, const char *title, cepa_matrix *matrix, cepa_tone tone, cepa_error *error);

/* Leaves a place empty. */
bool drawing_skip(drawing *drawing, cepa_error *error);

/* Draws into a file and says so. */
cepa_status drawing_write(const drawing *drawing, const char *path, const cepa_panel_options *how, cepa_error *error);
/* Draws on the terminal. */
cepa_status drawing_print(const drawing *drawing, const settings *settings, const cepa_panel_options *how,
                          cepa_error *error);

void drawing_free(drawing *drawing);

/* Draws curves on the terminal where --text asks for them, and into the file of path (NULL: none). */
cepa_status draw_curves(const settings *settings, const char *path, const cepa_series *series, size_t count,
                        const cepa_plot_options *how, cepa_error *error);

/* Refuses what an option says of a figure's path where its extension is that of none; path may be NULL. */
cepa_status check_figure(const char *option, const char *path, cepa_error *error);

/* Whether a path's extension is that of a figure, or one of an array's or table's. */
bool names_figure(const char *path);
bool names_matrix(const char *path);

#endif
