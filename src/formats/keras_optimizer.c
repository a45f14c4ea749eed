/* An optimizer's state in Keras' HDF5 tree. */
#include "formats/keras_optimizer.h"

#include "formats/weight_groups.h"

#include <stdio.h>

enum { PATH_SIZE = 64, HEAD = 2 }; /* iteration and learning rate stand before the arrays */

static void path_of(char path[PATH_SIZE], const char *folder, size_t number)
{
    snprintf(path, PATH_SIZE, "%s/%zu", folder, number);
}

static size_t stored_count(h5_file *file, const char *folder, size_t most)
{
    char path[PATH_SIZE];
    size_t count = 0;
    for (; count <= most; count++) {
        path_of(path, folder, count);
        if (!h5_exists(file, path)) break;
    }
    return count;
}

/* The optimizer's arrays have the shapes of those from first on. */
static bool arrays_fit(h5_file *file, const char *folder, optimizer *o, size_t first)
{
    char path[PATH_SIZE];
    h5_shape shape;
    for (size_t i = HEAD; i < optimizer_variable_count(o); i++) {
        const parameter *of = optimizer_variable_at(o, i).of;
        path_of(path, folder, first + i - HEAD);
        if (h5_describe(file, path, &shape, NULL) || !h5_shape_fits(&shape, of->size, of->rank)) return false;
    }
    return true;
}

static cepa_status read_arrays(h5_file *file, const char *folder, optimizer *o, size_t first, cepa_error *error)
{
    char path[PATH_SIZE];
    cepa_status status = CEPA_OK;
    for (size_t i = HEAD; i < optimizer_variable_count(o) && !status; i++) {
        optimizer_variable v = optimizer_variable_at(o, i);
        path_of(path, folder, first + i - HEAD);
        status = h5_read_floats(file, path, v.values, v.of->count, error);
    }
    return status;
}

static cepa_status read_head(h5_file *file, const char *folder, optimizer *o, bool rate, bool *good, cepa_error *error)
{
    char path[PATH_SIZE];
    double iterations, learning_rate = *optimizer_variable_at(o, 1).learning_rate;
    path_of(path, folder, 0);
    cepa_status status = h5_read_number(file, path, &iterations, error);
    path_of(path, folder, 1);
    if (!status && rate) status = h5_read_number(file, path, &learning_rate, error);
    *good = !status && iterations >= 0 && iterations < 9e15 && learning_rate >= 0 && learning_rate < 1e30;
    if (!*good) return status;
    *optimizer_variable_at(o, 0).iterations = (uint64_t)iterations;
    *optimizer_variable_at(o, 1).learning_rate = learning_rate;
    return CEPA_OK;
}

/* A learning rate of its own is one number; where it is missing the first array stands in its place. */
static bool has_rate(h5_file *file, const char *folder)
{
    char path[PATH_SIZE];
    h5_shape shape;
    path_of(path, folder, 1);
    return h5_exists(file, path) && !h5_describe(file, path, &shape, NULL) && shape.rank == 0;
}

cepa_status optimizer_read(h5_file *file, optimizer *o, bool *restored, cepa_error *error)
{
    const char *folder = "optimizer/inner_optimizer/vars"; /* where a loss scale is wrapped around it */
    if (!h5_exists(file, folder)) folder = "optimizer/vars";
    size_t arrays = optimizer_variable_count(o) - HEAD, stored = stored_count(file, folder, HEAD + arrays);
    bool rate = has_rate(file, folder);
    size_t first = rate ? HEAD : HEAD - 1;
    *restored = false;
    /* Keras 2 keeps a momentum even where SGD has none. */
    bool fits = stored == first + arrays || (arrays == 0 && stored > 0);
    bool unused = rate && stored == first; /* saved before its first step: without arrays */
    if (!unused && (!fits || !arrays_fit(file, folder, o, first))) return CEPA_OK;
    cepa_status status = read_head(file, folder, o, rate, restored, error);
    return status || unused || !*restored ? status : read_arrays(file, folder, o, first, error);
}

static cepa_status write_variable(h5_file *file, const char *path, const optimizer_variable *v, cepa_error *error)
{
    h5_shape shape = {.count = 1};
    if (v->iterations) return h5_write_integer(file, path, (int64_t)*v->iterations, error);
    if (v->learning_rate) return h5_write_floats(file, path, &shape, &(float){(float)*v->learning_rate}, error);
    shape.rank = v->of->rank;
    shape.count = v->of->count;
    for (size_t i = 0; i < shape.rank; i++) shape.size[i] = (size_t)v->of->size[i];
    return h5_write_floats(file, path, &shape, v->values, error);
}

cepa_status optimizer_write(h5_file *file, optimizer *o, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < optimizer_variable_count(o) && !status; i++) {
        char path[PATH_SIZE];
        optimizer_variable v = optimizer_variable_at(o, i);
        path_of(path, "optimizer/vars", i);
        status = write_variable(file, path, &v, error);
    }
    return status;
}
