/* CSV text as fields (RFC 4180, and what spreadsheets make of it). */
#ifndef DATA_CSV_H
#define DATA_CSV_H

#include "base/buffer.h"
#include "base/error.h"

/* The fields of a table, row by row: that of a row and column is fields[row * columns + column]; row 0 is the first
 * line. Zero-initialise; freed by csv_fields_free, also after a failure. */
typedef struct csv_fields {
    size_t columns, rows, count, capacity;
    char separator;
    const char **fields;
    char *text; /* that the fields stand in, each ends with a 0 */
} csv_fields;

/* Reads a whole file. Fields are apart by what its first line has most of: commas, semicolons or tabs. They may stand
 * in quotation marks, "" in them is one; blanks around a field, a byte order mark and empty lines are left out. Every
 * row must have as many fields as the first. where names the file in messages. */
cepa_status csv_read_table(const char *where, const unsigned char *bytes, size_t size, csv_fields *table,
                           cepa_error *error);

/* Reads one line of fields apart by commas, as a list of names is written: a,"b, c",d. */
cepa_status csv_read_list(const char *where, const char *text, csv_fields *list, cepa_error *error);

void csv_fields_free(csv_fields *table);

/* Adds a field to such a list, or to a row with another separator, in quotation marks where it needs them. */
void csv_write_field(buffer *row, char separator, const char *field);

#endif
