/* cepa_plot_grid: the first pictures of a data set under their class names. */
#include "base/buffer.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "data/types.h"
#include "figures/surface.h"
#include "figures/text.h"
#include "figures/tile.h"
#include "figures/tone.h"

#include <stdlib.h>

#define TITLE_SIZE   14.0
#define TITLE_HEIGHT 22.0
#define GAP          18.0
#define PADDING      12.0
#define TILE_PIXELS  160 /* of a picture's longer side in a PNG */

enum { MOST_TILES = 32 };

/* The pictures and labels of a data set, and how they are laid out. */
typedef struct grid {
    const cepa_dataset *data;
    const cepa_dataset_info *info;
    int columns, rows;
    size_t height, width, channels; /* of a picture */
    brightness brightness;
    double pixel;      /* units for one pixel of a picture */
    uint32_t *colours; /* room for one picture */
} grid;

/* Bytes as they are, other numbers by the range they have in the whole data set. */
static void choose_brightness(grid *g)
{
    const cepa_array *pictures = &g->info->inputs[0];
    double low = 0, high = 255;
    if (pictures->type != CEPA_UINT8) cepa_dataset_range(g->data, pictures, &low, &high);
    g->brightness = brightness_of_range(low, high);
}

static cepa_status measure(grid *g, cepa_error *error)
{
    const cepa_array *a = g->info->input_count ? &g->info->inputs[0] : NULL;
    if (!g->info->rows || !a) return fail(error, CEPA_DATA, "%s: the data set has no rows", g->info->name);
    cepa_status status = dataset_check_pictures(g->info, &g->channels, error);
    if (status) return status;
    g->height = (size_t)a->shape[0];
    g->width = (size_t)a->shape[1];
    g->pixel = tile_pixel(g->height, g->width, TILE_PIXELS);
    choose_brightness(g);
    g->colours = calloc(g->height * g->width, sizeof *g->colours);
    return g->colours ? CEPA_OK : fail_memory(error);
}

/* A row's class name, or its label as a number; one-hot targets count as their largest. "" without targets. */
static void class_text(const grid *g, size_t row, char *text, size_t size)
{
    const cepa_dataset_info *info = g->info;
    *text = 0;
    if (!info->target_count) return;
    int class = cepa_dataset_class(g->data, row);
    if (info->class_names && class >= 0 && (size_t) class < info->class_count)
        snprintf(text, size, "%s", info->class_names[class]);
    else
        snprintf(text, size, "%.6g", class >= 0 ? class : cepa_array_number(&info->targets[0], row));
}

/* One colour of a pixel, on the white ground where the picture has an alpha channel. */
static uint32_t pixel_colour(const grid *g, const number_type *type, size_t first)
{
    const void *numbers = g->info->inputs[0].data;
    uint32_t colour = 0;
    double alpha = g->channels == 4 ? tone_byte(&g->brightness, type->read(numbers, first + 3)) / 255 : 1;
    for (size_t i = 0; i < 3; i++) {
        double byte = tone_byte(&g->brightness, type->read(numbers, first + (g->channels == 1 ? 0 : i)));
        colour = colour << 8 | (uint32_t)(255 - alpha * (255 - byte) + 0.5);
    }
    return colour;
}

static void draw_picture(cairo_t *cr, const grid *g, size_t row, double x, double y)
{
    const number_type *type = number_type_of(g->info->inputs[0].type);
    size_t count = g->height * g->width;
    for (size_t i = 0; i < count; i++) g->colours[i] = pixel_colour(g, type, (row * count + i) * g->channels);
    tile_draw(cr, g->colours, g->height, g->width, x, y, g->pixel);
}

static size_t tiles(const grid *g)
{
    size_t places = (size_t)g->columns * (size_t)g->rows;
    return places < g->info->rows ? places : g->info->rows;
}

/* Few pictures take no room for more. */
static void drop_empty_places(grid *g)
{
    int shown = (int)tiles(g);
    if (g->columns > shown) g->columns = shown;
    g->rows = (shown + g->columns - 1) / g->columns;
}

static double pitch_x(const grid *g) { return (double)g->width * g->pixel + GAP; }
static double pitch_y(const grid *g) { return (double)g->height * g->pixel + TITLE_HEIGHT + GAP / 2; }

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
    grid g = {data, cepa_dataset_describe(data), columns, rows};
    cepa_status status = figure_check_path(path, error);
    if (status != CEPA_OK) return status;
    if (columns < 1 || rows < 1 || columns > MOST_TILES || rows > MOST_TILES)
        return fail(error, CEPA_ARGUMENT, "a grid has 1 to %d columns and rows, not %d x %d", MOST_TILES, columns,
                    rows);
    status = measure(&g, error);
    if (status != CEPA_OK) return status;
    drop_empty_places(&g);
    buffer title = {0}, description = {0};
    buffer_format(&title, "Pictures of %s", g.info->name);
    describe(&description, &g);
    figure f = {.title = (const char *)title.bytes,
                .description = (const char *)description.bytes,
                .draw = draw,
                .content = &g};
    f.width = g.columns * pitch_x(&g) - GAP + 2 * PADDING;
    f.height = g.rows * pitch_y(&g) - GAP / 2 + 2 * PADDING;
    status = title.failed || description.failed ? fail_memory(error) : figure_write(path, &f, error);
    buffer_free(&title);
    buffer_free(&description);
    free(g.colours);
    return status;
}
