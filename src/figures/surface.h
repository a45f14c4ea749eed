/* A figure and the kinds of file it can become. Every figure is drawn in memory and appears whole or not at all. */
#ifndef FIGURES_SURFACE_H
#define FIGURES_SURFACE_H

#include "base/error.h"

#include <cairo.h>

/* What a figure is made of. */
typedef struct figure {
    double width,
        height; /* in units: a unit is a CSS pixel (1/96 inch) in SVG and PDF, PIXELS_PER_UNIT pixels in PNG */
    const char *title, *description;                /* its text alternative, carried by the file */
    void (*draw)(cairo_t *cr, const void *content); /* on a white ground, in units */
    const void *content;
} figure;

#define PIXELS_PER_UNIT 1.5

/* Fails where the path's extension names none of the kinds; drawing need not begin. */
cepa_status figure_check_path(const char *path, cepa_error *error);

/* Draws the figure into a file; its extension (.png, .svg or .pdf) is its kind. Equal figures give equal bytes. */
cepa_status figure_write(const char *path, const figure *f, cepa_error *error);

#endif
