/* What goes on inside a model: its layers' calls, and the values of any tensor. */
#ifndef MODEL_INSIDE_H
#define MODEL_INSIDE_H

#include "model/model.h"

/* The first visible call of the layer of that name. Fails where there is none. */
cepa_status model_find_call(const cepa_model *model, const char *layer, const call **found, cepa_error *error);

/* A tensor's numbers for the data, in Keras' order, rows x *size of them; to be freed. Fails where a size is open. */
cepa_status model_tensor_values(const cepa_model *model, int tensor, const cepa_dataset *data, float **values,
                                size_t *size, cepa_error *error);

#endif
