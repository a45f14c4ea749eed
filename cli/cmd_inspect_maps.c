/* cepa inspect maps: what layers make of a picture. */
#include "commands.h"
#include "files.h"
#include "inspect.h"
#include "report.h"
#include "tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const option options[] = {
    LAYER_OPTION(.help = "all maps of this layer; default: some of every layer"),
    ROW_OPTIONS,
    FIGURE_OUTPUT_OPTION,
    TEXT_OPTION,
    WIDTH_OPTION,
    WEIGHTS_OPTIONS,
    SET_OPTION,
    END_OF_OPTIONS,
};

enum { SOME_MAPS = 8 }; /* of each layer where all layers are shown */

/* ---- Printing ---- */

static text_table begin_table(const char *what)
{
    text_table table = text_table_new(5);
    text_table_texts(&table, (const char *const[]){what, "least", "mean", "most", "zeros"});
    return table;
}

static void add_numbers(text_table *table, const char *name, const float *values, size_t count, size_t step)
{
    spread s = spread_of(values, count, step);
    spread_row(table, name, &s);
    text_table_set(table, 4, "%.1f%%", 100 * (double)s.zeros / (double)count);
}

/* A line for each channel, or unit. */
static void print_layer(const outputs *o)
{
    const output_shape *shape = &o->arrays[0];
    size_t channels = shape->rank ? (size_t)shape->sizes[shape->rank - 1] : 1;
    text_table table = begin_table(shape->rank == 1 ? "unit" : "channel");
    for (size_t c = 0; c < channels; c++) {
        char name[32];
        snprintf(name, sizeof name, "%zu", c);
        add_numbers(&table, name, o->values[0] + c, shape->size / channels, channels);
    }
    text_table_print(&table, stdout);
    text_table_free(&table);
}

static cepa_status print_layers(const inspection *in, cepa_error *error)
{
    cepa_layer_info layer;
    cepa_status status = CEPA_OK;
    text_table table = begin_table("layer");
    for (size_t i = 0; !status && cepa_model_layer(in->model, i, &layer) == CEPA_OK; i++) {
        outputs o;
        status = inspect_activations(in, layer.name, &o, error);
        if (!status) add_numbers(&table, layer.name, o.values[0], o.arrays[0].size, 1);
        outputs_free(&o);
    }
    if (!status) text_table_print(&table, stdout);
    text_table_free(&table);
    return status;
}

/* ---- Drawing ---- */

/* One channel of an array of height x width x channels floats. */
static cepa_status channel_of(const float *values, const int sizes[3], size_t channel, cepa_matrix *made,
                              cepa_error *error)
{
    size_t count = (size_t)sizes[0] * (size_t)sizes[1], channels = (size_t)sizes[2];
    double *numbers = calloc(count, sizeof *numbers);
    *made = (cepa_matrix){.values = NULL};
    if (!numbers) return fails_memory(error);
    for (size_t i = 0; i < count; i++) numbers[i] = (double)values[i * channels + channel];
    *made = (cepa_matrix){(size_t)sizes[0], (size_t)sizes[1], 1, numbers};
    return CEPA_OK;
}

/* Adds a channel of a layer, in the scale of the layer. */
static cepa_status add_map(drawing *d, const outputs *o, size_t channel, const char *title, cepa_error *error)
{
    const output_shape *shape = &o->arrays[0];
    cepa_matrix map;
    cepa_status status = channel_of(o->values[0], shape->sizes, channel, &map, error);
    if (status) return status;
    cepa_panel *p = drawing_add(d, title, &map, CEPA_TONE_PLAIN, error);
    return p ? scale_like(p, o->values[0], shape->size, error) : error->status;
}

static cepa_status add_picture(drawing *d, const inspection *in, const char *title, cepa_error *error)
{
    cepa_matrix picture;
    cepa_status status = cepa_dataset_picture(in->row, 0, &picture, error);
    if (status) return status;
    return drawing_add(d, title, &picture, CEPA_TONE_PLAIN, error) ? CEPA_OK : error->status;
}

static cepa_status draw_layer(const settings *settings, const inspection *in, const outputs *o, cepa_error *error)
{
    drawing d = {.count = 0};
    char title[300];
    const int *sizes = o->arrays[0].sizes;
    if (o->arrays[0].rank != 3)
        return fails(error, CEPA_ARGUMENT, "layer %s gives no maps (height, width, channels) to draw", settings->layer);
    snprintf(title, sizeof title, "%s: %d maps of %d x %d for %s", settings->layer, sizes[2], sizes[0], sizes[1],
             in->title);
    cepa_status status = add_picture(&d, in, "input", error);
    for (int c = 0; c < sizes[2] && !status; c++) {
        char number[32];
        snprintf(number, sizeof number, "%d", c);
        status = add_map(&d, o, (size_t)c, number, error);
    }
    cepa_panel_options how = {.title = title, .columns = grid_columns(d.count)};
    if (!status) status = inspect_draw(&d, settings, &how, error);
    drawing_free(&d);
    return status;
}

typedef struct ranked_map {
    size_t channel;
    double mean;
} ranked_map;

static int stronger(const void *a, const void *b)
{
    const ranked_map *first = a, *second = b;
    if (first->mean != second->mean) return first->mean < second->mean ? 1 : -1;
    return first->channel < second->channel ? -1 : 1;
}

/* The channels of a layer by the mean size of their numbers, the strongest first; to be freed. */
static ranked_map *rank_maps(const outputs *o)
{
    const output_shape *shape = &o->arrays[0];
    size_t channels = (size_t)shape->sizes[2], pixels = shape->size / channels;
    ranked_map *maps = calloc(channels, sizeof *maps);
    if (!maps) return NULL;
    for (size_t c = 0; c < channels; c++) {
        maps[c].channel = c;
        for (size_t i = 0; i < pixels; i++) maps[c].mean += fabs((double)o->values[0][i * channels + c]);
    }
    qsort(maps, channels, sizeof *maps, stronger);
    return maps;
}

/* A row of a layer's strongest maps. */
static cepa_status add_row(drawing *d, const char *layer, const outputs *o, cepa_error *error)
{
    const int *sizes = o->arrays[0].sizes;
    ranked_map *maps = rank_maps(o);
    cepa_status status = maps ? CEPA_OK : fails_memory(error);
    for (size_t i = 0; i < SOME_MAPS && !status; i++) {
        char title[120];
        if (i >= (size_t)sizes[2]) {
            status = drawing_skip(d, error) ? CEPA_OK : error->status;
            continue;
        }
        if (i == 0)
            snprintf(title, sizeof title, "%s: %d x %d x %d\nmap %zu", layer, sizes[0], sizes[1], sizes[2],
                     maps[i].channel);
        else
            snprintf(title, sizeof title, " \nmap %zu", maps[i].channel);
        status = add_map(d, o, maps[i].channel, title, error);
    }
    free(maps);
    return status;
}

/* A layer that gives no maps, or changes nothing, has no row. */
static cepa_status add_layer(drawing *d, const inspection *in, const cepa_layer_info *layer, cepa_error *error)
{
    outputs o;
    if (layer->rank != 3 || strcmp(layer->class_name, "InputLayer") == 0 || strcmp(layer->class_name, "Dropout") == 0)
        return CEPA_OK;
    cepa_status status = inspect_activations(in, layer->name, &o, error);
    if (!status) status = add_row(d, layer->name, &o, error);
    outputs_free(&o);
    return status;
}

static cepa_status draw_layers(const settings *settings, const inspection *in, cepa_error *error)
{
    drawing d = {.count = 0};
    cepa_layer_info layer;
    char title[200];
    cepa_status status = add_picture(&d, in, "input", error);
    while (!status && d.count < SOME_MAPS) status = drawing_skip(&d, error) ? CEPA_OK : error->status;
    for (size_t i = 0; !status && cepa_model_layer(in->model, i, &layer) == CEPA_OK; i++)
        status = add_layer(&d, in, &layer, error);
    snprintf(title, sizeof title, "The strongest maps of every layer for %s", in->title);
    cepa_panel_options how = {.title = title, .columns = SOME_MAPS, .tile = 120};
    if (!status) status = inspect_draw(&d, settings, &how, error);
    drawing_free(&d);
    return status;
}

static cepa_status show(const settings *settings, const inspection *in, cepa_error *error)
{
    bool drawn = settings->text || settings->output;
    cepa_layer_info layer;
    outputs o;
    if (!drawn) printf("%s\n\n", in->title);
    if (!settings->layer) return drawn ? draw_layers(settings, in, error) : print_layers(in, error);
    cepa_status status = inspect_layer(in, settings->layer, &layer, error);
    if (status) return status;
    status = inspect_activations(in, layer.name, &o, error);
    if (!status && drawn)
        status = draw_layer(settings, in, &o, error);
    else if (!status)
        print_layer(&o);
    outputs_free(&o);
    return status;
}

static int maps_main(const settings *settings)
{
    cepa_error error = {CEPA_OK, ""};
    inspection in;
    cepa_status status = inspect_row(settings, &in, &error);
    if (!status) status = show(settings, &in, &error);
    return inspect_end(&in, status, &error);
}

const command inspect_maps_command = {
    .name = "inspect maps",
    .operands = "MODEL",
    .purpose = "Shows what the layers make of a picture",
    .options = options,
    .least = 1,
    .most = 1,
    .run = maps_main,
};
