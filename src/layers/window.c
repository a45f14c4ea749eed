#include "layers/layers.h"

#include <string.h>

const char *const channels_last[] = {"channels_last", NULL};
const char *const paddings[] = {"valid", "same", NULL};

bool window_fit(window *w, int in, int size, int stride, int dilation, const char *padding)
{
    int extent = (size - 1) * dilation + 1;
    *w = (window){(size_t)in, 0, (size_t)size, (size_t)stride, (size_t)dilation, 0};
    if (in == CEPA_UNKNOWN) {
        w->out = w->in;
        return true;
    }
    if (strcmp(padding, "same") == 0) {
        w->out = ((size_t)in + (size_t)stride - 1) / (size_t)stride;
        size_t reach = (w->out - 1) * (size_t)stride + (size_t)extent;
        w->before = reach > (size_t)in ? (reach - (size_t)in) / 2 : 0;
        return true;
    }
    if (in < extent) return false;
    w->out = (size_t)(in - extent) / (size_t)stride + 1;
    return true;
}

bool need_size(shape_pass *p, size_t axis)
{
    if (p->input->size[axis] != CEPA_UNKNOWN) return true;
    char text[96];
    shape_text(p->input, text, sizeof text);
    return refuse(p, "axis %zu of its input %s must have a known size: weights depend on it", axis + 1, text);
}

bool need_image(shape_pass *p)
{
    if (p->input->rank == 3) return true;
    char text[96];
    shape_text(p->input, text, sizeof text);
    return refuse(p, "its input must be (None, height, width, channels), not %s", text);
}
