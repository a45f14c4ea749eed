/* Text alternatives: what a figure says, for who cannot see it, inside the file itself. */
#ifndef FIGURES_ALTERNATIVE_H
#define FIGURES_ALTERNATIVE_H

#include "base/buffer.h"

/* Puts <title> and <desc> behind the opening tag of an SVG document. */
void alternative_svg(buffer *bytes, const char *title, const char *description);

/* Puts the text chunks Title and Description behind the header of a PNG file: tEXt, or iTXt where they are not ASCII
 * (PNG specification, 2nd edition, section 11.3.4). */
void alternative_png(buffer *bytes, const char *title, const char *description);

#endif
