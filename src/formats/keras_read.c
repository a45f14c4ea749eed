/* Reading Keras' model files. */
#include "formats/architecture.h"
#include "formats/archive.h"
#include "formats/file_kind.h"
#include "formats/h5.h"
#include "formats/json.h"
#include "formats/keras.h"
#include "formats/keras1.h"
#include "formats/keras_decay.h"
#include "formats/keras_object.h"
#include "formats/keras_optimizer.h"
#include "formats/legacy_h5.h"
#include "formats/weight_groups.h"

#include <stdlib.h>
#include <string.h>

struct keras_file {
    arena memory;   /* values, and the tree of layers */
    buffer weights; /* the archive's HDF5 member */
    h5_file *h5;    /* the same, open; NULL: there are no weights */
};

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

/* One argument of compile as values; *to stays NULL for null. Keras 2 puts the metrics of a single output into a list.
 */
static cepa_status read_argument(keras_file *file, const value *written, const value **to, cepa_error *error)
{
    if (!written || written->kind == VALUE_NONE) return CEPA_OK;
    if (written->kind == VALUE_LIST && written->list.count == 1 && written->list.items[0]->kind == VALUE_LIST)
        written = written->list.items[0];
    *to = keras_value(&file->memory, written, error);
    if (*to) *to = keras_decay_as_schedule(&file->memory, *to, error);
    return *to ? CEPA_OK : error->status;
}

/* An archive's compile_config or an HDF5 file's training_config. Nothing in it is a model that was not compiled. */
static cepa_status read_compile(keras_file *file, const value *config, keras_contents *contents, cepa_error *error)
{
    if (!config || config->kind != VALUE_DICT || !config->call.count) return CEPA_OK;
    for (size_t i = 0; i < COMPILE_ARGUMENTS; i++) {
        const char *name = compile_arguments[i].name;
        const value *written = value_member(config, name);
        if (i == 0 && !written) written = value_member(config, "optimizer_config"); /* of an HDF5 file */
        cepa_status status = read_argument(file, written, &contents->compile.all[i], error);
        if (status) return fail_in(error, status, "compile's argument %s", name);
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
    return read_compile(file, value_member(object, "compile_config"), contents, error);
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
    if (!object) return error->status;
    if (value_member(object, "modelTopology") || value_member(object, "weightsManifest"))
        return fail(error, CEPA_UNSUPPORTED, "a TensorFlow.js model, which cannot be read yet");
    if (value_member(object, "weight_map"))
        return fail(error, CEPA_UNSUPPORTED,
                    "an index of weights, not a model (name the model, and this with --weights)");
    if (!keras_is_object(object)) return fail(error, CEPA_FORMAT, "JSON, but not a Keras model (no class_name)");
    if (is_keras1(value_text_of(value_member(object, "keras_version"))) &&
        !(object = keras1_translate(&file->memory, object, error)))
        return error->status;
    return read_architecture(file, object, graph, contents, &tree, error);
}

/* An HDF5 file that is no whole model. */
static cepa_status refuse_h5(h5_file *file, cepa_error *error)
{
    if (legacy_h5_has_weights(file) || weight_groups_exist(file))
        return fail(
            error, CEPA_UNSUPPORTED,
            "an HDF5 file with weights alone: the model itself is not in it (name the model's .json or .py, and this "
            "with --weights)");
    return fail(error, CEPA_FORMAT, "an HDF5 file, but no Keras model: it has no model_config");
}

static cepa_status open_h5(keras_file *file, const void *bytes, size_t size, cepa_graph *graph,
                           keras_contents *contents, cepa_error *error)
{
    const value *config, *training;
    legacy_writer writer;
    layer_tree *tree;
    cepa_status status = h5_open(bytes, size, &file->h5, error);
    if (!status) status = legacy_h5_config(file->h5, "model_config", &file->memory, &config, error);
    if (!status && !config) status = refuse_h5(file->h5, error);
    if (!status) status = legacy_h5_config(file->h5, "training_config", &file->memory, &training, error);
    if (!status) status = legacy_h5_writer(file->h5, &file->memory, &writer, error);
    if (!status && writer.keras1 && !(config = keras1_translate(&file->memory, config, error))) status = error->status;
    if (status) return status;
    graph->stored_values = size;
    status = read_architecture(file, config, graph, contents, &tree, error);
    graph->stored_values = 0;
    if (!status) status = legacy_h5_weights(file->h5, tree, false, &file->memory, error);
    if (!status) status = read_compile(file, training, contents, error);
    contents->has_weights = !status;
    contents->has_optimizer = !status && h5_exists(file->h5, "optimizer_weights");
    return status;
}

static cepa_status refuse_pointer(keras_file *file, const void *bytes, size_t size, cepa_graph *graph,
                                  keras_contents *contents, cepa_error *error)
{
    (void)file, (void)bytes, (void)size, (void)graph, (void)contents;
    return fail(error, CEPA_FORMAT, "a Git LFS pointer, not the file itself: run git lfs pull");
}

static cepa_status refuse_other(keras_file *file, const void *bytes, size_t size, cepa_graph *graph,
                                keras_contents *contents, cepa_error *error)
{
    (void)file, (void)bytes, (void)graph, (void)contents;
    if (size == 0) return fail(error, CEPA_FORMAT, "an empty file");
    return fail(error, CEPA_FORMAT, "neither a .keras archive, nor an HDF5 file, nor a model's JSON");
}

typedef cepa_status opener(keras_file *file, const void *bytes, size_t size, cepa_graph *graph,
                           keras_contents *contents, cepa_error *error);

static opener *const openers[FILE_KINDS] = {
    [FILE_OTHER] = refuse_other, [FILE_ARCHIVE] = open_archive,   [FILE_H5] = open_h5,
    [FILE_JSON] = open_json,     [FILE_POINTER] = refuse_pointer,
};

cepa_status keras_open(const void *bytes, size_t size, cepa_graph *graph, keras_file **opened, keras_contents *contents,
                       cepa_error *error)
{
    cepa_error inner = {0};
    *contents = (keras_contents){0};
    *opened = NULL;
    keras_file *file = calloc(1, sizeof *file);
    if (!file) return fail_memory(error);
    cepa_status status = openers[file_kind_of(bytes, size)](file, bytes, size, graph, contents, &inner);
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
