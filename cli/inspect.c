#include "inspect.h"
#include "files.h"
#include "report.h"
#include "sorting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

cepa_status inspect_model(const settings *settings, inspection *in, cepa_error *error)
{
    *in = (inspection){.model = NULL};
    cepa_status status = check_figure("-o", settings->output, error);
    if (!status) status = subject_model(settings, &in->model, error);
    if (status) return status;
    const cepa_notes *notes = cepa_model_notes(in->model);
    in->classes = notes->class_names;
    in->class_count = notes->class_count;
    return CEPA_OK;
}

static cepa_status open_data(const settings *settings, inspection *in, cepa_error *error)
{
    cepa_parts parts;
    cepa_status status = subject_parts(settings, in->model, 0, &parts, error);
    return status ? status : subject_take_part(settings, "test", &parts, &in->data, error);
}

cepa_status inspect_data(const settings *settings, inspection *in, cepa_error *error)
{
    cepa_status status = inspect_model(settings, in, error);
    if (!status && !cepa_model_has_weights(in->model))
        warn("%s has not learned: its weights are random", settings->operands[0]);
    if (!status) status = open_data(settings, in, error);
    if (status) return status;
    subject_scale(settings, in->model, in->data);
    const cepa_dataset_info *info = cepa_dataset_describe(in->data);
    if (!in->class_count) {
        in->classes = info->class_names;
        in->class_count = info->class_names ? info->class_count : 0;
    }
    return CEPA_OK;
}

static cepa_status open_picture(const settings *settings, inspection *in, cepa_error *error)
{
    cepa_status status = inspect_model(settings, in, error);
    if (status) return status;
    if (settings->data) return fails(error, CEPA_ARGUMENT, "--image and --data: name one of them");
    if (!cepa_model_has_weights(in->model)) warn("%s has not learned: its weights are random", settings->operands[0]);
    cepa_dataset_options how = subject_pictures(in->model);
    status = cepa_dataset_pictures(&settings->image, 1, &how, &in->row, error);
    if (status) return status;
    subject_scale(settings, in->model, in->row);
    const char *slash = strrchr(settings->image, '/');
    snprintf(in->title, sizeof in->title, "%s", slash ? slash + 1 : settings->image);
    return CEPA_OK;
}

cepa_status inspect_row(const settings *settings, inspection *in, cepa_error *error)
{
    if (settings->image) return open_picture(settings, in, error);
    cepa_status status = inspect_data(settings, in, error);
    if (!status) status = cepa_dataset_pick(in->data, &settings->index, 1, &in->row, error);
    if (status) return status;
    int class = cepa_dataset_class(in->row, 0);
    char number[32];
    const char *name = cepa_dataset_describe(in->data)->name;
    if (class >= 0)
        snprintf(in->title, sizeof in->title, "%s (row %zu of %s)", inspect_class(in, (size_t) class, number),
                 settings->index, name);
    else
        snprintf(in->title, sizeof in->title, "row %zu of %s", settings->index, name);
    return CEPA_OK;
}

static bool leaves_sizes_open(const cepa_model *model)
{
    int shape[CEPA_MAX_RANK];
    size_t rank;
    for (size_t i = 0; i < cepa_model_input_count(model); i++) {
        cepa_model_input(model, i, &rank, shape);
        for (size_t axis = 0; axis < rank; axis++)
            if (shape[axis] < 0) return true;
    }
    return false;
}

cepa_status inspect_sized(const settings *settings, inspection *in, cepa_error *error)
{
    cepa_status status = inspect_model(settings, in, error);
    if (status || (!leaves_sizes_open(in->model) && !settings->image && !settings->data)) return status;
    subject_free(in->model);
    return inspect_row(settings, in, error);
}

int inspect_end(inspection *in, cepa_status status, const cepa_error *error)
{
    cepa_dataset_free(in->row);
    cepa_dataset_free(in->data);
    subject_free(in->model);
    return status ? failed(error) : DONE;
}

const char *inspect_class(const inspection *in, size_t class, char number[32])
{
    return class_label(in->classes, in->class_count, class, number);
}

/* ---- Layers ---- */

cepa_status inspect_layer(const inspection *in, const char *name, cepa_layer_info *layer, cepa_error *error)
{
    size_t count = cepa_model_layer_count(in->model);
    const char **names = calloc(count + 1, sizeof *names);
    if (!names) return fails_memory(error);
    for (size_t i = 0; i < count; i++) {
        if (cepa_model_layer(in->model, i, layer) != CEPA_OK) continue;
        names[i] = layer->name;
        if (strcmp(layer->name, name) == 0) {
            free(names);
            return CEPA_OK;
        }
    }
    const char *near = count ? nearest_name(name, names, count, sizeof *names) : NULL;
    free(names);
    return near ? fails(error, CEPA_ARGUMENT, "the model has no layer %s (did you mean %s?)", name, near)
                : fails(error, CEPA_ARGUMENT, "the model has no layer %s (see 'cepa summary')", name);
}

bool inspect_first(const inspection *in, const char *class_name, cepa_layer_info *layer)
{
    for (size_t i = 0; cepa_model_layer(in->model, i, layer) == CEPA_OK; i++)
        if (strcmp(layer->class_name, class_name) == 0) return true;
    return false;
}

cepa_status inspect_activations(const inspection *in, const char *layer, outputs *outputs, cepa_error *error)
{
    cepa_model *part;
    *outputs = (struct outputs){.rows = 0};
    cepa_status status = cepa_model_part(in->model, layer, &part, error);
    return status ? status : outputs_predict(outputs, part, in->row, 0, error);
}

bool inspect_weight(const inspection *in, const char *layer, const char *name, cepa_weight_info *weight)
{
    for (size_t i = 0; cepa_model_weight(in->model, i, weight) == CEPA_OK; i++)
        if (strcmp(weight->layer, layer) == 0 && strcmp(weight->name, name) == 0) return true;
    return false;
}

/* ---- Numbers and figures ---- */

cepa_status inspect_draw(const drawing *drawing, const settings *settings, const cepa_panel_options *how,
                         cepa_error *error)
{
    cepa_status status = settings->text ? drawing_print(drawing, settings, how, error) : CEPA_OK;
    if (!status && settings->output) status = drawing_write(drawing, settings->output, how, error);
    return status;
}

int grid_columns(size_t count)
{
    size_t best = count < 6 ? count : 6, least = SIZE_MAX;
    for (size_t columns = 6; columns <= 12 && columns <= count; columns++) {
        size_t empty = (columns - count % columns) % columns;
        if (empty > least) continue;
        least = empty;
        best = columns;
    }
    return (int)best;
}

void spread_row(text_table *table, const char *name, const spread *s)
{
    text_table_row(table);
    text_table_set(table, 0, "%s", name);
    text_table_set(table, 1, "%.4f", s->low);
    text_table_set(table, 2, "%.4f", s->mean);
    text_table_set(table, 3, "%.4f", s->high);
}

cepa_status scale_like(cepa_panel *panel, const float *values, size_t count, cepa_error *error)
{
    double *sizes = calloc(count + 1, sizeof *sizes);
    bool negative = false;
    if (!sizes) return fails_memory(error);
    for (size_t i = 0; i < count; i++) {
        sizes[i] = fabs((double)values[i]);
        negative = negative || values[i] < 0;
    }
    qsort(sizes, count, sizeof *sizes, smaller_first);
    double reach = count ? sizes[count - 1 - count / 200] : 0;
    if (reach <= 0 && count) reach = sizes[count - 1];
    free(sizes);
    panel->tone = CEPA_TONE_PLAIN;
    panel->high = reach > 0 ? reach : 1;
    panel->low = negative ? -panel->high : 0;
    return CEPA_OK;
}
