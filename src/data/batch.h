/* How rows of a data set reach the engine: inputs into lanes, targets and weights one number at a time. */
#ifndef DATA_BATCH_H
#define DATA_BATCH_H

#include "data/dataset.h"
#include "kernels/lanes.h"

/* Numbers in one row of an input or target. */
size_t batch_input_size(const cepa_dataset *data, size_t input);
size_t batch_target_size(const cepa_dataset *data, size_t target);

/* Fills a block with sixteen rows of an input, each number times the data set's scale (computed in double, rounded
 * once): element e of lane r is the number at place order[e] of rows[r]. Lanes beyond a batch repeat its last row. */
void batch_load(const cepa_dataset *data, size_t input, const size_t rows[LANES], const uint32_t *order, lanes *x);

/* One number of a target's row, as it is in the data set. */
static inline double batch_target(const cepa_dataset *data, size_t target, size_t row, size_t element)
{
    const column *c = &data->storage->columns[ROLE_TARGET][target];
    return c->read(column_row(data, c, row), element);
}

/* A row's sample weight; 1 where the data set has none. */
static inline double batch_weight(const cepa_dataset *data, size_t row)
{
    const column *c = data->storage->columns[ROLE_WEIGHT];
    return c ? c->read(column_row(data, c, row), 0) : 1;
}

/* One row of an input apart: [all axes but the last][channels], each position's channels in whole lanes, filled up with
 * 0. Scaled as batch_load does it. */
void batch_load_apart(const cepa_dataset *data, size_t input, size_t row, size_t channels, real *x);

#endif
