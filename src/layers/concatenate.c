/* Concatenate: its inputs one behind the other along an axis.  Keras: keras.layers.Concatenate. */
#include "layers/layers.h"

#include <string.h>

typedef cepa_concatenate_options options;

static const field fields[] = {INT(options, axis, .preset = -1, .min = -CEPA_MAX_RANK, .max = CEPA_MAX_RANK),
                               END_OF_FIELDS};

typedef struct geometry {
    size_t outer;    /* rows of lanes in each input */
    size_t width[1]; /* lanes in a row: as many as inputs */
} geometry;

/* True where two shapes differ along the axis alone, as far as their sizes are known. */
static bool fits(const shape *a, const shape *b, size_t axis)
{
    if (a->rank != b->rank) return false;
    for (size_t i = 0; i < a->rank; i++)
        if (i != axis && a->size[i] != b->size[i] && a->size[i] != CEPA_UNKNOWN && b->size[i] != CEPA_UNKNOWN)
            return false;
    return true;
}

static bool shape_of(shape_pass *p)
{
    size_t axis;
    if (!need_axis(p, OPTIONS(p)->axis, &axis)) return false;
    geometry *g = declare_geometry(p, sizeof *g + p->inputs * sizeof *g->width);
    if (!g) return false;
    shape *out = p->output;
    *out = *p->input;
    out->size[axis] = 0;
    bool known = true;
    for (size_t i = 0; i < p->inputs; i++) {
        const shape *in = &p->input[i];
        if (!fits(p->input, in, axis)) {
            char a[96], b[96];
            shape_text(p->input, a, sizeof a);
            shape_text(in, b, sizeof b);
            return refuse(p, "its inputs may differ along axis %d alone: %s and %s", OPTIONS(p)->axis, a, b);
        }
        fold f = fold_axis(in, axis);
        known = known && in->size[axis] != CEPA_UNKNOWN;
        if (known && in->size[axis] > INT32_MAX - out->size[axis]) return refuse(p, "its output would be too large");
        out->size[axis] = known ? out->size[axis] + in->size[axis] : CEPA_UNKNOWN;
        g->outer = f.outer;
        g->width[i] = f.size * f.inner;
    }
    return true;
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    lanes *y = c->y[0];
    for (size_t row = 0; row < g->outer; row++)
        for (size_t i = 0; i < c->inputs; i++, y += g->width[i - 1])
            memcpy(y, c->x[i] + row * g->width[i], g->width[i] * sizeof *y);
}

static void gradient_inputs(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    const lanes *dy = c->dy[0];
    for (size_t row = 0; row < g->outer; row++)
        for (size_t i = 0; i < c->inputs; i++, dy += g->width[i - 1])
            if (c->dx[i]) memcpy(c->dx[i] + row * g->width[i], dy, g->width[i] * sizeof *dy);
}

const layer_class concatenate = {
    .kind = LAYER_KIND("Concatenate", fields, options),
    .min_inputs = 2,
    .max_inputs = 0,
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
};
