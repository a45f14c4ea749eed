/* From numbers to colours: how a matrix looks as a picture. */
#ifndef FIGURES_TONE_H
#define FIGURES_TONE_H

#include "cepa.h"

/* number * scale + offset is a byte, to be cut to 0 ... 255. */
typedef struct brightness {
    double scale, offset;
} brightness;

/* The brightness for which low is black and high is white. */
brightness brightness_between(double low, double high);

/* Numbers up to 1 are shares of white, others bytes, as matplotlib shows them; what is not in 0 ... 255 is stretched.
 */
brightness brightness_of_range(double low, double high);

/* As the panel's tone says. */
brightness panel_brightness(const cepa_panel *panel);

/* The colour 0xRRGGBB of a pixel of a panel: grey for one channel, colours for three, with the panel's heat over it. */
uint32_t panel_colour(const cepa_panel *panel, const brightness *b, size_t row, size_t column);

/* A byte of colour from a number. */
double tone_byte(const brightness *b, double number);

#endif
