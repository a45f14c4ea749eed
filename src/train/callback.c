/* The table of callbacks. Arguments in Keras' order; numbers are compared as float32, as Keras' operations do. */
#include "train/callback_classes.h"

#include "base/buffer.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef cepa_early_stopping_options early_stopping_options;
typedef cepa_reduce_lr_on_plateau_options reduce_lr_options;
typedef cepa_learning_rate_scheduler_options scheduler_options;

/* ---- Watching a number: keras/src/callbacks/monitor_callback.py -------------------------------------------------- */

const char *const monitor_modes[] = {"auto", "min", "max", NULL};

#define ANY_REAL(o, member, preset_) REAL(o, member, .preset = (preset_), .min = -INFINITY, .max = INFINITY)

cepa_status refuse_monitor(const callback *c, const char *name, const log_list *logs, cepa_error *error)
{
    buffer known = {0};
    for (size_t i = 0; i < logs->count; i++) buffer_item(&known, logs->logs[i].name);
    return fail_listing(error, CEPA_ARGUMENT, &known, "%s: monitor '%.100s' is not measured; an epoch's numbers are ",
                        c->class->kind.name, name);
}

size_t find_log(const log_list *logs, const char *name)
{
    size_t i = 0;
    while (i < logs->count && strcmp(logs->logs[i].name, name) != 0) i++;
    return i;
}

cepa_status watch(callback *c, const fit_state *f, const char *name, const char *mode, double min_delta,
                  cepa_error *error)
{
    const log_list *logs = f->logs;
    monitor *m = &c->monitor;
    *m = (monitor){.log = find_log(logs, name), .min_delta = fabs(min_delta)};
    if (m->log == logs->count) return refuse_monitor(c, name, logs, error);
    log_direction direction = log_list_direction(logs, f->t, m->log);
    if (direction == LOG_UNKNOWN && strcmp(mode, "auto") == 0)
        return fail(error, CEPA_ARGUMENT,
                    "%s: monitor '%.100s' does not say which way is better, mode='min' or 'max' "
                    "was expected",
                    c->class->kind.name, name);
    m->rises = strcmp(mode, "auto") == 0 ? direction == LOG_RISES : strcmp(mode, "max") == 0;
    return CEPA_OK;
}

static double watched(const callback *c, const fit_state *f) { return f->logs->logs[c->monitor.log].value; }

static bool is_better(const monitor *m, double value, double than)
{
    return m->rises ? (float)(value - m->min_delta) > (float)than : (float)(value + m->min_delta) < (float)than;
}

bool improve(monitor *m, double value)
{
    if (m->any && !is_better(m, value, m->best)) return false;
    m->any = true;
    m->best = value;
    return true;
}

void say(const fit_state *f, const char *format, ...)
{
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    f->say(f->context, text);
}

/* The first one that stops a fit is remembered. */
static void stop(const callback *c, fit_state *f)
{
    if (!f->stopped_by) f->stopped_by = c->class->kind.name;
}

/* A callback that sets the learning rate needs one that is a number. */
static cepa_status need_rate(const callback *c, const fit_state *f, cepa_error *error)
{
    const member *schedule = &f->t->optimizer.schedule;
    if (!schedule->kind) return CEPA_OK;
    return fail(error, CEPA_ARGUMENT, "%s: the optimizer's learning rate is %s, which nothing else may set",
                c->class->kind.name, schedule->kind->name);
}

/* ---- EarlyStopping ----------------------------------------------------------------------------------------------- */

static const field early_stopping_fields[] = {
    MONITOR(early_stopping_options),
    ANY_REAL(early_stopping_options, min_delta, 0),
    COUNT(early_stopping_options, patience, 0),
    COUNT(early_stopping_options, verbose, 0),
    MODE(early_stopping_options),
    REAL(early_stopping_options, baseline, .optional = true, .min = -INFINITY, .max = INFINITY),
    BOOL(early_stopping_options, restore_best_weights),
    COUNT(early_stopping_options, start_from_epoch, 0),
    END_OF_FIELDS};

static cepa_status early_stopping_begin(callback *c, arena *memory, const fit_state *f, cepa_error *error)
{
    const early_stopping_options *o = c->options;
    if (o->restore_best_weights) {
        c->best_values = arena_array(memory, f->t->network->graph->value_count, sizeof *c->best_values);
        if (!c->best_values) return fail_memory(error);
    }
    return watch(c, f, o->monitor, o->mode, o->min_delta, error);
}

static void keep_weights(callback *c, const fit_state *f)
{
    const cepa_graph *g = f->t->network->graph;
    if (c->best_values) memcpy(c->best_values, g->values, g->value_count * sizeof *c->best_values);
    c->kept = c->best_values;
    c->best_epoch = f->epoch;
}

static void early_stopping_after_epoch(callback *c, fit_state *f)
{
    const early_stopping_options *o = c->options;
    double value = watched(c, f);
    if (f->epoch < o->start_from_epoch) return;
    if (c->best_values && !c->kept) keep_weights(c, f);
    c->wait++;
    if (improve(&c->monitor, value)) {
        keep_weights(c, f);
        if (!real_is_set(o->baseline) || is_better(&c->monitor, value, o->baseline)) c->wait = 0;
    } else if (c->wait >= o->patience && f->epoch > 0) {
        stop(c, f);
        c->stopped_epoch = f->epoch;
    }
}

static void early_stopping_at_end(callback *c, fit_state *f)
{
    const early_stopping_options *o = c->options;
    cepa_graph *g = f->t->network->graph;
    if (c->stopped_epoch && o->verbose) say(f, "Epoch %d: early stopping", c->stopped_epoch + 1);
    if (!c->kept) return;
    if (o->verbose) say(f, "Restoring model weights from the end of the best epoch: %d.", c->best_epoch + 1);
    memcpy(g->values, c->best_values, g->value_count * sizeof *c->best_values);
    graph_weights_changed(g);
    f->restored_epoch = c->best_epoch;
}

static const callback_class early_stopping = {
    .kind = {.name = "EarlyStopping", .fields = early_stopping_fields, .options_size = sizeof(early_stopping_options)},
    .begin = early_stopping_begin,
    .on = {[EPOCH_END] = early_stopping_after_epoch, [TRAIN_END] = early_stopping_at_end},
};

/* ---- ReduceLROnPlateau ------------------------------------------------------------------------------------------- */

static const field reduce_lr_fields[] = {
    MONITOR(reduce_lr_options),
    REAL(reduce_lr_options, factor, .preset = 0.1, .min = 0, .max = 1, .below_max = true),
    COUNT(reduce_lr_options, patience, 10),
    COUNT(reduce_lr_options, verbose, 0),
    MODE(reduce_lr_options),
    ANY_REAL(reduce_lr_options, min_delta, 1e-4),
    COUNT(reduce_lr_options, cooldown, 0),
    REAL(reduce_lr_options, min_lr, .min = 0, .max = INFINITY),
    END_OF_FIELDS};

static cepa_status reduce_lr_begin(callback *c, arena *memory, const fit_state *f, cepa_error *error)
{
    (void)memory;
    const reduce_lr_options *o = c->options;
    cepa_status status = need_rate(c, f, error);
    return status ? status : watch(c, f, o->monitor, o->mode, o->min_delta, error);
}

static void reduce_rate(callback *c, const fit_state *f)
{
    const reduce_lr_options *o = c->options;
    double *rate = &f->t->optimizer.learning_rate, lower = fmax(*rate * o->factor, o->min_lr);
    if (*rate <= (double)(float)o->min_lr) return;
    *rate = (double)(float)lower;
    c->cooldown = o->cooldown;
    c->wait = 0;
    char text[32];
    cepa_number_text(lower, text);
    if (o->verbose) say(f, "Epoch %d: ReduceLROnPlateau reducing learning rate to %s.", f->epoch + 1, text);
}

static void reduce_lr_after_epoch(callback *c, fit_state *f)
{
    const reduce_lr_options *o = c->options;
    if (c->cooldown) {
        c->cooldown--;
        c->wait = 0;
    }
    if (improve(&c->monitor, watched(c, f)))
        c->wait = 0;
    else if (!c->cooldown && ++c->wait >= o->patience)
        reduce_rate(c, f);
}

static const callback_class reduce_lr_on_plateau = {
    .kind = {.name = "ReduceLROnPlateau", .fields = reduce_lr_fields, .options_size = sizeof(reduce_lr_options)},
    .logs_rate = true,
    .begin = reduce_lr_begin,
    .on = {[EPOCH_END] = reduce_lr_after_epoch},
};

/* ---- LearningRateScheduler --------------------------------------------------------------------------------------- */

static const field scheduler_fields[] = {
    REALS(scheduler_options, schedule, .required = true, .always_list = true, .min = 0, .max = INFINITY),
    COUNT(scheduler_options, verbose, 0), END_OF_FIELDS};

static cepa_status scheduler_begin(callback *c, arena *memory, const fit_state *f, cepa_error *error)
{
    (void)memory;
    return need_rate(c, f, error);
}

static void scheduler_before_epoch(callback *c, fit_state *f)
{
    const scheduler_options *o = c->options;
    size_t count = reals_length(o->schedule, CEPA_MAX_RATES), epoch = (size_t)f->epoch;
    double rate = fabs(o->schedule[epoch < count ? epoch : count - 1]);
    char text[32];
    f->t->optimizer.learning_rate = (double)(float)rate;
    cepa_number_text(rate, text);
    if (o->verbose) say(f, "Epoch %d: LearningRateScheduler setting learning rate to %s.", f->epoch + 1, text);
}

static const callback_class learning_rate_scheduler = {
    .kind = {.name = "LearningRateScheduler", .fields = scheduler_fields, .options_size = sizeof(scheduler_options)},
    .logs_rate = true,
    .begin = scheduler_begin,
    .on = {[EPOCH_BEGIN] = scheduler_before_epoch},
};

/* ---- TerminateOnNaN ---------------------------------------------------------------------------------------------- */

static const field terminate_fields[] = {BOOL(cepa_terminate_on_nan_options, raise_error), END_OF_FIELDS};

static void terminate_after_step(callback *c, fit_state *f)
{
    size_t loss = find_log(f->logs, "loss");
    if (loss == f->logs->count || isfinite(f->logs->logs[loss].value)) return;
    if (((const cepa_terminate_on_nan_options *)c->options)->raise_error) {
        fail(&f->failure, CEPA_DATA, "TerminateOnNaN: the loss is not a finite number in batch %zu of epoch %d",
             f->step, f->epoch + 1);
        return;
    }
    stop(c, f);
    say(f, "Batch %zu: Invalid loss, terminating training", f->step);
}

static const callback_class terminate_on_nan = {
    .kind = {.name = "TerminateOnNaN",
             .fields = terminate_fields,
             .options_size = sizeof(cepa_terminate_on_nan_options)},
    .on = {[BATCH_END] = terminate_after_step},
};

/* ---- The table --------------------------------------------------------------------------------------------------- */

static const kind *const members[] = {&csv_logger.kind,       &early_stopping.kind,       &learning_rate_scheduler.kind,
                                      &model_checkpoint.kind, &reduce_lr_on_plateau.kind, &terminate_on_nan.kind};

const family callback_family = {"callback", members, ARRAY_COUNT(members)};

cepa_status callbacks_take(arena *memory, const cepa_choice *wanted, callback_list *made, cepa_error *error)
{
    *made = (callback_list){0};
    for (size_t i = 0; i < CEPA_MAX_INPUTS && wanted[i].name; i++) {
        member m;
        cepa_status status = choice_take(memory, &callback_family, &wanted[i], &m, error);
        if (status) return status;
        made->items[made->count++] = (callback){.class = (const callback_class *)m.kind, .options = m.options};
    }
    return CEPA_OK;
}

const char *callback_that_writes(const char *text)
{
    char name[100];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "("), text);
    const kind *kind = family_find(&callback_family, name);
    return kind && ((const callback_class *)kind)->writes_files ? kind->name : NULL;
}

bool callbacks_log_rate(const callback_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].class->logs_rate) return true;
    return false;
}

cepa_status callbacks_begin(callback_list *list, arena *memory, const fit_state *f, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < list->count && !status; i++) {
        callback *c = &list->items[i];
        for (size_t k = 0; k < i; k++) c->sees_rate |= list->items[k].class->logs_rate;
        if (c->class->begin) status = c->class->begin(c, memory, f, error);
    }
    return status;
}

void callbacks_run(callback_list *list, callback_event event, fit_state *f)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].class->on[event]) list->items[i].class->on[event](&list->items[i], f);
}
