#include "work.h"

#include "layers/layers.h"

#include <stdlib.h>

extern const layer_class conv2d, dense;

/* Pairs of a place of the output and one of the window along an axis that meet inside the picture. */
static double meetings(const cepa_conv2d_options *o, int axis, int in)
{
    window w;
    double count = 0;
    window_fit(&w, in, o->kernel_size[axis], o->strides[axis], o->dilation_rate[axis], o->padding);
    for (size_t i = 0; i < w.out; i++)
        for (size_t k = 0; k < w.size; k++)
            count += i * w.stride + k * w.dilation - w.before < w.in; /* negative ones are huge */
    return count;
}

static double call_work(const cepa_graph *g, const call *c)
{
    if (c->layer->class == &dense)
        return 2 * (double)g->weights[c->layer->first_weight].count *
               (double)(shape_count(&graph_tensor(g, c->output[0])->shape) /
                        (size_t)((const cepa_dense_options *)c->layer->options)->units);
    if (c->layer->class != &conv2d) return 0;
    const cepa_conv2d_options *o = c->layer->options;
    const int *in = graph_tensor(g, c->input[0])->shape.size;
    return 2 * meetings(o, 0, in[0]) * meetings(o, 1, in[1]) * (in[2] / o->groups) * o->filters;
}

double network_forward_work(const network *n)
{
    double sum = 0;
    for (size_t i = 0; i < n->call_count; i++) sum += call_work(n->graph, n->calls[i]);
    return sum;
}

/* Marks the tensors that have a weight somewhere before them. */
static bool *find_weighted(const network *n)
{
    bool *weighted = calloc(n->graph->tensor_count + 1, sizeof *weighted);
    for (size_t i = 0; weighted && i < n->call_count; i++) {
        const call *c = n->calls[i];
        bool any = c->layer->weight_count > 0;
        for (size_t k = 0; k < c->inputs; k++) any |= weighted[c->input[k]];
        for (size_t k = 0; k < c->outputs; k++) weighted[c->output[k]] = any;
    }
    return weighted;
}

double network_training_work(const network *n)
{
    bool *weighted = find_weighted(n);
    double sum = 2 * network_forward_work(n);
    for (size_t i = 0; weighted && i < n->call_count; i++)
        if (n->calls[i]->inputs && weighted[n->calls[i]->input[0]]) sum += call_work(n->graph, n->calls[i]);
    free(weighted);
    return sum;
}
