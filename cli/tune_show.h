/* What a search leaves: its tables, its figures and its verdict. */
#ifndef CLI_TUNE_SHOW_H
#define CLI_TUNE_SHOW_H

#include "campaign_show.h"
#include "search.h"

/* What data that had no part in the choice say of a trial. */
typedef struct measurement {
    sample loss, accuracy; /* over the seeds; accuracy of none: it has no such metric */
} measurement;

typedef struct tuning {
    const settings *settings;
    search search;
    campaign campaign;
    size_t *order, *within; /* places of trials: best first; those within the spread of the best */
    size_t within_count;
    bool test_chose;       /* so that it is nothing to measure with any more */
    measurement *measured; /* of those within, where the data have a test part that did not choose */
    training_data data;
} tuning;

/* Orders the trials and measures those within the spread of the best. */
cepa_status tune_judge(tuning *t, cepa_error *error);
/* Writes results.csv (a line a fit), trials.csv (a line a trial) and the figures. */
cepa_status tune_write(tuning *t, cepa_error *error);

/* The table and the verdict: which data chose, what lies within the spread of the best, what other data say of it. */
void tune_print(const tuning *t, FILE *out);
/* The same as one JSON object. */
void tune_json(const tuning *t, FILE *out);
/* Warns where the choice's number is too good to be believed. */
void tune_warn(const tuning *t);

/* What tells trials apart. */
campaign_columns tune_columns(const tuning *t);

#endif
