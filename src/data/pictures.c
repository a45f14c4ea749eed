/* Single picture files as the rows of a data set. */
#include "base/buffer.h"
#include "base/file.h"
#include "data/dataset.h"
#include "data/picture.h"

#include <stdlib.h>

static cepa_status read_picture(const char *path, const resizing *resizing, size_t channels, float *numbers,
                                cepa_error *error)
{
    buffer contents = {0};
    picture decoded = {.channels = channels};
    cepa_status status = file_read(path, 0, &contents, error);
    if (!status) status = picture_decode(path, contents.bytes, contents.size, &decoded, error);
    buffer_free(&contents);
    if (status) return status;
    picture_resize(&decoded, resizing, numbers);
    free(decoded.bytes);
    return CEPA_OK;
}

static cepa_status read_pictures(const char *const *paths, size_t count, const cepa_dataset_options *options,
                                 cepa_dataset **made, cepa_error *error)
{
    resizing resizing;
    size_t channels;
    void *numbers = NULL;
    cepa_status status = picture_options(options, &resizing, &channels, error);
    if (!status) status = dataset_begin(count, paths[0], made, error);
    if (status) return status;
    cepa_array array = {.name = "x",
                        .type = CEPA_FLOAT32,
                        .rank = 3,
                        .shape = {(int)resizing.height, (int)resizing.width, (int)channels}};
    status = dataset_add(*made, ROLE_INPUT, &array, &numbers, error);
    size_t size = resizing.height * resizing.width * channels;
    for (size_t i = 0; i < count && !status; i++)
        status = read_picture(paths[i], &resizing, channels, (float *)numbers + i * size, error);
    (*made)->storage->pixels = true;
    return status ? status : dataset_end(*made, error);
}

cepa_status cepa_dataset_pictures(const char *const *paths, size_t count, const cepa_dataset_options *options,
                                  cepa_dataset **dataset, cepa_error *error)
{
    static const cepa_dataset_options none;
    *dataset = NULL;
    if (!count) return fail(error, CEPA_ARGUMENT, "no pictures: at least one was expected");
    cepa_status status = read_pictures(paths, count, options ? options : &none, dataset, error);
    if (status) {
        cepa_dataset_free(*dataset);
        *dataset = NULL;
    }
    return status;
}
