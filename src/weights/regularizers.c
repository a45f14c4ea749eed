/* Penalties of weights: l1 times the sum of absolute values, l2 times the sum of squares (without a half).
 * Keras: keras.regularizers. */
#include "weights/weights.h"

#include "base/memory.h"

/* What a table does not name stays 0. */
typedef struct options {
    double l1, l2;
} options;

static const field l1_fields[] = {REAL(options, l1, .preset = 0.01, .min = 0, .max = 1e30), END_OF_FIELDS};
static const field l2_fields[] = {REAL(options, l2, .preset = 0.01, .min = 0, .max = 1e30), END_OF_FIELDS};
static const field both_fields[] = {REAL(options, l1, .min = 0, .max = 1e30), REAL(options, l2, .min = 0, .max = 1e30),
                                    END_OF_FIELDS};

static const kind l1 = {.name = "L1", .fields = l1_fields, .options_size = sizeof(options)};
static const kind l2 = {.name = "L2", .fields = l2_fields, .options_size = sizeof(options)};
static const kind l1_l2 = {.name = "L1L2", .fields = both_fields, .options_size = sizeof(options)};

static const kind *const members[] = {&l1, &l2, &l1_l2};
const family regularizer_family = {"regularizer", members, ARRAY_COUNT(members)};

double regularizer_penalty(const member *regularizer, const real *values, size_t count)
{
    const options *o = regularizer->options;
    double penalty = 0;
    if (o->l1 > 0) penalty += o->l1 * kernels->absolute_sum(values, count);
    if (o->l2 > 0) penalty += o->l2 * kernels->square_sum(values, count);
    return penalty;
}

void regularizer_gradient(const member *regularizer, const real *values, size_t count, real *gradient)
{
    const options *o = regularizer->options;
    if (o->l1 > 0) kernels->add_sign_into(gradient, values, (real)o->l1, count);
    if (o->l2 > 0) kernels->add_scaled_into(gradient, values, (real)(2 * o->l2), count);
}
