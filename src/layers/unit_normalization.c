/* UnitNormalization: y = x / length of x along some axes.  Keras: keras.layers.UnitNormalization. */
#include "layers/layers.h"

#include <math.h>

typedef cepa_unit_normalization_options options;

static const field fields[] = {AXES(options, axis, .preset = -1, .min = -CEPA_MAX_RANK, .max = CEPA_MAX_RANK),
                               END_OF_FIELDS};

static const double shortest = 1e-12;

/* Of one row in each lane: the sums of a * b. */
static void products(const lanes *a, const lanes *b, const uint32_t *index, size_t n, double sum[LANES])
{
    for (size_t r = 0; r < LANES; r++) sum[r] = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t r = 0; r < LANES; r++) sum[r] += (double)a[index[i]].lane[r] * (double)b[index[i]].lane[r];
}

void unit_rows(const lanes *x, const uint32_t *index, size_t rows, size_t n, double least, lanes *y)
{
    double length[LANES];
    for (size_t row = 0; row < rows; row++, index += n) {
        products(x, x, index, n, length);
        for (size_t r = 0; r < LANES; r++) length[r] = fmax(sqrt(length[r]), least);
        for (size_t i = 0; i < n; i++)
            for (size_t r = 0; r < LANES; r++) y[index[i]].lane[r] = (real)((double)x[index[i]].lane[r] / length[r]);
    }
}

void unit_rows_gradient(const lanes *x, const lanes *dy, const uint32_t *index, size_t rows, size_t n, double least,
                        lanes *dx)
{
    double length[LANES], along[LANES];
    for (size_t row = 0; row < rows; row++, index += n) {
        products(x, x, index, n, length);
        products(x, dy, index, n, along);
        for (size_t r = 0; r < LANES; r++) {
            bool cut = sqrt(length[r]) < least;
            along[r] = cut ? 0 : along[r] / length[r];
            length[r] = cut ? least : sqrt(length[r]);
        }
        for (size_t i = 0; i < n; i++)
            for (size_t r = 0; r < LANES; r++) {
                double own = (double)x[index[i]].lane[r] * along[r];
                dx[index[i]].lane[r] = (real)(((double)dy[index[i]].lane[r] - own) / length[r]);
            }
    }
}

typedef struct geometry {
    size_t n;          /* numbers of a row */
    uint32_t index[1]; /* as many as elements */
} geometry;

static bool shape_of(shape_pass *p)
{
    bool along[CEPA_MAX_RANK] = {false};
    if (!choose_axes(p, OPTIONS(p)->axis, along)) return false;
    geometry *g = declare_geometry(p, sizeof *g + shape_count(p->input) * sizeof *g->index);
    if (!g) return false;
    g->n = 1;
    for (size_t i = 0; i < p->input->rank; i++) g->n *= along[i] ? (size_t)p->input->size[i] : 1;
    gather_axes(p->input, along, g->index);
    p->output[0] = *p->input;
    return true;
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    unit_rows(c->x[0], g->index, c->count / g->n, g->n, shortest, c->y[0]);
}

static void gradient_inputs(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    unit_rows_gradient(c->x[0], c->dy[0], g->index, c->count / g->n, g->n, shortest, c->dx[0]);
}

const layer_class unit_normalization = {
    .kind = LAYER("UnitNormalization", fields, options),
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .needs = NEEDS_INPUT,
};
