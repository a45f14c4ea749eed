/* Keras' older HDF5 files, as Keras 1 and 2 wrote them and Keras 3 still does: whole models (model.save("model.h5")),
 * and weights alone (model.save_weights("weights.h5")). */
#ifndef FORMATS_LEGACY_H5_H
#define FORMATS_LEGACY_H5_H

#include "formats/architecture.h"
#include "formats/h5.h"

/* True where the file holds such weights: a whole model's, or alone. */
bool legacy_h5_has_weights(h5_file *file);

/* Texts in an arena. */
typedef struct text_list {
    const char **items;
    size_t count, capacity;
} text_list;

/* The list of names in an attribute of a group, in the place of what list held; too long for one attribute it is cut
 * into name0, name1 ... */
cepa_status legacy_h5_names(h5_file *file, const char *path, const char *attribute, arena *memory, text_list *list,
                            cepa_error *error);

/* The JSON in an attribute of the file, "model_config" or "training_config"; *v is NULL where there is none. */
cepa_status legacy_h5_config(h5_file *file, const char *attribute, arena *memory, const value **v, cepa_error *error);

/* Who wrote a file's weights. */
typedef struct legacy_writer {
    bool keras1;
    bool theano; /* its kernels are turned by 180 degrees */
} legacy_writer;

cepa_status legacy_h5_writer(h5_file *file, arena *memory, legacy_writer *writer, cepa_error *error);

/* Reads the weights: Keras takes layers and arrays in order, whatever their names. by_name: only those of the layers
 * whose names the file has, of which there must be one. */
cepa_status legacy_h5_weights(h5_file *file, const layer_tree *tree, bool by_name, arena *memory, cepa_error *error);

#endif
