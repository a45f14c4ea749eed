/* HDF5 files in memory, with libhdf5's core driver. */
#include "formats/h5.h"

#include "formats/h5_check.h"

#include <hdf5.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct h5_file {
    hid_t id;
    char name[32];       /* libhdf5 tells open files apart by their names */
    H5E_auto2_t printer; /* the caller's own way of printing errors, put back at the end */
    void *printer_data;
};

/* The library is not made for threads. */
static pthread_mutex_t library = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

/* ---- Shapes ---- */

h5_shape h5_shape_of(const int *size, size_t rank, size_t count)
{
    h5_shape shape = {.rank = rank, .count = count};
    for (size_t i = 0; i < rank; i++) shape.size[i] = (size_t)size[i];
    return shape;
}

bool h5_shape_fits(const h5_shape *shape, const int *size, size_t rank)
{
    bool same = shape->rank == rank;
    for (size_t i = 0; same && i < rank; i++) same = shape->size[i] == (size_t)size[i];
    return same;
}

/* ---- Opening and closing ---- */

static h5_file *begin(cepa_error *error)
{
    h5_file *file = calloc(1, sizeof *file);
    if (!file) return fail_memory(error), NULL;
    pthread_mutex_lock(&library);
    H5Eget_auto2(H5E_DEFAULT, &file->printer, &file->printer_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    file->id = H5I_INVALID_HID;
    snprintf(file->name, sizeof file->name, "memory %p", (void *)file);
    return file;
}

void h5_close(h5_file *file)
{
    if (!file) return;
    if (file->id >= 0) H5Fclose(file->id);
    H5Eset_auto2(H5E_DEFAULT, file->printer, file->printer_data);
    pthread_mutex_unlock(&library);
    free(file);
}

/* How the file is kept: in memory, growing in steps, never on the disk. */
static hid_t memory_access(void)
{
    enum { STEP = 1 << 16 };
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0) H5Pset_fapl_core(access, STEP, false);
    if (access >= 0) H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    return access;
}

cepa_status h5_open(const void *bytes, size_t size, h5_file **opened, cepa_error *error)
{
    *opened = NULL;
    cepa_status status = h5_check(bytes, size, error);
    if (status) return status;
    h5_file *file = begin(error);
    if (!file) return CEPA_MEMORY;
    hid_t access = memory_access();
    if (access >= 0 && H5Pset_file_image(access, (void *)(uintptr_t)bytes, size) >= 0)
        file->id = H5Fopen(file->name, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    if (file->id < 0) {
        h5_close(file);
        return fail(error, CEPA_FORMAT, "HDF5: the file is damaged and cannot be opened");
    }
    *opened = file;
    return CEPA_OK;
}

/* A list of properties under which objects carry no time stamps. */
static hid_t timeless(hid_t class)
{
    hid_t list = H5Pcreate(class);
    if (list >= 0) H5Pset_obj_track_times(list, false);
    return list;
}

cepa_status h5_create(h5_file **created, cepa_error *error)
{
    *created = NULL;
    h5_file *file = begin(error);
    if (!file) return CEPA_MEMORY;
    hid_t access = memory_access(), creation = timeless(H5P_FILE_CREATE);
    file->id = H5Fcreate(file->name, H5F_ACC_TRUNC, creation, access);
    H5Pclose(access);
    H5Pclose(creation);
    if (file->id < 0) {
        h5_close(file);
        return fail_memory(error);
    }
    *created = file;
    return CEPA_OK;
}

cepa_status h5_finish(h5_file *file, buffer *bytes, cepa_error *error)
{
    ssize_t size = H5Fflush(file->id, H5F_SCOPE_GLOBAL) < 0 ? -1 : H5Fget_file_image(file->id, NULL, 0);
    void *image = size < 0 ? NULL : malloc((size_t)size);
    bool good = image && H5Fget_file_image(file->id, image, (size_t)size) == size;
    if (good) buffer_bytes(bytes, image, (size_t)size);
    free(image);
    h5_close(file);
    return good && !bytes->failed ? CEPA_OK : fail_memory(error);
}

/* ---- Finding ---- */

/* Visits "a", "a/b", "a/b/c" of a path (the last one where whole) until a visit says false. */
static bool each_step(h5_file *file, const char *path, bool whole, bool (*visit)(h5_file *file, const char *step))
{
    char *step = strdup(path);
    bool good = step && *step;
    for (char *at = step; good && at;) {
        char *slash = strchr(at, '/');
        if (!slash && !whole) break;
        if (slash) *slash = 0;
        good = *at && visit(file, step);
        if (slash) *slash = '/';
        at = slash ? slash + 1 : NULL;
    }
    free(step);
    return good;
}

static bool is_link(h5_file *file, const char *step) { return H5Lexists(file->id, step, H5P_DEFAULT) > 0; }

bool h5_exists(h5_file *file, const char *path) { return each_step(file, path, true, is_link); }

/* ---- Datasets ---- */

static cepa_status open_dataset(h5_file *file, const char *path, hid_t *dataset, h5_shape *shape, cepa_error *error)
{
    *dataset = h5_exists(file, path) ? H5Dopen2(file->id, path, H5P_DEFAULT) : H5I_INVALID_HID;
    if (*dataset < 0) return fail(error, CEPA_FORMAT, "HDF5: there is no dataset '%s'", path);
    hsize_t size[H5S_MAX_RANK] = {0};
    hid_t space = H5Dget_space(*dataset);
    int rank = H5Sget_simple_extent_dims(space, size, NULL);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    if (rank < 0 || rank > H5_MAX_AXES || count < 0) {
        H5Dclose(*dataset);
        return fail(error, CEPA_FORMAT, "HDF5: the dataset '%s' has no shape of at most %d axes", path, H5_MAX_AXES);
    }
    *shape = (h5_shape){.rank = (size_t)rank, .count = (size_t)count};
    for (int i = 0; i < rank; i++) shape->size[i] = (size_t)size[i];
    return CEPA_OK;
}

cepa_status h5_describe(h5_file *file, const char *path, h5_shape *shape, cepa_error *error)
{
    hid_t dataset;
    cepa_status status = open_dataset(file, path, &dataset, shape, error);
    if (!status) H5Dclose(dataset);
    return status;
}

static cepa_status read_numbers(h5_file *file, const char *path, hid_t type, void *values, size_t count,
                                cepa_error *error)
{
    hid_t dataset;
    h5_shape shape;
    cepa_status status = open_dataset(file, path, &dataset, &shape, error);
    if (status) return status;
    if (shape.count != count)
        status = fail(error, CEPA_FORMAT, "HDF5: '%s' has %zu numbers where %zu are needed", path, shape.count, count);
    else if (count && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        status = fail(error, CEPA_FORMAT, "HDF5: the dataset '%s' cannot be read", path);
    H5Dclose(dataset);
    return status;
}

/* A bfloat16, for which HDF5 has no type, is stored as two bytes: the upper half of a float. */
static bool holds_bfloat16(h5_file *file, const char *path)
{
    hid_t dataset = h5_exists(file, path) ? H5Dopen2(file->id, path, H5P_DEFAULT) : H5I_INVALID_HID;
    if (dataset < 0) return false;
    hid_t type = H5Dget_type(dataset);
    bool holds = H5Tget_class(type) == H5T_OPAQUE;
    H5Tclose(type);
    H5Dclose(dataset);
    return holds;
}

static cepa_status read_bfloat16(h5_file *file, const char *path, float *values, size_t count, cepa_error *error)
{
    uint16_t *halves = calloc(count + 1, sizeof *halves);
    hid_t type = H5Tcreate(H5T_OPAQUE, sizeof *halves);
    cepa_status status = halves ? read_numbers(file, path, type, halves, count, error) : fail_memory(error);
    for (size_t i = 0; i < count && !status; i++) {
        uint32_t bits = (uint32_t)halves[i] << 16;
        memcpy(&values[i], &bits, sizeof bits);
    }
    H5Tclose(type);
    free(halves);
    return status;
}

cepa_status h5_read_floats(h5_file *file, const char *path, float *values, size_t count, cepa_error *error)
{
    return holds_bfloat16(file, path) ? read_bfloat16(file, path, values, count, error)
                                      : read_numbers(file, path, H5T_NATIVE_FLOAT, values, count, error);
}

cepa_status h5_read_number(h5_file *file, const char *path, double *number, cepa_error *error)
{
    return read_numbers(file, path, H5T_NATIVE_DOUBLE, number, 1, error);
}

/* ---- Attributes ---- */

/* Reads count fixed strings of width bytes; they end at the first 0 or at their width. */
static bool read_fixed(hid_t attribute, hid_t type, size_t count, arena *arena, const char **texts)
{
    size_t width = H5Tget_size(type), bytes;
    char *raw = multiply_size(width, count, &bytes) ? malloc(bytes) : NULL;
    bool good = raw && H5Aread(attribute, type, raw) >= 0;
    for (size_t i = 0; good && i < count; i++)
        good = (texts[i] = arena_text_n(arena, raw + i * width, strnlen(raw + i * width, width)));
    free(raw);
    return good;
}

static bool read_variable(hid_t attribute, hid_t type, hid_t space, size_t count, arena *arena, const char **texts)
{
    char **raw = calloc(count, sizeof *raw);
    hid_t memory_type = H5Tcopy(H5T_C_S1);
    H5Tset_size(memory_type, H5T_VARIABLE);
    H5Tset_cset(memory_type, H5Tget_cset(type));
    bool good = raw && H5Aread(attribute, memory_type, raw) >= 0;
    for (size_t i = 0; good && i < count; i++) good = (texts[i] = arena_text(arena, raw[i] ? raw[i] : ""));
    if (raw) H5Dvlen_reclaim(memory_type, space, H5P_DEFAULT, raw);
    H5Tclose(memory_type);
    free(raw);
    return good;
}

static cepa_status read_texts(hid_t attribute, const char *name, arena *arena, const char *const **texts, size_t *count,
                              cepa_error *error)
{
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    const char **read = points < 0 ? NULL : arena_array(arena, (size_t)points, sizeof *read);
    cepa_status status = CEPA_OK;
    if (!read)
        status = fail_memory(error);
    else if (points && H5Tget_class(type) != H5T_STRING)
        status = fail(error, CEPA_FORMAT, "HDF5: the attribute '%s' is not a text", name);
    else if (points &&
             !(H5Tis_variable_str(type) > 0 ? read_variable(attribute, type, space, (size_t)points, arena, read)
                                            : read_fixed(attribute, type, (size_t)points, arena, read)))
        status = fail(error, CEPA_FORMAT, "HDF5: the attribute '%s' cannot be read", name);
    H5Tclose(type);
    H5Sclose(space);
    if (status) return status;
    *texts = read;
    *count = (size_t)points;
    return CEPA_OK;
}

cepa_status h5_read_texts(h5_file *file, const char *path, const char *name, arena *arena, const char *const **texts,
                          size_t *count, cepa_error *error)
{
    *texts = NULL;
    *count = 0;
    if (H5Aexists_by_name(file->id, path, name, H5P_DEFAULT) <= 0) return CEPA_OK;
    hid_t attribute = H5Aopen_by_name(file->id, path, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0) return fail(error, CEPA_FORMAT, "HDF5: the attribute '%s' cannot be read", name);
    cepa_status status = read_texts(attribute, name, arena, texts, count, error);
    H5Aclose(attribute);
    return status;
}

/* ---- Writing ---- */

static bool make_group(h5_file *file, const char *step)
{
    if (is_link(file, step)) return true;
    hid_t creation = timeless(H5P_GROUP_CREATE);
    hid_t group = H5Gcreate2(file->id, step, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (group >= 0) H5Gclose(group);
    H5Pclose(creation);
    return group >= 0;
}

static cepa_status not_written(const char *path, cepa_error *error)
{
    return fail(error, CEPA_MEMORY, "HDF5: '%s' cannot be written, memory is exhausted", path);
}

cepa_status h5_write_group(h5_file *file, const char *path, cepa_error *error)
{
    return each_step(file, path, true, make_group) ? CEPA_OK : not_written(path, error);
}

static cepa_status write_dataset(h5_file *file, const char *path, const h5_shape *shape, hid_t type, hid_t memory_type,
                                 const void *values, cepa_error *error)
{
    hsize_t size[H5_MAX_AXES];
    for (size_t i = 0; i < shape->rank; i++) size[i] = shape->size[i];
    if (!each_step(file, path, false, make_group)) return not_written(path, error);
    hid_t space = shape->rank ? H5Screate_simple((int)shape->rank, size, NULL) : H5Screate(H5S_SCALAR);
    hid_t creation = timeless(H5P_DATASET_CREATE);
    hid_t dataset = H5Dcreate2(file->id, path, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    bool good = dataset >= 0 &&
                (shape->count == 0 || H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    if (dataset >= 0) H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
    return good ? CEPA_OK : not_written(path, error);
}

cepa_status h5_write_floats(h5_file *file, const char *path, const h5_shape *shape, const float *values,
                            cepa_error *error)
{
    return write_dataset(file, path, shape, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values, error);
}

cepa_status h5_write_integer(h5_file *file, const char *path, int64_t number, cepa_error *error)
{
    return write_dataset(file, path, &(h5_shape){.count = 1}, H5T_STD_I64LE, H5T_NATIVE_INT64, &number, error);
}

cepa_status h5_write_text(h5_file *file, const char *path, const char *name, const char *text, cepa_error *error)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    hid_t attribute = H5Acreate_by_name(file->id, path, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool good = attribute >= 0 && H5Awrite(attribute, type, &text) >= 0;
    if (attribute >= 0) H5Aclose(attribute);
    H5Tclose(type);
    H5Sclose(space);
    return good ? CEPA_OK : not_written(path, error);
}
