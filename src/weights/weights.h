/* What is said of a weight: how it starts (initializers), what it costs (regularizers), what it must hold to
 * (constraints). A table each. */
#ifndef WEIGHTS_WEIGHTS_H
#define WEIGHTS_WEIGHTS_H

#include "base/fields.h"
#include "base/random.h"
#include "kernels/kernels.h"

/* Entries start with kind. */
extern const family initializer_family, regularizer_family, constraint_family;

/* Draws a weight of the given shape, in Keras' order, from the stream: element by element, so that a number depends on
 * its place alone. Fans are taken from the stored shape, as Keras does: the product of all but the last two axes times
 * the last but one, or the last. An initializer's own seed replaces the stream's key. Fails where the initializer
 * cannot make that shape. */
cepa_status initializer_fill(const member *initializer, const int *size, size_t rank, const random_stream *stream,
                             real *values, cepa_error *error);

/* The penalty of a weight of count numbers, in double: l1 * sum of abs + l2 * sum of squares. */
double regularizer_penalty(const member *regularizer, const real *values, size_t count);
/* Adds the penalty's gradient to gradient. */
void regularizer_gradient(const member *regularizer, const real *values, size_t count, real *gradient);

/* Fails where a weight with rank axes does not have the axes that the constraint names. */
cepa_status constraint_check(const member *constraint, size_t rank, cepa_error *error);
/* Brings a weight back to where its constraint wants it, after a step. */
void constraint_apply(const member *constraint, const int *size, size_t rank, real *values);

#endif
