/* What a run's folder says of a fit that is done. */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "csv.h"

typedef struct record {
    char *facts;       /* run.json */
    csv_table history; /* without epochs where none was finished */
    size_t row;        /* of the history: the epoch that the model's last weights are of */
} record;

/* Reads run.json and history.csv. record is to be freed, also after a failure. */
cepa_status record_read(record *record, const char *folder, cepa_error *error);
void record_free(record *record);

/* The seed of the fit. */
uint64_t record_seed(const record *record);

/* True where a fit there has come to its end, and was not cut short by a signal. */
bool record_is_done(const char *folder);

/* The history's row where the metric is best; the record's last where it has none of that name. */
size_t record_best_row(const record *record, const char *metric);

/* The metric in a row; NaN where there is none. */
double record_value(const record *record, const char *metric, size_t row);

#endif
