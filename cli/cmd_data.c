/* cepa data: what data sets there are, what they hold, and a look at them. */
#include "commands.h"
#include "drawing.h"
#include "json.h"
#include "outputs.h"
#include "report.h"
#include "subject.h"
#include "terminal.h"
#include "text_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_SIZE_OPTION                                                                                              \
    OPTION("image-size", image_size, TAKES_COUNT, .value = "N", .min = 1, .max = 10000,                                \
           .help = "folders of pictures: resize to N x N; default: 256")

static const char *const type_names[] = {[CEPA_FLOAT32] = "float32",
                                         [CEPA_UINT8] = "uint8",
                                         [CEPA_INT32] = "int32",
                                         [CEPA_INT64] = "int64",
                                         [CEPA_FLOAT64] = "float64"};

/* ---- list ---- */

static int list_main(const settings *settings)
{
    (void)settings;
    size_t count;
    const cepa_known_dataset *known = cepa_known_datasets(&count);
    for (size_t i = 0; i < count; i++) {
        char path[1000] = "";
        cepa_dataset_locate(known[i].name, path, sizeof path, NULL);
        printf("%-14s %s\n%-14s %s%s\n", known[i].name, known[i].title, "",
               known[i].generated ? "generated"
               : *path            ? path
               : known[i].obtain  ? known[i].obtain
                                  : "not on this machine: cepa data fetch ",
               known[i].generated || *path || known[i].obtain ? "" : known[i].name);
    }
    return DONE;
}

const command data_list_command = {
    .name = "data list",
    .operands = "",
    .purpose = "Lists the data sets that have a name, and where they are",
    .options = (const option[]){END_OF_OPTIONS},
    .run = list_main,
};

/* ---- info ---- */

static void print_array(const cepa_dataset *data, const char *what, const cepa_array *array)
{
    enum { NAME = 12 };
    const char *name = array->name ? array->name : "";
    size_t columns = cepa_text_columns(name);
    char shape[100];
    int sizes[CEPA_MAX_RANK + 1] = {(int)cepa_dataset_describe(data)->rows};
    double least, most;
    for (size_t i = 0; i < array->rank; i++) sizes[i + 1] = array->shape[i];
    shape_print(sizes, array->rank + 1, shape);
    cepa_dataset_range(data, array, &least, &most);
    printf("  %-7s %s%*s %-8s %-20s %g ... %g\n", what, name, columns < NAME ? (int)(NAME - columns) : 0, "",
           type_names[array->type], shape, least, most);
}

/* The columns of a table's inputs: each with its least number, the mean and the largest. */
static void print_columns(const cepa_dataset *data, const cepa_array *array)
{
    enum { WIDTH = 36 };
    const float *numbers = array->data;
    size_t rows = cepa_dataset_describe(data)->rows, count = (size_t)array->shape[0];
    for (size_t c = 0; array->columns && c < count; c++) {
        spread s = spread_of(numbers + c, rows, count);
        size_t width = cepa_text_columns(array->columns[c]);
        printf("    %s%*s %g ... %g, mean %.4g\n", array->columns[c], width < WIDTH ? WIDTH - (int)width : 0, "", s.low,
               s.high, s.mean);
    }
}

static void print_part(const char *part, cepa_dataset *data)
{
    if (!data) return;
    bool hashed = cepa_dataset_hash(data, NULL) == CEPA_OK;
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    printf("%s: %zu rows\n", part, info->rows);
    for (size_t i = 0; i < info->input_count; i++) print_array(data, "input", &info->inputs[i]);
    if (info->table) print_columns(data, &info->inputs[0]);
    for (size_t i = 0; i < info->target_count; i++) print_array(data, "target", &info->targets[i]);
    if (info->sample_weight) print_array(data, "weight", info->sample_weight);
    if (hashed) printf("  sha256  %s\n", info->sha256);
}

static void json_array(json *j, const cepa_dataset *data, const cepa_array *array)
{
    double least, most;
    cepa_dataset_range(data, array, &least, &most);
    json_open(j, NULL, '{');
    json_text(j, "name", array->name);
    json_text(j, "type", type_names[array->type]);
    json_shape(j, "shape", array->shape, array->rank);
    json_number(j, "min", least);
    json_number(j, "max", most);
    if (array->columns) {
        json_open(j, "columns", '[');
        for (int i = 0; i < (array->rank ? array->shape[0] : 1); i++) json_text(j, NULL, array->columns[i]);
        json_close(j, ']');
    }
    json_close(j, '}');
}

static void json_part(json *j, const char *part, cepa_dataset *data)
{
    if (!data) {
        json_text(j, part, NULL);
        return;
    }
    bool hashed = cepa_dataset_hash(data, NULL) == CEPA_OK;
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    json_open(j, part, '{');
    json_whole(j, "rows", info->rows);
    json_open(j, "inputs", '[');
    for (size_t i = 0; i < info->input_count; i++) json_array(j, data, &info->inputs[i]);
    json_close(j, ']');
    json_open(j, "targets", '[');
    for (size_t i = 0; i < info->target_count; i++) json_array(j, data, &info->targets[i]);
    json_close(j, ']');
    json_text(j, "sha256", hashed ? info->sha256 : NULL);
    json_close(j, '}');
}

static void info_json(const cepa_parts *parts)
{
    const cepa_dataset_info *info = cepa_dataset_describe(parts->train);
    json j = {.out = stdout};
    json_open(&j, NULL, '{');
    json_text(&j, "name", info->name);
    json_text(&j, "source", info->source);
    json_text(&j, "citation", info->citation);
    json_open(&j, "classes", '[');
    for (size_t i = 0; i < info->class_count && info->class_names; i++) json_text(&j, NULL, info->class_names[i]);
    json_close(&j, ']');
    json_part(&j, "train", parts->train);
    if (parts->validation) json_part(&j, "validation", parts->validation);
    json_part(&j, "test", parts->test);
    if (info->table) json_whole(&j, "incomplete", info->incomplete);
    json_close(&j, '}');
}

static void print_classes(const cepa_dataset_info *info)
{
    char *text;
    size_t size;
    FILE *out = info->class_count ? open_memstream(&text, &size) : NULL;
    if (!out) return;
    fprintf(out, "%zu classes", info->class_count);
    for (size_t i = 0; i < info->class_count && info->class_names; i++)
        fprintf(out, "%s %s", i ? "," : ":", info->class_names[i]);
    if (fclose(out) == 0) print_wrapped(text);
    free(text);
}

static void info_text(const cepa_parts *parts)
{
    const cepa_dataset_info *info = cepa_dataset_describe(parts->train);
    printf("%s: %s\n", info->name, info->source);
    if (info->citation) print_wrapped(info->citation);
    if (info->incomplete == 1) printf("1 row left out: something in it is missing\n");
    if (info->incomplete > 1) printf("%zu rows left out: something in them is missing\n", info->incomplete);
    print_part("train", parts->train);
    print_part("validation", parts->validation);
    print_part("test", parts->test);
    print_classes(info);
}

static int info_main(const settings *settings)
{
    cepa_parts parts;
    cepa_error error;
    if (subject_shown(settings, &parts, &error) != CEPA_OK) return failed(&error);
    if (settings->json)
        info_json(&parts);
    else
        info_text(&parts);
    cepa_parts_free(&parts);
    return DONE;
}

const command data_info_command = {
    .name = "data info",
    .operands = "D",
    .purpose = "Says what a data set holds, whence it comes and whom to cite",
    .options = (const option[]){IMAGE_SIZE_OPTION, TABLE_OPTIONS, JSON_OPTION, END_OF_OPTIONS},
    .least = 1,
    .most = 1,
    .run = info_main,
};

/* ---- grid ---- */

/* The pictures as characters, under their class names. */
static cepa_status print_grid(const settings *settings, const cepa_dataset *data, size_t columns, size_t rows,
                              cepa_error *error)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    drawing d = {.count = 0};
    cepa_status status = CEPA_OK;
    for (size_t row = 0; row < columns * rows && row < info->rows && !status; row++) {
        cepa_matrix picture;
        char number[32];
        int class = cepa_dataset_class(data, row);
        const char *name = class < 0 ? "" : class_label(info->class_names, info->class_count, (size_t) class, number);
        status = cepa_dataset_picture(data, row, &picture, error);
        if (!status && !drawing_add(&d, name, &picture, CEPA_TONE_PLAIN, error)) status = error->status;
    }
    cepa_panel_options how = {.columns = (int)columns};
    if (!status) status = drawing_print(&d, settings, &how, error);
    drawing_free(&d);
    return status;
}

static int grid_main(const settings *settings)
{
    cepa_parts parts = {NULL};
    cepa_dataset *data = NULL;
    cepa_error error;
    const char *path = settings->output ? settings->output : "grid.png";
    size_t columns = settings->columns ? settings->columns : 5, rows = settings->rows ? settings->rows : 5;
    bool drawn = !settings->text || settings->output;
    cepa_status status = check_figure("-o", settings->output, &error);
    if (!status) status = subject_shown(settings, &parts, &error);
    if (!status) status = subject_take_part(settings, "train", &parts, &data, &error);
    if (!status && settings->text) status = print_grid(settings, data, columns, rows, &error);
    if (!status && drawn) status = cepa_plot_grid(path, data, (int)columns, (int)rows, &error);
    if (!status && drawn) printf("Wrote %s\n", path);
    cepa_dataset_free(data);
    return status ? failed(&error) : DONE;
}

const command data_grid_command = {
    .name = "data grid",
    .operands = "D",
    .purpose = "Draws the first pictures of a data set with their class names",
    .options =
        (const option[]){
            OPTION("output", output, TAKES_TEXT, .letter = 'o', .value = "FILE",
                   .help = ".png, .svg or .pdf; default: grid.png"),
            OPTION("columns", columns, TAKES_COUNT, .value = "N", .min = 1, .max = 32,
                   .help = "pictures in a row; default: 5"),
            OPTION("rows", rows, TAKES_COUNT, .value = "N", .min = 1, .max = 32,
                   .help = "rows of pictures; default: 5"),
            PART_OPTION("train"),
            TEXT_OPTION,
            WIDTH_OPTION,
            IMAGE_SIZE_OPTION,
            END_OF_OPTIONS,
        },
    .least = 1,
    .most = 1,
    .run = grid_main,
};

/* ---- check ---- */

/* Rows of each class; complains about a class without rows. */
static size_t check_classes(const char *part, const cepa_dataset *data)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    if (!info->class_count || !info->target_count) return 0;
    size_t *rows = calloc(info->class_count, sizeof *rows), faults = 0;
    for (size_t i = 0; rows && i < info->rows; i++) {
        int class = cepa_dataset_class(data, i);
        if (class >= 0 && (size_t) class < info->class_count)
            rows[class]++;
        else if (faults++ == 0)
            complain("%s: row %zu has none of the %zu classes", part, i, info->class_count);
    }
    printf("%s rows of each class:", part);
    for (size_t i = 0; rows && i < info->class_count; i++) {
        printf(" %zu", rows[i]);
        if (!rows[i]) warn("%s: class %zu has no row", part, i);
    }
    putchar('\n');
    free(rows);
    return faults;
}

static size_t check_arrays(const char *part, const cepa_dataset *data, const cepa_array *arrays, size_t count)
{
    size_t faults = 0;
    for (size_t i = 0; i < count; i++) {
        double least, most;
        cepa_dataset_range(data, &arrays[i], &least, &most);
        if (isfinite(least) && isfinite(most)) continue;
        if (faults++ == 0)
            complain("%s: array %s holds numbers that are not finite", part, arrays[i].name ? arrays[i].name : "x");
    }
    return faults;
}

static size_t check_part(const char *part, cepa_dataset *data)
{
    if (!data) return 0;
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    return check_arrays(part, data, info->inputs, info->input_count) +
           check_arrays(part, data, info->targets, info->target_count) + check_classes(part, data);
}

static int check_main(const settings *settings)
{
    cepa_parts parts;
    cepa_error error;
    if (subject_shown(settings, &parts, &error) != CEPA_OK) return failed(&error);
    size_t faults =
        check_part("train", parts.train) + check_part("validation", parts.validation) + check_part("test", parts.test);
    if (!faults) puts("fine: every file is whole, every number is finite, every class is in range");
    cepa_parts_free(&parts);
    return faults ? FAILED : DONE;
}

const command data_check_command = {
    .name = "data check",
    .operands = "D",
    .purpose = "Reads a whole data set and says what is wrong with it",
    .options = (const option[]){IMAGE_SIZE_OPTION, TABLE_OPTIONS, END_OF_OPTIONS},
    .least = 1,
    .most = 1,
    .run = check_main,
};
