/* What a model is made of. */
#include "base/sha256.h"
#include "data/dataset.h"
#include "model/model.h"

#include <string.h>

static size_t copy_shape(const cepa_graph *graph, int id, int shape[CEPA_MAX_RANK])
{
    const tensor *t = graph_tensor(graph, id);
    memcpy(shape, t->shape.size, t->shape.rank * sizeof *shape);
    return t->shape.rank;
}

const char *cepa_model_name(const cepa_model *model) { return model->network ? model->network->name : ""; }
size_t cepa_model_layer_count(const cepa_model *model) { return model->network ? model->network->layer_count : 0; }
size_t cepa_model_input_count(const cepa_model *model) { return model->network ? model->network->inputs : 0; }
size_t cepa_model_output_count(const cepa_model *model) { return model->network ? model->network->outputs : 0; }

/* Name of the layer that gave a tensor, and the tensor's shape. */
static const char *describe_tensor(const cepa_model *model, int id, size_t *rank, int shape[CEPA_MAX_RANK])
{
    size_t index;
    *rank = copy_shape(model->graph, id, shape);
    return graph_source(model->graph, id, &index)->layer->name;
}

const char *cepa_model_input(const cepa_model *model, size_t index, size_t *rank, int shape[CEPA_MAX_RANK])
{
    if (index >= cepa_model_input_count(model)) return NULL;
    return describe_tensor(model, model->network->input[index], rank, shape);
}

const char *cepa_model_output(const cepa_model *model, size_t index, size_t *rank, int shape[CEPA_MAX_RANK])
{
    if (index >= cepa_model_output_count(model)) return NULL;
    return describe_tensor(model, model->network->output[index], rank, shape);
}

/* The first visible call of a layer in the network's order. */
static const call *call_of(const network *n, const layer *l)
{
    size_t i = 0;
    while (n->visible[i]->layer != l) i++;
    return n->visible[i];
}

cepa_status cepa_model_layer(const cepa_model *model, size_t index, cepa_layer_info *info)
{
    if (index >= cepa_model_layer_count(model)) return CEPA_ARGUMENT;
    const layer *l = model->network->layers[index];
    memset(info, 0, sizeof *info);
    info->name = l->name;
    info->class_name = l->class->kind.name;
    info->rank = copy_shape(model->graph, call_of(model->network, l)->result[0], info->output_shape);
    size_t not_trained;
    info->parameters = layer_parameters(model->graph, l, &not_trained);
    info->trainable_parameters = info->parameters - not_trained;
    return CEPA_OK;
}

cepa_status cepa_model_layer_text(const cepa_model *model, size_t index, char **text, cepa_error *error)
{
    *text = NULL;
    if (index >= cepa_model_layer_count(model)) return fail(error, CEPA_ARGUMENT, "there is no layer %zu", index);
    const layer *l = model->network->layers[index];
    arena memory = {0};
    const member m = {&l->class->kind, l->options};
    const char *printed = member_print(&memory, &m);
    *text = printed ? strdup(printed) : NULL;
    arena_free(&memory);
    return *text ? CEPA_OK : fail_memory(error);
}

size_t cepa_model_weight_count(const cepa_model *model)
{
    size_t count = 0;
    if (model->network) network_weights(model->network, &count);
    return count;
}

cepa_status cepa_model_weight(const cepa_model *model, size_t index, cepa_weight_info *info)
{
    size_t count = 0;
    const size_t *list = model->network ? network_weights(model->network, &count) : NULL;
    if (!list || index >= count) return CEPA_ARGUMENT;
    const weight *w = &model->graph->weights[list[index]];
    *info = (cepa_weight_info){.layer = w->layer->name,
                               .name = w->name,
                               .rank = w->shape.rank,
                               .count = w->count,
                               .trainable = weight_is_trained(w)};
    memcpy(info->shape, w->shape.size, sizeof info->shape);
    info->values = (float *)(void *)(model->graph->values + w->offset);
    return CEPA_OK;
}

void cepa_model_weights_changed(cepa_model *model) { graph_weights_changed(model->graph); }

cepa_status cepa_model_weights_sha256(const cepa_model *model, char digest[65], cepa_error *error)
{
    sha256 hash;
    cepa_status status = sha256_begin(&hash, error);
    if (status) return status;
    size_t count = 0;
    const size_t *list = model->network ? network_weights(model->network, &count) : NULL;
    for (size_t i = 0; i < count; i++) {
        const weight *w = &model->graph->weights[list[i]];
        sha256_add(&hash, model->graph->values + w->offset, w->count * sizeof(real));
    }
    sha256_end(&hash, digest);
    return CEPA_OK;
}

cepa_status cepa_model_set_notes(cepa_model *model, const cepa_notes *notes)
{
    cepa_error error;
    const char **names = arena_array(&model->memory, notes->class_count + 1, sizeof *names);
    bool good = names != NULL;
    for (size_t i = 0; good && i < notes->class_count; i++)
        good = (names[i] = arena_text(&model->memory, notes->class_names[i])) != NULL;
    cepa_notes kept = *notes;
    kept.class_names = names;
    kept.table_name = arena_text(&model->memory, notes->table_name);
    if (!good || (notes->table_name && !kept.table_name) || !copy_table(&model->memory, &notes->table, &kept.table)) {
        fail_memory(&error);
        return model_fail(model, &error);
    }
    model->notes = kept;
    return CEPA_OK;
}

const cepa_notes *cepa_model_notes(const cepa_model *model) { return &model->notes; }
const cepa_source_info *cepa_model_source(const cepa_model *model)
{
    return model->from_source ? &model->source : NULL;
}
bool cepa_model_has_weights(const cepa_model *model) { return model->has_weights; }
