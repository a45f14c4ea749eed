/* Matrices in files: pictures, .npy arrays, tables of numbers. */
#include "base/file.h"
#include "base/memory.h"
#include "data/matrix.h"
#include "data/npy.h"
#include "data/picture.h"

#include <stdlib.h>
#include <string.h>

static bool is_grey(const picture *p)
{
    for (size_t i = 0; i < p->height * p->width; i++) {
        const unsigned char *pixel = p->bytes + i * p->channels;
        if (pixel[0] != pixel[1] || pixel[1] != pixel[2]) return false;
    }
    return true;
}

static cepa_status read_picture(const char *path, const buffer *file, const char *mode, cepa_matrix *matrix,
                                cepa_error *error)
{
    bool grey = mode && strcmp(mode, "grayscale") == 0;
    picture p = {.channels = grey ? 1 : 3};
    cepa_status status = picture_decode(path, file->bytes, file->size, &p, error);
    if (status) return status;
    size_t channels = grey || (!mode && is_grey(&p)) ? 1 : 3;
    status = matrix_allocate(p.height, p.width, channels, matrix, error);
    for (size_t i = 0; !status && i < p.height * p.width; i++)
        for (size_t c = 0; c < channels; c++) matrix->values[i * channels + c] = p.bytes[i * p.channels + c];
    free(p.bytes);
    return status;
}

static cepa_status convert(const char *path, const npy_header *header, cepa_matrix *matrix, cepa_error *error)
{
    const number_type *type = number_type_of(header->type);
    void *numbers = calloc(header->count, type->size);
    cepa_status status = numbers ? npy_convert(path, header, numbers, error) : fail_memory(error);
    if (!status)
        status = matrix_allocate(header->shape[0], header->shape[1], header->rank == 3 ? header->shape[2] : 1, matrix,
                                 error);
    for (size_t i = 0; !status && i < header->count; i++) matrix->values[i] = type->read(numbers, i);
    free(numbers);
    return status;
}

static cepa_status read_npy(const char *path, const buffer *file, const char *mode, cepa_matrix *matrix,
                            cepa_error *error)
{
    npy_header header;
    (void)mode;
    cepa_status status = npy_read(path, file->bytes, file->size, &header, error);
    if (status) return status;
    if (header.rank != 2 && header.rank != 3)
        return fail(error, CEPA_DATA, "%s: an array of %zu axes; a matrix has two, a picture three", path, header.rank);
    return convert(path, &header, matrix, error);
}

static cepa_status read_table(const char *path, const buffer *file, const char *mode, cepa_matrix *matrix,
                              cepa_error *error)
{
    (void)mode;
    if (memchr(file->bytes, 0, file->size))
        return fail(error, CEPA_FORMAT,
                    "%s: expected a picture (JPEG, PNG, BMP or GIF), a .npy array or a table of numbers", path);
    cepa_error cause;
    cepa_status status = cepa_matrix_parse((const char *)file->bytes, matrix, &cause);
    if (status == CEPA_ARGUMENT) return fail(error, CEPA_FORMAT, "%s: %s", path, cause.message);
    return status ? fail(error, status, "%s", cause.message) : CEPA_OK;
}

/* By the file's first bytes; the last kind has no mark. */
static const struct {
    const char *mark;
    cepa_status (*read)(const char *path, const buffer *file, const char *mode, cepa_matrix *matrix, cepa_error *error);
} kinds[] = {{"\xff\xd8\xff", read_picture}, {"\x89PNG", read_picture}, {"\x93NUMPY", read_npy}, {"", read_table}};

cepa_status cepa_matrix_read(const char *path, const char *color_mode, cepa_matrix *matrix, cepa_error *error)
{
    buffer file = {0};
    *matrix = (cepa_matrix){.values = NULL};
    if (color_mode && strcmp(color_mode, "grayscale") != 0 && strcmp(color_mode, "rgb") != 0)
        return fail(error, CEPA_ARGUMENT, "color_mode must be grayscale or rgb, not %s", color_mode);
    cepa_status status = file_read(path, 0, &file, error);
    if (!status && !file.size) status = fail(error, CEPA_FORMAT, "%s: the file is empty", path);
    for (size_t i = 0; !status && i < ARRAY_COUNT(kinds); i++) {
        size_t length = strlen(kinds[i].mark);
        if (file.size < length || memcmp(file.bytes, kinds[i].mark, length) != 0) continue;
        status = kinds[i].read(path, &file, color_mode, matrix, error);
        break;
    }
    buffer_free(&file);
    if (status) cepa_matrix_free(matrix);
    return status;
}

static cepa_status write_npy(const char *path, const cepa_matrix *m, cepa_error *error)
{
    cepa_array array = {.type = CEPA_FLOAT64, .rank = 1, .shape = {(int)m->width}, .data = m->values};
    if (m->channels > 1) array.shape[array.rank++] = (int)m->channels;
    return cepa_write_arrays(path, &array, &m->height, 1, error);
}

static cepa_status write_csv(const char *path, const cepa_matrix *m, cepa_error *error)
{
    if (m->channels > 1)
        return fail(error, CEPA_ARGUMENT, "%s: a table holds one channel, not %zu; write a .npy file", path,
                    m->channels);
    buffer text = {0};
    for (size_t i = 0; i < m->height * m->width; i++) {
        buffer_number(&text, m->values[i], true);
        buffer_text(&text, (i + 1) % m->width ? "," : "\n");
    }
    cepa_status status = text.failed ? fail_memory(error) : file_write(path, text.bytes, text.size, error);
    buffer_free(&text);
    return status;
}

cepa_status cepa_matrix_write(const char *path, const cepa_matrix *matrix, cepa_error *error)
{
    if (path_has_extension(path, ".npy")) return write_npy(path, matrix, error);
    if (path_has_extension(path, ".csv")) return write_csv(path, matrix, error);
    return fail(error, CEPA_ARGUMENT, "%s: a matrix is written to a .npy or .csv file", path);
}
