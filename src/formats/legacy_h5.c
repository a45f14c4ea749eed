/* Whole models in one HDF5 file: what kind it is, its configurations, its weights. */
#include "formats/legacy_h5.h"

#include "formats/json.h"
#include "formats/weight_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHTS "model_weights"

/* An attribute that is one text; NULL where there is none. */
static cepa_status read_text(h5_file *file, const char *path, const char *attribute, arena *memory, const char **text,
                             cepa_error *error)
{
    const char *const *texts;
    size_t count;
    cepa_status status = h5_read_texts(file, path, attribute, memory, &texts, &count, error);
    *text = !status && count ? texts[0] : NULL;
    return status;
}

cepa_status legacy_h5_config(h5_file *file, const char *attribute, arena *memory, const value **v, cepa_error *error)
{
    const char *text;
    *v = NULL;
    cepa_status status = read_text(file, "/", attribute, memory, &text, error);
    if (status || !text) return status;
    *v = json_read(memory, text, strlen(text), error);
    return *v ? CEPA_OK : fail_in(error, error ? error->status : CEPA_FORMAT, "%s", attribute);
}

static bool has_attribute(h5_file *file, arena *memory, const char *attribute)
{
    const char *text;
    return !read_text(file, "/", attribute, memory, &text, NULL) && text;
}

static cepa_status check_writer(h5_file *file, arena *memory, cepa_error *error)
{
    const char *version, *backend;
    cepa_status status = read_text(file, WEIGHTS, "keras_version", memory, &version, error);
    if (!status) status = read_text(file, WEIGHTS, "backend", memory, &backend, error);
    if (status) return status;
    if (!version || version[0] == '1')
        return fail(error, CEPA_UNSUPPORTED, "a model of Keras 1, whose layers are not built in");
    if (backend && strcmp(backend, "theano") == 0)
        return fail(error, CEPA_UNSUPPORTED, "a model of Keras on Theano, whose kernels are laid out differently");
    return CEPA_OK;
}

cepa_status legacy_h5_check(h5_file *file, cepa_error *error)
{
    arena memory = {0};
    cepa_status status = CEPA_OK;
    if (has_attribute(file, &memory, "model_config"))
        status = check_writer(file, &memory, error);
    else if (has_attribute(file, &memory, "layer_names") || has_attribute(file, &memory, "layer_names0") ||
             h5_exists(file, "layers") || h5_exists(file, "_layer_checkpoint_dependencies"))
        status = fail(error, CEPA_UNSUPPORTED, "an HDF5 file with weights alone: the model itself is not in it");
    else
        status = fail(error, CEPA_FORMAT, "an HDF5 file, but no Keras model: it has no model_config");
    arena_free(&memory);
    return status;
}

/* ---- Weights ---- */

typedef struct text_list {
    const char **items;
    size_t count, capacity;
} text_list;

static cepa_status append(text_list *list, const char *const *texts, size_t count, cepa_error *error)
{
    if (!grow(&list->items, &list->capacity, list->count + count, sizeof *list->items)) return fail_memory(error);
    for (size_t i = 0; i < count; i++) list->items[list->count++] = texts[i];
    return CEPA_OK;
}

/* A list of names in one attribute; too long for one it is cut into name0, name1 ... */
static cepa_status read_names(h5_file *file, const char *path, const char *name, arena *memory, text_list *list,
                              cepa_error *error)
{
    const char *const *texts;
    size_t count;
    cepa_status status = h5_read_texts(file, path, name, memory, &texts, &count, error);
    if (!status) status = append(list, texts, count, error);
    for (unsigned part = 0; !status && (part == 0 ? list->count == 0 : count > 0); part++) {
        char part_name[40];
        snprintf(part_name, sizeof part_name, "%s%u", name, part);
        status = h5_read_texts(file, path, part_name, memory, &texts, &count, error);
        if (!status) status = append(list, texts, count, error);
    }
    return status;
}

/* Adds the weights of a layer, or of all layers of a nested model, that are trained, or those that are not. */
static void list_weights(const cepa_graph *g, const layer_place *place, bool trained, size_t *list, size_t *count)
{
    const layer *l = place->layer;
    for (size_t i = 0; place->nested && i < place->nested->count; i++)
        list_weights(g, &place->nested->places[i], trained, list, count);
    for (size_t i = l->first_weight; i < l->first_weight + l->weight_count; i++)
        if (weight_is_trained(&g->weights[i]) == trained) list[(*count)++] = i;
}

static cepa_status read_weight(h5_file *file, cepa_graph *g, size_t index, const char *group, const char *name,
                               cepa_error *error)
{
    const weight *w = &g->weights[index];
    buffer path = {0};
    h5_shape shape;
    buffer_format(&path, WEIGHTS "/%s/%s", group, name);
    if (path.failed) return fail_memory(error);
    const char *text = (const char *)path.bytes;
    cepa_status status = h5_describe(file, text, &shape, error);
    if (!status && !h5_shape_fits(&shape, w->shape.size, w->shape.rank))
        status = fail(error, CEPA_FORMAT, "layer %s: the file's %s does not have the shape of the weight %s",
                      w->layer->name, text, w->name);
    if (!status) status = h5_read_floats(file, text, g->values + w->offset, w->count, error);
    buffer_free(&path);
    return status;
}

/* Reads the arrays of one group into the weights of one layer. */
static cepa_status read_group(h5_file *file, const layer_tree *tree, const layer_place *place, const char *group,
                              const text_list *names, cepa_error *error)
{
    cepa_graph *g = tree->network->graph;
    size_t count = 0, *list = calloc(g->weight_count + 1, sizeof *list);
    if (!list) return fail_memory(error);
    list_weights(g, place, true, list, &count); /* Keras writes them first */
    list_weights(g, place, false, list, &count);
    cepa_status status = CEPA_OK;
    if (count != names->count)
        status = fail(error, CEPA_FORMAT, "layer %s: the file's group %s has %zu weights, not %zu", place->layer->name,
                      group, names->count, count);
    for (size_t i = 0; i < count && !status; i++) status = read_weight(file, g, list[i], group, names->items[i], error);
    free(list);
    return status;
}

/* The next group that has weights, and their names. *group is NULL behind the last. */
static cepa_status next_group(h5_file *file, const text_list *groups, size_t *next, arena *memory, const char **group,
                              text_list *names, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    *group = NULL;
    names->count = 0;
    while (!status && *next < groups->count && !names->count) {
        buffer path = {0};
        *group = groups->items[(*next)++];
        buffer_format(&path, WEIGHTS "/%s", *group);
        if (path.failed)
            status = fail_memory(error);
        else if (h5_exists(file, (const char *)path.bytes))
            status = read_names(file, (const char *)path.bytes, "weight_names", memory, names, error);
        buffer_free(&path);
    }
    if (!names->count) *group = NULL;
    return status;
}

cepa_status legacy_h5_weights(h5_file *file, const layer_tree *tree, arena *memory, cepa_error *error)
{
    text_list groups = {0}, names = {0};
    size_t next = 0;
    const char *group;
    cepa_status status = read_names(file, WEIGHTS, "layer_names", memory, &groups, error);
    for (size_t i = 0; i < tree->count && !status; i++) {
        const layer_place *place = &tree->places[i];
        if (!layer_place_has_weights(place)) continue;
        status = next_group(file, &groups, &next, memory, &group, &names, error);
        if (!status && !group)
            status = fail(error, CEPA_FORMAT, "layer %s: the file has no weights left for it", place->layer->name);
        if (!status) status = read_group(file, tree, place, group, &names, error);
    }
    if (!status) status = next_group(file, &groups, &next, memory, &group, &names, error);
    if (!status && group)
        status = fail(error, CEPA_FORMAT, "the file has weights of a layer %s that is not there", group);
    free(groups.items);
    free(names.items);
    graph_weights_changed(tree->network->graph);
    return status;
}
