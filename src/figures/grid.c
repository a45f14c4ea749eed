/* cepa_plot_grid: the first pictures of a data set under their class names. */
#include "base/buffer.h"
#include "base/memory.h"
#include "data/types.h"
#include "figures/surface.h"
#include "figures/text.h"

#include <math.h>
#include <string.h>

#define TITLE_SIZE   14.0
#define TITLE_HEIGHT 22.0
#define GAP          18.0
#define PADDING      12.0
#define TILE_PIXELS  160 /* a picture's longer side in a PNG is the largest whole multiple up to this, or this */

enum { MOST_TILES = 32, CHANNELS = 4 };

/* The pictures and labels of a data set, and how they are laid out. */
typedef struct grid {
    const cepa_dataset_info *info;
    int columns, rows;
    size_t height, width, channels; /* of a picture */
    double scale, offset;           /* number * scale + offset is a byte */
    double pixel;                   /* units for one pixel of a picture */
} grid;

/* The numbers of an array in one row. */
static size_t row_numbers(const cepa_array *a)
{
    size_t count = 1;
    for (size_t i = 0; i < a->rank; i++) count *= (size_t)a->shape[i];
    return count;
}

/* Numbers become bytes as matplotlib shows them: bytes as they are, shares of 1 times 255, others over their range. */
static void choose_brightness(grid *g, const cepa_dataset *data)
{
    const cepa_array *pictures = &g->info->inputs[0];
    double low = 0, high = 255;
    if (pictures->type != CEPA_UINT8) cepa_dataset_range(data, pictures, &low, &high);
    if (low >= 0 && high <= 255) {
        high = high <= 1 ? 1 : 255;
        low = 0;
    }
    g->scale = high > low ? 255 / (high - low) : 0;
    g->offset = -low * g->scale;
}

static cepa_status measure(grid *g, const cepa_dataset *data, cepa_error *error)
{
    const cepa_array *a = g->info->input_count ? &g->info->inputs[0] : NULL;
    if (!g->info->rows || !a) return fail(error, CEPA_DATA, "%s: the data set has no rows", g->info->name);
    bool grey = a->rank == 2, picture = grey || a->rank == 3;
    g->channels = grey ? 1 : a->rank == 3 ? (size_t)a->shape[2] : 0;
    if (!picture || g->channels == 2 || g->channels > CHANNELS)
        return fail(error, CEPA_DATA,
                    "%s: its inputs are no pictures of (height, width, channels) with 1, 3 or 4 channels",
                    g->info->name);
    g->height = (size_t)a->shape[0];
    g->width = (size_t)a->shape[1];
    size_t side = g->height > g->width ? g->height : g->width;
    double whole = floor(TILE_PIXELS / (double)side);
    g->pixel = (whole >= 1 ? whole : TILE_PIXELS / (double)side) / PIXELS_PER_UNIT;
    choose_brightness(g, data);
    return CEPA_OK;
}

/* A row's class name, or its label as a number; one-hot targets count as their largest. "" without targets. */
static void class_text(const grid *g, size_t row, char *text, size_t size)
{
    const cepa_dataset_info *info = g->info;
    *text = 0;
    if (!info->target_count) return;
    const cepa_array *labels = &info->targets[0];
    const number_type *type = number_type_of(labels->type);
    size_t count = row_numbers(labels), largest = 0;
    for (size_t i = 1; i < count; i++)
        if (type->read(labels->data, row * count + i) > type->read(labels->data, row * count + largest)) largest = i;
    double class = count > 1 ? (double)largest : type->read(labels->data, row);
    bool named = info->class_names && class >= 0 && class < (double)info->class_count && class == floor(class);
    if (named)
        snprintf(text, size, "%s", info->class_names[(size_t) class]);
    else
        snprintf(text, size, "%.6g", class);
}

/* One colour of a pixel, on the white ground where the picture has an alpha channel. */
static uint32_t pixel_colour(const grid *g, const number_type *type, size_t first)
{
    const void *numbers = g->info->inputs[0].data;
    uint32_t colour = 0;
    double alpha = 1;
    if (g->channels == 4) alpha = (type->read(numbers, first + 3) * g->scale + g->offset) / 255;
    for (size_t i = 0; i < 3; i++) {
        double number = type->read(numbers, first + (g->channels == 1 ? 0 : i)) * g->scale + g->offset;
        double byte = fmin(fmax(255 - alpha * (255 - number), 0), 255);
        colour = colour << 8 | (uint32_t)(byte + 0.5);
    }
    return colour;
}

/* The picture of a row as a surface of its own size. */
static cairo_surface_t *picture_surface(const grid *g, size_t row)
{
    const number_type *type = number_type_of(g->info->inputs[0].type);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)g->width, (int)g->height);
    unsigned char *bytes = cairo_image_surface_get_data(surface);
    if (!bytes) return surface;
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (size_t y = 0; y < g->height; y++) {
        for (size_t x = 0; x < g->width; x++) {
            uint32_t colour = pixel_colour(g, type, ((row * g->height + y) * g->width + x) * g->channels);
            memcpy(bytes + y * stride + 4 * x, &colour, sizeof colour);
        }
    }
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
static cairo_surface_t *shrink(cairo_surface_t *surface, const grid *g, double factor)
{
    int width = (int)ceil((double)g->width * factor), height = (int)ceil((double)g->height * factor);
    cairo_surface_t *smaller = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cr = cairo_create(smaller);
    cairo_scale(cr, width / (double)g->width, height / (double)g->height);
    cairo_set_source_surface(cr, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_GOOD);
    cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    cairo_paint(cr);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return smaller;
}

static void draw_picture(cairo_t *cr, const grid *g, size_t row, double x, double y)
{
    cairo_surface_t *picture = picture_surface(g, row);
    double factor = g->pixel * PIXELS_PER_UNIT;
    if (factor < 1) picture = shrink(picture, g, factor);
    draw_sharp(cr, picture, x, y, factor < 1 ? 1 / PIXELS_PER_UNIT : g->pixel);
    cairo_surface_destroy(picture);
}

static double pitch_x(const grid *g) { return (double)g->width * g->pixel + GAP; }
static double pitch_y(const grid *g) { return (double)g->height * g->pixel + TITLE_HEIGHT + GAP / 2; }

static size_t tiles(const grid *g)
{
    size_t places = (size_t)g->columns * (size_t)g->rows;
    return places < g->info->rows ? places : g->info->rows;
}

static void draw(cairo_t *cr, const void *content)
{
    const grid *g = content;
    for (size_t row = 0; row < tiles(g); row++) {
        double x = PADDING + (double)(row % (size_t)g->columns) * pitch_x(g);
        double y = PADDING + (double)(row / (size_t)g->columns) * pitch_y(g);
        char name[256];
        class_text(g, row, name, sizeof name);
        label title = label_fit(cr, name, TITLE_SIZE, pitch_x(g) - 4);
        cairo_set_source_rgb(cr, 0, 0, 0);
        label_draw(cr, &title, x + (double)g->width * g->pixel / 2, y + TITLE_HEIGHT - 6, 0.5);
        draw_picture(cr, g, row, x, y + TITLE_HEIGHT);
    }
}

/* "25 pictures in 5 columns. Row 1: frog, truck, ..." */
static void describe(buffer *text, const grid *g)
{
    size_t columns = (size_t)g->columns;
    buffer_format(text, "%zu pictures of %zu x %zu pixels in %d columns.", tiles(g), g->height, g->width, g->columns);
    for (size_t row = 0; row < tiles(g) && g->info->target_count; row++) {
        char name[256];
        class_text(g, row, name, sizeof name);
        if (row % columns == 0)
            buffer_format(text, "%s Row %zu: ", row ? "." : "", row / columns + 1);
        else
            buffer_text(text, ", ");
        buffer_text(text, name);
    }
    if (g->info->target_count) buffer_text(text, ".");
}

cepa_status cepa_plot_grid(const char *path, const cepa_dataset *data, int columns, int rows, cepa_error *error)
{
    grid g = {cepa_dataset_describe(data), columns, rows};
    cepa_status status = figure_check_path(path, error);
    if (status != CEPA_OK) return status;
    if (columns < 1 || rows < 1 || columns > MOST_TILES || rows > MOST_TILES)
        return fail(error, CEPA_ARGUMENT, "a grid has 1 to %d columns and rows, not %d x %d", MOST_TILES, columns,
                    rows);
    status = measure(&g, data, error);
    if (status != CEPA_OK) return status;
    buffer title = {0}, description = {0};
    buffer_format(&title, "Pictures of %s", g.info->name);
    describe(&description, &g);
    figure f = {.title = (const char *)title.bytes,
                .description = (const char *)description.bytes,
                .draw = draw,
                .content = &g};
    f.width = columns * pitch_x(&g) - GAP + 2 * PADDING;
    f.height = rows * pitch_y(&g) - GAP / 2 + 2 * PADDING;
    status = title.failed || description.failed ? fail_memory(error) : figure_write(path, &f, error);
    buffer_free(&title);
    buffer_free(&description);
    return status;
}
