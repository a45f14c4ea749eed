/* The data set's handle: making, sharing, cutting and describing. */
#include "data/dataset.h"

#include "base/file.h"
#include "base/sha256.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void storage_release(storage *s)
{
    if (!s || atomic_fetch_sub(&s->users, 1) > 1) return;
    for (int r = 0; r < ROLES; r++) {
        for (size_t i = 0; i < s->count[r]; i++) free((void *)(uintptr_t)s->columns[r][i].array.data);
        free(s->columns[r]);
    }
    arena_free(&s->memory);
    free(s);
}

void cepa_dataset_free(cepa_dataset *dataset)
{
    if (!dataset) return;
    storage_release(dataset->storage);
    for (int r = 0; r < ROLES; r++) free(dataset->arrays[r]);
    free(dataset);
}

void cepa_parts_free(cepa_parts *parts)
{
    if (!parts) return;
    cepa_dataset_free(parts->train);
    cepa_dataset_free(parts->validation);
    cepa_dataset_free(parts->test);
    *parts = (cepa_parts){NULL};
}

cepa_status dataset_begin(size_t rows, const char *source, cepa_dataset **made, cepa_error *error)
{
    *made = NULL;
    if (rows == 0) return fail(error, CEPA_DATA, "%s: there are no rows", source ? source : "data set");
    cepa_dataset *d = calloc(1, sizeof *d);
    storage *s = calloc(1, sizeof *s);
    if (!d || !s) {
        free(d);
        free(s);
        return fail_memory(error);
    }
    atomic_init(&s->users, 1);
    s->rows = d->rows = rows;
    s->source = arena_text(&s->memory, source ? source : "generated");
    s->name = s->source ? path_name(s->source) : NULL;
    d->storage = s;
    cepa_dataset_scale(d, 1);
    if (!s->source) {
        cepa_dataset_free(d);
        return fail_memory(error);
    }
    *made = d;
    return CEPA_OK;
}

static cepa_status check_array(role role, const cepa_array *array, cepa_error *error)
{
    const char *name = array->name ? array->name : "array";
    if (!number_type_of(array->type))
        return fail(error, CEPA_ARGUMENT, "%s: %d is no type of number", name, (int)array->type);
    if (array->rank > CEPA_MAX_RANK)
        return fail(error, CEPA_ARGUMENT, "%s: a row has %zu axes, at most %d are allowed", name, array->rank,
                    CEPA_MAX_RANK);
    if (role == ROLE_WEIGHT && array->rank > 0)
        return fail(error, CEPA_DATA, "%s: one weight for each row is expected, not %zu axes", name, array->rank);
    for (size_t i = 0; i < array->rank; i++)
        if (array->shape[i] <= 0)
            return fail(error, CEPA_DATA, "%s: axis %zu of a row has the size %d, at least 1 is expected", name, i,
                        array->shape[i]);
    return CEPA_OK;
}

static bool count_bytes(const cepa_array *array, size_t rows, size_t *numbers, size_t *row_bytes, size_t *bytes)
{
    *numbers = 1;
    for (size_t i = 0; i < array->rank; i++)
        if (!multiply_size(*numbers, (size_t)array->shape[i], numbers)) return false;
    return multiply_size(*numbers, number_type_of(array->type)->size, row_bytes) &&
           multiply_size(*row_bytes, rows, bytes);
}

/* Copies of a list of texts; NULL without memory. */
static const char **copy_texts(arena *memory, const char *const *texts, size_t count)
{
    const char **copy = arena_array(memory, count, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        if (!(copy[i] = arena_text(memory, texts[i]))) return NULL;
    return copy;
}

cepa_status dataset_add(cepa_dataset *dataset, role role, const cepa_array *array, void **data, cepa_error *error)
{
    storage *s = dataset->storage;
    cepa_status status = check_array(role, array, error);
    if (status) return status;
    column c = {.array = *array, .read = number_type_of(array->type)->read};
    size_t bytes;
    if (!count_bytes(array, s->rows, &c.numbers, &c.row_bytes, &bytes))
        return fail(error, CEPA_DATA, "%s: %zu rows of it do not fit into memory", array->name ? array->name : "array",
                    s->rows);
    if (!grow(&s->columns[role], &s->capacity[role], s->count[role] + 1, sizeof c)) return fail_memory(error);
    c.array.name = arena_text(&s->memory, array->name);
    if (array->columns) c.array.columns = copy_texts(&s->memory, array->columns, c.numbers);
    *data = allocate_aligned(bytes);
    c.array.data = *data;
    if (!*data || (array->name && !c.array.name) || (array->columns && !c.array.columns)) {
        free(*data);
        return fail_memory(error);
    }
    s->columns[role][s->count[role]++] = c;
    return CEPA_OK;
}

cepa_status dataset_name_classes(cepa_dataset *dataset, const char *const *names, size_t count, cepa_error *error)
{
    storage *s = dataset->storage;
    const char **copy = copy_texts(&s->memory, names, count);
    if (!copy) return fail_memory(error);
    s->class_names = copy;
    s->class_count = count;
    return CEPA_OK;
}

bool copy_table(arena *memory, const cepa_table *table, cepa_table *copy)
{
    *copy = *table;
    const char **const texts[] = {&copy->target, &copy->inputs, &copy->drop, &copy->split};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        if (*texts[i] && !(*texts[i] = arena_text(memory, *texts[i]))) return false;
    return true;
}

cepa_status dataset_of_table(cepa_dataset *dataset, const cepa_table *table, cepa_error *error)
{
    arena *memory = &dataset->storage->memory;
    cepa_table *copy = arena_allocate(memory, sizeof *copy);
    if (!copy || !copy_table(memory, table, copy)) return fail_memory(error);
    dataset->storage->table = dataset->info.table = copy;
    return CEPA_OK;
}

cepa_table cepa_table_merge(const cepa_table *over, const cepa_table *under)
{
    return (cepa_table){.target = over->target ? over->target : under->target,
                        .inputs = over->inputs ? over->inputs : under->inputs,
                        .drop = over->drop || over->inputs ? over->drop : under->drop,
                        .ahead = over->ahead ? over->ahead : under->ahead,
                        .first = over->first ? over->first : under->first,
                        .split = over->split ? over->split : under->split,
                        .split_seed = over->split || over->split_seed ? over->split_seed : under->split_seed};
}

/* Classes of a lone integer target with one number a row; beyond the limit it is taken for a quantity. */
static size_t count_classes(const cepa_dataset *dataset)
{
    enum { MOST_CLASSES = 65536 };
    const storage *s = dataset->storage;
    const column *labels = s->columns[ROLE_TARGET];
    if (s->count[ROLE_TARGET] != 1 || labels->numbers != 1 || !number_type_of(labels->array.type)->whole) return 0;
    double low, high;
    cepa_dataset_range(dataset, &labels->array, &low, &high);
    return low >= 0 && high < MOST_CLASSES ? (size_t)high + 1 : 0;
}

/* Brings info and the arrays up to date with storage, first and rows. */
static cepa_status describe(cepa_dataset *d, cepa_error *error)
{
    const storage *s = d->storage;
    for (int r = 0; r < ROLES; r++) {
        if (!d->arrays[r] && s->count[r] && !(d->arrays[r] = calloc(s->count[r], sizeof *d->arrays[r])))
            return fail_memory(error);
        for (size_t i = 0; i < s->count[r]; i++) {
            d->arrays[r][i] = s->columns[r][i].array;
            d->arrays[r][i].data = column_row(d, &s->columns[r][i], 0);
        }
    }
    cepa_dataset_info *info = &d->info;
    info->name = s->name;
    info->source = s->source;
    info->citation = s->citation;
    info->rows = d->rows;
    info->input_count = s->count[ROLE_INPUT];
    info->target_count = s->count[ROLE_TARGET];
    info->inputs = d->arrays[ROLE_INPUT];
    info->targets = d->arrays[ROLE_TARGET];
    info->sample_weight = d->arrays[ROLE_WEIGHT];
    info->class_count = s->class_count;
    info->class_names = s->class_names;
    info->table = s->table;
    info->incomplete = s->incomplete;
    info->pixels = s->pixels || (info->input_count && info->inputs[0].type == CEPA_UINT8);
    info->sha256[0] = 0;
    return CEPA_OK;
}

cepa_status dataset_end(cepa_dataset *dataset, cepa_error *error)
{
    if (!dataset->storage->class_names) dataset->storage->class_count = count_classes(dataset);
    return describe(dataset, error);
}

const cepa_dataset_info *cepa_dataset_describe(const cepa_dataset *dataset) { return &dataset->info; }

static cepa_status add_copy(cepa_dataset *dataset, role role, const cepa_array *array, cepa_error *error)
{
    void *data;
    cepa_status status = dataset_add(dataset, role, array, &data, error);
    if (status) return status;
    const column *c = &dataset->storage->columns[role][dataset->storage->count[role] - 1];
    memcpy(data, array->data, c->row_bytes * dataset->rows);
    return CEPA_OK;
}

cepa_status cepa_dataset_new(size_t rows, const cepa_array *inputs, size_t input_count, const cepa_array *targets,
                             size_t target_count, const cepa_array *sample_weight, cepa_dataset **dataset,
                             cepa_error *error)
{
    cepa_dataset *d;
    *dataset = NULL;
    if (input_count == 0) return fail(error, CEPA_ARGUMENT, "a data set has at least one input");
    cepa_status status = dataset_begin(rows, "arrays", &d, error);
    for (size_t i = 0; !status && i < input_count; i++) status = add_copy(d, ROLE_INPUT, &inputs[i], error);
    for (size_t i = 0; !status && i < target_count; i++) status = add_copy(d, ROLE_TARGET, &targets[i], error);
    if (!status && sample_weight) status = add_copy(d, ROLE_WEIGHT, sample_weight, error);
    if (!status) status = dataset_end(d, error);
    if (status)
        cepa_dataset_free(d);
    else
        *dataset = d;
    return status;
}

cepa_status cepa_dataset_take(cepa_dataset *dataset, size_t n, cepa_error *error)
{
    if (n == 0 || n > dataset->rows)
        return fail(error, CEPA_ARGUMENT, "%s: %zu rows were asked for, it has %zu", dataset->info.name, n,
                    dataset->rows);
    dataset->rows = n;
    return describe(dataset, error);
}

cepa_status cepa_dataset_split(cepa_dataset *dataset, double fraction, cepa_dataset **tail, cepa_error *error)
{
    *tail = NULL;
    if (!(fraction > 0 && fraction < 1))
        return fail(error, CEPA_ARGUMENT, "a fraction of the rows lies between 0 and 1, not at %g", fraction);
    size_t kept = (size_t)floor((double)dataset->rows * (1 - fraction));
    if (kept == 0 || kept == dataset->rows)
        return fail(error, CEPA_ARGUMENT, "%s: a fraction of %g of its %zu rows leaves one part without rows",
                    dataset->info.name, fraction, dataset->rows);
    cepa_dataset *rest = calloc(1, sizeof *rest);
    if (!rest) return fail_memory(error);
    atomic_fetch_add(&dataset->storage->users, 1);
    rest->storage = dataset->storage;
    rest->first = dataset->first + kept;
    rest->rows = dataset->rows - kept;
    dataset_scale_as(rest, dataset);
    cepa_status status = describe(rest, error);
    if (status) {
        cepa_dataset_free(rest);
        return status;
    }
    dataset->rows = kept;
    *tail = rest;
    return describe(dataset, error);
}

static void set_scale(cepa_dataset *dataset, double scale, double offset)
{
    dataset->info.scale = scale;
    dataset->info.offset = offset;
    for (int byte = 0; byte < 256; byte++) dataset->bytes_scaled[byte] = (float)(byte * scale + offset);
}

void cepa_dataset_scale(cepa_dataset *dataset, double scale) { set_scale(dataset, scale, 0); }

void cepa_dataset_offset(cepa_dataset *dataset, double offset) { set_scale(dataset, dataset->info.scale, offset); }

void dataset_scale_as(cepa_dataset *dataset, const cepa_dataset *other)
{
    set_scale(dataset, other->info.scale, other->info.offset);
}

cepa_status cepa_dataset_hash(cepa_dataset *dataset, cepa_error *error)
{
    sha256 hash;
    cepa_status status = sha256_begin(&hash, error);
    if (status) return status;
    const storage *s = dataset->storage;
    for (int r = 0; r < ROLES; r++)
        for (size_t i = 0; i < s->count[r]; i++)
            sha256_add(&hash, dataset->arrays[r][i].data, s->columns[r][i].row_bytes * dataset->rows);
    sha256_end(&hash, dataset->info.sha256);
    return CEPA_OK;
}

double cepa_array_number(const cepa_array *array, size_t index)
{
    return number_type_of(array->type)->read(array->data, index);
}

void cepa_dataset_range(const cepa_dataset *dataset, const cepa_array *array, double *low, double *high)
{
    size_t count = dataset->rows;
    for (size_t i = 0; i < array->rank; i++) count *= (size_t)array->shape[i];
    double (*read)(const void *, size_t) = number_type_of(array->type)->read;
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        double number = read(array->data, i);
        if (number < *low) *low = number;
        if (number > *high) *high = number;
    }
}
