/* The table of metrics, their names, and a metric in use. */
#include "train/metric.h"

#include "train/metric_classes.h"

#include <string.h>
#include <strings.h>

/* ---- The table --------------------------------------------------------------------------------------------------- */

#define MEMBER_OF_TABLE(name) &metric_##name.kind,
static const kind *const members[] = {METRICS(MEMBER_OF_TABLE)};
#undef MEMBER_OF_TABLE

const family metric_family = {"metric", members, ARRAY_COUNT(members)};

/* ---- Names ------------------------------------------------------------------------------------------------------- */

bool metric_is_accuracy(const char *name) { return strcasecmp(name, "accuracy") == 0 || strcasecmp(name, "acc") == 0; }

const kind *metric_resolve(const shape *prediction, const shape *target)
{
    int last = prediction->rank ? prediction->size[prediction->rank - 1] : 1;
    if (last == 1) return &metric_binary_accuracy.kind;
    bool column = target->rank && target->size[target->rank - 1] == 1;
    return target->rank < prediction->rank || column ? &metric_sparse_categorical_accuracy.kind
                                                     : &metric_categorical_accuracy.kind;
}

const kind *metric_find(const char *name)
{
    const kind *found = family_find(&metric_family, name);
    return found ? found : family_find(&loss_family, name);
}

/* NULL: it is a loss. */
static const metric_class *class_of(const kind *kind)
{
    for (size_t i = 0; i < metric_family.count; i++)
        if (metric_family.members[i] == kind) return (const metric_class *)kind;
    return NULL;
}

log_direction metric_direction(const kind *kind)
{
    const metric_class *class = class_of(kind ? kind : &metric_accuracy.kind);
    return class ? class->direction : LOG_FALLS;
}

/* name's first length characters end with this word, in any case. */
static bool ends_with(const char *name, size_t length, const char *word)
{
    size_t size = strlen(word);
    bool whole = size == length || (size < length && name[length - size - 1] == '_');
    return whole && strncasecmp(name + length - size, word, size) == 0;
}

bool metric_name_rises(const char *name)
{
    size_t length = strlen(name), digits = 0;
    while (digits < length && name[length - digits - 1] >= '0' && name[length - digits - 1] <= '9') digits++;
    if (digits && digits < length && name[length - digits - 1] == '_') length -= digits + 1;
    if (ends_with(name, length, "acc")) return true;
    for (size_t i = 0; i < metric_family.count; i++) {
        const kind *kind = metric_family.members[i];
        char word[100];
        metric_default_name(kind, word, sizeof word);
        if (metric_direction(kind) == LOG_RISES &&
            (ends_with(name, length, word) || ends_with(name, length, kind->name)))
            return true;
    }
    return false;
}

bool metric_is_loss_alone(const kind *kind) { return kind && !class_of(kind) && ((const loss_class *)kind)->no_metric; }

bool metric_is_numbered(const kind *kind)
{
    const metric_class *class = class_of(kind);
    return class && class->numbered;
}

void metric_default_name(const kind *kind, char *text, size_t size)
{
    const metric_class *class = class_of(kind);
    const char *name = class ? class->reported_as : ((const loss_class *)kind)->object;
    if (name)
        snprintf(text, size, "%s", name);
    else
        snake_case(kind->name, text, size);
}

/* ---- A metric in use --------------------------------------------------------------------------------------------- */

/* A metric that is a loss takes none of the loss' options. */
static cepa_status loss_member(arena *memory, const member *chosen, const metric_class *class, member *made,
                               cepa_error *error)
{
    *made = *chosen;
    if (!class) return CEPA_OK;
    void *options;
    made->kind = family_find(&loss_family, class->loss);
    cepa_status status = fields_resolve(memory, made->kind, NULL, &options, error);
    made->options = options;
    return status;
}

static cepa_status new_loss(arena *memory, const member *chosen, const metric_class *class, const shape *prediction,
                            const shape *target, bool logits, metric *made, cepa_error *error)
{
    member member;
    cepa_status status = loss_member(memory, chosen, class, &member, error);
    if (status) return status;
    made->class = NULL;
    loss_new(&member, prediction, logits, &made->loss);
    return target_check_shape(chosen->kind->name, made->loss.class->labels, prediction, target, error);
}

cepa_status metric_new(arena *memory, const member *chosen, const shape *prediction, const shape *target, bool logits,
                       metric *made, cepa_error *error)
{
    const metric_class *class = class_of(chosen->kind);
    *made = (metric){.class = class, .classes = shape_channels(prediction), .state_count = 2, .result_count = 1};
    made->positions = prediction->rank ? shape_count(prediction) / made->classes : 1;
    if (!class || class->loss) return new_loss(memory, chosen, class, prediction, target, logits, made, error);
    made->options = chosen->options;
    cepa_status status = class->begin ? class->begin(memory, made, prediction, target, error) : CEPA_OK;
    if (status || class->own_shapes) return status;
    return target_check_shape(class->kind.name, class->labels, prediction, target, error);
}

bool metric_keeps_state(const metric *m) { return m->class && m->class->add; }

void metric_run(const metric *m, const lanes *prediction, const lanes *target, double values[LANES])
{
    static const lanes one = {{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};
    if (m->class) {
        m->class->run(&(metric_block){m, prediction, target, values});
        return;
    }
    loss_run(&m->loss, prediction, target, &one, 0, 0, values, NULL);
    for (size_t lane = 0; lane < LANES; lane++) values[lane] /= (double)m->positions;
}

double metric_of_batch(const metric *m, const double *values, size_t rows)
{
    double sum = 0;
    for (size_t r = 0; r < rows; r++) sum += values[r];
    return m->loss.reduction == REDUCE_SUM ? sum * (double)m->loss.positions : sum / (double)rows;
}

/* The state of the first kind is the weighted sum of the rows' values, and the sum of the weights. */
void metric_add(const metric *m, const metric_row *row, double *state)
{
    if (metric_keeps_state(m)) {
        m->class->add(m, row, state);
        return;
    }
    state[0] += row->value * row->weight;
    state[1] += row->weight;
}

void metric_report(const metric *m, const double *state, double *results)
{
    if (metric_keeps_state(m)) {
        m->class->report(m, state, results);
        return;
    }
    results[0] = share_of(state[0], state[1]);
    if (m->class && m->class->finish) results[0] = m->class->finish(results[0]);
}
