/* The data sets that have a name: where they may lie, where they can be had, what their classes are called. */
#ifndef DATA_KNOWN_H
#define DATA_KNOWN_H

#include "data/dataset.h"
#include "data/fetch.h"

enum { MOST_PLACES = 8 };

typedef struct known {
    size_t rank; /* axes of a picture in a data set that Keras has too, else 0 */
    int shape[3];
    bool column_labels; /* labels are (1), else () */
    size_t class_count;
    const char *const *class_names;  /* NULL: the files say */
    const char *places[MOST_PLACES]; /* folders and files below a root, the best first */
    const char *columns;             /* of a table: their names as a line of CSV */
    cepa_table table; /* of a table: what its columns are and how it is split, where the caller does not say */
    origin origin;
    /* Makes a generated data set; NULL: it lies somewhere or is downloaded. */
    cepa_status (*generate)(const cepa_dataset_options *options, parts *made, cepa_error *error);
} known;

/* The entry of a name; NULL where it is not known. */
const known *known_dataset(const char *name);
const cepa_known_dataset *known_about(const known *known);

#endif
