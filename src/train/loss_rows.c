/* Formulas: train/loss.c. */
#include "train/loss_rows.h"

#include "base/elementary.h"

#include <math.h>

#define EPSILON 1e-7 /* keras.config.epsilon() */

/* ---- One sample -------------------------------------------------------------------------------------------------- */

/* A position of a row: its numbers stand step lanes apart. */
typedef struct sample {
    const loss *loss;
    const loss_block *block;
    size_t first, step, lane;
    double weight;
} sample;

static double predicted(const sample *s, size_t class)
{
    return (double)s->block->prediction[s->first + class * s->step].lane[s->lane];
}

static double wanted(const sample *s, size_t class)
{
    const loss_block *b = s->block;
    return (double)b->target[s->first + class * s->step].lane[s->lane] * (double)b->target_scale +
           (double)b->target_offset;
}

static void set_gradient(const sample *s, size_t class, double slope)
{
    double gradient = s->weight != 0 ? slope * s->weight * (double)s->block->factor : 0;
    s->block->gradient[s->first + class * s->step].lane[s->lane] = (real)gradient;
}

/* Gives the sample's value, and writes its gradient where one is wanted. */
typedef double one_sample(const sample *s);

/* A sample without weight counts for nothing, even where its prediction is no number. */
static void each_sample(const loss *l, const loss_block *b, one_sample *measure)
{
    const fold *f = &l->fold;
    for (size_t lane = 0; lane < LANES; lane++) {
        b->sums[lane] = 0;
        for (size_t position = 0; position < f->outer * f->inner; position++) {
            size_t first = position / f->inner * f->size * f->inner + position % f->inner;
            sample s = {l, b, first, f->inner, lane, (double)b->weight[position * b->weight_step].lane[lane]};
            double value = measure(&s);
            if (s.weight != 0) b->sums[lane] += s.weight * value;
        }
    }
}

static double clipped(double x) { return fmin(fmax(x, EPSILON), 1 - EPSILON); }
static double if_inside(double x, double slope) { return x >= EPSILON && x <= 1 - EPSILON ? slope : 0; }
static double power(double x, double y) { return y == 0 ? 1 : elementary_power(fmax(x, 0), y); }

/* ---- Focal crossentropies (Lin et al. 2017) ---------------------------------------------------------------------- */

/* A crossentropy of one number and its derivative, with the probability that it stands for. */
typedef struct binary_term {
    double value, slope, p, p_slope;
} binary_term;

static binary_term of_probability(double p, double y)
{
    double q = clipped(p);
    return (binary_term){-(y * elementary_log(q) + (1 - y) * elementary_log(1 - q)),
                         if_inside(p, (1 - y) / (1 - q) - y / q), p, 1};
}

static binary_term of_logit(double z, double y)
{
    double small = elementary_exp(-fabs(z)), p = z < 0 ? small / (1 + small) : 1 / (1 + small);
    return (binary_term){fmax(z, 0) - z * y + elementary_log(1 + small), p - y, p, p * (1 - p)};
}

static double binary_focal(const sample *s)
{
    const focal_options *o = s->loss->options;
    double sum = 0, classes = (double)s->loss->classes;
    for (size_t c = 0; c < s->loss->classes; c++) {
        double y = wanted(s, c), x = predicted(s, c);
        binary_term t = s->loss->logits ? of_logit(x, y) : of_probability(x, y);
        double missed = 1 - (y * t.p + (1 - y) * (1 - t.p)), missed_slope = (1 - 2 * y) * t.p_slope;
        double focus = power(missed, o->gamma), weight = 1;
        double focus_slope = o->gamma == 0 ? 0 : o->gamma * power(missed, o->gamma - 1) * missed_slope;
        if (o->apply_class_balancing) weight = y * o->alpha + (1 - y) * (1 - o->alpha);
        sum += weight * focus * t.value;
        if (s->block->gradient) set_gradient(s, c, weight * (focus_slope * t.value + focus * t.slope) / classes);
    }
    return sum / classes;
}

/* Predictions as shares of their sum; of logits, their exponentials. */
typedef struct shares {
    double largest, sum;
} shares;

static double unscaled(const sample *s, const shares *of, size_t class)
{
    return s->loss->logits ? elementary_exp(predicted(s, class) - of->largest) : predicted(s, class);
}

static shares shares_of(const sample *s)
{
    shares of = {-INFINITY, 0};
    for (size_t c = 0; c < s->loss->classes; c++) of.largest = fmax(of.largest, predicted(s, c));
    for (size_t c = 0; c < s->loss->classes; c++) of.sum += unscaled(s, &of, c);
    return of;
}

/* What a share n adds, alpha (1 - q)^gamma (-y log q) with q = clip(n), and its derivative for n. */
static double focal_term(const focal_options *o, double n, double y, double *slope)
{
    double q = clipped(n), log_q = elementary_log(q), focus = o->alpha * power(1 - q, o->gamma);
    double focus_slope = o->gamma == 0 ? 0 : -o->alpha * o->gamma * power(1 - q, o->gamma - 1);
    *slope = if_inside(n, -y * (focus_slope * log_q + focus / q));
    return -y * focus * log_q;
}

/* With g the derivative for the shares n, that for the predictions is (g - sum g n) / sum, for logits n (g - sum g n).
 */
static double categorical_focal(const sample *s)
{
    const focal_options *o = s->loss->options;
    shares of = shares_of(s);
    double sum = 0, product = 0, slope;
    for (size_t c = 0; c < s->loss->classes; c++) {
        double n = unscaled(s, &of, c) / of.sum;
        sum += focal_term(o, n, wanted(s, c), &slope);
        product += slope * n;
    }
    for (size_t c = 0; s->block->gradient && c < s->loss->classes; c++) {
        double n = unscaled(s, &of, c) / of.sum;
        focal_term(o, n, wanted(s, c), &slope);
        set_gradient(s, c, (slope - product) * (s->loss->logits ? n : 1 / of.sum));
    }
    return sum;
}

/* ---- Others ------------------------------------------------------------------------------------------------------ */

void cosine_similarity_begin(loss *l, const shape *prediction)
{
    size_t axis;
    if (!prediction->rank) return;
    if (!shape_axis(prediction, ((const cosine_options *)l->options)->axis, &axis)) {
        l->misfit = "is asked for along an axis that the predictions do not have";
        return;
    }
    l->fold = fold_axis(prediction, axis);
    l->classes = l->fold.size;
    l->positions = l->fold.outer * l->fold.inner;
}

/* - sum y p, both of length 1; lengths below epsilon count as epsilon, and are then no function of p. */
static double cosine_similarity(const sample *s)
{
    double yy = 0, pp = 0, yp = 0;
    for (size_t c = 0; c < s->loss->classes; c++) {
        double y = wanted(s, c), p = predicted(s, c);
        yy += y * y;
        pp += p * p;
        yp += y * p;
    }
    double y_length = fmax(sqrt(yy), EPSILON), p_length = fmax(sqrt(pp), EPSILON), cosine = yp / (y_length * p_length);
    for (size_t c = 0; s->block->gradient && c < s->loss->classes; c++) {
        double turn = sqrt(pp) < EPSILON ? 0 : predicted(s, c) / p_length * cosine;
        set_gradient(s, c, (turn - wanted(s, c) / y_length) / p_length);
    }
    return -cosine;
}

/* (1 - p_y^q) / q (Zhang and Sabuncu 2018) */
static double generalized(const sample *s)
{
    const generalized_options *o = s->loss->options;
    size_t position = s->first;
    double label = (double)s->block->target[position].lane[s->lane], p = 0;
    for (size_t c = 0; c < s->loss->classes; c++)
        if ((double)c == label) p = predicted(s, c);
    for (size_t c = 0; s->block->gradient && c < s->loss->classes; c++)
        set_gradient(s, c, (double)c == label ? -power(p, o->q - 1) : 0);
    return (1 - power(p, o->q)) / o->q;
}

void binary_focal_rows(const loss *l, const loss_block *b) { each_sample(l, b, binary_focal); }
void categorical_focal_rows(const loss *l, const loss_block *b) { each_sample(l, b, categorical_focal); }
void cosine_similarity_rows(const loss *l, const loss_block *b) { each_sample(l, b, cosine_similarity); }
void generalized_crossentropy_rows(const loss *l, const loss_block *b) { each_sample(l, b, generalized); }
