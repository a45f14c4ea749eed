/* Opens a model, or weights for one, from whatever they are kept in; the contents say what that is, never the name. */
#include "base/file.h"
#include "formats/file_kind.h"
#include "formats/keras.h"
#include "formats/source.h"
#include "model/notes.h"
#include "train/compile.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_MODEL_BYTES = 2000000000 };

/* One file being opened, on a graph of its own. */
typedef struct load_call {
    const char *path, *name; /* name: of one model in a source text, or NULL */
    const buffer *contents;
    const cepa_load_options *options;
    cepa_graph *graph;
    cepa_model **model; /* to be set */
} load_call;

static cepa_status warn(cepa_model *model, cepa_error *error, const char *what, const char *why)
{
    model->warning = arena_format(&model->memory, "%s: %s", what, why);
    return model->warning ? CEPA_OK : fail_memory(error);
}

/* How a file's model was trained. What is not built in leaves a model that predicts, with a warning. */
static cepa_status take_training(const load_call *c, keras_file *file, const keras_contents *read, cepa_error *error)
{
    cepa_model *model = *c->model;
    cepa_error why = {0};
    bool restored;
    cepa_status status = model_compile_values(model, &read->compile, true, &why);
    if (status == CEPA_MEMORY) return fail_memory(error);
    if (status) return warn(model, error, "the model was left uncompiled", why.message);
    status = keras_read_optimizer(file, &model->training->optimizer, &restored, error);
    if (!status && read->has_optimizer && !restored)
        status = warn(model, error, "the optimizer starts afresh", "the file's state is not that of its optimizer");
    if (!status) notes_resume(model, read->notes);
    return status;
}

/* What a .keras archive holds besides the network: whether its weights are in place, the notes, the compiled state. */
static cepa_status take_contents(const load_call *c, keras_file *file, const keras_contents *read, cepa_error *error)
{
    cepa_model *model = *c->model = model_of_network(c->graph, read->network);
    if (!model) return fail_memory(error);
    model->has_weights = read->has_weights;
    cepa_status status = notes_read(model, read->notes, error);
    if (!status && read->compiled && !c->options->no_compile) status = take_training(c, file, read, error);
    return status;
}

static cepa_status load_keras(const load_call *c, cepa_error *error)
{
    keras_file *file;
    keras_contents read = {0};
    cepa_status status = keras_open(c->contents->bytes, c->contents->size, c->graph, &file, &read, error);
    if (status) return fail_in(error, status, "%s", c->path);
    status = take_contents(c, file, &read, error);
    keras_close(file);
    return status ? fail_in(error, status, "%s", c->path) : CEPA_OK;
}

static cepa_status load_source(const load_call *c, cepa_error *error)
{
    source_model read = {0};
    cepa_status status = keras_source_read(c->path, c->name, (const char *)c->contents->bytes, c->contents->size,
                                           c->options, c->graph, &read, error);
    if (status) return status;
    cepa_model *model = *c->model = model_of_network(c->graph, read.network);
    if (!model) return fail_memory(error);
    model->from_source = true;
    model->source = read.info;
    model->notes.input_scale = read.info.input_scale;
    model->notes.input_offset = read.info.input_offset;
    if (!read.compiled || c->options->no_compile) return CEPA_OK;
    status = model_compile_values(model, &read.compile, false, error);
    return status ? fail_in(error, status, "%s", c->path) : CEPA_OK;
}

/* Source text is what is not called as files of Keras are, starts like no other file (or a list in JSON) and holds no
 * zero, as every other kind does. */
static bool is_source(const char *path, const buffer *b)
{
    static const char *const endings[] = {".keras", ".h5", ".hdf5"};
    for (size_t i = 0; i < ARRAY_COUNT(endings); i++)
        if (path_has_extension(path, endings[i])) return false;
    if (!b->size) return true;
    return file_kind_of(b->bytes, b->size) == FILE_OTHER && *b->bytes != '[' && !memchr(b->bytes, 0, b->size);
}

/* The file behind what a person names: a run's folder holds model.keras, a bare name stands for NAME.keras. To be
 * freed. */
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
    c->graph = cepa_graph_new_styled(c->options->seed, c->options->style);
    if (!c->graph) return fail_memory(error);
    cepa_status status = c->graph->error.status;
    if (status)
        fail(error, status, "%s", c->graph->error.message);
    else
        status = is_source(c->path, c->contents) ? load_source(c, error) : load_keras(c, error);
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
        load_call c = {
            .path = file, .name = name, .contents = &contents, .options = options ? options : &none, .model = model};
        status = load_contents(&c, error);
    }
    buffer_free(&contents);
    free(file);
    free(whole);
    return status;
}

/* ---- Weights alone ---- */

/* Weights in several files that an index names. */
static cepa_status load_shards(cepa_model *model, const char *path, const keras_shards *shards, cepa_error *error)
{
    const cepa_graph *g = model->network->graph;
    bool *found = calloc(g->weight_count + 1, sizeof *found);
    char *folder = strndup(path, (size_t)(path_name(path) - path));
    cepa_status status = found && folder ? CEPA_OK : fail_memory(error);
    for (size_t i = 0; i < shards->count && !status; i++) {
        buffer bytes = {0};
        char *file = *folder ? path_join(folder, shards->files[i]) : strdup(shards->files[i]);
        status = file ? file_read(file, MOST_MODEL_BYTES, &bytes, error) : fail_memory(error);
        if (!status && (status = keras_read_weights(bytes.bytes, bytes.size, model->network, false, found, error)))
            fail_in(error, status, "%s", file);
        buffer_free(&bytes);
        free(file);
    }
    size_t count;
    const size_t *list = network_weights(model->network, &count);
    for (size_t i = 0; i < count && !status; i++)
        if (!found[list[i]])
            status = fail(error, CEPA_FORMAT, "%s: layer %s: none of its files has the weight %s", path,
                          g->weights[list[i]].layer->name, g->weights[list[i]].name);
    free(folder);
    free(found);
    return status;
}

static cepa_status load_weights(cepa_model *model, const char *path, bool by_name, cepa_error *error)
{
    buffer bytes = {0};
    arena memory = {0};
    keras_shards shards;
    cepa_status status = file_read(path, MOST_MODEL_BYTES, &bytes, error);
    if (status) return status;
    status = keras_weight_shards(bytes.bytes, bytes.size, &memory, &shards, error);
    if (!status && !shards.count)
        status = keras_read_weights(bytes.bytes, bytes.size, model->network, by_name, NULL, error);
    if (status)
        fail_in(error, status, "%s", path);
    else if (shards.count)
        status = by_name ? fail(error, CEPA_UNSUPPORTED, "%s: weights in several files cannot be read by name", path)
                         : load_shards(model, path, &shards, error);
    buffer_free(&bytes);
    arena_free(&memory);
    return status;
}

cepa_status cepa_load_weights(cepa_model *model, const char *path, bool by_name)
{
    cepa_error error = {0};
    cepa_status status = cepa_model_status(model);
    if (status) return status;
    char *file = find_file(path);
    status = file ? load_weights(model, file, by_name, &error) : fail_memory(&error);
    free(file);
    if (status) return model_fail(model, &error);
    model->has_weights = true;
    return CEPA_OK;
}
