#include "layers/layers.h"

fold fold_axis(const shape *s, size_t axis)
{
    fold f = {1, (size_t)s->size[axis], 1};
    if (axis + 1 == s->rank) {
        f.inner = shape_count(s) / f.size;
        return f;
    }
    f.outer = (size_t)s->size[s->rank - 1];
    for (size_t i = 0; i < axis; i++) f.outer *= (size_t)s->size[i];
    for (size_t i = axis + 1; i + 1 < s->rank; i++) f.inner *= (size_t)s->size[i];
    return f;
}

bool need_axis(shape_pass *p, int axis, size_t *index)
{
    if (shape_axis(p->input, axis, index)) return true;
    return refuse(p, "axis %d is none of its input's (batch 0 excluded, %zu others)", axis, p->input->rank);
}
