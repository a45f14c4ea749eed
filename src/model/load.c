/* Opens a model from whatever it is kept in; the contents say what that is, never the name. */
#include "base/file.h"
#include "formats/source.h"
#include "model/files.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_MODEL_BYTES = 2000000000 };

static bool starts_with(const buffer *b, const char *start, size_t length)
{
    return b->size >= length && memcmp(b->bytes, start, length) == 0;
}

static bool is_archive(const buffer *b) { return starts_with(b, "PK\3\4", 4); }
static bool is_hdf5(const buffer *b) { return starts_with(b, "\x89HDF", 4); }
static bool is_pointer(const buffer *b) { return starts_with(b, "version https://git-lfs", 23); }
static bool is_json(const buffer *b) { return starts_with(b, "{", 1) || starts_with(b, "[", 1); }
static bool is_anything(const buffer *b) { return b->size < SIZE_MAX; }

static cepa_status load_pointer(const load_call *c, cepa_error *error)
{
    return fail(error, CEPA_FORMAT, "%s: a Git LFS pointer, not the file itself: fetch it with git lfs pull", c->path);
}

static cepa_status load_hdf5(const load_call *c, cepa_error *error)
{
    return fail(error, CEPA_UNSUPPORTED, "%s: an HDF5 file: this version reads .keras archives only", c->path);
}

static cepa_status load_source(const load_call *c, cepa_error *error)
{
    source_model read = {0};
    cepa_status status = keras_source_read(c->path, c->name, (const char *)c->contents->bytes, c->contents->size,
                                           c->options, c->graph, &read, error);
    if (status) return status;
    cepa_model *model = model_of_network(c->graph, read.network);
    if (!model) return fail_memory(error);
    model->from_source = true;
    model->source = read.info;
    model->notes.input_scale = read.info.input_scale;
    *c->model = model;
    if (!read.compile.present || c->options->no_compile) return CEPA_OK;
    compile_values values = {.optimizer = read.compile.optimizer, .loss = read.compile.loss,
                             .loss_weights = read.compile.loss_weights, .metrics = read.compile.metrics,
                             .weighted_metrics = read.compile.weighted_metrics};
    status = model_compile_values(model, &values, false, error);
    return status ? fail_in(error, status, "%s", c->path) : CEPA_OK;
}

/* What a model may be kept in, the first that fits. */
static const struct {
    bool (*recognise)(const buffer *contents);
    cepa_status (*load)(const load_call *c, cepa_error *error);
} kinds[] = {
    {is_archive, load_archive}, {is_hdf5, load_hdf5}, {is_pointer, load_pointer}, {is_json, load_json}, {is_anything, load_source},
};

/* The file behind what a person names: a run's folder holds model.keras, a bare name stands for NAME.keras. To be freed. */
static char *find_file(const char *path)
{
    if (file_is_folder(path)) return path_join(path, "model.keras");
    size_t length = strlen(path);
    char *file = malloc(length + sizeof ".keras");
    if (!file) return NULL;
    memcpy(file, path, length + 1);
    if (!file_exists(path)) memcpy(file + length, ".keras", sizeof ".keras");
    if (!file_exists(file)) file[length] = 0;
    return file;
}

static cepa_status load_contents(load_call *c, cepa_error *error)
{
    size_t kind = 0;
    while (!kinds[kind].recognise(c->contents)) kind++;
    const char *style = c->options->style;
    c->graph = cepa_graph_new_styled(c->options->seed, style);
    if (!c->graph) return fail_memory(error);
    cepa_status status = c->graph->error.status;
    if (status) fail(error, status, "%s", c->graph->error.message);
    else status = kinds[kind].load(c, error);
    if (status) {
        cepa_graph_free(c->graph);
        *c->model = NULL;
    }
    return status;
}

cepa_status cepa_load(const char *path, const cepa_load_options *options, cepa_model **model, cepa_error *error)
{
    static const cepa_load_options none = {0};
    cepa_error own;
    buffer contents = {0};
    *model = NULL;
    if (!error) error = &own;
    const char *name = keras_source_name(path);
    char *whole = name ? strndup(path, (size_t)(name - path) - 1) : strdup(path);
    char *file = whole ? find_file(whole) : NULL;
    cepa_status status = file ? file_read(file, MOST_MODEL_BYTES, &contents, error) : fail_memory(error);
    if (!status) {
        load_call c = {.path = file, .name = name, .contents = &contents, .options = options ? options : &none,
                       .model = model};
        status = load_contents(&c, error);
    }
    buffer_free(&contents);
    free(file);
    free(whole);
    return status;
}
