/* The data that fit trains on and validates with, as its options and the model's text say. */
#ifndef CLI_TRAINING_DATA_H
#define CLI_TRAINING_DATA_H

#include "subject.h"

typedef struct training_data {
    cepa_dataset *train, *validation; /* validation NULL: none */
    cepa_dataset *test;               /* the data's own test part where it is not the validation; NULL: there is none */
    double scale;                     /* factor on the inputs; 0: none */
} training_data;

/* Opens what --data, --train, --validation and --scale ask for. data is to be freed, also after a failure. */
cepa_status training_data_open(training_data *data, const settings *settings, const cepa_model *model,
                               cepa_error *error);
void training_data_free(training_data *data);

#endif
