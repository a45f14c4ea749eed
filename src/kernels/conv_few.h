/* The weight gradient of a convolution with few outputs, as a Dense layer has. */
#ifndef KERNELS_CONV_FEW_H
#define KERNELS_CONV_FEW_H

#include "kernels/turned_tile.h"

/* Up to so many outputs count as few: adding the lanes of every weight would cost more than its products. */
enum { CONV_FEW = TURNED_PIXELS };

/* The filters first ... last - 1, all of one group. */
void KERNEL(conv_gradient_weights_few)(const conv_shape *s, const conv_call *c, size_t first, size_t last);

#endif
