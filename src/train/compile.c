#include "train/compile.h"

#include "train/metric.h"

#include <stdlib.h>
#include <string.h>

/* ---- Outputs ----------------------------------------------------------------------------------------------------- */

const char *const *output_names(arena *memory, const network *network)
{
    const char **names = arena_array(memory, network->outputs, sizeof *names);
    for (size_t i = 0; names && i < network->outputs; i++) {
        size_t index;
        names[i] = graph_source(network->graph, network->output[i], &index)->layer->name;
    }
    return names;
}

/* The call that gives a tensor its values: an activity regularizer behind it only looks at them. */
static const call *giver_of(const network *n, int id)
{
    const call *c = graph_tensor(n->graph, id)->producer;
    while (c->layer->class->penalizes) c = graph_tensor(n->graph, c->input[0])->producer;
    return c;
}

const char *activation_of(const network *n, int id, int *input)
{
    const call *c = giver_of(n, id);
    const char *class_name = c->layer->class->kind.name;
    *input = c->inputs ? c->input[0] : 0;
    if (strcmp(class_name, "Activation") == 0) return ((const cepa_activation_options *)c->layer->options)->activation;
    const int *axis =
        strcmp(class_name, "Softmax") == 0 ? ((const cepa_softmax_options *)c->layer->options)->axis : NULL;
    int rank = (int)graph_tensor(n->graph, id)->shape.rank;
    return axis && (axis[0] == -1 || axis[0] == rank) && !axis[1] ? "softmax" : NULL;
}

/* Keras' softmax and sigmoid remember their input, and its crossentropies read that, whichever of the two it was. */
static bool remembers_logits(const char *activation)
{
    return activation && (strcmp(activation, "softmax") == 0 || strcmp(activation, "sigmoid") == 0);
}

/* The tensor that a loss reads for an output: of a crossentropy, the logits before a softmax or sigmoid, which Keras
 * does whatever from_logits says. */
static int tensor_for(const network *n, int output, const member *m, bool *logits)
{
    const loss_class *class = (const loss_class *)m->kind;
    int input;
    const char *activation = activation_of(n, output, &input);
    bool absorbed = class->head && remembers_logits(activation);
    *logits = absorbed || loss_from_logits(m);
    return absorbed ? input : output;
}

/* ---- Building ---------------------------------------------------------------------------------------------------- */

/* The place of a tensor among the wanted ones, where it is put if it is new. */
static size_t want(training *t, int tensor)
{
    for (size_t i = 0; i < t->want_count; i++)
        if (t->wants[i] == tensor) return i;
    t->wants[t->want_count] = tensor;
    return t->want_count++;
}

static const char *note(training *t, const char *text)
{
    if (text) t->warnings[t->warning_count++] = text;
    return text;
}

/* Advice about a loss that cannot mean what was written. False without memory. */
static bool advise(training *t, const head *h, int output)
{
    const loss_class *class = (const loss_class *)h->choice->loss.kind;
    int input;
    const char *activation = activation_of(t->network, output, &input), *name = h->choice->name;
    bool told = loss_from_logits(&h->choice->loss), absorbed = t->wants[h->want] != output;
    bool linear = !activation && giver_of(t->network, output)->layer->weight_count;
    if (!class->head) return true;
    if (absorbed && strcmp(activation, class->head) != 0)
        return note(t, arena_format(&t->memory,
                                    "output '%s' comes from %s, but the loss %s goes with a %s: the logits before the "
                                    "%s are used, as Keras does",
                                    name, activation, class->kind.name, class->head, activation));
    if (told && absorbed)
        return note(t, arena_format(&t->memory,
                                    "output '%s' comes from %s, but the loss %s has from_logits=True: the logits "
                                    "before the %s are used, as Keras does",
                                    name, activation, class->kind.name, activation));
    if (!told && linear)
        return note(t, arena_format(&t->memory,
                                    "output '%s' has no activation, but the loss %s expects probabilities: "
                                    "from_logits=True is missing, or a %s",
                                    name, class->kind.name, class->head));
    return true;
}

/* Says so where training=False, with which a BatchNormalization is called, does not do what it seems to. Of Dropout it
 * says nothing: Keras 3 writes that down for every call of one. False without memory. */
static bool advise_mode(training *t)
{
    for (size_t i = 0; i < t->network->call_count; i++) {
        const call *c = t->network->calls[i];
        if (!c->inference || !c->layer->class->frozen_is_inference) continue;
        return note(t, arena_format(&t->memory,
                                    "layer '%s' is called with training=False, but fit calls all layers with "
                                    "training=True, as Keras 3 does; trainable=False freezes a layer",
                                    c->layer->name));
    }
    return true;
}

static bool add_head(training *t, size_t output)
{
    const output_choice *o = &t->choices.output[output];
    int id = t->network->output[output];
    head *h = &t->heads[t->head_count++];
    *h = (head){.choice = o, .shape = graph_tensor(t->network->graph, id)->shape};
    if (!o->loss.kind) return true;
    h->loss_name = arena_format(&t->memory, "%s_loss", o->name);
    h->want = want(t, tensor_for(t->network, id, &o->loss, &h->logits));
    h->entry = t->entry_count;
    t->entries[t->entry_count++] = t->wants[h->want];
    t->loss_count++;
    return h->loss_name && advise(t, h, id);
}

static size_t times_given(const training *t, const char *base)
{
    size_t times = 0;
    for (size_t i = 0; i < t->metric_count; i++) times += strcmp(t->metrics[i].base, base) == 0;
    return times;
}

/* A metric's name: with its output's in front where there are several, of a second one that weights touch with
 * weighted_, and with a number if it is still given twice (Keras' CompileMetrics). False without memory. */
static bool name_metric(training *t, const char *output, metric_use *use)
{
    const char *name = use->choice->name;
    use->base = output ? arena_format(&t->memory, "%s_%s", output, name) : name;
    if (use->base && use->weighted && times_given(t, use->base))
        use->base = arena_format(&t->memory, "%s%sweighted_%s", output ? output : "", output ? "_" : "", name);
    size_t times = use->base ? times_given(t, use->base) : 0;
    use->name = times ? arena_format(&t->memory, "%s_%zu", use->base, times) : use->base;
    return use->name;
}

static bool add_metric(training *t, size_t head, int output, const metric_choice *choice, bool weighted)
{
    metric_use use = {.choice = choice, .head = head, .weighted = weighted};
    bool is_loss = choice->member.kind && family_find(&loss_family, choice->member.kind->name) == choice->member.kind;
    use.want = want(t, is_loss ? tensor_for(t->network, output, &choice->member, &use.logits) : output);
    if (!name_metric(t, t->choices.outputs > 1 ? t->heads[head].choice->name : NULL, &use)) return false;
    t->metrics[t->metric_count++] = use;
    return true;
}

static const metric_list *metrics_of(const output_choice *o, bool weighted)
{
    return weighted ? &o->weighted : &o->metrics;
}

static bool add_metrics(training *t, bool weighted)
{
    size_t head = 0;
    for (size_t i = 0; i < t->choices.outputs; i++) {
        if (head == t->head_count || t->heads[head].choice != &t->choices.output[i]) continue;
        const metric_list *list = metrics_of(&t->choices.output[i], weighted);
        for (size_t m = 0; m < list->count; m++)
            if (!add_metric(t, head, t->network->output[i], &list->items[m], weighted)) return false;
        head++;
    }
    return true;
}

static bool has_head(const output_choice *o) { return o->loss.kind || o->metrics.count || o->weighted.count; }

static bool build_heads(training *t)
{
    arena *memory = &t->memory;
    size_t outputs = t->choices.outputs, metrics = 0;
    for (size_t i = 0; i < outputs; i++)
        metrics += t->choices.output[i].metrics.count + t->choices.output[i].weighted.count;
    t->heads = arena_array(memory, outputs, sizeof *t->heads);
    t->metrics = arena_array(memory, metrics, sizeof *t->metrics);
    t->wants = arena_array(memory, outputs + metrics, sizeof *t->wants);
    t->entries = arena_array(memory, outputs, sizeof *t->entries);
    t->warnings = arena_array(memory, outputs + 2, sizeof *t->warnings);
    if (!t->heads || !t->metrics || !t->wants || !t->entries || !t->warnings) return false;
    for (size_t i = 0; i < outputs; i++)
        if (has_head(&t->choices.output[i]) && !add_head(t, i)) return false;
    return add_metrics(t, false) && add_metrics(t, true) && advise_mode(t);
}

/* Whether a loss needs the whole batch, for these predictions. */
static bool head_waits(const head *h)
{
    loss l;
    if (!h->loss_name) return false;
    loss_new(&h->choice->loss, &h->shape, h->logits, &l);
    return l.row_numbers;
}

static cepa_status build_plans(training *t, cepa_error *error)
{
    plan_request request = {.network = t->network, .want = t->wants, .wants = t->want_count};
    if (!network_is_sized(t->network)) return CEPA_OK;
    cepa_status status = plan_new(&request, &t->look, error);
    request.training = true;
    request.entry = t->entries;
    request.entries = t->entry_count;
    for (size_t i = 0; i < t->head_count; i++) request.waiting_head |= head_waits(&t->heads[i]);
    return status ? status : plan_new(&request, &t->step, error);
}

static cepa_status build_optimizer(training *t, cepa_error *error)
{
    const cepa_graph *g = t->network->graph;
    size_t count;
    const segment *segments = network_segments(t->network, &t->memory, &count);
    t->parameters = arena_array(&t->memory, count, sizeof *t->parameters);
    if (!segments || !t->parameters) return fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        const segment *s = &segments[i];
        const weight *w = &g->weights[s->weight];
        int *size = arena_array(&t->memory, CEPA_MAX_RANK, sizeof *size); /* the graph's weights may move */
        if (!size) return fail_memory(error);
        memcpy(size, w->shape.size, sizeof w->shape.size);
        t->parameters[i] = (parameter){.layer = w->layer->name,
                                       .name = w->name,
                                       .rank = w->shape.rank,
                                       .size = size,
                                       .value = s->value_offset,
                                       .place = s->gradient_offset,
                                       .count = s->count,
                                       .regularizer = w->regularizer,
                                       .constraint = w->constraint};
    }
    return optimizer_new(&t->memory, &t->choices.optimizer, t->parameters, count, &t->optimizer, error);
}

cepa_status training_take_network(training *t, const network *network, cepa_error *error)
{
    if (t->step && network == t->network) return CEPA_OK;
    plan_free(t->step);
    plan_free(t->look);
    t->step = t->look = NULL;
    t->head_count = t->loss_count = t->metric_count = 0;
    t->want_count = t->entry_count = t->warning_count = 0;
    t->network = network;
    return build_heads(t) ? build_plans(t, error) : fail_memory(error);
}

cepa_status training_new(const network *network, arena *memory, const choices *choices, training **made,
                         cepa_error *error)
{
    *made = NULL;
    training *t = calloc(1, sizeof *t);
    if (!t) {
        arena_free(memory);
        return fail_memory(error);
    }
    *t = (training){.memory = *memory, .model = network, .choices = *choices};
    *memory = (arena){0};
    cepa_status status = training_take_network(t, network, error);
    if (!status) status = build_optimizer(t, error);
    if (status)
        training_free(t);
    else
        *made = t;
    return status;
}

void training_free(training *t)
{
    if (!t) return;
    plan_free(t->step);
    plan_free(t->look);
    arena_free(&t->history_memory);
    arena_free(&t->logs_memory);
    arena_free(&t->memory);
    free(t);
}

/* ---- What is reported -------------------------------------------------------------------------------------------- */

static size_t head_losses(const training *t) { return t->loss_count > 1 ? t->loss_count : 0; }

size_t report_count(const training *t) { return 1 + head_losses(t) + t->metric_count; }

const char *report_name(const training *t, size_t index)
{
    if (index == 0) return "loss";
    if (index > head_losses(t)) return t->metrics[index - 1 - head_losses(t)].name;
    for (size_t i = 0, losses = 0; i < t->head_count; i++)
        if (t->heads[i].loss_name && ++losses == index) return t->heads[i].loss_name;
    return NULL;
}
