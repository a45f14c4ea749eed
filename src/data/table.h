/* Tables of named columns as data sets. */
#ifndef DATA_TABLE_H
#define DATA_TABLE_H

#include "data/csv.h"
#include "data/dataset.h"

/* Makes a data set of a table whose first line names its columns: inputs (columns) float32, and where how has a target
 * float32 of (), (columns) or one-hot (classes). where names the table in messages and as the data set's source. */
cepa_status table_read(const char *where, const csv_fields *text, const cepa_table *how, cepa_dataset **made,
                       cepa_error *error);

#endif
