#include "layers/layers.h"

#include <string.h>

const char *const channels_last[] = {"channels_last", NULL};
const char *const paddings[] = {"valid", "same", NULL};

bool window_fit(window *w, int in, int size, int stride, int dilation, const char *padding)
{
    int extent = (size - 1) * dilation + 1;
    *w = (window){(size_t)in, 0, (size_t)size, (size_t)stride, (size_t)dilation, 0};
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

bool need_known(shape_pass *p)
{
    for (size_t i = 0; i < p->input->rank; i++)
        if (p->input->size[i] == CEPA_UNKNOWN) {
            char text[96];
            shape_text(p->input, text, sizeof text);
            return refuse(p, "its input %s has an unknown size: give the input a whole shape", text);
        }
    return true;
}

bool need_image(shape_pass *p)
{
    if (p->input->rank == 3) return need_known(p);
    char text[96];
    shape_text(p->input, text, sizeof text);
    return refuse(p, "its input must be (None, height, width, channels), not %s", text);
}
