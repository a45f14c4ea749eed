/* Folders of pictures, read as Keras' image_dataset_from_directory does: a sub-folder for each class in byte order of
 * their names, files below it in the order of their folders and names. Sub-folders train and test (or val, validation)
 * that hold class folders are the two parts. Archives of such folders are read in the same way. */
#include "base/file.h"
#include "base/random.h"
#include "base/threads.h"
#include "data/picture.h"
#include "data/reader.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct item {
    const member *file;
    const char *inside; /* name below the class folder */
    int label;
} item;

/* The pictures below one folder of the source. */
typedef struct listing {
    const char *prefix; /* of that folder: "" or "train/" */
    char **classes;
    size_t class_count, class_capacity;
    item *items;
    size_t count, capacity;
} listing;

static const char *const test_folders[] = {"test", "val", "validation"};

/* Whether Keras counts a file as a picture. */
static bool is_picture(const char *name)
{
    static const char *const extensions[] = {".bmp", ".gif", ".jpeg", ".jpg", ".png"};
    for (size_t i = 0; i < ARRAY_COUNT(extensions); i++)
        if (path_has_extension(name, extensions[i])) return true;
    return false;
}

static const char *below(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(name, prefix, length) == 0 ? name + length : NULL;
}

/* Whether a folder of the source has pictures in sub-folders. */
static bool has_classes(const source *s, const char *prefix)
{
    for (size_t i = 0; i < s->count; i++) {
        const char *name = below(s->members[i].name, prefix);
        if (name && strchr(name, '/') && is_picture(name)) return true;
    }
    return false;
}

static bool recognise(const source *s) { return has_classes(s, ""); }

/* ---- Listing ---- */

static int compare_texts(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static char **find_class(const listing *list, const char *name)
{
    return list->class_count ? bsearch(&name, list->classes, list->class_count, sizeof *list->classes, compare_texts)
                             : NULL;
}

/* The members of a folder come grouped by class in a folder, but not in every archive. */
static cepa_status add_class(listing *list, const char *name, size_t length, cepa_error *error)
{
    for (size_t i = list->class_count; i-- > 0;)
        if (strncmp(list->classes[i], name, length) == 0 && !list->classes[i][length]) return CEPA_OK;
    if (!grow(&list->classes, &list->class_capacity, list->class_count + 1, sizeof *list->classes))
        return fail_memory(error);
    char *copy = strndup(name, length);
    if (!copy) return fail_memory(error);
    list->classes[list->class_count++] = copy;
    return CEPA_OK;
}

static cepa_status list_classes(const source *s, listing *list, cepa_error *error)
{
    for (size_t i = 0; i < s->count; i++) {
        const char *name = below(s->members[i].name, list->prefix), *slash = name ? strchr(name, '/') : NULL;
        cepa_status status = slash ? add_class(list, name, (size_t)(slash - name), error) : CEPA_OK;
        if (status) return status;
    }
    if (list->class_count) qsort(list->classes, list->class_count, sizeof *list->classes, compare_texts);
    return CEPA_OK;
}

/* By class, then by folder, then by file name. */
static int compare_items(const void *a, const void *b)
{
    const item *x = a, *y = b;
    if (x->label != y->label) return x->label < y->label ? -1 : 1;
    size_t x_folder = (size_t)(path_name(x->inside) - x->inside), y_folder = (size_t)(path_name(y->inside) - y->inside);
    int order = memcmp(x->inside, y->inside, x_folder < y_folder ? x_folder : y_folder);
    if (order) return order;
    if (x_folder != y_folder) return x_folder < y_folder ? -1 : 1;
    return strcmp(path_name(x->inside), path_name(y->inside));
}

/* Lists the pictures of the classes that are known already. */
static cepa_status list_items(const source *s, const listing *classes, listing *list, cepa_error *error)
{
    for (size_t i = 0; i < s->count; i++) {
        const char *name = below(s->members[i].name, list->prefix), *slash = name ? strchr(name, '/') : NULL;
        if (!slash || !is_picture(name)) continue;
        char *class = strndup(name, (size_t)(slash - name));
        if (!class || !grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items)) {
            free(class);
            return fail_memory(error);
        }
        char **found = find_class(classes, class);
        free(class);
        if (!found)
            return fail(error, CEPA_DATA, "%s: its class folder is not among the %zu of the training pictures",
                        s->members[i].where, classes->class_count);
        list->items[list->count++] = (item){&s->members[i], slash + 1, (int)(found - classes->classes)};
    }
    if (list->count) qsort(list->items, list->count, sizeof *list->items, compare_items);
    return list->count ? CEPA_OK : fail(error, CEPA_DATA, "%s/%s: there are no pictures", s->path, list->prefix);
}

/* Puts the pictures into a random order. */
static cepa_status shuffle_items(listing *list, uint64_t seed, cepa_error *error)
{
    random_stream stream = random_stream_of(seed, "images", "order", 0);
    size_t *order = calloc(list->count, sizeof *order);
    item *items = calloc(list->count, sizeof *items);
    cepa_status status = order && items ? CEPA_OK : fail_memory(error);
    if (!status) {
        random_order(&stream, order, list->count);
        for (size_t i = 0; i < list->count; i++) items[i] = list->items[order[i]];
        memcpy(list->items, items, list->count * sizeof *items);
    }
    free(order);
    free(items);
    return status;
}

static void free_listing(listing *list)
{
    for (size_t i = 0; i < list->class_count; i++) free(list->classes[i]);
    free(list->classes);
    free(list->items);
}

/* ---- Reading ---- */

/* What a thread has met. */
typedef struct failure {
    cepa_error error;
    size_t row;
} failure;

typedef struct work {
    const listing *list;
    resizing resizing;
    size_t channels;
    unsigned char *bytes; /* while every picture has the wanted size ... */
    float *numbers;       /* ... else this */
    atomic_bool other_size;
    atomic_size_t failed; /* the first row that could not be read; those behind it need not be */
    failure *failures;    /* by thread: the first that it has met */
} work;

static cepa_status read_picture(work *w, size_t row, cepa_error *error)
{
    const member *file = w->list->items[row].file;
    buffer hold = {0};
    const unsigned char *bytes;
    size_t size, count = w->resizing.height * w->resizing.width * w->channels;
    picture decoded = {.channels = w->channels};
    cepa_status status = source_read(file, &hold, &bytes, &size, error);
    if (!status) status = picture_decode(file->where, bytes, size, &decoded, error);
    buffer_free(&hold);
    if (status) return status;
    if (w->numbers)
        picture_resize(&decoded, &w->resizing, w->numbers + row * count);
    else if (decoded.height == w->resizing.height && decoded.width == w->resizing.width)
        memcpy(w->bytes + row * count, decoded.bytes, count);
    else
        w->other_size = true;
    free(decoded.bytes);
    return CEPA_OK;
}

static void work_on(void *context, size_t row, int thread)
{
    work *w = context;
    size_t failed = w->failed;
    if (row > failed || (!w->numbers && w->other_size)) return;
    if (!read_picture(w, row, &w->failures[thread].error)) return;
    w->failures[thread].row = row;
    while (row < failed && !atomic_compare_exchange_weak(&w->failed, &failed, row)) continue;
}

/* Reads all pictures on all threads; of several errors the first picture's is kept. */
static cepa_status read_pictures(work *w, cepa_error *error)
{
    team *team = team_new(0);
    size_t threads = (size_t)team_size(team), first = SIZE_MAX;
    w->failed = SIZE_MAX;
    w->failures = calloc(threads, sizeof *w->failures);
    cepa_status status = w->failures ? CEPA_OK : fail_memory(error);
    if (!status) team_for(team, w->list->count, work_on, w);
    for (size_t t = 0; w->failures && t < threads; t++) {
        const failure *f = &w->failures[t];
        if (!f->error.status || f->row >= first) continue;
        first = f->row;
        status = fail(error, f->error.status, "%s", f->error.message);
    }
    team_free(team);
    free(w->failures);
    return status;
}

static cepa_status check_memory(const source *s, const work *w, bool floats, cepa_error *error)
{
    size_t bytes;
    if (multiply_size(w->resizing.height, w->resizing.width, &bytes) &&
        multiply_size(bytes, w->channels * (floats ? sizeof(float) : 1), &bytes) &&
        multiply_size(bytes, w->list->count, &bytes) && bytes <= machine_memory())
        return CEPA_OK;
    return fail(error, CEPA_MEMORY,
                "%s: %zu pictures of %zu x %zu do not fit into this machine's memory: choose a smaller image_size",
                s->path, w->list->count, w->resizing.height, w->resizing.width);
}

/* One part, in bytes or, where a picture needs resizing, in floats. */
static cepa_status make_part(const source *s, const listing *classes, work *w, bool floats, cepa_dataset **made,
                             cepa_error *error)
{
    cepa_array picture = {.name = "x",
                          .type = floats ? CEPA_FLOAT32 : CEPA_UINT8,
                          .rank = 3,
                          .shape = {(int)w->resizing.height, (int)w->resizing.width, (int)w->channels}};
    static const cepa_array label = {.name = "y", .type = CEPA_INT32};
    void *numbers, *labels;
    cepa_status status = check_memory(s, w, floats, error);
    if (!status) status = dataset_begin(w->list->count, s->path, made, error);
    if (!status) status = dataset_add(*made, ROLE_INPUT, &picture, &numbers, error);
    if (!status) status = dataset_add(*made, ROLE_TARGET, &label, &labels, error);
    if (!status)
        status = dataset_name_classes(*made, (const char *const *)classes->classes, classes->class_count, error);
    if (status) return status;
    for (size_t i = 0; i < w->list->count; i++) ((int32_t *)labels)[i] = w->list->items[i].label;
    (*made)->storage->pixels = true;
    w->bytes = floats ? NULL : numbers;
    w->numbers = floats ? numbers : NULL;
    status = read_pictures(w, error);
    return status ? status : dataset_end(*made, error);
}

static cepa_status read_part(const source *s, const listing *classes, const listing *list, const work *wanted,
                             cepa_dataset **made, cepa_error *error)
{
    work w = {.list = list, .resizing = wanted->resizing, .channels = wanted->channels};
    cepa_status status = make_part(s, classes, &w, false, made, error);
    if (status || !w.other_size) return status;
    cepa_dataset_free(*made);
    *made = NULL;
    return make_part(s, classes, &w, true, made, error);
}

/* ---- Options ---- */

cepa_status picture_options(const cepa_dataset_options *options, resizing *resizing, size_t *channels,
                            cepa_error *error)
{
    enum { KERAS_SIZE = 256 };
    static const struct {
        const char *name;
        size_t channels;
    } modes[] = {{"rgb", 3}, {"grayscale", 1}, {"rgba", 4}};
    const char *mode = options->color_mode ? options->color_mode : "rgb";
    const char *interpolation = options->interpolation ? options->interpolation : "bilinear";
    *channels = 0;
    for (size_t i = 0; i < ARRAY_COUNT(modes); i++)
        if (strcmp(modes[i].name, mode) == 0) *channels = modes[i].channels;
    if (!*channels) return fail(error, CEPA_ARGUMENT, "color_mode '%s': expected 'rgb', 'grayscale' or 'rgba'", mode);
    resizing->nearest = strcmp(interpolation, "nearest") == 0;
    if (!resizing->nearest && strcmp(interpolation, "bilinear") != 0)
        return fail(error, CEPA_ARGUMENT, "interpolation '%s': expected 'bilinear' or 'nearest'", interpolation);
    const int *size = options->image_size;
    if (size[0] < 0 || size[1] < 0 || (size[0] == 0) != (size[1] == 0))
        return fail(error, CEPA_ARGUMENT, "image_size (%d, %d): expected a height and a width of at least 1", size[0],
                    size[1]);
    resizing->height = size[0] ? (size_t)size[0] : KERAS_SIZE;
    resizing->width = size[1] ? (size_t)size[1] : KERAS_SIZE;
    resizing->crop_to_aspect_ratio = options->crop_to_aspect_ratio;
    return CEPA_OK;
}

/* The folder that everything else is in, where an archive has just one and the classes are below it. */
static char *top_folder(const source *s)
{
    const char *slash = s->is_archive && s->count ? strchr(s->members[0].name, '/') : NULL;
    char *top = slash ? strndup(s->members[0].name, (size_t)(slash - s->members[0].name) + 1) : strdup("");
    for (size_t i = 0; top && *top && i < s->count; i++)
        if (!below(s->members[i].name, top)) *top = 0;
    if (top && *top && !has_classes(s, top)) *top = 0;
    return top;
}

/* Finds the folders of the two parts; test's prefix stays NULL where there is none. */
static cepa_status find_parts(const source *s, arena *names, listing *train, listing *test, cepa_error *error)
{
    char *top = top_folder(s);
    train->prefix = top ? arena_format(names, "%strain/", top) : NULL;
    bool divided = train->prefix && has_classes(s, train->prefix);
    for (size_t i = 0; divided && !test->prefix && i < ARRAY_COUNT(test_folders); i++) {
        test->prefix = arena_format(names, "%s%s/", top, test_folders[i]);
        if (test->prefix && !has_classes(s, test->prefix)) test->prefix = NULL;
    }
    if (!divided) train->prefix = arena_text(names, top);
    free(top);
    return train->prefix ? CEPA_OK : fail_memory(error);
}

static cepa_status read_images(const source *s, const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    arena names = {0};
    listing train = {0}, test = {0};
    work wanted = {0};
    cepa_status status = picture_options(options, &wanted.resizing, &wanted.channels, error);
    if (!status) status = find_parts(s, &names, &train, &test, error);
    if (!status) status = list_classes(s, &train, error);
    if (!status) status = list_items(s, &train, &train, error);
    if (!status && test.prefix) status = list_items(s, &train, &test, error);
    if (!status && options->shuffle) status = shuffle_items(&train, options->seed, error);
    if (!status) status = read_part(s, &train, &train, &wanted, &made->train, error);
    if (!status && test.prefix) status = read_part(s, &train, &test, &wanted, &made->test, error);
    free_listing(&train);
    free_listing(&test);
    arena_free(&names);
    return status;
}

const reader images_reader = {
    .what = "a sub-folder of pictures for each class",
    .recognise = recognise,
    .read = read_images,
};
