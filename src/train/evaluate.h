/* Measuring a range of rows in inference mode: many of Keras' batches in one run, each reduced by itself, so that
 * numbers do not depend on how many run together. */
#ifndef TRAIN_EVALUATE_H
#define TRAIN_EVALUATE_H

#include "train/measure.h"

typedef struct look {
    measure measure;
    session *session; /* freed with look_free */
    size_t *order;
    size_t batch;    /* rows of one of Keras' batches */
    size_t together; /* rows of one run, a multiple of it */
} look;

/* Rows that threads are kept busy with in one run of inference. */
size_t rows_together(int threads, size_t batch, size_t rows);

cepa_status look_new(arena *memory, const training *t, const row_range *range, size_t batch, int threads, look *made,
                     cepa_error *error);
void look_free(look *l);

/* Measures all rows; the sums stand in the measure. after: called after each run with the number of batches done; false
 * ends it. NULL: nothing. */
bool look_run(look *l, bool (*after)(void *context, size_t batches), void *context);

#endif
