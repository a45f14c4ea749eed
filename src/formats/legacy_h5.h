/* Whole models in one HDF5 file, as Keras 2 wrote them and Keras 3 still does (model.save("model.h5")). */
#ifndef FORMATS_LEGACY_H5_H
#define FORMATS_LEGACY_H5_H

#include "formats/architecture.h"
#include "formats/h5.h"

/* Refuses what is no such file, or none of Keras 2 or 3 on a backend whose weights are laid out as TensorFlow's. */
cepa_status legacy_h5_check(h5_file *file, cepa_error *error);

/* The JSON in an attribute of the file, "model_config" or "training_config"; *v is NULL where there is none. */
cepa_status legacy_h5_config(h5_file *file, const char *attribute, arena *memory, const value **v, cepa_error *error);

/* Reads the weights: Keras takes layers and arrays in order, whatever their names. */
cepa_status legacy_h5_weights(h5_file *file, const layer_tree *tree, arena *memory, cepa_error *error);

#endif
