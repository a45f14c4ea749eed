/* Add: the sum of its inputs, element by element; axes of size 1 are repeated.  Keras: keras.layers.Add. */
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

/* In the engine's order: where element e of out reads in, whose axes of size 1 do not move. */
static void fill_index(const shape *in, const shape *out, uint32_t *index)
{
    size_t count = shape_count(out);
    for (size_t e = 0; e < count; e++) {
        size_t rest = e, at[CEPA_MAX_RANK], last = out->rank - 1, place = 0;
        for (size_t i = last; i-- > 0; rest /= (size_t)out->size[i]) at[i] = rest % (size_t)out->size[i];
        at[last] = rest;
        size_t skipped = out->rank - in->rank;
        place = in->size[in->rank - 1] == 1 ? 0 : at[last];
        for (size_t i = 0; i + 1 < in->rank; i++)
            place = place * (size_t)in->size[i] + (in->size[i] == 1 ? 0 : at[i + skipped]);
        index[e] = (uint32_t)place;
    }
}

static bool shape_of(shape_pass *p)
{
    shape *out = p->output;
    for (size_t i = 0; i < p->inputs; i++)
        if (p->input[i].rank == 0) return refuse(p, "its inputs need an axis besides the batch");
    if (!broadcast(p, out)) return false;
    geometry *g = declare_geometry(p, p->inputs * sizeof *g);
    if (!g) return false;
    for (size_t i = 0; i < p->inputs; i++) {
        if (shape_equal(&p->input[i], out)) continue;
        uint32_t *index = declare_table(p, shape_count(out) * sizeof *index);
        if (!index) return false;
        fill_index(&p->input[i], out, index);
        g->index[i] = index;
    }
    return true;
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    if (g->index[0]) kernels->gather(c->x[0], g->index[0], c->y[0], c->count);
    for (size_t i = 1; i < c->inputs; i++) {
        const lanes *sum = i == 1 && !g->index[0] ? c->x[0] : c->y[0];
        if (g->index[i])
            kernels->add_gathered(sum, c->x[i], g->index[i], c->y[0], c->count);
        else
            kernels->add(sum, c->x[i], c->y[0], c->count);
    }
}

static void gradient_inputs(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    for (size_t i = 0; i < c->inputs; i++) {
        if (!c->dx[i]) continue;
        if (!g->index[i]) {
            memcpy(c->dx[i], c->dy[0], c->count * sizeof(lanes));
            continue;
        }
        kernels->fill(c->dx[i], shape_count(&c->input[i]), 0);
        kernels->scatter_add(c->dy[0], g->index[i], c->dx[i], c->count);
    }
}

const layer_class add = {
    .kind = {.name = "Add", .fields = fields, .options_size = sizeof(cepa_merge_options), .by_class_name = true},
    .min_inputs = 2,
    .max_inputs = 0,
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .in_place = true,
};
