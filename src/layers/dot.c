/* Dot: the sums of products of two inputs along an axis of each; what their other axes hold is met each with each.
 * Keras: keras.layers.Dot. */
#include "layers/layers.h"

typedef cepa_dot_options options;

static const field fields[] = {INTS(options, axes, .required = true, .min = -CEPA_MAX_RANK, .max = CEPA_MAX_RANK),
                               BOOL(options, normalize), END_OF_FIELDS};

static const double shortest = 1e-7; /* of the lengths that normalize divides by */

/* An input as rows[i] of n numbers at index[i * n + k]; the output as rows[0] of rows[1] numbers. */
typedef struct geometry {
    size_t n, rows[2];
    uint32_t *index[2], *output;
} geometry;

static bool axis_of(shape_pass *p, int which, size_t *axis)
{
    if (shape_axis(&p->input[which], OPTIONS(p)->axes[which], axis)) return true;
    return refuse(p, "axis %d is none of its input's (batch 0 excluded, %zu others)", OPTIONS(p)->axes[which],
                  p->input[which].rank);
}

static bool output_shape(shape_pass *p, const size_t axis[2])
{
    shape *out = p->output;
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < p->input[i].rank; k++) {
            if (k == axis[i]) continue;
            if (out->rank == CEPA_MAX_RANK)
                return refuse(p, "its output would have more than %d axes besides the batch", CEPA_MAX_RANK);
            out->size[out->rank++] = p->input[i].size[k];
        }
    if (out->rank == 0) *out = (shape){1, {1}};
    return true;
}

static bool shape_of(shape_pass *p)
{
    const bool none[CEPA_MAX_RANK] = {false};
    size_t axis[2], count[2];
    if (!axis_of(p, 0, &axis[0]) || !axis_of(p, 1, &axis[1])) return false;
    int size[2] = {p->input[0].size[axis[0]], p->input[1].size[axis[1]]};
    if (size[0] != size[1] && size[0] != CEPA_UNKNOWN && size[1] != CEPA_UNKNOWN)
        return refuse(p, "its inputs have %d and %d entries along the axes it sums over", size[0], size[1]);
    if (!output_shape(p, axis)) return false;
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    g->n = (size_t)size[0];
    for (size_t i = 0; i < 2; i++) {
        bool along[CEPA_MAX_RANK] = {false};
        along[axis[i]] = true;
        count[i] = shape_count(&p->input[i]);
        g->rows[i] = count[i] / g->n;
        if (!(g->index[i] = declare_table(p, (count[i] + 1) * sizeof *g->index[i]))) return false;
        gather_axes(&p->input[i], along, g->index[i]);
    }
    if (!(g->output = declare_table(p, (shape_count(p->output) + 1) * sizeof *g->output))) return false;
    gather_axes(p->output, none, g->output);
    /* both inputs, of length 1, and the gradient of one of them */
    if (OPTIONS(p)->normalize) declare_scratch(p, 2 * (count[0] + count[1]) * sizeof(lanes));
    return true;
}

/* A matrix in a block: number (row, column) is at index[row * step[0] + column * step[1]]. */
typedef struct matrix {
    const lanes *numbers;
    const uint32_t *index;
    size_t step[2];
} matrix;

/* y = a b, an m x n matrix at index[row * n + column]; depth: the columns of a. */
static void multiply(const matrix *a, const matrix *b, size_t m, size_t n, size_t depth, const uint32_t *index,
                     lanes *y)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum[LANES] = {0};
            for (size_t k = 0; k < depth; k++) {
                const lanes *left = &a->numbers[a->index[i * a->step[0] + k * a->step[1]]],
                            *right = &b->numbers[b->index[k * b->step[0] + j * b->step[1]]];
                for (size_t r = 0; r < LANES; r++) sum[r] += (double)left->lane[r] * (double)right->lane[r];
            }
            for (size_t r = 0; r < LANES; r++) y[index[i * n + j]].lane[r] = (real)sum[r];
        }
}

/* The inputs, or in the scratch what normalize makes of them. */
static void factors(const layer_call *c, const lanes *x[2])
{
    const geometry *g = GEOMETRY(c);
    lanes *room = c->scratch;
    for (size_t i = 0; i < 2; i++) {
        x[i] = c->x[i];
        if (!OPTIONS(c)->normalize) continue;
        unit_rows(c->x[i], g->index[i], g->rows[i], g->n, shortest, room);
        x[i] = room;
        room += g->rows[i] * g->n;
    }
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    const lanes *x[2];
    factors(c, x);
    multiply(&(matrix){x[0], g->index[0], {g->n, 1}}, &(matrix){x[1], g->index[1], {1, g->n}}, g->rows[0], g->rows[1],
             g->n, g->output, c->y[0]);
}

/* dx = dy, or dy turned, times the other input. */
static void gradient_inputs(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    const lanes *x[2];
    factors(c, x);
    for (size_t i = 0; i < 2; i++) {
        size_t other = 1 - i;
        bool unit = OPTIONS(c)->normalize;
        lanes *dx = unit ? (lanes *)c->scratch + (g->rows[0] + g->rows[1]) * g->n : c->dx[i];
        if (!c->dx[i]) continue;
        multiply(&(matrix){c->dy[0], g->output, {i ? 1 : g->rows[1], i ? g->rows[1] : 1}},
                 &(matrix){x[other], g->index[other], {g->n, 1}}, g->rows[i], g->n, g->rows[other], g->index[i], dx);
        if (unit) unit_rows_gradient(c->x[i], dx, g->index[i], g->rows[i], g->n, shortest, c->dx[i]);
    }
}

const layer_class dot = {
    .kind = LAYER_KIND("Dot", fields, options),
    .min_inputs = 2,
    .max_inputs = 2,
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .needs = NEEDS_INPUT,
};
