/* Parts of a model by name: a layer's call, the network up to a tensor, the numbers that it gives. */
#include "model/inside.h"

#include "base/memory.h"
#include "train/measure.h"
#include "train/train.h"

#include <stdlib.h>
#include <string.h>

cepa_status model_find_call(const cepa_model *model, const char *layer, const call **found, cepa_error *error)
{
    const network *n = model->network;
    *found = NULL;
    cepa_status status = model_need_network(model, error);
    if (status) return status;
    for (size_t i = 0; i < n->visible_count && !*found; i++)
        if (strcmp(n->visible[i]->layer->name, layer) == 0) *found = n->visible[i];
    return *found ? CEPA_OK : fail(error, CEPA_ARGUMENT, "model %s has no layer %s", n->name, layer);
}

static cepa_status network_to(const cepa_model *model, int tensor, const char *name, network **made, cepa_error *error)
{
    const network *n = model->network;
    return network_new(model->graph, n->input, n->inputs, &tensor, 1, name, false, made, error);
}

cepa_status cepa_model_part(const cepa_model *model, const char *layer, cepa_model **part, cepa_error *error)
{
    const call *c;
    network *made;
    *part = NULL;
    cepa_status status = model_find_call(model, layer, &c, error);
    if (!status) status = network_to(model, c->result[0], layer, &made, error);
    if (status) return status;
    *part = model_of_network(model->graph, made);
    if (!*part) return fail_memory(error);
    (*part)->has_weights = model->has_weights;
    return CEPA_OK;
}

cepa_status model_network_to(const cepa_model *model, int tensor, const cepa_dataset *data, const network **made,
                             cepa_error *error)
{
    network *open;
    cepa_status status = network_to(model, tensor, "part", &open, error);
    return status ? status : network_for(open, data, made, error);
}

cepa_status model_tensor_shape(const cepa_model *model, int tensor, const cepa_dataset *data, shape *found,
                               cepa_error *error)
{
    const network *made;
    cepa_status status = model_network_to(model, tensor, data, &made, error);
    if (!status) *found = graph_tensor(model->graph, made->output[0])->shape;
    return status;
}

cepa_status model_tensor_values(const cepa_model *model, int tensor, const cepa_dataset *data, float **values,
                                size_t *size, cepa_error *error)
{
    const network *made;
    size_t count;
    *values = NULL;
    cepa_status status = model_network_to(model, tensor, data, &made, error);
    if (status) return status;
    *size = shape_count(&graph_tensor(model->graph, made->output[0])->shape);
    if (!multiply_size(*size, cepa_dataset_describe(data)->rows, &count)) return fail_memory(error);
    *values = calloc(count, sizeof **values);
    if (!*values) return fail_memory(error);
    status = network_predict(made, data, values, 1, 0, error);
    if (status) {
        free(*values);
        *values = NULL;
    }
    return status;
}
