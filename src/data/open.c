/* Opening a data set: by path through the first reader that knows its files, by name through the search. */
#include "base/file.h"
#include "data/fetch.h"
#include "data/locate.h"
#include "data/reader.h"
#include "data/split.h"

#include <stdlib.h>
#include <string.h>

/* In this order: the names of CIFAR's and MNIST's files are unmistakable, an image folder takes what is left. */
static const reader *const readers[] = {&cifar_reader, &idx_reader, &npz_reader, &csv_reader, &images_reader};

static cepa_status fail_unknown(const source *s, cepa_error *error)
{
    buffer text = {0};
    for (size_t i = 0; i < ARRAY_COUNT(readers); i++)
        buffer_format(&text, "%s%s", i == 0 ? "" : i + 1 < ARRAY_COUNT(readers) ? ", " : " or ", readers[i]->what);
    return fail_listing(error, CEPA_FORMAT, &text, "%s: no data set: expected ", s->path);
}

static cepa_status read_source(const source *s, const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    for (size_t i = 0; i < ARRAY_COUNT(readers); i++)
        if (readers[i]->recognise(s)) return readers[i]->read(s, options, made, error);
    return fail_unknown(s, error);
}

/* Labels that one part alone has count for all. */
static void share_class_count(parts *made)
{
    cepa_dataset *const list[] = {made->train, made->validation, made->test};
    size_t most = 0;
    for (size_t i = 0; i < ARRAY_COUNT(list); i++)
        if (list[i] && list[i]->info.class_count > most) most = list[i]->info.class_count;
    for (size_t i = 0; i < ARRAY_COUNT(list); i++)
        if (list[i]) list[i]->storage->class_count = list[i]->info.class_count = most;
}

static cepa_status open_path(const char *path, const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    source s;
    cepa_status status = source_open(path, &s, error);
    if (status) return status;
    status = read_source(&s, options, made, error);
    source_close(&s);
    if (status) cepa_parts_free(made);
    return status;
}

static cepa_status check_rows(const char *name, const parts *made, size_t wanted, cepa_error *error)
{
    if (made->train->rows >= wanted) return CEPA_OK;
    return fail(error, CEPA_ARGUMENT, "%s: %zu training rows were asked for, it has %zu", name, wanted,
                made->train->rows);
}

/* ---- By name ---- */

/* The first root that holds a copy gives it: a whole one, else that of the most rows. */
typedef struct search {
    const known *known;
    const cepa_dataset_options *options;
    parts made;
    size_t root;        /* of what was made */
    cepa_status status; /* of the last place that could not be used */
    cepa_error error;
} search;

static size_t rows_of(const cepa_dataset *part) { return part ? part->rows : 0; }

static bool is_whole(const parts *p, const known *known)
{
    const cepa_known_dataset *about = known_about(known);
    return rows_of(p->train) >= about->train_rows && rows_of(p->test) >= about->test_rows;
}

static bool try_place(void *context, size_t root, const char *path)
{
    search *s = context;
    parts found = {0};
    if (s->made.train && root > s->root) return false;
    s->status = open_path(path, s->options, &found, &s->error);
    if (!s->status) s->status = check_rows(path, &found, s->options->rows, &s->error);
    if (!s->status && rows_of(found.train) + rows_of(found.test) > rows_of(s->made.train) + rows_of(s->made.test)) {
        parts worse = s->made;
        s->made = found;
        s->root = root;
        found = worse;
    }
    cepa_parts_free(&found);
    return !s->made.train || !is_whole(&s->made, s->known);
}

/* The places of the first root that has any. */
typedef struct places {
    size_t root, count;
    char *path; /* of the first one */
    size_t size;
} places;

static bool note_place(void *context, size_t root, const char *path)
{
    places *p = context;
    if (p->count && root > p->root) return false;
    if (p->count++ == 0) snprintf(p->path, p->size, "%s", path);
    p->root = root;
    return true;
}

cepa_status cepa_dataset_locate(const char *name, char *path, size_t size, cepa_error *error)
{
    static const cepa_dataset_options defaults = {0};
    if (size) *path = 0;
    const known *known = known_dataset(name);
    if (!known) return fail(error, CEPA_NOT_FOUND, "%s: no data set has this name", name);
    places places = {.path = path, .size = size};
    cepa_status status = locate_each(known, note_place, &places, error);
    if (status || places.count < 2) return status;
    search s = {.known = known, .options = &defaults};
    status = locate_each(known, try_place, &s, error);
    if (s.made.train) snprintf(path, size, "%s", s.made.train->info.source);
    cepa_parts_free(&s.made);
    return status;
}

static void name_part(cepa_dataset *part, const cepa_known_dataset *about)
{
    if (!part) return;
    part->storage->name = part->info.name = about->name;
    part->storage->citation = part->info.citation = about->citation;
}

/* Classes whose names only the table has. */
static cepa_status name_classes(cepa_dataset *part, const known *known, cepa_error *error)
{
    if (!part || !known->class_names || part->storage->class_names) return CEPA_OK;
    if (part->storage->class_count > known->class_count)
        return fail(error, CEPA_DATA, "%s: label %zu, expected 0 to %zu", part->storage->source,
                    part->storage->class_count - 1, known->class_count - 1);
    cepa_status status = dataset_name_classes(part, known->class_names, known->class_count, error);
    return status ? status : dataset_end(part, error);
}

static cepa_status fetch_and_open(const known *known, const cepa_dataset_options *options, parts *made,
                                  cepa_error *error)
{
    char *folder;
    cepa_status status = fetch(&known->origin, NULL, options, &folder, error);
    if (!status) status = open_path(folder, options, made, error);
    free(folder);
    return status;
}

static cepa_status find(const known *known, const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    const char *name = known_about(known)->name;
    size_t most = known_about(known)->train_rows;
    if (most && options->rows > most)
        return fail(error, CEPA_ARGUMENT, "%s: %zu training rows were asked for, it has %zu", name, options->rows,
                    most);
    if (known->generate) return known->generate(options, made, error);
    search s = {.known = known, .options = options};
    cepa_status status = locate_each(known, try_place, &s, error);
    *made = s.made;
    if (status || made->train) return status;
    const char *obtain = known_about(known)->obtain;
    if (obtain && s.status) return fail(error, s.status, "%s", s.error.message);
    if (obtain) return fail(error, CEPA_NOT_FOUND, "%s: not on this machine: %s", name, obtain);
    if (!options->local_only) return fetch_and_open(known, options, made, error);
    if (s.status) return fail(error, s.status, "%s", s.error.message);
    return fail(error, CEPA_NOT_FOUND,
                "%s: not found under $CEPA_DATA, in Cepa's cache or in ~/.keras/datasets, and downloads are off", name);
}

static cepa_status open_name(const known *known, const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    cepa_status status = find(known, options, made, error);
    if (!status) status = name_classes(made->train, known, error);
    if (!status) status = name_classes(made->test, known, error);
    if (status) return status;
    name_part(made->train, known_about(known));
    name_part(made->test, known_about(known));
    return CEPA_OK;
}

cepa_status cepa_dataset_open_parts(const char *source, const cepa_dataset_options *options, cepa_parts *made,
                                    cepa_error *error)
{
    cepa_dataset_options how = {0};
    if (options) how = *options;
    *made = (cepa_parts){NULL};
    const known *known = known_dataset(source);
    if (known) how.table = cepa_table_merge(&how.table, &known->table);
    cepa_status status = known ? open_name(known, &how, made, error) : open_path(source, &how, made, error);
    if (!status && how.table.split) status = split_parts(made, how.table.split, how.table.split_seed, error);
    if (!status) status = check_rows(source, made, how.rows, error);
    if (status)
        cepa_parts_free(made);
    else
        share_class_count(made);
    return status;
}

cepa_status cepa_dataset_open(const char *source, const cepa_dataset_options *options, cepa_dataset **train,
                              cepa_dataset **test, cepa_error *error)
{
    parts made;
    cepa_status status = cepa_dataset_open_parts(source, options, &made, error);
    *train = made.train;
    *test = made.test;
    cepa_dataset_free(made.validation);
    return status;
}

cepa_status cepa_dataset_fetch(const char *name, const char *url, const cepa_dataset_options *options, char *path,
                               size_t size, cepa_error *error)
{
    if (size) *path = 0;
    const known *known = known_dataset(name);
    if (!known) return fail(error, CEPA_NOT_FOUND, "%s: no data set has this name", name);
    char *found;
    cepa_status status = fetch(&known->origin, url, options ? options : &(cepa_dataset_options){0}, &found, error);
    if (!status) snprintf(path, size, "%s", found);
    free(found);
    return status;
}
