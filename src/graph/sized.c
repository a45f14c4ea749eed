/* A network whose inputs leave sizes open, repeated on inputs whose sizes are known: the same layers and weights, calls
 * and tensors of its own. */
#include "graph/graph.h"

#include <string.h>

bool network_is_sized(const network *n)
{
    for (size_t i = 0; i < n->inputs; i++)
        if (!shape_is_known(&graph_tensor(n->graph, n->input[i])->shape)) return false;
    return true;
}

static bool has_inputs(const network *n, const shape *inputs)
{
    for (size_t i = 0; i < n->inputs; i++)
        if (!shape_equal(&graph_tensor(n->graph, n->input[i])->shape, &inputs[i])) return false;
    return true;
}

/* An input with the name of what gave the one it stands for. */
static call *make_input(cepa_graph *g, const char *name, const shape *s)
{
    const layer_class *class = (const layer_class *)family_find(&layer_family, "InputLayer");
    cepa_input_options *options = arena_allocate(&g->memory, sizeof *options);
    if (!options) return NULL;
    memcpy(options->shape, s->size, s->rank * sizeof *options->shape);
    layer *made = graph_layer(g, class, options, name, true);
    return made ? graph_call(g, made, NULL, 0) : NULL;
}

/* Draws random numbers as the call that it repeats. */
static call *repeat(cepa_graph *g, const call *c, int *map)
{
    call *made = graph_repeat_call(g, c, map, c->part_of ? c->part_of : g->calls[c->index]);
    if (!made) return NULL;
    made->use = c->use;
    c->layer->uses--;
    return made;
}

static bool repeat_calls(network *made, const network *n, const shape *inputs, int *map)
{
    cepa_graph *g = n->graph;
    for (size_t i = 0; i < n->inputs; i++) {
        call *c = make_input(g, graph_tensor(g, n->input[i])->producer->layer->name, &inputs[i]);
        if (!c) return false;
        made->calls[made->call_count++] = c;
        made->input[i] = map[n->input[i]] = c->output[0];
    }
    for (size_t i = 0; i < n->call_count; i++) {
        if (n->calls[i]->layer->class->is_input) continue;
        call *c = repeat(g, n->calls[i], map);
        if (!c) return false;
        made->calls[made->call_count++] = c;
    }
    for (size_t i = 0; i < n->outputs; i++) made->output[i] = map[n->output[i]];
    return true;
}

static network *make(const network *n, const shape *inputs)
{
    arena *memory = &n->graph->memory;
    network *made = arena_allocate(memory, sizeof *made);
    int *map = arena_array(memory, n->graph->tensor_count, sizeof *map);
    if (!made || !map) return NULL;
    *made = *n;
    made->sized_from = n;
    made->call_count = 0;
    made->input = arena_array(memory, n->inputs, sizeof *made->input);
    made->output = arena_array(memory, n->outputs, sizeof *made->output);
    made->calls = arena_array(memory, n->inputs + n->call_count, sizeof *made->calls);
    return made->input && made->output && made->calls && repeat_calls(made, n, inputs, map) ? made : NULL;
}

cepa_status network_sized(const network *n, const shape *inputs, const network **sized, cepa_error *error)
{
    cepa_graph *g = n->graph;
    *sized = n;
    if (network_is_sized(n)) return CEPA_OK;
    for (*sized = g->sized; *sized; *sized = (*sized)->next_sized)
        if ((*sized)->sized_from == n && has_inputs(*sized, inputs)) return CEPA_OK;
    network *made = make(n, inputs);
    if (!made) {
        if (!g->error.status) return fail_memory(error);
        cepa_status status = fail(error, g->error.status, "%s", g->error.message);
        g->error = (cepa_error){0}; /* the data do not fit; the model stays good */
        return status;
    }
    made->next_sized = g->sized;
    *sized = g->sized = made;
    return CEPA_OK;
}
