/* The table of schedules. Rules as in Keras 3 (keras/src/optimizers/schedules), s the step from 0, D decay_steps. */
#include "train/schedule.h"

#include "base/elementary.h"

#include <math.h>

enum { MOST_BOUNDARIES = 64 };

/* What schedules take; each uses some of it. */
typedef struct schedule_options {
    double initial_learning_rate, end_learning_rate, alpha;
    double decay_steps, first_decay_steps, decay_rate, power;
    double warmup_target, warmup_steps;
    double t_mul, m_mul;
    double boundaries[MOST_BOUNDARIES], values[MOST_BOUNDARIES + 1];
    bool staircase, cycle;
    const char *name;
} schedule_options;

typedef struct schedule_class {
    kind kind;
    double (*rate)(const schedule_options *o, double step);
} schedule_class;

#define ANY                 .min = -INFINITY, .max = INFINITY
#define NUMBER(member, ...) REAL(schedule_options, member, ANY, __VA_ARGS__)
#define STEPS(member)       REAL(schedule_options, member, .required = true, .min = 0, .max = INFINITY, .above_min = true)
#define INITIAL             NUMBER(initial_learning_rate, .required = true)
#define NAMED(class_name)   FIELD(FIELD_TEXT, schedule_options, name, .optional = true, .preset_text = (class_name))
#define KIND(class_name, f) .kind = {.name = (class_name), .fields = (f), .options_size = sizeof(schedule_options)}

/* ---- ExponentialDecay: rate r^(s / D); InverseTimeDecay: rate / (1 + r s / D); staircase: the floor of s / D ----- */

#define DECAY(class_name)                                                                                              \
    INITIAL, STEPS(decay_steps), NUMBER(decay_rate, .required = true), BOOL(schedule_options, staircase),              \
        NAMED(class_name), END_OF_FIELDS

static const field exponential_fields[] = {DECAY("ExponentialDecay")};
static const field inverse_time_fields[] = {DECAY("InverseTimeDecay")};

static double periods(const schedule_options *o, double step)
{
    double p = step / o->decay_steps;
    return o->staircase ? floor(p) : p;
}

/* x^y, x rounded to a float32 number as Keras does: over thousands of periods that can be seen. */
static double float_power(double x, double y) { return elementary_power((double)(float)x, y); }

static double exponential_rate(const schedule_options *o, double step)
{
    return o->initial_learning_rate * float_power(o->decay_rate, periods(o, step));
}

static double inverse_time_rate(const schedule_options *o, double step)
{
    return o->initial_learning_rate / (1 + o->decay_rate * periods(o, step));
}

static const schedule_class exponential = {KIND("ExponentialDecay", exponential_fields), .rate = exponential_rate};
static const schedule_class inverse_time = {KIND("InverseTimeDecay", inverse_time_fields), .rate = inverse_time_rate};

/* ---- PiecewiseConstantDecay: the value of the first boundary that s is not above, else the last ------------------ */

static const field piecewise_fields[] = {
    REALS(schedule_options, boundaries, .required = true, .whole = true, .always_list = true),
    REALS(schedule_options, values, ANY, .required = true, .always_list = true), NAMED("PiecewiseConstant"),
    END_OF_FIELDS};

static double piecewise_rate(const schedule_options *o, double step)
{
    size_t i = 0, count = reals_length(o->boundaries, MOST_BOUNDARIES);
    while (i < count && step > o->boundaries[i]) i++;
    return o->values[i];
}

static const schedule_class piecewise = {KIND("PiecewiseConstantDecay", piecewise_fields), .rate = piecewise_rate};

/* ---- PolynomialDecay: (rate - end) (1 - s / D)^power + end; cycle makes D as many times as long as s needs ------- */

static const field polynomial_fields[] = {INITIAL,
                                          STEPS(decay_steps),
                                          NUMBER(end_learning_rate, .preset = 1e-4),
                                          NUMBER(power, .preset = 1),
                                          BOOL(schedule_options, cycle),
                                          NAMED("PolynomialDecay"),
                                          END_OF_FIELDS};

static double polynomial_rate(const schedule_options *o, double step)
{
    double length = o->decay_steps;
    if (o->cycle) length *= fmax(1, ceil(step / length));
    double left = 1 - fmin(step, length) / length;
    return (o->initial_learning_rate - o->end_learning_rate) * elementary_power(left, o->power) + o->end_learning_rate;
}

static const schedule_class polynomial = {KIND("PolynomialDecay", polynomial_fields), .rate = polynomial_rate};

/* ---- CosineDecay: half a wave from the rate to alpha times it, after a straight way up to the warm-up's target --- */

static const field cosine_fields[] = {INITIAL,
                                      STEPS(decay_steps),
                                      NUMBER(alpha),
                                      NAMED("CosineDecay"),
                                      NUMBER(warmup_target, .optional = true),
                                      REAL(schedule_options, warmup_steps, .min = 0, .max = INFINITY),
                                      END_OF_FIELDS};

/* From height down to 0 while part goes from 0 to 1. */
static double half_wave(double height, double part)
{
    const double pi = 0x1.921fb54442d18p1;
    return 0.5 * height * (1 + elementary_cos(pi * part));
}

static double cosine_rate(const schedule_options *o, double step)
{
    double start = o->initial_learning_rate, way = 0;
    if (real_is_set(o->warmup_target)) {
        way = o->warmup_steps;
        if (step < way) return start + (o->warmup_target - start) * step / way;
        start = o->warmup_target;
    }
    double part = fmin(step - way, o->decay_steps) / o->decay_steps;
    return start * (half_wave(1 - o->alpha, part) + o->alpha);
}

static const schedule_class cosine = {KIND("CosineDecay", cosine_fields), .rate = cosine_rate};

/* ---- CosineDecayRestarts: half waves, each t_mul times as long and m_mul times as high as the one before --------- */

static const field restarts_fields[] = {
    INITIAL,
    STEPS(first_decay_steps),
    REAL(schedule_options, t_mul, .preset = 2, .min = 0, .max = INFINITY, .above_min = true),
    NUMBER(m_mul, .preset = 1),
    NUMBER(alpha),
    NAMED("SGDRDecay"),
    END_OF_FIELDS};

/* How many waves are over, and *part of the one that runs; part counts waves of the first one's length. */
static double waves_over(double t_mul, double *part)
{
    if (t_mul == 1) {
        double over = floor(*part);
        *part -= over;
        return over;
    }
    double over = floor(elementary_log(1 - *part * (1 - t_mul)) / elementary_log(t_mul) + 1e-9); /* rounding */
    double length = elementary_power(t_mul, over);
    *part = fmax(0, (*part - (1 - length) / (1 - t_mul)) / length);
    return over;
}

static double restarts_rate(const schedule_options *o, double step)
{
    double part = step / o->first_decay_steps, over = waves_over(o->t_mul, &part);
    double height = float_power(o->m_mul, over);
    return o->initial_learning_rate * (half_wave((1 - o->alpha) * height, part) + o->alpha);
}

static const schedule_class restarts = {KIND("CosineDecayRestarts", restarts_fields), .rate = restarts_rate};

/* ---- The table --------------------------------------------------------------------------------------------------- */

static const kind *const members[] = {&exponential.kind,  &piecewise.kind, &polynomial.kind,
                                      &inverse_time.kind, &cosine.kind,    &restarts.kind};

const family schedule_family = {"schedule", members, ARRAY_COUNT(members)};

cepa_status schedule_parse(arena *memory, const char *text, member *made, cepa_error *error)
{
    cepa_status status = member_parse(memory, &schedule_family, text, made, error);
    if (status || made->kind != &piecewise.kind) return status;
    const schedule_options *o = made->options;
    size_t boundaries = reals_length(o->boundaries, MOST_BOUNDARIES),
           values = reals_length(o->values, MOST_BOUNDARIES + 1);
    if (values == boundaries + 1) return CEPA_OK;
    return fail(error, CEPA_ARGUMENT, "%s: %zu boundaries need %zu values, not %zu", made->kind->name, boundaries,
                boundaries + 1, values);
}

double schedule_rate(const member *schedule, uint64_t step)
{
    return (double)(float)((const schedule_class *)schedule->kind)->rate(schedule->options, (double)step);
}
