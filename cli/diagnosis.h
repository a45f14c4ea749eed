/* What a history says of a fit, in words: where it was best, the gap, and whether the validation turned. */
#ifndef CLI_DIAGNOSIS_H
#define CLI_DIAGNOSIS_H

#include "record.h"

/* How a loss and its validation ran. */
typedef struct diagnosis {
    size_t epochs, best; /* rows; best: of val_loss, else of loss */
    bool validated;
    bool higher;        /* val_loss ended higher than its best by more than a twentieth */
    bool turned;        /* ... and not by a jump: it rose while loss fell */
    bool falling;       /* it was best in the last epoch */
    double lowest, end; /* of val_loss */
    double gap;         /* accuracy less val_accuracy of the last epoch; NaN: not measured */
} diagnosis;

diagnosis diagnose(const record *record);

/* One to four sentences. Epochs count from 1. */
void diagnosis_print(const diagnosis *diagnosis, const record *record, FILE *out);

#endif
