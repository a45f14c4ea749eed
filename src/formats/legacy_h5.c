/* Keras' older HDF5 files: their configurations, who wrote them, their weights. */
#include "formats/legacy_h5.h"

#include "formats/json.h"
#include "formats/keras1.h"
#include "formats/legacy_kernels.h"
#include "formats/weight_groups.h"

#include <stdio.h>
#include <string.h>

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
    return *v ? CEPA_OK : fail_in(error, error->status, "%s", attribute);
}

/* The group that holds the weights, of a whole model, else the file itself; and what stands before its groups' names.
 */
static const char *weights_root(h5_file *file) { return h5_exists(file, "model_weights") ? "model_weights" : "/"; }
static const char *weights_prefix(h5_file *file) { return h5_exists(file, "model_weights") ? "model_weights/" : ""; }

/* Adds the texts of an attribute to a list; *count of them. */
static cepa_status add_names(h5_file *file, const char *path, const char *attribute, arena *memory, text_list *list,
                             size_t *count, cepa_error *error)
{
    const char *const *texts;
    cepa_status status = h5_read_texts(file, path, attribute, memory, &texts, count, error);
    if (status) return status;
    if (!arena_grow(memory, &list->items, &list->capacity, list->count + *count, sizeof *list->items))
        return fail_memory(error);
    for (size_t i = 0; i < *count; i++) list->items[list->count++] = texts[i];
    return CEPA_OK;
}

cepa_status legacy_h5_names(h5_file *file, const char *path, const char *attribute, arena *memory, text_list *list,
                            cepa_error *error)
{
    size_t count;
    list->count = 0;
    cepa_status status = add_names(file, path, attribute, memory, list, &count, error);
    for (unsigned part = 0; !status && (part == 0 ? list->count == 0 : count > 0); part++) {
        char name[40];
        snprintf(name, sizeof name, "%s%u", attribute, part);
        status = add_names(file, path, name, memory, list, &count, error);
    }
    return status;
}

bool legacy_h5_has_weights(h5_file *file)
{
    arena memory = {0};
    text_list names = {0};
    bool has = !legacy_h5_names(file, weights_root(file), "layer_names", &memory, &names, NULL) && names.count;
    arena_free(&memory);
    return has;
}

/* ---- Who wrote it ---- */

/* Theano's names of weights lack the :0 of TensorFlow's, which Keras 1 knew beside it. */
static bool is_theano1(h5_file *file, const char *root, arena *memory)
{
    text_list groups = {0}, names = {0};
    if (legacy_h5_names(file, root, "layer_names", memory, &groups, NULL)) return false;
    for (size_t i = 0; i < groups.count && !names.count; i++) {
        const char *path = arena_format(memory, "%s%s", weights_prefix(file), groups.items[i]);
        if (!path || legacy_h5_names(file, path, "weight_names", memory, &names, NULL)) break;
    }
    return names.count && !strchr(names.items[0], ':');
}

cepa_status legacy_h5_writer(h5_file *file, arena *memory, legacy_writer *writer, cepa_error *error)
{
    const char *root = weights_root(file), *version, *backend;
    *writer = (legacy_writer){false, false};
    cepa_status status = read_text(file, root, "keras_version", memory, &version, error);
    if (!status && !version) status = read_text(file, "/", "keras_version", memory, &version, error);
    if (!status) status = read_text(file, root, "backend", memory, &backend, error);
    if (status) return status;
    writer->keras1 = !version || is_keras1(version);
    writer->theano = writer->keras1 ? is_theano1(file, root, memory) : backend && strcmp(backend, "theano") == 0;
    return CEPA_OK;
}

/* ---- Which array is which weight ---- */

/* A weight and the array in the file that holds it. */
typedef struct stored {
    size_t weight;
    const char *path;
} stored;

/* The weights of a file being matched with those of a model. */
typedef struct matching {
    h5_file *file;
    const char *prefix;
    const layer_tree *tree;
    arena *memory;
    text_list names;  /* of the arrays of the group that is being matched */
    size_t *of_layer; /* the weights of the layer that is being matched */
    stored *found;
    size_t count, capacity;
    cepa_error *error;
} matching;

/* Adds the weights of a layer, or of all layers of a nested model, that are trained, or those that are not. */
static void list_weights(const cepa_graph *g, const layer_place *place, bool trained, size_t *list, size_t *count)
{
    const layer *l = place->layer;
    for (size_t i = 0; place->nested && i < place->nested->count; i++)
        list_weights(g, &place->nested->places[i], trained, list, count);
    for (size_t i = l->first_weight; i < l->first_weight + l->weight_count; i++)
        if (weight_is_trained(&g->weights[i]) == trained) list[(*count)++] = i;
}

/* The names of the arrays in a group; none where the file lacks it. */
static cepa_status names_in(matching *m, const char *group)
{
    const char *path = arena_format(m->memory, "%s%s", m->prefix, group);
    m->names.count = 0;
    if (!path) return fail_memory(m->error);
    if (!h5_exists(m->file, path)) return CEPA_OK;
    return legacy_h5_names(m->file, path, "weight_names", m->memory, &m->names, m->error);
}

/* Matches the arrays of one group, whose names were read, with the weights of one layer. */
static cepa_status match_group(matching *m, const layer_place *place, const char *group)
{
    const cepa_graph *g = m->tree->network->graph;
    size_t count = 0;
    list_weights(g, place, true, m->of_layer, &count); /* Keras writes them first */
    list_weights(g, place, false, m->of_layer, &count);
    if (count != m->names.count)
        return fail(m->error, CEPA_FORMAT, "layer %s: the file's group %s has %zu weights, not %zu", place->layer->name,
                    group, m->names.count, count);
    if (!arena_grow(m->memory, &m->found, &m->capacity, m->count + count, sizeof *m->found))
        return fail_memory(m->error);
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_format(m->memory, "%s%s/%s", m->prefix, group, m->names.items[i]);
        if (!path) return fail_memory(m->error);
        m->found[m->count++] = (stored){m->of_layer[i], path};
    }
    return CEPA_OK;
}

/* The next group that has weights, whose names are read. *group is NULL behind the last. */
static cepa_status next_group(matching *m, const text_list *groups, size_t *next, const char **group)
{
    cepa_status status = CEPA_OK;
    m->names.count = 0;
    while (!status && *next < groups->count && !m->names.count) status = names_in(m, groups->items[(*next)++]);
    *group = m->names.count ? groups->items[*next - 1] : NULL;
    return status;
}

static cepa_status match_in_order(matching *m, const text_list *groups)
{
    size_t next = 0;
    const char *group;
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < m->tree->count && !status; i++) {
        const layer_place *place = &m->tree->places[i];
        if (!layer_place_has_weights(place)) continue;
        status = next_group(m, groups, &next, &group);
        if (!status && !group)
            status = fail(m->error, CEPA_FORMAT, "layer %s: the file has no weights left for it", place->layer->name);
        if (!status) status = match_group(m, place, group);
    }
    if (!status) status = next_group(m, groups, &next, &group);
    if (!status && group)
        status = fail(m->error, CEPA_FORMAT, "the file has weights of a layer %s that is not there", group);
    return status;
}

static bool is_among(const text_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], name) == 0) return true;
    return false;
}

static cepa_status match_by_name(matching *m, const text_list *groups)
{
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < m->tree->count && !status; i++) {
        const layer_place *place = &m->tree->places[i];
        if (!layer_place_has_weights(place) || !is_among(groups, place->layer->name)) continue;
        status = names_in(m, place->layer->name);
        if (!status && m->names.count) status = match_group(m, place, place->layer->name);
    }
    if (!status && !m->count)
        status = fail(m->error, CEPA_FORMAT, "no layer with weights has a name that the file knows");
    return status;
}

/* ---- Reading ---- */

static const weight *weight_of(const matching *m, size_t i)
{
    return &m->tree->network->graph->weights[m->found[i].weight];
}

/* The order of a stored kernel's axes. */
static const axis_order *order_of(const matching *m, size_t i, const legacy_writer *writer, bool channels_first)
{
    return writer->keras1 ? keras1_axes(weight_of(m, i)->layer, channels_first) : NULL;
}

static cepa_status check_shapes(const matching *m, const legacy_writer *writer, bool channels_first, cepa_error *error)
{
    for (size_t i = 0; i < m->count; i++) {
        const weight *w = weight_of(m, i);
        const axis_order *order = order_of(m, i, writer, channels_first);
        h5_shape shape;
        cepa_status status = h5_describe(m->file, m->found[i].path, &shape, error);
        if (status) return status;
        bool fits =
            writer->keras1 ? kernel_fits(&shape, w, order) : h5_shape_fits(&shape, w->shape.size, w->shape.rank);
        if (!fits)
            return fail(error, CEPA_FORMAT, "layer %s: the file's %s does not have the shape of the weight %s",
                        w->layer->name, m->found[i].path, w->name);
    }
    return CEPA_OK;
}

static cepa_status read_all(const matching *m, const legacy_writer *writer, bool channels_first)
{
    cepa_graph *g = m->tree->network->graph;
    for (size_t i = 0; i < m->count; i++) {
        const weight *w = weight_of(m, i);
        const axis_order *order = order_of(m, i, writer, channels_first);
        real *room = order ? arena_array(m->memory, w->count, sizeof *room) : NULL, *values = g->values + w->offset;
        if (order && !room) return fail_memory(m->error);
        cepa_status status = h5_read_floats(m->file, m->found[i].path, values, w->count, m->error);
        if (status) return status;
        if (order) kernel_order(w, order, values, room);
        if (writer->theano) kernel_turn(w, values);
    }
    return CEPA_OK;
}

/* Keras 1 wrote kernels as the channels lay; where the model does not tell any more, their shapes do. */
static cepa_status read_matched(const matching *m)
{
    legacy_writer writer;
    bool channels_first = layer_tree_has_channels_first(m->tree);
    cepa_status status = legacy_h5_writer(m->file, m->memory, &writer, m->error);
    if (status) return status;
    if (writer.keras1 && !channels_first && check_shapes(m, &writer, false, NULL))
        channels_first = !check_shapes(m, &writer, true, NULL);
    status = check_shapes(m, &writer, channels_first, m->error);
    return status ? status : read_all(m, &writer, channels_first);
}

cepa_status legacy_h5_weights(h5_file *file, const layer_tree *tree, bool by_name, arena *memory, cepa_error *error)
{
    text_list groups = {0};
    matching m = {.file = file, .prefix = weights_prefix(file), .tree = tree, .memory = memory, .error = error};
    m.of_layer = arena_array(memory, tree->network->graph->weight_count, sizeof *m.of_layer);
    if (!m.of_layer) return fail_memory(error);
    cepa_status status = legacy_h5_names(file, weights_root(file), "layer_names", memory, &groups, error);
    if (!status) status = (by_name ? match_by_name : match_in_order)(&m, &groups);
    if (!status) status = read_matched(&m);
    graph_weights_changed(tree->network->graph);
    return status;
}
