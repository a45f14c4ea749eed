/* The less common optimizers, each a loop over a weight's numbers: w the weights, g the gradient, m and v what is kept,
 * t the number of the update, from 1. */
#include "train/optimizer_table.h"

static size_t along(const parameter *p, size_t from_end) { return (size_t)p->size[p->rank - from_end]; }

/* ---- Adagrad: a += g^2, w -= rate g / sqrt(a + epsilon) ---------------------------------------------------------- */

static const field adagrad_fields[] = {RATE(0.001),
                                       REAL(cepa_adagrad_options, initial_accumulator_value, .preset = 0.1, POSITIVE),
                                       EPSILON(cepa_adagrad_options),
                                       WEIGHT_DECAY,
                                       COMMON("adagrad"),
                                       END_OF_FIELDS};

static double adagrad_start(const void *options)
{
    return ((const cepa_adagrad_options *)options)->initial_accumulator_value;
}

static void adagrad_update(const optimizer_call *c)
{
    const cepa_adagrad_options *o = c->options;
    const real rate = (real)c->rate, epsilon = (real)o->epsilon;
    real *a = c->slot[0];
    for (size_t i = 0; i < c->count; i++) {
        a[i] += c->g[i] * c->g[i];
        c->w[i] -= rate * c->g[i] / root(a[i] + epsilon);
    }
}

const optimizer_class adagrad = {
    .kind = {.name = "Adagrad", .fields = adagrad_fields, .options_size = sizeof(cepa_adagrad_options)},
    .slots = {{.name = "accumulator", .start = adagrad_start}},
    .update = adagrad_update,
};

/* ---- Adadelta: a = rho a + (1 - rho) g^2, d = -sqrt(b + epsilon) / sqrt(a + epsilon) g, ---------------------------
 * b = rho b + (1 - rho) d^2, w += rate d */

static const field adadelta_fields[] = {RATE(0.001),
                                        REAL(cepa_adadelta_options, rho, .preset = 0.95, FRACTION),
                                        EPSILON(cepa_adadelta_options),
                                        WEIGHT_DECAY,
                                        COMMON("adadelta"),
                                        END_OF_FIELDS};

static void adadelta_update(const optimizer_call *c)
{
    const cepa_adadelta_options *o = c->options;
    const real rate = (real)c->rate, epsilon = (real)o->epsilon, old = (real)o->rho, fresh = (real)(1 - o->rho);
    real *a = c->slot[0], *b = c->slot[1];
    for (size_t i = 0; i < c->count; i++) {
        a[i] = old * a[i] + fresh * (c->g[i] * c->g[i]);
        real d = -(root(b[i] + epsilon) * c->g[i] / root(a[i] + epsilon));
        b[i] = old * b[i] + fresh * (d * d);
        c->w[i] += rate * d;
    }
}

const optimizer_class adadelta = {
    .kind = {.name = "Adadelta", .fields = adadelta_fields, .options_size = sizeof(cepa_adadelta_options)},
    .slots = {{.name = "accumulated_grad"}, {.name = "accumulated_delta_var"}},
    .interleaved = 2,
    .update = adadelta_update,
};

/* ---- Adamax: m as Adam's, u = max(b2 u, |g|), w -= rate m / ((1 - b1^t) (u + epsilon)) --------------------------- */

#define BETAS                                                                                                          \
    REAL(cepa_adamax_options, beta_1, .preset = 0.9, BELOW_ONE),                                                       \
        REAL(cepa_adamax_options, beta_2, .preset = 0.999, BELOW_ONE), EPSILON(cepa_adamax_options)

static const field adamax_fields[] = {RATE(0.001), BETAS, WEIGHT_DECAY, COMMON("adamax"), END_OF_FIELDS};

static void adamax_update(const optimizer_call *c)
{
    const cepa_adamax_options *o = c->options;
    const real rate = (real)c->rate, correction = (real)(1 - float_power(o->beta_1, c->step));
    const real fresh = (real)(1 - o->beta_1), old = (real)o->beta_2, epsilon = (real)o->epsilon;
    real *m = c->slot[0], *u = c->slot[1];
    for (size_t i = 0; i < c->count; i++) {
        real size = c->g[i] < 0 ? -c->g[i] : c->g[i], faded = old * u[i];
        m[i] += (c->g[i] - m[i]) * fresh;
        u[i] = faded > size ? faded : size;
        c->w[i] -= rate * m[i] / (correction * (u[i] + epsilon));
    }
}

const optimizer_class adamax = {
    .kind = {.name = "Adamax", .fields = adamax_fields, .options_size = sizeof(cepa_adamax_options)},
    .slots = {{.name = "momentum"}, {.name = "norm"}},
    .interleaved = 2,
    .update = adamax_update,
};

/* ---- Nadam: m, v as Adam's; u(t) = b1 (1 - 0.96^t / 2), P = u(1) ... u(t), ----------------------------------------
 * w -= rate (u(t + 1) m / (1 - P u(t + 1)) + (1 - u(t)) g / (1 - P)) / (sqrt(v / (1 - b2^t)) + epsilon). Keras makes
 * 1 - b1 and 1 - b2 of float32 numbers. */

static const field nadam_fields[] = {RATE(0.001), BETAS, WEIGHT_DECAY, COMMON("nadam"), END_OF_FIELDS};

static double nadam_share(const cepa_adamax_options *o, uint64_t step)
{
    return o->beta_1 * (1 - 0.5 * float_power(0.96, step));
}

static double nadam_product(const void *options, double number, uint64_t step)
{
    return (double)(float)(number * nadam_share(options, step));
}

static void nadam_update(const optimizer_call *c)
{
    const cepa_adamax_options *o = c->options;
    double now = nadam_share(o, c->step), next = nadam_share(o, c->step + 1);
    const real of_m = (real)(next / (1 - c->number * next)), of_g = (real)((1 - now) / (1 - c->number));
    const real correction = (real)(1 - float_power(o->beta_2, c->step)), rate = (real)c->rate;
    const real new_m = 1 - (real)o->beta_1, new_v = 1 - (real)o->beta_2, epsilon = (real)o->epsilon;
    real *m = c->slot[0], *v = c->slot[1];
    for (size_t i = 0; i < c->count; i++) {
        m[i] += (c->g[i] - m[i]) * new_m;
        v[i] += (c->g[i] * c->g[i] - v[i]) * new_v;
        c->w[i] -= (of_m * m[i] + of_g * c->g[i]) * rate / (root(v[i] / correction) + epsilon);
    }
}

const optimizer_class nadam = {
    .kind = {.name = "Nadam", .fields = nadam_fields, .options_size = sizeof(cepa_adamax_options)},
    .slots = {{.name = "momentum"}, {.name = "velocity"}},
    .interleaved = 2,
    .number = "variable",
    .next_number = nadam_product,
    .update = nadam_update,
};

/* ---- Lion: w -= rate sign(b1 m + (1 - b1) g), m = b2 m + (1 - b2) g ---------------------------------------------- */

static const field lion_fields[] = {RATE(0.001),
                                    REAL(cepa_lion_options, beta_1, .preset = 0.9, FRACTION, .above_min = true),
                                    REAL(cepa_lion_options, beta_2, .preset = 0.99, FRACTION),
                                    WEIGHT_DECAY,
                                    COMMON("lion"),
                                    END_OF_FIELDS};

static void lion_update(const optimizer_call *c)
{
    const cepa_lion_options *o = c->options;
    const real rate = (real)c->rate, old = (real)o->beta_2, fresh = 1 - old;
    real *m = c->slot[0];
    for (size_t i = 0; i < c->count; i++) {
        real way = m[i] * (real)o->beta_1 + c->g[i] * (1 - (real)o->beta_1);
        c->w[i] -= rate * (real)((way > 0) - (way < 0));
        m[i] = m[i] * old + c->g[i] * fresh;
    }
}

const optimizer_class lion = {
    .kind = {.name = "Lion", .fields = lion_fields, .options_size = sizeof(cepa_lion_options)},
    .slots = {{.name = "momentum"}},
    .update = lion_update,
};

/* ---- Ftrl: n' = n + g^2, p = -learning_rate_power, z += g + 2 shrinkage w - (n'^p - n^p) / rate w, ----------------
 * w = (z cut to +-l1 - z) / (n'^p / rate + 2 l2 + beta / rate) */

static const field ftrl_fields[] = {
    RATE(0.001),
    REAL(cepa_ftrl_options, learning_rate_power, .preset = -0.5, .min = -INFINITY, .max = 0),
    REAL(cepa_ftrl_options, initial_accumulator_value, .preset = 0.1, POSITIVE),
    REAL(cepa_ftrl_options, l1_regularization_strength, POSITIVE),
    REAL(cepa_ftrl_options, l2_regularization_strength, POSITIVE),
    REAL(cepa_ftrl_options, l2_shrinkage_regularization_strength, POSITIVE),
    REAL(cepa_ftrl_options, beta, ANY_NUMBER),
    WEIGHT_DECAY,
    COMMON("ftrl"),
    END_OF_FIELDS};

static double ftrl_start(const void *options)
{
    return ((const cepa_ftrl_options *)options)->initial_accumulator_value;
}

static void ftrl_update(const optimizer_call *c)
{
    const cepa_ftrl_options *o = c->options;
    const double l1 = o->l1_regularization_strength, power = -o->learning_rate_power;
    const double l2 = 2 * (o->l2_regularization_strength + o->beta / (2 * c->rate));
    real *n = c->slot[0], *z = c->slot[1];
    for (size_t i = 0; i < c->count; i++) {
        double w = (double)c->w[i], g = (double)c->g[i], before = (double)n[i], after = before + g * g;
        double grown = elementary_power(after, power), held = elementary_power(before, power);
        double linear =
            (double)z[i] + g + 2 * o->l2_shrinkage_regularization_strength * w - (grown - held) / c->rate * w;
        c->w[i] = (real)((fmax(-l1, fmin(linear, l1)) - linear) / (grown / c->rate + l2));
        n[i] = (real)after;
        z[i] = (real)linear;
    }
}

const optimizer_class ftrl = {
    .kind = {.name = "Ftrl", .fields = ftrl_fields, .options_size = sizeof(cepa_ftrl_options)},
    .slots = {{.name = "accumulator", .start = ftrl_start}, {.name = "linear"}},
    .interleaved = 2,
    .update = ftrl_update,
};

/* ---- Lamb: m, v as Adam's; u = m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon), w -= |w| / |u| rate u ---------- */

static const field lamb_fields[] = {RATE(0.001), BETAS, WEIGHT_DECAY, COMMON("lamb"), END_OF_FIELDS};

static void lamb_update(const optimizer_call *c)
{
    const cepa_adamax_options *o = c->options;
    const real of_m = (real)(1 - float_power(o->beta_1, c->step)), of_v = (real)(1 - float_power(o->beta_2, c->step));
    const real new_m = (real)(1 - o->beta_1), new_v = (real)(1 - o->beta_2), epsilon = (real)o->epsilon;
    real *m = c->slot[0], *v = c->slot[1];
    for (size_t i = 0; i < c->count; i++) {
        m[i] += (c->g[i] - m[i]) * new_m;
        v[i] += (c->g[i] * c->g[i] - v[i]) * new_v;
        c->g[i] = m[i] / of_m / (root(v[i] / of_v) + epsilon);
    }
    double weights = sqrt(kernels->square_sum(c->w, c->count)), update = sqrt(kernels->square_sum(c->g, c->count));
    double ratio = weights > 0 && update > 0 ? weights / update : 1;
    kernels->add_scaled_into(c->w, c->g, (real)(-ratio * c->rate), c->count);
}

const optimizer_class lamb = {
    .kind = {.name = "Lamb", .fields = lamb_fields, .options_size = sizeof(cepa_adamax_options)},
    .slots = {{.name = "momentum"}, {.name = "velocity"}},
    .interleaved = 2,
    .whole = true,
    .update = lamb_update,
};

/* ---- Adafactor: v = b v + (1 - b) (g^2 + epsilon_1), b = 1 - t^beta_2_decay; of matrices only the means of rows, r,
 * and of columns, c, are kept so, and v = r c / mean(r). u = g / sqrt(v), ------------------------------------------
 * w -= max(epsilon_2, rms(w)) min(rate, 1 / sqrt(t)) u / max(1, rms(u) / clip_threshold). relative_step says the same
 * of a rate once more, and so changes nothing. */

static const field adafactor_fields[] = {RATE(0.001),
                                         REAL(cepa_adafactor_options, beta_2_decay, .preset = -0.8, ANY_NUMBER),
                                         REAL(cepa_adafactor_options, epsilon_1, .preset = 1e-30, POSITIVE),
                                         REAL(cepa_adafactor_options, epsilon_2, .preset = 1e-3, POSITIVE),
                                         REAL(cepa_adafactor_options, clip_threshold, .preset = 1, POSITIVE),
                                         FLAG(cepa_adafactor_options, relative_step, .preset = true),
                                         WEIGHT_DECAY,
                                         COMMON("adafactor"),
                                         END_OF_FIELDS};

/* A moving mean of squares: of count of them, stride apart. */
static void follow(real *mean, const real *g, size_t count, size_t stride, double old, double epsilon)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)g[i * stride] * (double)g[i * stride] + epsilon;
    *mean = (real)(old * (double)*mean + (1 - old) * sum / (double)count);
}

/* v of a matrix out of the means of its rows and columns. */
static void multiply_means(real *v, const real *r, const real *c, size_t rows, size_t columns)
{
    double sum = 0;
    for (size_t i = 0; i < rows; i++) sum += (double)r[i];
    for (size_t i = 0; i < rows * columns; i++)
        v[i] = (real)((double)r[i / columns] * (double)rows / sum) * c[i % columns];
}

static void factor_squares(const optimizer_call *c, double old, double epsilon)
{
    size_t columns = along(c->parameter, 1), rows = along(c->parameter, 2);
    for (size_t first = 0; first < c->count; first += rows * columns) {
        const real *g = c->g + first;
        real *r = c->slot[0] + first / columns, *of_columns = c->slot[1] + first / rows;
        for (size_t i = 0; i < rows; i++) follow(&r[i], g + i * columns, columns, 1, old, epsilon);
        for (size_t i = 0; i < columns; i++) follow(&of_columns[i], g + i, rows, columns, old, epsilon);
        multiply_means(c->slot[2] + first, r, of_columns, rows, columns);
    }
}

static double root_mean_square(const real *x, size_t count)
{
    return sqrt(kernels->square_sum(x, count) / (double)count);
}

static void adafactor_update(const optimizer_call *c)
{
    const cepa_adafactor_options *o = c->options;
    double t = (double)c->step, old = 1 - elementary_power(t, o->beta_2_decay);
    double scale = fmax(o->epsilon_2, root_mean_square(c->w, c->count)) * fmin(c->rate, 1 / sqrt(t));
    if (c->parameter->rank >= 2)
        factor_squares(c, old, o->epsilon_1);
    else
        for (size_t i = 0; i < c->count; i++) follow(&c->slot[2][i], &c->g[i], 1, 1, old, o->epsilon_1);
    for (size_t i = 0; i < c->count; i++) c->g[i] /= root(c->slot[2][i]);
    scale /= fmax(1, root_mean_square(c->g, c->count) / o->clip_threshold);
    kernels->add_scaled_into(c->w, c->g, (real)-scale, c->count);
}

const optimizer_class adafactor = {
    .kind = {.name = "Adafactor", .fields = adafactor_fields, .options_size = sizeof(cepa_adafactor_options)},
    .slots = {{.name = "r", .without = 1}, {.name = "c", .without = 2}, {.name = "velocity"}},
    .interleaved = 3,
    .whole = true,
    .update = adafactor_update,
};
