/* Weights for a model that is there: alone in a file, in several, or those of a whole model. */
#include "formats/archive.h"
#include "formats/file_kind.h"
#include "formats/h5.h"
#include "formats/json.h"
#include "formats/keras.h"
#include "formats/legacy_h5.h"
#include "formats/weight_groups.h"

#include <string.h>

/* A file of weights being read. */
typedef struct weights_call {
    network *network;
    bool by_name;
    bool *found; /* by weight of the graph, of one file among several; NULL: the file must have all */
    arena memory;
    cepa_error *error;
} weights_call;

static cepa_status read_opened(weights_call *c, h5_file *file)
{
    layer_tree *tree = layer_tree_of(&c->memory, c->network);
    if (!tree) return fail_memory(c->error);
    if (legacy_h5_has_weights(file)) return legacy_h5_weights(file, tree, c->by_name, &c->memory, c->error);
    if (!weight_groups_exist(file)) return fail(c->error, CEPA_FORMAT, "an HDF5 file, but without Keras' weights");
    if (c->by_name)
        return fail(c->error, CEPA_UNSUPPORTED,
                    "its weights are named after the layers' classes: only older files (.h5) can be read by name");
    return c->found ? weight_groups_read_part(file, tree, c->found, c->error)
                    : weight_groups_read(file, tree, c->error);
}

static cepa_status read_h5(weights_call *c, const void *bytes, size_t size)
{
    h5_file *file = NULL;
    cepa_status status = h5_open(bytes, size, &file, c->error);
    if (!status) status = read_opened(c, file);
    h5_close(file);
    return status;
}

static cepa_status read_archive(weights_call *c, const void *bytes, size_t size)
{
    archive_reader *archive;
    buffer weights = {0};
    cepa_status status = archive_open(bytes, size, &archive, c->error);
    if (!status) status = archive_read(archive, "model.weights.h5", SIZE_MAX, &weights, c->error);
    if (!status) status = read_h5(c, weights.bytes, weights.size);
    archive_close(archive);
    buffer_free(&weights);
    return status;
}

cepa_status keras_read_weights(const void *bytes, size_t size, network *network, bool by_name, bool *found,
                               cepa_error *error)
{
    cepa_error inner = {0};
    weights_call c = {.network = network, .by_name = by_name, .found = found, .error = &inner};
    file_kind kind = file_kind_of(bytes, size);
    cepa_status status = CEPA_OK;
    if (kind == FILE_ARCHIVE)
        status = read_archive(&c, bytes, size);
    else if (kind == FILE_H5)
        status = read_h5(&c, bytes, size);
    else
        status = fail(&inner, CEPA_FORMAT,
                      "no file of weights: neither HDF5, nor a .keras archive, nor the index of several files "
                      "(.weights.json)");
    arena_free(&c.memory);
    return status ? fail(error, status, "%s", inner.message) : CEPA_OK;
}

/* ---- Several files ---- */

/* A place in the list for one more file; none for one that is there already. */
static cepa_status add_file(keras_shards *shards, size_t most, const value *v, cepa_error *error)
{
    const char *name = value_text_of(v);
    if (!name || !*name || strchr(name, '/') || strchr(name, '\\'))
        return fail(error, CEPA_FORMAT, "weight_map: the name of a file beside it was expected");
    for (size_t i = 0; i < shards->count; i++)
        if (strcmp(shards->files[i], name) == 0) return CEPA_OK;
    if (shards->count < most) shards->files[shards->count++] = name;
    return CEPA_OK;
}

/* The files of one group: a name, or several. */
static cepa_status add_files(keras_shards *shards, size_t most, const value *v, cepa_error *error)
{
    if (v->kind != VALUE_LIST) return add_file(shards, most, v, error);
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < v->list.count && !status; i++) status = add_file(shards, most, v->list.items[i], error);
    return status;
}

cepa_status keras_weight_shards(const void *bytes, size_t size, arena *memory, keras_shards *shards, cepa_error *error)
{
    *shards = (keras_shards){NULL, 0};
    if (file_kind_of(bytes, size) != FILE_JSON) return CEPA_OK;
    cepa_error inner = {0};
    const value *index = json_read(memory, bytes, size, &inner), *map = value_member(index, "weight_map");
    if (!index) return fail(error, inner.status, "%s", inner.message);
    if (!map || map->kind != VALUE_DICT) return CEPA_OK;
    size_t most = 0;
    for (size_t i = 0; i < map->call.count; i++) {
        const value *v = map->call.members[i].value;
        most += v->kind == VALUE_LIST ? v->list.count : 1;
    }
    if (!(shards->files = arena_array(memory, most, sizeof *shards->files))) return fail_memory(error);
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < map->call.count && !status; i++)
        status = add_files(shards, most, map->call.members[i].value, error);
    return status;
}
