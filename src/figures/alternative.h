/* Last touches on a file's bytes: the text alternative, which says what the figure shows to who cannot see it. */
#ifndef FIGURES_ALTERNATIVE_H
#define FIGURES_ALTERNATIVE_H

#include "base/buffer.h"

/* Puts <title> and <desc> behind the opening tag of an SVG document by cairo, and numbers its identifiers by their
 * first appearance: cairo counts them through the whole process. */
void svg_describe(buffer *bytes, const char *title, const char *description);

/* Puts the text chunks Title and Description behind the header of a PNG file: tEXt, or iTXt where they are not ASCII
 * (PNG specification, 2nd edition, section 11.3.4). */
void png_describe(buffer *bytes, const char *title, const char *description);

#endif
