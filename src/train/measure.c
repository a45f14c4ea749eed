#include "train/measure.h"

#include "data/batch.h"

#include <math.h>
#include <string.h>

/* ---- A block while it runs --------------------------------------------------------------------------------------- */

static double *loss_values(const measure *m, size_t head) { return m->values + head * m->most_rows; }

static double *metric_values(const measure *m, size_t index)
{
    return m->values + (m->training->head_count + index) * m->most_rows;
}

static void load(void *context, size_t input, const size_t rows[LANES], const uint32_t *order, lanes *x)
{
    const measure *m = context;
    batch_load(m->range.data, m->input[input], rows, order, x);
}

size_t measure_target_size(const measure *m, size_t head)
{
    return m->one_hot[head] ? shape_count(&m->training->heads[head].shape)
                            : batch_target_size(m->range.data, m->target[head]);
}

double measure_target(const measure *m, size_t head, size_t row, size_t element)
{
    if (!m->one_hot[head]) return batch_target(m->range.data, m->target[head], row, element);
    return batch_target(m->range.data, m->target[head], row, 0) == (double)element;
}

/* A block's targets: lane r holds row position + r, the last one's copies beyond. Labels lie by position; other targets
 * in the order of the predictions, the last axis outermost. */
static void load_targets(const measure *m, size_t head, size_t position, size_t rows, lanes *targets)
{
    size_t count = measure_target_size(m, head);
    const shape *s = &m->training->heads[head].shape;
    size_t predictions = shape_count(s), classes = s->rank ? (size_t)s->size[s->rank - 1] : 1;
    size_t positions = count == predictions ? count / classes : count;
    for (size_t r = 0; r < LANES; r++) {
        size_t row = m->order[position + (r < rows ? r : rows - 1)];
        for (size_t e = 0; e < count; e++) {
            size_t place = e % positions * (count / positions) + e / positions;
            targets[e].lane[r] = (real)measure_target(m, head, row, place);
        }
    }
}

static void run_loss(const measure *m, size_t head, size_t position, size_t rows, const lanes *prediction,
                     const lanes *targets, lanes *gradient)
{
    lanes weight;
    double sums[LANES];
    for (size_t r = 0; r < LANES; r++) weight.lane[r] = r < rows ? (real)m->weights[position + r] : 0;
    loss_run(&m->losses[head], prediction, targets, &weight, 0, (real)m->factors[head], sums, gradient);
    memcpy(loss_values(m, head) + position, sums, rows * sizeof *sums);
}

/* A block as a loss that needs the whole batch sees it. */
static loss_block whole_block(const loss *l, const lanes *prediction, const lanes *targets, lanes *gradient)
{
    return (loss_block){.prediction = prediction,
                        .target = targets,
                        .classes = l->classes,
                        .positions = l->positions,
                        .gradient = gradient};
}

static void note(const whole_use *use, size_t block, const lanes *prediction, const lanes *targets)
{
    const loss *l = use->loss;
    loss_block b = whole_block(l, prediction, targets, NULL);
    l->class->whole->note(l, &b, use->numbers + block * l->row_numbers * LANES);
}

/* Of some rows as a batch of their own; weights: NULL where none count. */
static double combine(const whole_use *use, size_t first, size_t rows, const double *weights, double factor)
{
    loss_batch batch = {first, rows, use->numbers, weights, factor, use->state};
    return use->loss->class->whole->combine(use->loss, &batch);
}

static const double *given_weights(const measure *m) { return m->weighted ? m->weights : NULL; }

static void combine_heads(void *context)
{
    const measure *m = context;
    for (size_t i = 0; i < m->training->head_count; i++)
        if (m->wholes[i].loss) m->wholes[i].value = combine(&m->wholes[i], 0, m->rows, given_weights(m), m->factors[i]);
}

static lanes *targets_of(const measure *m, size_t head, size_t block)
{
    return m->targets + block * m->target_count + m->target_at[head];
}

static lanes *kept_of(const measure *m, size_t want, size_t block)
{
    return m->kept + block * m->kept_count + m->kept_at[want];
}

static void keep(const measure *m, size_t block, const lanes *const *want)
{
    const training *t = m->training;
    for (size_t i = 0; i < t->want_count; i++) {
        size_t count = shape_count(&graph_tensor(t->network->graph, t->wants[i])->shape);
        if (m->kept_at[i] != NOT_KEPT) memcpy(kept_of(m, i, block), want[i], count * sizeof(lanes));
    }
}

static const whole_use *whole_of_metric(const measure *m, size_t index)
{
    return &m->wholes[m->training->head_count + index];
}

static void run_metric(const measure *m, size_t index, size_t position, size_t rows, const lanes *prediction,
                       const lanes *targets)
{
    double values[LANES];
    if (metric_keeps_state(&m->metrics[index])) return;
    if (whole_of_metric(m, index)->loss) {
        note(whole_of_metric(m, index), position / LANES, prediction, targets);
        return;
    }
    metric_run(&m->metrics[index], prediction, targets, values);
    memcpy(metric_values(m, index) + position, values, rows * sizeof *values);
}

static void measure_block(void *context, size_t position, size_t rows, const lanes *const *want, lanes *const *gradient)
{
    const measure *m = context;
    const training *t = m->training;
    size_t block = position / LANES;
    keep(m, block, want);
    for (size_t i = 0; i < t->head_count; i++) {
        const head *h = &t->heads[i];
        lanes *targets = targets_of(m, i, block);
        load_targets(m, i, position, rows, targets);
        if (m->wholes[i].loss)
            note(&m->wholes[i], block, want[h->want], targets);
        else if (h->loss_name)
            run_loss(m, i, position, rows, want[h->want], targets, m->learns ? gradient[h->entry] : NULL);
        for (size_t k = 0; k < t->metric_count; k++)
            if (t->metrics[k].head == i) run_metric(m, k, position, rows, want[t->metrics[k].want], targets);
    }
}

static void write_gradients(void *context, size_t position, size_t rows, const lanes *const *want,
                            lanes *const *gradient)
{
    const measure *m = context;
    for (size_t i = 0; i < m->training->head_count; i++) {
        const head *h = &m->training->heads[i];
        const whole_use *use = &m->wholes[i];
        if (!use->loss) continue;
        loss_block b = whole_block(use->loss, want[h->want], targets_of(m, i, position / LANES), gradient[h->entry]);
        loss_batch batch = {0, m->rows, use->numbers, NULL, 0, use->state};
        use->loss->class->whole->gradients(use->loss, &b, &batch, position, rows);
    }
}

/* ---- Weights ----------------------------------------------------------------------------------------------------- */

/* The class of a row: its label, the rounded number of a single output, or where the largest of its targets stands. */
static size_t class_of(const measure *m, size_t row)
{
    size_t count = batch_target_size(m->range.data, m->target[0]), best = 0;
    double number = batch_target(m->range.data, m->target[0], row, 0);
    if (count == 1)
        return number >= 0 && number < (double)m->class_weights.count ? (size_t)nearbyint(number)
                                                                      : m->class_weights.count;
    for (size_t i = 1; i < count; i++)
        if (batch_target(m->range.data, m->target[0], row, i) > batch_target(m->range.data, m->target[0], row, best))
            best = i;
    return best;
}

static double weight_of(const measure *m, size_t row)
{
    if (!m->class_weights.count) return batch_weight(m->range.data, row);
    size_t class = class_of(m, row);
    return class < m->class_weights.count ? m->class_weights.of[class] : 1;
}

/* What the loss of some rows of the batch is divided by. */
static double divisor_of(const measure *m, size_t head, size_t first, size_t rows)
{
    const loss *l = &m->losses[head];
    size_t samples = rows * l->positions, valid = 0;
    double weights = 0;
    if (!l->ignores && l->reduction != REDUCE_WEIGHTED_MEAN) return loss_divisor(l, samples, samples, 0);
    for (size_t r = first; r < first + rows; r++)
        for (size_t p = 0; p < l->positions; p++) {
            bool counts =
                !l->ignores || batch_target(m->range.data, m->target[head], m->order[r], p) != (double)l->parameter;
            valid += counts;
            if (counts) weights += m->weights[r];
        }
    return loss_divisor(l, samples, valid, weights);
}

/* Losses come first among the reports. */
static size_t loss_reports(const training *t) { return report_count(t) - t->metric_count; }

/* ---- Batches ----------------------------------------------------------------------------------------------------- */

void measure_begin(measure *m)
{
    const training *t = m->training;
    memset(m->total, 0, loss_reports(t) * sizeof *m->total);
    memset(m->count, 0, loss_reports(t) * sizeof *m->count);
    for (size_t i = 0; i < t->metric_count; i++)
        memset(m->state[i], 0, m->metrics[i].state_count * sizeof *m->state[i]);
}

void measure_batch(measure *m, const size_t *order, size_t rows, batch *made)
{
    const training *t = m->training;
    m->order = order;
    m->rows = rows;
    for (size_t r = 0; r < rows; r++) m->weights[r] = weight_of(m, order[r]);
    for (size_t i = 0; m->learns && i < t->head_count; i++) {
        double divisor = m->wholes[i].loss ? 1 : t->heads[i].loss_name ? divisor_of(m, i, 0, rows) : 0;
        double scale = t->heads[i].choice->weight * optimizer_loss_scale(&t->optimizer);
        m->factors[i] = divisor != 0 ? scale / divisor : 0;
    }
    made->rows = rows;
    made->row = order;
    made->context = m;
    made->load = load;
    made->head = measure_block;
    made->head_combine = combine_heads;
    made->head_gradients = write_gradients;
}

static double sum_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += values[i];
    return sum;
}

/* The penalties of activities, a mean over the rows. */
static double activity_penalty(measure *m, const session *s, size_t first, size_t rows)
{
    const plan *p = m->learns ? m->training->step : m->training->look;
    double sum = 0;
    for (size_t i = 0; i < p->penalty_count; i++) {
        session_penalty(s, i, first + rows, m->penalties);
        sum += sum_of(m->penalties + first, rows) / (double)rows;
    }
    return sum;
}

static void add(measure *m, size_t report, double total, double count)
{
    m->total[report] += total;
    m->count[report] += count;
}

static void add_row(measure *m, size_t index, size_t r)
{
    const metric_use *use = &m->training->metrics[index];
    const metric *metric = &m->metrics[index];
    metric_row row = {.lane = r % LANES, .weight = use->weighted ? m->weights[r] : 1};
    if (metric_keeps_state(metric)) {
        row.prediction = kept_of(m, use->want, r / LANES);
        row.target = targets_of(m, use->head, r / LANES);
    } else
        row.value = metric_values(m, index)[r];
    metric_add(metric, &row, m->state[index]);
}

/* A head's loss of some rows of the batch as a batch of their own. */
static double loss_of(const measure *m, size_t head, size_t first, size_t rows)
{
    const whole_use *use = &m->wholes[head];
    if (use->loss) return m->learns ? use->value : combine(use, first, rows, given_weights(m), 0);
    double divisor = divisor_of(m, head, first, rows);
    return divisor != 0 ? sum_of(loss_values(m, head) + first, rows) / divisor : 0;
}

/* Adds the rows to a metric; of an object that is a loss alone, Keras takes the plain mean over the batches. */
static void add_to_metric(measure *m, size_t index, size_t first, size_t rows)
{
    const whole_use *use = whole_of_metric(m, index);
    double *state = m->state[index];
    if (!use->loss && !m->metrics[index].by_batch) {
        for (size_t r = first; r < first + rows; r++) add_row(m, index, r);
        return;
    }
    const double *values = metric_values(m, index) + first;
    bool function = !m->metrics[index].by_batch && use->loss->row_state; /* a number of each row, none of them masked */
    state[0] += use->loss ? combine(use, first, rows, NULL, 0) : metric_of_batch(&m->metrics[index], values, rows);
    state[1] += function ? (double)rows : 1;
}

void measure_add(measure *m, const session *s, size_t first, size_t rows, double penalty)
{
    const training *t = m->training;
    double loss = penalty + activity_penalty(m, s, first, rows);
    size_t report = 1;
    for (size_t i = 0; i < t->head_count; i++) {
        if (!t->heads[i].loss_name) continue;
        double own = loss_of(m, i, first, rows);
        loss += t->heads[i].choice->weight * own;
        if (t->loss_count > 1) add(m, report++, own, 1); /* a plain mean over batches, as Keras takes it */
    }
    add(m, 0, loss * (double)rows, (double)rows);
    for (size_t i = 0; i < t->metric_count; i++) add_to_metric(m, i, first, rows);
}

void measure_report(const measure *m, size_t index, cepa_log *log)
{
    size_t losses = loss_reports(m->training);
    if (index < losses) {
        log->value = m->count[index] != 0 ? m->total[index] / m->count[index] : 0;
        return;
    }
    const metric *metric = &m->metrics[index - losses];
    double *state = m->state[index - losses], *results = state + metric->state_count;
    size_t count = metric->result_count;
    metric_report(metric, state, results);
    log->value = sum_of(results, count) / (double)count;
    log->count = count > 1 ? count : 0;
    log->values = count > 1 ? results : NULL;
}
