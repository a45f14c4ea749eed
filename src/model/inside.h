/* What goes on inside a model: its layers' calls, and the values of any tensor. */
#ifndef MODEL_INSIDE_H
#define MODEL_INSIDE_H

#include "model/model.h"

/* The first visible call of the layer of that name. Fails where there is none. */
cepa_status model_find_call(const cepa_model *model, const char *layer, const call **found, cepa_error *error);

/* The network from the model's inputs to a tensor, in the sizes of the data where the model leaves its own open. */
cepa_status model_network_to(const cepa_model *model, int tensor, const cepa_dataset *data, const network **made,
                             cepa_error *error);

/* The shape that a tensor has for the data. */
cepa_status model_tensor_shape(const cepa_model *model, int tensor, const cepa_dataset *data, shape *found,
                               cepa_error *error);

/* A tensor's numbers for the data, in Keras' order, rows x *size of them; to be freed. */
cepa_status model_tensor_values(const cepa_model *model, int tensor, const cepa_dataset *data, float **values,
                                size_t *size, cepa_error *error);

#endif
