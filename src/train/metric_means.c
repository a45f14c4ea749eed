/* Metrics that are a mean over the rows: accuracies, errors, correlations. Definitions as in Keras 3
 * (keras/src/metrics: accuracy_metrics.py, regression_metrics.py, correlation_metrics.py). */
#include "train/metric_classes.h"

typedef double one_position(const metric_block *b, size_t position, size_t lane);

static void mean_over_positions(const metric_block *b, one_position *measure)
{
    for (size_t lane = 0; lane < LANES; lane++) {
        double sum = 0;
        for (size_t position = 0; position < b->metric->positions; position++) sum += measure(b, position, lane);
        b->values[lane] = sum / (double)b->metric->positions;
    }
}

static double prediction_at(const metric_block *b, size_t class, size_t position, size_t lane)
{
    return predicted(b->metric, b->prediction, class, position, lane);
}

static double target_at(const metric_block *b, size_t class, size_t position, size_t lane)
{
    return predicted(b->metric, b->target, class, position, lane);
}

/* ---- Accuracies -------------------------------------------------------------------------------------------------- */

static double sparse_hit(const metric_block *b, size_t position, size_t lane)
{
    return (double)largest_class(b->metric, b->prediction, position, lane) == label_at(b->target, position, lane);
}

static double categorical_hit(const metric_block *b, size_t position, size_t lane)
{
    return largest_class(b->metric, b->prediction, position, lane) ==
           largest_class(b->metric, b->target, position, lane);
}

static double binary_hits(const metric_block *b, size_t position, size_t lane)
{
    double hits = 0;
    for (size_t c = 0; c < b->metric->classes; c++) {
        double decision = prediction_at(b, c, position, lane) > b->metric->options->threshold;
        hits += decision == target_at(b, c, position, lane);
    }
    return hits / (double)b->metric->classes;
}

static double equal_numbers(const metric_block *b, size_t position, size_t lane)
{
    double hits = 0;
    for (size_t c = 0; c < b->metric->classes; c++)
        hits += prediction_at(b, c, position, lane) == target_at(b, c, position, lane);
    return hits / (double)b->metric->classes;
}

/* Fewer than k predictions are strictly larger than the right one: all of equal ones hit. Never where one is no number.
 */
static double is_among_largest(const metric_block *b, size_t right, size_t position, size_t lane)
{
    double larger = 0;
    for (size_t c = 0; c < b->metric->classes; c++) {
        double p = prediction_at(b, c, position, lane);
        if (!isfinite(p)) return 0;
        larger += p > prediction_at(b, right, position, lane);
    }
    return larger < b->metric->options->k;
}

/* The label is one of the first k of the classes that are predicted. */
static double is_among_first(const metric_block *b, size_t position, size_t lane)
{
    size_t k = (size_t)b->metric->options->k;
    for (size_t c = 0; c < b->metric->classes && c < k; c++)
        if (prediction_at(b, c, position, lane) == label_at(b->target, position, lane)) return 1;
    return 0;
}

static double sparse_top_hit(const metric_block *b, size_t position, size_t lane)
{
    if (b->metric->options->from_sorted_ids) return is_among_first(b, position, lane);
    return is_among_largest(b, (size_t)label_at(b->target, position, lane), position, lane);
}

static double top_hit(const metric_block *b, size_t position, size_t lane)
{
    return is_among_largest(b, largest_class(b->metric, b->target, position, lane), position, lane);
}

/* ---- Errors ------------------------------------------------------------------------------------------------------ */

static double mean_square(const metric_block *b, size_t position, size_t lane)
{
    double sum = 0;
    for (size_t c = 0; c < b->metric->classes; c++) {
        double d = prediction_at(b, c, position, lane) - target_at(b, c, position, lane);
        sum += d * d;
    }
    return sum / (double)b->metric->classes;
}

/* ---- Along an axis ----------------------------------------------------------------------------------------------- */

/* The numbers along the axis at one place of the others, in one row. */
typedef struct pair_line {
    const metric_block *block;
    size_t first, lane;
} pair_line;

static double along(const pair_line *line, const lanes *values, size_t i)
{
    return (double)values[line->first + i * line->block->metric->fold.inner].lane[line->lane];
}

typedef struct moments {
    double p, y, pp, yy, py; /* means; then of squares and products of what is left without them */
} moments;

/* Means are taken off first; without, the sums are of the numbers themselves. */
static moments moments_of(const pair_line *line, bool centered)
{
    const metric_block *b = line->block;
    size_t n = b->metric->fold.size;
    moments m = {0};
    for (size_t i = 0; centered && i < n; i++) {
        m.p += along(line, b->prediction, i) / (double)n;
        m.y += along(line, b->target, i) / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double p = along(line, b->prediction, i) - m.p, y = along(line, b->target, i) - m.y;
        m.pp += p * p / (double)n;
        m.yy += y * y / (double)n;
        m.py += p * y / (double)n;
    }
    return m;
}

/* Lengths below epsilon count as epsilon. */
static double cosine(const pair_line *line)
{
    moments m = moments_of(line, false);
    double n = (double)line->block->metric->fold.size, least = KERAS_EPSILON;
    return n * m.py / (fmax(sqrt(n * m.pp), least) * fmax(sqrt(n * m.yy), least));
}

static double pearson(const pair_line *line)
{
    moments m = moments_of(line, true);
    return m.py / (sqrt(m.pp) * sqrt(m.yy));
}

/* Keras takes the predictions' mean off the targets too; as the predictions' own deviations add up to 0, that leaves
 * the covariance as it is. */
static double concordance(const pair_line *line)
{
    moments m = moments_of(line, true);
    double apart = m.y - m.p;
    return 2 * m.py / (m.yy + m.pp + apart * apart + KERAS_EPSILON);
}

static void mean_over_lines(const metric_block *b, double (*measure)(const pair_line *line))
{
    const fold *f = &b->metric->fold;
    for (size_t lane = 0; lane < LANES; lane++) {
        double sum = 0;
        for (size_t o = 0; o < f->outer; o++)
            for (size_t i = 0; i < f->inner; i++) sum += measure(&(pair_line){b, o * f->size * f->inner + i, lane});
        b->values[lane] = sum / (double)(f->outer * f->inner);
    }
}

static cepa_status find_axis(arena *memory, metric *m, const shape *prediction, const shape *target, cepa_error *error)
{
    (void)memory, (void)target;
    size_t axis;
    char text[100];
    if (prediction->rank && shape_axis(prediction, m->options->axis, &axis)) {
        m->fold = fold_axis(prediction, axis);
        return CEPA_OK;
    }
    shape_text(prediction, text, sizeof text);
    return fail(error, CEPA_DATA, "%s along axis %d, which predictions of shape %s do not have", m->class->kind.name,
                m->options->axis, text);
}

/* ---- The classes ------------------------------------------------------------------------------------------------- */

#define OVER_POSITIONS(measure)                                                                                        \
    static void run_##measure(const metric_block *b) { mean_over_positions(b, measure); }
OVER_POSITIONS(sparse_hit)
OVER_POSITIONS(categorical_hit)
OVER_POSITIONS(binary_hits)
OVER_POSITIONS(equal_numbers)
OVER_POSITIONS(sparse_top_hit)
OVER_POSITIONS(top_hit)
OVER_POSITIONS(mean_square)

#define OVER_LINES(measure)                                                                                            \
    static void run_##measure(const metric_block *b) { mean_over_lines(b, measure); }
OVER_LINES(cosine)
OVER_LINES(pearson)
OVER_LINES(concordance)

typedef cepa_metric_options options;

#define TOP_K INT(options, k, .preset = 5, .min = 1, .max = 1e9)

static const field plain_fields[] = {METRIC_NAME, END_OF_FIELDS};
static const field binary_fields[] = {
    METRIC_NAME, REAL(options, threshold, .preset = 0.5, .min = -INFINITY, .max = INFINITY), END_OF_FIELDS};
static const field top_fields[] = {TOP_K, METRIC_NAME, END_OF_FIELDS};
static const field sparse_top_fields[] = {TOP_K, METRIC_NAME,
                                          FIELD(FIELD_BOOL, options, from_sorted_ids, .recent = true), END_OF_FIELDS};
static const field axis_fields[] = {METRIC_NAME, METRIC_AXIS, END_OF_FIELDS};

const metric_class metric_sparse_categorical_accuracy = {
    METRIC_KIND("SparseCategoricalAccuracy", plain_fields),
    .direction = LOG_RISES,
    .labels = true,
    .run = run_sparse_hit,
};
const metric_class metric_categorical_accuracy = {
    METRIC_KIND("CategoricalAccuracy", plain_fields),
    .direction = LOG_RISES,
    .run = run_categorical_hit,
};
const metric_class metric_binary_accuracy = {
    METRIC_KIND("BinaryAccuracy", binary_fields),
    .direction = LOG_RISES,
    .run = run_binary_hits,
};
const metric_class metric_accuracy = {
    METRIC_KIND("Accuracy", plain_fields),
    .direction = LOG_RISES,
    .run = run_equal_numbers,
};
const metric_class metric_sparse_top_k_categorical_accuracy = {
    METRIC_KIND("SparseTopKCategoricalAccuracy", sparse_top_fields),
    .direction = LOG_RISES,
    .labels = true,
    .run = run_sparse_top_hit,
};
const metric_class metric_top_k_categorical_accuracy = {
    METRIC_KIND("TopKCategoricalAccuracy", top_fields),
    .direction = LOG_RISES,
    .run = run_top_hit,
};
const metric_class metric_root_mean_squared_error = {
    METRIC_KIND("RootMeanSquaredError", plain_fields),
    .direction = LOG_FALLS,
    .run = run_mean_square,
    .finish = sqrt,
};
const metric_class metric_log_cosh_error = {
    METRIC_KIND("LogCoshError", plain_fields),
    .reported_as = "logcosh",
    .loss = "LogCosh",
    .direction = LOG_FALLS,
};
const metric_class metric_cosine_similarity = {
    METRIC_KIND("CosineSimilarity", axis_fields),
    .direction = LOG_RISES,
    .begin = find_axis,
    .run = run_cosine,
};
const metric_class metric_pearson_correlation = {
    METRIC_KIND("PearsonCorrelation", axis_fields),
    .direction = LOG_RISES,
    .begin = find_axis,
    .run = run_pearson,
};
const metric_class metric_concordance_correlation = {
    METRIC_KIND("ConcordanceCorrelation", axis_fields),
    .direction = LOG_RISES,
    .begin = find_axis,
    .run = run_concordance,
};
