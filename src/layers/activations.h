/* Activation functions: one table entry each; the arithmetic is in kernels/activations.c and kernels/softmax.c. */
#ifndef LAYERS_ACTIVATIONS_H
#define LAYERS_ACTIVATIONS_H

#include "graph/layer.h"

/* Entries start with kind; names are exact, as in Keras. */
extern const family activation_family;

/* An activation as a call uses it: the function, its numbers, and its axis as [outer][size][inner] for those that work
 * along one (softmax); count elements in all for the others. output: the shape of its results, the input's but
 * for glu. */
typedef struct activation_call {
    const struct activation_class *class;
    activation_parameters parameters;
    size_t outer, size, inner, count;
    shape output;
} activation_call;

/* Fills a call for the function that text names, on values of a shape; *needs gets what its gradient reads
 * (NEEDS_INPUT, NEEDS_OUTPUT). Fails where the text names none. */
cepa_status activation_prepare(arena *memory, const char *text, const shape *s, activation_call *made, unsigned *needs,
                               cepa_error *error);

/* y = f(x); y may be x where the gradient does not need x. */
void activation_forward(const activation_call *a, const lanes *x, lanes *y);
/* dx from dy; x or y may be NULL where the gradient does not need them; dx may be dy. */
void activation_gradient(const activation_call *a, const lanes *dy, const lanes *x, const lanes *y, lanes *dx);

#endif
