/* Plain text: its lines, and Braille characters as dots of a picture. */
#ifndef FIGURES_PLAIN_H
#define FIGURES_PLAIN_H

#include "base/buffer.h"

/* Lines of a text; none where it is NULL or "". */
size_t plain_lines(const char *text);

/* The line with this number of a text, not ended by a 0; length bytes. */
const char *plain_line(const char *text, size_t number, size_t *length);

enum { DOTS_ACROSS = 2, DOTS_DOWN = 4 }; /* of a Braille character */

/* The bit of a dot, as Unicode numbers them. */
unsigned char plain_dot(size_t down, size_t across);

/* The Braille character of these dots: U+2800 and a bit for each. */
void plain_dots(buffer *text, unsigned dots);

#endif
