/* What a model predicts beside what is true: as a table of counts or as a figure. */
#ifndef CLI_AGAINST_TRUTH_H
#define CLI_AGAINST_TRUTH_H

#include "cepa.h"

/* Prints how often each class was taken for each other one. */
cepa_status print_confusion(const cepa_model *model, const cepa_dataset *data, int threads, cepa_error *error);

/* Prints the errors of taking a table's target for what it was in the row of the inputs: tomorrow is as today. */
cepa_status print_baseline(const cepa_dataset *data, cepa_error *error);

/* Draws that where the data have classes, else what was predicted over what is true. */
cepa_status draw_against_truth(const char *path, const cepa_model *model, const cepa_dataset *data, int threads,
                               cepa_error *error);

#endif
