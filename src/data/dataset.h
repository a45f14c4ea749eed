/* The data set's handle: rows in storage that parts share, and how a reader makes one. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "base/error.h"
#include "base/memory.h"
#include "data/types.h"

#include <stdatomic.h>

typedef enum role { ROLE_INPUT, ROLE_TARGET, ROLE_WEIGHT, ROLES } role;

/* One array, all rows of it. */
typedef struct column {
    cepa_array array; /* data: from the storage's first row on */
    size_t numbers;   /* in a row */
    size_t row_bytes;
    double (*read)(const void *numbers, size_t index);
} column;

typedef struct storage {
    atomic_size_t users; /* handles that share it */
    arena memory;
    const char *name, *source, *citation;
    size_t rows;
    column *columns[ROLES];
    size_t count[ROLES], capacity[ROLES];
    size_t class_count;
    const char **class_names;
    const cepa_table *table;
    size_t incomplete; /* rows of a table that were left out */
    bool pixels;       /* inputs are pixels of 0 to 255 although they may be floats */
} storage;

struct cepa_dataset {
    storage *storage;
    size_t first, rows;
    cepa_array *arrays[ROLES]; /* the storage's, from this part's first row on */
    float bytes_scaled[256];   /* (float)(byte * scale + offset) */
    cepa_dataset_info info;
};

/* Gives a data set the scale and offset of another. */
void dataset_scale_as(cepa_dataset *dataset, const cepa_dataset *other);

/* What a reader found: the rows to learn from, and the source's own test rows (NULL: none). */
typedef cepa_parts parts;

/* Starts a data set without arrays. Its name is the last part of source; source NULL: "generated". */
cepa_status dataset_begin(size_t rows, const char *source, cepa_dataset **made, cepa_error *error);

/* Adds an array (name, type, rank and shape of it; data is not read) and gives its cleared memory of rows x shape, to
 * be filled by the caller before dataset_end. Fails where the type, a shape or the size is not valid. */
cepa_status dataset_add(cepa_dataset *dataset, role role, const cepa_array *array, void **data, cepa_error *error);

/* Names the classes; the names are copied. */
cepa_status dataset_name_classes(cepa_dataset *dataset, const char *const *names, size_t count, cepa_error *error);

/* Says how the table was read that the data come from; a copy is kept. */
cepa_status dataset_of_table(cepa_dataset *dataset, const cepa_table *table, cepa_error *error);

/* Copies a description with its texts; false without memory. */
bool copy_table(arena *memory, const cepa_table *table, cepa_table *copy);

/* Fails where the first input is no picture with 1, 3 or 4 channels; gives their number. */
cepa_status dataset_check_pictures(const cepa_dataset_info *info, size_t *channels, cepa_error *error);

/* Makes the data set ready: counts the classes of a lone integer target where they have no names, fills info. */
cepa_status dataset_end(cepa_dataset *dataset, cepa_error *error);

/* The numbers of a column from this part's row on. */
static inline const unsigned char *column_row(const cepa_dataset *dataset, const column *column, size_t row)
{
    return (const unsigned char *)column->array.data + (dataset->first + row) * column->row_bytes;
}

#endif
