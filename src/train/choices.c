#include "train/choices.h"

#include "base/buffer.h"
#include "train/metric.h"
#include "train/optimizer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const compile_argument compile_arguments[COMPILE_ARGUMENTS] = {
    {"optimizer", "keras.optimizers"},
    {"loss", "keras.losses"},
    {"loss_weights", NULL},
    {"metrics", "keras.metrics"},
    {"weighted_metrics", "keras.metrics"},
};

/* ---- Members ----------------------------------------------------------------------------------------------------- */

/* The table that has a metric, by its name or by call notation that begins with it. */
static cepa_status find_metric_family(const char *text, const family **found, cepa_error *error)
{
    char name[100];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "("), text);
    *found = family_find(&metric_family, name) ? &metric_family : &loss_family;
    if (family_find(*found, name)) return CEPA_OK;
    buffer known = {0};
    buffer_item(&known, "accuracy");
    for (size_t i = 0; i < metric_family.count; i++) buffer_item(&known, metric_family.members[i]->name);
    buffer_item(&known, "and every loss");
    return fail_listing(error, CEPA_ARGUMENT, &known, "unknown metric '%.100s'; known are ", text);
}

/* Ours to change: they stand in our arena. */
static cepa_loss_options *own_options(const member *m) { return (cepa_loss_options *)(uintptr_t)m->options; }

/* What a loss is made of may be spelled as older versions do; written again it is spelled as the newest does. */
static void modernise_loss(member *m)
{
    cepa_loss_options *options = own_options(m);
    options->reduction = loss_reduction_name(options->reduction);
}

cepa_status choice_take(arena *memory, const family *family, const cepa_choice *choice, member *made, cepa_error *error)
{
    const kind *kind = family_find(family, choice->name);
    if (!kind) return member_parse(memory, family, choice->name, made, error); /* call notation, or unknown */
    void *resolved;
    cepa_status status = fields_resolve(memory, kind, choice->options, &resolved, error);
    if (!status) *made = (member){kind, resolved};
    return status;
}

/* A member from a value: a name, or a call of which unknown arguments are passed over if tolerant. */
static cepa_status read_member(arena *memory, const family *family, const value *v, bool tolerant, member *made,
                               cepa_error *error)
{
    const kind *kind = v->kind == VALUE_CALL ? family_find(family, v->call.name) : NULL;
    if (!kind) return member_read(memory, family, v, made, error);
    void *resolved;
    cepa_status status = fields_read(memory, kind, v->call.members, v->call.count, tolerant, &resolved, error);
    if (!status) *made = (member){kind, resolved};
    return status;
}

static cepa_status default_optimizer(arena *memory, member *made, cepa_error *error)
{
    return member_parse(memory, &optimizer_family, "RMSprop", made, error);
}

/* ---- Metrics ----------------------------------------------------------------------------------------------------- */

/* Options of metrics and of losses begin with the same members. */
static const char *given_name(const member *m) { return ((const cepa_metric_options *)m->options)->name; }

static size_t unnamed_of(const metric_list *list, const kind *kind)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const metric_choice *m = &list->items[i];
        count += m->object && m->member.kind == kind && !given_name(&m->member);
    }
    return count;
}

/* The name of a metric without a text of its own: what its options say, else its class', with a number where Keras
 * numbers those that were made before. */
static const char *object_name(arena *memory, const choices *c, const member *m)
{
    char text[100];
    size_t before = 0;
    if (given_name(m)) return arena_text(memory, given_name(m));
    metric_default_name(m->kind, text, sizeof text);
    for (size_t i = 0; metric_is_numbered(m->kind) && i < c->outputs; i++)
        before += unnamed_of(&c->output[i].metrics, m->kind) + unnamed_of(&c->output[i].weighted, m->kind);
    return before ? arena_format(memory, "%s_%zu", text, before) : arena_text(memory, text);
}

static cepa_status add_metric(arena *memory, const choices *c, metric_list *list, size_t capacity, metric_choice *found,
                              const char *text, cepa_error *error)
{
    found->name = text ? arena_text(memory, text) : object_name(memory, c, &found->member);
    if (!list->items) list->items = arena_array(memory, capacity, sizeof *list->items);
    if (!found->name || !list->items) return fail_memory(error);
    list->items[list->count++] = *found;
    return CEPA_OK;
}

/* A class name stands for an object, as in Keras; any other name stays as it was written. */
static bool is_object(const cepa_choice *choice, const kind *kind)
{
    return choice->options || strchr(choice->name, '(') || strcmp(kind->name, choice->name) == 0;
}

static cepa_status take_metric(arena *memory, const cepa_choice *choice, const choices *c, metric_list *list,
                               cepa_error *error)
{
    metric_choice found = {0};
    if (!metric_is_accuracy(choice->name)) {
        const family *family;
        cepa_status status = find_metric_family(choice->name, &family, error);
        if (!status) status = choice_take(memory, family, choice, &found.member, error);
        if (status) return status;
        found.object = is_object(choice, found.member.kind);
    }
    return add_metric(memory, c, list, CEPA_MAX_INPUTS, &found, found.object ? NULL : choice->name, error);
}

static cepa_status take_metrics(arena *memory, const cepa_choice *wanted, const choices *c, metric_list *list,
                                cepa_error *error)
{
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < CEPA_MAX_INPUTS && wanted[i].name && !status; i++)
        status = take_metric(memory, &wanted[i], c, list, error);
    return status;
}

static cepa_status read_metric(arena *memory, const value *v, bool tolerant, const choices *c, metric_list *list,
                               size_t capacity, cepa_error *error)
{
    metric_choice found = {.object = v->kind == VALUE_CALL};
    const char *text = value_text_of(v), *name = found.object ? v->call.name : text;
    if (!name) return fail(error, CEPA_ARGUMENT, "a metric must be a name or a call, not %s", value_kind_name(v));
    if (!text || !metric_is_accuracy(text)) {
        const family *family;
        cepa_status status = find_metric_family(name, &family, error);
        if (!status) status = read_member(memory, family, v, tolerant, &found.member, error);
        if (status) return status;
    }
    return add_metric(memory, c, list, capacity, &found, text, error);
}

/* One metric, or a list of them. */
static cepa_status read_metrics(arena *memory, const value *v, bool tolerant, const choices *c, metric_list *list,
                                cepa_error *error)
{
    if (!v || v->kind == VALUE_NONE) return CEPA_OK;
    if (v->kind != VALUE_LIST) return read_metric(memory, v, tolerant, c, list, 1, error);
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < v->list.count && !status; i++)
        status = read_metric(memory, v->list.items[i], tolerant, c, list, v->list.count, error);
    return status;
}

/* ---- From a program ---------------------------------------------------------------------------------------------- */

static bool start(arena *memory, const char *const *outputs, size_t count, choices *made)
{
    *made = (choices){.outputs = count, .output = arena_array(memory, count, sizeof *made->output)};
    for (size_t i = 0; made->output && i < count; i++)
        made->output[i] = (output_choice){.name = outputs[i], .weight = 1};
    return made->output;
}

static cepa_status take_output(arena *memory, const cepa_compile_options *options, size_t i, choices *made,
                               cepa_error *error)
{
    output_choice *o = &made->output[i];
    bool several = i < CEPA_MAX_INPUTS && !options->loss.name;
    const cepa_choice *loss = several ? &options->losses[i] : &options->loss;
    double weight = i < CEPA_MAX_INPUTS ? options->loss_weights[i] : 0;
    bool said = weight != 0 || signbit(weight);
    if (said) o->weight = fabs(weight);
    made->weights_given = made->weights_given || said;
    cepa_status status = CEPA_OK;
    if (loss->name) status = choice_take(memory, &loss_family, loss, &o->loss, error);
    if (!status && o->loss.kind) modernise_loss(&o->loss);
    if (!status) status = take_metrics(memory, options->metrics, made, &o->metrics, error);
    if (!status) status = take_metrics(memory, options->weighted_metrics, made, &o->weighted, error);
    return status;
}

cepa_status choices_take(arena *memory, const cepa_compile_options *options, const char *const *outputs, size_t count,
                         choices *made, cepa_error *error)
{
    if (!start(memory, outputs, count, made)) return fail_memory(error);
    cepa_status status = options->optimizer.name
                             ? choice_take(memory, &optimizer_family, &options->optimizer, &made->optimizer, error)
                             : default_optimizer(memory, &made->optimizer, error);
    for (size_t i = 0; i < count && !status; i++) status = take_output(memory, options, i, made, error);
    return status;
}

/* ---- From values ------------------------------------------------------------------------------------------------- */

static bool has_output(const choices *c, const char *name)
{
    for (size_t i = 0; i < c->outputs; i++)
        if (strcmp(c->output[i].name, name) == 0) return true;
    return false;
}

/* The part of an argument that belongs to output i: a dict's by name, a list's by place if it has one for each output,
 * else all of it. *part is NULL where it has none. */
static cepa_status part_of(const value *v, const char *what, const choices *c, size_t i, bool lists, const value **part,
                           cepa_error *error)
{
    *part = v;
    if (!v || v->kind == VALUE_NONE) {
        *part = NULL;
    } else if (v->kind == VALUE_DICT) {
        *part = value_member(v, c->output[i].name);
        for (size_t m = 0; m < v->call.count; m++)
            if (!has_output(c, v->call.members[m].name))
                return fail(error, CEPA_ARGUMENT, "%s: the model has no output '%s'", what, v->call.members[m].name);
    } else if (lists && v->kind == VALUE_LIST) {
        if (v->list.count != c->outputs)
            return fail(error, CEPA_ARGUMENT, "%s: %zu given for %zu outputs", what, v->list.count, c->outputs);
        *part = v->list.items[i];
    }
    return CEPA_OK;
}

/* True where a list of metrics has an entry for each of several outputs. */
static bool is_per_output(const value *v, const choices *c)
{
    return v && v->kind == VALUE_LIST && c->outputs > 1 && v->list.count == c->outputs;
}

static cepa_status read_weight(const value *v, output_choice *o, cepa_error *error)
{
    if (v && !value_number(v, &o->weight)) return fail(error, CEPA_ARGUMENT, "loss_weights must be numbers");
    return CEPA_OK;
}

static cepa_status read_output(arena *memory, const compile_values *v, bool tolerant, size_t i, choices *c,
                               cepa_error *error)
{
    output_choice *o = &c->output[i];
    const value *loss, *weight, *metrics, *weighted;
    cepa_status status = part_of(v->loss, "loss", c, i, true, &loss, error);
    if (!status) status = part_of(v->loss_weights, "loss_weights", c, i, true, &weight, error);
    if (!status) status = part_of(v->metrics, "metrics", c, i, is_per_output(v->metrics, c), &metrics, error);
    if (!status)
        status = part_of(v->weighted_metrics, "weighted_metrics", c, i, is_per_output(v->weighted_metrics, c),
                         &weighted, error);
    if (!status && loss && loss->kind != VALUE_NONE)
        status = read_member(memory, &loss_family, loss, tolerant, &o->loss, error);
    if (!status && o->loss.kind) modernise_loss(&o->loss);
    if (!status) status = read_weight(weight, o, error);
    if (!status) status = read_metrics(memory, metrics, tolerant, c, &o->metrics, error);
    if (!status) status = read_metrics(memory, weighted, tolerant, c, &o->weighted, error);
    return status;
}

cepa_status choices_read(arena *memory, const compile_values *values, bool tolerant, const char *const *outputs,
                         size_t count, choices *made, cepa_error *error)
{
    if (!start(memory, outputs, count, made)) return fail_memory(error);
    const value *optimizer = values->optimizer;
    made->weights_given = values->loss_weights && values->loss_weights->kind != VALUE_NONE;
    cepa_status status = optimizer && optimizer->kind != VALUE_NONE
                             ? read_member(memory, &optimizer_family, optimizer, tolerant, &made->optimizer, error)
                             : default_optimizer(memory, &made->optimizer, error);
    for (size_t i = 0; i < count && !status; i++) status = read_output(memory, values, tolerant, i, made, error);
    return status;
}

/* ---- Into values ------------------------------------------------------------------------------------------------- */

static const value *write_member(arena *memory, const member *m)
{
    size_t count;
    if (!m->kind) return value_none();
    const named_value *fields = fields_write(memory, m->kind, m->options, &count);
    return fields ? value_call(memory, m->kind->name, fields, count) : NULL;
}

/* A loss that is a metric of Keras' too has no reduction there: it is a mean. */
static const value *write_metric(arena *memory, const member *m)
{
    const value *v = write_member(memory, m);
    if (!v || v->kind != VALUE_CALL || metric_is_loss_alone(m->kind)) return v;
    named_value *arguments = arena_array(memory, v->call.count, sizeof *arguments);
    size_t count = 0;
    for (size_t i = 0; arguments && i < v->call.count; i++)
        if (strcmp(v->call.members[i].name, "reduction") != 0) arguments[count++] = v->call.members[i];
    return arguments ? value_call(memory, v->call.name, arguments, count) : NULL;
}

static const value *write_metrics(arena *memory, const metric_list *list)
{
    const value **items = arena_array(memory, list->count, sizeof *items);
    if (!list->count) return value_none();
    for (size_t i = 0; items && i < list->count; i++) {
        const metric_choice *m = &list->items[i];
        items[i] = m->object ? write_metric(memory, &m->member) : value_text(memory, m->name);
        if (!items[i]) return NULL;
    }
    return items ? value_list(memory, items, list->count) : NULL;
}

typedef const value *write_one(arena *memory, const output_choice *o);

static const value *write_loss(arena *memory, const output_choice *o) { return write_member(memory, &o->loss); }
static const value *write_weight(arena *memory, const output_choice *o) { return value_real(memory, o->weight); }
static const value *write_plain(arena *memory, const output_choice *o) { return write_metrics(memory, &o->metrics); }
static const value *write_weighted(arena *memory, const output_choice *o)
{
    return write_metrics(memory, &o->weighted);
}

/* The only output's value, or a list of all outputs'; NONE where all are. */
static const value *write_each(arena *memory, const choices *c, write_one *write)
{
    const value **items = arena_array(memory, c->outputs, sizeof *items);
    bool none = true;
    for (size_t i = 0; items && i < c->outputs; i++) {
        items[i] = write(memory, &c->output[i]);
        if (!items[i]) return NULL;
        none = none && items[i]->kind == VALUE_NONE;
    }
    if (!items) return NULL;
    if (none) return value_none();
    return c->outputs == 1 ? items[0] : value_list(memory, items, c->outputs);
}

bool choices_write(arena *memory, const choices *c, compile_values *values)
{
    *values = (compile_values){
        .optimizer = write_member(memory, &c->optimizer),
        .loss = write_each(memory, c, write_loss),
        .loss_weights = c->weights_given ? write_each(memory, c, write_weight) : value_none(),
        .metrics = write_each(memory, c, write_plain),
        .weighted_metrics = write_each(memory, c, write_weighted),
    };
    return values->optimizer && values->loss && values->loss_weights && values->metrics && values->weighted_metrics;
}
