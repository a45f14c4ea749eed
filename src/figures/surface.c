/* From a figure to the bytes of a PNG, SVG or PDF file. */
#include "figures/surface.h"

#include "base/file.h"
#include "base/memory.h"
#include "figures/alternative.h"
#include "figures/text.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <stdlib.h>
#include <string.h>

typedef struct file_kind {
    const char *extension;
    double units; /* of the surface for one of the figure */
    cairo_surface_t *(*open)(const figure *f, buffer *bytes);
    cairo_status_t (*close)(cairo_surface_t *surface, buffer *bytes);
    void (*describe)(buffer *bytes, const char *title, const char *description); /* NULL: open has done it */
} file_kind;

static cairo_status_t write_bytes(void *context, const unsigned char *bytes, unsigned size)
{
    buffer *b = context;
    buffer_bytes(b, bytes, size);
    return b->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *open_png(const figure *f, buffer *bytes)
{
    (void)bytes;
    return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(f->width * PIXELS_PER_UNIT + 0.5),
                                      (int)(f->height * PIXELS_PER_UNIT + 0.5));
}

static cairo_status_t close_png(cairo_surface_t *surface, buffer *bytes)
{
    return cairo_surface_write_to_png_stream(surface, write_bytes, bytes);
}

static cairo_surface_t *open_svg(const figure *f, buffer *bytes)
{
    cairo_surface_t *surface = cairo_svg_surface_create_for_stream(write_bytes, bytes, f->width, f->height);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
        cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    return surface;
}

#define POINTS_PER_UNIT 0.75

static cairo_surface_t *open_pdf(const figure *f, buffer *bytes)
{
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(write_bytes, bytes, f->width * POINTS_PER_UNIT,
                                                                   f->height * POINTS_PER_UNIT);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) return surface;
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, f->title);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, f->description);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "1980-01-01T00:00:00Z");
    return surface;
}

static cairo_status_t close_document(cairo_surface_t *surface, buffer *bytes)
{
    (void)bytes;
    cairo_surface_finish(surface);
    return cairo_surface_status(surface);
}

static const file_kind file_kinds[] = {
    {".png", PIXELS_PER_UNIT, open_png, close_png, png_describe},
    {".svg", 1, open_svg, close_document, svg_describe},
    {".pdf", POINTS_PER_UNIT, open_pdf, close_document, NULL},
};

static const file_kind *kind_of(const char *path)
{
    for (size_t i = 0; i < ARRAY_COUNT(file_kinds); i++)
        if (path_has_extension(path, file_kinds[i].extension)) return &file_kinds[i];
    return NULL;
}

cepa_status figure_check_path(const char *path, cepa_error *error)
{
    if (path && kind_of(path)) return CEPA_OK;
    return fail(error, CEPA_ARGUMENT, "%s: a figure's file name ends in .png, .svg or .pdf", path ? path : "no path");
}

/* Draws on the surface with settings that do not depend on the host's. */
static cairo_status_t draw(cairo_surface_t *surface, const file_kind *kind, const figure *f)
{
    cairo_t *cr = cairo_create(surface);
    cairo_font_options_t *font = cairo_font_options_create();
    cairo_font_options_set_antialias(font, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(font, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(font, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(cr, font);
    cairo_font_options_destroy(font);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_scale(cr, kind->units, kind->units);
    f->draw(cr, f->content);
    cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    return status;
}

static cairo_status_t render(const file_kind *kind, const figure *f, buffer *bytes)
{
    cairo_surface_t *surface = kind->open(f, bytes);
    cairo_status_t status = draw(surface, kind, f);
    if (status == CAIRO_STATUS_SUCCESS) status = kind->close(surface, bytes);
    cairo_surface_destroy(surface);
    if (status == CAIRO_STATUS_SUCCESS && kind->describe) kind->describe(bytes, f->title, f->description);
    return bytes->failed ? CAIRO_STATUS_NO_MEMORY : status;
}

/* Any text as valid UTF-8 on one line, which XML, PNG and PDF demand; NULL without memory. */
static char *clean_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *clean = malloc(size);
    if (clean) text_clean(clean, size, text);
    return clean;
}

cepa_status figure_write(const char *path, const figure *f, cepa_error *error)
{
    cepa_status status = figure_check_path(path, error);
    if (status != CEPA_OK) return status;
    buffer bytes = {0};
    figure clean = *f;
    char *title = clean_copy(f->title), *description = clean_copy(f->description);
    clean.title = title;
    clean.description = description;
    cairo_status_t drawn = title && description ? render(kind_of(path), &clean, &bytes) : CAIRO_STATUS_NO_MEMORY;
    if (drawn == CAIRO_STATUS_NO_MEMORY)
        status = fail_memory(error);
    else if (drawn != CAIRO_STATUS_SUCCESS)
        status = fail(error, CEPA_FILE, "%s: the figure cannot be drawn: %s", path, cairo_status_to_string(drawn));
    else
        status = file_write(path, bytes.bytes, bytes.size, error);
    free(title);
    free(description);
    buffer_free(&bytes);
    return status;
}
