/* How weights start.  Keras: keras.initializers; glorot: Glorot, Bengio 2010; he: He et al. 2015; lecun: LeCun et al.
 * 1998; orthogonal: Saxe et al. 2013. */
#include "weights/weights.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* One weight to be drawn. */
typedef struct drawing {
    const struct initializer *initializer;
    const void *options;
    const int *size;
    size_t rank, count;
    random_stream stream;
    real *values;
    cepa_error *error;
} drawing;

/* A variance of scale / fan, and the distribution that has it. */
typedef struct variance {
    double scale;
    const char *mode, *distribution;
} variance;

typedef struct initializer {
    kind kind;
    cepa_status (*fill)(drawing *d);
    variance variance; /* of those that are variance_scaling with fixed arguments */
} initializer;

/* ---- Distributions */

/* The stream, or that of an initializer's own seed. */
static random_stream seeded(const drawing *d, int64_t seed)
{
    random_stream stream = d->stream;
    if (seed) stream.key = (uint64_t)seed;
    return stream;
}

static void draw_uniform(const drawing *d, int64_t seed, double low, double high)
{
    const random_stream stream = seeded(d, seed);
    for (size_t i = 0; i < d->count; i++)
        d->values[i] = (real)(low + (high - low) * random_uniform24(random_word(&stream, 0, i)));
}

static void draw_normal(const drawing *d, int64_t seed, double mean, double deviation)
{
    const random_stream stream = seeded(d, seed);
    for (size_t i = 0; i < d->count; i++) d->values[i] = (real)(mean + deviation * random_normal(&stream, i));
}

/* A standard normal number that is at most 2 in size: drawn again, each time from the next stream, until it is. */
static double truncated_normal_number(random_stream stream, size_t element)
{
    for (;; stream.epoch++) {
        double number = random_normal(&stream, element);
        if (fabs(number) <= 2) return number;
    }
}

static void draw_truncated(const drawing *d, int64_t seed, double mean, double deviation)
{
    const random_stream stream = seeded(d, seed);
    for (size_t i = 0; i < d->count; i++) d->values[i] = (real)(mean + deviation * truncated_normal_number(stream, i));
}

/* ---- Constants */

typedef struct constant_options {
    double value;
} constant_options;

static void fill_with(const drawing *d, double value)
{
    for (size_t i = 0; i < d->count; i++) d->values[i] = (real)value;
}

static cepa_status fill_zeros(drawing *d) { return fill_with(d, 0), CEPA_OK; }
static cepa_status fill_ones(drawing *d) { return fill_with(d, 1), CEPA_OK; }

static cepa_status fill_constant(drawing *d)
{
    const constant_options *o = d->options;
    return fill_with(d, o->value), CEPA_OK;
}

static const field constant_fields[] = {REAL(constant_options, value, .preset = 0), END_OF_FIELDS};

/* ---- Given distributions */

typedef struct uniform_options {
    double minval, maxval;
    int64_t seed;
} uniform_options;

typedef struct normal_options {
    double mean, stddev;
    int64_t seed;
} normal_options;

static const field uniform_fields[] = {REAL(uniform_options, minval, .preset = -0.05),
                                       REAL(uniform_options, maxval, .preset = 0.05),
                                       LONG(uniform_options, seed, .optional = true), END_OF_FIELDS};
static const field normal_fields[] = {REAL(normal_options, mean, .preset = 0),
                                      REAL(normal_options, stddev, .preset = 0.05),
                                      LONG(normal_options, seed, .optional = true), END_OF_FIELDS};

static cepa_status fill_uniform(drawing *d)
{
    const uniform_options *o = d->options;
    return draw_uniform(d, o->seed, o->minval, o->maxval), CEPA_OK;
}

static cepa_status fill_normal(drawing *d)
{
    const normal_options *o = d->options;
    return draw_normal(d, o->seed, o->mean, o->stddev), CEPA_OK;
}

static cepa_status fill_truncated(drawing *d)
{
    const normal_options *o = d->options;
    return draw_truncated(d, o->seed, o->mean, o->stddev), CEPA_OK;
}

/* ---- Variances that depend on the shape */

static const char fan_in[] = "fan_in", fan_out[] = "fan_out", fan_avg[] = "fan_avg";
static const char truncated_normal_name[] = "truncated_normal", normal_name[] = "normal",
                  untruncated_normal_name[] = "untruncated_normal", uniform_name[] = "uniform";
static const char *const modes[] = {fan_in, fan_out, fan_avg, NULL};
static const char *const distributions[] = {truncated_normal_name, normal_name, untruncated_normal_name, uniform_name,
                                            NULL};

typedef struct scaling_options {
    double scale;
    const char *mode, *distribution;
    int64_t seed;
} scaling_options;

typedef struct seed_options {
    int64_t seed;
} seed_options;

static const field scaling_fields[] = {
    REAL(scaling_options, scale, .preset = 1, .min = 0, .max = 1e30, .above_min = true),
    CHOICE(scaling_options, mode, .choices = modes, .preset_text = fan_in),
    CHOICE(scaling_options, distribution, .choices = distributions, .preset_text = truncated_normal_name),
    LONG(scaling_options, seed, .optional = true), END_OF_FIELDS};
static const field seed_fields[] = {LONG(seed_options, seed, .optional = true), END_OF_FIELDS};

/* How many numbers of the input reach one output, or the other way round, or the mean of both: from the stored shape,
 * as Keras counts them. */
static double fan_of(const drawing *d, const char *mode)
{
    double field = 1, in = 1, out = 1;
    for (size_t i = 0; i + 2 < d->rank; i++) field *= d->size[i];
    if (d->rank > 0) in = out = d->size[d->rank - 1];
    if (d->rank > 1) in = d->size[d->rank - 2];
    if (mode == fan_avg) return field * (in + out) / 2;
    return field * (mode == fan_in ? in : out);
}

static cepa_status draw_scaled(const drawing *d, int64_t seed, const variance *v)
{
    const double kept = 0.87962566103423978; /* the deviation that is left of 1 when a normal is cut at 2 */
    double variance = v->scale / fmax(1, fan_of(d, v->mode)), deviation = sqrt(variance);
    if (v->distribution == uniform_name)
        draw_uniform(d, seed, -sqrt(3 * variance), sqrt(3 * variance));
    else if (v->distribution == untruncated_normal_name)
        draw_normal(d, seed, 0, deviation);
    else
        draw_truncated(d, seed, 0, deviation / kept);
    return CEPA_OK;
}

static cepa_status fill_scaled(drawing *d)
{
    const scaling_options *o = d->options;
    return draw_scaled(d, o->seed, &(variance){o->scale, o->mode, o->distribution});
}

static cepa_status fill_named(drawing *d)
{
    const seed_options *o = d->options;
    return draw_scaled(d, o->seed, &d->initializer->variance);
}

/* ---- Matrices */

typedef struct orthogonal_options {
    double gain;
    int64_t seed;
} orthogonal_options;

static const field orthogonal_fields[] = {REAL(orthogonal_options, gain, .preset = 1),
                                          LONG(orthogonal_options, seed, .optional = true), END_OF_FIELDS};
static const field identity_fields[] = {REAL(orthogonal_options, gain, .preset = 1), END_OF_FIELDS};

/* Takes out of v what it shares with each of the count unit vectors before it, and makes it one itself. */
static void orthonormalise(double *vectors, size_t count, size_t length)
{
    double *v = vectors + count * length, square = 0;
    for (size_t twice = 0; twice < 2; twice++) /* the second time removes what rounding left */
        for (size_t i = 0; i < count; i++) {
            const double *unit = vectors + i * length;
            double product = 0;
            for (size_t k = 0; k < length; k++) product += unit[k] * v[k];
            for (size_t k = 0; k < length; k++) v[k] -= product * unit[k];
        }
    for (size_t k = 0; k < length; k++) square += v[k] * v[k];
    for (size_t k = 0; k < length; k++) v[k] /= sqrt(square);
}

/* The Q of a normal matrix's QR decomposition, R's diagonal positive; rows are all axes but the last. The shorter
 * side's vectors are orthonormal. */
static cepa_status fill_orthogonal(drawing *d)
{
    const orthogonal_options *o = d->options;
    if (d->rank < 2)
        return fail(d->error, CEPA_SHAPE, "Orthogonal: a weight with %zu axes, at least 2 are needed", d->rank);
    const random_stream stream = seeded(d, o->seed);
    size_t columns = (size_t)d->size[d->rank - 1], rows = d->count / columns, bytes;
    size_t vectors = columns < rows ? columns : rows, length = d->count / vectors;
    if (!multiply_size(d->count, sizeof(double), &bytes)) return fail_memory(d->error);
    double *matrix = malloc(bytes);
    if (!matrix) return fail_memory(d->error);
    for (size_t v = 0; v < vectors; v++) {
        for (size_t k = 0; k < length; k++) matrix[v * length + k] = random_normal(&stream, k * vectors + v);
        orthonormalise(matrix, v, length);
    }
    for (size_t i = 0; i < d->count; i++) {
        size_t row = i / columns, column = i % columns;
        d->values[i] = (real)(o->gain * matrix[columns <= rows ? column * length + row : row * length + column]);
    }
    free(matrix);
    return CEPA_OK;
}

static cepa_status fill_identity(drawing *d)
{
    const orthogonal_options *o = d->options;
    if (d->rank != 2) return fail(d->error, CEPA_SHAPE, "Identity: a weight with %zu axes, 2 are needed", d->rank);
    size_t columns = (size_t)d->size[1];
    for (size_t i = 0; i < d->count; i++) d->values[i] = (real)(i / columns == i % columns ? o->gain : 0);
    return CEPA_OK;
}

/* ---- The table */

#define SCALED(symbol, name_, ...)                                                                                     \
    static const initializer symbol = {                                                                                \
        {.name = name_, .fields = seed_fields, .options_size = sizeof(seed_options)}, fill_named, {__VA_ARGS__}}
#define DRAWN(symbol, name_, aliases_, fields_, options_, fill_)                                                       \
    static const initializer symbol = {                                                                                \
        {.name = name_, .aliases = aliases_, .fields = fields_, .options_size = sizeof(options_)}, fill_}
#define FIXED(symbol, name_, aliases_, fill_)                                                                          \
    static const initializer symbol = {{.name = name_, .aliases = aliases_}, fill_}

SCALED(glorot_uniform, "GlorotUniform", 1, fan_avg, uniform_name);
SCALED(glorot_normal, "GlorotNormal", 1, fan_avg, truncated_normal_name);
SCALED(he_uniform, "HeUniform", 2, fan_in, uniform_name);
SCALED(he_normal, "HeNormal", 2, fan_in, truncated_normal_name);
SCALED(lecun_uniform, "LecunUniform", 1, fan_in, uniform_name);
SCALED(lecun_normal, "LecunNormal", 1, fan_in, truncated_normal_name);
DRAWN(variance_scaling, "VarianceScaling", NULL, scaling_fields, scaling_options, fill_scaled);
DRAWN(random_uniform_kind, "RandomUniform", ALIASES("uniform"), uniform_fields, uniform_options, fill_uniform);
DRAWN(random_normal_kind, "RandomNormal", ALIASES("normal"), normal_fields, normal_options, fill_normal);
DRAWN(truncated_normal, "TruncatedNormal", NULL, normal_fields, normal_options, fill_truncated);
DRAWN(orthogonal, "Orthogonal", ALIASES("OrthogonalInitializer"), orthogonal_fields, orthogonal_options,
      fill_orthogonal);
DRAWN(identity, "Identity", ALIASES("IdentityInitializer"), identity_fields, orthogonal_options, fill_identity);
DRAWN(constant, "Constant", NULL, constant_fields, constant_options, fill_constant);
FIXED(zeros, "Zeros", ALIASES("zero"), fill_zeros);
FIXED(ones, "Ones", ALIASES("one"), fill_ones);

static const kind *const members[] = {
    &glorot_uniform.kind,
    &glorot_normal.kind,
    &he_uniform.kind,
    &he_normal.kind,
    &lecun_uniform.kind,
    &lecun_normal.kind,
    &variance_scaling.kind,
    &random_uniform_kind.kind,
    &random_normal_kind.kind,
    &truncated_normal.kind,
    &orthogonal.kind,
    &identity.kind,
    &zeros.kind,
    &ones.kind,
    &constant.kind,
};
const family initializer_family = {"initializer", members, ARRAY_COUNT(members)};

cepa_status initializer_fill(const member *member, const int *size, size_t rank, const random_stream *stream,
                             real *values, cepa_error *error)
{
    const initializer *initializer = (const struct initializer *)member->kind;
    drawing d = {.initializer = initializer,
                 .options = member->options,
                 .size = size,
                 .rank = rank,
                 .count = 1,
                 .stream = *stream,
                 .values = values,
                 .error = error};
    for (size_t i = 0; i < rank; i++) d.count *= (size_t)size[i];
    return initializer->fill(&d);
}
