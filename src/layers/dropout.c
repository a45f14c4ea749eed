/* Dropout: in training each number is kept with probability 1 - rate and then scaled by 1 / (1 - rate), else 0; nothing
 * happens in inference.  Srivastava et al. 2014; Keras: keras.layers.Dropout. */
#include "layers/layers.h"

typedef cepa_dropout_options options;

static const field fields[] = {REAL(options, rate, .required = true, .min = 0, .max = 1),
                               SHAPE(options, noise_shape, .optional = true), LONG(options, seed, .optional = true),
                               END_OF_FIELDS};

typedef struct geometry {
    uint64_t limit; /* a word below it drops */
    real scale;
    uint32_t element[1]; /* the number that element e shares its draw with, in Keras' order: as many as elements */
} geometry;

/* Axes of size 1 in noise_shape share the draw: the place of an element with these axes at 0. */
static bool share_draws(shape_pass *p, uint32_t *element, size_t count)
{
    const int *noise = OPTIONS(p)->noise_shape;
    const shape *in = p->input;
    if (!noise[0]) return true;
    for (size_t i = 0; i < in->rank; i++)
        if (noise[i + 1] != 1 && noise[i + 1] != CEPA_UNKNOWN && noise[i + 1] != in->size[i])
            return refuse(p, "noise_shape must hold 1 or the input's size on each axis");
    for (size_t e = 0; e < count; e++) {
        size_t rest = element[e], stride = 1, place = 0;
        for (size_t i = in->rank; i-- > 0;) {
            size_t size = (size_t)in->size[i], at = rest % size;
            if (noise[i + 1] != 1) place += at * stride;
            stride *= size;
            rest /= size;
        }
        element[e] = (uint32_t)place;
    }
    return true;
}

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    size_t count = shape_count(p->input);
    geometry *g = declare_geometry(p, sizeof *g + count * sizeof *g->element);
    if (!g) return false;
    g->limit = (uint64_t)(o->rate * 0x1p32);
    g->scale = o->rate < 1 ? (real)(1 / (1 - o->rate)) : 0;
    shape_order(p->input, g->element);
    p->output[0] = *p->input;
    declare_kept(p, count * sizeof(lanes));
    declare_scratch(p, count * sizeof(lanes));
    return share_draws(p, g->element, count);
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    random_rows r = *c->random;
    if (OPTIONS(c)->seed) r.stream.key = (uint64_t)OPTIONS(c)->seed;
    for (size_t i = 0; OPTIONS(c)->noise_shape[0] == 1 && i < LANES; i++) r.row[i] = r.batch_row;
    lanes *mask = c->kept ? c->kept : c->scratch;
    kernels->dropout_mask(r.stream.key, r.stream.hash, r.stream.epoch, r.row, g->element, g->limit, g->scale, mask,
                          c->count);
    kernels->multiply(c->x[0], mask, c->y[0], c->count);
}

static void gradient_inputs(const layer_call *c) { kernels->multiply(c->dy[0], c->kept, c->dx[0], c->count); }

const layer_class dropout = {
    .kind = {.name = "Dropout", .fields = fields, .options_size = sizeof(options), .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .in_place = true,
    .identity_in_inference = true,
};
