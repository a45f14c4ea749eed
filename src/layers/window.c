#include "layers/layers.h"

#include <stdio.h>
#include <string.h>

const char *const channels_last[] = {"channels_last", NULL};
const char *const paddings[] = {"valid", "same", NULL};
const char *const paddings_of_steps[] = {"valid", "same", "causal", NULL};

const window no_axis = {.in = 1, .out = 1, .size = 1, .stride = 1, .dilation = 1};

bool window_fit(window *w, int in, int size, int stride, int dilation, const char *padding)
{
    int64_t extent = (int64_t)(size - 1) * dilation + 1, whole = in; /* with the steps before, where it is causal */
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
    if (strcmp(padding, "causal") == 0) {
        w->before = (size_t)extent - 1;
        whole += extent - 1;
    }
    if (whole < extent) return false;
    w->out = (size_t)(whole - extent) / (size_t)stride + 1;
    return true;
}

bool same_shape(shape_pass *p)
{
    p->output[0] = *p->input;
    return true;
}

void copy_lanes(const lanes *from, lanes *to, size_t count)
{
    if (to != from) memcpy(to, from, count * sizeof *to);
}

bool need_size(shape_pass *p, size_t axis)
{
    if (p->input->size[axis] != CEPA_UNKNOWN) return true;
    char text[96];
    shape_text(p->input, text, sizeof text);
    return refuse(p, "axis %zu of its input %s must have a known size: weights depend on it", axis + 1, text);
}

bool need_axes(shape_pass *p, size_t axes)
{
    static const char *const names[] = {"steps", "height, width", "depth, height, width"};
    if (p->input->rank == axes + 1) return true;
    char text[96];
    shape_text(p->input, text, sizeof text);
    return refuse(p, "its input must be (None, %s, channels), not %s", names[axes - 1], text);
}

/* "3x3" */
static void sizes_text(const int *sizes, size_t count, char *text, size_t size)
{
    for (size_t i = 0, used = 0; i < count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%d", i ? "x" : "", sizes[i]);
}

bool refuse_windows(shape_pass *p, const char *what, const int *sizes, size_t axes, const char *padding)
{
    char window[48], input[48];
    sizes_text(sizes, axes, window, sizeof window);
    sizes_text(p->input->size, axes, input, sizeof input);
    return refuse(p, "%s %s does not fit its input %s (padding '%s')", what, window, input, padding);
}

random_stream stream_of(const layer_call *c, int64_t seed)
{
    random_stream stream = c->random->stream;
    if (seed) stream.key = (uint64_t)seed;
    return stream;
}
