/* Finds a graph's part between some tensors and others, in the order that Keras gives layers: by depth (the longest way
 * to an output), then by when a walk from the outputs first met them. */
#include "graph/graph.h"

#include <stdlib.h>
#include <string.h>

/* What the walk knows of a call and of a layer. */
typedef struct call_state {
    bool finished, open;
    size_t depth;
} call_state;

typedef struct layer_state {
    layer *layer;
    size_t depth, met; /* met: the walk's order */
} layer_state;

/* A visible call and its place: its layer's, then the order in which calls were finished. */
typedef struct placed_call {
    call *call;
    size_t layer, finished;
} placed_call;

typedef struct walk {
    cepa_graph *graph;
    network *made;
    call_state *state; /* by call index */
    call **finished;   /* visible calls, inputs before what reads them */
    size_t finished_count;
    layer_state *layers; /* in the order the walk met them, then in Keras' */
    size_t layer_count;
    size_t *place; /* of a layer in layers, by its index; 0: not met, else place + 1 */
    struct open_call {
        call *call;
        size_t next_input;
    } * stack;
    size_t stack_size;
    cepa_error *error;
} walk;

static bool is_network_input(const network *n, int id)
{
    for (size_t i = 0; i < n->inputs; i++)
        if (n->input[i] == id) return true;
    return false;
}

/* The visible call behind a tensor. */
static call *visible_call(const cepa_graph *g, int id)
{
    size_t index;
    return g->calls[graph_source(g, id, &index)->index];
}

static void open(walk *w, call *c)
{
    if (w->state[c->index].finished || w->state[c->index].open) return;
    w->state[c->index].open = true;
    w->stack[w->stack_size++] = (struct open_call){.call = c};
    if (w->place[c->layer->index]) return;
    w->layers[w->layer_count] = (layer_state){.layer = c->layer, .met = w->made->inputs + w->layer_count};
    w->place[c->layer->index] = ++w->layer_count;
}

/* Visits what an output rests on, each call once, without recursion: a file may hold a chain of any length. */
static void visit(walk *w, int output)
{
    const network *n = w->made;
    open(w, visible_call(w->graph, output));
    while (w->stack_size) {
        struct open_call *top = &w->stack[w->stack_size - 1];
        call *c = top->call;
        if (top->next_input < c->inputs) {
            int id = c->input[top->next_input++];
            if (!is_network_input(n, id) || graph_tensor(w->graph, id)->producer->layer->class->is_input)
                open(w, visible_call(w->graph, id));
            continue;
        }
        w->stack_size--;
        w->state[c->index].finished = true;
        w->finished[w->finished_count++] = c;
    }
}

/* Depths, from the outputs (0) to the inputs. */
static void measure_depths(walk *w)
{
    for (size_t i = w->finished_count; i-- > 0;) {
        call *c = w->finished[i];
        size_t *depth = &w->state[c->index].depth;
        layer_state *l = &w->layers[w->place[c->layer->index] - 1];
        if (l->depth > *depth) *depth = l->depth;
        l->depth = *depth;
        for (size_t k = 0; k < c->inputs; k++) {
            call_state *before = &w->state[visible_call(w->graph, c->input[k])->index];
            if (before->depth < *depth + 1) before->depth = *depth + 1;
        }
    }
}

static int by_depth(const void *a, const void *b)
{
    const layer_state *x = a, *y = b;
    if (x->depth != y->depth) return x->depth > y->depth ? -1 : 1;
    return x->met < y->met ? -1 : 1;
}

static int by_layer(const void *a, const void *b)
{
    const placed_call *x = a, *y = b;
    if (x->layer != y->layer) return x->layer < y->layer ? -1 : 1;
    return x->finished < y->finished ? -1 : 1;
}

/* Layers and their visible calls in Keras' order. */
static bool collect_visible(walk *w)
{
    network *n = w->made;
    arena *memory = &w->graph->memory;
    n->layers = arena_array(memory, w->layer_count, sizeof(layer *));
    n->visible = arena_array(memory, w->finished_count, sizeof(call *));
    placed_call *placed = calloc(w->finished_count, sizeof *placed);
    bool good = n->layers && n->visible && placed;
    if (good) {
        n->layer_count = w->layer_count;
        n->visible_count = w->finished_count;
        qsort(w->layers, w->layer_count, sizeof *w->layers, by_depth);
        for (size_t i = 0; i < n->layer_count; i++) {
            n->layers[i] = w->layers[i].layer;
            w->place[n->layers[i]->index] = i;
        }
        for (size_t i = 0; i < n->visible_count; i++)
            placed[i] = (placed_call){w->finished[i], w->place[w->finished[i]->layer->index], i};
        qsort(placed, n->visible_count, sizeof *placed, by_layer);
        for (size_t i = 0; i < n->visible_count; i++) n->visible[i] = placed[i].call;
    }
    free(placed);
    return good;
}

static bool collect_calls(walk *w)
{
    cepa_graph *g = w->graph;
    network *n = w->made;
    bool *needed = calloc(g->call_count + 1, sizeof *needed);
    n->calls = arena_array(&g->memory, g->call_count + 1, sizeof *n->calls);
    if (!needed || !n->calls) {
        free(needed);
        return false;
    }
    for (size_t i = 0; i < n->outputs; i++) needed[graph_tensor(g, n->output[i])->producer->index] = true;
    for (size_t i = g->call_count; i-- > 0;) {
        const call *c = g->calls[i];
        for (size_t k = 0; needed[i] && k < c->inputs; k++)
            if (!is_network_input(n, c->input[k]) || graph_tensor(g, c->input[k])->producer->layer->class->is_input)
                needed[graph_tensor(g, c->input[k])->producer->index] = true;
    }
    for (size_t i = 0; i < g->call_count; i++)
        if (needed[i]) n->calls[n->call_count++] = g->calls[i];
    free(needed);
    return true;
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static cepa_status check_names(const network *n, cepa_error *error)
{
    const char **names = calloc(n->layer_count, sizeof *names);
    if (!names) return fail_memory(error);
    for (size_t i = 0; i < n->layer_count; i++) names[i] = n->layers[i]->name;
    qsort(names, n->layer_count, sizeof *names, by_text);
    cepa_status status = CEPA_OK;
    for (size_t i = 1; i < n->layer_count && !status; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            status = fail(error, CEPA_ARGUMENT, "model %s: two layers are named %s", n->name, names[i]);
    free(names);
    return status;
}

static cepa_status check(const network *n, cepa_error *error)
{
    for (size_t i = 0; i < n->call_count; i++) {
        const call *c = n->calls[i];
        if (c->layer->class->is_input && !is_network_input(n, c->output[0]))
            return fail(error, CEPA_ARGUMENT, "model %s: an output depends on %s, which is not among its inputs",
                        n->name, c->layer->name);
    }
    return check_names(n, error);
}

/* Inputs that no output rests on still are layers of the model, at depth 0 before those that the walk has met. */
static void add_idle_inputs(walk *w)
{
    for (size_t i = 0; i < w->made->inputs; i++) {
        const tensor *t = graph_tensor(w->graph, w->made->input[i]);
        size_t before = w->layer_count;
        if (t->producer->layer->class->is_input) visit(w, w->made->input[i]);
        if (w->layer_count > before) w->layers[before].met = i;
    }
}

static cepa_status fill(walk *w, const int *inputs, const int *outputs, cepa_error *error)
{
    network *n = w->made;
    memcpy(n->input, inputs, n->inputs * sizeof *inputs);
    memcpy(n->output, outputs, n->outputs * sizeof *outputs);
    for (size_t i = 0; i < n->outputs; i++) visit(w, outputs[i]);
    add_idle_inputs(w);
    measure_depths(w);
    if (!collect_visible(w) || !collect_calls(w)) return fail_memory(error);
    return check(n, error);
}

cepa_status network_new(cepa_graph *graph, const int *inputs, size_t input_count, const int *outputs,
                        size_t output_count, const char *name, bool sequential, network **made, cepa_error *error)
{
    *made = NULL;
    if (graph->error.status) return fail(error, graph->error.status, "%s", graph->error.message);
    if (!input_count || !output_count) return fail(error, CEPA_ARGUMENT, "a model needs inputs and outputs");
    for (size_t i = 0; i < input_count + output_count; i++)
        if (!graph_tensor(graph, i < input_count ? inputs[i] : outputs[i - input_count]))
            return fail(error, CEPA_ARGUMENT, "a model's inputs and outputs must be tensors of its graph");
    network *n = arena_allocate(&graph->memory, sizeof *n);
    if (!n) return fail_memory(error);
    *n = (network){.graph = graph, .sequential = sequential, .inputs = input_count, .outputs = output_count};
    n->input = arena_array(&graph->memory, input_count, sizeof *n->input);
    n->output = arena_array(&graph->memory, output_count, sizeof *n->output);
    n->name = arena_text(&graph->memory, name);
    size_t calls = graph->call_count + 1;
    walk w = {.graph = graph, .made = n, .error = error};
    w.place = calloc(graph->layer_count + 1, sizeof *w.place);
    w.state = calloc(calls, sizeof *w.state);
    w.finished = calloc(calls, sizeof(call *));
    w.layers = calloc(calls, sizeof *w.layers);
    w.stack = calloc(calls, sizeof *w.stack);
    bool memory = n->input && n->output && n->name && w.place && w.state && w.finished && w.layers && w.stack;
    cepa_status status = memory ? fill(&w, inputs, outputs, error) : fail_memory(error);
    free(w.place);
    free(w.state);
    free(w.finished);
    free(w.layers);
    free(w.stack);
    if (status == CEPA_OK) *made = n;
    return status;
}

/* Adds the weights of layers to list, each once; list has room for all of the graph's. */
static void add_weights(const network *n, size_t *list, size_t *count, bool *taken)
{
    for (size_t i = 0; i < n->layer_count; i++) {
        const layer *l = n->layers[i];
        if (l->nested) add_weights(l->nested, list, count, taken);
        for (size_t k = 0; k < l->weight_count; k++)
            if (!taken[l->first_weight + k]) {
                taken[l->first_weight + k] = true;
                list[(*count)++] = l->first_weight + k;
            }
    }
}

const size_t *network_weights(const network *network, size_t *count)
{
    cepa_graph *g = network->graph;
    *count = 0;
    bool *taken = calloc(g->weight_count + 1, sizeof *taken);
    size_t *list = arena_array(&g->memory, g->weight_count + 1, sizeof *list);
    if (taken && list) add_weights(network, list, count, taken);
    free(taken);
    return list;
}

bool weight_is_trained(const weight *w) { return !w->not_trained && w->layer->trainable; }

size_t network_parameters(const network *network, size_t *not_trained)
{
    size_t count, total = 0;
    const size_t *list = network_weights(network, &count);
    *not_trained = 0;
    for (size_t i = 0; list && i < count; i++) {
        const weight *w = &network->graph->weights[list[i]];
        total += w->count;
        if (!weight_is_trained(w)) *not_trained += w->count;
    }
    return total;
}

size_t layer_parameters(const cepa_graph *graph, const layer *l, size_t *not_trained)
{
    size_t total = 0;
    if (l->nested) return network_parameters(l->nested, not_trained);
    *not_trained = 0;
    for (size_t i = 0; i < l->weight_count; i++) {
        const weight *w = &graph->weights[l->first_weight + i];
        total += w->count;
        if (!weight_is_trained(w)) *not_trained += w->count;
    }
    return total;
}

cepa_status call_pack_again(cepa_graph *graph, call *c, pass_kind pass, cepa_error *error)
{
    packed_form *packed = &c->packed[pass];
    cepa_status status = CEPA_OK;
    pthread_mutex_lock(&graph->packing);
    if (!packed->reals) packed->reals = allocate_aligned(packed->count * sizeof *packed->reals);
    if (!packed->reals)
        status = fail_memory(error);
    else if (packed->version != graph->version)
        call_pack(graph, c, pass);
    pthread_mutex_unlock(&graph->packing);
    return status;
}

void call_pack(cepa_graph *graph, call *c, pass_kind pass)
{
    const layer *l = c->layer;
    real *w[CEPA_MAX_INPUTS];
    for (size_t i = 0; i < l->weight_count; i++) w[i] = graph->values + graph->weights[l->first_weight + i].offset;
    layer_call made = {.options = l->options, .geometry = c->geometry, .w = w, .packed = c->packed[pass].reals};
    l->class->pack[pass](&made);
    c->packed[pass].version = graph->version;
}
