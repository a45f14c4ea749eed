/* Arrays as NumPy's .npy files hold them. */
#ifndef DATA_NPY_H
#define DATA_NPY_H

#include "base/buffer.h"
#include "data/types.h"

enum { NPY_MAX_RANK = CEPA_MAX_RANK + 1 };

typedef struct npy_kind npy_kind;

/* What a file says about its array. */
typedef struct npy_header {
    const npy_kind *kind; /* of number in the file */
    cepa_type type; /* that they become: u1 and b1 bytes; i1, i2, u2, i4 int32; u4, i8, u8 int64; f2, f4 float32; f8
                       float64 */
    bool swapped;   /* bytes in the other order than this machine's */
    bool fortran;   /* first axis runs fastest */
    size_t rank;
    size_t shape[NPY_MAX_RANK]; /* none is 0 */
    size_t count;               /* numbers in all */
    const unsigned char *numbers;
} npy_header;

/* Reads the header of a whole file of version 1, 2 or 3 and checks that the numbers are all there. header->numbers
 * points into bytes. where names the file in messages. */
cepa_status npy_read(const char *where, const unsigned char *bytes, size_t size, npy_header *header, cepa_error *error);

/* Writes count numbers of header->type, in row-major order. Fails where an unsigned 64-bit number has no int64. */
cepa_status npy_convert(const char *where, const npy_header *header, void *numbers, cepa_error *error);

/* Appends a whole .npy file (version 1.0, row-major, this machine's byte order) of rows rows of an array. */
void npy_write(const cepa_array *array, size_t rows, buffer *file);

#endif
