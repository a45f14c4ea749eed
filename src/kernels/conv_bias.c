/* The gradient of a convolution's biases. The order of every sum: the outputs, or the maxima of pooled windows, row by
 * row; then the lanes by the tree 8-4-2-1. */
#include "kernels/conv_pooled.h"
#include "kernels/conv_ways.h"

/* Several filters at once hide the time that an addition takes. */
enum { AT_ONCE = 4 };

/* plane: of dy. */
INLINE void sum_filters(const conv_call *c, size_t first, size_t count, size_t plane, bool pooled)
{
    const lanes *dy = c->dy + first * plane;
    const pool_winner *winner = pooled ? (const pool_winner *)c->winner + first * plane : NULL;
    lanes total[AT_ONCE];
    for (size_t part = 0; part < PARTS; part++) {
        vec sum[AT_ONCE];
        UNROLL for (size_t f = 0; f < count; f++) sum[f] = vec_set(0);
        for (size_t i = 0; i < plane; i++) UNROLL for (size_t f = 0; f < count; f++)
            {
                size_t at = f * plane + i;
                sum[f] += pooled ? pooled_gradient(dy + at, winner + at, part) : vec_load(dy + at, part);
            }
        UNROLL for (size_t f = 0; f < count; f++) vec_store(total + f, part, sum[f]);
    }
    UNROLL for (size_t f = 0; f < count; f++) c->d_bias[first + f] = lanes_sum(total + f);
}

INLINE void sum_biases(const conv_call *c, size_t first, size_t last, size_t plane, bool pooled)
{
    for (; first + AT_ONCE <= last; first += AT_ONCE) sum_filters(c, first, AT_ONCE, plane, pooled);
    for (; first < last; first++) sum_filters(c, first, 1, plane, pooled);
}

void KERNEL(conv_gradient_bias)(const conv_shape *s, const conv_call *c, size_t first, size_t last)
{
    if (!c->d_bias) return;
    if (c->pooled)
        sum_biases(c, first, last, s->out_height / 2 * (s->out_width / 2), true);
    else
        sum_biases(c, first, last, s->out_height * s->out_width, false);
}
