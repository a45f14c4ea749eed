/* cepa filter: a kernel slid over a picture or a matrix, and the arithmetic of any number of the result. */
#include "activations.h"
#include "commands.h"
#include "drawing.h"
#include "files.h"
#include "filtering.h"
#include "report.h"
#include "subject.h"
#include "tables.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

static const option options[] = {
    OPTION("kernel", kernels, TAKES_TEXTS, .letter = 'k', .value = "K",
           .help = "a name (--presets lists them), numbers such as '-1 -1 -1; 0 0 0; 1 1 1', or a file; given once "
                   "for each channel of a picture, or once for all"),
    OPTION("padding", padding, TAKES_TEXT, .value = "P,...",
           .help = "valid (default), zero, nearest, reflect, or several to compare"),
    OPTION("strides", strides, TAKES_TEXT, .value = "S|H,W", .help = "step of the window, down and across; default: 1"),
    OPTION("flip", flip, TAKES_NOTHING, .help = "turn the kernel by 180 degrees: the convolution of mathematics"),
    OPTION("grey", grey, TAKES_NOTHING, .help = "read a colour picture as grey"),
    OPTION("bias", bias, TAKES_NUMBER, .value = "B", .help = "added to every sum"),
    OPTION("activation", activation, TAKES_TEXT, .value = "F", .help = "applied to it, such as relu"),
    OPTION("at", at, TAKES_TEXT, .value = "ROW,COL", .help = "explain this number of the output, counted from 0"),
    OPTION("steps", steps, TAKES_NOTHING, .help = "explain every number of the output in turn, its window marked"),
    OPTION("output", output, TAKES_TEXT, .letter = 'o', .value = "FILE",
           .help = "write the output: numbers to a .npy or .csv, a picture to a .png, .svg or .pdf"),
    OPTION("figure", figure, TAKES_TEXT, .value = "FILE",
           .help = "draw input, kernel and output beside each other: .png, .svg or .pdf"),
    TEXT_OPTION,
    WIDTH_OPTION,
    JSON_OPTION,
    OPTION("presets", presets, TAKES_NOTHING, .help = "list the kernels that have a name"),
    END_OF_OPTIONS,
};

/* ---- Kernels ---- */

static const cepa_known_filter *find_preset(const char *name, const char **near)
{
    size_t count;
    const cepa_known_filter *known = cepa_known_filters(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(known[i].name, name) == 0) return &known[i];
    *near = nearest_name(name, &known->name, count, sizeof *known);
    return NULL;
}

static bool looks_like_numbers(const char *text)
{
    text += strspn(text, " \t\n[(");
    return *text && strchr("+-.0123456789", *text);
}

static cepa_status read_kernel(const char *text, cepa_matrix *kernel, cepa_error *error)
{
    const char *near = NULL;
    const cepa_known_filter *preset = find_preset(text, &near);
    if (preset) return cepa_matrix_new(preset->height, preset->width, 1, preset->values, kernel, error);
    if (exists(text)) return cepa_matrix_read(text, NULL, kernel, error);
    cepa_error cause;
    if (!looks_like_numbers(text))
        return near ? fails(error, CEPA_ARGUMENT, "--kernel: there is no kernel %s (did you mean %s?)", text, near)
                    : fails(error, CEPA_ARGUMENT, "--kernel: %s is no name (see --presets), numbers or file", text);
    cepa_status status = cepa_matrix_parse(text, kernel, &cause);
    return status ? fails(error, status, "--kernel: %s", cause.message) : CEPA_OK;
}

/* Puts a kernel of one channel into its place in the whole. */
static cepa_status add_channel(cepa_matrix *whole, size_t channel, size_t channels, const cepa_matrix *one,
                               cepa_error *error)
{
    size_t count = one->height * one->width;
    if (one->channels != 1)
        return fails(error, CEPA_ARGUMENT, "--kernel: one with %zu channels is given alone", one->channels);
    if (!channel) {
        *whole = (cepa_matrix){one->height, one->width, channels, .values = calloc(count * channels, sizeof(double))};
        if (!whole->values) return fails_memory(error);
    }
    if (one->height != whole->height || one->width != whole->width)
        return fails(error, CEPA_SHAPE, "--kernel: channel %zu is %zu x %zu, the first one is %zu x %zu", channel,
                     one->height, one->width, whole->height, whole->width);
    for (size_t i = 0; i < count; i++) whole->values[i * channels + channel] = one->values[i];
    return CEPA_OK;
}

static cepa_status read_kernels(const settings *settings, filtering *f, cepa_error *error)
{
    size_t channels = settings->kernels.count;
    if (!channels) return fails(error, CEPA_ARGUMENT, "filter needs --kernel K (see 'cepa filter --presets')");
    const char *near;
    const cepa_known_filter *preset = channels == 1 ? find_preset(settings->kernels.items[0], &near) : NULL;
    if (preset) f->preset = preset->name;
    if (channels == 1) return read_kernel(settings->kernels.items[0], &f->kernel, error);
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < channels && !status; i++) {
        cepa_matrix one = {.values = NULL};
        status = read_kernel(settings->kernels.items[i], &one, error);
        if (!status) status = add_channel(&f->kernel, i, channels, &one, error);
        cepa_matrix_free(&one);
    }
    return status;
}

static cepa_status flip(filtering *f, cepa_error *error)
{
    cepa_matrix turned;
    cepa_status status = cepa_matrix_turn(&f->kernel, &turned, error);
    if (status) return status;
    cepa_matrix_free(&f->kernel);
    f->kernel = turned;
    f->turned = true;
    return CEPA_OK;
}

/* ---- What is asked for ---- */

static cepa_status read_input(const settings *settings, filtering *f, cepa_error *error)
{
    const char *text = settings->operands[0];
    if (exists(text) || !looks_like_numbers(text))
        return cepa_matrix_read(text, settings->grey ? "grayscale" : NULL, &f->input, error);
    cepa_error cause;
    cepa_status status = cepa_matrix_parse(text, &f->input, &cause);
    return status ? fails(error, status, "the input: %s", cause.message) : CEPA_OK;
}

static cepa_status read_strides(const settings *settings, int strides[2], cepa_error *error)
{
    size_t numbers[2] = {1, 1}, count = 1;
    const char *text = settings->strides;
    bool read = !text || read_places(text, 1, 2, numbers, &count);
    if (count == 1) numbers[1] = numbers[0];
    for (size_t i = 0; i < 2; i++) {
        if (!read || numbers[i] < 1 || numbers[i] > INT32_MAX)
            return fails(error, CEPA_ARGUMENT, "--strides: expected a step of 1 or more, or two as H,W, not '%s'",
                         text);
        strides[i] = (int)numbers[i];
    }
    return CEPA_OK;
}

/* Cuts --padding into ways. */
static cepa_status read_ways(const settings *settings, filtering *f, cepa_error *error)
{
    int strides[2] = {1, 1};
    cepa_status status = read_strides(settings, strides, error);
    for (const char *at = settings->padding ? settings->padding : "valid"; at && !status;) {
        size_t length = strcspn(at, ",");
        way *w = &f->ways[f->count];
        if (f->count == MOST_WAYS || length >= sizeof w->padding)
            return fails(error, CEPA_ARGUMENT, "--padding: expected valid, zero, nearest, reflect, or several of them");
        snprintf(w->padding, sizeof w->padding, "%.*s", (int)length, at);
        w->how = (cepa_filter_options){.strides = {strides[0], strides[1]}, .padding = w->padding};
        f->count++;
        at = at[length] ? at + length + 1 : NULL;
    }
    return status;
}

static cepa_status read_at(const settings *settings, filtering *f, cepa_error *error)
{
    size_t count;
    f->explained = settings->at;
    if (settings->at && !read_places(settings->at, 2, 2, f->at, &count))
        return fails(error, CEPA_ARGUMENT, "--at: expected ROW,COL counted from 0, not '%s'", settings->at);
    return CEPA_OK;
}

static cepa_status check_output(const settings *settings, const filtering *f, cepa_error *error)
{
    const char *path = settings->output, *figure = settings->figure;
    if (path && !names_matrix(path) && !names_figure(path))
        return fails(error, CEPA_ARGUMENT, "-o %s: expected a name that ends in .png, .svg, .pdf, .npy or .csv", path);
    if (path && f->count > 1)
        return fails(error, CEPA_ARGUMENT, "-o %s: one file takes one output; name one --padding", path);
    if (settings->steps && (settings->at || settings->json || path || figure))
        return fails(error, CEPA_ARGUMENT, "--steps goes without --at, --json, --figure and -o");
    return check_figure("--figure", figure, error);
}

/* ---- The command ---- */

static cepa_status prepare(const settings *settings, filtering *f, cepa_error *error)
{
    cepa_status status = read_kernels(settings, f, error);
    if (!status && settings->flip) status = flip(f, error);
    if (!status) status = read_ways(settings, f, error);
    if (!status) status = read_at(settings, f, error);
    if (!status) status = check_output(settings, f, error);
    if (!status) status = read_input(settings, f, error);
    return status;
}

/* Says before anything is printed that --at lies outside an output. */
static cepa_status check_at(const filtering *f, cepa_error *error)
{
    for (size_t i = 0; i < f->count && f->explained; i++) {
        const cepa_matrix *out = &f->ways[i].output;
        if (f->at[0] >= out->height || f->at[1] >= out->width)
            return fails(error, CEPA_ARGUMENT,
                         "--at: the output has rows 0 to %zu and columns 0 to %zu, there is no %zu,%zu",
                         out->height - 1, out->width - 1, f->at[0], f->at[1]);
    }
    return CEPA_OK;
}

/* Makes the output of its sums, as a layer does. */
static cepa_status finish(const filtering *f, way *w, cepa_error *error)
{
    cepa_matrix *out = &w->output;
    size_t count = out->height * out->width;
    cepa_status status = CEPA_OK;
    if (f->bias != 0 || f->activation) /* the output so far is kept as the sums */
        status = cepa_matrix_new(out->height, out->width, 1, out->values, &w->sums, error);
    for (size_t i = 0; i < count && !status; i++) out->values[i] += f->bias;
    return status || !f->activation ? status : activate(f->activation, count, out->values, out->values, error);
}

static cepa_status run(const settings *settings, filtering *f, cepa_error *error)
{
    cepa_status status = prepare(settings, f, error);
    for (size_t i = 0; i < f->count && !status; i++) {
        way *w = &f->ways[i];
        status = cepa_filter_with(&f->input, &f->kernel, &w->how, &w->output, error);
        if (!status) status = finish(f, w, error);
    }
    if (!status) status = check_at(f, error);
    if (!status && settings->steps) return filtering_step(f, settings, error);
    for (size_t i = 0; i < f->count && !status; i++) {
        if (settings->json) break;
        if (!settings->output && !settings->text && !settings->figure) filtering_print(f, &f->ways[i]);
        if (f->explained) status = filtering_explain(f, &f->ways[i], error);
    }
    if (!status && settings->json) status = filtering_json(f, error);
    if (!status && (settings->text || settings->figure)) status = filtering_draw(f, settings, error);
    if (!status && settings->output) status = filtering_write(f, settings->output, error);
    return status;
}

static int filter_main(const settings *settings)
{
    if (settings->presets) {
        filtering_print_presets();
        return DONE;
    }
    if (!settings->operand_count)
        return misused("filter needs INPUT: a picture, a matrix in a file, or numbers such as '1 2; 3 4'");
    cepa_error error = {CEPA_OK, ""};
    filtering f = {.bias = settings->bias, .activation = settings->activation};
    cepa_status status = run(settings, &f, &error);
    cepa_matrix_free(&f.input);
    cepa_matrix_free(&f.kernel);
    for (size_t i = 0; i < f.count; i++) {
        cepa_matrix_free(&f.ways[i].sums);
        cepa_matrix_free(&f.ways[i].output);
    }
    return status ? failed(&error) : DONE;
}

const command filter_command = {
    .name = "filter",
    .operands = "INPUT",
    .purpose = "Slides a kernel over a picture or a matrix as Conv2D does, and shows every number",
    .options = options,
    .most = 1,
    .run = filter_main,
};
