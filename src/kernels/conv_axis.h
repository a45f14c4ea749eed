/* One axis of a convolution: which taps each output sees and where. The same description serves the forward pass, the
 * data gradient (transposed) and the weight gradient, for any stride, dilation and padding; taps that would fall into
 * the padding are left out, never multiplied by zero. */
#ifndef KERNELS_CONV_AXIS_H
#define KERNELS_CONV_AXIS_H

#include "kernels/kernels.h"

/* Output o meets source o * stride + tap * dilation - before; transposed: source s meets output
 * s * stride + tap * dilation - before. */
typedef struct conv_axis {
    size_t outputs, sources, taps;
    size_t stride, dilation, before;
    bool transposed;
} conv_axis;

/* Outputs output, output + step, ... (outputs of them) that see the same taps: tap, tap + tap_step, ... (taps of them,
 * perhaps none). The first output's first tap falls on source; the next output's source_step, the next tap's
 * source_tap_step further. */
typedef struct conv_span {
    size_t output, outputs, step;
    size_t tap, taps, tap_step;
    ptrdiff_t source, source_step, source_tap_step;
} conv_span;

/* The axes of a convolution as its forward pass sees them. */
static inline conv_axis conv_axis_rows(const conv_shape *s)
{
    return (conv_axis){.outputs = s->out_height,
                       .sources = s->in_height,
                       .taps = s->kernel_height,
                       .stride = s->stride_height,
                       .dilation = s->dilation_height,
                       .before = s->pad_top};
}

static inline conv_axis conv_axis_columns(const conv_shape *s)
{
    return (conv_axis){.outputs = s->out_width,
                       .sources = s->in_width,
                       .taps = s->kernel_width,
                       .stride = s->stride_width,
                       .dilation = s->dilation_width,
                       .before = s->pad_left};
}

/* Outputs that see the same taps are this far apart. */
static inline size_t conv_axis_step(const conv_axis *a) { return a->transposed ? a->stride : 1; }

/* The span that starts at output and stays below end: all that see every tap of theirs, or one at the border. */
conv_span conv_span_at(const conv_axis *a, size_t output, size_t end);

/* The outputs *begin ... *end - 1 for which this tap falls inside the sources (equal: none). Not for transposed. */
void conv_tap_range(const conv_axis *a, size_t tap, size_t *begin, size_t *end);

#endif
