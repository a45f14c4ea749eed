/* Matrices inside the library. */
#ifndef DATA_MATRIX_H
#define DATA_MATRIX_H

#include "base/error.h"

/* Makes room for height x width x channels numbers, cleared. */
cepa_status matrix_allocate(size_t height, size_t width, size_t channels, cepa_matrix *matrix, cepa_error *error);

static inline double *matrix_at(const cepa_matrix *m, size_t row, size_t column)
{
    return m->values + (row * m->width + column) * m->channels;
}

#endif
