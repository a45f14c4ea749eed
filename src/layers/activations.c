/* The table of activation functions, and their calls. */
#include "layers/activations.h"

#include "base/memory.h"
#include "layers/activation_rows.h"
#include "layers/layers.h"

#include <math.h>
#include <string.h>

/* What one function is made of. Its numbers are the real fields of its table, in their order. */
typedef struct activation_class {
    kind kind;
    size_t forward, gradient; /* where their kernels are in a kernel_table */
    unsigned needs;
    bool along_axis; /* softmax and the like: the kernels take [outer][size][inner]; else one number after the other */
    bool halves;     /* y has half the numbers along the axis */
    rows_forward *rows_forward; /* instead of kernels, along the axis */
    rows_gradient *rows_gradient;
    bool (*is_variant)(const void *options); /* with these options it is another function; NULL: never */
    const struct activation_class *variant;
} activation_class;

/* ---- Functions with arguments */

typedef struct relu_options {
    double negative_slope, max_value, threshold;
} relu_options;

typedef struct slope_options {
    double negative_slope;
} slope_options;

typedef struct alpha_options {
    double alpha;
} alpha_options;

typedef struct gelu_options {
    int approximate;
} gelu_options;

typedef struct shrink_options {
    double threshold;
} shrink_options;

typedef struct squareplus_options {
    double b;
} squareplus_options;

typedef struct threshold_options {
    double threshold, default_value;
} threshold_options;

typedef struct axis_options {
    int axis;
} axis_options;

#define UP_FROM_0 .min = 0, .max = 1e30

static const field relu_fields[] = {REAL(relu_options, negative_slope, UP_FROM_0),
                                    REAL(relu_options, max_value, .optional = true, UP_FROM_0),
                                    REAL(relu_options, threshold, UP_FROM_0), END_OF_FIELDS};
static const field leaky_relu_fields[] = {REAL(slope_options, negative_slope, .preset = 0.2, UP_FROM_0), END_OF_FIELDS};
static const field elu_fields[] = {REAL(alpha_options, alpha, .preset = 1, UP_FROM_0), END_OF_FIELDS};
static const field celu_fields[] = {REAL(alpha_options, alpha, .preset = 1, UP_FROM_0, .above_min = true),
                                    END_OF_FIELDS};
static const field gelu_fields[] = {FLAG(gelu_options, approximate, .preset = 0), END_OF_FIELDS};
static const field shrink_fields[] = {REAL(shrink_options, threshold, .preset = 0.5, UP_FROM_0), END_OF_FIELDS};
static const field squareplus_fields[] = {REAL(squareplus_options, b, .preset = 4, UP_FROM_0), END_OF_FIELDS};
static const field threshold_fields[] = {REAL(threshold_options, threshold, .required = true),
                                         REAL(threshold_options, default_value, .required = true), END_OF_FIELDS};
static const field axis_fields[] = {INT(axis_options, axis, .preset = -1), END_OF_FIELDS};

static bool is_general_relu(const void *options)
{
    const relu_options *o = options;
    return o->negative_slope != 0 || real_is_set(o->max_value) || o->threshold != 0;
}

static bool is_approximate(const void *options) { return ((const gelu_options *)options)->approximate; }

/* ---- The table */

/* name, what the gradient reads besides dy, and what else there is to say */
#define ACTIVATIONS(X)                                                                                                 \
    X(linear, 0)                                                                                                       \
    X(relu, NEEDS_OUTPUT, TAKES(relu_fields, relu_options), BECOMES(general_relu, is_general_relu))                    \
    X(relu6, NEEDS_OUTPUT)                                                                                             \
    X(leaky_relu, NEEDS_OUTPUT, TAKES(leaky_relu_fields, slope_options))                                               \
    X(elu, NEEDS_OUTPUT, TAKES(elu_fields, alpha_options))                                                             \
    X(celu, NEEDS_OUTPUT, TAKES(celu_fields, alpha_options))                                                           \
    X(selu, NEEDS_OUTPUT)                                                                                              \
    X(gelu, NEEDS_INPUT, TAKES(gelu_fields, gelu_options), BECOMES(gelu_tanh, is_approximate))                         \
    X(sigmoid, NEEDS_OUTPUT)                                                                                           \
    X(tanh, NEEDS_OUTPUT)                                                                                              \
    X(silu, NEEDS_INPUT, .kind.aliases = ALIASES("swish"))                                                             \
    X(hard_sigmoid, NEEDS_OUTPUT)                                                                                      \
    X(hard_silu, NEEDS_INPUT, .kind.aliases = ALIASES("hard_swish"))                                                   \
    X(softplus, NEEDS_OUTPUT)                                                                                          \
    X(mish, NEEDS_INPUT)                                                                                               \
    X(log_sigmoid, NEEDS_OUTPUT)                                                                                       \
    X(softsign, NEEDS_OUTPUT)                                                                                          \
    X(exponential, NEEDS_OUTPUT)                                                                                       \
    X(hard_tanh, NEEDS_INPUT)                                                                                          \
    X(softmax, NEEDS_OUTPUT, ALONG_AXIS)                                                                               \
    X(log_softmax, NEEDS_OUTPUT, ALONG_AXIS)                                                                           \
    X(tanh_shrink, NEEDS_INPUT)                                                                                        \
    X(soft_shrink, NEEDS_OUTPUT, TAKES(shrink_fields, shrink_options))                                                 \
    X(hard_shrink, NEEDS_OUTPUT, TAKES(shrink_fields, shrink_options))                                                 \
    X(squareplus, NEEDS_INPUT, TAKES(squareplus_fields, squareplus_options))                                           \
    X(threshold, NEEDS_INPUT, TAKES(threshold_fields, threshold_options))                                              \
    X(sparse_plus, NEEDS_INPUT)                                                                                        \
    X(sparse_sigmoid, NEEDS_OUTPUT)

/* Those without kernels. */
#define ROW_ACTIVATIONS(X)                                                                                             \
    X(sparsemax, NEEDS_INPUT, ALONG_AXIS)                                                                              \
    X(glu, NEEDS_INPUT, ALONG_AXIS, .halves = true)

#define TAKES(fields_, options_)       .kind.fields = fields_, .kind.options_size = sizeof(options_)
#define ALONG_AXIS                     TAKES(axis_fields, axis_options), .along_axis = true
#define BECOMES(variant_, is_variant_) .variant = &variant_, .is_variant = is_variant_
#define KERNELS_OF(name)                                                                                               \
    .forward = offsetof(kernel_table, name##_forward), .gradient = offsetof(kernel_table, name##_gradient)

static const activation_class general_relu = {KERNELS_OF(general_relu), .needs = NEEDS_INPUT};
static const activation_class gelu_tanh = {KERNELS_OF(gelu_tanh), .needs = NEEDS_INPUT};

#define DEFINE(name_, needs_, ...)                                                                                     \
    static const activation_class activation_##name_ = {                                                               \
        .kind.name = #name_, .kind.by_class_name = true, KERNELS_OF(name_), .needs = needs_, __VA_ARGS__};
ACTIVATIONS(DEFINE)
#undef DEFINE

#define DEFINE(name_, needs_, ...)                                                                                     \
    static const activation_class activation_##name_ = {.kind.name = #name_,                                           \
                                                        .kind.by_class_name = true,                                    \
                                                        .rows_forward = name_##_forward,                               \
                                                        .rows_gradient = name_##_gradient,                             \
                                                        .needs = needs_,                                               \
                                                        __VA_ARGS__};
ROW_ACTIVATIONS(DEFINE)
#undef DEFINE

#define MEMBER_OF_TABLE(name_, ...) &activation_##name_.kind,
static const kind *const members[] = {ACTIVATIONS(MEMBER_OF_TABLE) ROW_ACTIVATIONS(MEMBER_OF_TABLE)};
#undef MEMBER_OF_TABLE

const family activation_family = {"activation", members, ARRAY_COUNT(members)};

/* ---- Calls */

/* The real fields in their order as a, b, c. A limit that is None is no limit. */
static activation_parameters parameters_of(const member *m)
{
    real numbers[3] = {0};
    size_t count = 0;
    for (const field *f = m->kind->fields; f && f->name; f++) {
        if (f->type != FIELD_REAL) continue;
        double number;
        memcpy(&number, (const char *)m->options + f->offset, sizeof number);
        numbers[count++] = f->optional && !real_is_set(number) ? (real)INFINITY : (real)number;
    }
    return (activation_parameters){numbers[0], numbers[1], numbers[2]};
}

/* Splits the shape around the function's axis. */
static cepa_status split(const axis_options *o, const shape *s, activation_call *made, cepa_error *error)
{
    size_t axis;
    if (!shape_axis(s, o->axis, &axis))
        return fail(error, CEPA_SHAPE, "%s along axis %d, which its input does not have", made->class->kind.name,
                    o->axis);
    fold f = fold_axis(s, axis);
    if (made->class->halves && f.size % 2)
        return fail(error, CEPA_SHAPE, "%s halves axis %d, whose size is %zu", made->class->kind.name, o->axis, f.size);
    if (made->class->halves) made->output.size[axis] /= 2;
    made->outer = f.outer;
    made->size = f.size;
    made->inner = f.inner;
    return CEPA_OK;
}

cepa_status activation_prepare(arena *memory, const char *text, const shape *s, activation_call *made, unsigned *needs,
                               cepa_error *error)
{
    member m;
    cepa_status status = member_parse(memory, &activation_family, text, &m, error);
    if (status) return status;
    const activation_class *class = (const activation_class *)(m.kind ? m.kind : &activation_linear.kind);
    *made = (activation_call){.class = class, .count = shape_count(s), .output = *s};
    if (class->along_axis)
        status = split(m.options, s, made, error);
    else if (m.kind)
        made->parameters = parameters_of(&m);
    if (class->is_variant && class->is_variant(m.options)) made->class = class->variant;
    *needs = made->class->needs;
    return status;
}

/* The kernel that a class names in the table in use. */
typedef void kernel(void);
static kernel *kernel_at(size_t offset)
{
    kernel *found;
    memcpy(&found, (const char *)kernels + offset, sizeof found);
    return found;
}

typedef void element_forward(const lanes *x, lanes *y, size_t count, const activation_parameters *p);
typedef void element_gradient(const lanes *dy, const lanes *x, const lanes *y, lanes *dx, size_t count,
                              const activation_parameters *p);
typedef void axis_forward(const lanes *x, lanes *y, size_t outer, size_t n, size_t inner);
typedef void axis_gradient(const lanes *dy, const lanes *y, lanes *dx, size_t outer, size_t n, size_t inner);

void activation_forward(const activation_call *a, const lanes *x, lanes *y)
{
    if (a->class->rows_forward) {
        a->class->rows_forward(x, y, a->outer, a->size, a->inner);
        return;
    }
    kernel *forward = kernel_at(a->class->forward);
    if (a->class->along_axis)
        ((axis_forward *)forward)(x, y, a->outer, a->size, a->inner);
    else
        ((element_forward *)forward)(x, y, a->count, &a->parameters);
}

void activation_gradient(const activation_call *a, const lanes *dy, const lanes *x, const lanes *y, lanes *dx)
{
    if (a->class->rows_gradient) {
        a->class->rows_gradient(dy, x, dx, a->outer, a->size, a->inner);
        return;
    }
    kernel *gradient = kernel_at(a->class->gradient);
    if (a->class->along_axis)
        ((axis_gradient *)gradient)(dy, y, dx, a->outer, a->size, a->inner);
    else
        ((element_gradient *)gradient)(dy, x, y, dx, a->count, &a->parameters);
}
