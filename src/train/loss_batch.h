/* Losses of which one value may need all rows of a batch: overlaps along axes, similarities of all pairs of rows. */
#ifndef TRAIN_LOSS_BATCH_H
#define TRAIN_LOSS_BATCH_H

#include "train/loss.h"

typedef struct overlap_options {
    CEPA_LIST_START
    const char *name, *reduction;
    int axis[CEPA_MAX_RANK + 1]; /* axes, the batch's among them, each one higher if not negative; none: all */
    double alpha, beta;          /* of Tversky */
} overlap_options;

typedef struct circle_options {
    CEPA_LIST_START
    const char *name, *reduction;
    double gamma, margin;
    cepa_flag remove_diagonal;
} circle_options;

/* Of a new loss, for predictions of its shape. */
loss_begin dice_begin, tversky_begin, circle_begin;

/* An overlap whose axes leave each row by itself. */
void overlap_rows(const loss *l, const loss_block *b);

extern const whole_batch overlap_whole, circle_whole;

#endif
