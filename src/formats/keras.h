/* Keras' model files: the .keras archive, the older HDF5 file, and an architecture alone as JSON. */
#ifndef FORMATS_KERAS_H
#define FORMATS_KERAS_H

#include "base/buffer.h"
#include "base/value.h"
#include "graph/graph.h"
#include "train/choices.h"
#include "train/optimizer.h"

/* What a file says. It belongs to the open file, the network to its graph. */
typedef struct keras_contents {
    network *network;
    bool has_weights; /* false: an architecture alone, whose weights were drawn */
    bool compiled;    /* compile holds what was said, as values */
    compile_values compile;
    bool has_optimizer; /* there is a state of an optimizer, whether it fits or not */
    const value *notes; /* a DICT of our own, cepa.json; NULL: none */
} keras_contents;

/* A file open for reading. */
typedef struct keras_file keras_file;

/* Reads the bytes of a file, which must outlive it, and makes its network on an empty graph. What they are is told from
 * themselves. Refused in one line: files of other kinds, damaged ones, and what cannot be read or built, with layer and
 * reason. The graph must be freed after a failure. */
cepa_status keras_open(const void *bytes, size_t size, cepa_graph *graph, keras_file **file, keras_contents *contents,
                       cepa_error *error);

/* Takes over the state of an optimizer that was compiled as the file says. *restored is false, and the optimizer fresh,
 * where the file has none that fits. */
cepa_status keras_read_optimizer(keras_file *file, optimizer *optimizer, bool *restored, cepa_error *error);

void keras_close(keras_file *file); /* NULL is taken */

/* Reads weights into a network: those of a .keras archive or an HDF5 file, of a whole model or alone. Layers are found
 * by their place, by_name by their names, and those that the file does not name are left alone. found, by weight of the
 * graph, is for one file among several: what is there is read and noted; NULL: all must be there. On failure the values
 * are as they were, or the reason is a file that could not be read to its end. */
cepa_status keras_read_weights(const void *bytes, size_t size, network *network, bool by_name, bool *found,
                               cepa_error *error);

/* The files beside an index of weights (.weights.json), in the arena. count 0: the bytes are no such index. */
typedef struct keras_shards {
    const char **files;
    size_t count;
} keras_shards;

cepa_status keras_weight_shards(const void *bytes, size_t size, arena *memory, keras_shards *shards, cepa_error *error);

/* What is to be written; members but network may be NULL. */
typedef struct keras_model {
    network *network;
    const compile_values *compile;
    optimizer *optimizer;
    const value *notes;
} keras_model;

/* Appends a .keras archive that Keras 3.0 ... 3.15 open. Equal models give equal bytes. */
cepa_status keras_write(const keras_model *model, buffer *bytes, cepa_error *error);

/* Appends the weights and the optimizer's state alone, as a .weights.h5 file. */
cepa_status keras_write_weights(const keras_model *model, buffer *bytes, cepa_error *error);

#endif
