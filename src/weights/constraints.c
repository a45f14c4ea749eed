/* What weights must hold to after each step: norms over some axes, or signs.  Keras: keras.constraints. */
#include "weights/weights.h"

#include "base/memory.h"

#include <math.h>

typedef struct options {
    double min_value, max_value, rate;
    int axis[CEPA_MAX_RANK]; /* that the norm is taken over, each one higher if not negative */
} options;

/* The norm that a part of the weight shall have, from the norm it has. */
typedef double norm_rule(const options *o, double norm);

typedef struct constraint {
    kind kind;
    norm_rule *rule; /* NULL: numbers below 0 become 0 */
} constraint;

static double clamp(double number, double low, double high) { return fmin(fmax(number, low), high); }

static double at_most(const options *o, double norm) { return fmin(norm, o->max_value); }
static double one(const options *o, double norm) { return (void)o, (void)norm, 1.0; }
static double between(const options *o, double norm)
{
    return o->rate * clamp(norm, o->min_value, o->max_value) + (1 - o->rate) * norm;
}

#define AXIS WEIGHT_AXES(options, axis, .preset = 0, .min = -CEPA_MAX_RANK, .max = CEPA_MAX_RANK - 1)

static const field max_norm_fields[] = {REAL(options, max_value, .preset = 2, .min = 0, .max = 1e30), AXIS,
                                        END_OF_FIELDS};
static const field unit_norm_fields[] = {AXIS, END_OF_FIELDS};
static const field min_max_norm_fields[] = {REAL(options, min_value, .preset = 0, .min = 0, .max = 1e30),
                                            REAL(options, max_value, .preset = 1, .min = 0, .max = 1e30),
                                            REAL(options, rate, .preset = 1, .min = 0, .max = 1), AXIS, END_OF_FIELDS};

#define KIND(name_, fields_) .kind = {.name = name_, .fields = fields_, .options_size = sizeof(options)}

static const constraint max_norm = {KIND("MaxNorm", max_norm_fields), at_most};
static const constraint unit_norm = {KIND("UnitNorm", unit_norm_fields), one};
static const constraint min_max_norm = {KIND("MinMaxNorm", min_max_norm_fields), between};
static const constraint non_neg = {KIND("NonNeg", NULL), NULL};

static const kind *const members[] = {&max_norm.kind, &unit_norm.kind, &min_max_norm.kind, &non_neg.kind};
const family constraint_family = {"constraint", members, ARRAY_COUNT(members)};

/* Some of a weight's axes, and a walk over their places. */
typedef struct walk {
    size_t axes, count;
    size_t size[CEPA_MAX_RANK], stride[CEPA_MAX_RANK], at[CEPA_MAX_RANK];
} walk;

/* The offset of the next place; back at the first after the last. */
static size_t walk_on(walk *w, size_t offset)
{
    for (size_t i = w->axes; i-- > 0;) {
        if (++w->at[i] < w->size[i]) return offset + w->stride[i];
        offset -= (w->size[i] - 1) * w->stride[i];
        w->at[i] = 0;
    }
    return offset;
}

static void walk_add(walk *w, size_t size, size_t stride)
{
    w->size[w->axes] = size;
    w->stride[w->axes++] = stride;
    w->count *= size;
}

/* The places of rank axes that the norm is taken over; false where there is no such axis. */
static bool chosen_axes(const options *o, size_t rank, bool chosen[CEPA_MAX_RANK])
{
    for (size_t i = 0; i < CEPA_MAX_RANK && o->axis[i]; i++) {
        int axis = o->axis[i] > 0 ? o->axis[i] - 1 : o->axis[i] + (int)rank;
        if (axis < 0 || axis >= (int)rank) return false;
        chosen[axis] = true;
    }
    return true;
}

cepa_status constraint_check(const member *constraint, size_t rank, cepa_error *error)
{
    bool chosen[CEPA_MAX_RANK] = {false};
    if (!constraint->kind || chosen_axes(constraint->options, rank, chosen)) return CEPA_OK;
    return fail(error, CEPA_SHAPE, "%s: its axis is none of a weight's with %zu axes", constraint->kind->name, rank);
}

/* Gives one part of the weight, all that inside walks over, its norm. */
static void set_norm(const constraint *c, const options *o, walk *inside, real *part)
{
    const double epsilon = 1e-7;
    double sum = 0;
    size_t offset = 0;
    for (size_t i = 0; i < inside->count; i++, offset = walk_on(inside, offset))
        sum += (double)part[offset] * (double)part[offset];
    double norm = sqrt(sum);
    real factor = (real)(c->rule(o, norm) / (epsilon + norm));
    for (size_t i = 0; i < inside->count; i++, offset = walk_on(inside, offset)) part[offset] *= factor;
}

static void set_norms(const constraint *c, const options *o, const int *size, size_t rank, real *values)
{
    bool chosen[CEPA_MAX_RANK] = {false};
    chosen_axes(o, rank, chosen);
    walk inside = {.count = 1}, outside = {.count = 1};
    size_t stride = 1;
    for (size_t i = rank; i-- > 0; stride *= (size_t)size[i])
        walk_add(chosen[i] ? &inside : &outside, (size_t)size[i], stride);
    size_t offset = 0;
    for (size_t i = 0; i < outside.count; i++, offset = walk_on(&outside, offset))
        set_norm(c, o, &inside, values + offset);
}

void constraint_apply(const member *member, const int *size, size_t rank, real *values)
{
    const constraint *c = (const constraint *)member->kind;
    if (c->rule) {
        set_norms(c, member->options, size, rank, values);
        return;
    }
    size_t count = 1;
    for (size_t i = 0; i < rank; i++) count *= (size_t)size[i];
    for (size_t i = 0; i < count; i++)
        if (values[i] < 0) values[i] = 0;
}
