/* Every layer, in documentation order. */
#include "graph/layer.h"

#define LAYERS(X)                                                                                                      \
    X(input_layer)                                                                                                     \
    X(rescaling)                                                                                                       \
    X(normalization)                                                                                                   \
    X(embedding)                                                                                                       \
    X(conv1d)                                                                                                          \
    X(conv2d)                                                                                                          \
    X(conv3d)                                                                                                          \
    X(depthwise_conv1d)                                                                                                \
    X(depthwise_conv2d)                                                                                                \
    X(separable_conv1d)                                                                                                \
    X(separable_conv2d)                                                                                                \
    X(conv1d_transpose)                                                                                                \
    X(conv2d_transpose)                                                                                                \
    X(conv3d_transpose)                                                                                                \
    X(dense)                                                                                                           \
    X(max_pooling1d)                                                                                                   \
    X(max_pooling2d)                                                                                                   \
    X(max_pooling3d)                                                                                                   \
    X(average_pooling1d)                                                                                               \
    X(average_pooling2d)                                                                                               \
    X(average_pooling3d)                                                                                               \
    X(global_average_pooling1d)                                                                                        \
    X(global_average_pooling2d)                                                                                        \
    X(global_average_pooling3d)                                                                                        \
    X(global_max_pooling1d)                                                                                            \
    X(global_max_pooling2d)                                                                                            \
    X(global_max_pooling3d)                                                                                            \
    X(zero_padding1d)                                                                                                  \
    X(zero_padding2d)                                                                                                  \
    X(zero_padding3d)                                                                                                  \
    X(cropping1d)                                                                                                      \
    X(cropping2d)                                                                                                      \
    X(cropping3d)                                                                                                      \
    X(up_sampling1d)                                                                                                   \
    X(up_sampling2d)                                                                                                   \
    X(up_sampling3d)                                                                                                   \
    X(center_crop)                                                                                                     \
    X(resizing)                                                                                                        \
    X(batch_normalization)                                                                                             \
    X(layer_normalization)                                                                                             \
    X(group_normalization)                                                                                             \
    X(rms_normalization)                                                                                               \
    X(unit_normalization)                                                                                              \
    X(identity)                                                                                                        \
    X(flatten)                                                                                                         \
    X(reshape)                                                                                                         \
    X(permute)                                                                                                         \
    X(repeat_vector)                                                                                                   \
    X(dropout)                                                                                                         \
    X(spatial_dropout1d)                                                                                               \
    X(spatial_dropout2d)                                                                                               \
    X(spatial_dropout3d)                                                                                               \
    X(alpha_dropout)                                                                                                   \
    X(gaussian_noise)                                                                                                  \
    X(gaussian_dropout)                                                                                                \
    X(random_crop)                                                                                                     \
    X(random_flip)                                                                                                     \
    X(random_translation)                                                                                              \
    X(random_rotation)                                                                                                 \
    X(random_zoom)                                                                                                     \
    X(random_brightness)                                                                                               \
    X(random_contrast)                                                                                                 \
    X(activation)                                                                                                      \
    X(relu)                                                                                                            \
    X(leaky_relu)                                                                                                      \
    X(prelu)                                                                                                           \
    X(elu)                                                                                                             \
    X(softmax)                                                                                                         \
    X(activity_regularization)                                                                                         \
    X(add)                                                                                                             \
    X(subtract)                                                                                                        \
    X(multiply)                                                                                                        \
    X(average)                                                                                                         \
    X(maximum)                                                                                                         \
    X(minimum)                                                                                                         \
    X(concatenate)                                                                                                     \
    X(dot)

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
