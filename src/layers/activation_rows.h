/* What activations.c takes from activation_rows.c: functions along the middle axis of [outer][n][inner]. */
#ifndef LAYERS_ACTIVATION_ROWS_H
#define LAYERS_ACTIVATION_ROWS_H

#include "kernels/lanes.h"

#include <stddef.h>

typedef void rows_forward(const lanes *x, lanes *y, size_t outer, size_t n, size_t inner);
typedef void rows_gradient(const lanes *dy, const lanes *x, lanes *dx, size_t outer, size_t n, size_t inner);

rows_forward sparsemax_forward; /* y may be x */
rows_gradient sparsemax_gradient;

rows_forward glu_forward; /* y has half of n: the first half times the sigmoid of the second */
rows_gradient glu_gradient;

#endif
