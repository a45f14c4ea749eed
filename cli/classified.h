/* A model's answers beside the truth: which class was taken for which, and how sure it was. */
#ifndef CLI_CLASSIFIED_H
#define CLI_CLASSIFIED_H

#include "outputs.h"

typedef struct answer {
    size_t row, truth, taken_for;
    double confidence; /* of what it was taken for */
} answer;

/* For qsort: the most confident answer first. */
int surest_first(const void *a, const void *b);

typedef struct classified {
    size_t classes, rows, right;
    const char *const *names; /* NULL: classes are numbers */
    size_t *counts;           /* counts[truth * classes + taken_for] */
    answer *answers;          /* by row */
} classified;

/* Predicts the rows. CEPA_DATA where the data have no classes or the model's only output has none. classified is to be
 * freed, also after a failure; names belong to the data. */
cepa_status classify(classified *classified, const cepa_model *model, const cepa_dataset *data, int threads,
                     cepa_error *error);
void classified_free(classified *classified);

/* A class by its name, or its number. */
const char *class_name(const classified *classified, size_t class, char number[32]);

/* Shares of a class: what was taken for it and is it; what is it and was found; their harmonic mean. NaN where a share
 * is of nothing. */
typedef struct class_score {
    size_t support; /* rows of the class */
    double precision, recall, f1;
} class_score;
class_score score_of(const classified *classified, size_t class);

#endif
