/* Python's pickles, as far as CIFAR's files need them: dictionaries, lists, tuples, texts, bytes, whole numbers and
 * arrays of bytes. A pickle is a program; this reader knows the names of two that make an array, and calls none. */
#ifndef DATA_PICKLE_H
#define DATA_PICKLE_H

#include "base/error.h"
#include "base/memory.h"

typedef enum pickled_kind {
    PICKLED_MARK,
    PICKLED_NONE,
    PICKLED_INTEGER, /* True and False too */
    PICKLED_TEXT,    /* str or bytes */
    PICKLED_LIST,
    PICKLED_TUPLE,
    PICKLED_DICTIONARY, /* items: key, value, key, value ... */
    PICKLED_NAME,       /* of a function or class: "module name" */
    PICKLED_TYPE,       /* of an array: bytes hold its name */
    PICKLED_BYTE_ARRAY  /* of any shape, row-major */
} pickled_kind;

typedef struct pickled {
    pickled_kind kind;
    int64_t number;
    const unsigned char *bytes; /* in the pickle itself */
    size_t size;
    struct pickled **items;
    size_t count, capacity;
} pickled;

/* Reads a pickle of protocol 2, 3 or 4 that is a dictionary. What it gives lives in memory and in bytes. Anything
 * beyond the above is refused. where names the file in messages. */
cepa_status pickle_read(const char *where, const unsigned char *bytes, size_t size, arena *memory,
                        const pickled **dictionary, cepa_error *error);

/* The value of a key, where it is of that kind; else NULL. */
const pickled *pickle_get(const pickled *dictionary, const char *key, pickled_kind kind);

#endif
