/* cepa inspect filters: the kernels that a convolution has learned. */
#include "commands.h"
#include "files.h"
#include "inspect.h"
#include "report.h"
#include "tables.h"

#include <stdlib.h>
#include <string.h>

static const option options[] = {
    LAYER_OPTION(.help = "a Conv2D layer; default: the first"),
    OPTION("filter", filter, TAKES_TEXT, .value = "N",
           .help = "one filter, counted from 0: its numbers, or its channels"),
    FIGURE_OUTPUT_OPTION,
    TEXT_OPTION,
    WIDTH_OPTION,
    WEIGHTS_OPTIONS,
    SET_OPTION,
    END_OF_OPTIONS,
};

enum { COLOURS = 3, MOST_SHOWN = 16 }; /* MOST_SHOWN: filters, and channels of each, of a layer deep in the model */

/* The filters of one layer. */
typedef struct filters {
    cepa_layer_info layer;
    cepa_weight_info kernel, bias; /* bias.values NULL: none */
    size_t height, width, channels, count;
    bool single; /* --filter */
    size_t chosen;
} filters;

static cepa_status find(const settings *settings, const inspection *in, filters *f, cepa_error *error)
{
    if (settings->layer) {
        cepa_status status = inspect_layer(in, settings->layer, &f->layer, error);
        if (status) return status;
    } else if (!inspect_first(in, "Conv2D", &f->layer))
        return fails(error, CEPA_ARGUMENT, "the model has no Conv2D layer");
    if (!inspect_weight(in, f->layer.name, "kernel", &f->kernel) || f->kernel.rank != 4)
        return fails(error, CEPA_ARGUMENT, "layer %s has no filters: expected a Conv2D layer", f->layer.name);
    if (!inspect_weight(in, f->layer.name, "bias", &f->bias)) f->bias.values = NULL;
    const int *shape = f->kernel.shape;
    f->height = (size_t)shape[0];
    f->width = (size_t)shape[1];
    f->channels = (size_t)shape[2];
    f->count = (size_t)shape[3];
    size_t numbers;
    f->single = settings->filter;
    if (settings->filter && (!read_places(settings->filter, 1, 1, &f->chosen, &numbers) || f->chosen >= f->count))
        return fails(error, CEPA_ARGUMENT, "--filter: layer %s has filters 0 to %zu, not '%s'", f->layer.name,
                     f->count - 1, settings->filter);
    return CEPA_OK;
}

/* Some channels of a filter, from one on. */
static cepa_status cut_out(const filters *f, size_t filter, size_t channel, size_t channels, cepa_matrix *made,
                           cepa_error *error)
{
    size_t pixels = f->height * f->width;
    *made = (cepa_matrix){f->height, f->width, channels, calloc(pixels * channels, sizeof(double))};
    if (!made->values) return fails_memory(error);
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < channels; c++)
            made->values[i * channels + c] =
                (double)f->kernel.values[(i * f->channels + channel + c) * f->count + filter];
    return CEPA_OK;
}

/* ---- Printing ---- */

static void print_filters(const filters *f)
{
    text_table table = text_table_new(f->bias.values ? 5 : 4);
    text_table_texts(&table, (const char *const[]){"filter", "least", "mean", "most", "bias"});
    for (size_t i = 0; i < f->count; i++) {
        char name[32];
        spread s = spread_of(f->kernel.values + i, f->height * f->width * f->channels, f->count);
        snprintf(name, sizeof name, "%zu", i);
        spread_row(&table, name, &s);
        if (f->bias.values) text_table_set(&table, 4, "%.4f", (double)f->bias.values[i]);
    }
    printf("%s: %zu filters of %zu x %zu x %zu\n\n", f->layer.name, f->count, f->height, f->width, f->channels);
    text_table_print(&table, stdout);
    text_table_free(&table);
}

static cepa_status print_filter(const filters *f, cepa_error *error)
{
    printf("%s, filter %zu: %zu x %zu x %zu", f->layer.name, f->chosen, f->height, f->width, f->channels);
    if (f->bias.values) printf(", bias %.4f", (double)f->bias.values[f->chosen]);
    putchar('\n');
    for (size_t c = 0; c < f->channels; c++) {
        cepa_matrix one;
        cepa_status status = cut_out(f, f->chosen, c, 1, &one, error);
        if (status) return status;
        printf(" channel %zu\n", c);
        print_matrix(&one, 0, "  ");
        cepa_matrix_free(&one);
    }
    return CEPA_OK;
}

/* ---- Drawing ---- */

static cepa_status add(drawing *d, const filters *f, size_t filter, size_t channel, size_t channels, const char *title,
                       cepa_error *error)
{
    cepa_matrix made;
    cepa_status status = cut_out(f, filter, channel, channels, &made, error);
    if (status) return status;
    cepa_panel *p = drawing_add(d, title, &made, CEPA_TONE_PLAIN, error);
    return p ? scale_like(p, f->kernel.values, f->kernel.count, error) : error->status;
}

/* Every filter as a picture in grey or in colours. */
static cepa_status add_filters(drawing *d, const filters *f, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < f->count && !status; i++) {
        char title[32];
        snprintf(title, sizeof title, "%zu", i);
        status = add(d, f, i, 0, f->channels, title, error);
    }
    return status;
}

/* The channels of some filters, a row each. */
static cepa_status add_channels(drawing *d, const filters *f, size_t rows, size_t channels, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < rows && !status; i++)
        for (size_t c = 0; c < channels && !status; c++) {
            char title[32] = "";
            if (i == 0) snprintf(title, sizeof title, "%zu", c);
            status = add(d, f, f->single ? f->chosen : i, c, 1, title, error);
        }
    return status;
}

static cepa_status draw(const settings *settings, const filters *f, cepa_error *error)
{
    drawing d = {.count = 0};
    char title[200];
    bool whole = !f->single && (f->channels == 1 || f->channels == COLOURS);
    size_t rows = f->single || f->count < MOST_SHOWN ? f->single ? 1 : f->count : MOST_SHOWN;
    size_t channels = f->single || f->channels < MOST_SHOWN ? f->channels : MOST_SHOWN;
    cepa_status status = whole ? add_filters(&d, f, error) : add_channels(&d, f, rows, channels, error);
    if (whole)
        snprintf(title, sizeof title, "%s: %zu filters of %zu x %zu%s", f->layer.name, f->count, f->height, f->width,
                 f->channels == COLOURS ? ", in colours" : "");
    else if (f->single)
        snprintf(title, sizeof title, "%s, filter %zu: its %zu channels", f->layer.name, f->chosen, f->channels);
    else
        snprintf(title, sizeof title, "%s: channels 0 to %zu (across) of filters 0 to %zu (down)", f->layer.name,
                 channels - 1, rows - 1);
    cepa_panel_options how = {.title = title, .tile = whole ? 84 : 48};
    how.columns = whole || f->single ? grid_columns(d.count) : (int)channels;
    if (!status) status = inspect_draw(&d, settings, &how, error);
    drawing_free(&d);
    return status;
}

static int filters_main(const settings *settings)
{
    cepa_error error = {CEPA_OK, ""};
    inspection in;
    filters f = {.count = 0};
    cepa_status status = inspect_model(settings, &in, &error);
    if (!status) status = find(settings, &in, &f, &error);
    if (!status && (settings->text || settings->output))
        status = draw(settings, &f, &error);
    else if (!status && f.single)
        status = print_filter(&f, &error);
    else if (!status)
        print_filters(&f);
    return inspect_end(&in, status, &error);
}

const command inspect_filters_command = {
    .name = "inspect filters",
    .operands = "MODEL",
    .purpose = "Shows the kernels of a convolution",
    .options = options,
    .least = 1,
    .most = 1,
    .run = filters_main,
};
