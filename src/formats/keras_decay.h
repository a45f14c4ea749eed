/* What optimizers had in Keras 2. */
#ifndef FORMATS_KERAS_DECAY_H
#define FORMATS_KERAS_DECAY_H

#include "base/error.h"
#include "base/value.h"

/* Keras 2's decay of an optimizer's learning rate, rate / (1 + decay * step), as the schedule that it is in Keras 3;
 * what has no decay stays. NULL, and the error set, where there is no rate. */
const value *keras_decay_as_schedule(arena *memory, const value *optimizer, cepa_error *error);

#endif
