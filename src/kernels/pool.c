/* Pooling: maximum and mean over a window that slides over each channel; cells in the padding do not count.
 *
 * The winner of a window is its first maximum, row by row; a NaN beats every number, and the first NaN wins. A mean
 * adds its cells row by row and divides once. Gradients of windows that overlap are added window by window, row by row.
 */
#include "kernels/vec.h"

#include <string.h>

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* The cells of one window that lie inside the picture. */
typedef struct window {
    size_t top, bottom, left, right; /* in the input; bottom and right are outside */
    size_t cell, width;              /* the place of its first cell in the whole window, and that window's width */
} window;

static window window_at(const pool_shape *s, size_t y, size_t x)
{
    size_t top = y * s->stride_height, left = x * s->stride_width;
    size_t cut_rows = top < s->pad_top ? s->pad_top - top : 0,
           cut_columns = left < s->pad_left ? s->pad_left - left : 0;
    return (window){.top = top + cut_rows - s->pad_top,
                    .bottom = smaller(top + s->pool_height - s->pad_top, s->in_height),
                    .left = left + cut_columns - s->pad_left,
                    .right = smaller(left + s->pool_width - s->pad_left, s->in_width),
                    .cell = cut_rows * s->pool_width + cut_columns,
                    .width = s->pool_width};
}

static size_t cell_count(const window *w) { return (w->bottom - w->top) * (w->right - w->left); }

/* Each input cell belongs to one window at most. */
static bool is_disjoint(const pool_shape *s)
{
    return s->stride_height >= s->pool_height && s->stride_width >= s->pool_width;
}

/* All input cells are in windows. */
static bool is_covered(const pool_shape *s)
{
    return s->stride_height <= s->pool_height && s->stride_width <= s->pool_width &&
           (s->out_height - 1) * s->stride_height + s->pool_height >= s->in_height + s->pad_top &&
           (s->out_width - 1) * s->stride_width + s->pool_width >= s->in_width + s->pad_left;
}

/* A winner is stored as the cell's place in the window: a byte for each lane, or an int_of_real where windows are
 * larger. */
typedef uint8_t byte_vec __attribute__((vector_size(VEC_WIDTH), may_alias));

static bool is_wide(const pool_shape *s) { return s->pool_height * s->pool_width > 256; }

static size_t winner_bytes(bool wide) { return LANES * (wide ? sizeof(int_of_real) : 1); }

INLINE void store_winner(void *winner, size_t part, ivec cell, bool wide)
{
    if (wide)
        ((ivec *)winner)[part] = cell;
    else
        ((byte_vec *)winner)[part] = __builtin_convertvector(cell, byte_vec);
}

INLINE ivec load_winner(const void *winner, size_t part, bool wide)
{
    if (wide) return ((const ivec *)winner)[part];
    return __builtin_convertvector(((const byte_vec *)winner)[part], ivec);
}

size_t KERNEL(max_pool_winner_size)(const pool_shape *s)
{
    return s->channels * s->out_height * s->out_width * winner_bytes(is_wide(s));
}

/* All ones where a number takes the place of the best so far. */
INLINE ivec beats(vec number, vec best) { return ~(number <= best) & (best == best); }

INLINE void max_of_window(const lanes *x, size_t x_width, const window *w, lanes *y, void *winner, bool wide)
{
    for (size_t part = 0; part < PARTS; part++) {
        vec best = vec_load(x + w->top * x_width + w->left, part);
        ivec best_cell = (ivec){0} + (int_of_real)w->cell;
        for (size_t i = 0; i < w->bottom - w->top; i++)
            for (size_t j = 0; j < w->right - w->left; j++) {
                vec number = vec_load(x + (w->top + i) * x_width + w->left + j, part);
                ivec better = beats(number, best), cell = (ivec){0} + (int_of_real)(w->cell + i * w->width + j);
                best = vec_select(better, number, best);
                best_cell = (better & cell) | (~better & best_cell);
            }
        vec_store(y, part, best);
        if (winner) store_winner(winner, part, best_cell, wide);
    }
}

void KERNEL(max_pool_forward)(const pool_shape *s, const lanes *x, lanes *y, void *winner, size_t first, size_t last)
{
    bool wide = is_wide(s);
    size_t in_plane = s->in_height * s->in_width, out = first * s->out_height * s->out_width;
    for (size_t c = first; c < last; c++)
        for (size_t i = 0; i < s->out_height; i++)
            for (size_t j = 0; j < s->out_width; j++, out++) {
                window w = window_at(s, i, j);
                void *to = winner ? (uint8_t *)winner + out * winner_bytes(wide) : NULL;
                max_of_window(x + c * in_plane, s->in_width, &w, y + out, to, wide);
            }
}

INLINE void give_to_winner(const lanes *dy, const void *winner, lanes *dx, size_t dx_width, const window *w, bool wide,
                           bool add)
{
    for (size_t part = 0; part < PARTS; part++) {
        vec gradient = vec_load(dy, part);
        ivec won = load_winner(winner, part, wide);
        for (size_t i = 0; i < w->bottom - w->top; i++)
            for (size_t j = 0; j < w->right - w->left; j++) {
                lanes *to = dx + (w->top + i) * dx_width + w->left + j;
                vec own = vec_select(won == (int_of_real)(w->cell + i * w->width + j), gradient, vec_set(0));
                if (add) own += vec_load(to, part);
                vec_store(to, part, own);
            }
    }
}

void KERNEL(max_pool_gradient)(const pool_shape *s, const lanes *dy, const void *winner, lanes *dx, size_t first,
                               size_t last)
{
    bool wide = is_wide(s), add = !is_disjoint(s);
    size_t in_plane = s->in_height * s->in_width, out = first * s->out_height * s->out_width;
    if (add || !is_covered(s)) memset(dx + first * in_plane, 0, (last - first) * in_plane * sizeof(lanes));
    for (size_t c = first; c < last; c++)
        for (size_t i = 0; i < s->out_height; i++)
            for (size_t j = 0; j < s->out_width; j++, out++) {
                window w = window_at(s, i, j);
                const void *from = (const uint8_t *)winner + out * winner_bytes(wide);
                give_to_winner(dy + out, from, dx + c * in_plane, s->in_width, &w, wide, add);
            }
}

void KERNEL(average_pool_forward)(const pool_shape *s, const lanes *x, lanes *y, size_t first, size_t last)
{
    size_t in_plane = s->in_height * s->in_width, out = first * s->out_height * s->out_width;
    for (size_t c = first; c < last; c++)
        for (size_t i = 0; i < s->out_height; i++)
            for (size_t j = 0; j < s->out_width; j++, out++) {
                window w = window_at(s, i, j);
                for (size_t part = 0; part < PARTS; part++) {
                    vec sum = vec_set(0);
                    for (size_t row = w.top; row < w.bottom; row++)
                        for (size_t column = w.left; column < w.right; column++)
                            sum += vec_load(x + c * in_plane + row * s->in_width + column, part);
                    vec_store(y + out, part, sum / (real)cell_count(&w));
                }
            }
}

void KERNEL(average_pool_gradient)(const pool_shape *s, const lanes *dy, lanes *dx, size_t first, size_t last)
{
    size_t in_plane = s->in_height * s->in_width, out = first * s->out_height * s->out_width;
    memset(dx + first * in_plane, 0, (last - first) * in_plane * sizeof(lanes));
    for (size_t c = first; c < last; c++)
        for (size_t i = 0; i < s->out_height; i++)
            for (size_t j = 0; j < s->out_width; j++, out++) {
                window w = window_at(s, i, j);
                for (size_t part = 0; part < PARTS; part++) {
                    vec share = vec_load(dy + out, part) / (real)cell_count(&w);
                    for (size_t row = w.top; row < w.bottom; row++)
                        for (size_t column = w.left; column < w.right; column++) {
                            lanes *to = dx + c * in_plane + row * s->in_width + column;
                            vec_store(to, part, vec_load(to, part) + share);
                        }
                }
            }
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
