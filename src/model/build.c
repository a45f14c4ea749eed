/* Graphs, layers and models as a C program makes them. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

/* How the options of layers begin, by what they are called on. */
typedef struct layer_head {
    CEPA_LAYER_OPTIONS
} layer_head;

typedef struct merge_head {
    CEPA_MERGE_OPTIONS
} merge_head;

/* What is common to all of them. */
typedef struct layer_arguments {
    cepa_graph *graph;
    const char *name;
    bool trainable;
    int inputs[CEPA_MAX_INPUTS];
    size_t count;
    bool good; /* all inputs are tensors of one graph */
} layer_arguments;

const char *cepa_version(void) { return CEPA_VERSION; }

cepa_graph *cepa_graph_new_styled(uint64_t seed, const char *style)
{
    cepa_error error;
    bool keras2 = style && strcmp(style, "keras2") == 0;
    cepa_graph *graph = graph_new(seed, keras2);
    if (!graph) return NULL;
    if (kernels_choose(&error))
        graph_fail(graph, &error);
    else if (style && !keras2 && strcmp(style, "keras3") != 0) {
        fail(&error, CEPA_ARGUMENT, "style must be keras3 or keras2, not %s", style);
        graph_fail(graph, &error);
    }
    return graph;
}

void cepa_graph_free(cepa_graph *graph)
{
    for (size_t i = 0; graph && i < graph->model_count; i++) {
        model_free_training(graph->models[i]);
        arena_free(&graph->models[i]->memory);
        free(graph->models[i]);
    }
    graph_free(graph);
}

const cepa_error *cepa_graph_error(const cepa_graph *graph) { return &graph->error; }

size_t cepa_tensor_shape(cepa_tensor t, int shape[CEPA_MAX_RANK])
{
    const tensor *found = t.graph ? graph_tensor(t.graph, t.id) : NULL;
    if (!found) return 0;
    memcpy(shape, found->shape.size, found->shape.rank * sizeof *shape);
    return found->shape.rank;
}

static void take_input(layer_arguments *a, cepa_tensor t)
{
    if (!a->graph) a->graph = t.graph;
    a->good &= t.graph && t.graph == a->graph && graph_tensor(t.graph, t.id);
    a->inputs[a->count++] = t.id;
}

static layer_arguments arguments_of(const layer_class *class, const void *options)
{
    layer_arguments a = {.trainable = true, .good = true};
    if (class->is_input) {
        const cepa_input_options *o = options;
        a.graph = o->graph;
        a.name = o->name;
    } else if (class->max_inputs == 1) {
        const layer_head *o = options;
        a.name = o->name;
        a.trainable = o->trainable != CEPA_FALSE;
        take_input(&a, o->input);
    } else {
        const merge_head *o = options;
        a.name = o->name;
        a.trainable = o->trainable != CEPA_FALSE;
        for (size_t i = 0; i < CEPA_MAX_INPUTS && (o->inputs[i].graph || o->inputs[i].id); i++)
            take_input(&a, o->inputs[i]);
    }
    return a;
}

static cepa_tensor failed(cepa_graph *graph, cepa_error *error)
{
    if (graph && error) graph_fail(graph, error);
    return (cepa_tensor){.graph = graph};
}

static cepa_tensor result_of(cepa_graph *graph, const call *c)
{
    return (cepa_tensor){.graph = graph, .id = c ? c->result[0] : 0};
}

cepa_tensor cepa_layer(const char *class_name, const void *options)
{
    cepa_error error;
    const layer_class *class = (const layer_class *)family_find(&layer_family, class_name);
    if (!class) return (cepa_tensor){0};
    layer_arguments a = arguments_of(class, options);
    if (!a.graph || a.graph->error.status) return (cepa_tensor){.graph = a.graph};
    if (!a.good) {
        fail(&error, CEPA_ARGUMENT, "%s: its inputs must be tensors of one graph", a.name ? a.name : class_name);
        return failed(a.graph, &error);
    }
    void *resolved;
    if (fields_resolve(&a.graph->memory, &class->kind, options, &resolved, &error)) {
        if (a.name) fail_in(&error, error.status, "%s", a.name);
        return failed(a.graph, &error);
    }
    layer *made = graph_layer(a.graph, class, resolved, a.name, a.trainable);
    return result_of(a.graph, made ? graph_call(a.graph, made, a.inputs, a.count) : NULL);
}

cepa_tensor cepa_call_again(cepa_tensor made_by, cepa_tensor input)
{
    cepa_graph *g = made_by.graph;
    cepa_error error;
    if (!g || g->error.status) return (cepa_tensor){.graph = g};
    if (!graph_tensor(g, made_by.id) || input.graph != g || !graph_tensor(g, input.id)) {
        fail(&error, CEPA_ARGUMENT, "cepa_call_again: both must be tensors of one graph");
        return failed(g, &error);
    }
    size_t index;
    const call *c = graph_source(g, made_by.id, &index);
    return result_of(g, graph_call(g, c->layer, &input.id, 1));
}

/* ---- Models -------------------------------------------------------------------------------------------------------
 */

cepa_model *model_of_network(cepa_graph *graph, network *network)
{
    cepa_model *model = calloc(1, sizeof *model);
    if (!model || !grow(&graph->models, &graph->model_capacity, graph->model_count + 1, sizeof *graph->models)) {
        cepa_error error;
        fail_memory(&error);
        graph_fail(graph, &error);
        free(model);
        return NULL;
    }
    model->graph = graph;
    model->network = network;
    graph->models[graph->model_count++] = model;
    return model;
}

cepa_status model_fail(cepa_model *model, const cepa_error *error)
{
    if (model->error.status == CEPA_OK) model->error = *error;
    return error->status;
}

static size_t list_tensors(const cepa_tensor *tensors, cepa_graph **graph, int *ids)
{
    size_t count = 0;
    for (; count < CEPA_MAX_INPUTS && (tensors[count].graph || tensors[count].id); count++) {
        if (!*graph) *graph = tensors[count].graph;
        ids[count] = tensors[count].graph == *graph ? tensors[count].id : 0;
    }
    return count;
}

cepa_model *cepa_model_new_with(const cepa_model_options *options)
{
    cepa_graph *graph = NULL;
    int inputs[CEPA_MAX_INPUTS], outputs[CEPA_MAX_INPUTS];
    size_t input_count = list_tensors(options->inputs, &graph, inputs);
    size_t output_count = list_tensors(options->outputs, &graph, outputs);
    if (!graph) return NULL;
    cepa_model *model = model_of_network(graph, NULL);
    if (!model) return NULL;
    cepa_error error;
    const char *name =
        options->name ? options->name : graph_auto_name(graph, graph->keras2_names ? "model" : "functional");
    if (!name || network_new(graph, inputs, input_count, outputs, output_count, name, false, &model->network, &error))
        model_fail(model, name ? &error : &graph->error);
    return model;
}

cepa_status cepa_model_status(const cepa_model *model) { return model ? cepa_model_error(model)->status : CEPA_MEMORY; }

const cepa_error *cepa_model_error(const cepa_model *model)
{
    static const cepa_error none = {CEPA_MEMORY,
                                    "there is no model: memory is exhausted, or it has neither inputs nor outputs"};
    if (!model) return &none;
    return model->graph->error.status ? &model->graph->error : &model->error;
}

cepa_status model_need_network(const cepa_model *model, cepa_error *error)
{
    const cepa_error *why = cepa_model_error(model);
    return model && model->network ? CEPA_OK : fail(error, why->status, "%s", why->message);
}

cepa_graph *cepa_model_graph(const cepa_model *model) { return model ? model->graph : NULL; }
