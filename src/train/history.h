/* The numbers of a fit: what its callback sees after each step and epoch, and the table of whole epochs. */
#ifndef TRAIN_HISTORY_H
#define TRAIN_HISTORY_H

#include "train/measure.h"

#define LEARNING_RATE SIZE_MAX

/* Reported numbers in alphabetical order, those of validation with val_ in front. */
typedef struct log_list {
    size_t count;
    cepa_log *logs;
    size_t *report; /* by log: which number of its measure, or LEARNING_RATE */
    bool *validation;
} log_list;

/* The names of a training's numbers; validation: also the val_ ones; rate: also learning_rate. False without memory. */
bool log_list_new(arena *memory, const training *t, bool validation, bool rate, log_list *made);

log_direction log_list_direction(const log_list *list, const training *t, size_t log);

/* Takes the numbers as they stand; look may be NULL where the list has no val_ names. */
void log_list_fill(log_list *list, const measure *step, const measure *look);

/* Empties t's history for epochs from first on, at most count of them. False without memory. */
bool history_begin(training *t, const log_list *list, int first, size_t count);

/* Adds a whole epoch. */
void history_add(training *t, const log_list *list);

#endif
