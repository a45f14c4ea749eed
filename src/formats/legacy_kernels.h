/* How convolutions' kernels lay in the files of Keras 1, and of Keras on Theano. */
#ifndef FORMATS_LEGACY_KERNELS_H
#define FORMATS_LEGACY_KERNELS_H

#include "formats/h5.h"
#include "graph/graph.h"

/* The axes of a kernel in a file: from[i] is the one that is a weight's axis i today. */
typedef struct axis_order {
    const char *class_name;
    bool channels_first;
    unsigned char from[4];
} axis_order;

/* The order in which Keras 1 wrote the kernels of a layer; NULL: today's. */
const axis_order *keras1_axes(const layer *l, bool channels_first);

/* True where an array of this shape is the weight, its axes in an order (NULL: today's). Axes of 1 do not count where
 * the order is today's. */
bool kernel_fits(const h5_shape *stored, const weight *w, const axis_order *order);

/* Brings numbers that were read in an order (not NULL) into today's, through room for as many. */
void kernel_order(const weight *w, const axis_order *order, real *values, real *room);

/* Turns the kernel of a convolution by 180 degrees; any other weight stays. */
void kernel_turn(const weight *w, real *values);

#endif
