/* A run's folder: what fit leaves for evaluate, plot and a second time. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "csv.h"
#include "options.h"

/* What a run was made from and what came of it, for run.json. */
typedef struct run_facts {
    int argument_count;
    char **arguments; /* of the command */
    cepa_dataset *train, *validation;
    double scale;
    size_t batch_size;
    double seconds;
    const char *stopped_by; /* NULL: it ran to its end */
} run_facts;

typedef struct run {
    const char *path; /* NULL: nothing is written */
    bool made;        /* the folder was not there before */
    csv_text history;
    char monitor[64]; /* what the best epoch is judged by: val_loss, else loss */
    double best;
    int best_epoch; /* -1: none yet */
} run;

/* Refuses a folder that may not be written to: one that is taken, without overwrite. Changes nothing. */
cepa_status run_check(const char *path, bool overwrite, cepa_error *error);

/* Makes the folder, or clears the run that is there. path NULL: none is written. */
cepa_status run_begin(run *run, const char *path, cepa_error *error);

/* Follows an epoch's end: history.csv, and best.keras where the epoch is the best. */
cepa_status run_epoch(run *run, cepa_model *model, const cepa_progress *event, cepa_error *error);

/* Leaves model.keras, run.json and the figures. */
cepa_status run_end(run *run, cepa_model *model, const settings *settings, const run_facts *facts, cepa_error *error);

/* Frees the run; a folder that was made for it and is still empty goes too. */
void run_free(run *run);

#endif
