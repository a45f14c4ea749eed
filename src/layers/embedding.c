/* Embedding: a row of a table for each of its inputs, which are whole numbers.  Keras: keras.layers.Embedding. */
#include "layers/layers.h"

#include <math.h>
#include <string.h>

typedef cepa_embedding_options options;

static const field fields[] = {INT(options, input_dim, .required = true, .min = 1, .max = 1e8),
                               INT(options, output_dim, .required = true, .min = 1, .max = 1e6),
                               MEMBER(options, embeddings_initializer, &initializer_family, .preset_text = "uniform"),
                               MEMBER(options, embeddings_regularizer, &regularizer_family, .optional = true),
                               MEMBER(options, embeddings_constraint, &constraint_family, .optional = true),
                               DERIVED(FIELD_BOOL, mask_zero),
                               DERIVED(FIELD_INT, input_length, .optional = true),
                               MEMBER(options, activity_regularizer, &regularizer_family, .optional = true),
                               END_OF_FIELDS};

typedef struct geometry {
    uint32_t element[1]; /* the place of each of its inputs in Keras' order */
} geometry;

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    const shape *in = p->input;
    if (in->rank == 0 || in->rank == CEPA_MAX_RANK)
        return refuse(p, "its input must have 1 to %d axes besides the batch", CEPA_MAX_RANK - 1);
    geometry *g = declare_geometry(p, sizeof *g + shape_count(in) * sizeof *g->element);
    if (!g) return false;
    shape_order(in, g->element);
    p->output[0] = *in;
    p->output[0].size[p->output[0].rank++] = o->output_dim;
    declare_weight(p, &(weight_spec){.name = "embeddings",
                                     .shape = {2, {o->input_dim, o->output_dim}},
                                     .initializer = o->embeddings_initializer,
                                     .regularizer = o->embeddings_regularizer,
                                     .constraint = o->embeddings_constraint});
    return true;
}

static int table_rows(const void *o) { return ((const options *)o)->input_dim; }

/* The row that a number stands for; false where the table has none. */
static bool row_of(const layer_call *c, real x, size_t *row)
{
    if (!(x > -1 && x < (real)OPTIONS(c)->input_dim)) return false;
    *row = (size_t)x;
    return true;
}

/* A number without a row becomes NaN. */
static void forward(const layer_call *c)
{
    const size_t size = (size_t)OPTIONS(c)->output_dim, inputs = c->count / size;
    for (size_t e = 0; e < inputs; e++)
        for (size_t r = 0; r < LANES; r++) {
            size_t row = 0;
            bool known = row_of(c, c->x[0][e].lane[r], &row);
            const real *numbers = c->w[0] + row * size;
            lanes *y = c->y[0] + GEOMETRY(c)->element[e];
            for (size_t i = 0; i < size; i++) y[i * inputs].lane[r] = known ? numbers[i] : (real)NAN;
        }
}

static void gradient_weights(const layer_call *c)
{
    const size_t size = (size_t)OPTIONS(c)->output_dim, inputs = c->count / size;
    memset(c->dw[0], 0, (size_t)OPTIONS(c)->input_dim * size * sizeof(real));
    for (size_t e = 0; e < inputs; e++)
        for (size_t r = 0; r < c->rows; r++) {
            size_t row;
            if (!row_of(c, c->x[0][e].lane[r], &row)) continue;
            const lanes *dy = c->dy[0] + GEOMETRY(c)->element[e];
            for (size_t i = 0; i < size; i++) c->dw[0][row * size + i] += dy[i * inputs].lane[r];
        }
}

const layer_class embedding = {
    .kind = LAYER("Embedding", fields, options),
    .shape = shape_of,
    .forward = forward,
    .gradient_weights = gradient_weights,
    .weights_need = NEEDS_INPUT,
    .table_rows = table_rows,
    .takes_activation = true,
};
