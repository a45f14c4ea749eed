/* The two ways to do a convolution. Each pass of a shape goes its own way, chosen by the shape alone: conv_choice.c. */
#ifndef KERNELS_CONV_WAYS_H
#define KERNELS_CONV_WAYS_H

#include "kernels/kernels.h"

/* gradient: the form that the data gradient reads. In reals. */
typedef size_t conv_packed_size_function(const conv_shape *s, bool gradient);
typedef void conv_pack_function(const conv_shape *s, const real *filters, bool gradient, real *packed);
/* bias: NULL: none. */
typedef void conv_apart_pack_function(const conv_shape *s, const real *filters, const real *bias, real *packed);
/* c->packed is the pass's own form. */
typedef void conv_pass(const conv_shape *s, const conv_call *c);

/* Behind the last pair of rows that a forward pass wants, of so many. */
static inline size_t pairs_end(const conv_call *c, size_t pairs)
{
    return c->bottom && c->bottom < pairs ? c->bottom : pairs;
}

/* d_bias of the filters first ... last - 1, where the weights' gradient does not make it in passing; nothing where it
 * is NULL. */
void KERNEL(conv_gradient_bias)(const conv_shape *s, const conv_call *c, size_t first, size_t last);

/* Any shape, its products as the definition has them. The data gradient is not pooled. */
conv_packed_size_function KERNEL(direct_packed_size);
size_t KERNEL(direct_scratch_size)(const conv_shape *s);
conv_pack_function KERNEL(direct_pack);
conv_pass KERNEL(direct_forward), KERNEL(direct_gradient_inputs), KERNEL(direct_gradient_weights);

/* The forward pass of an image apart: x and y are [height][width][channels], channels in whole lanes. first, last:
 * pairs of rows of outputs, or lanes of filters where conv_apart_splits_filters. packed: of its own, the bias in it. */
size_t KERNEL(direct_apart_packed_size)(const conv_shape *s);
size_t KERNEL(direct_apart_scratch_size)(const conv_shape *s);
conv_apart_pack_function KERNEL(direct_apart_pack);
conv_pass KERNEL(direct_apart_forward);

/* 3 x 3 taps side by side: winograd.h. */
conv_packed_size_function KERNEL(winograd_packed_size);
size_t KERNEL(winograd_scratch_size)(const conv_shape *s);
conv_pack_function KERNEL(winograd_pack);
conv_pass KERNEL(winograd_forward), KERNEL(winograd_gradient_inputs);
size_t KERNEL(winograd_weights_scratch_size)(const conv_shape *s);
conv_pass KERNEL(winograd_gradient_weights);
size_t KERNEL(winograd_apart_packed_size)(const conv_shape *s);
size_t KERNEL(winograd_apart_scratch_size)(const conv_shape *s);
conv_apart_pack_function KERNEL(winograd_apart_pack);
conv_pass KERNEL(winograd_apart_forward);

#endif
