/* Words on a figure: measured, cut to a width, placed. */
#ifndef FIGURES_TEXT_H
#define FIGURES_TEXT_H

#include <cairo.h>
#include <stdbool.h>
#include <stddef.h>

/* Copies text as valid UTF-8 on one line: other bytes become question marks, control characters blanks. No longer than
 * the text; cut before a character that does not fit into size: then true. */
bool text_clean(char *clean, size_t size, const char *text);

/* A piece of text made ready for a context: valid UTF-8, on one line, no wider than asked for. */
typedef struct label {
    char text[256];
    double size;          /* of the font, in units of the context */
    double width, ascent; /* the ascent is that of a capital */
} label;

/* Text in a font size, cut with an ellipsis where it is wider than most (0: as wide as it is). NULL is "".
 */
label label_fit(cairo_t *cr, const char *text, double size, double most);

/* The line with this number of such a text. */
label label_fit_line(cairo_t *cr, const char *text, size_t number, double size, double most);

/* A context on which text can be measured before there is a figure; to be destroyed. */
cairo_t *measuring_context(void);

/* Writes the label on the base line y; x is its left end, middle or right end for an anchor of 0, 0.5 or 1. */
void label_draw(cairo_t *cr, const label *l, double x, double y, double anchor);
/* The same turned upwards: reads from bottom to top, y is its middle, x its base line. */
void label_draw_upwards(cairo_t *cr, const label *l, double x, double y);

#endif
