/* The data that fit trains on and validates with, as its options and the model's text say. */
#ifndef CLI_TRAINING_DATA_H
#define CLI_TRAINING_DATA_H

#include "subject.h"

/* Where the rows to validate with are from. */
typedef enum validation_kind {
    VALIDATES_NOTHING,
    VALIDATES_OWN_PART,  /* the data's validation part, else their test part */
    VALIDATES_HELD_BACK, /* cut off the training part */
    VALIDATES_OTHER      /* of a data set that was named */
} validation_kind;

typedef struct training_data {
    cepa_dataset *train, *validation; /* validation NULL: none */
    validation_kind kind;
    cepa_dataset *test; /* the data's own test part where it is not the validation; NULL: there is none */
    double scale;       /* factor on the inputs; 0: none */
} training_data;

/* Whether --validation asks for a fraction of the rows (0: it does not). */
double validation_fraction(const settings *settings);

/* Opens what --data, --train, --validation and --scale ask for. data is to be freed, also after a failure. */
cepa_status training_data_open(training_data *data, const settings *settings, const cepa_model *model,
                               cepa_error *error);
void training_data_free(training_data *data);

#endif
