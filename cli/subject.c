#include "subject.h"
#include "files.h"
#include "json_read.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

static cepa_status check_parameters(const settings *settings, const cepa_model *model, cepa_error *error)
{
    if (!settings->set.count || cepa_model_source(model)) return CEPA_OK;
    return fails(error, CEPA_ARGUMENT, "%s has no parameters that --set could change: only source text has",
                 settings->operands[0]);
}

static cepa_status take_weights(const settings *settings, cepa_model *model, cepa_error *error)
{
    if (settings->by_name && !settings->weights)
        return fails(error, CEPA_ARGUMENT, "--by-name is said of the file of --weights, which is missing");
    if (!settings->weights) return CEPA_OK;
    cepa_status status = cepa_load_weights(model, settings->weights, settings->by_name);
    if (status) *error = *cepa_model_error(model);
    return status;
}

void subject_free(cepa_model *model) { cepa_graph_free(cepa_model_graph(model)); }

cepa_status subject_model(const settings *settings, cepa_model **model, cepa_error *error)
{
    bool keras2 = settings->style && strncmp(settings->style, "keras2", 6) == 0;
    cepa_load_options options = {.seed = settings->seed,
                                 .style = keras2 ? "keras2" : NULL,
                                 .set = settings->set.items,
                                 .set_count = settings->set.count};
    cepa_status status = cepa_load(settings->operands[0], &options, model, error);
    if (status) return status;
    status = check_parameters(settings, *model, error);
    if (!status) status = take_weights(settings, *model, error);
    if (!status && settings->optimizer && cepa_set_optimizer(*model, (cepa_choice){.name = settings->optimizer})) {
        *error = *cepa_model_error(*model);
        status = error->status;
    }
    if (!status) return CEPA_OK;
    subject_free(*model);
    *model = NULL;
    return status;
}

cepa_status subject_trained_model(const settings *settings, cepa_model **model, cepa_error *error)
{
    cepa_status status = subject_model(settings, model, error);
    if (status || cepa_model_has_weights(*model)) return status;
    subject_free(*model);
    *model = NULL;
    return fails(error, CEPA_ARGUMENT,
                 "%s has no weights: name a file of them with --weights, or train it with fit and name the RUN or "
                 ".keras that this leaves",
                 settings->operands[0]);
}

size_t subject_parameters(const cepa_model *model)
{
    size_t parameters = 0;
    cepa_layer_info layer;
    for (size_t i = 0; i < cepa_model_layer_count(model); i++)
        if (cepa_model_layer(model, i, &layer) == CEPA_OK) parameters += layer.parameters;
    return parameters;
}

cepa_dataset_options subject_pictures(const cepa_model *model)
{
    static const char *const modes[] = {[1] = "grayscale", [3] = "rgb", [4] = "rgba"};
    cepa_dataset_options options = {.rows = 0};
    size_t rank = 0;
    int shape[CEPA_MAX_RANK];
    if (model) cepa_model_input(model, 0, &rank, shape);
    if (rank != 2 && rank != 3) return options;
    for (int axis = 0; axis < 2; axis++) { /* where one of them is open the pictures are square */
        int size = shape[axis] > 0 ? shape[axis] : shape[1 - axis];
        options.image_size[axis] = size > 0 ? size : 0;
    }
    int channels = rank == 3 ? shape[2] : 1;
    if (channels > 0 && channels <= 4) options.color_mode = modes[channels];
    return options;
}

/* Says so where a copy on this machine is a part of the data set that was named. */
static void tell_part(const char *name, const cepa_dataset *train, const cepa_dataset *test)
{
    size_t count;
    const cepa_known_dataset *known = cepa_known_datasets(&count);
    const cepa_dataset_info *info = cepa_dataset_describe(train);
    size_t test_rows = test ? cepa_dataset_describe(test)->rows : 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(known[i].name, name) == 0 && !known[i].generated &&
            (info->rows < known[i].train_rows || test_rows < known[i].test_rows))
            warn("%s: %s holds %zu rows and %zu to test, not %zu and %zu", name, info->source, info->rows, test_rows,
                 known[i].train_rows, known[i].test_rows);
}

cepa_table subject_table(const settings *settings, const cepa_model *model, const char *name)
{
    const cepa_source_info *source = model ? cepa_model_source(model) : NULL;
    const cepa_notes *notes = model ? cepa_model_notes(model) : NULL;
    cepa_table said = {.target = settings->target,
                       .inputs = settings->inputs,
                       .drop = settings->drop,
                       .ahead = settings->ahead,
                       .first = settings->first,
                       .split = settings->split,
                       .split_seed = settings->split_seed};
    if (source) return cepa_table_merge(&said, &source->table);
    if (!notes || !notes->table_name) return said;
    const char *slash = strrchr(name, '/');
    cepa_table learned = notes->table;
    if (strcmp(slash ? slash + 1 : name, notes->table_name) != 0) {
        learned.split = NULL;
        learned.first = 0;
    }
    return cepa_table_merge(&said, &learned);
}

/* Refuses options for tables where the data are none. */
static cepa_status refuse_columns(const settings *settings, const cepa_dataset *data, cepa_error *error)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    bool asked = settings->target || settings->inputs || settings->drop || settings->ahead || settings->first;
    if (info->table || !asked) return CEPA_OK;
    return fails(error, CEPA_ARGUMENT, "--target, --inputs and the like are for tables (.csv), %s is none", info->name);
}

/* What a model learns from or is measured on says what is to be predicted. */
static cepa_status check_table(const settings *settings, const cepa_dataset *data, cepa_error *error)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    cepa_status status = refuse_columns(settings, data, error);
    if (status) return status;
    if (info->table && !info->target_count)
        return fails(error, CEPA_ARGUMENT, "%s is a table: --target must name the column to predict", info->name);
    return CEPA_OK;
}

cepa_status subject_open(const char *name, const cepa_dataset_options *how, cepa_parts *parts, cepa_error *error)
{
    size_t count;
    const cepa_known_dataset *known = cepa_known_datasets(&count);
    cepa_status status = cepa_dataset_open_parts(name, how, parts, error);
    if (status != CEPA_NOT_FOUND || exists(name)) return status;
    const char *near = nearest_name(name, &known->name, count, sizeof *known);
    if (!near) return fails(error, status, "%s: no such file or folder, nor a name of 'cepa data list'", name);
    return strcmp(near, name) == 0 ? status
                                   : fails(error, status, "there is no data set %s (did you mean %s?)", name, near);
}

cepa_status subject_shown(const settings *settings, cepa_parts *parts, cepa_error *error)
{
    const char *name = settings->operands[0];
    cepa_dataset_options how = {.image_size = {(int)settings->image_size, (int)settings->image_size},
                                .table = subject_table(settings, NULL, name)};
    cepa_status status = subject_open(name, &how, parts, error);
    if (!status) status = refuse_columns(settings, parts->train, error);
    if (status) cepa_parts_free(parts);
    return status;
}

char *subject_facts(const settings *settings)
{
    char *path = join(settings->operands[0], "run.json"), *facts = NULL;
    cepa_error ignored;
    if (path && exists(path)) read_file(path, &facts, NULL, &ignored);
    free(path);
    return facts;
}

/* The data that a run learned from, to be freed: by name where that finds them, else where they were. NULL: it does not
 * say. */
static char *data_of_run(const settings *settings)
{
    char path[1000] = "", *facts = subject_facts(settings);
    char *source = facts ? json_find_text(facts, "data.source") : NULL;
    char *name = facts ? json_find_text(facts, "data.name") : NULL;
    if (name) cepa_dataset_locate(name, path, sizeof path, NULL);
    bool there = !*path && source && exists(source);
    free(facts);
    free(there ? name : source);
    return there ? source : name;
}

static cepa_status open_parts(const char *name, const settings *settings, const cepa_model *model, size_t rows,
                              cepa_parts *parts, cepa_error *error)
{
    cepa_dataset_options options = subject_pictures(model);
    options.rows = rows;
    options.shuffle = true; /* --train and a fraction for --validation take their share of every class */
    options.table = subject_table(settings, model, name);
    cepa_status status = subject_open(name, &options, parts, error);
    if (!status) status = check_table(settings, parts->train, error);
    if (!status) tell_part(name, parts->train, parts->test);
    if (status) cepa_parts_free(parts);
    return status;
}

cepa_status subject_parts(const settings *settings, const cepa_model *model, size_t rows, cepa_parts *parts,
                          cepa_error *error)
{
    const cepa_source_info *source = cepa_model_source(model);
    const char *named = settings->data ? settings->data : source ? source->dataset : NULL;
    char *of_run = named ? NULL : data_of_run(settings);
    *parts = (cepa_parts){NULL};
    cepa_status status = named || of_run
                             ? open_parts(named ? named : of_run, settings, model, rows, parts, error)
                             : fails(error, CEPA_ARGUMENT, "--data is needed: the model names no data set of its own");
    free(of_run);
    return status;
}

cepa_status subject_take_part(const settings *settings, const char *otherwise, cepa_parts *parts, cepa_dataset **part,
                              cepa_error *error)
{
    struct {
        const char *name;
        cepa_dataset **data;
    } known[] = {{"train", &parts->train}, {"validation", &parts->validation}, {"test", &parts->test}};
    const char *wanted = settings->part ? settings->part : parts->test ? otherwise : "train";
    *part = NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, wanted) != 0) continue;
        *part = *known[i].data;
        *known[i].data = NULL;
    }
    cepa_parts_free(parts);
    return *part ? CEPA_OK : fails(error, CEPA_ARGUMENT, "--part %s: these data have no %s part", wanted, wanted);
}

static bool rescales(const cepa_model *model)
{
    cepa_layer_info layer;
    for (size_t i = 0; i < cepa_model_layer_count(model); i++)
        if (cepa_model_layer(model, i, &layer) == CEPA_OK && strcmp(layer.class_name, "Rescaling") == 0) return true;
    return false;
}

double subject_scale(const settings *settings, const cepa_model *model, cepa_dataset *data)
{
    if (!data) return 0;
    const cepa_source_info *source = cepa_model_source(model);
    const cepa_notes *notes = cepa_model_notes(model);
    double scale = settings->scale, offset = 0;
    if (scale == 0 && cepa_dataset_describe(data)->pixels) {
        scale = source ? source->input_scale : notes ? notes->input_scale : 0;
        offset = source ? source->input_offset : notes ? notes->input_offset : 0;
        if (scale == 0 && !rescales(model))
            warn("raw pixels of 0 to 255 go into the model: --scale 1/255 brings them to 0 to 1");
    }
    if (scale == 0) return 0;
    cepa_dataset_scale(data, scale);
    cepa_dataset_offset(data, offset);
    return scale;
}
