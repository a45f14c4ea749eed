/* Pooling: maximum and mean over a window that slides over each channel; cells in the padding do not count.
 *
 * The winner of a window is its first maximum, row by row; a NaN beats every number, and the first NaN wins. A mean
 * adds its cells row by row and divides once. Gradients of windows that overlap are added window by window, row by row.
 */
#include "kernels/vec.h"

#include <string.h>

/* The cells of a window along one axis: which lie inside the picture, and the place of the first in the whole window.
 */
typedef struct extent {
    size_t begin, end, cut;
} extent;

/* whole: no window reaches outside. */
INLINE extent extent_at(size_t at, size_t stride, size_t pool, size_t before, size_t size, bool whole)
{
    if (whole) return (extent){at * stride, at * stride + pool, 0};
    size_t begin = at * stride, cut = begin < before ? before - begin : 0;
    return (extent){begin + cut - before, smaller(begin + pool - before, size), cut};
}

INLINE extent rows_at(const pool_shape *s, size_t i, bool whole)
{
    return extent_at(i, s->stride_height, s->pool_height, s->pad_top, s->in_height, whole);
}

INLINE extent columns_at(const pool_shape *s, size_t j, bool whole)
{
    return extent_at(j, s->stride_width, s->pool_width, s->pad_left, s->in_width, whole);
}

/* Calls run(shape, whole, ...) once more for the shape that is met most, so that the compiler can unroll it. */
#define RUN_POOL(run, s, ...)                                                                                          \
    do {                                                                                                               \
        pool_shape known = *(s);                                                                                       \
        if (is_whole_two_by_two(s)) {                                                                                  \
            known.pool_height = known.pool_width = 2;                                                                  \
            run(&known, true, __VA_ARGS__);                                                                            \
        } else                                                                                                         \
            run(&known, false, __VA_ARGS__);                                                                           \
    } while (0)

static bool is_whole_two_by_two(const pool_shape *s)
{
    return s->pool_height == 2 && s->pool_width == 2 && s->pad_top == 0 && s->pad_left == 0 &&
           (s->out_height - 1) * s->stride_height + 2 <= s->in_height &&
           (s->out_width - 1) * s->stride_width + 2 <= s->in_width;
}

/* Each input cell belongs to one window at most. */
static bool is_disjoint(const pool_shape *s)
{
    return s->stride_height >= s->pool_height && s->stride_width >= s->pool_width;
}

/* Clears what no window writes, or everything where windows add. */
static void clear(const pool_shape *s, lanes *dx, size_t channels)
{
    bool adjacent = s->stride_height == s->pool_height && s->stride_width == s->pool_width;
    size_t bottom = adjacent ? smaller(s->out_height * s->stride_height - s->pad_top, s->in_height) : 0;
    size_t right = smaller(s->out_width * s->stride_width - s->pad_left, s->in_width);
    for (size_t c = 0; c < channels; c++, dx += s->in_height * s->in_width) {
        for (size_t i = 0; i < bottom && right < s->in_width; i++)
            memset(dx + i * s->in_width + right, 0, (s->in_width - right) * sizeof(lanes));
        memset(dx + bottom * s->in_width, 0, (s->in_height - bottom) * s->in_width * sizeof(lanes));
    }
}

/* A winner is the cell's place in the window, stored as lanes of integers. */
typedef struct winners {
    _Alignas(64) int_of_real lane[LANES];
} winners;

size_t KERNEL(max_pool_winner_size)(const pool_shape *s)
{
    return s->channels * s->out_height * s->out_width * sizeof(winners);
}

/* All ones where a number takes the place of the best so far. */
INLINE ivec beats(vec number, vec best) { return ~(number <= best) & (best == best); }

INLINE void max_of_window(const lanes *x, size_t x_width, extent row, extent column, size_t width, lanes *y,
                          winners *winner)
{
    for (size_t part = 0; part < PARTS; part++) {
        vec best = vec_load(x + row.begin * x_width + column.begin, part);
        ivec best_cell = (ivec){0} + (int_of_real)(row.cut * width + column.cut);
        for (size_t i = 0; i < row.end - row.begin; i++)
            for (size_t j = i == 0; j < column.end - column.begin; j++) {
                vec number = vec_load(x + (row.begin + i) * x_width + column.begin + j, part);
                ivec better = beats(number, best),
                     cell = (ivec){0} + (int_of_real)((row.cut + i) * width + column.cut + j);
                best = vec_select(better, number, best);
                best_cell = (better & cell) | (~better & best_cell);
            }
        vec_store(y, part, best);
        if (winner) ((ivec *)winner->lane)[part] = best_cell;
    }
}

INLINE void max_forward(const pool_shape *s, bool whole, const lanes *x, lanes *y, winners *winner, size_t first,
                        size_t last)
{
    for (size_t c = first; c < last; c++, x += s->in_height * s->in_width)
        for (size_t i = 0; i < s->out_height; i++) {
            extent rows = rows_at(s, i, whole);
            for (size_t j = 0; j < s->out_width; j++, y++) {
                max_of_window(x, s->in_width, rows, columns_at(s, j, whole), s->pool_width, y, winner);
                if (winner) winner++;
            }
        }
}

void KERNEL(max_pool_forward)(const pool_shape *s, const lanes *x, lanes *y, void *winner, size_t first, size_t last)
{
    size_t out = first * s->out_height * s->out_width;
    winners *won = winner ? (winners *)winner + out : NULL;
    RUN_POOL(max_forward, s, x + first * s->in_height * s->in_width, y + out, won, first, last);
}

INLINE void give_to_winner(const lanes *dy, const winners *winner, lanes *dx, size_t dx_width, extent row,
                           extent column, size_t width, bool add)
{
    for (size_t part = 0; part < PARTS; part++) {
        vec gradient = vec_load(dy, part);
        ivec won = ((const ivec *)winner->lane)[part];
        for (size_t i = 0; i < row.end - row.begin; i++)
            for (size_t j = 0; j < column.end - column.begin; j++) {
                lanes *to = dx + (row.begin + i) * dx_width + column.begin + j;
                int_of_real cell = (int_of_real)((row.cut + i) * width + column.cut + j);
                vec own = vec_select(won == cell, gradient, vec_set(0));
                if (add) own += vec_load(to, part);
                vec_store(to, part, own);
            }
    }
}

INLINE void max_gradient(const pool_shape *s, bool whole, const lanes *dy, const winners *winner, lanes *dx,
                         size_t first, size_t last)
{
    bool add = !is_disjoint(s);
    for (size_t c = first; c < last; c++, dx += s->in_height * s->in_width)
        for (size_t i = 0; i < s->out_height; i++) {
            extent rows = rows_at(s, i, whole);
            for (size_t j = 0; j < s->out_width; j++, dy++, winner++) {
                extent columns = columns_at(s, j, whole);
                give_to_winner(dy, winner, dx, s->in_width, rows, columns, s->pool_width, add);
            }
        }
}

void KERNEL(max_pool_gradient)(const pool_shape *s, const lanes *dy, const void *winner, lanes *dx, size_t first,
                               size_t last)
{
    size_t out = first * s->out_height * s->out_width;
    dx += first * s->in_height * s->in_width;
    clear(s, dx, last - first);
    RUN_POOL(max_gradient, s, dy + out, (const winners *)winner + out, dx, first, last);
}

INLINE real cell_count(extent row, extent column)
{
    return (real)((row.end - row.begin) * (column.end - column.begin));
}

INLINE void average_forward(const pool_shape *s, bool whole, const lanes *x, lanes *y, size_t first, size_t last)
{
    for (size_t c = first; c < last; c++, x += s->in_height * s->in_width)
        for (size_t i = 0; i < s->out_height; i++) {
            extent row = rows_at(s, i, whole);
            for (size_t j = 0; j < s->out_width; j++, y++) {
                extent column = columns_at(s, j, whole);
                for (size_t part = 0; part < PARTS; part++) {
                    vec sum = vec_set(0);
                    for (size_t k = 0; k < row.end - row.begin; k++)
                        for (size_t l = 0; l < column.end - column.begin; l++)
                            sum += vec_load(x + (row.begin + k) * s->in_width + column.begin + l, part);
                    vec_store(y, part, sum / cell_count(row, column));
                }
            }
        }
}

void KERNEL(average_pool_forward)(const pool_shape *s, const lanes *x, lanes *y, size_t first, size_t last)
{
    y += first * s->out_height * s->out_width;
    RUN_POOL(average_forward, s, x + first * s->in_height * s->in_width, y, first, last);
}

INLINE void average_gradient(const pool_shape *s, bool whole, const lanes *dy, lanes *dx, size_t first, size_t last)
{
    bool add = !is_disjoint(s);
    for (size_t c = first; c < last; c++, dx += s->in_height * s->in_width)
        for (size_t i = 0; i < s->out_height; i++) {
            extent row = rows_at(s, i, whole);
            for (size_t j = 0; j < s->out_width; j++, dy++) {
                extent column = columns_at(s, j, whole);
                for (size_t part = 0; part < PARTS; part++) {
                    vec share = vec_load(dy, part) / cell_count(row, column);
                    for (size_t k = 0; k < row.end - row.begin; k++)
                        for (size_t l = 0; l < column.end - column.begin; l++) {
                            lanes *to = dx + (row.begin + k) * s->in_width + column.begin + l;
                            vec_store(to, part, add ? (vec)(vec_load(to, part) + share) : share);
                        }
                }
            }
        }
}

void KERNEL(average_pool_gradient)(const pool_shape *s, const lanes *dy, lanes *dx, size_t first, size_t last)
{
    dx += first * s->in_height * s->in_width;
    clear(s, dx, last - first);
    RUN_POOL(average_gradient, s, dy + first * s->out_height * s->out_width, dx, first, last);
}

void KERNEL(global_average_forward)(const lanes *x, lanes *y, size_t outer, size_t inner)
{
    for (size_t c = 0; c < outer; c++, x += inner)
        for (size_t part = 0; part < PARTS; part++) {
            vec sum = vec_set(0);
            for (size_t i = 0; i < inner; i++) sum += vec_load(x + i, part);
            vec_store(y + c, part, sum / (real)inner);
        }
}

void KERNEL(global_average_gradient)(const lanes *dy, lanes *dx, size_t outer, size_t inner)
{
    for (size_t c = 0; c < outer; c++, dx += inner)
        for (size_t part = 0; part < PARTS; part++) {
            vec share = vec_load(dy + c, part) / (real)inner;
            for (size_t i = 0; i < inner; i++) vec_store(dx + i, part, share);
        }
}

void KERNEL(global_max_forward)(const lanes *x, lanes *y, size_t outer, size_t inner)
{
    for (size_t c = 0; c < outer; c++, x += inner)
        for (size_t part = 0; part < PARTS; part++) {
            vec best = vec_load(x, part);
            for (size_t i = 1; i < inner; i++) {
                vec number = vec_load(x + i, part);
                best = vec_select(beats(number, best), number, best);
            }
            vec_store(y + c, part, best);
        }
}

/* All ones where x is a maximum; where the maximum is NaN, each NaN is. */
INLINE ivec is_maximum(vec x, vec maximum) { return (x == maximum) | (x != x); }

void KERNEL(global_max_gradient)(const lanes *dy, const lanes *x, const lanes *y, lanes *dx, size_t outer, size_t inner)
{
    for (size_t c = 0; c < outer; c++, x += inner, dx += inner)
        for (size_t part = 0; part < PARTS; part++) {
            vec maximum = vec_load(y + c, part), ties = vec_set(0);
            for (size_t i = 0; i < inner; i++)
                ties += vec_select(is_maximum(vec_load(x + i, part), maximum), vec_set(1), vec_set(0));
            vec share = vec_load(dy + c, part) / ties;
            for (size_t i = 0; i < inner; i++)
                vec_store(dx + i, part, vec_select(is_maximum(vec_load(x + i, part), maximum), share, vec_set(0)));
        }
}
