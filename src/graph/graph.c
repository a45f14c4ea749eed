#include "graph/graph.h"

#include "graph/predictor.h"

#include "weights/weights.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* How often an automatic name was given. */
typedef struct name_count {
    const char *base;
    size_t count;
} name_count;

/* What a shape pass declares into. */
typedef struct declarations {
    cepa_graph *graph;
    layer *layer;
    call *call;
    size_t weights; /* declared so far */
    cepa_error error;
} declarations;

cepa_graph *graph_new(uint64_t seed, bool keras2_names)
{
    cepa_graph *graph = calloc(1, sizeof *graph);
    if (!graph) return NULL;
    graph->seed = seed;
    graph->keras2_names = keras2_names;
    graph->version = 1;
    graph->tensor_count = 1; /* id 0 is no tensor */
    pthread_mutex_init(&graph->packing, NULL);
    if (grow(&graph->tensors, &graph->tensor_capacity, 1, sizeof *graph->tensors)) {
        graph->tensors[0] = NULL;
        return graph;
    }
    graph_free(graph);
    return NULL;
}

void graph_free(cepa_graph *graph)
{
    if (!graph) return;
    predictors_free(graph->predictors);
    for (size_t i = 0; i < graph->call_count; i++)
        for (size_t pass = 0; pass < PASSES; pass++) free(graph->calls[i]->packed[pass].reals);
    free(graph->layers);
    free(graph->calls);
    free(graph->tensors);
    free(graph->weights);
    free(graph->values);
    free(graph->names);
    free(graph->models);
    pthread_mutex_destroy(&graph->packing);
    arena_free(&graph->memory);
    free(graph);
}

void graph_fail(cepa_graph *graph, const cepa_error *error)
{
    if (graph->error.status == CEPA_OK) graph->error = *error;
}

/* Keeps that memory is exhausted, and gives NULL. */
static void *no_memory(cepa_graph *graph)
{
    cepa_error error;
    fail_memory(&error);
    graph_fail(graph, &error);
    return NULL;
}

const tensor *graph_tensor(const cepa_graph *graph, int id)
{
    return id > 0 && (size_t)id < graph->tensor_count ? graph->tensors[id] : NULL;
}

const call *graph_source(const cepa_graph *graph, int id, size_t *index)
{
    const tensor *t = graph_tensor(graph, id);
    const call *visible = t->producer->part_of ? t->producer->part_of : t->producer;
    for (size_t i = 0; i < visible->outputs; i++)
        if (visible->result[i] == id) {
            *index = i;
            return visible;
        }
    *index = t->index; /* the value before an activation: the call's own output */
    return visible;
}

/* How often base was counted before; SIZE_MAX without memory. */
static size_t count_name(cepa_graph *graph, const char *base)
{
    size_t i = 0;
    while (i < graph->name_count && strcmp(graph->names[i].base, base) != 0) i++;
    if (i == graph->name_count) {
        const char *copy = arena_text(&graph->memory, base);
        if (!copy || !grow(&graph->names, &graph->name_capacity, i + 1, sizeof *graph->names)) return SIZE_MAX;
        graph->names[graph->name_count++] = (name_count){.base = copy};
    }
    return graph->names[i].count++;
}

const char *graph_auto_name(cepa_graph *graph, const char *base)
{
    size_t number = count_name(graph, base);
    char *name = NULL;
    if (number == 0)
        name = arena_text(&graph->memory, base);
    else if (number != SIZE_MAX)
        name = arena_format(&graph->memory, "%s_%zu", base, number);
    return name ? name : no_memory(graph);
}

/* Keras 2 calls inputs input_1, input_2, ...; all else is snake case of the class with a number from the second on. */
static const char *auto_layer_name(cepa_graph *graph, const layer_class *class)
{
    if (class->is_input && graph->keras2_names) {
        size_t number = count_name(graph, "input");
        char *name = number == SIZE_MAX ? NULL : arena_format(&graph->memory, "input_%zu", number + 1);
        return name ? name : no_memory(graph);
    }
    char base[64];
    snake_case(class->kind.name, base, sizeof base);
    return graph_auto_name(graph, base);
}

layer *graph_layer(cepa_graph *graph, const layer_class *class, void *options, const char *name, bool trainable)
{
    layer *made = arena_allocate(&graph->memory, sizeof *made);
    if (!made || !grow(&graph->layers, &graph->layer_capacity, graph->layer_count + 1, sizeof *graph->layers))
        return no_memory(graph);
    *made = (layer){.class = class, .options = options, .trainable = trainable, .named_by_user = name != NULL};
    made->name = name ? arena_text(&graph->memory, name) : auto_layer_name(graph, class);
    if (!made->name) return no_memory(graph);
    made->index = graph->layer_count;
    graph->layers[graph->layer_count++] = made;
    return made;
}

bool refuse(shape_pass *p, const char *format, ...)
{
    declarations *d = p->internal;
    char message[sizeof d->error.message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fail(&d->error, CEPA_SHAPE, "%s: %s", d->layer->name, message);
    return false;
}

/* Reserves a weight's place in the graph's values and draws it. */
static bool add_weight(declarations *d, const weight_spec *spec)
{
    cepa_graph *g = d->graph;
    weight made = {.layer = d->layer, .shape = spec->shape, .not_trained = spec->not_trained, .whole = spec->whole};
    made.count = shape_count(&spec->shape);
    made.offset = g->value_count;
    made.name = arena_text(&g->memory, spec->name);
    size_t total;
    if (g->stored_values && made.count > g->stored_values - g->value_count) {
        fail(&d->error, CEPA_FORMAT, "%s: its weights are larger than the file that should hold them", d->layer->name);
        return false;
    }
    if (!made.name || !add_size(made.offset, made.count, &total) ||
        !grow(&g->values, &g->value_capacity, total, sizeof *g->values) ||
        !grow(&g->weights, &g->weight_capacity, g->weight_count + 1, sizeof *g->weights))
        return fail_memory(&d->error), false;
    member initializer;
    if (member_parse(&g->memory, &initializer_family, spec->initializer, &initializer, &d->error) ||
        member_parse(&g->memory, &regularizer_family, spec->regularizer, &made.regularizer, &d->error) ||
        member_parse(&g->memory, &constraint_family, spec->constraint, &made.constraint, &d->error) ||
        constraint_check(&made.constraint, spec->shape.rank, &d->error))
        return false;
    random_stream stream = random_stream_of(g->seed, d->layer->name, spec->name, 0);
    real *values = g->values + made.offset;
    if (g->stored_values)
        memset(values, 0, made.count * sizeof *values);
    else if (initializer_fill(&initializer, &spec->shape.size[0], spec->shape.rank, &stream, values, &d->error))
        return false;
    g->value_count = total;
    if (d->layer->weight_count == 0) d->layer->first_weight = g->weight_count;
    d->layer->weight_count++;
    g->weights[g->weight_count++] = made;
    graph_weights_changed(g);
    return true;
}

void declare_weight(shape_pass *p, const weight_spec *spec)
{
    declarations *d = p->internal;
    if (d->error.status) return;
    size_t number = d->weights++;
    if (d->layer->uses == 0) {
        add_weight(d, spec);
        return;
    }
    if (number >= d->layer->weight_count) {
        refuse(p, "called again on an input that needs more weights (%s)", spec->name);
        return;
    }
    const weight *known = &d->graph->weights[d->layer->first_weight + number];
    if (!shape_equal(&known->shape, &spec->shape)) {
        char has[96], wants[96];
        shape_text(&known->shape, has, sizeof has);
        shape_text(&spec->shape, wants, sizeof wants);
        refuse(p, "called again on an input that needs weights of another shape (%s%s, not %s%s)", spec->name,
               wants + strlen("(None"), known->name, has + strlen("(None"));
    }
}

void declare_kept(shape_pass *p, size_t bytes) { ((declarations *)p->internal)->call->kept_bytes = bytes; }
void declare_scratch(shape_pass *p, size_t bytes) { ((declarations *)p->internal)->call->scratch_bytes = bytes; }
void declare_packed(shape_pass *p, pass_kind pass, size_t reals)
{
    ((declarations *)p->internal)->call->packed[pass].count = reals;
}

void declare_apart(shape_pass *p, size_t scratch, size_t parts)
{
    call *c = ((declarations *)p->internal)->call;
    if (scratch > c->scratch_bytes) c->scratch_bytes = scratch;
    c->split[PASS_FORWARD_APART] = parts;
}

void declare_batch_state(shape_pass *p, size_t sums, size_t state)
{
    call *c = ((declarations *)p->internal)->call;
    c->sums = sums;
    c->state = state;
}

void declare_split(shape_pass *p, size_t forward, size_t gradient_inputs, size_t gradient_weights)
{
    size_t *split = ((declarations *)p->internal)->call->split;
    split[PASS_FORWARD] = forward;
    split[PASS_GRADIENT_INPUTS] = gradient_inputs;
    split[PASS_GRADIENT_WEIGHTS] = gradient_weights;
}

arena *pass_memory(shape_pass *p) { return &((declarations *)p->internal)->graph->memory; }
void declare_needs(shape_pass *p, unsigned needs) { ((declarations *)p->internal)->call->needs = needs; }

void *declare_table(shape_pass *p, size_t size)
{
    declarations *d = p->internal;
    void *table = arena_allocate(&d->graph->memory, size);
    if (!table) fail_memory(&d->error);
    return table;
}

void *declare_geometry(shape_pass *p, size_t size)
{
    return ((declarations *)p->internal)->call->geometry = declare_table(p, size);
}

static int add_tensor(cepa_graph *g, const shape *s, call *producer, size_t index)
{
    tensor *made = arena_allocate(&g->memory, sizeof *made);
    if (!made || g->tensor_count >= INT32_MAX ||
        !grow(&g->tensors, &g->tensor_capacity, g->tensor_count + 1, sizeof *g->tensors)) {
        no_memory(g);
        return 0;
    }
    *made = (tensor){.shape = *s, .producer = producer, .index = index};
    g->tensors[g->tensor_count] = made;
    return (int)g->tensor_count++;
}

/* A call without its outputs yet. */
static call *new_call(cepa_graph *g, layer *layer, const int *inputs, size_t count, call *part_of)
{
    call *c = arena_allocate(&g->memory, sizeof *c);
    int *input = arena_array(&g->memory, count + 1, sizeof *input);
    if (!c || !input) return no_memory(g);
    if (count) memcpy(input, inputs, count * sizeof *input);
    *c = (call){.layer = layer,
                .inputs = count,
                .input = input,
                .part_of = part_of,
                .split = {1, 1, 1},
                .needs = layer->class->needs};
    c->use = (uint32_t)layer->uses;
    return c;
}

/* Numbers a call that has all it needs and puts it into the graph. */
static bool add_call(cepa_graph *g, call *c)
{
    if (!grow(&g->calls, &g->call_capacity, g->call_count + 1, sizeof *g->calls)) return no_memory(g), false;
    c->index = g->call_count;
    c->layer->uses++;
    if (!c->part_of) c->number = c->layer->call_count++;
    g->calls[g->call_count++] = c;
    return true;
}

/* Runs the class' shape pass and makes the call's outputs. */
static bool infer_shapes(cepa_graph *g, call *c, const shape *input)
{
    shape output[CEPA_MAX_INPUTS];
    memset(output, 0, sizeof output);
    declarations d = {.graph = g, .layer = c->layer, .call = c};
    shape_pass p = {.options = c->layer->options,
                    .inputs = c->inputs,
                    .input = input,
                    .outputs = 1,
                    .output = output,
                    .internal = &d};
    bool good = c->layer->class->shape(&p) && d.error.status == CEPA_OK;
    for (size_t i = 0; good && i < p.outputs; i++) {
        size_t elements = 1;
        for (size_t axis = 0; good && axis < output[i].rank; axis++)
            if (output[i].size[axis] > 0)
                good = multiply_size(elements, (size_t)output[i].size[axis], &elements) && elements <= INT32_MAX;
        if (!good) refuse(&p, "its output is too large");
    }
    if (!good) {
        if (d.error.status == CEPA_OK) fail_memory(&d.error);
        graph_fail(g, &d.error);
        return false;
    }
    c->outputs = p.outputs;
    c->output = arena_array(&g->memory, p.outputs, sizeof *c->output);
    c->result = arena_array(&g->memory, p.outputs, sizeof *c->result);
    if (!c->output || !c->result) return no_memory(g), false;
    for (size_t i = 0; i < p.outputs; i++) {
        c->result[i] = c->output[i] = add_tensor(g, &output[i], c, i);
        if (!c->output[i]) return false;
    }
    return true;
}

static bool check_input_count(cepa_graph *g, const layer *l, size_t count)
{
    const layer_class *class = l->class;
    if (count >= class->min_inputs && (class->max_inputs == 0 || count <= class->max_inputs)) return true;
    cepa_error error;
    if (class->min_inputs == class->max_inputs)
        fail(&error, CEPA_SHAPE, "%s: takes %zu input%s, not %zu", l->name, class->min_inputs,
             class->min_inputs == 1 ? "" : "s", count);
    else
        fail(&error, CEPA_SHAPE, "%s: takes at least %zu inputs, not %zu", l->name, class->min_inputs, count);
    graph_fail(g, &error);
    return false;
}

static call *plain_call(cepa_graph *g, layer *layer, const int *inputs, size_t count, call *part_of)
{
    if (!check_input_count(g, layer, count)) return NULL;
    call *c = new_call(g, layer, inputs, count, part_of);
    shape *input = c ? arena_array(&g->memory, count + 1, sizeof *input) : NULL;
    if (!input) return no_memory(g);
    for (size_t i = 0; i < count; i++) input[i] = graph_tensor(g, inputs[i])->shape;
    return infer_shapes(g, c, input) && add_call(g, c) ? c : NULL;
}

/* The field of a layer that an argument's layer stands for, and its text; NULL where the class has no such field. */
static const field *argument_field(const layer *l, const argument_layer *a, const char **text)
{
    for (const field *f = l->class->kind.fields; f->name; f++)
        if (strcmp(f->name, a->field) == 0) {
            *text = *(const char *const *)(const void *)((const char *)l->options + f->offset);
            return f;
        }
    return NULL;
}

/* Resolves the options of an argument's layer from its text. */
static cepa_status read_argument(arena *memory, const argument_layer *a, const field *f, const char *text,
                                 void **options, cepa_error *error)
{
    if (a->receives) {
        named_value named = {a->receives, value_text(memory, text)};
        if (!named.value) return fail_memory(error);
        return fields_read(memory, &a->class->kind, &named, 1, false, options, error);
    }
    member chosen;
    cepa_status status = member_parse(memory, f->family, text, &chosen, error);
    if (status) return status;
    size_t count;
    const named_value *own = fields_write(memory, chosen.kind, chosen.options, &count);
    if (!own) return fail_memory(error);
    return fields_read(memory, &a->class->kind, own, count, false, options, error);
}

/* The layer that stands for an argument of l; NULL, with *good true, where the argument does nothing. */
static layer *argument_layer_of(cepa_graph *g, layer *l, size_t number, bool *good)
{
    const argument_layer *a = &argument_layers[number];
    const char *text = NULL;
    const field *f = argument_field(l, a, &text);
    if (!f || !text || strcmp(text, "linear") == 0 || l->arguments[number]) return l->arguments[number];
    cepa_error error;
    void *options;
    *good = read_argument(&g->memory, a, f, text, &options, &error) == CEPA_OK;
    if (!*good) {
        fail_in(&error, error.status, "%s", l->name);
        graph_fail(g, &error);
        return NULL;
    }
    char *name = arena_format(&g->memory, "%s/%s", l->name, a->field);
    layer *made = name ? graph_layer(g, a->class, options, name, true) : no_memory(g);
    *good = made != NULL;
    if (made) made->owner = l;
    return l->arguments[number] = made;
}

/* Puts the calls of a layer's arguments (its activation) behind a call of it. */
static bool add_arguments(cepa_graph *g, call *c, call *visible)
{
    for (size_t i = 0; c->layer->class->takes_activation && i < argument_layer_count; i++) {
        bool good = true;
        layer *argument = argument_layer_of(g, c->layer, i, &good);
        if (!good) return false;
        if (!argument) continue;
        call *behind = plain_call(g, argument, c->result, 1, visible);
        if (!behind) return false;
        c->result[0] = behind->output[0];
    }
    return true;
}

layer *graph_nested_layer(cepa_graph *graph, network *network, const char *name)
{
    static const layer_class functional = {.kind = {.name = "Functional"}},
                             sequential = {.kind = {.name = "Sequential"}};
    layer *made = graph_layer(graph, network->sequential ? &sequential : &functional, NULL, name, true);
    if (made) made->nested = network;
    return made;
}

call *graph_repeat_call(cepa_graph *g, const call *inner, int *map, call *visible)
{
    int *inputs = arena_array(&g->memory, inner->inputs + 1, sizeof *inputs);
    if (!inputs) return no_memory(g);
    for (size_t i = 0; i < inner->inputs; i++) inputs[i] = map[inner->input[i]];
    call *outer = plain_call(g, inner->layer, inputs, inner->inputs, visible);
    if (outer) outer->inference = inner->inference || (visible->inference && visible->layer->nested);
    for (size_t i = 0; outer && i < inner->outputs; i++) map[inner->output[i]] = outer->output[i];
    return outer;
}

static call *call_network(cepa_graph *graph, layer *nested, const int *inputs, size_t count, bool inference)
{
    const network *n = nested->nested;
    if (count != n->inputs) {
        cepa_error error;
        fail(&error, CEPA_SHAPE, "%s: takes %zu inputs, not %zu", nested->name, n->inputs, count);
        graph_fail(graph, &error);
        return NULL;
    }
    call *visible = new_call(graph, nested, inputs, count, NULL);
    int *map = arena_array(&graph->memory, graph->tensor_count, sizeof *map);
    if (!visible || !map) return no_memory(graph);
    visible->inference = inference;
    for (size_t i = 0; i < count; i++) map[n->input[i]] = inputs[i];
    for (size_t i = 0; i < n->call_count; i++)
        if (!n->calls[i]->layer->class->is_input && !graph_repeat_call(graph, n->calls[i], map, visible)) return NULL;
    visible->outputs = n->outputs;
    visible->result = visible->output = arena_array(&graph->memory, n->outputs, sizeof *visible->output);
    if (!visible->output) return no_memory(graph);
    for (size_t i = 0; i < n->outputs; i++) visible->result[i] = map[n->output[i]];
    return add_call(graph, visible) ? visible : NULL;
}

call *graph_call_as(cepa_graph *graph, layer *layer, const int *inputs, size_t count, bool inference)
{
    if (graph->error.status) return NULL;
    if (layer->nested) return call_network(graph, layer, inputs, count, inference);
    call *c = plain_call(graph, layer, inputs, count, NULL);
    if (c) c->inference = inference;
    return c && add_arguments(graph, c, c) ? c : NULL;
}

call *graph_call(cepa_graph *graph, layer *layer, const int *inputs, size_t count)
{
    return graph_call_as(graph, layer, inputs, count, false);
}

void graph_weights_changed(cepa_graph *graph) { graph->version++; }
