/* Some rows of a data set: as a data set of their own, and one as a picture. */
#include "data/dataset.h"
#include "data/matrix.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static cepa_status copy_rows(const cepa_dataset *from, const column *c, role role, const size_t *rows,
                             cepa_dataset *made, cepa_error *error)
{
    void *data;
    cepa_status status = dataset_add(made, role, &c->array, &data, error);
    for (size_t i = 0; !status && i < made->rows; i++)
        memcpy((unsigned char *)data + i * c->row_bytes, column_row(from, c, rows[i]), c->row_bytes);
    return status;
}

static cepa_status fill(const cepa_dataset *from, const size_t *rows, cepa_dataset *made, cepa_error *error)
{
    const storage *s = from->storage;
    cepa_status status = CEPA_OK;
    for (int r = 0; r < ROLES; r++)
        for (size_t i = 0; i < s->count[r] && !status; i++)
            status = copy_rows(from, &s->columns[r][i], (role)r, rows, made, error);
    if (!status && s->class_names) status = dataset_name_classes(made, s->class_names, s->class_count, error);
    made->storage->citation = arena_text(&made->storage->memory, s->citation);
    made->storage->name = arena_text(&made->storage->memory, s->name);
    made->storage->incomplete = s->incomplete;
    made->storage->pixels = s->pixels;
    if (!made->storage->name || (s->citation && !made->storage->citation)) status = fail_memory(error);
    if (!status && s->table) status = dataset_of_table(made, s->table, error);
    if (!status) status = dataset_end(made, error);
    if (!status) dataset_scale_as(made, from);
    return status;
}

cepa_status cepa_dataset_pick(const cepa_dataset *dataset, const size_t *rows, size_t count, cepa_dataset **picked,
                              cepa_error *error)
{
    *picked = NULL;
    if (!count) return fail(error, CEPA_ARGUMENT, "%s: no rows were asked for", dataset->info.name);
    for (size_t i = 0; i < count; i++)
        if (rows[i] >= dataset->rows)
            return fail(error, CEPA_ARGUMENT, "%s: there is no row %zu, the last one is %zu", dataset->info.name,
                        rows[i], dataset->rows - 1);
    cepa_dataset *made;
    cepa_status status = dataset_begin(count, dataset->storage->source, &made, error);
    if (status) return status;
    status = fill(dataset, rows, made, error);
    if (status)
        cepa_dataset_free(made);
    else
        *picked = made;
    return status;
}

cepa_status dataset_check_pictures(const cepa_dataset_info *info, size_t *channels, cepa_error *error)
{
    const cepa_array *a = &info->inputs[0];
    *channels = a->rank == 3 ? (size_t)a->shape[2] : 1;
    if ((a->rank == 2 || a->rank == 3) && *channels != 2 && *channels <= 4) return CEPA_OK;
    return fail(error, CEPA_DATA, "%s: its inputs are no pictures of (height, width, channels) with 1, 3 or 4 channels",
                info->name);
}

cepa_status cepa_dataset_picture(const cepa_dataset *dataset, size_t row, cepa_matrix *matrix, cepa_error *error)
{
    const cepa_dataset_info *info = &dataset->info;
    const column *c = dataset->storage->columns[ROLE_INPUT];
    const cepa_array *a = &c->array;
    size_t channels;
    *matrix = (cepa_matrix){.values = NULL};
    if (row >= info->rows) return fail(error, CEPA_ARGUMENT, "%s: there is no row %zu", info->name, row);
    cepa_status status = dataset_check_pictures(info, &channels, error);
    if (status) return status;
    size_t shown = channels == 4 ? 3 : channels; /* without the alpha channel */
    status = matrix_allocate((size_t)a->shape[0], (size_t)a->shape[1], shown, matrix, error);
    const unsigned char *numbers = column_row(dataset, c, row);
    for (size_t i = 0; !status && i < matrix->height * matrix->width; i++)
        for (size_t k = 0; k < shown; k++) matrix->values[i * shown + k] = c->read(numbers, i * channels + k);
    return status;
}

int cepa_dataset_class(const cepa_dataset *dataset, size_t row)
{
    const column *c = dataset->storage->columns[ROLE_TARGET];
    if (!dataset->storage->count[ROLE_TARGET] || row >= dataset->rows || !c->numbers) return -1;
    const unsigned char *numbers = column_row(dataset, c, row);
    size_t largest = 0;
    double sum = 0;
    bool shares = true;
    for (size_t i = 0; i < c->numbers; i++) {
        double number = c->read(numbers, i);
        sum += number;
        shares = shares && number >= 0;
        if (number > c->read(numbers, largest)) largest = i;
    }
    if (c->numbers > 1 && !(shares && fabs(sum - 1) < 1e-3)) return -1;
    double class = c->numbers > 1 ? (double)largest : c->read(numbers, 0);
    return class >= 0 && class <= INT_MAX && class == floor(class) ? (int)class : -1;
}
