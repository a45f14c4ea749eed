/* Rows of numbers, one an image, into the lanes of a block and back. index[e] is the place in a row of the block's
 * element e. */
#include "kernels/vec.h"

void KERNEL(load_bytes)(const uint8_t *const rows[LANES], const uint32_t *index, const real table[256], lanes *y,
                        size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t r = 0; r < LANES; r++) y[e].lane[r] = table[rows[r][index[e]]];
}

void KERNEL(load_floats)(const float *const rows[LANES], const uint32_t *index, real scale, lanes *y, size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t r = 0; r < LANES; r++) y[e].lane[r] = rows[r][index[e]] * scale;
}

void KERNEL(store_floats)(const lanes *x, const uint32_t *index, float *const rows[LANES], size_t row_count,
                          size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t r = 0; r < row_count; r++) rows[r][index[e]] = (float)x[e].lane[r];
}
