/* The fit loop, as Keras' trainer runs it: epochs of steps, validation after each, rows in a new order each time. */
#include "base/threads.h"
#include "train/evaluate.h"
#include "train/train.h"

#include <math.h>
#include <time.h>

/* One fit at work. */
typedef struct fit {
    training *t;
    const cepa_fit_options *options;
    const model_saver *saver;
    cepa_graph *graph;
    int epochs;                   /* the last one's number, counted from 1 */
    size_t batch, steps;          /* rows of a batch, batches of an epoch */
    row_range learned, validated; /* validated.rows 0: none */
    size_t *order;
    measure measure;
    session *session;
    look look;
    log_list step_logs, epoch_logs;
    callback_list callbacks;
    fit_state state; /* as they see it */
    double begun;    /* when, in seconds */
    double looking;  /* seconds that the last validation took */
} fit;

/* ---- Beginning --------------------------------------------------------------------------------------------------- */

static cepa_status check(const training *t, const cepa_fit_options *o, cepa_error *error)
{
    if (!t->loss_count) return fail(error, CEPA_ARGUMENT, "fit needs a loss: compile was given none");
    if (o->batch_size < 0 || o->validation_batch_size < 0)
        return fail(error, CEPA_ARGUMENT, "the batch size must be at least 1");
    if (o->epochs < 0 || o->initial_epoch < 0) return fail(error, CEPA_ARGUMENT, "epochs must not be negative");
    if (!(o->validation_split >= 0 && o->validation_split < 1))
        return fail(error, CEPA_ARGUMENT, "validation_split must be at least 0 and less than 1");
    if (!(o->budget >= 0)) return fail(error, CEPA_ARGUMENT, "the budget must be a number of seconds");
    return CEPA_OK;
}

/* Which rows are learned from, and which are held back: given data, or the tail of the same rows as Keras cuts it. */
static cepa_status choose_rows(fit *f, const cepa_dataset *data, cepa_error *error)
{
    const cepa_dataset *given = f->options->validation_data;
    size_t rows = cepa_dataset_describe(data)->rows;
    f->learned = (row_range){data, 0, rows};
    if (given) {
        f->validated = (row_range){given, 0, cepa_dataset_describe(given)->rows};
    } else if (f->options->validation_split > 0) {
        f->learned.rows = (size_t)floor((double)rows * (1 - f->options->validation_split));
        f->validated = (row_range){data, f->learned.rows, rows - f->learned.rows};
    }
    if (!f->learned.rows || ((given || f->options->validation_split > 0) && !f->validated.rows))
        return fail(error, CEPA_DATA, "%zu rows leave none to %s", rows,
                    f->learned.rows ? "validate on" : "learn from");
    return CEPA_OK;
}

static cepa_status begin_validation(fit *f, arena *memory, cepa_error *error)
{
    int batch = f->options->validation_batch_size;
    if (!f->validated.rows) return CEPA_OK;
    return look_new(memory, f->t, &f->validated, batch ? (size_t)batch : f->batch, f->options->threads, &f->look,
                    error);
}

static cepa_status begin_logs(fit *f, cepa_error *error)
{
    training *t = f->t;
    arena_free(&t->history_memory);
    size_t first = (size_t)f->options->initial_epoch, last = (size_t)f->epochs;
    bool made =
        log_list_new(&t->history_memory, t, false, false, &f->step_logs) &&
        log_list_new(&t->history_memory, t, f->validated.rows, callbacks_log_rate(&f->callbacks), &f->epoch_logs) &&
        history_begin(t, &f->epoch_logs, f->options->initial_epoch, last > first ? last - first : 0);
    return made ? CEPA_OK : fail_memory(error);
}

static double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* A callback's words, passed on. */
static void say(void *context, const char *message)
{
    const fit *f = context;
    const cepa_progress progress = {.event = CEPA_MESSAGE,
                                    .epoch = f->state.epoch,
                                    .epochs = f->epochs,
                                    .step = f->state.step,
                                    .steps = f->steps,
                                    .message = message};
    if (f->options->callback) f->options->callback(f->options->context, &progress);
}

static cepa_status begin_callbacks(fit *f, arena *memory, cepa_error *error)
{
    f->begun = seconds_now();
    f->state = (fit_state){
        .t = f->t, .logs = &f->epoch_logs, .restored_epoch = -1, .say = say, .context = f, .saver = f->saver};
    return callbacks_begin(&f->callbacks, memory, &f->state, error);
}

static cepa_status begin(fit *f, arena *memory, const cepa_dataset *data, cepa_error *error)
{
    const cepa_fit_options *o = f->options;
    const class_weights weights = {o->class_weight, o->class_weight_count};
    f->epochs = o->epochs ? o->epochs : 1;
    cepa_status status = choose_rows(f, data, error);
    if (status) return status;
    f->batch = o->batch_size ? (size_t)o->batch_size : 32;
    if (f->batch > f->learned.rows) f->batch = f->learned.rows;
    f->steps = (f->learned.rows + f->batch - 1) / f->batch;
    f->order = arena_array(memory, f->learned.rows, sizeof *f->order);
    if (!f->order) return fail_memory(error);
    status = measure_new(memory, f->t, &f->learned, &weights, true, f->batch, &f->measure, error);
    if (!status) status = session_new(f->t->step, f->batch, o->threads, &f->session, error);
    if (!status) status = begin_validation(f, memory, error);
    if (!status) status = callbacks_take(memory, o->callbacks, &f->callbacks, error);
    if (!status) status = begin_logs(f, error);
    return status ? status : begin_callbacks(f, memory, error);
}

/* ---- Epochs ------------------------------------------------------------------------------------------------------ */

static bool tell(const fit *f, int event, int epoch, size_t step, const log_list *list)
{
    if (!f->options->callback) return true;
    cepa_progress progress = {.epoch = epoch, .epochs = f->epochs, .step = step, .steps = f->steps};
    progress.event = event;
    if (list) {
        progress.log_count = list->count;
        progress.logs = list->logs;
    }
    return f->options->callback(f->options->context, &progress);
}

static void order_rows(fit *f)
{
    random_stream stream = random_stream_of(f->options->seed, "fit", "shuffle", 0);
    stream.epoch = f->t->epoch;
    if (f->options->shuffle != CEPA_FALSE)
        random_order(&stream, f->order, f->learned.rows);
    else
        for (size_t i = 0; i < f->learned.rows; i++) f->order[i] = i;
}

static void update_weights(void *begun, size_t segment, size_t first, size_t count)
{
    optimizer_update(begun, segment, first, count);
}

/* One batch: forward, losses, backward, optimizer. */
static void run_step(fit *f, size_t step)
{
    training *t = f->t;
    size_t first = step * f->batch, rest = f->learned.rows - first, rows = rest < f->batch ? rest : f->batch;
    batch b = {.seed = f->options->seed, .epoch = t->epoch, .position = first};
    measure_batch(&f->measure, f->order + first, rows, &b);
    optimizer_batch begun = optimizer_begin(&t->optimizer, f->graph->values, session_gradients(f->session));
    if (optimizer_goes_piecewise(&t->optimizer)) {
        b.update = update_weights;
        b.update_context = &begun;
    }
    graph_weights_changed(f->graph); /* what is packed from here on is of the new ones */
    session_run(f->session, &b);
    measure_add(&f->measure, f->session, 0, rows, optimizer_penalty(&t->optimizer, f->graph->values));
    if (b.update) return;
    optimizer_step(&begun, session_team(f->session));
    session_pack(f->session);
}

/* Leaves time to validate. */
static void watch_budget(fit *f)
{
    bool over = f->options->budget > 0 && seconds_now() - f->begun + f->looking >= f->options->budget;
    if (over && !f->state.stopped_by) f->state.stopped_by = "budget";
}

/* Whether the rules of the fit let it go on. */
static bool goes_on(const fit *f) { return !f->state.stopped_by && !f->state.failure.status; }

/* False where the program's callback ended it. */
static bool run_steps(fit *f, int epoch)
{
    order_rows(f);
    measure_begin(&f->measure);
    for (size_t step = 0; step < f->steps && goes_on(f); step++) {
        run_step(f, step);
        log_list_fill(&f->step_logs, &f->measure, NULL);
        f->state.step = step;
        f->state.logs = &f->step_logs;
        callbacks_run(&f->callbacks, BATCH_END, &f->state);
        watch_budget(f);
        if (!tell(f, CEPA_STEP_END, epoch, step + 1, &f->step_logs)) return false;
    }
    return true;
}

static void run_validation(fit *f)
{
    double start = seconds_now();
    if (f->validated.rows) look_run(&f->look, NULL, NULL);
    f->looking = seconds_now() - start;
}

typedef enum ending { GO_ON, AFTER_EPOCH, WITHIN_EPOCH } ending;

static ending run_epoch(fit *f, int epoch)
{
    f->state.epoch = epoch;
    callbacks_run(&f->callbacks, EPOCH_BEGIN, &f->state);
    if (!tell(f, CEPA_EPOCH_BEGIN, epoch, 0, NULL)) return AFTER_EPOCH;
    if (!run_steps(f, epoch) || f->state.failure.status) return WITHIN_EPOCH;
    run_validation(f);
    log_list_fill(&f->epoch_logs, &f->measure, &f->look.measure);
    f->state.logs = &f->epoch_logs;
    callbacks_run(&f->callbacks, EPOCH_END, &f->state);
    history_add(f->t, &f->epoch_logs);
    f->t->epoch++;
    return tell(f, CEPA_EPOCH_END, epoch, f->state.step + 1, &f->epoch_logs) ? GO_ON : AFTER_EPOCH;
}

/* What a fit leaves that was not ended by the program's callback. */
static void finish(fit *f)
{
    callbacks_run(&f->callbacks, TRAIN_END, &f->state);
    f->t->history.stopped_by = f->state.stopped_by;
    f->t->history.restored_epoch = f->state.restored_epoch;
}

static cepa_status run(fit *f, cepa_error *error)
{
    ending end = GO_ON;
    for (int epoch = f->options->initial_epoch; epoch < f->epochs && end == GO_ON && goes_on(f); epoch++)
        end = run_epoch(f, epoch);
    if (end != WITHIN_EPOCH && f->t->optimizer.averages) {
        optimizer_finish(&f->t->optimizer, f->graph->values);
        graph_weights_changed(f->graph);
    }
    if (f->state.failure.status) return fail(error, f->state.failure.status, "%s", f->state.failure.message);
    if (end == GO_ON) finish(f);
    return end == GO_ON ? CEPA_OK : fail(error, CEPA_INTERRUPTED, "stopped by the caller");
}

cepa_status training_fit(training *t, const cepa_dataset *data, const cepa_fit_options *options,
                         const model_saver *saver, cepa_error *error)
{
    arena memory = {0};
    fit f = {.t = t, .options = options, .saver = saver, .graph = t->network->graph};
    cepa_status status = check(t, options, error);
    if (!status) status = training_meet(t, data, error);
    if (!status) status = begin(&f, &memory, data, error);
    if (!status) status = run(&f, error);
    session_free(f.session);
    look_free(&f.look);
    arena_free(&memory);
    return status;
}
