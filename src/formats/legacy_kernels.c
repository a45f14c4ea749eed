/* Kernels of convolutions as older files lay them out. */
#include "formats/legacy_kernels.h"

#include <string.h>

const axis_order *keras1_axes(const layer *l, bool channels_first)
{
    static const axis_order orders[] = {
        {"Conv2D", true, {2, 3, 1, 0}},
        {"Conv2DTranspose", false, {0, 1, 3, 2}},
        {"Conv2DTranspose", true, {2, 3, 0, 1}},
        {"SeparableConv2D", true, {2, 3, 1, 0}},
    };
    for (size_t i = 0; i < ARRAY_COUNT(orders); i++)
        if (orders[i].channels_first == channels_first && strcmp(orders[i].class_name, l->class->kind.name) == 0)
            return &orders[i];
    return NULL;
}

/* The shape without axes of 1; gives their number. */
static size_t squeeze(const size_t *size, size_t rank, size_t *left)
{
    size_t count = 0;
    for (size_t i = 0; i < rank; i++)
        if (size[i] != 1) left[count++] = size[i];
    return count;
}

bool kernel_fits(const h5_shape *stored, const weight *w, const axis_order *order)
{
    size_t size[H5_MAX_AXES], mine[H5_MAX_AXES], theirs[H5_MAX_AXES];
    for (size_t i = 0; i < w->shape.rank; i++) size[i] = (size_t)w->shape.size[i];
    if (order && w->shape.rank == 4) {
        bool same = stored->rank == 4;
        for (size_t i = 0; same && i < 4; i++) same = stored->size[order->from[i]] == size[i];
        return same;
    }
    size_t count = squeeze(size, w->shape.rank, mine);
    return count == squeeze(stored->size, stored->rank, theirs) && !memcmp(mine, theirs, count * sizeof *mine);
}

void kernel_order(const weight *w, const axis_order *order, real *values, real *room)
{
    size_t size[4], stride[4], at[4] = {0}, step = 1;
    if (w->shape.rank != 4) return;
    for (size_t i = 0; i < 4; i++) size[order->from[i]] = (size_t)w->shape.size[i];
    for (size_t i = 4; i-- > 0; step *= size[i]) stride[i] = step;
    memcpy(room, values, w->count * sizeof *room);
    for (size_t e = 0; e < w->count; e++) {
        size_t place = 0;
        for (size_t i = 0; i < 4; i++) place += at[i] * stride[order->from[i]];
        values[e] = room[place];
        for (size_t i = 4; i-- > 0 && ++at[i] == (size_t)w->shape.size[i];) at[i] = 0;
    }
}

void kernel_turn(const weight *w, real *values)
{
    size_t rank = w->shape.rank;
    if (rank < 3 || strcmp(w->name, "kernel") != 0) return;
    size_t taps = (size_t)w->shape.size[rank - 2] * (size_t)w->shape.size[rank - 1], places = w->count / taps;
    for (size_t p = 0; p < places / 2; p++)
        for (size_t i = 0; i < taps; i++) {
            real *a = &values[p * taps + i], *b = &values[(places - 1 - p) * taps + i], kept = *a;
            *a = *b;
            *b = kept;
        }
}
