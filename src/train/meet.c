/* A data set meets a compiled model: which array goes where, whether shapes and labels fit, what "accuracy" means. */
#include "base/buffer.h"
#include "data/batch.h"
#include "train/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Finding arrays ---------------------------------------------------------------------------------------------- */

/* The parts of a model that take arrays, by their names. */
typedef struct part_names {
    const void *model;
    size_t count;
    const char *(*name)(const void *model, size_t part);
} part_names;

/* The array of that name among count of them; count: none. */
static size_t array_named(const cepa_array *arrays, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && !(arrays[i].name && strcmp(arrays[i].name, name) == 0)) i++;
    return i;
}

/* The array for a part of a model: the one of its name, else, where arrays have no names that the model knows, the one
 * in its place. count: there is none. */
static size_t find_array(const cepa_array *arrays, size_t count, const part_names *parts, size_t part)
{
    bool known = false;
    for (size_t i = 0; i < parts->count; i++)
        known = known || array_named(arrays, count, parts->name(parts->model, i)) < count;
    if (!known && count <= parts->count) return part;
    return array_named(arrays, count, parts->name(parts->model, part));
}

static const char *input_name(const void *model, size_t part)
{
    const network *n = model;
    return graph_tensor(n->graph, n->input[part])->producer->layer->name;
}

static const char *output_name(const void *model, size_t part)
{
    return ((const training *)model)->choices.output[part].name;
}

static shape shape_of(const cepa_array *array)
{
    shape s = {array->rank, {0}};
    memcpy(s.size, array->shape, array->rank * sizeof *s.size);
    return s;
}

/* Equal but for a last axis of 1. */
static bool fits(const shape *wanted, const shape *given)
{
    shape longer = wanted->rank > given->rank ? *wanted : *given;
    const shape *shorter = wanted->rank > given->rank ? given : wanted;
    if (longer.rank == shorter->rank + 1 && longer.size[longer.rank - 1] == 1) longer.rank--;
    return shape_equal(&longer, shorter);
}

/* The array for an input of a network. */
static cepa_status find_input(const network *n, size_t i, const cepa_dataset_info *info, size_t *found,
                              cepa_error *error)
{
    part_names inputs = {n, n->inputs, input_name};
    *found = find_array(info->inputs, info->input_count, &inputs, i);
    if (*found < info->input_count) return CEPA_OK;
    return fail(error, CEPA_DATA, "the data have no array for the model's input '%s'", input_name(n, i));
}

cepa_status network_for(const network *network, const cepa_dataset *data, const struct network **sized,
                        cepa_error *error)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    shape *inputs = calloc(network->inputs, sizeof *inputs);
    cepa_status status = inputs ? CEPA_OK : fail_memory(error);
    for (size_t i = 0; i < network->inputs && !status; i++) {
        size_t array;
        inputs[i] = graph_tensor(network->graph, network->input[i])->shape;
        status = find_input(network, i, info, &array, error);
        for (size_t axis = 0; axis < inputs[i].rank && !status; axis++)
            if (inputs[i].size[axis] == CEPA_UNKNOWN)
                inputs[i].size[axis] = axis < info->inputs[array].rank ? info->inputs[array].shape[axis] : 1;
    }
    if (!status) status = network_sized(network, inputs, sized, error);
    free(inputs);
    return status;
}

cepa_status training_meet(training *t, const cepa_dataset *data, cepa_error *error)
{
    const network *sized;
    cepa_status status = network_for(t->model, data, &sized, error);
    return status ? status : training_take_network(t, sized, error);
}

/* Where a layer looks its input's numbers up in a table, the table has a row for each of them. */
static cepa_status check_rows(const network *n, size_t i, const cepa_dataset *data, const cepa_array *array,
                              cepa_error *error)
{
    for (size_t k = 0; k < n->call_count; k++) {
        const layer *l = n->calls[k]->layer;
        if (!l->class->table_rows || n->calls[k]->input[0] != n->input[i]) continue;
        double low, high;
        const int rows = l->class->table_rows(l->options);
        cepa_dataset_range(data, array, &low, &high);
        if (low > -1 && high < rows) continue;
        char text[32];
        format_number(text, low > -1 ? high : low);
        return fail(error, CEPA_DATA, "the data of the input '%s' hold %s, the layer %s takes 0 to %d",
                    input_name(n, i), text, l->name, rows - 1);
    }
    return CEPA_OK;
}

cepa_status match_inputs(const network *network, const cepa_dataset *data, size_t *input, cepa_error *error)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    for (size_t i = 0; i < network->inputs; i++) {
        const tensor *t = graph_tensor(network->graph, network->input[i]);
        const char *name = input_name(network, i);
        cepa_status status = find_input(network, i, info, &input[i], error);
        if (status) return status;
        const cepa_array *array = &info->inputs[input[i]];
        shape given = shape_of(array);
        if (fits(&t->shape, &given)) {
            if ((status = check_rows(network, i, data, array, error))) return status;
            continue;
        }
        char wanted[100], found[100];
        shape_text(&t->shape, wanted, sizeof wanted);
        shape_text(&given, found, sizeof found);
        return fail(error, CEPA_DATA, "the data have shape %s, the model's input '%s' takes %s", found, name, wanted);
    }
    return CEPA_OK;
}

static cepa_status match_targets(const training *t, const cepa_dataset *data, size_t *target, cepa_error *error)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    part_names outputs = {t, t->choices.outputs, output_name};
    for (size_t i = 0; i < t->head_count; i++) {
        const output_choice *o = t->heads[i].choice;
        target[i] = find_array(info->targets, info->target_count, &outputs, (size_t)(o - t->choices.output));
        if (target[i] >= info->target_count)
            return fail(error, CEPA_DATA, "the data have no targets for the model's output '%s'", o->name);
    }
    return CEPA_OK;
}

/* ---- Losses and metrics ------------------------------------------------------------------------------------------ */

/* Looks at all targets of the range as a loss does. */
static cepa_status look_at_targets(const measure *m, size_t head, loss *l, cepa_error *error)
{
    target_range found = target_range_new();
    size_t numbers = measure_target_size(m, head);
    for (size_t row = 0; row < m->range.rows; row++)
        for (size_t i = 0; i < numbers; i++)
            target_range_add(&found, l, measure_target(m, head, m->range.first + row, i));
    cepa_status status = loss_meet_targets(l, &found, error);
    return status ? fail_in(error, status, "output '%s'", m->training->heads[head].choice->name) : CEPA_OK;
}

/* Labels where the crossentropy of one class among several takes one-hot targets, which Keras refuses and its users
 * make of them with to_categorical: every row's is the number of a class. */
static bool holds_labels(const measure *m, size_t head, const shape *given)
{
    const loss_class *class = m->losses[head].class;
    const shape *prediction = &m->training->heads[head].shape;
    bool of_classes = class->head && strcmp(class->head, "softmax") == 0 && !class->labels;
    if (!of_classes || prediction->rank != 1 || prediction->size[0] == 1 || shape_count(given) != 1) return false;
    for (size_t row = 0; row < m->range.rows; row++) {
        double label = batch_target(m->range.data, m->target[head], m->range.first + row, 0);
        if (!(label >= 0 && label < prediction->size[0] && label == floor(label))) return false;
    }
    return true;
}

/* A loss that needs the whole batch gets room for its numbers. */
static cepa_status take_whole(arena *memory, const measure *m, const loss *l, whole_use *made, cepa_error *error)
{
    size_t blocks = (m->most_rows + LANES - 1) / LANES, numbers, state;
    if (!l->row_numbers) return CEPA_OK;
    *made = (whole_use){.loss = l};
    if (!multiply_size(blocks * LANES, l->row_numbers, &numbers) ||
        !multiply_size(m->most_rows, l->row_state, &state) || !add_size(state, l->batch_state, &state))
        return fail_memory(error);
    made->numbers = arena_array(memory, numbers, sizeof *made->numbers);
    made->state = arena_array(memory, state, sizeof *made->state);
    return made->numbers && made->state ? CEPA_OK : fail_memory(error);
}

/* The shape of a row's target as a head takes it. */
static shape target_shape(const measure *m, size_t head)
{
    if (m->one_hot[head]) return m->training->heads[head].shape;
    return shape_of(&cepa_dataset_describe(m->range.data)->targets[m->target[head]]);
}

static cepa_status meet_loss(arena *memory, measure *m, size_t i, cepa_error *error)
{
    const head *h = &m->training->heads[i];
    shape given = target_shape(m, i);
    if (!h->loss_name) return CEPA_OK;
    loss_new(&h->choice->loss, &h->shape, h->logits, &m->losses[i]);
    const loss_class *class = m->losses[i].class;
    m->one_hot[i] = holds_labels(m, i, &given);
    given = target_shape(m, i);
    cepa_status status = target_check_shape(class->kind.name, class->labels, &h->shape, &given, error);
    if (status) return fail_in(error, status, "output '%s'", h->choice->name);
    status = look_at_targets(m, i, &m->losses[i], error);
    if (!status && m->weighted && m->losses[i].batch_state && m->losses[i].positions > 1)
        return fail(error, CEPA_ARGUMENT,
                    "output '%s': along its axes %s gives a batch %zu values, none of which is a row's: there is "
                    "nothing that weights of rows could multiply",
                    h->choice->name, class->kind.name, m->losses[i].positions);
    return status ? status : take_whole(memory, m, &m->losses[i], &m->wholes[i], error);
}

static cepa_status meet_metric(arena *memory, measure *m, size_t i, cepa_error *error)
{
    const metric_use *use = &m->training->metrics[i];
    const head *h = &m->training->heads[use->head];
    shape given = target_shape(m, use->head);
    member chosen = use->choice->member;
    if (!chosen.kind) {
        void *defaults;
        chosen.kind = metric_resolve(&h->shape, &given);
        cepa_status status = fields_resolve(memory, chosen.kind, NULL, &defaults, error);
        if (status) return status;
        chosen.options = defaults;
    }
    cepa_status status = metric_new(memory, &chosen, &h->shape, &given, use->logits, &m->metrics[i], error);
    if (status) return fail_in(error, status, "output '%s'", h->choice->name);
    if (metric_keeps_state(&m->metrics[i]) && m->kept_at[use->want] == NOT_KEPT) {
        m->kept_at[use->want] = m->kept_count;
        m->kept_count += shape_count(&h->shape);
    }
    if (m->metrics[i].class) return CEPA_OK;
    loss *l = &m->metrics[i].loss;
    m->metrics[i].by_batch = use->choice->object && metric_is_loss_alone(chosen.kind);
    if (m->weighted && use->weighted && (m->metrics[i].by_batch || l->row_numbers))
        return fail(error, CEPA_ARGUMENT,
                    "output '%s': as a metric %s is one number of a batch, which weights of rows cannot multiply",
                    h->choice->name, chosen.kind->name);
    if (!m->metrics[i].by_batch && l->row_state) l->reduction = REDUCE_SUM;
    status = look_at_targets(m, use->head, l, error);
    return status ? status : take_whole(memory, m, l, &m->wholes[m->training->head_count + i], error);
}

static cepa_status check_class_weights(const measure *m, cepa_error *error)
{
    const training *t = m->training;
    if (!m->class_weights.count) return CEPA_OK;
    if (t->choices.outputs > 1)
        return fail(error, CEPA_ARGUMENT, "class weights are for models of one output, this one has %zu",
                    t->choices.outputs);
    if (cepa_dataset_describe(m->range.data)->sample_weight)
        return fail(error, CEPA_ARGUMENT, "class weights and the data's sample weights cannot be used together");
    if (t->head_count && t->heads[0].shape.rank > 1)
        return fail(error, CEPA_ARGUMENT, "class weights are for outputs of one row of numbers, not for maps");
    size_t classes = t->head_count ? shape_count(&t->heads[0].shape) : 0;
    if (classes > 1 && m->class_weights.count > classes)
        return fail(error, CEPA_ARGUMENT, "class %zu has a weight, but the classes are 0 to %zu",
                    m->class_weights.count - 1, classes - 1);
    return CEPA_OK;
}

static cepa_status meet(arena *memory, measure *m, cepa_error *error)
{
    const training *t = m->training;
    cepa_status status = match_inputs(t->network, m->range.data, m->input, error);
    if (!status) status = match_targets(t, m->range.data, m->target, error);
    for (size_t i = 0; i < t->head_count && !status; i++) {
        status = meet_loss(memory, m, i, error);
        m->target_at[i] = m->target_count;
        if (!status) m->target_count += measure_target_size(m, i);
    }
    for (size_t i = 0; i < t->want_count; i++) m->kept_at[i] = NOT_KEPT;
    for (size_t i = 0; i < t->metric_count && !status; i++) status = meet_metric(memory, m, i, error);
    return status ? status : check_class_weights(m, error);
}

/* ---- Making ------------------------------------------------------------------------------------------------------ */

static lanes *make_lanes(arena *memory, size_t count)
{
    size_t more;
    if (!add_size(count, 1, &more)) return NULL;
    unsigned char *room = arena_array(memory, more, sizeof(lanes));
    return room ? (lanes *)(void *)(room + (63 - ((uintptr_t)room + 63) % 64)) : NULL;
}

static bool make_states(arena *memory, measure *m)
{
    size_t metrics = m->training->metric_count, count;
    m->state = arena_array(memory, metrics, sizeof(double *));
    for (size_t i = 0; m->state && i < metrics; i++) {
        const metric *metric = &m->metrics[i];
        if (!add_size(metric->state_count, metric->result_count, &count)) return false;
        m->state[i] = arena_array(memory, count, sizeof(double));
        if (!m->state[i]) return false;
    }
    return m->state;
}

static bool make_room(arena *memory, measure *m)
{
    const training *t = m->training;
    size_t blocks = (m->most_rows + LANES - 1) / LANES, values, lanes_count, kept_count;
    if (!multiply_size(t->head_count + t->metric_count + 1, m->most_rows, &values) ||
        !multiply_size(blocks, m->target_count, &lanes_count) || !multiply_size(blocks, m->kept_count, &kept_count))
        return false;
    m->targets = make_lanes(memory, lanes_count);
    m->kept = make_lanes(memory, kept_count);
    m->factors = arena_array(memory, t->head_count, sizeof *m->factors);
    m->weights = arena_array(memory, m->most_rows, sizeof *m->weights);
    m->values = arena_array(memory, values, sizeof *m->values);
    m->penalties = arena_array(memory, m->most_rows, sizeof *m->penalties);
    m->total = arena_array(memory, report_count(t), sizeof *m->total);
    m->count = arena_array(memory, report_count(t), sizeof *m->count);
    return m->targets && m->kept && m->factors && m->weights && m->values && m->penalties && m->total && m->count &&
           make_states(memory, m);
}

cepa_status measure_new(arena *memory, const training *t, const row_range *range, const class_weights *weights,
                        bool learns, size_t most_rows, measure *made, cepa_error *error)
{
    *made = (measure){.training = t, .range = *range, .learns = learns, .most_rows = most_rows};
    if (weights) made->class_weights = *weights;
    made->weighted = made->class_weights.count || cepa_dataset_describe(range->data)->sample_weight;
    made->input = arena_array(memory, t->network->inputs, sizeof *made->input);
    made->target = arena_array(memory, t->head_count, sizeof *made->target);
    made->one_hot = arena_array(memory, t->head_count, sizeof *made->one_hot);
    made->losses = arena_array(memory, t->head_count, sizeof *made->losses);
    made->metrics = arena_array(memory, t->metric_count, sizeof *made->metrics);
    made->target_at = arena_array(memory, t->head_count, sizeof *made->target_at);
    made->kept_at = arena_array(memory, t->want_count, sizeof *made->kept_at);
    made->wholes = arena_array(memory, t->head_count + t->metric_count, sizeof *made->wholes);
    bool room = made->wholes && made->input && made->target && made->one_hot && made->losses && made->metrics &&
                made->target_at;
    if (!room || !made->kept_at) return fail_memory(error);
    cepa_status status = meet(memory, made, error);
    if (status) return status;
    return make_room(memory, made) ? CEPA_OK : fail_memory(error);
}
