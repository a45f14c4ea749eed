/* Schedules: a learning rate that the step decides, in the place of an optimizer's number. One table entry each. */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H

#include "base/fields.h"

extern const family schedule_family;

/* Reads a schedule in call notation. Everything is owned by the arena. */
cepa_status schedule_parse(arena *memory, const char *text, member *made, cepa_error *error);

/* The learning rate of a step, which counts from 0: a float32 number, as Keras computes it. */
double schedule_rate(const member *schedule, uint64_t step);

#endif
