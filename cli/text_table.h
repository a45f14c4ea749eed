/* Tables of texts in columns. */
#ifndef CLI_TEXT_TABLE_H
#define CLI_TEXT_TABLE_H

#include "cepa.h"

typedef struct text_table {
    size_t columns, rows;
    char **cells; /* row by row; NULL: empty */
    bool failed;  /* memory was exhausted on the way */
} text_table;

text_table text_table_new(size_t columns);
/* Begins a row. */
void text_table_row(text_table *table);
/* Begins a row of these texts, one a column, such as the names of the columns. */
void text_table_texts(text_table *table, const char *const *texts);
/* Sets a cell of the last row. */
void text_table_set(text_table *table, size_t column, const char *format, ...) CEPA_FORMAT(3, 4);
/* Prints the rows, numbers (and whatever begins with one) to the right and other texts to the left of their columns,
 * which the first row names. */
void text_table_print(const text_table *table, FILE *out);
void text_table_free(text_table *table);

typedef struct spread {
    double low, mean, high;
    size_t zeros;
} spread;

/* Of count numbers that stand step apart. */
spread spread_of(const float *values, size_t count, size_t step);

/* A mean and its spread over repetitions. */
typedef struct sample {
    size_t count;
    double mean, spread; /* spread: standard deviation with count - 1; NaN for fewer than two */
} sample;

/* Of the values that are numbers. */
sample sample_of(const double *values, size_t count);
/* "1.3041 ± 0.0102", or "1.3041" of one. */
void sample_print(const sample *s, char text[64]);

/* "114,510" */
void count_print(size_t count, char text[32]);

/* "(30, 30, 50)"; sizes below 0 are None. */
void shape_print(const int *sizes, size_t rank, char text[100]);

#endif
