/* Pictures whose pixels are weighted sums of another picture's, channel by channel. */
#include "kernels/vec.h"

void KERNEL(resample)(const resampling *r, const lanes *x, lanes *y, size_t channels)
{
    for (size_t c = 0; c < channels; c++, x += r->in, y += r->out)
        for (size_t i = 0; i < r->out; i++)
            for (size_t part = 0; part < PARTS; part++) {
                vec sum = vec_set(0);
                for (size_t t = r->first[i]; t < r->first[i + 1]; t++)
                    sum = vec_fma(vec_load(&x[r->tap[t].place], part), vec_set(r->tap[t].weight), sum);
                vec_store(&y[i], part, sum);
            }
}

void KERNEL(resample_gradient)(const resampling *r, const lanes *dy, lanes *dx, size_t channels)
{
    for (size_t c = 0; c < channels; c++, dy += r->out, dx += r->in)
        for (size_t part = 0; part < PARTS; part++) {
            for (size_t i = 0; i < r->in; i++) vec_store(&dx[i], part, vec_set(0));
            for (size_t i = 0; i < r->out; i++)
                for (size_t t = r->first[i]; t < r->first[i + 1]; t++) {
                    lanes *to = &dx[r->tap[t].place];
                    vec_store(to, part, vec_fma(vec_load(&dy[i], part), vec_set(r->tap[t].weight), vec_load(to, part)));
                }
        }
}
