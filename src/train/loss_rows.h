/* Losses that no network spends its time in: plain C in double, one row after the other. */
#ifndef TRAIN_LOSS_ROWS_H
#define TRAIN_LOSS_ROWS_H

#include "train/loss.h"

/* Begins as cepa_crossentropy_options does. */
typedef struct focal_options {
    CEPA_LIST_START
    const char *name, *reduction;
    bool from_logits;
    double label_smoothing, ignore_class;
    double alpha, gamma;
    bool apply_class_balancing; /* of the binary one */
} focal_options;

typedef struct cosine_options {
    CEPA_LIST_START
    const char *name, *reduction;
    int axis;
} cosine_options;

typedef struct generalized_options {
    CEPA_LIST_START
    const char *name, *reduction;
    double q;
} generalized_options;

typedef void loss_rows(const loss *l, const loss_block *b);
loss_begin cosine_similarity_begin;
loss_rows binary_focal_rows, categorical_focal_rows, cosine_similarity_rows, generalized_crossentropy_rows;

#endif
