/* Weights in Keras' HDF5 tree. Groups are named by the class in snake case and counted within their model. */
#include "formats/weight_groups.h"

#include <stdlib.h>
#include <string.h>

/* Where the layers of a model are found below its group, and how they are counted. */
typedef struct group_style {
    const char *folder;
    bool doubled; /* layers with weights count twice: Keras 2.12 and 2.13 */
} group_style;

/* A walk over the groups of all layers that have weights. */
typedef struct group_walk {
    h5_file *file;
    cepa_graph *graph;
    group_style style;
    cepa_status (*visit)(const struct group_walk *w, const layer *l, const char *group);
    cepa_error *error;
    bool *found; /* by weight, of a file that need not have all */
} group_walk;

/* How often a class was met in one model. */
typedef struct class_count {
    const char *class;
    size_t count;
} class_count;

bool layer_place_has_weights(const layer_place *place)
{
    if (!place->nested) return place->layer->weight_count > 0;
    for (size_t i = 0; i < place->nested->count; i++)
        if (layer_place_has_weights(&place->nested->places[i])) return true;
    return false;
}

static class_count *count_of(class_count *counts, const char *class)
{
    while (counts->class && strcmp(counts->class, class) != 0) counts++;
    counts->class = class;
    return counts;
}

/* A layer's class as the file has it. */
static const char *class_of(const layer_place *place)
{
    if (place->nested) return place->nested->sequential ? "Sequential" : "Functional";
    return place->layer->class->kind.name;
}

static cepa_status walk_groups(const group_walk *w, const layer_tree *tree, const char *prefix);

static cepa_status walk_place(const group_walk *w, const layer_place *place, size_t number, const char *prefix)
{
    char name[100];
    buffer path = {0};
    snake_case(class_of(place), name, sizeof name);
    buffer_format(&path, "%s%s/%s", prefix, w->style.folder, name);
    if (number) buffer_format(&path, "_%zu", number);
    if (place->nested) buffer_text(&path, "/");
    char *group = buffer_take_text(&path);
    if (!group) return fail_memory(w->error);
    cepa_status status = place->nested ? walk_groups(w, place->nested, group) : w->visit(w, place->layer, group);
    free(group);
    return status;
}

/* Walks the layers of a model whose group is prefix: "", or a path with / behind it. */
static cepa_status walk_groups(const group_walk *w, const layer_tree *tree, const char *prefix)
{
    class_count *counts = calloc(tree->count + 1, sizeof *counts);
    if (!counts) return fail_memory(w->error);
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < tree->count && !status; i++) {
        const layer_place *place = &tree->places[i];
        if (place->layer->class->is_input && tree->sequential) continue;
        class_count *met = count_of(counts, class_of(place));
        bool weights = layer_place_has_weights(place);
        if (weights) status = walk_place(w, place, met->count, prefix);
        met->count += weights && w->style.doubled ? 2 : 1;
    }
    free(counts);
    return status;
}

/* Calls with_path for each weight of a layer: GROUP/vars/0, GROUP/vars/1 ... */
static cepa_status each_weight(const group_walk *w, const layer *l, const char *group,
                               cepa_status (*with_path)(const group_walk *w, const weight *v, const char *path))
{
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < l->weight_count && !status; i++) {
        buffer path = {0};
        buffer_format(&path, "%s/vars/%zu", group, i);
        status = path.failed ? fail_memory(w->error)
                             : with_path(w, &w->graph->weights[l->first_weight + i], (const char *)path.bytes);
        buffer_free(&path);
    }
    return status;
}

/* ---- Reading ---- */

static cepa_status check_weight(const group_walk *w, const weight *v, const char *path)
{
    h5_shape found;
    cepa_status status = h5_describe(w->file, path, &found, w->error);
    if (status) return fail_in(w->error, status, "layer %s, weight %s", v->layer->name, v->name);
    if (h5_shape_fits(&found, v->shape.size, v->shape.rank)) return CEPA_OK;
    return fail(w->error, CEPA_FORMAT, "layer %s: the file's %s does not have the shape of the weight %s",
                v->layer->name, path, v->name);
}

static cepa_status check_layer(const group_walk *w, const layer *l, const char *group)
{
    cepa_status status = each_weight(w, l, group, check_weight);
    buffer beyond = {0};
    buffer_format(&beyond, "%s/vars/%zu", group, l->weight_count);
    if (!status && beyond.failed) status = fail_memory(w->error);
    if (!status && h5_exists(w->file, (const char *)beyond.bytes))
        status = fail(w->error, CEPA_FORMAT, "layer %s: the file's group %s has more weights than its %zu", l->name,
                      group, l->weight_count);
    buffer_free(&beyond);
    return status;
}

static cepa_status read_weight(const group_walk *w, const weight *v, const char *path)
{
    return h5_read_floats(w->file, path, w->graph->values + v->offset, v->count, w->error);
}

static cepa_status read_layer(const group_walk *w, const layer *l, const char *group)
{
    return each_weight(w, l, group, read_weight);
}

bool weight_groups_exist(h5_file *file)
{
    return h5_exists(file, "layers") || h5_exists(file, "_layer_checkpoint_dependencies");
}

static cepa_status read_if_there(const group_walk *w, const weight *v, const char *path)
{
    if (!h5_exists(w->file, path)) return CEPA_OK;
    w->found[v - w->graph->weights] = true;
    cepa_status status = check_weight(w, v, path);
    return status ? status : read_weight(w, v, path);
}

static cepa_status read_part_of_layer(const group_walk *w, const layer *l, const char *group)
{
    return each_weight(w, l, group, read_if_there);
}

cepa_status weight_groups_read_part(h5_file *file, const layer_tree *tree, bool *found, cepa_error *error)
{
    group_walk w = {file, tree->network->graph, {"layers", false}, read_part_of_layer, error, found};
    cepa_status status = walk_groups(&w, tree, "");
    graph_weights_changed(w.graph);
    return status;
}

cepa_status weight_groups_read(h5_file *file, const layer_tree *tree, cepa_error *error)
{
    static const group_style newest = {"layers", false}, old = {"_layer_checkpoint_dependencies", false},
                             oldest = {"_layer_checkpoint_dependencies", true};
    cepa_error ignored;
    group_walk w = {.file = file, .graph = tree->network->graph, .visit = check_layer, .error = error};
    bool is_old = !h5_exists(file, newest.folder) && h5_exists(file, old.folder);
    w.style = is_old ? old : newest;
    cepa_status status = walk_groups(&w, tree, "");
    if (status && is_old) {
        w.style = oldest;
        w.error = &ignored; /* the first style's message is as good */
        if (!walk_groups(&w, tree, "")) status = CEPA_OK;
        w.error = error;
    }
    if (status) return status;
    w.visit = read_layer;
    status = walk_groups(&w, tree, "");
    graph_weights_changed(w.graph);
    return status;
}

/* ---- Writing ---- */

static cepa_status write_weight(const group_walk *w, const weight *v, const char *path)
{
    if (v->whole) return h5_write_integer(w->file, path, (int64_t)w->graph->values[v->offset], w->error);
    const h5_shape shape = h5_shape_of(v->shape.size, v->shape.rank, v->count);
    return h5_write_floats(w->file, path, &shape, w->graph->values + v->offset, w->error);
}

static cepa_status write_layer(const group_walk *w, const layer *l, const char *group)
{
    return each_weight(w, l, group, write_weight);
}

cepa_status weight_groups_write(h5_file *file, const layer_tree *tree, cepa_error *error)
{
    group_walk w = {file, tree->network->graph, {"layers", false}, write_layer, error, NULL};
    return walk_groups(&w, tree, "");
}
