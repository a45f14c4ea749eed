/* Temporary folders and files for the tests that read data sets. */
#ifndef TESTS_DATA_FILES_H
#define TESTS_DATA_FILES_H

#include "base/buffer.h"
#include "data/dataset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka's setup and teardown: an empty folder of the test's own, removed afterwards. */
int folder_set_up(void **state);
int folder_tear_down(void **state);

/* A path in the folder; valid until the test ends. */
const char *in_folder(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes a file of the folder; missing folders are made. */
void write_file(const char *path, const void *bytes, size_t size);
void write_text(const char *path, const char *text);

/* Whether both files hold the same bytes. */
bool same_files(const char *a, const char *b);

/* Opens a data set that must be there. */
void open_data(const char *source, const cepa_dataset_options *options, cepa_dataset **train, cepa_dataset **test);

/* Opens one that must be refused: by status, with every text of a list that ends with NULL in the message. */
void refuse_data(const char *source, const cepa_dataset_options *options, cepa_status status,
                 const char *const texts[]);
#define REFUSE(source, options, status, ...)                                                                           \
    refuse_data((source), (options), (status), (const char *const[]){__VA_ARGS__, NULL})

/* One tar archive, compressed with gzip, of named files in memory; name NULL ends the list. */
typedef struct packed_file {
    const char *name, *link; /* link: a symbolic link to there */
    const void *bytes;
    size_t size;
} packed_file;
void write_archive(const char *path, const packed_file *files);

/* A file alone, compressed with gzip. */
void write_gzip(const char *path, const void *bytes, size_t size);

/* The byte of CIFAR picture n at a place: differs from picture to picture, channel to channel, pixel to pixel. */
unsigned char pixel(size_t n, size_t channel, size_t place);

/* CIFAR's binary records: count of them from picture number first on, with that many label bytes, the last of which is
 * the number's last digit. */
void write_records(const char *path, size_t first, size_t count, size_t label_bytes);

/* That the data set's rows are those pictures. */
void check_pictures(const cepa_dataset *data, size_t first, size_t rows);

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)

#endif
