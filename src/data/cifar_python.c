/* CIFAR's Python version, which Keras downloads: a pickled dictionary of an array 'data' (pictures, 3072) and a list of
 * labels, and one with a list of class names. */
#include "data/cifar.h"
#include "data/pickle.h"

static cepa_status read_dictionary(const member *file, buffer *hold, arena *memory, const pickled **dictionary,
                                   cepa_error *error)
{
    const unsigned char *bytes;
    size_t size;
    cepa_status status = source_read(file, hold, &bytes, &size, error);
    return status ? status : pickle_read(file->where, bytes, size, memory, dictionary, error);
}

static cepa_status read_labels(const pickled *list, cifar_records *read, cepa_error *error)
{
    unsigned char *labels = arena_allocate(&read->memory, list->count);
    if (!labels) return fail_memory(error);
    for (size_t i = 0; i < list->count; i++) {
        const pickled *label = list->items[i];
        if (label->kind != PICKLED_INTEGER || label->number < 0 || label->number > UINT8_MAX)
            return fail(error, CEPA_DATA, "%s: record %zu has no label", read->file->where, i);
        labels[i] = (unsigned char)label->number;
    }
    read->labels = labels;
    return CEPA_OK;
}

static cepa_status read_records(const member *file, size_t label_bytes, const char *key, cifar_records *read,
                                cepa_error *error)
{
    (void)label_bytes;
    const pickled *dictionary;
    cepa_status status = read_dictionary(file, &read->hold, &read->memory, &dictionary, error);
    if (status) return status;
    const pickled *data = pickle_get(dictionary, "data", PICKLED_BYTE_ARRAY);
    const pickled *labels = pickle_get(dictionary, key, PICKLED_LIST);
    if (!data || !labels)
        return fail(error, CEPA_FORMAT, "%s: expected a byte array 'data' and a list '%s'", file->where, key);
    read->count = labels->count;
    if (read->count == 0 || data->size != read->count * CIFAR_PICTURE)
        return fail(error, CEPA_FORMAT, "%s: %zu labels, but %zu bytes of pictures: %d for each were expected",
                    file->where, read->count, data->size, CIFAR_PICTURE);
    read->pictures = data->bytes;
    read->stride = CIFAR_PICTURE;
    return read_labels(labels, read, error);
}

static cepa_status read_names(const member *file, const char *key, arena *memory, cifar_names *read, cepa_error *error)
{
    buffer hold = {0};
    const pickled *dictionary;
    cepa_status status = read_dictionary(file, &hold, memory, &dictionary, error);
    const pickled *list = status ? NULL : pickle_get(dictionary, key, PICKLED_LIST);
    if (!status && !list) status = fail(error, CEPA_FORMAT, "%s: expected a list '%s'", file->where, key);
    if (!status && !(read->names = arena_array(memory, list->count, sizeof *read->names))) status = fail_memory(error);
    for (size_t i = 0; !status && i < list->count; i++) {
        const pickled *name = list->items[i];
        if (name->kind != PICKLED_TEXT)
            status = fail(error, CEPA_FORMAT, "%s: '%s' holds more than texts", file->where, key);
        else if (!(read->names[read->count++] = arena_text_n(memory, (const char *)name->bytes, name->size)))
            status = fail_memory(error);
    }
    buffer_free(&hold);
    return status;
}

const cifar_format cifar_python = {read_records, read_names};
