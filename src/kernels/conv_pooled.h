/* What a convolution with the maximum of 2 x 2 windows behind its relu does with one window, forward and back. Inside
 * kernels only. */
#ifndef KERNELS_CONV_POOLED_H
#define KERNELS_CONV_POOLED_H

#include "kernels/vec.h"

#include <math.h>

/* Which of a window's cells, row by row, the maximum took; NO_WINNER where relu gave 0. */
typedef struct pool_winner {
    uint8_t cell[LANES];
} pool_winner;
enum { NO_WINNER = 4 };

/* How many rows or columns lie in whole windows. */
INLINE size_t whole_windows(size_t size) { return size / 2 * 2; }

/* The maximum of a window and relu of it, as pool.c has them one after the other: the first maximum, and NaN before
 * every number. winner may be NULL. */
INLINE void pool_window(const vec y[4], size_t part, lanes *to, pool_winner *winner)
{
    ivec right = y[1] > y[0], right_below = y[3] > y[2];
    vec above = vec_select(right, y[1], y[0]), below = vec_select(right_below, y[3], y[2]);
    ivec down = below > above, numbers = (y[0] == y[0]) & (y[1] == y[1]) & (y[2] == y[2]) & (y[3] == y[3]);
    vec best = vec_select(down, below, above);
    ivec positive = (best > 0) & numbers;
    vec_store(to, part, vec_select(positive, best, vec_select(numbers, vec_set(0), vec_set((real)NAN))));
    if (!winner) return;
    ivec cell = (down & (2 - right_below)) | (~down & -right);
    vec_store_bytes(winner->cell, part, (positive & cell) | (~positive & NO_WINNER));
}

/* The gradient of a window's cells: that of its maximum where it was taken, else 0. */
INLINE void expand_window(const lanes *gradient, const pool_winner *winner, size_t part, vec dy[4])
{
    vec whole = vec_load(gradient, part);
    ivec cell = vec_load_bytes(winner->cell, part);
    UNROLL for (size_t k = 0; k < 4; k++) dy[k] = vec_select(cell == (int_of_real)k, whole, vec_set(0));
}

/* What all cells of a window receive together. */
INLINE vec pooled_gradient(const lanes *gradient, const pool_winner *winner, size_t part)
{
    ivec cell = vec_load_bytes(winner->cell, part);
    return vec_select(cell == NO_WINNER, vec_set(0), vec_load(gradient, part));
}

#endif
