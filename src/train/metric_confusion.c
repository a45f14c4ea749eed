/* Metrics that count predictions above thresholds: AUC, precision, recall and their kin. Definitions as in Keras 3
 * (keras/src/metrics/confusion_metrics.py), where predictions and thresholds are float32 numbers. */
#include "base/elementary.h"
#include "train/metric_classes.h"

#include <stdlib.h>

typedef cepa_metric_options options;

/* ---- Counting ---------------------------------------------------------------------------------------------------- */

/* A state holds for each label counted apart: by threshold the weights of true, then of false targets whose prediction
 * is above it; then all true and all false ones. Where thresholds are even, the weights lie with the last threshold
 * that they are above, to be summed up from the end: a prediction costs the same however many there are. */
typedef struct cuts {
    size_t count, labels;
    float *at;
    bool even;
    bool margins; /* the first is below all predictions, the last above */
} cuts;

typedef struct counts {
    double tp, fp, tn, fn;
} counts;

static size_t label_size(const cuts *c) { return 2 * c->count + 2; }

static void count_one(const cuts *c, double *state, float prediction, bool positive, double weight)
{
    double *above = positive ? state : state + c->count;
    state[2 * c->count + !positive] += weight;
    if (isnan(prediction)) return;
    if (!c->even) {
        for (size_t i = 0; i < c->count; i++)
            if (prediction > c->at[i]) above[i] += weight;
        return;
    }
    float clipped = prediction < 0 ? 0 : prediction > 1 ? 1 : prediction;
    float last = ceilf(clipped * (float)(c->count - 1)) - 1;
    if (last < 0 && c->margins) last = 0;
    if (last >= 0) above[(size_t)last] += weight;
}

/* The counts at threshold i, from those at i + 1. */
static counts counts_at(const cuts *c, const double *state, size_t i, const counts *next)
{
    counts n = {.tp = state[i], .fp = state[c->count + i]};
    if (c->even) {
        n.tp += next->tp;
        n.fp += next->fp;
    }
    n.fn = state[2 * c->count] - n.tp;
    n.tn = state[2 * c->count + 1] - n.fp;
    return n;
}

/* Predictions that are not among a position's k largest; of equal ones the first are. */
static bool is_left_out(const metric *m, const metric_row *row, size_t class, size_t position)
{
    double p = predicted(m, row->prediction, class, position, row->lane);
    int before = 0;
    for (size_t c = 0; c < m->classes; c++) {
        double other = predicted(m, row->prediction, c, position, row->lane);
        before += other > p || (other == p && c < class);
    }
    return before >= m->options->top_k;
}

static double label_weight(const options *o, size_t class)
{
    double weight = o->label_weights[class];
    return o->label_weights[0] != 0 || signbit(o->label_weights[0]) ? weight : 1;
}

static float sigmoid(double x) { return (float)(1 / (1 + elementary_exp(-x))); }

static void add(const metric *m, const metric_row *row, double *state)
{
    const cuts *c = m->own;
    const options *o = m->options;
    for (size_t position = 0; position < m->positions; position++)
        for (size_t class = 0; class < m->classes; class ++) {
            if (real_is_set(o->class_id) && (size_t)o->class_id != class) continue;
            double p = predicted(m, row->prediction, class, position, row->lane);
            bool positive = predicted(m, row->target, class, position, row->lane) != 0;
            double weight = c->labels > 1 ? row->weight : row->weight * label_weight(o, class);
            if (o->top_k && is_left_out(m, row, class, position)) p = -1e10;
            count_one(c, state + (c->labels > 1 ? class : 0) * label_size(c), o->from_logits ? sigmoid(p) : (float)p,
                      positive, weight);
        }
}

/* ---- Thresholds -------------------------------------------------------------------------------------------------- */

/* As numpy.allclose finds them to be 0 ... 1 in equal steps. */
static bool are_even(const float *at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double step = (double)i / (double)(count - 1);
        if (!(fabs((double)at[i] - step) <= KERAS_EPSILON + 1e-5 * step)) return false;
    }
    return count >= 3;
}

static cepa_status make_cuts(arena *memory, metric *m, size_t count, cuts **made, cepa_error *error)
{
    m->own = *made = arena_allocate(memory, sizeof **made);
    if (!*made) return fail_memory(error);
    **made = (cuts){.count = count, .labels = 1, .at = arena_array(memory, count, sizeof(float))};
    m->state_count = label_size(*made);
    m->result_count = 1;
    return (*made)->at ? CEPA_OK : fail_memory(error);
}

static cepa_status check_class(const metric *m, cepa_error *error)
{
    if (!(m->options->class_id >= (double)m->classes)) return CEPA_OK;
    return fail(error, CEPA_ARGUMENT, "%s: class_id is %.0f, the model tells 0 ... %zu apart", m->class->kind.name,
                m->options->class_id, m->classes - 1);
}

/* The thresholds that were given, else one. */
static cepa_status begin_given(arena *memory, metric *m, const shape *prediction, const shape *target,
                               cepa_error *error)
{
    (void)prediction, (void)target;
    const options *o = m->options;
    size_t given = reals_length(o->thresholds, CEPA_MAX_THRESHOLDS);
    cuts *c;
    cepa_status status = make_cuts(memory, m, given ? given : 1, &c, error);
    if (status) return status;
    c->at[0] = o->top_k ? -1e10F : 0.5F;
    for (size_t i = 0; i < given; i++) c->at[i] = (float)o->thresholds[i];
    c->even = are_even(c->at, c->count);
    m->result_count = c->count;
    return check_class(m, error);
}

static void set_even(cuts *c)
{
    for (size_t i = 0; i < c->count; i++) c->at[i] = (float)((double)i / (double)(c->count - 1));
    c->even = true;
}

static cepa_status begin_even(arena *memory, metric *m, const shape *prediction, const shape *target, cepa_error *error)
{
    (void)prediction, (void)target;
    cuts *c;
    cepa_status status = make_cuts(memory, m, (size_t)m->options->num_thresholds, &c, error);
    if (status) return status;
    if (c->count == 1)
        c->at[0] = 0.5F;
    else
        set_even(c);
    return check_class(m, error);
}

/* ---- Counts and their shares ------------------------------------------------------------------------------------- */

typedef double measured(const counts *n);

static double tp(const counts *n) { return n->tp; }
static double tn(const counts *n) { return n->tn; }
static double fp(const counts *n) { return n->fp; }
static double fn(const counts *n) { return n->fn; }
static double precision(const counts *n) { return share_of(n->tp, n->tp + n->fp); }
static double recall(const counts *n) { return share_of(n->tp, n->tp + n->fn); }
static double specificity(const counts *n) { return share_of(n->tn, n->tn + n->fp); }
static double fallout(const counts *n) { return share_of(n->fp, n->fp + n->tn); }

/* At every threshold. */
static void report_each(const metric *m, const double *state, double *results, measured *f)
{
    const cuts *c = m->own;
    counts n = {0};
    for (size_t i = c->count; i-- > 0;) {
        n = counts_at(c, state, i, &n);
        results[i] = f(&n);
    }
}

/* The most that one is where the other is at least what the options say. */
static void report_most(const metric *m, const double *state, double *results, measured *most, measured *other)
{
    const cuts *c = m->own;
    counts n = {0};
    results[0] = 0;
    for (size_t i = c->count; i-- > 0;) {
        n = counts_at(c, state, i, &n);
        if ((float)other(&n) >= (float)m->options->recall) results[0] = fmax(results[0], most(&n));
    }
}

#define EACH(name)                                                                                                     \
    static void report_##name(const metric *m, const double *state, double *results)                                   \
    {                                                                                                                  \
        report_each(m, state, results, name);                                                                          \
    }
EACH(tp)
EACH(tn)
EACH(fp)
EACH(fn)
EACH(precision)
EACH(recall)

#define MOST(most, other)                                                                                              \
    static void report_##most##_at_##other(const metric *m, const double *state, double *results)                      \
    {                                                                                                                  \
        report_most(m, state, results, most, other);                                                                   \
    }
MOST(recall, specificity)
MOST(specificity, recall)
MOST(precision, recall)
MOST(recall, precision)

/* ---- The area under a curve -------------------------------------------------------------------------------------- */

static const char *const curves[] = {"ROC", "PR", "PRGAIN", NULL};
static const char *const summations[] = {"interpolation", "minoring", "majoring", NULL};

typedef struct point {
    double x, y;
} point;

static point roc(const counts *n) { return (point){fallout(n), recall(n)}; }
static point pr(const counts *n) { return (point){recall(n), precision(n)}; }

/* Flach and Kull 2015: precision and recall above those of always saying yes. */
static point pr_gain(const counts *n)
{
    double odds = share_of(n->tp + n->fn, n->tn + n->fp);
    if (n->tp == 0) return (point){0, 1};
    return (point){fmax(1 - odds * share_of(n->fn, n->tp), 0), 1 - odds * share_of(n->fp, n->tp)};
}

static double middle(double a, double b) { return (a + b) / 2; }

typedef point curve_point(const counts *n);
typedef double curve_height(double a, double b);

static curve_point *const points[] = {roc, pr, pr_gain};
static curve_height *const heights[] = {middle, fmin, fmax};

/* What a step from one threshold down to the next adds to the area below precision and recall, true and false
 * positives interpolated (Davis and Goadrich 2006). */
static double interpolated(const counts *from, const counts *to)
{
    double more = to->tp - from->tp, p_from = from->tp + from->fp, p_to = to->tp + to->fp;
    double slope = share_of(more, fmax(p_to - p_from, 0)), intercept = from->tp - slope * p_from;
    double ratio = p_to > 0 && p_from > 0 ? p_to / p_from : 1;
    return share_of(slope * (more + intercept * elementary_log(ratio)), fmax(from->tp + from->fn, 0));
}

/* The place of a choice in its list: it is one of the very pointers. */
static size_t place_of(const char *const *list, const char *choice)
{
    size_t i = 0;
    while (list[i] != choice) i++;
    return i;
}

static double area(const metric *m, const double *state)
{
    const cuts *c = m->own;
    size_t curve = place_of(curves, m->options->curve), summation = place_of(summations, m->options->summation_method);
    bool davis = points[curve] == pr && heights[summation] == middle;
    counts n = counts_at(c, state, c->count - 1, &(counts){0});
    double sum = 0;
    for (size_t i = c->count - 1; i-- > 0;) {
        counts next = counts_at(c, state, i, &n);
        point from = points[curve](&n), to = points[curve](&next);
        sum += davis ? interpolated(&n, &next) : (to.x - from.x) * heights[summation](from.y, to.y);
        n = next;
    }
    return sum;
}

static void report_area(const metric *m, const double *state, double *results)
{
    const cuts *c = m->own;
    double sum = 0, weights = 0;
    for (size_t label = 0; label < c->labels; label++) {
        double weight = c->labels > 1 ? label_weight(m->options, label) : 1;
        sum += weight * area(m, state + label * label_size(c));
        weights += weight;
    }
    results[0] = share_of(sum, weights);
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static cepa_status check_labels(const metric *m, const shape *prediction, cepa_error *error)
{
    const options *o = m->options;
    size_t weights = reals_length(o->label_weights, CEPA_MAX_LABELS);
    if (o->num_labels && !o->multi_label)
        return fail(error, CEPA_ARGUMENT, "AUC: num_labels goes with multi_label=True");
    if (o->num_labels && (size_t)o->num_labels != m->classes)
        return fail(error, CEPA_ARGUMENT, "AUC: num_labels is %d, the predictions have %zu", o->num_labels, m->classes);
    if (weights && weights != m->classes)
        return fail(error, CEPA_ARGUMENT, "AUC: %zu label_weights for %zu labels", weights, m->classes);
    return o->multi_label ? metric_need_vectors(m, prediction, error) : CEPA_OK;
}

static cepa_status begin_area(arena *memory, metric *m, const shape *prediction, const shape *target, cepa_error *error)
{
    (void)target;
    const options *o = m->options;
    size_t given = reals_length(o->thresholds, CEPA_MAX_THRESHOLDS);
    cuts *c;
    cepa_status status = check_labels(m, prediction, error);
    if (!status) status = make_cuts(memory, m, given ? given + 2 : (size_t)o->num_thresholds, &c, error);
    if (status) return status;
    set_even(c);
    for (size_t i = 0; i < given; i++) c->at[i + 1] = (float)o->thresholds[i];
    if (given) qsort(c->at + 1, given, sizeof *c->at, by_size);
    c->even = !given || are_even(c->at, c->count);
    c->margins = true;
    c->at[0] = (float)-KERAS_EPSILON;
    c->at[c->count - 1] = (float)(1 + KERAS_EPSILON);
    if (o->multi_label) c->labels = m->classes;
    m->state_count = c->labels * label_size(c);
    return CEPA_OK;
}

/* ---- The classes ------------------------------------------------------------------------------------------------- */

#define THRESHOLDS     REALS(options, thresholds, .optional = true, .min = 0, .max = 1)
#define CLASS_ID       REAL(options, class_id, .optional = true, .whole = true, .min = 0, .max = 1e9)
#define COUNT(least)   INT(options, num_thresholds, .preset = 200, .min = (least), .max = 1e6)
#define AT_LEAST(name) REAL(options, name, .required = true, .min = 0, .max = 1)

static const field count_fields[] = {THRESHOLDS, METRIC_NAME, END_OF_FIELDS};
static const field share_fields[] = {THRESHOLDS, INT(options, top_k, .optional = true, .min = 1, .max = 1e9), CLASS_ID,
                                     METRIC_NAME, END_OF_FIELDS};
static const field specificity_fields[] = {AT_LEAST(specificity), COUNT(1), CLASS_ID, METRIC_NAME, END_OF_FIELDS};
static const field sensitivity_fields[] = {AT_LEAST(sensitivity), COUNT(1), CLASS_ID, METRIC_NAME, END_OF_FIELDS};
static const field recall_fields[] = {AT_LEAST(recall), COUNT(1), CLASS_ID, METRIC_NAME, END_OF_FIELDS};
static const field precision_fields[] = {AT_LEAST(precision), COUNT(1), CLASS_ID, METRIC_NAME, END_OF_FIELDS};
static const field area_fields[] = {
    COUNT(2),
    CHOICE(options, curve, .choices = curves, .preset_text = "ROC"),
    CHOICE(options, summation_method, .choices = summations, .preset_text = "interpolation"),
    METRIC_NAME,
    REALS(options, thresholds, .optional = true, .always_list = true, .min = 0, .max = 1),
    BOOL(options, multi_label),
    INT(options, num_labels, .optional = true, .min = 1, .max = 1e9),
    REALS(options, label_weights, .optional = true, .always_list = true, .min = 0, .max = INFINITY),
    BOOL(options, from_logits),
    END_OF_FIELDS,
};

#define COUNTING(variable, class_name, fields_, begin_, report_, direction_)                                           \
    const metric_class metric_##variable = {                                                                           \
        METRIC_KIND(class_name, fields_), .numbered = true, .begin = (begin_), .add = add, .report = (report_),        \
        .direction = (direction_)};

COUNTING(true_positives, "TruePositives", count_fields, begin_given, report_tp, LOG_UNKNOWN)
COUNTING(true_negatives, "TrueNegatives", count_fields, begin_given, report_tn, LOG_UNKNOWN)
COUNTING(false_positives, "FalsePositives", count_fields, begin_given, report_fp, LOG_UNKNOWN)
COUNTING(false_negatives, "FalseNegatives", count_fields, begin_given, report_fn, LOG_UNKNOWN)
COUNTING(precision, "Precision", share_fields, begin_given, report_precision, LOG_RISES)
COUNTING(recall, "Recall", share_fields, begin_given, report_recall, LOG_RISES)
COUNTING(sensitivity_at_specificity, "SensitivityAtSpecificity", specificity_fields, begin_even,
         report_recall_at_specificity, LOG_RISES)
COUNTING(specificity_at_sensitivity, "SpecificityAtSensitivity", sensitivity_fields, begin_even,
         report_specificity_at_recall, LOG_RISES)
COUNTING(precision_at_recall, "PrecisionAtRecall", recall_fields, begin_even, report_precision_at_recall, LOG_RISES)
COUNTING(recall_at_precision, "RecallAtPrecision", precision_fields, begin_even, report_recall_at_precision, LOG_RISES)
COUNTING(auc, "AUC", area_fields, begin_area, report_area, LOG_RISES)
