/* The table of optimizers. Rules as in Keras 3 (keras/src/optimizers); slots are named in the order of Keras' files. */
#include "train/optimizer_table.h"

#include <stddef.h>

/* ---- What each takes, in the order of Keras' arguments ----------------------------------------------------------- */

/* The schedule stands behind the number, as in a real_or_member. */
_Static_assert(offsetof(optimizer_options, learning_rate_schedule) ==
                   offsetof(optimizer_options, learning_rate) + offsetof(real_or_member, member),
               "a learning rate and its schedule");

#define ADAM                                                                                                           \
    REAL(cepa_adam_options, beta_1, .preset = 0.9, BELOW_ONE),                                                         \
        REAL(cepa_adam_options, beta_2, .preset = 0.999, BELOW_ONE), EPSILON(cepa_adam_options),                       \
        BOOL(cepa_adam_options, amsgrad)

static const field sgd_fields[] = {RATE(0.01),
                                   REAL(cepa_sgd_options, momentum, FRACTION),
                                   BOOL(cepa_sgd_options, nesterov),
                                   WEIGHT_DECAY,
                                   COMMON("sgd"),
                                   END_OF_FIELDS};

static const field adam_fields[] = {RATE(0.001), ADAM, WEIGHT_DECAY, COMMON("adam"), END_OF_FIELDS};

static const field adamw_fields[] = {RATE(0.001), REAL(optimizer_options, weight_decay, .preset = 0.004, POSITIVE),
                                     ADAM, COMMON("adamw"), END_OF_FIELDS};

static const field rmsprop_fields[] = {RATE(0.001),
                                       REAL(cepa_rmsprop_options, rho, .preset = 0.9, FRACTION),
                                       REAL(cepa_rmsprop_options, momentum, FRACTION),
                                       EPSILON(cepa_rmsprop_options),
                                       BOOL(cepa_rmsprop_options, centered),
                                       WEIGHT_DECAY,
                                       COMMON("rmsprop"),
                                       END_OF_FIELDS};

/* ---- SGD: w -= rate g; with momentum m = momentum m - rate g, w += m, nesterov w += momentum m - rate g ---------- */

static bool sgd_has_momentum(const void *options, const parameter *p)
{
    (void)p;
    return ((const cepa_sgd_options *)options)->momentum != 0;
}

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

static bool is_amsgrad(const void *options, const parameter *p)
{
    (void)p;
    return ((const cepa_adam_options *)options)->amsgrad;
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

static bool rmsprop_has_momentum(const void *options, const parameter *p)
{
    (void)p;
    return ((const cepa_rmsprop_options *)options)->momentum > 0;
}
static bool is_centered(const void *options, const parameter *p)
{
    (void)p;
    return ((const cepa_rmsprop_options *)options)->centered;
}

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

static const kind *const members[] = {&sgd.kind,      &adam.kind,      &adamw.kind, &rmsprop.kind, &adagrad.kind,
                                      &adadelta.kind, &adamax.kind,    &nadam.kind, &lion.kind,    &ftrl.kind,
                                      &lamb.kind,     &adafactor.kind, &muon.kind};

const family optimizer_family = {"optimizer", members, ARRAY_COUNT(members)};
