#include "drawing.h"
#include "files.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool make_room(drawing *d)
{
    if (d->count < d->capacity) return true;
    size_t capacity = d->capacity ? 2 * d->capacity : 16;
    void *panels = realloc(d->panels, capacity * sizeof *d->panels);
    if (panels) d->panels = panels;
    void *titles = realloc(d->titles, capacity * sizeof *d->titles);
    if (titles) d->titles = titles;
    void *matrices = realloc(d->matrices, capacity * sizeof *d->matrices);
    if (matrices) d->matrices = matrices;
    if (!panels || !titles || !matrices) return false;
    d->capacity = capacity;
    for (size_t i = 0; i < d->count; i++)
        if (d->panels[i].matrix) d->panels[i].matrix = &d->matrices[i]; /* they have moved */
    return true;
}

cepa_panel *drawing_add(drawing *d, const char *title, cepa_matrix *matrix, cepa_tone tone, cepa_error *error)
{
    char *copy = title ? strdup(title) : NULL;
    if ((title && !copy) || !make_room(d)) {
        free(copy);
        cepa_matrix_free(matrix);
        fails_memory(error);
        return NULL;
    }
    size_t i = d->count++;
    d->titles[i] = copy;
    d->matrices[i] = *matrix;
    *matrix = (cepa_matrix){.values = NULL};
    d->panels[i] = (cepa_panel){.title = copy, .matrix = &d->matrices[i], .tone = tone};
    return &d->panels[i];
}

bool drawing_skip(drawing *d, cepa_error *error)
{
    cepa_matrix none = {.values = NULL};
    cepa_panel *p = drawing_add(d, NULL, &none, CEPA_TONE_PLAIN, error);
    if (p) p->matrix = NULL;
    return p;
}

cepa_status drawing_write(const drawing *d, const char *path, const cepa_panel_options *how, cepa_error *error)
{
    cepa_status status = cepa_plot_panels(path, d->panels, d->count, how, error);
    if (!status) printf("Wrote %s\n", path);
    return status;
}

cepa_status drawing_print(const drawing *d, const settings *settings, const cepa_panel_options *how, cepa_error *error)
{
    char *text;
    cepa_text_options screen = terminal(settings);
    cepa_status status = cepa_text_panels(d->panels, d->count, how, &screen, &text, error);
    if (!status) fputs(text, stdout);
    free(text);
    return status;
}

void drawing_free(drawing *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->titles[i]);
        cepa_matrix_free(&d->matrices[i]);
    }
    free(d->panels);
    free(d->titles);
    free(d->matrices);
    *d = (drawing){.count = 0};
}

cepa_status draw_curves(const settings *settings, const char *path, const cepa_series *series, size_t count,
                        const cepa_plot_options *how, cepa_error *error)
{
    char *text = NULL;
    cepa_text_options screen = terminal(settings);
    cepa_status status = settings->text ? cepa_text_lines(series, count, how, &screen, &text, error) : CEPA_OK;
    if (text) fputs(text, stdout);
    free(text);
    if (status || !path) return status;
    status = cepa_plot_lines(path, series, count, how, error);
    if (!status) printf("Wrote %s\n", path);
    return status;
}

static bool is_one_of(const char *path, const char *const *kinds)
{
    for (; *kinds; kinds++)
        if (strcasecmp(extension(path), *kinds) == 0) return true;
    return false;
}

bool names_figure(const char *path) { return is_one_of(path, (const char *const[]){".png", ".svg", ".pdf", NULL}); }

bool names_matrix(const char *path) { return is_one_of(path, (const char *const[]){".npy", ".csv", NULL}); }

cepa_status check_figure(const char *option, const char *path, cepa_error *error)
{
    if (!path || names_figure(path)) return CEPA_OK;
    return fails(error, CEPA_ARGUMENT, "%s %s: expected a name that ends in .png, .svg or .pdf", option, path);
}
