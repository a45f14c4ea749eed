/* An optimizer's state in Keras' HDF5 tree: optimizer/vars/0, 1, 2 ... */
#ifndef FORMATS_KERAS_OPTIMIZER_H
#define FORMATS_KERAS_OPTIMIZER_H

#include "formats/h5.h"
#include "train/optimizer.h"

/* Takes over the state where all of the file's arrays have the shapes that the optimizer expects: Keras 3's, or without
 * the learning rate as Keras 2 and schedules write it. Otherwise *restored is false and nothing has changed. */
cepa_status optimizer_read(h5_file *file, optimizer *optimizer, bool *restored, cepa_error *error);

cepa_status optimizer_write(h5_file *file, optimizer *optimizer, cepa_error *error);

#endif
