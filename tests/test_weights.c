/* What is said of weights: initializers against the distributions that Keras draws from, regularizers and constraints
 * against their formulas. */
#include "golden.h"

#include "base/memory.h"
#include "weights/weights.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A weight of some shape and the arena of what is said of it. */
typedef struct weight {
    arena memory;
    int size[CEPA_MAX_RANK];
    size_t rank, count;
    real *values;
} weight;

static weight weight_new(size_t rank, const int *size)
{
    weight w = {.rank = rank, .count = 1};
    for (size_t i = 0; i < rank; i++) w.count *= (size_t)(w.size[i] = size[i]);
    w.values = arena_array(&w.memory, w.count, sizeof *w.values);
    assert_non_null(w.values);
    return w;
}

#define WEIGHT(...) weight_new(sizeof((int[]){__VA_ARGS__}) / sizeof(int), (int[]){__VA_ARGS__})

static void weight_free(weight *w) { arena_free(&w->memory); }

static member parsed(weight *w, const family *family, const char *text)
{
    member m;
    cepa_error error;
    if (member_parse(&w->memory, family, text, &m, &error)) fail_msg("%s", error.message);
    return m;
}

static cepa_status fill(weight *w, const char *text, uint64_t seed, cepa_error *error)
{
    member m = parsed(w, &initializer_family, text);
    const random_stream stream = random_stream_of(seed, "dense", "kernel", 0);
    return initializer_fill(&m, w->size, w->rank, &stream, w->values, error);
}

/* ---- Initializers */

typedef struct moments {
    double mean, deviation, least, most;
} moments;

static moments moments_of(const weight *w)
{
    moments m = {.least = (double)w->values[0], .most = (double)w->values[0]};
    double square = 0;
    for (size_t i = 0; i < w->count; i++) {
        double x = (double)w->values[i];
        m.mean += x / (double)w->count;
        m.least = fmin(m.least, x);
        m.most = fmax(m.most, x);
    }
    for (size_t i = 0; i < w->count; i++) square += ((double)w->values[i] - m.mean) * ((double)w->values[i] - m.mean);
    m.deviation = sqrt(square / (double)w->count);
    return m;
}

/* Within four standard errors of what is expected, and inside the limits, which a draw of some hundreds comes close to.
 */
static bool has_moments(const weight *w, const json_t *expected)
{
    moments m = moments_of(w);
    double mean = golden_number(expected, "mean", 0), deviation = golden_number(expected, "stddev", 0);
    double limit = golden_number(expected, "limit", INFINITY), error = 4 * deviation / sqrt((double)w->count);
    double least = golden_number(expected, "min", mean - limit), most = golden_number(expected, "max", mean + limit);
    bool inside = m.least >= least - 1e-7 && m.most <= most + 1e-7;
    bool reaches = isinf(limit) || (m.most > mean + 0.8 * limit && m.least < mean - 0.8 * limit);
    return fabs(m.mean - mean) <= error && fabs(m.deviation - deviation) <= error && inside && reaches;
}

static bool has_values(const weight *w, const golden *g, size_t number)
{
    char name[32];
    snprintf(name, sizeof name, "value_%zu", number);
    const golden_array *values = golden_need(&g->arrays, name);
    for (size_t i = 0; i < w->count; i++)
        if (w->values[i] != (real)values->values[i]) return false;
    return true;
}

/* The rows or columns of the matrix, whichever are fewer, have length gain and right angles. */
static bool is_orthogonal(const weight *w, double gain)
{
    size_t columns = (size_t)w->size[w->rank - 1], rows = w->count / columns;
    bool by_row = rows < columns;
    size_t vectors = by_row ? rows : columns, length = w->count / vectors;
    for (size_t a = 0; a < vectors; a++)
        for (size_t b = 0; b < vectors; b++) {
            double product = 0;
            for (size_t k = 0; k < length; k++)
                product += (double)w->values[by_row ? a * columns + k : k * columns + a] *
                           (double)w->values[by_row ? b * columns + k : k * columns + b];
            if (fabs(product - (a == b ? gain * gain : 0)) > 1e-6) return false;
        }
    return true;
}

static bool check_shape(const golden *g, const json_t *expected, size_t number)
{
    int size[CEPA_MAX_RANK];
    const json_t *shape = json_object_get(expected, "shape");
    for (size_t i = 0; i < json_array_size(shape); i++) size[i] = (int)json_integer_value(json_array_get(shape, i));
    weight w = weight_new(json_array_size(shape), size);
    char *text = golden_call(golden_text(g->json, "class", ""), json_object_get(g->json, "arguments"));
    assert_int_equal(fill(&w, text, 1, NULL), CEPA_OK);
    const char *distribution = golden_text(expected, "distribution", "");
    bool good = strcmp(distribution, "exact") == 0        ? has_values(&w, g, number)
                : strcmp(distribution, "orthogonal") == 0 ? is_orthogonal(&w, golden_number(expected, "gain", 1))
                                                          : has_moments(&w, expected);
    if (!good)
        printf("%s, shape %zu: mean %g, deviation %g\n", text, number, moments_of(&w).mean, moments_of(&w).deviation);
    weight_free(&w);
    free(text);
    return good;
}

static void distributions_are_those_of_keras(void **state)
{
    (void)state;
    size_t count, checked = 0;
    bool good = true;
    char **names = golden_names("initializers", ".json", &count);
    if (!count) skip();
    for (size_t i = 0; i < count; i++) {
        golden g;
        golden_open(&g, names[i]);
        const json_t *shapes = json_object_get(g.json, "shapes");
        for (size_t k = 0; k < json_array_size(shapes); k++, checked++)
            good = check_shape(&g, json_array_get(shapes, k), k) && good;
        golden_close(&g);
    }
    golden_free_names(names, count);
    printf("%zu shapes\n", checked);
    assert_true(good);
}

static bool same_values(const weight *a, const weight *b)
{
    return memcmp(a->values, b->values, a->count * sizeof *a->values) == 0;
}

static void draws_depend_on_seed_and_place(void **state)
{
    (void)state;
    weight a = WEIGHT(20, 30), b = WEIGHT(20, 30), more = WEIGHT(40, 30);
    static const char *const texts[] = {"random_normal", "uniform", "truncated_normal", "TruncatedNormal(seed=5)"};
    for (size_t i = 0; i < 4; i++) {
        fill(&a, texts[i], 1, NULL);
        fill(&b, texts[i], 1, NULL);
        fill(&more, texts[i], 1, NULL);
        assert_true(same_values(&a, &b));
        assert_memory_equal(a.values, more.values,
                            a.count * sizeof *a.values); /* more rows leave the first ones alone */
        fill(&b, texts[i], 2, NULL);
        assert_true(same_values(&a, &b) == (i == 3)); /* a seed of its own does not see the graph's */
    }
    weight_free(&a);
    weight_free(&b);
    weight_free(&more);
}

static void names_and_shapes_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"zeros",
                                       "Zeros",
                                       "zero",
                                       "glorot_uniform",
                                       "GlorotUniform",
                                       "normal",
                                       "RandomNormal",
                                       "keras.initializers.HeNormal(seed=3)",
                                       "constant(0.5)",
                                       "uniform",
                                       "variance_scaling(2.0, 'fan_avg', 'normal')",
                                       "orthogonal(gain=2)"};
    static const char *const bad[] = {"glorot", "VarianceScaling(scale=0)", "VarianceScaling(mode='fan')", "zeros(1)"};
    weight w = WEIGHT(4, 4), vector = WEIGHT(6);
    member m;
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) assert_int_equal(fill(&w, good[i], 1, NULL), CEPA_OK);
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_int_not_equal(member_parse(&w.memory, &initializer_family, bad[i], &m, NULL), CEPA_OK);
    cepa_error error;
    assert_int_equal(fill(&vector, "identity", 1, &error), CEPA_SHAPE);
    assert_string_equal(error.message, "Identity: a weight with 1 axes, 2 are needed");
    assert_int_equal(fill(&vector, "orthogonal", 1, &error), CEPA_SHAPE);
    weight_free(&w);
    weight_free(&vector);
}

/* ---- Regularizers */

static void check_penalty(const char *text, double l1, double l2)
{
    weight w = WEIGHT(7, 5);
    fill(&w, "random_normal(stddev=1.0)", 3, NULL);
    w.values[4] = 0;
    member m = parsed(&w, &regularizer_family, text);
    real *gradient = arena_array(&w.memory, w.count, sizeof *gradient);
    double penalty = 0;
    for (size_t i = 0; i < w.count; i++) {
        double x = (double)w.values[i];
        penalty += l1 * fabs(x) + l2 * x * x;
        gradient[i] = 1;
    }
    regularizer_gradient(&m, w.values, w.count, gradient);
    assert_true(fabs(regularizer_penalty(&m, w.values, w.count) - penalty) <= 1e-12 * penalty);
    for (size_t i = 0; i < w.count; i++) {
        double x = (double)w.values[i], sign = (x > 0) - (x < 0);
        assert_true(fabs((double)gradient[i] - (1 + l1 * sign + 2 * l2 * x)) < 3e-7);
    }
    weight_free(&w);
}

static void penalties_are_l1_and_l2(void **state)
{
    (void)state;
    check_penalty("l1", 0.01, 0);
    check_penalty("L1(0.2)", 0.2, 0);
    check_penalty("l2", 0, 0.01);
    check_penalty("keras.regularizers.l2(l2=0.3)", 0, 0.3);
    check_penalty("l1_l2(0.1, 0.2)", 0.1, 0.2);
    check_penalty("l1l2", 0, 0);
    check_penalty("L1L2(l2=0.5)", 0, 0.5);
    weight w = WEIGHT(1);
    member m;
    assert_int_not_equal(member_parse(&w.memory, &regularizer_family, "l2(-1)", &m, NULL), CEPA_OK);
    weight_free(&w);
}

/* ---- Constraints */

/* The norm of one output's share of a (3, 4, 5) weight over its first axes. */
static double norm_of(const weight *w, size_t axes, size_t at)
{
    size_t stride = 1;
    double sum = 0;
    for (size_t i = axes; i < w->rank; i++) stride *= (size_t)w->size[i];
    for (size_t i = at; i < w->count; i += stride) sum += (double)w->values[i] * (double)w->values[i];
    return sqrt(sum);
}

static void check_norms(const char *text, size_t axes, double low, double high, double rate)
{
    weight w = WEIGHT(3, 4, 5), before = WEIGHT(3, 4, 5);
    fill(&w, "random_normal(stddev=0.7)", 4, NULL);
    fill(&before, "random_normal(stddev=0.7)", 4, NULL);
    member m = parsed(&w, &constraint_family, text);
    assert_int_equal(constraint_check(&m, w.rank, NULL), CEPA_OK);
    constraint_apply(&m, w.size, w.rank, w.values);
    size_t parts = axes == 1 ? 20 : axes == 2 ? 5 : 1;
    for (size_t at = 0; at < parts; at++) {
        double old = norm_of(&before, axes, at), wanted = rate * fmin(fmax(old, low), high) + (1 - rate) * old;
        assert_true(fabs(norm_of(&w, axes, at) - wanted) < 1e-6 * fmax(1, wanted));
        assert_true(fabs((double)w.values[at] / (double)before.values[at] - wanted / old) < 1e-6);
    }
    weight_free(&w);
    weight_free(&before);
}

static void norms_are_constrained(void **state)
{
    (void)state;
    check_norms("max_norm", 1, 0, 2, 1);
    check_norms("MaxNorm(max_value=0.8)", 1, 0, 0.8, 1);
    check_norms("max_norm(1.1, axis=[0, 1])", 2, 0, 1.1, 1);
    check_norms("max_norm(1.1, [0, 1, -1])", 3, 0, 1.1, 1);
    check_norms("unit_norm", 1, 1, 1, 1);
    check_norms("unit_norm(axis=(-3, 1))", 2, 1, 1, 1);
    check_norms("min_max_norm(0.9, 1.2, 0.5)", 1, 0.9, 1.2, 0.5);
    weight w = WEIGHT(2, 3);
    fill(&w, "random_normal", 4, NULL);
    member non_neg = parsed(&w, &constraint_family, "non_neg"),
           off = parsed(&w, &constraint_family, "max_norm(axis=2)");
    assert_int_equal(constraint_check(&non_neg, w.rank, NULL), CEPA_OK);
    assert_int_equal(constraint_check(&off, w.rank, NULL), CEPA_SHAPE);
    constraint_apply(&non_neg, w.size, w.rank, w.values);
    for (size_t i = 0; i < w.count; i++) assert_true(w.values[i] >= 0);
    weight_free(&w);
}

static void axes_are_written_as_keras_counts_them(void **state)
{
    (void)state;
    weight w = WEIGHT(1);
    static const char *const texts[][2] = {{"max_norm", "MaxNorm"},
                                           {"max_norm(axis=[0, 1, 2])", "MaxNorm(axis=(0, 1, 2))"},
                                           {"UnitNorm(axis=1)", "UnitNorm(axis=1)"},
                                           {"unit_norm(-1)", "UnitNorm(axis=-1)"}};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        member m = parsed(&w, &constraint_family, texts[i][0]);
        assert_string_equal(member_print(&w.memory, &m), texts[i][1]);
        member again = parsed(&w, &constraint_family, texts[i][1]);
        assert_memory_equal(again.options, m.options, m.kind->options_size);
    }
    weight_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distributions_are_those_of_keras),
        cmocka_unit_test(draws_depend_on_seed_and_place),
        cmocka_unit_test(names_and_shapes_are_checked),
        cmocka_unit_test(penalties_are_l1_and_l2),
        cmocka_unit_test(norms_are_constrained),
        cmocka_unit_test(axes_are_written_as_keras_counts_them),
    };
    cepa_error error;
    if (kernels_choose(&error)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
