/* The fits of a search or a comparison: each of its variants with each seed, in a folder. */
#ifndef CLI_CAMPAIGN_H
#define CLI_CAMPAIGN_H

#include "fits.h"
#include "record.h"
#include "text_table.h"
#include "training_data.h"

/* What tells one kind of fit from the others. */
typedef struct variant {
    const settings *settings; /* of fit, without seed and folder */
    char label[200];          /* "dropout_rate=0.45", "cnn.py" */
    size_t parameters;        /* of the model */
    record *records;          /* by seed, once the fits are done */
} variant;

typedef struct campaign {
    const command *command;
    const settings *settings; /* of the command: seed, seeds, jobs, threads, output */
    const char *what;         /* "trial", "model" */
    variant *variants;
    size_t count, seeds;
    int lock;   /* of the folder; -1: it is not taken */
    FILE *said; /* where it says how it goes: stdout, or stderr where JSON goes there */
    fit_queue queue;
    char **folders;   /* of the jobs: all variants with the first seed, then all with the next */
    char metric[100]; /* what the variants are judged by, once the fits are done */
    bool best_epoch;  /* judged at its best epoch instead of the last weights' */
    double start;
    size_t found; /* fits that were done before */
} campaign;

/* Opens a fit's model and data and fits for no epoch, so that what is wrong with them or with the callbacks is said
 * before anything is trained; passes on what the model warns of. The data are to be freed, also after a failure;
 * parameters (may be NULL) gets their number. */
cepa_status campaign_try(const settings *settings, training_data *data, size_t *parameters, cepa_error *error);

/* Begins a campaign with room for most variants, and none yet. campaign is to be freed, also after a failure. */
cepa_status campaign_begin(campaign *campaign, const command *command, const settings *settings, const char *what,
                           size_t most, cepa_error *error);
/* Takes the folder, runs the fits and reads what they leave; says how it goes. */
cepa_status campaign_run(campaign *campaign, cepa_error *error);
/* What a command with a campaign ends with: complains where it has to; a signal's is 128 and its number. */
int campaign_exit(cepa_status status, const cepa_error *error);
void campaign_free(campaign *campaign);

/* The folder of a fit. */
const char *campaign_folder(const campaign *campaign, size_t variant, size_t seed);

/* The row of a record that counts. */
size_t campaign_row(const campaign *campaign, const record *record);
/* A metric of a variant over the seeds, in the row that counts. */
sample campaign_sample(const campaign *campaign, size_t variant, const char *metric);

/* The best of a metric over the seeds, and the mean of the epochs (from 1) that it was at. */
sample campaign_best(const campaign *campaign, size_t variant, const char *metric, double *epoch);

/* Fills order with the variants' places, best first; those without a number last. */
void campaign_order(const campaign *campaign, size_t *order);
/* Fills within with those of the order that differ from its first by no more than the standard deviation of their
 * difference, and gives how many; the first is one. With one seed nothing is known of the spread: its equals alone. */
size_t campaign_within_spread(const campaign *campaign, const size_t *order, size_t *within);

/* The last weights' file of a fit, or that of its best epoch where that is what counts and was kept. To be freed. */
char *campaign_weights(const campaign *campaign, size_t variant, size_t seed);

#endif
