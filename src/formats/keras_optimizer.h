/* An optimizer's state in Keras' HDF5 trees: optimizer/vars/0, 1, 2 ... of an archive, optimizer_weights of an HDF5
 * model. */
#ifndef FORMATS_KERAS_OPTIMIZER_H
#define FORMATS_KERAS_OPTIMIZER_H

#include "formats/h5.h"
#include "train/optimizer.h"

/* Takes over the state where all of the file's arrays have the shapes that the optimizer expects, in the order of one
 * version of Keras or another. Otherwise *restored is false and nothing has changed. */
cepa_status optimizer_read(h5_file *file, optimizer *optimizer, bool *restored, cepa_error *error);

cepa_status optimizer_write(h5_file *file, optimizer *optimizer, cepa_error *error);

#endif
