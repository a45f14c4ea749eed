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

void element_at(const shape *s, size_t place, size_t at[CEPA_MAX_RANK])
{
    size_t last = s->rank - 1;
    for (size_t i = last; i-- > 0; place /= (size_t)s->size[i]) at[i] = place % (size_t)s->size[i];
    at[last] = place;
}

size_t element_place(const shape *s, const size_t at[CEPA_MAX_RANK])
{
    size_t last = s->rank - 1, place = at[last];
    for (size_t i = 0; i < last; i++) place = place * (size_t)s->size[i] + at[i];
    return place;
}

void gather_axes(const shape *s, const bool along[CEPA_MAX_RANK], uint32_t *index)
{
    size_t count = shape_count(s), size = 1, at[CEPA_MAX_RANK];
    for (size_t i = 0; i < s->rank; i++) size *= along[i] ? (size_t)s->size[i] : 1;
    for (size_t e = 0; e < count; e++) {
        size_t inside = e % size, outside = e / size;
        for (size_t i = s->rank; i-- > 0;) {
            size_t *rest = along[i] ? &inside : &outside;
            at[i] = *rest % (size_t)s->size[i];
            *rest /= (size_t)s->size[i];
        }
        index[e] = (uint32_t)element_place(s, at);
    }
}

bool need_axis(shape_pass *p, int axis, size_t *index)
{
    if (shape_axis(p->input, axis, index)) return true;
    return refuse(p, "axis %d is none of its input's (batch 0 excluded, %zu others)", axis, p->input->rank);
}

bool choose_axes(shape_pass *p, const int *axes, bool chosen[CEPA_MAX_RANK])
{
    for (size_t i = 0, axis; i < ints_length(axes, CEPA_MAX_RANK); i++) {
        if (!need_axis(p, axes[i], &axis)) return false;
        chosen[axis] = true;
    }
    return true;
}

bool entries_along(shape_pass *p, const int *axes, bool along[CEPA_MAX_RANK], shape *entries)
{
    *entries = (shape){0};
    if (!choose_axes(p, axes, along)) return false;
    for (size_t i = 0; i < p->input->rank; i++) {
        if (!along[i]) continue;
        if (!need_size(p, i)) return false;
        entries->size[entries->rank++] = p->input->size[i];
    }
    return true;
}
