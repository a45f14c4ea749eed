/* Parts of a data set, drawn by chance: as scikit-learn's train_test_split counts them, in an order of our own. */
#include "data/split.h"

#include "base/buffer.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>

typedef struct split {
    const cepa_dataset *data;
    size_t *order; /* all rows, shuffled */
    size_t *rows;  /* of each class */
    size_t *kept;  /* how many of these still go into the first part */
    size_t *train, *test;
    size_t train_rows, classes;
} split;

/* The place of a row's class; 0 where the rows have none. */
static size_t class_of(const split *s, size_t row)
{
    int class = s->classes > 1 ? cepa_dataset_class(s->data, row) : 0;
    return class >= 0 && (size_t) class < s->classes ? (size_t) class : 0;
}

/* Shares the first part's rows among the classes by largest remainder: kept[c] = rows[c] * share, the floor of it and
 * one more for those of the largest rests, earlier classes first. */
static void share_rows(split *s)
{
    size_t rows = s->data->info.rows, given = 0;
    for (size_t row = 0; row < rows; row++) s->rows[class_of(s, row)]++;
    for (size_t c = 0; c < s->classes; c++) {
        s->kept[c] = (size_t)floor((double)s->rows[c] * (double)s->train_rows / (double)rows);
        given += s->kept[c];
    }
    for (; given < s->train_rows; given++) {
        size_t best = 0;
        double most = -1;
        for (size_t c = 0; c < s->classes; c++) {
            double rest = (double)s->rows[c] * (double)s->train_rows / (double)rows - (double)s->kept[c];
            if (rest <= most) continue;
            most = rest;
            best = c;
        }
        s->kept[best]++;
    }
}

static cepa_status deal(split *s, cepa_dataset **train, cepa_dataset **test, cepa_error *error)
{
    size_t rows = s->data->info.rows, first = 0, second = 0;
    share_rows(s);
    for (size_t i = 0; i < rows; i++) {
        size_t *kept = &s->kept[class_of(s, s->order[i])];
        if (*kept) {
            s->train[first++] = s->order[i];
            --*kept;
        } else
            s->test[second++] = s->order[i];
    }
    cepa_status status = cepa_dataset_pick(s->data, s->train, first, train, error);
    if (!status) status = cepa_dataset_pick(s->data, s->test, second, test, error);
    return status;
}

cepa_status cepa_train_test_split(const cepa_dataset *dataset, double test_size, uint64_t seed, cepa_dataset **train,
                                  cepa_dataset **test, cepa_error *error)
{
    *train = *test = NULL;
    if (!(test_size > 0 && test_size < 1))
        return fail(error, CEPA_ARGUMENT, "a share of the rows lies between 0 and 1, not at %g", test_size);
    size_t rows = dataset->info.rows, held = (size_t)ceil(test_size * (double)rows);
    if (held >= rows)
        return fail(error, CEPA_ARGUMENT, "%s: a share of %g of its %zu rows leaves one part without rows",
                    dataset->info.name, test_size, rows);
    arena memory = {0};
    split s = {.data = dataset, .train_rows = rows - held, .classes = dataset->info.class_count};
    if (s.classes == 0) s.classes = 1;
    s.order = arena_array(&memory, rows, sizeof *s.order);
    s.train = arena_array(&memory, rows, sizeof *s.train);
    s.test = arena_array(&memory, rows, sizeof *s.test);
    s.kept = arena_array(&memory, s.classes, sizeof *s.kept);
    s.rows = arena_array(&memory, s.classes, sizeof *s.rows);
    cepa_status status = s.order && s.train && s.test && s.kept && s.rows ? CEPA_OK : fail_memory(error);
    if (!status) {
        random_stream stream = random_stream_of(seed, "rows", "split", 0);
        random_order(&stream, s.order, rows);
        status = deal(&s, train, test, error);
    }
    arena_free(&memory);
    if (status) {
        cepa_dataset_free(*train);
        *train = NULL;
    }
    return status;
}

/* Two or three shares with slashes between; the number of them, 0 where it is something else. */
static size_t read_shares(const char *text, double share[3])
{
    size_t count = 0;
    for (;;) {
        const char *end;
        share[count] = read_number(text, &end);
        if (end == text || !(share[count] > 0) || !isfinite(share[count])) return 0;
        count++;
        if (!*end) return count > 1 ? count : 0;
        if (*end != '/' || count == 3) return 0;
        text = end + 1;
    }
}

/* A table's parts remember that they are parts. */
static cepa_status keep_split(cepa_dataset *part, const char *shares, uint64_t seed, cepa_error *error)
{
    if (!part || !part->storage->table) return CEPA_OK;
    cepa_table how = *part->storage->table;
    how.split = shares;
    how.split_seed = seed;
    return dataset_of_table(part, &how, error);
}

cepa_status split_parts(parts *made, const char *shares, uint64_t seed, cepa_error *error)
{
    double share[3] = {0};
    if (!read_shares(shares, share))
        return fail(error, CEPA_ARGUMENT, "'%s' is no split: shares such as 80/20 or 70/15/15 were expected", shares);
    if (made->test)
        return fail(error, CEPA_ARGUMENT, "%s: it has a test part of its own and is not split", made->train->info.name);
    parts split = {0};
    double held = share[1] + share[2];
    cepa_status status =
        cepa_train_test_split(made->train, held / (share[0] + held), seed, &split.train, &split.test, error);
    if (!status && share[2] > 0) {
        cepa_dataset *both = split.test;
        split.test = NULL;
        status = cepa_train_test_split(both, share[2] / held, seed, &split.validation, &split.test, error);
        cepa_dataset_free(both);
    }
    if (!status) status = keep_split(split.train, shares, seed, error);
    if (!status) status = keep_split(split.validation, shares, seed, error);
    if (!status) status = keep_split(split.test, shares, seed, error);
    if (status) {
        cepa_parts_free(&split);
        return status;
    }
    cepa_parts_free(made);
    *made = split;
    return CEPA_OK;
}
