/* A convolution's passes, each going the way that conv_choose has for its shape. */
#include "kernels/conv_ways.h"
#include "kernels/vec.h"

typedef struct way {
    conv_packed_size_function *packed_size;
    size_t (*scratch_size)(const conv_shape *s);         /* bytes, of the first two passes */
    size_t (*weights_scratch_size)(const conv_shape *s); /* of the last; NULL: none */
    conv_pack_function *pack;
    conv_pass *forward, *gradient_inputs, *gradient_weights;
    size_t (*apart_packed_size)(const conv_shape *s), (*apart_scratch_size)(const conv_shape *s);
    conv_apart_pack_function *apart_pack;
    conv_pass *apart_forward;
} way;

static const way ways[] = {
    [CONV_DIRECT] = {KERNEL(direct_packed_size), KERNEL(direct_scratch_size), NULL, KERNEL(direct_pack),
                     KERNEL(direct_forward), KERNEL(direct_gradient_inputs), KERNEL(direct_gradient_weights),
                     KERNEL(direct_apart_packed_size), KERNEL(direct_apart_scratch_size), KERNEL(direct_apart_pack),
                     KERNEL(direct_apart_forward)},
    [CONV_WINOGRAD] = {KERNEL(winograd_packed_size), KERNEL(winograd_scratch_size),
                       KERNEL(winograd_weights_scratch_size), KERNEL(winograd_pack), KERNEL(winograd_forward),
                       KERNEL(winograd_gradient_inputs), KERNEL(winograd_gradient_weights),
                       KERNEL(winograd_apart_packed_size), KERNEL(winograd_apart_scratch_size),
                       KERNEL(winograd_apart_pack), KERNEL(winograd_apart_forward)},
};

/* Of the forward pass or of the data gradient. */
static const way *way_of(const conv_shape *s, bool gradient)
{
    conv_choice choice = conv_choose(s);
    return &ways[gradient ? choice.gradient_inputs : choice.forward];
}

size_t KERNEL(conv_packed_size)(const conv_shape *s, bool gradient)
{
    return way_of(s, gradient)->packed_size(s, gradient);
}

size_t KERNEL(conv_scratch_size)(const conv_shape *s)
{
    conv_choice choice = conv_choose(s);
    size_t forward = ways[choice.forward].scratch_size(s), inputs = ways[choice.gradient_inputs].scratch_size(s);
    const way *weights = &ways[choice.gradient_weights];
    return larger(larger(forward, inputs), weights->weights_scratch_size ? weights->weights_scratch_size(s) : 0);
}

void KERNEL(conv_pack)(const conv_shape *s, const real *filters, bool gradient, real *packed)
{
    way_of(s, gradient)->pack(s, filters, gradient, packed);
}

void KERNEL(conv_forward)(const conv_shape *s, const conv_call *c) { ways[conv_choose(s).forward].forward(s, c); }

void KERNEL(conv_gradient_inputs)(const conv_shape *s, const conv_call *c)
{
    ways[conv_choose(s).gradient_inputs].gradient_inputs(s, c);
}

void KERNEL(conv_gradient_weights)(const conv_shape *s, const conv_call *c)
{
    ways[conv_choose(s).gradient_weights].gradient_weights(s, c);
}

size_t KERNEL(conv_apart_packed_size)(const conv_shape *s) { return ways[conv_choose(s).forward].apart_packed_size(s); }

size_t KERNEL(conv_apart_scratch_size)(const conv_shape *s)
{
    return ways[conv_choose(s).forward].apart_scratch_size(s);
}

void KERNEL(conv_apart_pack)(const conv_shape *s, const real *filters, const real *bias, real *packed)
{
    ways[conv_choose(s).forward].apart_pack(s, filters, bias, packed);
}

void KERNEL(conv_apart_forward)(const conv_shape *s, const conv_call *c)
{
    ways[conv_choose(s).forward].apart_forward(s, c);
}
