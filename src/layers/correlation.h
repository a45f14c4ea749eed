/* What Conv2D and Dense are: a correlation with filters, plus bias. */
#ifndef LAYERS_CORRELATION_H
#define LAYERS_CORRELATION_H

#include "layers/layers.h"

/* The texts among CEPA_KERNEL_OPTIONS that concern the weights. */
typedef struct kernel_texts {
    bool use_bias;
    const char *kernel_initializer, *bias_initializer, *kernel_regularizer, *bias_regularizer, *kernel_constraint,
        *bias_constraint;
} kernel_texts;

#define KERNEL_TEXTS(o)                                                                                                \
    (&(kernel_texts){(o)->use_bias == CEPA_TRUE, (o)->kernel_initializer, (o)->bias_initializer,                       \
                     (o)->kernel_regularizer, (o)->bias_regularizer, (o)->kernel_constraint, (o)->bias_constraint})

/* Declares kernel (of the given shape, filters last) and bias, the packed form and the splits. */
bool declare_correlation(shape_pass *p, const conv_shape *s, const shape *kernel, const kernel_texts *texts);

layer_ways correlation_ways(const void *geometry);
layer_pass correlation_forward, correlation_gradient_inputs, correlation_gradient_weights;
layer_pass correlation_forward_apart, correlation_pack_forward, correlation_pack_gradient, correlation_pack_apart;
/* With relu behind it. */
layer_pass correlation_relu_forward, correlation_relu_forward_apart;
/* With relu and the maximum of 2 x 2 windows behind it, where correlation_pools; kept is theirs. */
bool correlation_pools(const void *geometry);
layer_pass correlation_pooled_forward, correlation_pooled_forward_apart, correlation_pooled_gradient_inputs,
    correlation_pooled_gradient_weights;

#define CORRELATION_PASSES                                                                                             \
    .forward = correlation_forward, .forward_apart = correlation_forward_apart,                                        \
    .gradient_inputs = correlation_gradient_inputs, .gradient_weights = correlation_gradient_weights,                  \
    .weights_need = NEEDS_INPUT, .ways = correlation_ways,                                                             \
    .pack = {[PASS_FORWARD] = correlation_pack_forward,                                                                \
             [PASS_GRADIENT_INPUTS] = correlation_pack_gradient,                                                       \
             [PASS_FORWARD_APART] = correlation_pack_apart}

#endif
