/* Every layer, in documentation order. */
#include "graph/layer.h"

#define LAYERS(X)                                                                                                      \
    X(input_layer)                                                                                                     \
    X(rescaling)                                                                                                       \
    X(conv2d)                                                                                                          \
    X(dense)                                                                                                           \
    X(max_pooling2d)                                                                                                   \
    X(average_pooling2d)                                                                                               \
    X(global_average_pooling2d)                                                                                        \
    X(global_max_pooling2d)                                                                                            \
    X(batch_normalization)                                                                                             \
    X(flatten)                                                                                                         \
    X(reshape)                                                                                                         \
    X(dropout)                                                                                                         \
    X(activation)                                                                                                      \
    X(relu)                                                                                                            \
    X(softmax)                                                                                                         \
    X(activity_regularization)                                                                                         \
    X(add)                                                                                                             \
    X(concatenate)

#define DECLARE(layer) extern const layer_class layer;
LAYERS(DECLARE)
#undef DECLARE

#define ENTRY(layer) &layer.kind,
static const kind *const members[] = {LAYERS(ENTRY)};
#undef ENTRY

const family layer_family = {"layer", members, ARRAY_COUNT(members)};

const argument_layer argument_layers[] = {
    {"activation", &activation, "activation"},
    {"activity_regularizer", &activity_regularization, NULL},
};
const size_t argument_layer_count = ARRAY_COUNT(argument_layers);
