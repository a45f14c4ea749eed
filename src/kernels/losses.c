/* Losses of one block: values summed for each row, gradients for the predictions. Formulas as Keras 3 defines them,
 * keras/src/losses/losses.py; train/loss.c names them. */
#include "kernels/vec.h"
#include "kernels/vec_math.h"

#define EPSILON ((real)1e-7) /* keras.config.epsilon() */

/* ---- Values and gradients ---------------------------------------------------------------------------------------- */

/* Where a walk stands: one position of a row is one sample with its own weight. */
typedef struct sample {
    const loss_block *block;
    size_t position, part;
    vec weight;
} sample;

INLINE sample sample_at(const loss_block *b, size_t position, size_t part)
{
    return (sample){b, position, part, vec_load(b->weight + position * b->weight_step, part)};
}

INLINE vec prediction(const sample *s, size_t class)
{
    return vec_load(s->block->prediction + class * s->block->positions + s->position, s->part);
}

INLINE vec target(const sample *s, size_t class)
{
    vec given = vec_load(s->block->target + class * s->block->positions + s->position, s->part);
    return given * s->block->target_scale + s->block->target_offset;
}

INLINE vec label(const sample *s) { return vec_load(s->block->target + s->position, s->part); }

/* A sample without weight counts for nothing, even where its prediction is no number. */
INLINE void add_value(const sample *s, vec value)
{
    vec weighted = vec_select(s->weight != 0, value, vec_set(0));
    double *sums = s->block->sums + s->part * VEC_WIDTH;
    UNROLL for (size_t i = 0; i < VEC_WIDTH; i++) sums[i] += (double)s->weight[i] * (double)weighted[i];
}

INLINE void set_gradient(const sample *s, size_t class, vec slope, real share)
{
    vec gradient = vec_select(s->weight != 0, slope * (s->weight * share), vec_set(0));
    vec_store(s->block->gradient + class * s->block->positions + s->position, s->part, gradient);
}

typedef void one_sample(const sample *s);

INLINE void each_sample(const loss_block *b, one_sample *measure)
{
    for (size_t i = 0; i < LANES; i++) b->sums[i] = 0;
    for (size_t position = 0; position < b->positions; position++)
        for (size_t part = 0; part < PARTS; part++) {
            sample s = sample_at(b, position, part);
            measure(&s);
        }
}

/* ---- Losses that treat every number by itself: mean over the classes --------------------------------------------- */

typedef struct term {
    vec value, slope; /* f(prediction, target) and its derivative for the prediction */
} term;

typedef term one_term(vec p, vec y, real parameter);

/* Values are summed in double: the last axis may be a whole picture. */
INLINE void sum_terms(const sample *s, one_term *f, size_t divisor)
{
    const loss_block *b = s->block;
    double sums[VEC_WIDTH] = {0};
    for (size_t c = 0; c < b->classes; c++) {
        term t = f(prediction(s, c), target(s, c), b->parameter);
        UNROLL for (size_t i = 0; i < VEC_WIDTH; i++) sums[i] += (double)t.value[i];
        if (b->gradient) set_gradient(s, c, t.slope, b->factor / (real)divisor);
    }
    vec value;
    UNROLL for (size_t i = 0; i < VEC_WIDTH; i++) value[i] = (real)(sums[i] / (double)divisor);
    add_value(s, value);
}

INLINE vec sign(vec x) { return vec_select(x > 0, vec_set(1), vec_select(x < 0, vec_set(-1), vec_set(0))); }
/* slope where low <= x <= high: nothing flows into a number that was clipped. */
INLINE vec inside(vec x, real low, real high, vec slope)
{
    return vec_select((x >= low) & (x <= high), slope, vec_set(0));
}
INLINE vec clip(vec x, real low, real high) { return vec_min(vec_max(x, vec_set(low)), vec_set(high)); }

INLINE term squared(vec p, vec y, real parameter)
{
    (void)parameter;
    vec d = p - y;
    return (term){d * d, d * 2};
}

INLINE term distance(vec p, vec y, real parameter)
{
    (void)parameter;
    return (term){vec_abs(p - y), sign(p - y)};
}

INLINE term percentage(vec p, vec y, real parameter)
{
    (void)parameter;
    vec scale = 100 / vec_max(vec_abs(y), vec_set(EPSILON));
    return (term){vec_abs(p - y) * scale, sign(p - y) * scale};
}

INLINE term squared_logarithmic(vec p, vec y, real parameter)
{
    (void)parameter;
    vec base = vec_max(p, vec_set(EPSILON)) + 1;
    vec d = vec_log(base) - vec_log(vec_max(y, vec_set(EPSILON)) + 1);
    return (term){d * d, vec_select(p >= EPSILON, 2 * d / base, vec_set(0))};
}

INLINE term huber(vec p, vec y, real delta)
{
    vec d = p - y, size = vec_abs(d);
    ivec near = size <= delta;
    return (term){vec_select(near, d * d * (real)0.5, delta * size - (real)0.5 * delta * delta),
                  vec_select(near, d, sign(d) * delta)};
}

/* log(cosh(d)) = |d| + log(1 + exp(-2 |d|)) - log(2) */
INLINE term log_cosh(vec p, vec y, real parameter)
{
    (void)parameter;
    vec d = p - y, size = vec_abs(d);
    return (term){size + vec_log1p(vec_exp(-2 * size)) - (real)0.693147180559945309, vec_tanh(d)};
}

INLINE term poisson(vec p, vec y, real parameter)
{
    (void)parameter;
    return (term){p - y * vec_log(p + EPSILON), 1 - y / (p + EPSILON)};
}

INLINE term divergence(vec p, vec y, real parameter)
{
    (void)parameter;
    vec q = clip(p, EPSILON, 1), t = clip(y, EPSILON, 1);
    return (term){t * vec_log(t / q), inside(p, EPSILON, 1, -t / q)};
}

INLINE term hinge(vec p, vec y, real parameter)
{
    (void)parameter;
    vec margin = 1 - y * p;
    return (term){vec_max(margin, vec_set(0)), vec_select(margin > 0, -y, vec_set(0))};
}

INLINE term squared_hinge(vec p, vec y, real parameter)
{
    (void)parameter;
    vec margin = vec_max(1 - y * p, vec_set(0));
    return (term){margin * margin, -2 * y * margin};
}

INLINE term binary(vec p, vec y, real parameter)
{
    (void)parameter;
    vec q = clip(p, EPSILON, 1 - EPSILON);
    return (term){-(y * vec_log(q) + (1 - y) * vec_log(1 - q)),
                  inside(p, EPSILON, 1 - EPSILON, (1 - y) / (1 - q) - y / q)};
}

/* max(z, 0) - z y + log(1 + exp(-|z|)), whose derivative is sigmoid(z) - y */
INLINE term binary_logits(vec z, vec y, real parameter)
{
    (void)parameter;
    return (term){vec_max(z, vec_set(0)) - z * y + vec_log1p(vec_exp(-vec_abs(z))), vec_sigmoid(z) - y};
}

#define TERM_LOSS(name, term, divisor)                                                                                 \
    static void name##_sample(const sample *s) { sum_terms(s, term, divisor); }                                        \
    void KERNEL(name)(const loss_block *b) { each_sample(b, name##_sample); }

#define MEAN s->block->classes

TERM_LOSS(mean_squared_error, squared, MEAN)
TERM_LOSS(mean_absolute_error, distance, MEAN)
TERM_LOSS(mean_absolute_percentage_error, percentage, MEAN)
TERM_LOSS(mean_squared_logarithmic_error, squared_logarithmic, MEAN)
TERM_LOSS(huber, huber, MEAN)
TERM_LOSS(log_cosh, log_cosh, MEAN)
TERM_LOSS(poisson, poisson, MEAN)
TERM_LOSS(kl_divergence, divergence, 1)
TERM_LOSS(hinge, hinge, MEAN)
TERM_LOSS(squared_hinge, squared_hinge, MEAN)
TERM_LOSS(binary_crossentropy, binary, MEAN)
TERM_LOSS(binary_crossentropy_logits, binary_logits, MEAN)

/* ---- Losses of one class among several --------------------------------------------------------------------------- */

/* The softmax of a sample's logits: exp(z - largest) / sum. */
typedef struct softmax {
    vec largest, sum;
} softmax;

INLINE softmax softmax_of(const sample *s)
{
    softmax m = {prediction(s, 0), vec_set(0)};
    for (size_t c = 1; c < s->block->classes; c++) m.largest = vec_max(prediction(s, c), m.largest);
    for (size_t c = 0; c < s->block->classes; c++) m.sum += vec_exp(prediction(s, c) - m.largest);
    return m;
}

INLINE ivec is_class(vec label, size_t class) { return label == (real) class; }

/* The number of a sample's row that belongs to its label. */
INLINE vec labelled(const sample *s, vec y)
{
    vec chosen = vec_set(0);
    for (size_t c = 0; c < s->block->classes; c++) chosen = vec_select(is_class(y, c), prediction(s, c), chosen);
    return chosen;
}

/* The sample, without weight where its label is the one to be ignored. */
INLINE sample without_ignored(const sample *s, vec y)
{
    sample kept = *s;
    kept.weight = vec_select(y == s->block->parameter, vec_set(0), s->weight);
    return kept;
}

static void sparse_logits_sample(const sample *all)
{
    vec y = label(all);
    sample s = without_ignored(all, y);
    softmax m = softmax_of(&s);
    add_value(&s, vec_log(m.sum) - (labelled(&s, y) - m.largest));
    if (!s.block->gradient) return;
    for (size_t c = 0; c < s.block->classes; c++) {
        vec p = vec_exp(prediction(&s, c) - m.largest) / m.sum;
        set_gradient(&s, c, vec_select(is_class(y, c), p - 1, p), s.block->factor);
    }
}

/* Probabilities are clipped, then divided by their sum: -log(p_y / sum p). */
static void sparse_sample(const sample *all)
{
    const real low = EPSILON, high = 1 - EPSILON;
    vec y = label(all), sum = vec_set(0);
    sample s = without_ignored(all, y);
    for (size_t c = 0; c < s.block->classes; c++) sum += clip(prediction(&s, c), low, high);
    add_value(&s, vec_log(sum) - vec_log(clip(labelled(&s, y), low, high)));
    if (!s.block->gradient) return;
    for (size_t c = 0; c < s.block->classes; c++) {
        vec p = prediction(&s, c), slope = 1 / sum;
        slope = vec_select(is_class(y, c), slope - 1 / clip(p, low, high), slope);
        set_gradient(&s, c, inside(p, low, high, slope), s.block->factor);
    }
}

static void categorical_logits_sample(const sample *s)
{
    softmax m = softmax_of(s);
    vec log_sum = vec_log(m.sum), value = vec_set(0);
    for (size_t c = 0; c < s->block->classes; c++) value += target(s, c) * (log_sum - (prediction(s, c) - m.largest));
    add_value(s, value);
    if (!s->block->gradient) return;
    for (size_t c = 0; c < s->block->classes; c++)
        set_gradient(s, c, vec_exp(prediction(s, c) - m.largest) / m.sum - target(s, c), s->block->factor);
}

/* Probabilities are divided by their sum, then clipped: - sum y log q, q = clip(n), n = p / sum p. With g the
 * derivative for n, the derivative for p is (g - sum g n) / sum p. */
static void categorical_sample(const sample *s)
{
    const real low = EPSILON, high = 1 - EPSILON;
    vec sum = vec_set(0), value = vec_set(0), product = vec_set(0);
    for (size_t c = 0; c < s->block->classes; c++) sum += prediction(s, c);
    for (size_t c = 0; c < s->block->classes; c++) {
        vec n = prediction(s, c) / sum, q = clip(n, low, high), y = target(s, c);
        value -= y * vec_log(q);
        product += inside(n, low, high, -y / q) * n;
    }
    add_value(s, value);
    if (!s->block->gradient) return;
    for (size_t c = 0; c < s->block->classes; c++) {
        vec n = prediction(s, c) / sum;
        vec slope = inside(n, low, high, -target(s, c) / clip(n, low, high));
        set_gradient(s, c, (slope - product) / sum, s->block->factor);
    }
}

/* max(max((1 - y) p) - sum y p + 1, 0); equal largest ones share its gradient. */
static void categorical_hinge_sample(const sample *s)
{
    vec right = vec_set(0), wrong = (1 - target(s, 0)) * prediction(s, 0), ties = vec_set(0);
    for (size_t c = 0; c < s->block->classes; c++) {
        right += target(s, c) * prediction(s, c);
        wrong = vec_max((1 - target(s, c)) * prediction(s, c), wrong);
    }
    add_value(s, vec_max(wrong - right + 1, vec_set(0)));
    if (!s->block->gradient) return;
    for (size_t c = 0; c < s->block->classes; c++)
        ties += vec_select((1 - target(s, c)) * prediction(s, c) == wrong, vec_set(1), vec_set(0));
    for (size_t c = 0; c < s->block->classes; c++) {
        vec y = target(s, c), share = vec_select((1 - y) * prediction(s, c) == wrong, (1 - y) / ties, vec_set(0));
        set_gradient(s, c, vec_select(wrong - right + 1 > 0, share - y, vec_set(0)), s->block->factor);
    }
}

void KERNEL(sparse_crossentropy_logits)(const loss_block *b) { each_sample(b, sparse_logits_sample); }
void KERNEL(sparse_crossentropy)(const loss_block *b) { each_sample(b, sparse_sample); }
void KERNEL(categorical_crossentropy_logits)(const loss_block *b) { each_sample(b, categorical_logits_sample); }
void KERNEL(categorical_crossentropy)(const loss_block *b) { each_sample(b, categorical_sample); }
void KERNEL(categorical_hinge)(const loss_block *b) { each_sample(b, categorical_hinge_sample); }
