/* What a convolution with the maximum of 2 x 2 windows behind its relu does with one window, forward and back. Inside
 * kernels only. */
#ifndef KERNELS_CONV_POOLED_H
#define KERNELS_CONV_POOLED_H

#include "kernels/vec.h"

/* Which of a window's cells, row by row, the maximum took; NO_WINNER where relu gave 0. */
typedef struct pool_winner {
    uint8_t cell[LANES];
} pool_winner;
enum { NO_WINNER = 4 };

/* How many rows or columns lie in whole windows. */
INLINE size_t whole_windows(size_t size) { return size / 2 * 2; }

/* The maximum of a window behind relu, as pool.c has it: the first one, and a NaN before every number. winner may be
 * NULL. */
INLINE void pool_window(const vec y[4], size_t part, lanes *to, pool_winner *winner)
{
    vec best = y[0];
    ivec cell = {0};
    UNROLL for (size_t k = 1; k < 4; k++)
    {
        ivec better = ~(y[k] <= best) & (best == best);
        best = vec_select(better, y[k], best);
        cell = (better & (int_of_real)k) | (~better & cell);
    }
    vec_store(to, part, best);
    if (!winner) return;
    ivec none = ~(best > 0);
    cell = (none & NO_WINNER) | (~none & cell);
    vec_store_bytes(winner->cell, part, cell);
}

/* The gradient of a window's cells: that of its maximum where it was taken, else 0. */
INLINE void expand_window(const lanes *gradient, const pool_winner *winner, size_t part, vec dy[4])
{
    vec whole = vec_load(gradient, part);
    ivec cell = vec_load_bytes(winner->cell, part);
    UNROLL for (size_t k = 0; k < 4; k++) dy[k] = vec_select(cell == (int_of_real)k, whole, vec_set(0));
}

/* That of one cell. */
INLINE void expand_cell(const lanes *gradient, const pool_winner *winner, size_t cell, size_t part, lanes *dy)
{
    ivec won = vec_load_bytes(winner->cell, part);
    vec_store(dy, part, vec_select(won == (int_of_real)cell, vec_load(gradient, part), vec_set(0)));
}

/* What all cells of a window receive together. */
INLINE vec pooled_gradient(const lanes *gradient, const pool_winner *winner, size_t part)
{
    ivec cell = vec_load_bytes(winner->cell, part);
    return vec_select(cell == NO_WINNER, vec_set(0), vec_load(gradient, part));
}

#endif
