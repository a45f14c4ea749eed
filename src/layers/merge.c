/* Add, Subtract, Multiply, Average, Maximum, Minimum: of its inputs, element by element; axes of size 1 are repeated.
 * Where several inputs are the largest (the smallest) the first has the gradient.  Keras: keras.layers.Add ... */
#include "layers/layers.h"

#include <string.h>

static const field fields[] = {END_OF_FIELDS};

/* For each input, its place for each element of the output; NULL where the shapes are equal. */
typedef struct geometry {
    const uint32_t *index[1]; /* as many as inputs */
} geometry;

/* The common shape, axes counted from the last; what is unknown anywhere stays so. */
static bool broadcast(shape_pass *p, shape *out)
{
    for (size_t i = 0; i < p->inputs; i++)
        if (p->input[i].rank > out->rank) *out = p->input[i];
    for (size_t i = 0; i < p->inputs; i++) {
        const shape *in = &p->input[i];
        for (size_t k = 1; k <= in->rank; k++) {
            int *size = &out->size[out->rank - k], own = in->size[in->rank - k];
            if (own == CEPA_UNKNOWN || *size == 1) *size = own;
            if (own == *size || own == 1 || *size == CEPA_UNKNOWN) continue;
            char a[96], b[96];
            shape_text(&p->input[0], a, sizeof a);
            shape_text(in, b, sizeof b);
            return refuse(p, "the shapes of its inputs do not fit: %s and %s", a, b);
        }
    }
    return true;
}

/* Where element e of out reads in, whose axes of size 1 do not move. */
static void fill_index(const shape *in, const shape *out, uint32_t *index)
{
    size_t count = shape_count(out), at[CEPA_MAX_RANK], own[CEPA_MAX_RANK], skipped = out->rank - in->rank;
    for (size_t e = 0; e < count; e++) {
        element_at(out, e, at);
        for (size_t i = 0; i < in->rank; i++) own[i] = in->size[i] == 1 ? 0 : at[i + skipped];
        index[e] = (uint32_t)element_place(in, own);
    }
}

/* The common shape and the indices; room: how many further values of its size a pass needs. */
static bool fit(shape_pass *p, size_t room)
{
    shape *out = p->output;
    for (size_t i = 0; i < p->inputs; i++)
        if (p->input[i].rank == 0) return refuse(p, "its inputs need an axis besides the batch");
    if (!broadcast(p, out)) return false;
    geometry *g = declare_geometry(p, p->inputs * sizeof *g);
    if (!g) return false;
    bool repeats = false;
    for (size_t i = 0; i < p->inputs; i++) {
        if (shape_equal(&p->input[i], out)) continue;
        uint32_t *index = declare_table(p, shape_count(out) * sizeof *index);
        if (!index) return false;
        fill_index(&p->input[i], out, index);
        g->index[i] = index;
        repeats = true;
    }
    declare_scratch(p, (room + (repeats ? 2 : 0)) * shape_count(out) * sizeof(lanes));
    return true;
}

static bool shape_of(shape_pass *p) { return fit(p, 0); }

/* An input as large as the output, in room where its axes are repeated. */
static const lanes *repeated(const layer_call *c, size_t i, lanes *room)
{
    const uint32_t *index = GEOMETRY(c)->index[i];
    if (!index) return c->x[i];
    kernels->gather(c->x[i], index, room, c->count);
    return room;
}

typedef void two_to_one(const lanes *a, const lanes *b, lanes *y, size_t count);

static void combine(const layer_call *c, two_to_one *with)
{
    const lanes *so_far = repeated(c, 0, c->y[0]);
    for (size_t i = 1; i < c->inputs; i++, so_far = c->y[0])
        with(so_far, repeated(c, i, c->scratch), c->y[0], c->count);
}

/* What comes back to a repeated axis is added up. */
static void give_back(const layer_call *c, size_t i, const lanes *part)
{
    const uint32_t *index = GEOMETRY(c)->index[i];
    if (!index) return;
    kernels->fill(c->dx[i], shape_count(&c->input[i]), 0);
    kernels->scatter_add(part, index, c->dx[i], c->count);
}

typedef void part_of_gradient(const layer_call *c, size_t i, lanes *part);

/* The first input comes last: its gradient may stand in dy's place. */
static void each_gradient(const layer_call *c, part_of_gradient *take)
{
    for (size_t i = c->inputs; i-- > 0;) {
        if (!c->dx[i]) continue;
        lanes *part = GEOMETRY(c)->index[i] ? c->scratch : c->dx[i];
        take(c, i, part);
        give_back(c, i, part);
    }
}

#define MERGE_OF(class_name) .kind = LAYER_KIND(class_name, fields, cepa_merge_options), .min_inputs = 2

/* ---- Sums */

static void add_forward(const layer_call *c) { combine(c, kernels->add); }

static void whole(const layer_call *c, size_t i, lanes *part)
{
    (void)i;
    copy_lanes(c->dy[0], part, c->count);
}

static void add_gradient(const layer_call *c) { each_gradient(c, whole); }

const layer_class add = {
    MERGE_OF("Add"), .shape = shape_of, .forward = add_forward, .gradient_inputs = add_gradient, .in_place = true,
};

static void average_forward(const layer_call *c)
{
    combine(c, kernels->add);
    kernels->scale_offset(c->y[0], c->y[0], c->count, 1 / (real)c->inputs, 0);
}

static void equal_share(const layer_call *c, size_t i, lanes *part)
{
    (void)i;
    kernels->scale_offset(c->dy[0], part, c->count, 1 / (real)c->inputs, 0);
}

static void average_gradient(const layer_call *c) { each_gradient(c, equal_share); }

const layer_class average = {
    MERGE_OF("Average"), .shape = shape_of, .forward = average_forward, .gradient_inputs = average_gradient,
    .in_place = true,
};

static void subtract_forward(const layer_call *c) { combine(c, kernels->subtract); }

static void with_sign(const layer_call *c, size_t i, lanes *part)
{
    kernels->scale_offset(c->dy[0], part, c->count, i ? -1 : 1, 0);
}

static void subtract_gradient(const layer_call *c) { each_gradient(c, with_sign); }

const layer_class subtract = {
    MERGE_OF("Subtract"),
    .max_inputs = 2,
    .shape = shape_of,
    .forward = subtract_forward,
    .gradient_inputs = subtract_gradient,
    .in_place = true,
};

/* ---- Products */

static void multiply_forward(const layer_call *c) { combine(c, kernels->multiply); }

static void times_others(const layer_call *c, size_t i, lanes *part)
{
    const lanes *so_far = c->dy[0];
    for (size_t k = 0; k < c->inputs; k++) {
        if (k == i) continue;
        kernels->multiply(so_far, repeated(c, k, (lanes *)c->scratch + c->count), part, c->count);
        so_far = part;
    }
}

static void multiply_gradient(const layer_call *c) { each_gradient(c, times_others); }

const layer_class multiply = {
    MERGE_OF("Multiply"), .shape = shape_of, .forward = multiply_forward, .gradient_inputs = multiply_gradient,
    .needs = NEEDS_INPUT,
};

/* ---- Quotients: operations on two tensors, which Keras has no layers for */

static void quotient(const lanes *a, const lanes *b, lanes *y, size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t r = 0; r < LANES; r++) y[e].lane[r] = a[e].lane[r] / b[e].lane[r];
}

static void divide_forward(const layer_call *c) { combine(c, quotient); }

/* dy / b, and - dy y / b. */
static void of_quotient(const layer_call *c, size_t i, lanes *part)
{
    const lanes *b = repeated(c, 1, (lanes *)c->scratch + c->count), *from = c->dy[0];
    if (i) {
        kernels->multiply(c->dy[0], c->y[0], part, c->count);
        kernels->scale_offset(part, part, c->count, -1, 0);
        from = part;
    }
    quotient(from, b, part, c->count);
}

static void divide_gradient(const layer_call *c) { each_gradient(c, of_quotient); }

#define QUOTIENT(class_name)                                                                                           \
    {                                                                                                                  \
        .kind = {.name = (class_name), .fields = fields, .options_size = sizeof(cepa_merge_options)},                  \
        .operation = "keras.src.ops.numpy", .min_inputs = 2, .max_inputs = 2, .shape = shape_of,                       \
        .forward = divide_forward, .gradient_inputs = divide_gradient, .needs = NEEDS_INPUT | NEEDS_OUTPUT             \
    }

const layer_class true_divide = QUOTIENT("TrueDivide"), divide = QUOTIENT("Divide");

/* ---- Extremes */

static bool extreme_shape(shape_pass *p) { return fit(p, 2); }

static void maximum_forward(const layer_call *c) { combine(c, kernels->maximum); }
static void minimum_forward(const layer_call *c) { combine(c, kernels->minimum); }

/* Each input in its order takes what is left of the gradient where it is the output. */
static void extreme_gradient(const layer_call *c)
{
    lanes *part = c->scratch, *left = part + c->count, *room = left + c->count;
    memcpy(left, c->dy[0], c->count * sizeof *left);
    for (size_t i = 0; i < c->inputs; i++) {
        lanes *own = GEOMETRY(c)->index[i] || !c->dx[i] ? part : c->dx[i];
        kernels->take_where_equal(repeated(c, i, room), c->y[0], left, own, c->count);
        if (c->dx[i]) give_back(c, i, own);
    }
}

const layer_class maximum = {
    MERGE_OF("Maximum"),
    .shape = extreme_shape,
    .forward = maximum_forward,
    .gradient_inputs = extreme_gradient,
    .needs = NEEDS_INPUT | NEEDS_OUTPUT,
};

const layer_class minimum = {
    MERGE_OF("Minimum"),
    .shape = extreme_shape,
    .forward = minimum_forward,
    .gradient_inputs = extreme_gradient,
    .needs = NEEDS_INPUT | NEEDS_OUTPUT,
};
