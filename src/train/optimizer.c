/* The table of optimizers. Rules as in Keras 3 (keras/src/optimizers); slots are named in the order of Keras' files. */
#include "train/optimizer.h"

#include "base/elementary.h"

#include <limits.h>
#include <math.h>

/* ---- What each takes, in the order of Keras' arguments ----------------------------------------------------------- */

#define POSITIVE       .min = 0, .max = INFINITY
#define RATE(o, value) REAL(o, learning_rate, .preset = (value), POSITIVE, .keras2_name = "lr")
#define DECAY(o)       REAL(o, weight_decay, .optional = true, POSITIVE)
#define COMMON(o, class_name)                                                                                          \
    REAL(o, clipnorm, .optional = true, POSITIVE), REAL(o, clipvalue, .optional = true, POSITIVE),                     \
        REAL(o, global_clipnorm, .optional = true, POSITIVE), BOOL(o, use_ema),                                        \
        REAL(o, ema_momentum, .preset = 0.99, .min = 0, .max = 1),                                                     \
        INT(o, ema_overwrite_frequency, .optional = true, .min = 1, .max = INT_MAX),                                   \
        REAL(o, loss_scale_factor, .optional = true, POSITIVE, .above_min = true),                                     \
        INT(o, gradient_accumulation_steps, .optional = true, .min = 2, .max = INT_MAX),                               \
        FIELD(FIELD_TEXT, o, name, .preset_text = (class_name)), END_OF_FIELDS

#define ADAM(o)                                                                                                        \
    REAL(o, beta_1, .preset = 0.9, .min = 0, .max = 1, .below_max = true),                                             \
        REAL(o, beta_2, .preset = 0.999, .min = 0, .max = 1, .below_max = true),                                       \
        REAL(o, epsilon, .preset = 1e-7, POSITIVE), BOOL(o, amsgrad)

static const field sgd_fields[] = {RATE(cepa_sgd_options, 0.01), REAL(cepa_sgd_options, momentum, .min = 0, .max = 1),
                                   BOOL(cepa_sgd_options, nesterov), DECAY(cepa_sgd_options),
                                   COMMON(cepa_sgd_options, "sgd")};

static const field adam_fields[] = {RATE(cepa_adam_options, 0.001), ADAM(cepa_adam_options), DECAY(cepa_adam_options),
                                    COMMON(cepa_adam_options, "adam")};

static const field adamw_fields[] = {RATE(cepa_adam_options, 0.001),
                                     REAL(cepa_adam_options, weight_decay, .preset = 0.004, POSITIVE),
                                     ADAM(cepa_adam_options), COMMON(cepa_adam_options, "adamw")};

static const field rmsprop_fields[] = {RATE(cepa_rmsprop_options, 0.001),
                                       REAL(cepa_rmsprop_options, rho, .preset = 0.9, .min = 0, .max = 1),
                                       REAL(cepa_rmsprop_options, momentum, .min = 0, .max = 1),
                                       REAL(cepa_rmsprop_options, epsilon, .preset = 1e-7, POSITIVE),
                                       BOOL(cepa_rmsprop_options, centered),
                                       DECAY(cepa_rmsprop_options),
                                       COMMON(cepa_rmsprop_options, "rmsprop")};

/* ---- SGD: w -= rate g; with momentum m = momentum m - rate g, w += m, or w += momentum m - rate g (nesterov) ------
 */

static bool sgd_has_momentum(const void *options) { return ((const cepa_sgd_options *)options)->momentum != 0; }

static void sgd_update(const optimizer_call *c)
{
    const cepa_sgd_options *o = c->options;
    if (c->slot[0])
        kernels->momentum_step(c->w, c->g, c->slot[0], c->count, (real)c->rate, (real)o->momentum, o->nesterov);
    else
        kernels->sgd_step(c->w, c->g, c->count, (real)c->rate);
}

static const optimizer_class sgd = {
    .kind = {.name = "SGD", .fields = sgd_fields, .options_size = sizeof(cepa_sgd_options)},
    .slots = {{"momentum", sgd_has_momentum}},
    .update = sgd_update,
};

/* ---- Adam: m += (1 - b1) (g - m), v += (1 - b2) (g^2 - v), w -= rate' m / (sqrt(v) + epsilon) --------------------
 * with rate' = rate sqrt(1 - b2^t) / (1 - b1^t): Kingma and Ba 2015, section 2's last form. Keras raises b1 and b2 to
 * powers as float32 numbers. amsgrad takes the largest v so far. */

static bool is_amsgrad(const void *options) { return ((const cepa_adam_options *)options)->amsgrad; }

static double float_power(double base, uint64_t exponent)
{
    return elementary_power((double)(float)base, (double)exponent);
}

static void adam_update(const optimizer_call *c)
{
    const cepa_adam_options *o = c->options;
    double rate = c->rate * sqrt(1 - float_power(o->beta_2, c->step)) / (1 - float_power(o->beta_1, c->step));
    kernels->adam_step(c->w, c->g, c->slot[0], c->slot[1], c->slot[2], c->count, (real)rate, (real)(1 - o->beta_1),
                       (real)(1 - o->beta_2), (real)o->epsilon);
}

#define ADAM_RULE                                                                                                      \
    .slots = {{.name = "momentum"}, {.name = "velocity"}, {"velocity_hat", is_amsgrad}}, .interleaved = 2,             \
    .update = adam_update

static const optimizer_class adam = {
    .kind = {.name = "Adam", .fields = adam_fields, .options_size = sizeof(cepa_adam_options)}, ADAM_RULE};

static const optimizer_class adamw = {
    .kind = {.name = "AdamW", .fields = adamw_fields, .options_size = sizeof(cepa_adam_options)}, ADAM_RULE};

/* ---- RMSprop: v = rho v + (1 - rho) g^2, d = rate g / sqrt(v + epsilon), w -= d ----------------------------------
 * centered takes v - a^2, a the average gradient; with momentum m = momentum m + d, w -= m. */

static bool rmsprop_has_momentum(const void *options) { return ((const cepa_rmsprop_options *)options)->momentum > 0; }
static bool is_centered(const void *options) { return ((const cepa_rmsprop_options *)options)->centered; }

static void rmsprop_update(const optimizer_call *c)
{
    const cepa_rmsprop_options *o = c->options;
    kernels->rmsprop_step(c->w, c->g, c->slot[0], c->slot[1], c->slot[2], c->count, (real)c->rate, o->rho,
                          (real)o->momentum, (real)o->epsilon);
}

static const optimizer_class rmsprop = {
    .kind = {.name = "RMSprop", .fields = rmsprop_fields, .options_size = sizeof(cepa_rmsprop_options)},
    .slots = {{.name = "velocity"}, {"momentum", rmsprop_has_momentum}, {"average_gradient", is_centered}},
    .update = rmsprop_update,
};

static const kind *const members[] = {&sgd.kind, &adam.kind, &adamw.kind, &rmsprop.kind};

const family optimizer_family = {"optimizer", members, ARRAY_COUNT(members)};
