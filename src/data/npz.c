/* .npz and .npy files as data sets: x and y; x_train, y_train, x_test, y_test as Keras keeps them; x_NAME, y_NAME or
 * x0, x1 ... of several inputs or outputs; sample_weight. A lone .npy file is an input. */
#include "base/file.h"
#include "data/npy.h"
#include "data/reader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* What a member's name says: ROLE[_NAME|NUMBER][_train|_test|_val]. */
typedef struct meaning {
    role role;
    bool test;
    char name[256]; /* of one among several; "" for a lone one */
} meaning;

/* One array of the file. */
typedef struct entry {
    const member *file;
    meaning meaning;
    npy_header header;
    buffer hold;
} entry;

typedef struct listing {
    entry *entries;
    size_t count;
} listing;

static bool cut_ending(char *text, const char *ending)
{
    if (!path_ends(text, ending)) return false;
    text[strlen(text) - strlen(ending)] = 0;
    return true;
}

static bool read_meaning(const char *name, meaning *m)
{
    static const char *const roles[ROLES] = {[ROLE_INPUT] = "x", [ROLE_TARGET] = "y", [ROLE_WEIGHT] = "sample_weight"};
    for (int r = 0; r < ROLES; r++) {
        size_t length = strlen(roles[r]);
        if (strncmp(name, roles[r], length) != 0 || (name[length] && !strchr("_0123456789", name[length]))) continue;
        *m = (meaning){.role = (role)r};
        snprintf(m->name, sizeof m->name, "%s", name + length);
        m->test = cut_ending(m->name, "_test") || cut_ending(m->name, "_val");
        if (!m->test) cut_ending(m->name, "_train");
        if (*m->name == '_') memmove(m->name, m->name + 1, strlen(m->name));
        return true;
    }
    return false;
}

/* Gives each array its meaning. Where a name has none and nothing is called y, all are inputs by their own names. */
static cepa_status read_meanings(const source *s, listing *list, cepa_error *error)
{
    const char *stranger = NULL;
    bool targets = false;
    for (size_t i = 0; i < list->count; i++) {
        entry *e = &list->entries[i];
        snprintf(e->meaning.name, sizeof e->meaning.name, "%s", e->file->name);
        cut_ending(e->meaning.name, ".npy");
        meaning m;
        if (!read_meaning(e->meaning.name, &m))
            stranger = e->file->name;
        else if (m.role != ROLE_INPUT)
            targets = true;
    }
    if (stranger && targets)
        return fail(error, CEPA_DATA,
                    "%s: the array %s is neither x, y nor sample_weight (or x_NAME, y_NAME, x_train, x_test ...)",
                    s->path, stranger);
    for (size_t i = 0; !stranger && i < list->count; i++) {
        char name[sizeof list->entries[i].meaning.name];
        strcpy(name, list->entries[i].meaning.name);
        read_meaning(name, &list->entries[i].meaning);
    }
    return CEPA_OK;
}

static cepa_status read_headers(const source *s, listing *list, cepa_error *error)
{
    list->entries = calloc(s->count, sizeof *list->entries);
    if (!list->entries) return fail_memory(error);
    for (size_t i = 0; i < s->count; i++) {
        if (!path_has_extension(s->members[i].name, ".npy")) continue;
        entry *e = &list->entries[list->count++];
        e->file = &s->members[i];
        const unsigned char *bytes;
        size_t size;
        cepa_status status = source_read(e->file, &e->hold, &bytes, &size, error);
        if (!status) status = npy_read(e->file->where, bytes, size, &e->header, error);
        if (status) return status;
        if (e->header.rank == 0)
            return fail(error, CEPA_DATA,
                        "%s: a single number, where an array with a row for each example was expected", e->file->where);
    }
    return CEPA_OK;
}

static cepa_status add_entry(cepa_dataset *made, const entry *e, cepa_error *error)
{
    static const char *const lone_names[ROLES] = {"x", "y", "sample_weight"};
    cepa_array array = {.name = *e->meaning.name ? e->meaning.name : lone_names[e->meaning.role],
                        .type = e->header.type,
                        .rank = e->header.rank - 1};
    for (size_t i = 0; i < array.rank; i++) {
        if (e->header.shape[i + 1] > INT_MAX)
            return fail(error, CEPA_DATA, "%s: axis %zu is too large", e->file->where, i + 1);
        array.shape[i] = (int)e->header.shape[i + 1];
    }
    if (e->header.shape[0] != made->rows)
        return fail(error, CEPA_DATA, "%s: it has %zu rows, the first array %zu", e->file->where, e->header.shape[0],
                    made->rows);
    void *data;
    cepa_status status = dataset_add(made, e->meaning.role, &array, &data, error);
    return status ? status : npy_convert(e->file->where, &e->header, data, error);
}

/* Makes the training or the test part; *made stays NULL where nothing belongs to it. */
static cepa_status make_part(const source *s, const listing *list, bool test, cepa_dataset **made, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    for (size_t i = 0; !status && i < list->count; i++) {
        const entry *e = &list->entries[i];
        if (e->meaning.test != test) continue;
        if (!*made) status = dataset_begin(e->header.shape[0], s->path, made, error);
        if (!status) status = add_entry(*made, e, error);
    }
    if (status || !*made) return status;
    if ((*made)->storage->count[ROLE_INPUT] == 0)
        return fail(error, CEPA_DATA, "%s: there is no array named %s", s->path,
                    test ? "x_test or x_val" : "x or x_train");
    if ((*made)->storage->count[ROLE_WEIGHT] > 1)
        return fail(error, CEPA_DATA, "%s: there are several sample weights, one is expected", s->path);
    return dataset_end(*made, error);
}

static bool recognise(const source *s)
{
    for (size_t i = 0; !s->is_folder && i < s->count; i++)
        if (path_has_extension(s->members[i].name, ".npy")) return true;
    return false;
}

static cepa_status read_arrays(const source *s, const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    (void)options;
    listing list = {0};
    cepa_status status = read_headers(s, &list, error);
    if (!status && s->is_archive) status = read_meanings(s, &list, error);
    if (!status) status = make_part(s, &list, false, &made->train, error);
    if (!status) status = make_part(s, &list, true, &made->test, error);
    if (!status && !made->train) status = fail(error, CEPA_DATA, "%s: there is no array named x or x_train", s->path);
    for (size_t i = 0; i < list.count; i++) buffer_free(&list.entries[i].hold);
    free(list.entries);
    return status;
}

const reader npz_reader = {
    .what = ".npz or .npy arrays",
    .recognise = recognise,
    .read = read_arrays,
};
