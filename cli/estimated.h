/* A model's numbers beside the true ones. */
#ifndef CLI_ESTIMATED_H
#define CLI_ESTIMATED_H

#include "outputs.h"

typedef struct estimated {
    const char *name; /* of what is predicted; belongs to the data */
    size_t rows;
    double *truth, *predicted;
    double squared, absolute; /* means of the errors, squared and without sign */
    double squared_of_mean;   /* what always guessing the mean of the truth would have */
} estimated;

/* Predicts the rows. CEPA_DATA where model and data have not one number a row. estimated is to be freed, also after a
 * failure. */
cepa_status estimate(estimated *estimated, const cepa_model *model, const cepa_dataset *data, int threads,
                     cepa_error *error);
void estimated_free(estimated *estimated);

#endif
