/* Operations of a tensor and a number, and of a tensor alone: x * 2, 1 - x, x / 255, -x, ops.sqrt(x) ... They are no
 * layers of Keras' but calls beside them in a functional model.  Keras: keras.ops.add ... */
#include "layers/layers.h"

#include "base/elementary.h"

#include <math.h>

typedef operation_options options;

/* What becomes of x with the number n. */
typedef struct rule {
    void (*line)(double n, double *scale, double *offset); /* x * scale + offset; NULL: a curve */
    double (*value)(double x, double n), (*slope)(double x, double n);
} rule;

typedef struct geometry {
    const rule *rule;
    double number;
    real scale, offset; /* of a line */
} geometry;

static bool declare(shape_pass *p, const rule rules[2])
{
    const options *o = OPTIONS(p);
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    *g = (geometry){.rule = &rules[o->number_first], .number = o->number};
    double scale = 0, offset = 0;
    if (g->rule->line) g->rule->line(o->number, &scale, &offset);
    g->scale = (real)scale;
    g->offset = (real)offset;
    if (!g->rule->line) declare_needs(p, NEEDS_INPUT);
    p->output[0] = *p->input;
    return true;
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    if (g->rule->line) {
        kernels->scale_offset(c->x[0], c->y[0], c->count, g->scale, g->offset);
        return;
    }
    for (size_t e = 0; e < c->count; e++)
        for (size_t r = 0; r < LANES; r++)
            c->y[0][e].lane[r] = (real)g->rule->value((double)c->x[0][e].lane[r], g->number);
}

static void gradient_inputs(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    if (g->rule->line) {
        kernels->scale_offset(c->dy[0], c->dx[0], c->count, g->scale, 0);
        return;
    }
    for (size_t e = 0; e < c->count; e++)
        for (size_t r = 0; r < LANES; r++)
            c->dx[0][e].lane[r] =
                (real)((double)c->dy[0][e].lane[r] * g->rule->slope((double)c->x[0][e].lane[r], g->number));
}

/* ---- Lines */

#define LINE(name, scale_, offset_)                                                                                    \
    static void name(double n, double *scale, double *offset)                                                          \
    {                                                                                                                  \
        (void)n;                                                                                                       \
        *scale = (scale_);                                                                                             \
        *offset = (offset_);                                                                                           \
    }
LINE(plus, 1, n)
LINE(minus, 1, -n)
LINE(taken_from, -1, n)
LINE(times, n, 0)
LINE(over, 1 / n, 0)
LINE(opposite, -1, 0)

/* ---- Curves */

/* A whole power of any number, another one of those that are not negative. */
static double power_of(double x, double n)
{
    double result = 1, factor = x;
    if (n != floor(n) || fabs(n) > 64) return x < 0 ? NAN : n == 0 ? 1 : elementary_power(x, n);
    for (unsigned times = (unsigned)fabs(n); times; times >>= 1, factor *= factor)
        if (times & 1) result *= factor;
    return n < 0 ? 1 / result : result;
}

#define CURVE(name, value_, slope_)                                                                                    \
    static double name(double x, double n)                                                                             \
    {                                                                                                                  \
        (void)n;                                                                                                       \
        return value_;                                                                                                 \
    }                                                                                                                  \
    static double name##_slope(double x, double n)                                                                     \
    {                                                                                                                  \
        (void)n, (void)x;                                                                                              \
        return slope_;                                                                                                 \
    }
CURVE(number_over, n / x, -n / (x * x))
CURVE(power, power_of(x, n), n == 0 ? 0 : n * power_of(x, n - 1))
CURVE(number_to_power, elementary_power(n, x), elementary_power(n, x) * elementary_log(n))
CURVE(larger, x >= n ? x : n, x >= n)
CURVE(larger_first, x > n ? x : n, x > n) /* of equals the first has the gradient */
CURVE(smaller, x <= n ? x : n, x <= n)
CURVE(smaller_first, x < n ? x : n, x < n)
CURVE(absolute, fabs(x), (x > 0) - (x < 0))
CURVE(square, x *x, 2 * x)
CURVE(square_root, sqrt(x), 0.5 / sqrt(x))
CURVE(one_over_root, 1 / sqrt(x), -0.5 / (x * sqrt(x)))
CURVE(one_over, 1 / x, -1 / (x * x))
CURVE(exponential, elementary_exp(x), elementary_exp(x))
CURVE(logarithm, elementary_log(x), 1 / x)

#define A_CURVE(name)                                                                                                  \
    {                                                                                                                  \
        .value = (name), .slope = name##_slope                                                                         \
    }

/* ---- The table */

static const field no_fields[] = {END_OF_FIELDS};
static const field number_fields[] = {REAL(options, number, .required = true, .min = -INFINITY, .max = INFINITY),
                                      BOOL(options, number_first), END_OF_FIELDS};

/* A class with its rules: of a number behind the tensor, and before it. */
#define OPERATION(id, class_name, module, fields_, ...)                                                                \
    static const rule id##_rules[2] = {__VA_ARGS__};                                                                   \
    static bool id##_shape(shape_pass *p) { return declare(p, id##_rules); }                                           \
    static const layer_class id##_class = {                                                                            \
        .kind = {.name = (class_name), .fields = (fields_), .options_size = sizeof(options)},                          \
        .operation = "keras.src.ops." module,                                                                          \
        .min_inputs = 1,                                                                                               \
        .max_inputs = 1,                                                                                               \
        .shape = id##_shape,                                                                                           \
        .forward = forward,                                                                                            \
        .gradient_inputs = gradient_inputs,                                                                            \
        .in_place = true};

/* clang-format off */
#define OPERATIONS(X)                                                                                                  \
    X(op_add, "Add", "numpy", number_fields, {.line = plus}, {.line = plus})                                           \
    X(op_subtract, "Subtract", "numpy", number_fields, {.line = minus}, {.line = taken_from})                          \
    X(op_multiply, "Multiply", "numpy", number_fields, {.line = times}, {.line = times})                               \
    X(op_true_divide, "TrueDivide", "numpy", number_fields, {.line = over}, A_CURVE(number_over))                      \
    X(op_divide, "Divide", "numpy", number_fields, {.line = over}, A_CURVE(number_over))                               \
    X(op_power, "Power", "numpy", number_fields, A_CURVE(power), A_CURVE(number_to_power))                             \
    X(op_maximum, "Maximum", "numpy", number_fields, A_CURVE(larger), A_CURVE(larger_first))                           \
    X(op_minimum, "Minimum", "numpy", number_fields, A_CURVE(smaller), A_CURVE(smaller_first))                         \
    X(op_negative, "Negative", "numpy", no_fields, {.line = opposite})                                                 \
    X(op_absolute, "Absolute", "numpy", no_fields, A_CURVE(absolute))                                                  \
    X(op_square, "Square", "numpy", no_fields, A_CURVE(square))                                                        \
    X(op_sqrt, "Sqrt", "numpy", no_fields, A_CURVE(square_root))                                                       \
    X(op_rsqrt, "Rsqrt", "math", no_fields, A_CURVE(one_over_root))                                                    \
    X(op_reciprocal, "Reciprocal", "numpy", no_fields, A_CURVE(one_over))                                              \
    X(op_exp, "Exp", "numpy", no_fields, A_CURVE(exponential))                                                         \
    X(op_log, "Log", "numpy", no_fields, A_CURVE(logarithm))
/* clang-format on */
OPERATIONS(OPERATION)

#define ENTRY(id, ...) &id##_class.kind,
static const kind *const members[] = {&true_divide.kind, &divide.kind, OPERATIONS(ENTRY)};

const family operation_family = {"operation", members, ARRAY_COUNT(members)};

const layer_class *operation_of(const char *name, size_t tensors)
{
    for (size_t i = 0; i < operation_family.count; i++) {
        const family alone = {operation_family.what, &members[i], 1};
        const layer_class *class = (const layer_class *)members[i];
        if (class->max_inputs == tensors && family_find(&alone, name)) return class;
    }
    return NULL;
}

bool operation_takes_number(const layer_class *class) { return class->kind.fields == number_fields; }

bool operation_number(const layer_class *class, const void *chosen, double *number, bool *first)
{
    const options *o = chosen;
    if (!class->operation || !operation_takes_number(class)) return false;
    *number = o->number;
    *first = o->number_first;
    return true;
}
