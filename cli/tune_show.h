/* What a search leaves: its tables, its figures and its verdict. */
#ifndef CLI_TUNE_SHOW_H
#define CLI_TUNE_SHOW_H

#include "campaign_show.h"
#include "search.h"

typedef struct tuning {
    const settings *settings;
    search search;
    campaign campaign;
    size_t *order, *within; /* places of trials: best first; those within the spread of the best */
    size_t within_count;
    training_data data;
} tuning;

/* Orders the trials, writes results.csv (a line a fit), trials.csv (a line a trial) and the figures. */
cepa_status tune_write(tuning *t, cepa_error *error);

/* The table and the verdict: which data chose, what lies within the spread of the best, what other data say of it. */
cepa_status tune_conclude(tuning *t, FILE *out, cepa_error *error);

#endif
