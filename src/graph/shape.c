#include "graph/layer.h"

#include <stdio.h>
#include <string.h>

size_t shape_count(const shape *s)
{
    size_t count = 1;
    for (size_t i = 0; i < s->rank; i++)
        if (s->size[i] < 0 || !multiply_size(count, (size_t)s->size[i], &count)) return 0;
    return count;
}

bool shape_is_known(const shape *s)
{
    for (size_t i = 0; i < s->rank; i++)
        if (s->size[i] == CEPA_UNKNOWN) return false;
    return true;
}

size_t shape_channels(const shape *s) { return s->rank ? (size_t)s->size[s->rank - 1] : 1; }

bool shape_equal(const shape *a, const shape *b)
{
    return a->rank == b->rank && memcmp(a->size, b->size, a->rank * sizeof *a->size) == 0;
}

void shape_text(const shape *s, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "(None");
    for (size_t i = 0; i < s->rank && used < size; i++) {
        int length = s->size[i] == CEPA_UNKNOWN ? snprintf(text + used, size - used, ", None")
                                                : snprintf(text + used, size - used, ", %d", s->size[i]);
        used += (size_t)length;
    }
    if (used < size) snprintf(text + used, size - used, s->rank ? ")" : ",)");
}

bool shape_axis(const shape *s, int axis, size_t *index)
{
    int rank = (int)s->rank, place = axis < 0 ? axis + rank : axis - 1;
    if (axis == 0 || place < 0 || place >= rank) return false;
    *index = (size_t)place;
    return true;
}

void shape_order(const shape *s, uint32_t *index)
{
    size_t count = shape_count(s), channels = s->rank ? (size_t)s->size[s->rank - 1] : 1;
    size_t positions = channels ? count / channels : 0;
    if (!count) return;
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < positions; p++) index[c * positions + p] = (uint32_t)(p * channels + c);
}
