/* A picture in a figure: each of its numbers a sharp square, or smoothly made smaller. */
#ifndef FIGURES_TILE_H
#define FIGURES_TILE_H

#include "figures/surface.h"

/* Units for one pixel of a picture whose longer side is to take at most so many pixels of a PNG: the largest whole
 * multiple of a pixel of the PNG, or less than one. */
double tile_pixel(size_t height, size_t width, double most);

/* Draws height x width colours (0xRRGGBB) with their top left corner at x, y. */
void tile_draw(cairo_t *cr, const uint32_t *colours, size_t height, size_t width, double x, double y, double pixel);

#endif
