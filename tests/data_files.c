/* Temporary files for tests. */
#include "data_files.h"

#include "base/file.h"
#include "data/cifar.h"

#include <archive.h>
#include <archive_entry.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static arena paths;

int folder_set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/cepa-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

int folder_tear_down(void **state)
{
    (void)state;
    arena_free(&paths);
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *in_folder(const char *format, ...)
{
    char name[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    char *path = arena_format(&paths, "%s/%s", folder, name);
    assert_non_null(path);
    return path;
}

void write_file(const char *path, const void *bytes, size_t size)
{
    char *parent = strndup(path, (size_t)(path_name(path) - path));
    assert_int_equal(folder_make(parent, NULL), CEPA_OK);
    free(parent);
    FILE *file = fopen(path, "wb"); /* without base/file.h's care for the disk: many are written */
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void write_text(const char *path, const char *text) { write_file(path, text, strlen(text)); }

bool same_files(const char *a, const char *b)
{
    buffer x = {0}, y = {0};
    assert_int_equal(file_read(a, 0, &x, NULL), CEPA_OK);
    assert_int_equal(file_read(b, 0, &y, NULL), CEPA_OK);
    bool same = x.size == y.size && memcmp(x.bytes, y.bytes, x.size) == 0;
    buffer_free(&x);
    buffer_free(&y);
    return same;
}

void open_data(const char *source, const cepa_dataset_options *options, cepa_dataset **train, cepa_dataset **test)
{
    cepa_error error = {0};
    if (cepa_dataset_open(source, options, train, test, &error)) fail_msg("%s", error.message);
}

void refuse_data(const char *source, const cepa_dataset_options *options, cepa_status status, const char *const texts[])
{
    cepa_dataset *train = NULL, *test = NULL;
    cepa_error error = {0};
    assert_int_equal(cepa_dataset_open(source, options, &train, &test, &error), status);
    assert_int_equal(error.status, status);
    assert_null(train);
    assert_null(test);
    for (size_t i = 0; texts[i]; i++)
        if (!strstr(error.message, texts[i])) fail_msg("'%s' is not in '%s'", texts[i], error.message);
}

void write_archive(const char *path, const packed_file *files)
{
    struct archive *a = archive_write_new();
    archive_write_set_format_pax_restricted(a);
    archive_write_add_filter_gzip(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (; files->name; files++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, files->name);
        archive_entry_set_filetype(entry, files->link ? AE_IFLNK : AE_IFREG);
        if (files->link) archive_entry_set_symlink(entry, files->link);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (la_int64_t)files->size);
        assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
        if (files->size) assert_int_equal(archive_write_data(a, files->bytes, files->size), files->size);
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

void write_gzip(const char *path, const void *bytes, size_t size)
{
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_write_set_format_raw(a);
    archive_write_add_filter_gzip(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    archive_entry_set_pathname(entry, "file");
    archive_entry_set_filetype(entry, AE_IFREG);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, bytes, size), size);
    archive_entry_free(entry);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

/* ---- CIFAR ---- */

unsigned char pixel(size_t n, size_t channel, size_t place)
{
    return (unsigned char)(n * 31 + channel * 80 + place % 32 * 3 + place / 32 * 5);
}

void write_records(const char *path, size_t first, size_t count, size_t label_bytes)
{
    buffer file = {0};
    for (size_t n = first; n < first + count; n++) {
        for (size_t b = 0; b < label_bytes; b++)
            buffer_bytes(&file, &(unsigned char){(unsigned char)(b + 1 < label_bytes ? 19 : n % 10)}, 1);
        for (size_t c = 0; c < 3; c++)
            for (size_t p = 0; p < CIFAR_PLANE; p++) buffer_bytes(&file, &(unsigned char){pixel(n, c, p)}, 1);
    }
    write_file(path, file.bytes, file.size);
    buffer_free(&file);
}

void check_pictures(const cepa_dataset *data, size_t first, size_t rows)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    const unsigned char *x = info->inputs[0].data, *y = info->targets[0].data;
    assert_int_equal(info->rows, rows);
    assert_int_equal(info->inputs[0].rank, 3);
    assert_memory_equal(info->inputs[0].shape, ((int[]){32, 32, 3}), 3 * sizeof(int));
    assert_int_equal(info->targets[0].rank, 1);
    for (size_t n = 0; n < rows; n++) {
        assert_int_equal(y[n], (first + n) % 10);
        for (size_t p = 0; p < CIFAR_PLANE; p++)
            for (size_t c = 0; c < 3; c++) assert_int_equal(x[n * CIFAR_PICTURE + p * 3 + c], pixel(first + n, c, p));
    }
}
