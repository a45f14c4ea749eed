/* CIFAR-10 and CIFAR-100: what their two kinds of files have in common. */
#ifndef DATA_CIFAR_H
#define DATA_CIFAR_H

#include "data/source.h"

enum {
    CIFAR_SIDE = 32,
    CIFAR_CHANNELS = 3,
    CIFAR_PLANE = CIFAR_SIDE * CIFAR_SIDE,
    CIFAR_PICTURE = CIFAR_PLANE * CIFAR_CHANNELS
};

/* One file's pictures: planes of red, green and blue, and a label each. */
typedef struct cifar_records {
    const member *file;
    size_t count;
    const unsigned char *pictures;
    size_t stride; /* bytes from one picture to the next */
    const unsigned char *labels;
    buffer hold;
    arena memory;
} cifar_records;

typedef struct cifar_names {
    const char **names;
    size_t count;
} cifar_names;

/* A kind of files. */
typedef struct cifar_format {
    /* Reads one file; the caller frees hold and memory in any case. key: where the label stands: its byte among
     * label_bytes, or the name of the list. */
    cepa_status (*read_records)(const member *file, size_t label_bytes, const char *key, cifar_records *read,
                                cepa_error *error);
    /* Reads the class names. */
    cepa_status (*read_names)(const member *file, const char *key, arena *memory, cifar_names *read, cepa_error *error);
} cifar_format;

extern const cifar_format cifar_binary, cifar_python;

#endif
