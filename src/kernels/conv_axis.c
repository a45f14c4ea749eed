/* One axis of a convolution: spans of outputs that see the same taps. Plain integers, the same for all instruction
 * sets. */
#include "kernels/conv_axis.h"

static ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
/* Mostly by 1, which need not take a division's time. */
static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b)
{
    if (b == 1) return a;
    return a <= 0 ? -(-a / b) : (a + b - 1) / b;
}
static ptrdiff_t divide_down(ptrdiff_t a, ptrdiff_t b) { return -divide_up(-a, b); }

/* The taps lowest ... highest that exist for a residue, before clipping at the edges: every step-th. */
typedef struct progression {
    ptrdiff_t lowest, highest, step; /* lowest > highest: none */
} progression;

static progression taps_of_residue(const conv_axis *a, ptrdiff_t place)
{
    ptrdiff_t stride = (ptrdiff_t)a->stride, dilation = (ptrdiff_t)a->dilation, taps = (ptrdiff_t)a->taps;
    ptrdiff_t lowest = 0, step = 1;
    while (step * dilation % stride) step++;
    while (lowest < step && (place - lowest * dilation) % stride) lowest++;
    if (lowest == step || lowest >= taps) return (progression){1, 0, 1};
    return (progression){lowest, lowest + (taps - 1 - lowest) / step * step, step};
}

/* Keeps the taps between low and high. */
static void clip(progression *p, ptrdiff_t low, ptrdiff_t high)
{
    if (p->lowest < low) p->lowest += divide_up(low - p->lowest, p->step) * p->step;
    if (p->highest > high) p->highest -= divide_up(p->highest - high, p->step) * p->step;
}

/* The span of one output, its taps set; count is how many outputs see all of the taps. */
static conv_span make_span(size_t output, size_t step, const progression *all, const progression *seen, ptrdiff_t count)
{
    conv_span s = {.output = output, .outputs = 1, .step = step, .tap_step = (size_t)all->step};
    if (seen->lowest > seen->highest) return s;
    s.tap = (size_t)seen->lowest;
    s.taps = (size_t)((seen->highest - seen->lowest) / seen->step + 1);
    if (seen->lowest == all->lowest && seen->highest == all->highest) s.outputs = (size_t)count;
    return s;
}

static conv_span plain_span(const conv_axis *a, size_t output, size_t end)
{
    ptrdiff_t stride = (ptrdiff_t)a->stride, dilation = (ptrdiff_t)a->dilation;
    ptrdiff_t place = (ptrdiff_t)output * stride - (ptrdiff_t)a->before, last = (ptrdiff_t)a->sources - 1;
    progression all = {0, (ptrdiff_t)a->taps - 1, 1}, seen = all;
    clip(&seen, divide_up(-place, dilation), divide_down(last - place, dilation));
    ptrdiff_t count =
        smaller((ptrdiff_t)(end - output), divide_down(last - all.highest * dilation - place, stride) + 1);
    conv_span s = make_span(output, 1, &all, &seen, count);
    s.source = place + (ptrdiff_t)s.tap * dilation;
    s.source_step = stride;
    s.source_tap_step = dilation;
    return s;
}

static conv_span transposed_span(const conv_axis *a, size_t output, size_t end)
{
    ptrdiff_t stride = (ptrdiff_t)a->stride, dilation = (ptrdiff_t)a->dilation;
    ptrdiff_t place = (ptrdiff_t)(output + a->before), last = ((ptrdiff_t)a->sources - 1) * stride;
    progression all = taps_of_residue(a, place), seen = all;
    clip(&seen, divide_up(place - last, dilation), place / dilation);
    ptrdiff_t inside = (last + all.lowest * dilation - place) / stride + 1;
    ptrdiff_t count = smaller(divide_up((ptrdiff_t)(end - output), stride), inside);
    conv_span s = make_span(output, a->stride, &all, &seen, count);
    s.source = (place - (ptrdiff_t)s.tap * dilation) / stride;
    s.source_step = 1;
    s.source_tap_step = -(ptrdiff_t)s.tap_step * dilation / stride;
    return s;
}

conv_span conv_span_at(const conv_axis *a, size_t output, size_t end)
{
    return a->transposed ? transposed_span(a, output, end) : plain_span(a, output, end);
}

void conv_tap_range(const conv_axis *a, size_t tap, size_t *begin, size_t *end)
{
    ptrdiff_t stride = (ptrdiff_t)a->stride, place = (ptrdiff_t)(tap * a->dilation) - (ptrdiff_t)a->before;
    ptrdiff_t low = larger(divide_up(-place, stride), 0);
    ptrdiff_t high = smaller(divide_down((ptrdiff_t)a->sources - 1 - place, stride) + 1, (ptrdiff_t)a->outputs);
    *begin = (size_t)smaller(low, (ptrdiff_t)a->outputs);
    *end = high > (ptrdiff_t)*begin ? (size_t)high : *begin;
}
