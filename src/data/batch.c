/* Rows of a data set into lanes. */
#include "data/batch.h"

#include "kernels/kernels.h"

#include <string.h>

typedef struct load {
    const cepa_dataset *data;
    const column *column;
    const unsigned char *rows[LANES];
    const uint32_t *order;
    lanes *x;
} load;

static void load_bytes(const load *l)
{
    kernels->load_bytes(l->rows, l->order, l->data->bytes_scaled, l->x, l->column->numbers);
}

static void load_floats(const load *l)
{
    const float *rows[LANES];
    for (size_t r = 0; r < LANES; r++) rows[r] = (const float *)(const void *)l->rows[r];
    kernels->load_floats(rows, l->order, 1, l->x, l->column->numbers);
}

static void load_any(const load *l)
{
    double scale = l->data->info.scale, offset = l->data->info.offset;
    for (size_t e = 0; e < l->column->numbers; e++)
        for (size_t r = 0; r < LANES; r++)
            l->x[e].lane[r] = (real)(l->column->read(l->rows[r], l->order[e]) * scale + offset);
}

/* Whether its numbers need no work. */
static bool as_they_are(const cepa_dataset *data, const column *c)
{
    return c->array.type == CEPA_FLOAT32 && data->info.scale == 1 && data->info.offset == 0;
}

size_t batch_input_size(const cepa_dataset *data, size_t input)
{
    return data->storage->columns[ROLE_INPUT][input].numbers;
}

size_t batch_target_size(const cepa_dataset *data, size_t target)
{
    return data->storage->columns[ROLE_TARGET][target].numbers;
}

void batch_load(const cepa_dataset *data, size_t input, const size_t rows[LANES], const uint32_t *order, lanes *x)
{
    const column *c = &data->storage->columns[ROLE_INPUT][input];
    load l = {.data = data, .column = c, .order = order, .x = x};
    for (size_t r = 0; r < LANES; r++) l.rows[r] = column_row(data, c, rows[r]);
    if (c->array.type == CEPA_UINT8)
        load_bytes(&l);
    else if (as_they_are(data, c))
        load_floats(&l);
    else
        load_any(&l);
}

void batch_load_apart(const cepa_dataset *data, size_t input, size_t row, size_t channels, real *x)
{
    const column *c = &data->storage->columns[ROLE_INPUT][input];
    const unsigned char *from = column_row(data, c, row);
    const float *floats = as_they_are(data, c) ? (const float *)(const void *)from : NULL;
    const size_t step = lanes_of(channels) * LANES;
    for (size_t e = 0; e < c->numbers; e += channels, x += step) {
        memset(x + step - LANES, 0, LANES * sizeof *x);
        for (size_t i = 0; i < channels; i++)
            if (floats)
                x[i] = floats[e + i];
            else if (c->array.type == CEPA_UINT8)
                x[i] = data->bytes_scaled[from[e + i]];
            else
                x[i] = (real)(c->read(from, e + i) * data->info.scale + data->info.offset);
    }
}
