/* Keras' activation functions, applied to numbers. */
#ifndef CLI_ACTIVATIONS_H
#define CLI_ACTIVATIONS_H

#include "cepa.h"

/* Gives y[i] = f(x[i]) for the activation function of that name, to the seven digits that networks count with. */
cepa_status activate(const char *name, size_t count, const double *x, double *y, cepa_error *error);

#endif
