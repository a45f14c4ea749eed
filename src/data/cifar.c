/* CIFAR-10 and CIFAR-100 in their binary version: records of one or two label bytes and the planes of red, green and
 * blue, row-major. A file may hold any whole number of records. https://www.cs.toronto.edu/~kriz/cifar.html */
#include "data/known.h"
#include "data/reader.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 32, CHANNELS = 3, PLANE = SIDE * SIDE, PICTURE = PLANE * CHANNELS, MOST_FILES = 5, MOST_CLASSES = 256 };

typedef struct layout {
    const char *dataset;
    const char *train[MOST_FILES];
    const char *test, *names;
    size_t label_bytes, label_at;
} layout;

static const layout layouts[] = {
    {.dataset = "cifar10",
     .train = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
     .test = "test_batch.bin",
     .names = "batches.meta.txt",
     .label_bytes = 1},
    {.dataset = "cifar100",
     .train = {"train.bin"},
     .test = "test.bin",
     .names = "fine_label_names.txt",
     .label_bytes = 2,
     .label_at = 1},
};

/* One file's records. */
typedef struct records {
    const member *file;
    buffer hold;
    const unsigned char *bytes;
    size_t count;
} records;

typedef struct class_list {
    char *text;
    const char *names[MOST_CLASSES];
    size_t count;
} class_list;

static const layout *find_layout(const source *s)
{
    for (size_t i = 0; i < ARRAY_COUNT(layouts); i++)
        if (source_find(s, layouts[i].train[0]) || source_find(s, layouts[i].test)) return &layouts[i];
    return NULL;
}

static bool recognise(const source *s) { return find_layout(s) != NULL; }

/* The class names of the source, a line each; else those that everybody knows. */
static cepa_status read_names(const source *s, const layout *l, class_list *list, cepa_error *error)
{
    const member *file = source_find(s, l->names);
    if (!file) {
        list->count = known_dataset(l->dataset)->class_count;
        for (size_t i = 0; i < list->count; i++) list->names[i] = known_dataset(l->dataset)->class_names[i];
        return CEPA_OK;
    }
    buffer hold = {0};
    const unsigned char *bytes;
    size_t size;
    cepa_status status = source_read(file, &hold, &bytes, &size, error);
    if (!status && !(list->text = strndup((const char *)bytes, size))) status = fail_memory(error);
    buffer_free(&hold);
    if (status) return status;
    char *rest;
    for (char *line = strtok_r(list->text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        if (list->count == MOST_CLASSES)
            return fail(error, CEPA_FORMAT, "%s: more than %d class names", file->where, MOST_CLASSES);
        list->names[list->count++] = line;
    }
    return list->count ? CEPA_OK : fail(error, CEPA_FORMAT, "%s: there are no class names", file->where);
}

static cepa_status read_records(const member *file, const layout *l, size_t classes, records *r, cepa_error *error)
{
    size_t size, record = l->label_bytes + PICTURE;
    r->file = file;
    cepa_status status = source_read(file, &r->hold, &r->bytes, &size, error);
    if (status) return status;
    r->count = size / record;
    if (size % record || size == 0)
        return fail(error, CEPA_FORMAT,
                    "%s: cut off in record %zu: a whole number of records of %zu bytes was expected, not %zu bytes",
                    file->where, r->count, record, size);
    for (size_t i = 0; i < r->count; i++) {
        unsigned label = r->bytes[i * record + l->label_at];
        if (label >= classes)
            return fail(error, CEPA_DATA, "%s: record %zu has the label %u, expected 0 to %zu", file->where, i, label,
                        classes - 1);
    }
    return CEPA_OK;
}

/* Planes one after the other become pixels: (3, 32, 32) to (32, 32, 3). */
static void interleave(const unsigned char *planes, unsigned char *pixels)
{
    for (size_t p = 0; p < PLANE; p++)
        for (size_t c = 0; c < CHANNELS; c++) pixels[p * CHANNELS + c] = planes[c * PLANE + p];
}

static cepa_status begin_part(const source *s, const layout *l, const class_list *classes, size_t rows,
                              cepa_dataset **made, unsigned char **pixels, unsigned char **labels, cepa_error *error)
{
    static const cepa_array picture = {.name = "x", .type = CEPA_UINT8, .rank = 3, .shape = {SIDE, SIDE, CHANNELS}};
    static const cepa_array label = {.name = "y", .type = CEPA_UINT8, .rank = 1, .shape = {1}};
    void *x, *y;
    cepa_status status = dataset_begin(rows, s->path, made, error);
    if (!status) status = dataset_add(*made, ROLE_INPUT, &picture, &x, error);
    if (!status) status = dataset_add(*made, ROLE_TARGET, &label, &y, error);
    if (!status) status = dataset_name_classes(*made, classes->names, classes->count, error);
    if (status) return status;
    (*made)->storage->citation = known_about(known_dataset(l->dataset))->citation;
    *pixels = x;
    *labels = y;
    return CEPA_OK;
}

static cepa_status make_part(const source *s, const layout *l, const class_list *classes, const records *files,
                             size_t count, cepa_dataset **made, cepa_error *error)
{
    size_t rows = 0, record = l->label_bytes + PICTURE;
    for (size_t f = 0; f < count; f++) rows += files[f].count;
    unsigned char *pixels, *labels;
    cepa_status status = begin_part(s, l, classes, rows, made, &pixels, &labels, error);
    if (status) return status;
    for (size_t f = 0; f < count; f++)
        for (size_t i = 0; i < files[f].count; i++, pixels += PICTURE) {
            const unsigned char *from = files[f].bytes + i * record;
            *labels++ = from[l->label_at];
            interleave(from + l->label_bytes, pixels);
        }
    return dataset_end(*made, error);
}

/* Reads as many of the training files as the wanted rows need. */
static cepa_status read_train(const source *s, const layout *l, const class_list *classes, size_t wanted,
                              cepa_dataset **made, cepa_error *error)
{
    records files[MOST_FILES] = {0};
    size_t count = 0, rows = 0;
    const char *missing = NULL;
    cepa_status status = CEPA_OK;
    for (size_t i = 0; !status && i < MOST_FILES && l->train[i] && (!wanted || rows < wanted); i++) {
        const member *file = source_find(s, l->train[i]);
        if (file && missing)
            status = fail(error, CEPA_NOT_FOUND, "%s: %s is there, but not %s", s->path, l->train[i], missing);
        else if (!file)
            missing = l->train[i];
        else
            status = read_records(file, l, classes->count, &files[count++], error);
        if (!status && file) rows += files[count - 1].count;
    }
    if (!status && count == 0) status = fail(error, CEPA_NOT_FOUND, "%s: there is no %s", s->path, l->train[0]);
    if (!status) status = make_part(s, l, classes, files, count, made, error);
    for (size_t i = 0; i < count; i++) buffer_free(&files[i].hold);
    return status;
}

static cepa_status read_one(const source *s, const member *file, const layout *l, const class_list *classes,
                            cepa_dataset **made, cepa_error *error)
{
    records r = {0};
    cepa_status status = read_records(file, l, classes->count, &r, error);
    if (!status) status = make_part(s, l, classes, &r, 1, made, error);
    buffer_free(&r.hold);
    return status;
}

static cepa_status read_parts(const source *s, const layout *l, const class_list *classes, size_t wanted, parts *made,
                              cepa_error *error)
{
    /* A file given by itself is what there is to learn from, whichever it is. */
    if (!s->is_folder && s->count == 1) return read_one(s, &s->members[0], l, classes, &made->train, error);
    const member *test = source_find(s, l->test);
    cepa_status status = read_train(s, l, classes, wanted, &made->train, error);
    return status || !test ? status : read_one(s, test, l, classes, &made->test, error);
}

static cepa_status read_cifar(const source *s, const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    const layout *l = find_layout(s);
    class_list classes = {0};
    cepa_status status = read_names(s, l, &classes, error);
    if (!status) status = read_parts(s, l, &classes, options->rows, made, error);
    free(classes.text);
    return status;
}

const reader cifar_reader = {
    .what = "CIFAR's binary files (data_batch_1.bin, test_batch.bin)",
    .recognise = recognise,
    .read = read_cifar,
};
