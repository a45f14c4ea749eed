/* ActivityRegularization: passes its input on and adds l1 * sum of abs(x) + l2 * sum of x^2 to the loss, divided by the
 * batch's rows; also what an activity_regularizer= argument becomes.  Keras: keras.layers.ActivityRegularization. */
#include "layers/layers.h"

#include <math.h>

typedef cepa_activity_regularization_options options;

static const field fields[] = {REAL(options, l1, .min = 0, .max = 1e30), REAL(options, l2, .min = 0, .max = 1e30),
                               END_OF_FIELDS};

static void forward(const layer_call *c)
{
    const lanes *x = c->x[0];
    real l1 = (real)OPTIONS(c)->l1, l2 = (real)OPTIONS(c)->l2;
    lanes sum = {{0}};
    for (size_t e = 0; e < c->count; e++)
        for (size_t i = 0; i < LANES; i++) {
            real v = x[e].lane[i];
            sum.lane[i] += l1 * (v < 0 ? -v : v) + l2 * v * v;
        }
    *c->penalty = sum;
    copy_lanes(x, c->y[0], c->count);
}

static void gradient_inputs(const layer_call *c)
{
    const lanes *x = c->x[0], *dy = c->dy[0];
    real l1 = (real)(OPTIONS(c)->l1 / (double)c->batch_rows), l2 = (real)(2 * OPTIONS(c)->l2 / (double)c->batch_rows);
    lanes *dx = c->dx[0];
    for (size_t e = 0; e < c->count; e++)
        for (size_t i = 0; i < LANES; i++) {
            real v = x[e].lane[i], sign = (real)((v > 0) - (v < 0));
            dx[e].lane[i] = dy[e].lane[i] + (i < c->rows ? l1 * sign + l2 * v : 0);
        }
}

const layer_class activity_regularization = {
    .kind = LAYER("ActivityRegularization", fields, options),
    .shape = same_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .needs = NEEDS_INPUT,
    .penalizes = true,
};
