/* Pictures looked at through a linear map: each lane has its own, so the places are found lane by lane, once for all
 * channels. */
#include "kernels/vec.h"

/* The pixels that one is made of; those beyond the edges of OUTSIDE_CONSTANT have no weight. */
typedef struct neighbours {
    size_t place[4];
    real weight[4], constant;
} neighbours;

INLINE real whole(real x) { return (real)__builtin_trunc((double)x); }
INLINE real below(real x) { return (real)__builtin_floor((double)x); }

/* A coordinate brought into the picture, of size pixels. */
static real fold(real x, real size, outside outside)
{
    const real period = 2 * size;
    if (outside == OUTSIDE_REFLECT && x < 0) {
        if (x < period) x += period * whole(-x / period);
        x = x < -size ? x + period : -x - 1;
    } else if (outside == OUTSIDE_REFLECT && x > size - 1) {
        x -= period * whole(x / period);
        if (x >= size) x = period - x - 1;
    } else if (outside == OUTSIDE_WRAP && x < 0) {
        x = size > 1 ? x + size * (whole(-x / (size - 1)) + 1) : 0;
    } else if (outside == OUTSIDE_WRAP && x > size - 1) {
        x = size > 1 ? x - size * whole(x / (size - 1)) : 0;
    }
    if (outside == OUTSIDE_CONSTANT) return x;
    return x > 0 ? x < size - 1 ? x : size - 1 : 0;
}

static void add_neighbour(const mapping *m, neighbours *n, size_t i, real row, real column, real weight)
{
    const bool inside = row >= 0 && row <= (real)(m->height - 1) && column >= 0 && column <= (real)(m->width - 1);
    n->place[i] = inside ? (size_t)row * m->width + (size_t)column : 0;
    n->weight[i] = inside ? weight : 0;
    if (!inside) n->constant += weight * m->constant;
}

static neighbours neighbours_of(const mapping *m, const linear_map *map, real i, real j)
{
    neighbours n = {.constant = 0};
    real row = fold(map->a * i + map->b * j + map->c, (real)m->height, m->outside);
    real column = fold(map->d * i + map->e * j + map->f, (real)m->width, m->outside);
    if (m->nearest) {
        add_neighbour(m, &n, 0, (real)__builtin_round((double)row), (real)__builtin_round((double)column), 1);
        return n;
    }
    const real top = below(row), left = below(column), down = row - top, right = column - left;
    add_neighbour(m, &n, 0, top, left, (1 - down) * (1 - right));
    if (right > 0) add_neighbour(m, &n, 1, top, left + 1, (1 - down) * right);
    if (down > 0) add_neighbour(m, &n, 2, top + 1, left, down * (1 - right));
    if (down > 0 && right > 0) add_neighbour(m, &n, 3, top + 1, left + 1, down * right);
    return n;
}

void KERNEL(map_pictures)(const mapping *m, const linear_map maps[LANES], const lanes *x, lanes *y)
{
    const size_t pixels = m->height * m->width;
    for (size_t p = 0; p < pixels; p++)
        for (size_t r = 0; r < LANES; r++) {
            const neighbours n = neighbours_of(m, &maps[r], (real)(p / m->width), (real)(p % m->width));
            for (size_t c = 0; c < m->channels; c++) {
                real sum = n.constant;
                for (size_t k = 0; k < 4; k++)
                    if (n.weight[k] != 0) sum += n.weight[k] * x[c * pixels + n.place[k]].lane[r];
                y[c * pixels + p].lane[r] = sum;
            }
        }
}

void KERNEL(map_pictures_gradient)(const mapping *m, const linear_map maps[LANES], const lanes *dy, lanes *dx)
{
    const size_t pixels = m->height * m->width;
    for (size_t e = 0; e < m->channels * pixels; e++)
        for (size_t r = 0; r < LANES; r++) dx[e].lane[r] = 0;
    for (size_t p = 0; p < pixels; p++)
        for (size_t r = 0; r < LANES; r++) {
            const neighbours n = neighbours_of(m, &maps[r], (real)(p / m->width), (real)(p % m->width));
            for (size_t c = 0; c < m->channels; c++)
                for (size_t k = 0; k < 4; k++)
                    if (n.weight[k] != 0)
                        dx[c * pixels + n.place[k]].lane[r] += n.weight[k] * dy[c * pixels + p].lane[r];
        }
}
