#include "against_truth.h"
#include "classified.h"
#include "files.h"
#include "outputs.h"
#include "report.h"
#include "text_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

cepa_status print_confusion(const cepa_model *model, const cepa_dataset *data, int threads, cepa_error *error)
{
    classified c;
    char number[32];
    cepa_status status = classify(&c, model, data, threads, error);
    text_table table = text_table_new(c.classes + 1);
    text_table_row(&table);
    text_table_set(&table, 0, "is, taken for");
    for (size_t i = 0; !status && i < c.classes; i++) text_table_set(&table, i + 1, "%s", class_name(&c, i, number));
    for (size_t truth = 0; !status && truth < c.classes; truth++) {
        text_table_row(&table);
        text_table_set(&table, 0, "%s", class_name(&c, truth, number));
        for (size_t i = 0; i < c.classes; i++) text_table_set(&table, i + 1, "%zu", c.counts[truth * c.classes + i]);
    }
    if (!status && table.failed) status = fails_memory(error);
    if (!status) text_table_print(&table, stdout);
    text_table_free(&table);
    classified_free(&c);
    return status;
}

/* The place of the target among the inputs' columns; their number where it is none. */
static size_t find_target(const cepa_dataset_info *info)
{
    const cepa_array *x = info->inputs, *y = info->targets;
    size_t count = x->columns ? (size_t)x->shape[0] : 0;
    for (size_t i = 0; i < count && info->target_count == 1 && y->columns && y->rank == 0; i++)
        if (strcmp(x->columns[i], y->columns[0]) == 0) return i;
    return count;
}

cepa_status print_baseline(const cepa_dataset *data, cepa_error *error)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    size_t place = find_target(info), columns = info->table ? (size_t)info->inputs->shape[0] : 0;
    if (place == columns)
        return fails(error, CEPA_DATA,
                     "--baseline: the target of %s is not among its inputs (of an earlier row: --ahead)", info->name);
    double squares = 0, errors = 0, rows = (double)info->rows;
    for (size_t row = 0; row < info->rows; row++) {
        double wrong = cepa_array_number(info->inputs, row * columns + place) - cepa_array_number(info->targets, row);
        squares += wrong * wrong;
        errors += fabs(wrong);
    }
    printf("baseline, %s as %zu row%s before - mse: %.4f - root_mean_squared_error: %.4f - mae: %.4f\n",
           info->targets->name, info->table->ahead, info->table->ahead == 1 ? "" : "s", squares / rows,
           sqrt(squares / rows), errors / rows);
    return CEPA_OK;
}

/* ---- Figures ---- */

/* The names of all classes, the numbers of those that have none in the room for texts. */
static void name_classes(const classified *c, const char **names, char (*numbers)[32])
{
    for (size_t i = 0; i < c->classes; i++) names[i] = class_name(c, i, numbers[i]);
}

static cepa_status draw_classes(const char *path, const cepa_model *model, const cepa_dataset *data, int threads,
                                cepa_error *error)
{
    classified c;
    cepa_status status = classify(&c, model, data, threads, error);
    double *counts = calloc(c.classes * c.classes + 1, sizeof *counts);
    const char **names = calloc(c.classes + 1, sizeof *names);
    char(*numbers)[32] = calloc(c.classes + 1, sizeof *numbers);
    if (!status && (!counts || !names || !numbers)) status = fails_memory(error);
    if (!status) {
        for (size_t i = 0; i < c.classes * c.classes; i++) counts[i] = (double)c.counts[i];
        name_classes(&c, names, numbers);
        cepa_matrix matrix = {c.classes, c.classes, 1, counts};
        cepa_heat_options how = {.title = "Confusion matrix",
                                 .row_label = "true class",
                                 .column_label = "predicted class",
                                 .row_names = names,
                                 .column_names = names};
        status = cepa_plot_heat(path, &matrix, &how, error);
    }
    free(counts);
    free(names);
    free(numbers);
    classified_free(&c);
    return status;
}

/* One output's numbers over the target's, a series for each column. */
static cepa_status draw_numbers(const char *path, const cepa_array *target, const outputs *o, cepa_error *error)
{
    size_t count = o->arrays[0].size, rows = o->rows;
    double *x = calloc(count * rows + 1, sizeof *x), *y = calloc(count * rows + 1, sizeof *y);
    cepa_series *series = calloc(count + 1, sizeof *series);
    cepa_status status = x && y && series ? CEPA_OK : fails_memory(error);
    for (size_t i = 0; i < count && !status; i++) {
        series[i] = (cepa_series){.name = target->columns ? target->columns[i] : "predicted", .count = rows};
        for (size_t row = 0; row < rows; row++) {
            x[i * rows + row] = cepa_array_number(target, row * count + i);
            y[i * rows + row] = (double)o->values[0][row * count + i];
        }
        series[i].x = x + i * rows;
        series[i].y = y + i * rows;
    }
    cepa_plot_options how = {
        .title = target->name && count == 1 ? target->name : NULL, .x_label = "true", .y_label = "predicted"};
    if (!status) status = cepa_plot_points(path, series, count, true, &how, error);
    free(series);
    free(x);
    free(y);
    return status;
}

cepa_status draw_against_truth(const char *path, const cepa_model *model, const cepa_dataset *data, int threads,
                               cepa_error *error)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    if (info->class_count) return draw_classes(path, model, data, threads, error);
    if (cepa_model_output_count(model) != 1 || info->target_count != 1)
        return fails(error, CEPA_DATA, "--figure takes a model of one output and data of one target");
    outputs o = {.rows = 0};
    cepa_status status = outputs_predict(&o, model, data, threads, error);
    if (!status) status = draw_numbers(path, info->targets, &o, error);
    outputs_free(&o);
    return status;
}
