/* cepa predict: a model's outputs for pictures or arrays. */
#include "commands.h"
#include "files.h"
#include "json.h"
#include "outputs.h"
#include "report.h"
#include "subject.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const option options[] = {
    OPTION("output", output, TAKES_TEXT, .letter = 'o', .value = "OUT",
           .help = "write the raw outputs to OUT.npy or OUT.npz instead of printing"),
    OPTION("top", top, TAKES_COUNT, .value = "N", .min = 1, .max = 1000,
           .help = "print the N likeliest classes; default: 3"),
    WEIGHTS_OPTIONS,
    SET_OPTION,
    SCALE_OPTION,
    THREADS_OPTION,
    CONV_OPTION,
    JSON_OPTION,
    END_OF_OPTIONS,
};

static bool is_array(const char *path)
{
    return strcasecmp(extension(path), ".npy") == 0 || strcasecmp(extension(path), ".npz") == 0;
}

static bool is_table(const char *path)
{
    return strcasecmp(extension(path), ".csv") == 0 || strcasecmp(extension(path), ".tsv") == 0;
}

/* Rows of a file, where a file is no picture. */
static bool has_rows(const char *path) { return is_array(path) || is_table(path); }

/* Rows from one file of arrays or a table, or a picture each. A table has the columns that the model learned from. */
static cepa_status open_inputs(const settings *settings, const cepa_model *model, cepa_dataset **data,
                               cepa_error *error)
{
    const char **files = settings->operands + 1;
    size_t count = settings->operand_count - 1;
    cepa_dataset_options how = subject_pictures(model);
    for (size_t i = 0; i < count; i++)
        if (has_rows(files[i]) && count > 1)
            return fails(error, CEPA_ARGUMENT, "%s: one file of arrays at a time, and no picture beside it", files[i]);
    how.table.inputs = cepa_model_notes(model)->table.inputs;
    if (!has_rows(files[0])) return cepa_dataset_pictures(files, count, &how, data, error);
    cepa_dataset *test = NULL;
    cepa_status status = cepa_dataset_open(files[0], &how, data, &test, error);
    cepa_dataset_free(test);
    return status;
}

/* ---- Printing ---- */

/* What the rows came from and how their classes are called. */
typedef struct labels {
    const char **files; /* NULL: rows of an array */
    const char *const *classes;
    size_t class_count;
} labels;

static void print_row(const labels *labels, size_t row, const ranked_class *classes, size_t top)
{
    char number[32];
    if (labels->files)
        printf("%s\n", labels->files[row]);
    else
        printf("row %zu\n", row);
    for (size_t i = 0; i < top; i++)
        printf("  %.4f  %s\n", classes[i].probability,
               class_label(labels->classes, labels->class_count, classes[i].class, number));
}

static void json_row(json *j, const labels *labels, size_t row, const ranked_class *classes, size_t top)
{
    char number[32];
    json_open(j, NULL, '{');
    if (labels->files)
        json_text(j, "file", labels->files[row]);
    else
        json_whole(j, "row", row);
    json_open(j, "classes", '[');
    for (size_t i = 0; i < top; i++) {
        json_open(j, NULL, '{');
        json_text(j, "class", class_label(labels->classes, labels->class_count, classes[i].class, number));
        json_number(j, "probability", rint(1e6 * classes[i].probability) / 1e6);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_close(j, '}');
}

/* A number for each row: what a regression predicts. */
static cepa_status print_numbers(const settings *settings, const outputs *outputs)
{
    json j = {.out = stdout};
    if (settings->json) json_open(&j, NULL, '[');
    for (size_t row = 0; row < outputs->rows; row++)
        if (settings->json)
            json_number(&j, NULL, (double)outputs->values[0][row]);
        else
            printf("row %zu  %.6g\n", row, (double)outputs->values[0][row]);
    if (settings->json) json_close(&j, ']');
    return CEPA_OK;
}

static cepa_status print_classes(const settings *settings, const labels *labels, const outputs *outputs,
                                 cepa_error *error)
{
    size_t size = outputs->arrays[0].size, top = settings->top ? settings->top : 3;
    if (outputs->count == 1 && size == 1 && !labels->files) return print_numbers(settings, outputs);
    if (outputs->count > 1 || outputs->arrays[0].rank != 1 || size < 2)
        return fails(error, CEPA_ARGUMENT,
                     "the model gives no class probabilities: name a file for its outputs with -o");
    ranked_class *classes = calloc(size, sizeof *classes);
    if (!classes) return fails_memory(error);
    json j = {.out = stdout};
    if (settings->json) json_open(&j, NULL, '[');
    for (size_t row = 0; row < outputs->rows; row++) {
        rank_classes(outputs->values[0] + row * size, size, classes);
        if (settings->json)
            json_row(&j, labels, row, classes, top < size ? top : size);
        else
            print_row(labels, row, classes, top < size ? top : size);
    }
    if (settings->json) json_close(&j, ']');
    free(classes);
    return CEPA_OK;
}

/* ---- The command ---- */

static cepa_status predict(const settings *settings, cepa_model *model, cepa_dataset *data, cepa_error *error)
{
    outputs outputs;
    cepa_status status = outputs_predict(&outputs, model, data, (int)settings->threads, error);
    const cepa_notes *notes = cepa_model_notes(model);
    labels labels = {.files = has_rows(settings->operands[1]) ? NULL : settings->operands + 1};
    if (notes) labels.classes = notes->class_names;
    if (notes) labels.class_count = notes->class_count;
    if (!status && settings->output)
        status = outputs_write(&outputs, settings->output, error);
    else if (!status)
        status = print_classes(settings, &labels, &outputs, error);
    outputs_free(&outputs);
    return status;
}

/* Whatever is wrong with -o is said before any work. */
static cepa_status check_output(const char *path, const cepa_model *model, cepa_error *error)
{
    if (path && !is_array(path))
        return fails(error, CEPA_ARGUMENT, "-o %s: expected a name that ends in .npy or .npz", path);
    if (path && cepa_model_output_count(model) > 1 && strcasecmp(extension(path), ".npz") != 0)
        return fails(error, CEPA_ARGUMENT, "-o %s: a model of several outputs needs a name that ends in .npz", path);
    return CEPA_OK;
}

static int predict_main(const settings *settings)
{
    cepa_error error = {CEPA_OK, ""};
    cepa_model *model = NULL;
    cepa_dataset *data = NULL;
    cepa_status status = subject_trained_model(settings, &model, &error);
    if (!status) status = check_output(settings->output, model, &error);
    if (!status) status = open_inputs(settings, model, &data, &error);
    if (!status) {
        subject_scale(settings, model, data);
        status = predict(settings, model, data, &error);
    }
    cepa_dataset_free(data);
    subject_free(model);
    return status ? failed(&error) : DONE;
}

const command predict_command = {
    .name = "predict",
    .operands = "MODEL IN.csv|IN.npy|IN.npz|IMAGE...",
    .purpose = "Runs a trained MODEL on a table, arrays or pictures",
    .options = options,
    .least = 2,
    .run = predict_main,
};
