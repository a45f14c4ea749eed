/* A run's numbers, epoch by epoch, as a CSV file: as Keras 3's CSVLogger writes it. */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include "cepa.h"

/* A history that grows: the text of its file so far. Zero-initialise. */
typedef struct csv_text {
    char *text;
    size_t size;
    FILE *stream;
    size_t columns; /* names in the header */
    char **names;
} csv_text;

/* Adds an epoch (from 0); the first one fixes the columns. Where it has no validation, val_ columns read NA. */
cepa_status csv_add(csv_text *csv, int epoch, const cepa_log *logs, size_t count, cepa_error *error);
void csv_free(csv_text *csv);

/* A history that was read: value(column, epoch) = values[column * stride + epoch]; NaN where there is none. */
typedef struct csv_table {
    size_t columns, epochs, stride;
    char **names;
    double *values;
    int first_epoch;
} csv_table;

cepa_status csv_read(const char *path, csv_table *table, cepa_error *error);
/* The column of that name, or NULL. */
const double *csv_column(const csv_table *table, const char *name);
/* The names of all columns: "accuracy, loss, val_accuracy, val_loss", cut to size. */
void csv_names(const csv_table *table, char *text, size_t size);
void csv_table_free(csv_table *table);

#endif
