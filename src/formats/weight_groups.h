/* Weights in Keras' HDF5 tree: each layer's in a group that is named after its class. */
#ifndef FORMATS_WEIGHT_GROUPS_H
#define FORMATS_WEIGHT_GROUPS_H

#include "formats/architecture.h"
#include "formats/h5.h"

/* True where the file holds such groups. */
bool weight_groups_exist(h5_file *file);

/* Reads the weights of every layer into the graph. All three ways of Keras 2.12 ... 3.15 to name the groups are known.
 * Fails, and leaves all values as they were, where the file lacks one, has more, or has it in another shape. */
cepa_status weight_groups_read(h5_file *file, const layer_tree *tree, cepa_error *error);

/* Reads those that are in one file among several, named as Keras 3 does, and notes them, by weight of the graph. */
cepa_status weight_groups_read_part(h5_file *file, const layer_tree *tree, bool *found, cepa_error *error);

/* Writes them as Keras 2.15 and 3 name them. */
cepa_status weight_groups_write(h5_file *file, const layer_tree *tree, cepa_error *error);

/* True where a layer, or one of a nested model's, has weights. */
bool layer_place_has_weights(const layer_place *place);

#endif
