/* Calls in a row that one kernel does. */
#include "layers/correlation.h"

#include <string.h>

extern const layer_class conv2d, dense, activation;

static bool second_is_relu(const void *const *options)
{
    const cepa_activation_options *o = options[1];
    return strcmp(o->activation, "relu") == 0;
}

const fusion fusions[] = {
    {2, (const layer_class *const[]){&conv2d, &activation}, second_is_relu, correlation_relu_forward},
    {2, (const layer_class *const[]){&dense, &activation}, second_is_relu, correlation_relu_forward},
};
const size_t fusion_count = ARRAY_COUNT(fusions);
