#include "outputs.h"
#include "files.h"

#include <math.h>
#include <stdlib.h>

static cepa_status make_room(outputs *o, const cepa_model *model, const cepa_dataset *data, size_t index,
                             cepa_error *error)
{
    output_shape *array = &o->arrays[index];
    cepa_status status = cepa_output_shape(model, data, index, &array->rank, array->sizes, error);
    if (status) return status;
    array->size = 1;
    for (size_t i = 0; i < array->rank; i++)
        if (__builtin_mul_overflow(array->size, (size_t)array->sizes[i], &array->size)) return fails_memory(error);
    size_t bytes;
    if (__builtin_mul_overflow(array->size, o->rows, &bytes) || __builtin_mul_overflow(bytes, sizeof(float), &bytes) ||
        !(o->values[index] = malloc(bytes + 1)))
        return fails_memory(error);
    return CEPA_OK;
}

cepa_status outputs_predict(outputs *o, const cepa_model *model, const cepa_dataset *data, int threads,
                            cepa_error *error)
{
    *o = (outputs){.rows = cepa_dataset_describe(data)->rows, .count = cepa_model_output_count(model)};
    o->arrays = calloc(o->count + 1, sizeof *o->arrays);
    o->values = calloc(o->count + 1, sizeof *o->values);
    if (!o->arrays || !o->values) return fails_memory(error);
    for (size_t i = 0; i < o->count; i++) {
        cepa_status status = make_room(o, model, data, i, error);
        if (status) return status;
    }
    return cepa_predict(model, data, o->values, o->count, threads, error);
}

cepa_status outputs_write(const outputs *o, const char *path, cepa_error *error)
{
    cepa_array *arrays = calloc(o->count + 1, sizeof *arrays);
    size_t *rows = calloc(o->count + 1, sizeof *rows);
    char(*names)[32] = calloc(o->count + 1, sizeof *names);
    cepa_status status = CEPA_OK;
    if (!arrays || !rows || !names) status = fails_memory(error);
    for (size_t i = 0; i < o->count && !status; i++) {
        snprintf(names[i], sizeof names[i], "output_%zu", i);
        rows[i] = o->rows;
        arrays[i] =
            (cepa_array){.name = names[i], .type = CEPA_FLOAT32, .rank = o->arrays[i].rank, .data = o->values[i]};
        for (size_t axis = 0; axis < arrays[i].rank; axis++) arrays[i].shape[axis] = o->arrays[i].sizes[axis];
    }
    if (!status) status = cepa_write_arrays(path, arrays, rows, o->count, error);
    free(arrays);
    free(rows);
    free(names);
    return status;
}

void outputs_free(outputs *o)
{
    for (size_t i = 0; i < o->count && o->values; i++) free(o->values[i]);
    free(o->values);
    free(o->arrays);
    *o = (outputs){.rows = 0};
}

const char *class_label(const char *const *names, size_t count, size_t class, char number[32])
{
    if (names && class < count) return names[class];
    snprintf(number, 32, "%zu", class);
    return number;
}

static bool is_distribution(const float *row, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(row[i] >= 0 && row[i] <= 1)) return false;
        sum += (double)row[i];
    }
    return fabs(sum - 1) < 1e-3;
}

static int likelier(const void *a, const void *b)
{
    const ranked_class *first = a, *second = b;
    if (first->probability != second->probability) return first->probability < second->probability ? 1 : -1;
    return first->class < second->class ? -1 : 1;
}

void rank_classes(const float *row, size_t count, ranked_class *classes)
{
    bool ready = is_distribution(row, count);
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++) most = fmax(most, (double)row[i]);
    for (size_t i = 0; i < count; i++) sum += exp((double)row[i] - most);
    for (size_t i = 0; i < count; i++)
        classes[i] = (ranked_class){i, ready ? (double)row[i] : exp((double)row[i] - most) / sum};
    qsort(classes, count, sizeof *classes, likelier);
}
