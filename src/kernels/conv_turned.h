/* The weight gradient of a convolution by products with filters in the vector. */
#ifndef KERNELS_CONV_TURNED_H
#define KERNELS_CONV_TURNED_H

#include "kernels/turned_tile.h"

/* The filters first ... last - 1, all of one group. A pooled gradient: of at most TURNED_PIXELS outputs. */
void KERNEL(conv_gradient_weights_turned)(const conv_shape *s, const conv_call *c, size_t first, size_t last);

#endif
