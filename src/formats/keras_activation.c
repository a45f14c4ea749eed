/* The activations that have a layer of the same meaning. */
#include "formats/keras_activation.h"

#include "base/memory.h"

#include <string.h>

const activation_spelling *activation_spelling_of(const char *name)
{
    static const activation_spelling spellings[] = {
        {.function = "relu", .layer = "ReLU"},
        {.function = "leaky_relu", .layer = "LeakyReLU", .argument = "negative_slope", .keras2_argument = "alpha"},
        {.function = "elu", .layer = "ELU"},
        {.function = "softmax", .layer = "Softmax"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(spellings); i++)
        if (strcmp(spellings[i].function, name) == 0 || strcmp(spellings[i].layer, name) == 0) return &spellings[i];
    return NULL;
}
