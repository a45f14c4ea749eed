/* HDF5 files in memory: datasets as floats, attributes as texts. */
#ifndef FORMATS_H5_H
#define FORMATS_H5_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

/* An open file. libhdf5 serves one thread at a time: another thread that opens a file waits until this one is closed.
 */
typedef struct h5_file h5_file;

enum { H5_MAX_AXES = 8 };

/* A dataset's shape; rank 0 is one number. */
typedef struct h5_shape {
    size_t rank, size[H5_MAX_AXES];
    size_t count; /* elements */
} h5_shape;

/* The shape of a tensor of count elements, and whether a dataset has it. */
h5_shape h5_shape_of(const int *size, size_t rank, size_t count);
bool h5_shape_fits(const h5_shape *shape, const int *size, size_t rank);

/* Opens the bytes of a file, which must pass h5_check. libhdf5 keeps a copy. */
cepa_status h5_open(const void *bytes, size_t size, h5_file **file, cepa_error *error);
/* An empty file to be written; h5_finish appends its bytes to a buffer and closes it. Equal calls give equal bytes. */
cepa_status h5_create(h5_file **file, cepa_error *error);
cepa_status h5_finish(h5_file *file, buffer *bytes, cepa_error *error);
void h5_close(h5_file *file); /* NULL is taken */

/* Paths are "layers/dense/vars/0". */
bool h5_exists(h5_file *file, const char *path);
cepa_status h5_describe(h5_file *file, const char *path, h5_shape *shape, cepa_error *error);
/* Reads a dataset of count numbers of any type, converted. */
cepa_status h5_read_floats(h5_file *file, const char *path, float *values, size_t count, cepa_error *error);
/* Reads a dataset of one number. */
cepa_status h5_read_number(h5_file *file, const char *path, double *number, cepa_error *error);
/* Reads an attribute of strings (fixed or variable length, one or an array) into the arena; an array without elements,
 * of any type, and a missing attribute give count 0. Fails on numbers. */
cepa_status h5_read_texts(h5_file *file, const char *path, const char *attribute, arena *arena,
                          const char *const **texts, size_t *count, cepa_error *error);

/* Writing. Groups on the way to a path are made. */
cepa_status h5_write_group(h5_file *file, const char *path, cepa_error *error);
cepa_status h5_write_floats(h5_file *file, const char *path, const h5_shape *shape, const float *values,
                            cepa_error *error);
cepa_status h5_write_integer(h5_file *file, const char *path, int64_t number, cepa_error *error);
/* A variable-length UTF-8 string as attribute of a group, as h5py writes it. */
cepa_status h5_write_text(h5_file *file, const char *path, const char *attribute, const char *text, cepa_error *error);

#endif
