/* Metrics of each class' sums: F scores and R2. Definitions as in Keras 3 (keras/src/metrics: f_score_metrics.py,
 * regression_metrics.py). */
#include "train/metric_classes.h"

#include <string.h>

typedef cepa_metric_options options;

/* ---- F scores ---------------------------------------------------------------------------------------------------- */

/* The state: these of each class. */
typedef struct hits {
    double tp, fp, fn, wanted;
} hits;

enum { HITS = sizeof(hits) / sizeof(double) };

static hits hits_of(const double *state, size_t class)
{
    hits h;
    memcpy(&h, state + class * HITS, sizeof h);
    return h;
}

/* Without a threshold the largest is positive, and those that equal it. */
static bool is_positive(const metric *m, const metric_row *row, size_t class)
{
    double p = predicted(m, row->prediction, class, 0, row->lane);
    if (real_is_set(m->options->threshold)) return (float)p > (float)m->options->threshold;
    double most = predicted(m, row->prediction, largest_class(m, row->prediction, 0, row->lane), 0, row->lane);
    return p >= most && fabs(p) > 1e-9;
}

static void add_hits(const metric *m, const metric_row *row, double *state)
{
    for (size_t class = 0; class < m->classes; class ++) {
        double said = is_positive(m, row, class), y = predicted(m, row->target, class, 0, row->lane);
        hits h = hits_of(state, class);
        h.tp += row->weight * said * y;
        h.fp += row->weight * said * (1 - y);
        h.fn += row->weight * (1 - said) * y;
        h.wanted += row->weight * y;
        memcpy(state + class * HITS, &h, sizeof h);
    }
}

static double score_of(const metric *m, const hits *h)
{
    double beta = m->options->beta != 0 ? m->options->beta : 1; /* F1Score has none */
    double precision = h->tp / (h->tp + h->fp + KERAS_EPSILON), recall = h->tp / (h->tp + h->fn + KERAS_EPSILON);
    double mean = precision * recall / (beta * beta * precision + recall + KERAS_EPSILON);
    return mean * (1 + beta * beta);
}

static hits all_hits(const metric *m, const double *state)
{
    hits all = {0};
    for (size_t class = 0; class < m->classes; class ++) {
        hits h = hits_of(state, class);
        all.tp += h.tp;
        all.fp += h.fp;
        all.fn += h.fn;
        all.wanted += h.wanted;
    }
    return all;
}

static const char *const averages[] = {"micro", "macro", "weighted", NULL};
enum { MICRO, MACRO, WEIGHTED };

static void report_scores(const metric *m, const double *state, double *results)
{
    const char *average = m->options->average;
    hits all = all_hits(m, state);
    double sum = 0;
    for (size_t class = 0; class < m->classes; class ++) {
        hits h = hits_of(state, class);
        double score = score_of(m, &h);
        if (!average) results[class] = score;
        sum +=
            score * (average == averages[WEIGHTED] ? h.wanted / (all.wanted + KERAS_EPSILON) : 1 / (double)m->classes);
    }
    if (average) results[0] = average == averages[MICRO] ? score_of(m, &all) : sum;
}

static cepa_status begin_scores(arena *memory, metric *m, const shape *prediction, const shape *target,
                                cepa_error *error)
{
    (void)memory, (void)target;
    m->state_count = m->classes * HITS;
    m->result_count = m->options->average ? 1 : m->classes;
    return metric_need_vectors(m, prediction, error);
}

/* ---- R2 ---------------------------------------------------------------------------------------------------------- */

/* The state: how many numbers, then these of each column. */
typedef struct column {
    double sum, squares, residual, weight;
} column;

enum { COLUMN = sizeof(column) / sizeof(double) };

static column column_of(const double *state, size_t class)
{
    column c;
    memcpy(&c, state + 1 + class * COLUMN, sizeof c);
    return c;
}

static void add_columns(const metric *m, const metric_row *row, double *state)
{
    state[0] += (double)m->classes;
    for (size_t class = 0; class < m->classes; class ++) {
        double y = predicted(m, row->target, class, 0, row->lane);
        double off = y - predicted(m, row->prediction, class, 0, row->lane);
        column c = column_of(state, class);
        c.sum += row->weight * y;
        c.squares += row->weight * y * y;
        c.residual += row->weight * off * off;
        c.weight += row->weight;
        memcpy(state + 1 + class * COLUMN, &c, sizeof c);
    }
}

static const char *const aggregations[] = {"uniform_average", "variance_weighted_average", NULL};

/* With fewer regressors than numbers: what chance alone would explain is taken off. */
static double adjusted(const metric *m, double score, double numbers)
{
    double regressors = m->options->num_regressors;
    if (regressors == 0 || regressors >= numbers - 1) return score;
    return 1 - (1 - score) * (numbers - 1) / (numbers - regressors - 1);
}

static void report_r2(const metric *m, const double *state, double *results)
{
    const char *how = m->options->class_aggregation;
    double sum = 0, weights = 0;
    for (size_t class = 0; class < m->classes; class ++) {
        column c = column_of(state, class);
        double total = c.squares - c.sum * (c.sum / c.weight), score = 1 - c.residual / total;
        if (isinf(score)) score = 0;
        double weight = how == aggregations[0] ? 1 : total;
        if (!how) results[class] = adjusted(m, score, state[0]);
        sum += weight * score;
        weights += weight;
    }
    if (how) results[0] = adjusted(m, sum / weights, state[0]);
}

static cepa_status begin_r2(arena *memory, metric *m, const shape *prediction, const shape *target, cepa_error *error)
{
    (void)memory, (void)target;
    m->state_count = 1 + m->classes * COLUMN;
    m->result_count = m->options->class_aggregation ? 1 : m->classes;
    return metric_need_vectors(m, prediction, error);
}

/* ---- The classes ------------------------------------------------------------------------------------------------- */

#define AVERAGE   CHOICE(options, average, .choices = averages, .optional = true)
#define THRESHOLD REAL(options, threshold, .optional = true, .min = 0, .max = 1, .above_min = true)

static const field f1_fields[] = {AVERAGE, THRESHOLD, METRIC_NAME, END_OF_FIELDS};
static const field fbeta_fields[] = {AVERAGE,
                                     REAL(options, beta, .preset = 1, .min = 0, .max = INFINITY, .above_min = true),
                                     THRESHOLD, METRIC_NAME, END_OF_FIELDS};
static const field r2_fields[] = {
    CHOICE(options, class_aggregation, .choices = aggregations, .optional = true, .preset_text = "uniform_average"),
    INT(options, num_regressors, .min = 0, .max = 1e9), METRIC_NAME, END_OF_FIELDS};

const metric_class metric_f1_score = {
    METRIC_KIND("F1Score", f1_fields), .direction = LOG_RISES, .begin = begin_scores, .add = add_hits,
    .report = report_scores,
};
const metric_class metric_fbeta_score = {
    METRIC_KIND("FBetaScore", fbeta_fields),
    .reported_as = "fbeta_score",
    .direction = LOG_RISES,
    .begin = begin_scores,
    .add = add_hits,
    .report = report_scores,
};
const metric_class metric_r2_score = {
    METRIC_KIND("R2Score", r2_fields),
    .direction = LOG_RISES,
    .begin = begin_r2,
    .add = add_columns,
    .report = report_r2,
};
