/* Reading Keras' model files. */
#include "formats/architecture.h"
#include "formats/archive.h"
#include "formats/h5.h"
#include "formats/json.h"
#include "formats/keras.h"
#include "formats/keras_object.h"
#include "formats/keras_optimizer.h"
#include "formats/weight_groups.h"

#include <stdlib.h>
#include <string.h>

struct keras_file {
    arena memory;   /* values, and the tree of layers */
    buffer weights; /* the archive's HDF5 member */
    h5_file *h5;    /* the same, open; NULL: there are no weights */
};

/* What the bytes of a file begin with. */
typedef struct signature {
    const char *bytes;
    size_t size;
    cepa_status (*open)(keras_file *file, const void *bytes, size_t size, cepa_graph *graph, keras_contents *contents,
                        cepa_error *error);
} signature;

/* ---- The parts of an archive ---- */

static cepa_status read_json_member(keras_file *file, archive_reader *archive, const char *name, const value **v,
                                    cepa_error *error)
{
    enum { LIMIT = 16 << 20 };
    buffer text = {0};
    cepa_status status = archive_read(archive, name, LIMIT, &text, error);
    if (!status) {
        *v = json_read(&file->memory, text.bytes ? (const char *)text.bytes : "", text.size, error);
        if (!*v) status = fail_in(error, CEPA_FORMAT, "%s", name);
    }
    buffer_free(&text);
    return status;
}

static const value *compile_argument(keras_file *file, const value *config, const char *name, cepa_error *error)
{
    const value *v = value_member(config, name);
    return !v || v->kind == VALUE_NONE ? value_none() : keras_value(&file->memory, v, error);
}

/* An empty compile_config, or none, is a model that was not compiled. */
static cepa_status read_compile(keras_file *file, const value *object, keras_contents *contents, cepa_error *error)
{
    const value *config = value_member(object, "compile_config");
    struct {
        const char *name;
        const value **to;
    } arguments[] = {{"optimizer", &contents->compile.optimizer},
                     {"loss", &contents->compile.loss},
                     {"loss_weights", &contents->compile.loss_weights},
                     {"metrics", &contents->compile.metrics},
                     {"weighted_metrics", &contents->compile.weighted_metrics}};
    if (!config || config->kind != VALUE_DICT || !config->call.count) return CEPA_OK;
    for (size_t i = 0; i < ARRAY_COUNT(arguments); i++) {
        const value *v = compile_argument(file, config, arguments[i].name, error);
        if (!v) return fail_in(error, error ? error->status : CEPA_FORMAT, "compile_config: %s", arguments[i].name);
        *arguments[i].to = v->kind == VALUE_NONE ? NULL : v;
    }
    contents->compiled = true;
    return CEPA_OK;
}

static cepa_status read_architecture(keras_file *file, const value *object, cepa_graph *graph, keras_contents *contents,
                                     layer_tree **tree, cepa_error *error)
{
    cepa_status status = architecture_read(graph, &file->memory, object, tree, error);
    if (status) return status;
    contents->network = (*tree)->network;
    return read_compile(file, object, contents, error);
}

static cepa_status read_members(keras_file *file, archive_reader *archive, cepa_graph *graph, keras_contents *contents,
                                cepa_error *error)
{
    const value *config;
    layer_tree *tree;
    if (!archive_has(archive, "config.json"))
        return fail(error, CEPA_FORMAT, "a zip archive, but no Keras model: it has no config.json");
    if (archive_has(archive, "model.weights.npz"))
        return fail(error, CEPA_UNSUPPORTED, "its weights are stored as .npz, only HDF5 is built in");
    cepa_status status = read_json_member(file, archive, "config.json", &config, error);
    if (!status && archive_has(archive, "cepa.json"))
        status = read_json_member(file, archive, "cepa.json", &contents->notes, error);
    if (!status) status = archive_read(archive, "model.weights.h5", SIZE_MAX, &file->weights, error);
    if (!status) status = h5_open(file->weights.bytes, file->weights.size, &file->h5, error);
    if (status) return status;
    graph->stored_values = file->weights.size; /* a number takes a byte at least */
    status = read_architecture(file, config, graph, contents, &tree, error);
    graph->stored_values = 0;
    if (!status) status = weight_groups_read(file->h5, tree, error);
    contents->has_weights = !status;
    contents->has_optimizer = !status && h5_exists(file->h5, "optimizer/vars/0");
    return status;
}

/* ---- The kinds of files ---- */

static cepa_status open_archive(keras_file *file, const void *bytes, size_t size, cepa_graph *graph,
                                keras_contents *contents, cepa_error *error)
{
    archive_reader *archive;
    cepa_status status = archive_open(bytes, size, &archive, error);
    if (!status) status = read_members(file, archive, graph, contents, error);
    archive_close(archive);
    return status;
}

static cepa_status open_json(keras_file *file, const void *bytes, size_t size, cepa_graph *graph,
                             keras_contents *contents, cepa_error *error)
{
    const value *object = json_read(&file->memory, bytes, size, error);
    layer_tree *tree;
    if (!object) return error && error->status ? error->status : CEPA_FORMAT;
    if (value_member(object, "modelTopology") || value_member(object, "weightsManifest"))
        return fail(error, CEPA_UNSUPPORTED, "a TensorFlow.js model, which cannot be read yet");
    if (value_member(object, "weight_map"))
        return fail(error, CEPA_UNSUPPORTED, "an index of sharded weights, not a model");
    if (!keras_is_object(object)) return fail(error, CEPA_FORMAT, "JSON, but not a Keras model (no class_name)");
    return read_architecture(file, object, graph, contents, &tree, error);
}

static cepa_status refuse_h5(keras_file *file, const void *bytes, size_t size, cepa_graph *graph,
                             keras_contents *contents, cepa_error *error)
{
    (void)file, (void)bytes, (void)size, (void)graph, (void)contents;
    return fail(error, CEPA_UNSUPPORTED, "an HDF5 file (.h5), which cannot be read yet: save the model as .keras");
}

static cepa_status refuse_pointer(keras_file *file, const void *bytes, size_t size, cepa_graph *graph,
                                  keras_contents *contents, cepa_error *error)
{
    (void)file, (void)bytes, (void)size, (void)graph, (void)contents;
    return fail(error, CEPA_FORMAT, "a Git LFS pointer, not the file itself: run git lfs pull");
}

static const signature signatures[] = {
    {"PK\3\4", 4, open_archive},
    {"\x89HDF\r\n\x1a\n", 8, refuse_h5},
    {"{", 1, open_json},
    {"version https://git-lfs", 23, refuse_pointer},
};

static cepa_status open_by_signature(keras_file *file, const void *bytes, size_t size, cepa_graph *graph,
                                     keras_contents *contents, cepa_error *error)
{
    if (size == 0) return fail(error, CEPA_FORMAT, "an empty file");
    for (size_t i = 0; i < ARRAY_COUNT(signatures); i++) {
        const signature *s = &signatures[i];
        if (size >= s->size && memcmp(bytes, s->bytes, s->size) == 0)
            return s->open(file, bytes, size, graph, contents, error);
    }
    return fail(error, CEPA_FORMAT, "neither a .keras archive nor a model's JSON");
}

cepa_status keras_open(const void *bytes, size_t size, cepa_graph *graph, keras_file **opened, keras_contents *contents,
                       cepa_error *error)
{
    cepa_error inner = {0};
    *contents = (keras_contents){0};
    *opened = NULL;
    keras_file *file = calloc(1, sizeof *file);
    if (!file) return fail_memory(error);
    cepa_status status = open_by_signature(file, bytes, size, graph, contents, &inner);
    if (status) {
        keras_close(file);
        return fail(error, status, "%s", inner.message);
    }
    *opened = file;
    return CEPA_OK;
}

cepa_status keras_read_optimizer(keras_file *file, optimizer *o, bool *restored, cepa_error *error)
{
    *restored = false;
    return file->h5 ? optimizer_read(file->h5, o, restored, error) : CEPA_OK;
}

void keras_close(keras_file *file)
{
    if (!file) return;
    h5_close(file->h5);
    buffer_free(&file->weights);
    arena_free(&file->memory);
    free(file);
}
