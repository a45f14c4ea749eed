/* Activation functions by name: Keras' numbers, each instruction set within the case's tolerance; names and arguments.
 */
#include "golden.h"

#include "base/memory.h"
#include "layers/activations.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Cases that no entry of the table stands for yet: glu halves its axis; Keras 3.15's sparsemax does not add up to 1. */
static const char *const not_built[] = {"activations/glu", "activations/sparsemax"};

static bool is_built(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(not_built); i++)
        if (strcmp(name, not_built[i]) == 0) return false;
    return true;
}

/* A case's numbers in lanes: rows of an axis case are its first axis, at most 16; others are one row of all numbers. */
typedef struct run {
    activation_call call;
    unsigned needs;
    bool along_axis;
    shape shape;
    size_t rows, count;
    uint32_t *order;
    lanes *x, *y, *dy, *dx;
} run;

static void fill(const run *r, const golden_array *from, lanes *to)
{
    for (size_t e = 0; e < r->count; e++)
        for (size_t l = 0; l < LANES; l++) {
            size_t row = l < r->rows ? l : r->rows - 1;
            to[e].lane[l] = from ? (real)from->values[row * r->count + r->order[e]] : 1;
        }
}

static void prepare(run *r, arena *memory, const golden *g)
{
    const golden_array *x = golden_need(&g->arrays, "x");
    cepa_error error;
    char *text = golden_call(golden_text(g->json, "function", ""), json_object_get(g->json, "arguments"));
    *r = (run){.along_axis = golden_find(&g->arrays, "dy") != NULL};
    r->rows = r->along_axis ? x->shape[0] : 1;
    r->count = x->count / r->rows;
    r->shape.rank = r->along_axis ? x->rank - 1 : 1;
    for (size_t i = 0; i < r->shape.rank; i++) r->shape.size[i] = (int)(r->along_axis ? x->shape[i + 1] : x->shape[i]);
    if (activation_prepare(memory, text, &r->shape, &r->call, &r->needs, &error)) fail_msg("%s", error.message);
    free(text);
    r->order = arena_array(memory, r->count, sizeof *r->order);
    shape_order(&r->shape, r->order);
    lanes **blocks[] = {&r->x, &r->y, &r->dy, &r->dx};
    for (size_t i = 0; i < ARRAY_COUNT(blocks); i++) *blocks[i] = allocate_aligned(r->count * sizeof(lanes));
    fill(r, x, r->x);
    fill(r, golden_find(&g->arrays, "dy"), r->dy);
}

static void finish(run *r)
{
    free(r->x);
    free(r->y);
    free(r->dy);
    free(r->dx);
}

static bool compare(const run *r, const golden *g, const char *result, const lanes *found)
{
    double *numbers = calloc(r->rows * r->count, sizeof *numbers);
    for (size_t e = 0; e < r->count; e++)
        for (size_t row = 0; row < r->rows; row++) numbers[row * r->count + r->order[e]] = (double)found[e].lane[row];
    bool same = golden_matches(g, result, numbers, r->rows * r->count, 0);
    free(numbers);
    return same;
}

/* At infinity: Keras' value, or anything where that is NaN. */
static bool compare_ends(const run *r, const golden *g)
{
    const golden_array *ends = golden_find(&g->arrays, "y_inf");
    bool good = true;
    for (size_t i = 0; ends && i < 2; i++) {
        activation_call call = r->call;
        call.count = 1;
        lanes x;
        for (size_t l = 0; l < LANES; l++) x.lane[l] = i ? INFINITY : -INFINITY;
        activation_forward(&call, &x, &x);
        bool same = isnan(ends->values[i]) || (real)ends->values[i] == x.lane[0];
        if (!same) printf("%s at %sinfinity: %g, not %g\n", g->name, i ? "" : "-", (double)x.lane[0], ends->values[i]);
        good = good && same;
    }
    return good;
}

/* Only what the gradient says it needs is given. */
static bool check_case(const char *name)
{
    arena memory = {0};
    golden g;
    run r;
    golden_open(&g, name);
    prepare(&r, &memory, &g);
    activation_forward(&r.call, r.x, r.y);
    activation_gradient(&r.call, r.dy, r.needs & NEEDS_INPUT ? r.x : NULL, r.needs & NEEDS_OUTPUT ? r.y : NULL, r.dx);
    bool good = compare(&r, &g, "y", r.y);
    good = compare(&r, &g, "dx", r.dx) && good;
    good = compare_ends(&r, &g) && good;
    finish(&r);
    arena_free(&memory);
    golden_close(&g);
    return good;
}

static void numbers_are_those_of_keras(void **state)
{
    (void)state;
    static const char *const isas[] = {"portable", "avx2", "avx512"};
    size_t count, bad = 0, checked = 0;
    char **names = golden_names("activations", ".json", &count);
    if (!count) skip();
    for (size_t isa = 0; isa < ARRAY_COUNT(isas); isa++) {
        kernels = kernels_named(isas[isa]);
        for (size_t i = 0; kernels && i < count; i++) {
            if (!is_built(names[i])) {
                if (isa == 0) printf("%s: not built yet\n", names[i]);
                continue;
            }
            bool good = check_case(names[i]);
            if (!good) printf("%s on %s\n", names[i], isas[isa]);
            bad += !good;
            checked++;
        }
    }
    golden_free_names(names, count);
    printf("%zu comparisons\n", checked);
    assert_true(checked > 0);
    assert_int_equal(bad, 0);
}

/* The status of preparing text on a row of (4, 6). */
static cepa_status status_of(const char *text, cepa_error *error)
{
    arena memory = {0};
    activation_call call;
    unsigned needs;
    cepa_status status = activation_prepare(&memory, text, &(shape){2, {4, 6}}, &call, &needs, error);
    arena_free(&memory);
    return status;
}

static void names_are_exact(void **state)
{
    (void)state;
    static const char *const good[] = {"relu",
                                       "swish",
                                       "silu",
                                       "hard_swish",
                                       "keras.activations.tanh",
                                       "softmax",
                                       "gelu(approximate=True)",
                                       "relu(max_value=6)",
                                       "softmax(axis=1)",
                                       "linear"};
    static const char *const bad[] = {
        "ReLU",           "Tanh",      "hardsigmoid",   "nothing",         "gelu(sharp=1)",
        "leaky_relu(-1)", "threshold", "celu(alpha=0)", "softmax(axis=3)", "softmax(axis=0)"};
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) assert_int_equal(status_of(good[i], NULL), CEPA_OK);
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        cepa_error error = {0};
        assert_int_not_equal(status_of(bad[i], &error), CEPA_OK);
        assert_true(strlen(error.message) > 10);
    }
    assert_int_equal(status_of(NULL, NULL), CEPA_OK); /* None is linear */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_keras),
        cmocka_unit_test(names_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
