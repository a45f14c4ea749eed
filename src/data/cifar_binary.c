/* CIFAR's binary version: records of one or two label bytes (the last one is used) and a picture, and class names a
 * line each. A file may hold any whole number of records. https://www.cs.toronto.edu/~kriz/cifar.html */
#include "data/cifar.h"

#include <string.h>

static cepa_status read_records(const member *file, size_t label_bytes, const char *key, cifar_records *read,
                                cepa_error *error)
{
    (void)key;
    const unsigned char *bytes;
    size_t size, record = label_bytes + CIFAR_PICTURE;
    cepa_status status = source_read(file, &read->hold, &bytes, &size, error);
    if (status) return status;
    read->count = size / record;
    if (size % record || size == 0)
        return fail(error, CEPA_FORMAT,
                    "%s: cut off in record %zu: a whole number of records of %zu bytes was expected, not %zu bytes",
                    file->where, read->count, record, size);
    unsigned char *labels = arena_allocate(&read->memory, read->count);
    if (!labels) return fail_memory(error);
    for (size_t i = 0; i < read->count; i++) labels[i] = bytes[i * record + label_bytes - 1];
    read->labels = labels;
    read->pictures = bytes + label_bytes;
    read->stride = record;
    return CEPA_OK;
}

static cepa_status read_names(const member *file, const char *key, arena *memory, cifar_names *read, cepa_error *error)
{
    (void)key;
    buffer hold = {0};
    const unsigned char *bytes;
    size_t size;
    cepa_status status = source_read(file, &hold, &bytes, &size, error);
    char *text = status ? NULL : arena_text_n(memory, (const char *)bytes, size);
    read->names = status ? NULL : arena_array(memory, size / 2 + 1, sizeof *read->names);
    buffer_free(&hold);
    if (status) return status;
    if (!text || !read->names) return fail_memory(error);
    char *rest;
    for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest))
        read->names[read->count++] = line;
    return CEPA_OK;
}

const cifar_format cifar_binary = {read_records, read_names};
