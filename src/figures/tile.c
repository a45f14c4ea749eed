#include "figures/tile.h"

#include <math.h>
#include <string.h>

double tile_pixel(size_t height, size_t width, double most)
{
    double factor = most / (double)(height > width ? height : width);
    return (factor >= 1 ? floor(factor) : factor) / PIXELS_PER_UNIT;
}

/* The colours as a surface of their own size. */
static cairo_surface_t *surface_of(const uint32_t *colours, size_t height, size_t width)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
    unsigned char *bytes = cairo_image_surface_get_data(surface);
    if (!bytes) return surface;
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (size_t y = 0; y < height; y++) memcpy(bytes + y * stride, colours + y * width, width * sizeof *colours);
    cairo_surface_mark_dirty(surface);
    return surface;
}

/* Draws a surface, each of its pixels a sharp square. */
static void draw_sharp(cairo_t *cr, cairo_surface_t *surface, double x, double y, double pixel)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, pixel, pixel);
    cairo_set_source_surface(cr, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_paint(cr);
    cairo_restore(cr);
}

/* A surface made smaller by a factor, smoothly; takes the place of the given one. */
static cairo_surface_t *shrink(cairo_surface_t *surface, size_t height, size_t width, double factor)
{
    int new_width = (int)ceil((double)width * factor), new_height = (int)ceil((double)height * factor);
    cairo_surface_t *smaller = cairo_image_surface_create(CAIRO_FORMAT_RGB24, new_width, new_height);
    cairo_t *cr = cairo_create(smaller);
    cairo_scale(cr, new_width / (double)width, new_height / (double)height);
    cairo_set_source_surface(cr, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_GOOD);
    cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    cairo_paint(cr);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return smaller;
}

void tile_draw(cairo_t *cr, const uint32_t *colours, size_t height, size_t width, double x, double y, double pixel)
{
    cairo_surface_t *picture = surface_of(colours, height, width);
    double factor = pixel * PIXELS_PER_UNIT;
    if (factor < 1) picture = shrink(picture, height, width, factor);
    draw_sharp(cr, picture, x, y, factor < 1 ? 1 / PIXELS_PER_UNIT : pixel);
    cairo_surface_destroy(picture);
}
