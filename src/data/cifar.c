/* CIFAR-10 and CIFAR-100 as data sets, from their binary or their Python files. */
#include "data/cifar.h"

#include "data/known.h"
#include "data/reader.h"

enum { MOST_FILES = 5 };

/* The names of the files of one data set in one format. */
typedef struct layout {
    const char *dataset;
    const cifar_format *format;
    const char *train[MOST_FILES];
    const char *test, *names;
    size_t label_bytes;
    const char *label_key, *name_key;
} layout;

static const layout layouts[] = {
    {.dataset = "cifar10",
     .format = &cifar_binary,
     .train = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
     .test = "test_batch.bin",
     .names = "batches.meta.txt",
     .label_bytes = 1},
    {.dataset = "cifar100",
     .format = &cifar_binary,
     .train = {"train.bin"},
     .test = "test.bin",
     .names = "fine_label_names.txt",
     .label_bytes = 2},
    {.dataset = "cifar10",
     .format = &cifar_python,
     .train = {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"},
     .test = "test_batch",
     .names = "batches.meta",
     .label_key = "labels",
     .name_key = "label_names"},
    {.dataset = "cifar100",
     .format = &cifar_python,
     .train = {"train"},
     .test = "test",
     .names = "meta",
     .label_key = "fine_labels",
     .name_key = "fine_label_names"},
};

static const layout *find_layout(const source *s)
{
    for (size_t i = 0; i < ARRAY_COUNT(layouts); i++)
        if (source_find(s, layouts[i].train[0]) || source_find(s, layouts[i].test)) return &layouts[i];
    return NULL;
}

static bool recognise(const source *s) { return find_layout(s) != NULL; }

/* The class names of the source; else those that everybody knows. */
static cepa_status read_names(const source *s, const layout *l, arena *memory, cifar_names *names, cepa_error *error)
{
    const known *known = known_dataset(l->dataset);
    const member *file = source_find(s, l->names);
    *names = (cifar_names){.count = known->class_count};
    if (file) {
        names->count = 0;
        cepa_status status = l->format->read_names(file, l->name_key, memory, names, error);
        if (status || names->count) return status;
        return fail(error, CEPA_FORMAT, "%s: there are no class names", file->where);
    }
    if (!known->class_names) return CEPA_OK;
    if (!(names->names = arena_array(memory, names->count, sizeof *names->names))) return fail_memory(error);
    for (size_t i = 0; i < names->count; i++) names->names[i] = known->class_names[i];
    return CEPA_OK;
}

static cepa_status read_records(const member *file, const layout *l, size_t classes, cifar_records *r,
                                cepa_error *error)
{
    r->file = file;
    cepa_status status = l->format->read_records(file, l->label_bytes, l->label_key, r, error);
    for (size_t i = 0; !status && i < r->count; i++)
        if (r->labels[i] >= classes)
            status = fail(error, CEPA_DATA, "%s: record %zu has the label %d, expected 0 to %zu", file->where, i,
                          r->labels[i], classes - 1);
    return status;
}

static void free_records(cifar_records *r)
{
    buffer_free(&r->hold);
    arena_free(&r->memory);
}

/* Planes one after the other become pixels: (3, 32, 32) to (32, 32, 3). */
static void interleave(const unsigned char *planes, unsigned char *pixels)
{
    for (size_t p = 0; p < CIFAR_PLANE; p++)
        for (size_t c = 0; c < CIFAR_CHANNELS; c++) pixels[p * CIFAR_CHANNELS + c] = planes[c * CIFAR_PLANE + p];
}

static cepa_status begin_part(const source *s, const layout *l, const cifar_names *names, size_t rows,
                              cepa_dataset **made, unsigned char **pixels, unsigned char **labels, cepa_error *error)
{
    static const cepa_array picture = {
        .name = "x", .type = CEPA_UINT8, .rank = 3, .shape = {CIFAR_SIDE, CIFAR_SIDE, CIFAR_CHANNELS}};
    static const cepa_array label = {.name = "y", .type = CEPA_UINT8, .rank = 1, .shape = {1}};
    void *x, *y;
    cepa_status status = dataset_begin(rows, s->path, made, error);
    if (!status) status = dataset_add(*made, ROLE_INPUT, &picture, &x, error);
    if (!status) status = dataset_add(*made, ROLE_TARGET, &label, &y, error);
    if (!status && names->names) status = dataset_name_classes(*made, names->names, names->count, error);
    if (status) return status;
    (*made)->storage->citation = known_about(known_dataset(l->dataset))->citation;
    *pixels = x;
    *labels = y;
    return CEPA_OK;
}

static cepa_status make_part(const source *s, const layout *l, const cifar_names *names, const cifar_records *files,
                             size_t count, cepa_dataset **made, cepa_error *error)
{
    size_t rows = 0;
    for (size_t f = 0; f < count; f++) rows += files[f].count;
    unsigned char *pixels, *labels;
    cepa_status status = begin_part(s, l, names, rows, made, &pixels, &labels, error);
    if (status) return status;
    for (size_t f = 0; f < count; f++)
        for (size_t i = 0; i < files[f].count; i++, pixels += CIFAR_PICTURE) {
            *labels++ = files[f].labels[i];
            interleave(files[f].pictures + i * files[f].stride, pixels);
        }
    return dataset_end(*made, error);
}

static cepa_status read_one(const source *s, const member *file, const layout *l, const cifar_names *names,
                            cepa_dataset **made, cepa_error *error)
{
    cifar_records r = {0};
    cepa_status status = read_records(file, l, names->count, &r, error);
    if (!status) status = make_part(s, l, names, &r, 1, made, error);
    free_records(&r);
    return status;
}

/* Reads as many of the training files as the wanted rows need. */
static cepa_status read_train(const source *s, const layout *l, const cifar_names *names, size_t wanted,
                              cepa_dataset **made, cepa_error *error)
{
    cifar_records files[MOST_FILES] = {0};
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
            status = read_records(file, l, names->count, &files[count++], error);
        if (!status && file) rows += files[count - 1].count;
    }
    if (!status && count == 0) status = fail(error, CEPA_NOT_FOUND, "%s: there is no %s", s->path, l->train[0]);
    if (!status) status = make_part(s, l, names, files, count, made, error);
    for (size_t i = 0; i < count; i++) free_records(&files[i]);
    return status;
}

static cepa_status read_parts(const source *s, const layout *l, const cifar_names *names, size_t wanted, parts *made,
                              cepa_error *error)
{
    /* A file given by itself is what there is to learn from, whichever it is. */
    if (!s->is_folder && s->count == 1) return read_one(s, &s->members[0], l, names, &made->train, error);
    const member *test = source_find(s, l->test);
    cepa_status status = read_train(s, l, names, wanted, &made->train, error);
    return status || !test ? status : read_one(s, test, l, names, &made->test, error);
}

static cepa_status read_cifar(const source *s, const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    const layout *l = find_layout(s);
    arena memory = {0};
    cifar_names names;
    cepa_status status = read_names(s, l, &memory, &names, error);
    if (!status) status = read_parts(s, l, &names, options->rows, made, error);
    arena_free(&memory);
    return status;
}

const reader cifar_reader = {
    .what = "CIFAR's files (data_batch_1.bin, test_batch.bin ...)",
    .recognise = recognise,
    .read = read_cifar,
};
