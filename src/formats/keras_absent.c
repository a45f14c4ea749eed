/* Keras' model files in a build without HDF5, zip and JSON. */
#include "formats/keras.h"

static cepa_status absent(cepa_error *error)
{
    return fail(error, CEPA_UNSUPPORTED,
                "this build reads and writes no Keras files: HDF5, libzip, jansson and zlib are "
                "needed for it");
}

cepa_status keras_open(const void *bytes, size_t size, cepa_graph *graph, keras_file **file, keras_contents *contents,
                       cepa_error *error)
{
    (void)bytes, (void)size, (void)graph;
    *file = NULL;
    *contents = (keras_contents){0};
    return absent(error);
}

cepa_status keras_read_optimizer(keras_file *file, optimizer *optimizer, bool *restored, cepa_error *error)
{
    (void)file, (void)optimizer;
    *restored = false;
    return absent(error);
}

cepa_status keras_read_weights(const void *bytes, size_t size, network *network, bool by_name, bool *found,
                               cepa_error *error)
{
    (void)bytes, (void)size, (void)network, (void)by_name, (void)found;
    return absent(error);
}

cepa_status keras_weight_shards(const void *bytes, size_t size, arena *memory, keras_shards *shards, cepa_error *error)
{
    (void)bytes, (void)size, (void)memory;
    *shards = (keras_shards){0};
    return absent(error);
}

void keras_close(keras_file *file) { (void)file; }

cepa_status keras_write_weights(const keras_model *model, buffer *bytes, cepa_error *error)
{
    (void)model, (void)bytes;
    return absent(error);
}

cepa_status keras_write(const keras_model *model, buffer *bytes, cepa_error *error)
{
    (void)model, (void)bytes;
    return absent(error);
}
