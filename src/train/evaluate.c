#include "train/evaluate.h"

#include "base/threads.h"
#include "train/train.h"

#include <string.h>

/* ---- Runs -------------------------------------------------------------------------------------------------------- */

enum { BLOCKS_A_THREAD = 4 };

size_t rows_together(int threads, size_t batch, size_t rows)
{
    size_t wanted = (size_t)threads_wanted(threads) * BLOCKS_A_THREAD * LANES;
    if (wanted > rows) wanted = rows;
    return wanted > batch ? wanted / batch * batch : batch;
}

cepa_status look_new(arena *memory, const training *t, const row_range *range, size_t batch, int threads, look *made,
                     cepa_error *error)
{
    if (batch > range->rows) batch = range->rows;
    *made = (look){.batch = batch, .together = rows_together(threads, batch, range->rows)};
    cepa_status status = measure_new(memory, t, range, NULL, false, made->together, &made->measure, error);
    if (status) return status;
    made->order = arena_array(memory, range->rows, sizeof *made->order);
    if (!made->order) return fail_memory(error);
    for (size_t i = 0; i < range->rows; i++) made->order[i] = range->first + i;
    return session_new(t->look, made->together, threads, &made->session, error);
}

void look_free(look *l) { session_free(l->session); }

bool look_run(look *l, bool (*after)(void *context, size_t batches), void *context)
{
    measure *m = &l->measure;
    const training *t = m->training;
    double penalty = optimizer_penalty(&t->optimizer, t->network->graph->values);
    measure_begin(m);
    for (size_t first = 0; first < m->range.rows; first += l->together) {
        size_t rest = m->range.rows - first, rows = rest < l->together ? rest : l->together;
        batch b = {.position = first};
        measure_batch(m, l->order + first, rows, &b);
        session_run(l->session, &b);
        for (size_t i = 0; i < rows; i += l->batch)
            measure_add(m, l->session, i, rows - i < l->batch ? rows - i : l->batch, penalty);
        if (after && !after(context, (first + rows + l->batch - 1) / l->batch)) return false;
    }
    return true;
}

/* ---- Evaluate ---------------------------------------------------------------------------------------------------- */

typedef struct evaluation {
    training *t;
    look look;
    const cepa_evaluate_options *options;
} evaluation;

static void fill_logs(evaluation *e)
{
    for (size_t i = 0; i < report_count(e->t); i++) measure_report(&e->look.measure, i, &e->t->logs[i]);
}

/* The logs outlive the measure that their results stand in. False without memory. */
static bool keep_results(training *t)
{
    for (size_t i = 0; i < report_count(t); i++) {
        cepa_log *log = &t->logs[i];
        double *kept = arena_array(&t->logs_memory, log->count, sizeof *kept);
        if (!kept) return false;
        if (log->count) memcpy(kept, log->values, log->count * sizeof *kept);
        if (log->count) log->values = kept;
    }
    return true;
}

static bool tell(void *context, size_t batches)
{
    evaluation *e = context;
    if (!e->options->callback) return true;
    fill_logs(e);
    cepa_progress progress = {.event = CEPA_STEP_END,
                              .epochs = 1,
                              .step = batches,
                              .steps = (e->look.measure.range.rows + e->look.batch - 1) / e->look.batch,
                              .log_count = report_count(e->t),
                              .logs = e->t->logs};
    return e->options->callback(e->options->context, &progress);
}

static cepa_status begin_logs(training *t, cepa_error *error)
{
    arena_free(&t->logs_memory);
    t->logs = arena_array(&t->logs_memory, report_count(t), sizeof *t->logs);
    if (!t->logs) return fail_memory(error);
    for (size_t i = 0; i < report_count(t); i++) t->logs[i].name = report_name(t, i);
    return CEPA_OK;
}

cepa_status training_evaluate(training *t, const cepa_dataset *data, const cepa_evaluate_options *options,
                              const cepa_log **logs, size_t *count, cepa_error *error)
{
    arena memory = {0};
    evaluation e = {.t = t, .options = options};
    row_range range = {data, 0, cepa_dataset_describe(data)->rows};
    size_t batch = options->batch_size ? (size_t)options->batch_size : 32;
    if (options->batch_size < 0) return fail(error, CEPA_ARGUMENT, "the batch size must be at least 1");
    cepa_status status = training_meet(t, data, error);
    if (!status) status = begin_logs(t, error);
    if (!status) status = look_new(&memory, t, &range, batch, options->threads, &e.look, error);
    if (!status && !look_run(&e.look, tell, &e)) status = fail(error, CEPA_INTERRUPTED, "stopped by the caller");
    if (!status) {
        fill_logs(&e);
        if (!keep_results(t)) status = fail_memory(error);
    }
    if (!status) {
        *logs = t->logs;
        *count = report_count(t);
    }
    look_free(&e.look);
    arena_free(&memory);
    return status;
}
