/* Calls in a row that one kernel does. */
#include "layers/correlation.h"

#include <string.h>

extern const layer_class conv1d, conv2d, depthwise_conv2d, dense, activation, max_pooling2d;

static bool second_is_relu(const fusion_part *parts)
{
    const cepa_activation_options *o = parts[1].options;
    return strcmp(o->activation, "relu") == 0;
}

static bool relu_and_halves(const fusion_part *parts)
{
    return second_is_relu(parts) && correlation_pools(parts[0].geometry) && max_pooling2d_halves(parts[2].geometry);
}

#define RELU_BEHIND(layer)                                                                                             \
    {                                                                                                                  \
        2, (const layer_class *const[]){&layer, &activation}, "relu", second_is_relu, correlation_relu_forward,        \
            correlation_relu_forward_apart                                                                             \
    }

/* The longest first. */
const fusion fusions[] = {
    {3, (const layer_class *const[]){&conv2d, &activation, &max_pooling2d}, "relu, 2x2 max pooling", relu_and_halves,
     correlation_pooled_forward, correlation_pooled_forward_apart, correlation_pooled_gradient_inputs,
     correlation_pooled_gradient_weights},
    RELU_BEHIND(conv1d),
    RELU_BEHIND(conv2d),
    RELU_BEHIND(depthwise_conv2d),
    RELU_BEHIND(dense),
};
const size_t fusion_count = ARRAY_COUNT(fusions);
