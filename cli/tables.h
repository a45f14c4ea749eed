/* Numbers in columns, and the places in them that options name. */
#ifndef CLI_TABLES_H
#define CLI_TABLES_H

#include "cepa.h"
#include "json.h"

/* Prints one channel of a matrix, a line a row. */
void print_matrix(const cepa_matrix *matrix, size_t channel, const char *indent);

/* The same as a list of rows; of several channels a list of them for each place. */
void json_matrix(json *json, const char *name, const cepa_matrix *matrix);

/* One channel of a matrix as a matrix of its own. */
cepa_status matrix_channel(const cepa_matrix *matrix, size_t channel, cepa_matrix *made, cepa_error *error);

/* Small enough for a person to read. */
bool is_readable(const cepa_matrix *matrix);

/* Reads whole numbers from 0 on, apart by commas: "1,2". False where there are not least to most of them. */
bool read_places(const char *text, size_t least, size_t most, size_t *places, size_t *count);

#endif
