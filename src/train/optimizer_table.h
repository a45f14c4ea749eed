/* What the files of the table of optimizers share: the fields that all have, and the entries. */
#ifndef TRAIN_OPTIMIZER_TABLE_H
#define TRAIN_OPTIMIZER_TABLE_H

#include "train/optimizer.h"

#include "base/elementary.h"

#include <limits.h>
#include <math.h>

#define POSITIVE     .min = 0, .max = INFINITY
#define FRACTION     .min = 0, .max = 1
#define BELOW_ONE    .min = 0, .max = 1, .below_max = true
#define ANY_NUMBER   .min = -INFINITY, .max = INFINITY
#define EPSILON(o)   REAL(o, epsilon, .preset = 1e-7, POSITIVE)
#define WEIGHT_DECAY REAL(optimizer_options, weight_decay, .optional = true, POSITIVE)
#define RATE(value)                                                                                                    \
    FIELD(FIELD_REAL_OR_MEMBER, optimizer_options, learning_rate, .family = &schedule_family, .preset = (value),       \
          POSITIVE, .keras2_name = "lr")

/* The arguments at the end. */
#define COMMON(class_name)                                                                                             \
    REAL(optimizer_options, clipnorm, .optional = true, POSITIVE),                                                     \
        REAL(optimizer_options, clipvalue, .optional = true, POSITIVE),                                                \
        REAL(optimizer_options, global_clipnorm, .optional = true, POSITIVE), BOOL(optimizer_options, use_ema),        \
        REAL(optimizer_options, ema_momentum, .preset = 0.99, FRACTION),                                               \
        INT(optimizer_options, ema_overwrite_frequency, .optional = true, .min = 1, .max = INT_MAX),                   \
        REAL(optimizer_options, loss_scale_factor, .optional = true, POSITIVE, .above_min = true),                     \
        INT(optimizer_options, gradient_accumulation_steps, .optional = true, .min = 2, .max = INT_MAX),               \
        FIELD(FIELD_TEXT, optimizer_options, name, .preset_text = (class_name))

static inline real root(real x) { return sizeof x == sizeof(float) ? (real)sqrtf((float)x) : (real)sqrt((double)x); }

/* A power as Keras takes it: of a float32 number. */
static inline double float_power(double base, uint64_t exponent)
{
    return elementary_power((double)(float)base, (double)exponent);
}

extern const optimizer_class adagrad, adadelta, adamax, nadam, lion, ftrl, lamb, adafactor, muon;

#endif
