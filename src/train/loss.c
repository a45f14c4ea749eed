/* The table of losses. Formulas as in Keras 3 (keras/src/losses/losses.py), y the target, p the prediction, C the size
 * of the last axis. */
#include "train/loss.h"

#include "train/loss_batch.h"
#include "train/loss_rows.h"

#include <math.h>
#include <string.h>

/* ---- What each takes --------------------------------------------------------------------------------------------- */

/* The last two are older spellings of the first. */
static const char *const reductions[] = {"sum_over_batch_size", "sum", "mean_with_sample_weight", "mean", "auto", NULL};
static const reduction reduction_of[] = {REDUCE_MEAN, REDUCE_SUM, REDUCE_WEIGHTED_MEAN, REDUCE_MEAN, REDUCE_MEAN};

#define REDUCTION(options) CHOICE(options, reduction, .choices = reductions, .preset_text = "sum_over_batch_size")
#define LAST_AXIS          DERIVED(FIELD_INT, axis, .preset = -1)
#define SMOOTHING          REAL(cepa_crossentropy_options, label_smoothing, .min = 0, .max = 1)

static const field sparse_fields[] = {
    BOOL(cepa_crossentropy_options, from_logits), REAL(cepa_crossentropy_options, ignore_class, .optional = true),
    REDUCTION(cepa_crossentropy_options),         LAST_AXIS,
    TEXT(cepa_crossentropy_options, name),        END_OF_FIELDS};

static const field crossentropy_fields[] = {
    BOOL(cepa_crossentropy_options, from_logits), SMOOTHING,    LAST_AXIS, REDUCTION(cepa_crossentropy_options),
    TEXT(cepa_crossentropy_options, name),        END_OF_FIELDS};

static const field plain_fields[] = {REDUCTION(cepa_loss_options), TEXT(cepa_loss_options, name), END_OF_FIELDS};

#define FOCAL_FIELDS                                                                                                   \
    REAL(focal_options, alpha, .preset = 0.25, .min = -INFINITY, .max = INFINITY),                                     \
        REAL(focal_options, gamma, .preset = 2, .min = 0, .max = INFINITY), BOOL(focal_options, from_logits),          \
        REAL(focal_options, label_smoothing, .min = 0, .max = 1), LAST_AXIS, REDUCTION(focal_options),                 \
        TEXT(focal_options, name), END_OF_FIELDS

static const field categorical_focal_fields[] = {FOCAL_FIELDS};
static const field binary_focal_fields[] = {BOOL(focal_options, apply_class_balancing), FOCAL_FIELDS};

static const field cosine_fields[] = {INT(cosine_options, axis, .preset = -1), REDUCTION(cosine_options),
                                      TEXT(cosine_options, name), END_OF_FIELDS};

static const field generalized_fields[] = {
    REAL(generalized_options, q, .preset = 0.5, .min = 0, .max = 1, .above_min = true, .below_max = true),
    REDUCTION(generalized_options), TEXT(generalized_options, name), END_OF_FIELDS};

static const field huber_fields[] = {REAL(cepa_huber_options, delta, .preset = 1, .min = 0, .max = INFINITY),
                                     REDUCTION(cepa_huber_options), TEXT(cepa_huber_options, name), END_OF_FIELDS};

#define OVERLAP_FIELDS                                                                                                 \
    REDUCTION(overlap_options), TEXT(overlap_options, name),                                                           \
        WEIGHT_AXES(overlap_options, axis, .optional = true, .min = -1 - CEPA_MAX_RANK, .max = CEPA_MAX_RANK),         \
        END_OF_FIELDS
#define ANY_REAL(options, member_, preset_) REAL(options, member_, .preset = (preset_), .min = -1e30, .max = 1e30)

static const field dice_fields[] = {OVERLAP_FIELDS};
static const field tversky_fields[] = {ANY_REAL(overlap_options, alpha, 0.5), ANY_REAL(overlap_options, beta, 0.5),
                                       OVERLAP_FIELDS};

static const field circle_fields[] = {ANY_REAL(circle_options, gamma, 80),
                                      ANY_REAL(circle_options, margin, 0.4),
                                      FLAG(circle_options, remove_diagonal, .preset = true),
                                      REDUCTION(circle_options),
                                      TEXT(circle_options, name),
                                      END_OF_FIELDS};

/* ---- The table --------------------------------------------------------------------------------------------------- */

/* The kernels are chosen when the program starts: a table can name them only through a function. */
#define RUN(kernel)                                                                                                    \
    static void run_##kernel(const loss_block *b) { kernels->kernel(b); }
RUN(sparse_crossentropy)
RUN(sparse_crossentropy_logits)
RUN(categorical_crossentropy)
RUN(categorical_crossentropy_logits)
RUN(binary_crossentropy)
RUN(binary_crossentropy_logits)
RUN(mean_squared_error)
RUN(mean_absolute_error)
RUN(mean_absolute_percentage_error)
RUN(mean_squared_logarithmic_error)
RUN(huber)
RUN(log_cosh)
RUN(poisson)
RUN(kl_divergence)
RUN(hinge)
RUN(squared_hinge)
RUN(categorical_hinge)

#define ALIASES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define CROSSENTROPY(class_name, fields_)                                                                              \
    .kind = {.name = (class_name), .fields = (fields_), .options_size = sizeof(cepa_crossentropy_options)}
#define PLAIN(class_name, aliases_)                                                                                    \
    .kind = {.name = (class_name),                                                                                     \
             .aliases = (aliases_),                                                                                    \
             .fields = plain_fields,                                                                                   \
             .options_size = sizeof(cepa_loss_options)}

/* logits: logsumexp(z) - z_y. probabilities: q = clip(p, e, 1 - e), -log(q_y / sum q). e is 1e-7 everywhere. */
static const loss_class sparse_categorical_crossentropy = {
    CROSSENTROPY("SparseCategoricalCrossentropy", sparse_fields),
    .labels = true,
    .head = "softmax",
    .may_be_logits = true,
    .run = run_sparse_crossentropy,
    .run_logits = run_sparse_crossentropy_logits,
};

/* logits: sum y (logsumexp(z) - z). probabilities: - sum y log(clip(p / sum p, e, 1 - e)). */
static const loss_class categorical_crossentropy = {
    CROSSENTROPY("CategoricalCrossentropy", crossentropy_fields),
    .head = "softmax",
    .may_be_logits = true,
    .run = run_categorical_crossentropy,
    .run_logits = run_categorical_crossentropy_logits,
};

/* mean over C of: logits: max(z, 0) - z y + log(1 + exp(-|z|)). probabilities: -y log q - (1 - y) log(1 - q). */
static const loss_class binary_crossentropy = {
    .kind = {.name = "BinaryCrossentropy",
             .aliases = ALIASES("bce", "BCE"),
             .fields = crossentropy_fields,
             .options_size = sizeof(cepa_crossentropy_options)},
    .head = "sigmoid",
    .smooth_binary = true,
    .may_be_logits = true,
    .run = run_binary_crossentropy,
    .run_logits = run_binary_crossentropy_logits,
};

/* mean over C of (1 - p_t)^gamma times the binary crossentropy, p_t = y p + (1 - y) (1 - p); balanced: times y alpha +
 * (1
 * - y) (1 - alpha) */
static const loss_class binary_focal_crossentropy = {
    .kind = {.name = "BinaryFocalCrossentropy", .fields = binary_focal_fields, .options_size = sizeof(focal_options)},
    .head = "sigmoid",
    .smooth_binary = true,
    .no_metric = true,
    .may_be_logits = true,
    .rows = binary_focal_rows,
};

/* sum of alpha (1 - q)^gamma (-y log q), q = clip(p / sum p); p is the softmax of logits */
static const loss_class categorical_focal_crossentropy = {
    .kind = {.name = "CategoricalFocalCrossentropy",
             .fields = categorical_focal_fields,
             .options_size = sizeof(focal_options)},
    .no_metric = true,
    .may_be_logits = true,
    .rows = categorical_focal_rows,
};

/* (1 - p_y^q) / q */
static const loss_class categorical_generalized_crossentropy = {
    .kind = {.name = "CategoricalGeneralizedCrossEntropy",
             .fields = generalized_fields,
             .options_size = sizeof(generalized_options)},
    .labels = true,
    .no_metric = true,
    .rows = generalized_crossentropy_rows,
};

/* - sum y p along the axis, both divided by their lengths */
static const loss_class cosine_similarity = {
    .kind = {.name = "CosineSimilarity", .fields = cosine_fields, .options_size = sizeof(cosine_options)},
    .begin = cosine_similarity_begin,
    .rows = cosine_similarity_rows,
};

/* 1 - 2 sum y p / (sum y + sum p + e), sums along the axes, which may include the batch */
static const loss_class dice = {
    .kind = {.name = "Dice", .fields = dice_fields, .options_size = sizeof(overlap_options)},
    .no_metric = true,
    .begin = dice_begin,
    .rows = overlap_rows,
    .whole = &overlap_whole,
};

/* 1 - sum y p / (sum y p + alpha sum y (1 - p) + beta sum (1 - y) p + e) */
static const loss_class tversky = {
    .kind = {.name = "Tversky", .fields = tversky_fields, .options_size = sizeof(overlap_options)},
    .no_metric = true,
    .begin = tversky_begin,
    .rows = overlap_rows,
    .whole = &overlap_whole,
};

/* of a row, with distances d = max(1 - p p', 0) to the batch's others: log(1 + sum exp(gamma max(margin + d, 0) (d -
 * margin)) sum exp(gamma max(1 + margin - d, 0) (1 - margin - d))), one sum over its label's rows, one over others' */
static const loss_class circle = {
    .kind = {.name = "Circle", .fields = circle_fields, .options_size = sizeof(circle_options)},
    .labels = true,
    .any_label = true,
    .no_metric = true,
    .begin = circle_begin,
    .whole = &circle_whole,
};

/* mean over C of (p - y)^2 */
static const loss_class mean_squared_error = {PLAIN("MeanSquaredError", ALIASES("mse", "MSE")),
                                              .run = run_mean_squared_error};

/* mean over C of |p - y|, whose derivative at 0 is 0 */
static const loss_class mean_absolute_error = {PLAIN("MeanAbsoluteError", ALIASES("mae", "MAE")),
                                               .run = run_mean_absolute_error};

/* mean over C of 100 |p - y| / max(|y|, e) */
static const loss_class mean_absolute_percentage_error = {PLAIN("MeanAbsolutePercentageError", ALIASES("mape", "MAPE")),
                                                          .run = run_mean_absolute_percentage_error};

/* mean over C of (log(max(p, e) + 1) - log(max(y, e) + 1))^2 */
static const loss_class mean_squared_logarithmic_error = {PLAIN("MeanSquaredLogarithmicError", ALIASES("msle", "MSLE")),
                                                          .run = run_mean_squared_logarithmic_error};

static void huber_begin(loss *l, const shape *prediction)
{
    (void)prediction;
    l->parameter = (real)((const cepa_huber_options *)l->options)->delta;
}

/* mean over C of d = |p - y| <= delta ? d^2 / 2 : delta d - delta^2 / 2 */
static const loss_class huber = {
    .kind = {.name = "Huber", .fields = huber_fields, .options_size = sizeof(cepa_huber_options)},
    .no_metric = true,
    .object = "huber_loss",
    .begin = huber_begin,
    .run = run_huber,
};

/* mean over C of log(cosh(p - y)) */
static const loss_class log_cosh = {PLAIN("LogCosh", NULL), .no_metric = true, .run = run_log_cosh};

/* mean over C of p - y log(p + e) */
static const loss_class poisson = {PLAIN("Poisson", NULL), .run = run_poisson};

/* sum of y log(y / p), both clipped to e ... 1 */
static const loss_class kl_divergence = {PLAIN("KLDivergence", ALIASES("kld", "KLD")), .run = run_kl_divergence};

/* mean over C of max(1 - y p, 0); its square; max(max((1 - y) p) - sum y p + 1, 0) */
static const loss_class hinge = {PLAIN("Hinge", NULL), .zero_one_is_sign = true, .run = run_hinge};
static const loss_class squared_hinge = {PLAIN("SquaredHinge", NULL), .zero_one_is_sign = true,
                                         .run = run_squared_hinge};
static const loss_class categorical_hinge = {PLAIN("CategoricalHinge", NULL), .run = run_categorical_hinge};

static const kind *const members[] = {
    &sparse_categorical_crossentropy.kind,
    &categorical_crossentropy.kind,
    &binary_crossentropy.kind,
    &binary_focal_crossentropy.kind,
    &categorical_focal_crossentropy.kind,
    &categorical_generalized_crossentropy.kind,
    &mean_squared_error.kind,
    &mean_absolute_error.kind,
    &mean_absolute_percentage_error.kind,
    &mean_squared_logarithmic_error.kind,
    &huber.kind,
    &log_cosh.kind,
    &cosine_similarity.kind,
    &dice.kind,
    &tversky.kind,
    &circle.kind,
    &poisson.kind,
    &kl_divergence.kind,
    &hinge.kind,
    &squared_hinge.kind,
    &categorical_hinge.kind,
};

const family loss_family = {"loss", members, ARRAY_COUNT(members)};

/* ---- A loss in use ----------------------------------------------------------------------------------------------- */

static reduction reduction_named(const char *name)
{
    size_t i = 0;
    while (strcmp(reductions[i], name) != 0) i++; /* the field table has made sure that it is there */
    return reduction_of[i];
}

const char *loss_reduction_name(const char *reduction) { return reductions[reduction_named(reduction)]; }

bool loss_from_logits(const member *chosen)
{
    const loss_class *class = (const loss_class *)chosen->kind;
    return class->may_be_logits && ((const cepa_crossentropy_options *)chosen->options)->from_logits;
}

static void take_crossentropy(loss *l, const cepa_crossentropy_options *o)
{
    l->ignores = real_is_set(o->ignore_class);
    if (l->ignores) l->parameter = (real)o->ignore_class;
    double towards = l->class->smooth_binary ? 0.5 : 1.0 / (double)l->classes;
    l->target_scale = (real)(1 - o->label_smoothing);
    l->target_offset = (real)(o->label_smoothing * towards);
}

void loss_new(const member *chosen, const shape *prediction, bool logits, loss *made)
{
    const loss_class *class = (const loss_class *)chosen->kind;
    size_t rank = prediction->rank;
    *made = (loss){.class = class,
                   .options = chosen->options,
                   .reduction = reduction_named(((const cepa_loss_options *)chosen->options)->reduction),
                   .logits = logits,
                   .classes = rank ? (size_t)prediction->size[rank - 1] : 1,
                   .target_scale = 1,
                   .parameter = (real)NAN};
    made->positions = rank ? shape_count(prediction) / made->classes : 1;
    made->fold = (fold){1, made->classes, made->positions};
    if (class->may_be_logits) take_crossentropy(made, chosen->options);
    if (class->begin) class->begin(made, prediction);
}

size_t loss_target_count(const loss *l) { return l->class->labels ? l->positions : l->positions * l->classes; }

/* The shape without a last axis of 1. */
static shape without_column(const shape *s)
{
    shape squeezed = *s;
    if (s->rank && s->size[s->rank - 1] == 1) squeezed.rank--;
    return squeezed;
}

cepa_status target_check_shape(const char *name, bool labels, const shape *prediction, const shape *target,
                               cepa_error *error)
{
    shape p = without_column(prediction), t = without_column(target);
    if (labels) {
        p = *prediction;
        if (p.rank) p.rank--;
    }
    if (shape_equal(&p, &t) || (labels && shape_equal(&p, target))) return CEPA_OK;
    char given[100], wanted[100];
    shape_text(target, given, sizeof given);
    shape_text(prediction, wanted, sizeof wanted);
    return fail(error, CEPA_DATA, "targets of shape %s do not fit predictions of shape %s: %s takes %s", given, wanted,
                name, labels ? "labels, one for each row of the last axis" : "equal shapes");
}

target_range target_range_new(void) { return (target_range){INFINITY, -INFINITY, true, true}; }

void target_range_add(target_range *range, const loss *l, double target)
{
    if (l->ignores && target == (double)l->parameter) return;
    if (!(target >= range->low)) range->low = target;
    if (!(target <= range->high)) range->high = target;
    range->whole = range->whole && target == floor(target);
    range->zero_or_one = range->zero_or_one && (target == 0 || target == 1);
}

cepa_status loss_meet_targets(loss *l, const target_range *range, cepa_error *error)
{
    if (l->misfit) return fail(error, CEPA_ARGUMENT, "%s %s", l->class->kind.name, l->misfit);
    if (range->low > range->high) return CEPA_OK; /* there are none */
    if (l->class->labels && !range->whole)
        return fail(error, CEPA_DATA, "labels must be whole numbers: %s takes class numbers", l->class->kind.name);
    if (l->class->labels && !l->class->any_label && (range->low < 0 || range->high >= (double)l->classes))
        return fail(error, CEPA_DATA, "label %.0f is out of range: the model tells 0 ... %zu apart",
                    range->low < 0 ? range->low : range->high, l->classes - 1);
    if (l->class->zero_one_is_sign) {
        l->target_scale = range->zero_or_one ? 2 : 1;
        l->target_offset = range->zero_or_one ? -1 : 0;
    }
    return CEPA_OK;
}

double loss_divisor(const loss *l, size_t samples, size_t valid, double weights)
{
    if (l->reduction == REDUCE_SUM) return 1;
    if (l->reduction == REDUCE_WEIGHTED_MEAN) return weights;
    return (double)(l->ignores ? valid : samples);
}

void loss_run(const loss *l, const lanes *prediction, const lanes *target, const lanes *weight, size_t weight_step,
              real factor, double sums[LANES], lanes *gradient)
{
    loss_block block = {.prediction = prediction,
                        .target = target,
                        .weight = weight,
                        .weight_step = weight_step,
                        .classes = l->classes,
                        .positions = l->positions,
                        .target_scale = l->target_scale,
                        .target_offset = l->target_offset,
                        .parameter = l->parameter,
                        .factor = factor,
                        .sums = sums,
                        .gradient = gradient};
    if (l->class->rows)
        l->class->rows(l, &block);
    else
        (l->logits ? l->class->run_logits : l->class->run)(&block);
}
