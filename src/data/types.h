/* What can be done with a number of each type that arrays come in. */
#ifndef DATA_TYPES_H
#define DATA_TYPES_H

#include "cepa.h"

typedef struct number_type {
    const char *name;  /* "float32" */
    const char *numpy; /* as .npy files spell it behind the byte order: "f4" */
    size_t size;
    bool whole; /* an integer type */
    double (*read)(const void *numbers, size_t index);
} number_type;

/* The entry of a type; NULL where there is no such type. */
const number_type *number_type_of(cepa_type type);

#endif
