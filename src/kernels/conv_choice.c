/* Which way each pass of a convolution goes. By the shape alone, so that every machine computes the same bits. */
#include "kernels/kernels.h"

/* Measured (bench/roofline): with fewer channels the transforms cost more than the products they save; with fewer tiles
 * of 2 x 2 the sums over the lanes do. Of a picture's few channels nothing transformed is stored in the forward pass
 * and in that of the weights. The gradient of pictures is seldom wanted: theirs are Winograd's so that the layer can
 * pool. */
enum {
    LEAST_CHANNELS = 3,
    LEAST_CHANNELS_FOR_INPUTS = 8,
    LEAST_CHANNELS_FOR_WEIGHTS = 8,
    LEAST_TILES = 4,
    LEAST_TILES_FOR_WEIGHTS = 4,
    PICTURE_CHANNELS = 4
};

/* Winograd's filtering is for 3 x 3 taps side by side. */
static bool is_small(const conv_shape *s)
{
    return s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 1 && s->stride_width == 1 &&
           s->dilation_height == 1 && s->dilation_width == 1 && s->groups == 1 && s->pad_top <= 1 && s->pad_left <= 1;
}

conv_choice conv_choose(const conv_shape *s)
{
    conv_choice choice = {CONV_DIRECT, CONV_DIRECT, CONV_DIRECT};
    if (s->direct || !is_small(s)) return choice;
    size_t tiles = (s->out_height + 1) / 2 * ((s->out_width + 1) / 2);
    if (tiles >= LEAST_TILES && s->in_channels >= LEAST_CHANNELS) choice.forward = CONV_WINOGRAD;
    const bool picture = s->in_channels <= PICTURE_CHANNELS;
    size_t for_inputs = picture ? LEAST_CHANNELS : LEAST_CHANNELS_FOR_INPUTS;
    if (tiles >= LEAST_TILES && s->out_channels >= for_inputs) choice.gradient_inputs = CONV_WINOGRAD;
    size_t for_weights = picture ? LEAST_CHANNELS : LEAST_CHANNELS_FOR_WEIGHTS;
    if (tiles >= LEAST_TILES_FOR_WEIGHTS && s->in_channels >= for_weights) choice.gradient_weights = CONV_WINOGRAD;
    return choice;
}

bool conv_pools(const conv_shape *s)
{
    return conv_choose(s).gradient_inputs == CONV_WINOGRAD && s->out_height >= 2 && s->out_width >= 2;
}
