/* IDX files, the format of MNIST and Fashion-MNIST: two zero bytes, a type, the number of axes, their sizes as
 * big-endian 32-bit numbers, then the numbers. http://yann.lecun.com/exdb/mnist/ */
#include "data/reader.h"

#include <limits.h>
#include <string.h>

enum { TRAIN, TEST, PARTS };

static const char *const picture_files[PARTS] = {"train-images-idx3-ubyte", "t10k-images-idx3-ubyte"};
static const char *const label_files[PARTS] = {"train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"};

typedef struct idx {
    size_t axes;
    int size[CEPA_MAX_RANK + 1];
    size_t row_bytes;
    const unsigned char *numbers;
} idx;

static bool recognise(const source *s)
{
    return source_find(s, picture_files[TRAIN]) || source_find(s, picture_files[TEST]);
}

/* Reads the header of unsigned bytes with so many axes and checks that the numbers are all there. */
static cepa_status read_header(const member *file, const unsigned char *bytes, size_t size, size_t axes, idx *read,
                               cepa_error *error)
{
    enum { UNSIGNED_BYTES = 8 };
    const unsigned char mark[4] = {0, 0, UNSIGNED_BYTES, (unsigned char)axes};
    size_t start = 4 + 4 * axes;
    if (size < start || memcmp(bytes, mark, sizeof mark) != 0)
        return fail(error, CEPA_FORMAT, "%s: not an IDX file of unsigned bytes with %zu axes", file->where, axes);
    *read = (idx){.axes = axes, .row_bytes = 1, .numbers = bytes + start};
    for (size_t i = 0; i < axes; i++) {
        const unsigned char *b = bytes + 4 + 4 * i;
        uint32_t length = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
        if (length == 0 || length > INT_MAX)
            return fail(error, CEPA_FORMAT, "%s: axis %zu has the size %u", file->where, i, length);
        read->size[i] = (int)length;
        if (i > 0 && !multiply_size(read->row_bytes, length, &read->row_bytes))
            return fail(error, CEPA_FORMAT, "%s: its axes are too large", file->where);
    }
    size_t whole = (size - start) / read->row_bytes, wanted = (size_t)read->size[0];
    if (whole < wanted)
        return fail(error, CEPA_FORMAT, "%s: cut off in record %zu: %zu records were expected", file->where, whole,
                    wanted);
    if (size - start != wanted * read->row_bytes)
        return fail(error, CEPA_FORMAT, "%s: bytes follow the last of its %zu records", file->where, wanted);
    return CEPA_OK;
}

/* Adds one file's numbers to the data set, which the first file begins. */
static cepa_status add_file(const source *s, const member *file, size_t axes, const cepa_array *array, role role,
                            cepa_dataset **made, cepa_error *error)
{
    buffer hold = {0};
    const unsigned char *bytes;
    size_t size;
    idx read;
    void *data;
    cepa_array row = *array;
    cepa_status status = source_read(file, &hold, &bytes, &size, error);
    if (!status) status = read_header(file, bytes, size, axes, &read, error);
    if (!status && !*made) status = dataset_begin((size_t)read.size[0], s->path, made, error);
    if (!status && (size_t)read.size[0] != (*made)->rows)
        status = fail(error, CEPA_DATA, "%s: %d labels for %zu pictures", file->where, read.size[0], (*made)->rows);
    if (!status) {
        row.rank = axes - 1;
        memcpy(row.shape, read.size + 1, row.rank * sizeof *row.shape);
        status = dataset_add(*made, role, &row, &data, error);
    }
    if (!status) memcpy(data, read.numbers, read.row_bytes * (*made)->rows);
    buffer_free(&hold);
    return status;
}

static cepa_status read_part(const source *s, int part, cepa_dataset **made, cepa_error *error)
{
    static const cepa_array picture = {.name = "x", .type = CEPA_UINT8}, label = {.name = "y", .type = CEPA_UINT8};
    const member *pictures = source_find(s, picture_files[part]), *labels = source_find(s, label_files[part]);
    if (!pictures) return CEPA_OK;
    if (!labels && (s->is_folder || s->count > 1))
        return fail(error, CEPA_NOT_FOUND, "%s: %s is there, but not %s", s->path, picture_files[part],
                    label_files[part]);
    cepa_status status = add_file(s, pictures, 3, &picture, ROLE_INPUT, made, error);
    if (!status && labels) status = add_file(s, labels, 1, &label, ROLE_TARGET, made, error);
    return status ? status : dataset_end(*made, error);
}

static cepa_status read_idx(const source *s, const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    (void)options;
    cepa_status status = read_part(s, TRAIN, &made->train, error);
    if (!status) status = read_part(s, TEST, made->train ? &made->test : &made->train, error);
    return status;
}

const reader idx_reader = {
    .what = "MNIST's IDX files (train-images-idx3-ubyte)",
    .recognise = recognise,
    .read = read_idx,
};
