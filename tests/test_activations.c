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

/* A case's numbers in lanes: rows of an axis case are its first axis, at most 16; others are one row of all numbers. */
typedef struct run {
    activation_call call;
    unsigned needs;
    bool along_axis;
    shape shape;
    size_t rows, count;
    lanes *x, *y, *dy, *dx;
} run;

static uint32_t *order_of(arena *memory, const shape *s)
{
    uint32_t *order = arena_array(memory, shape_count(s), sizeof *order);
    shape_order(s, order);
    return order;
}

static void fill(arena *memory, const run *r, const shape *s, const golden_array *from, lanes *to)
{
    const uint32_t *order = order_of(memory, s);
    size_t count = shape_count(s);
    for (size_t e = 0; e < count; e++)
        for (size_t l = 0; l < LANES; l++) {
            size_t row = l < r->rows ? l : r->rows - 1;
            to[e].lane[l] = from ? (real)from->values[row * count + order[e]] : 1;
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
    lanes **blocks[] = {&r->x, &r->y, &r->dy, &r->dx};
    for (size_t i = 0; i < ARRAY_COUNT(blocks); i++) *blocks[i] = allocate_aligned(r->count * sizeof(lanes));
    fill(memory, r, &r->shape, x, r->x);
    fill(memory, r, &r->call.output, golden_find(&g->arrays, "dy"), r->dy);
}

static void finish(run *r)
{
    free(r->x);
    free(r->y);
    free(r->dy);
    free(r->dx);
}

static bool compare(arena *memory, const run *r, const shape *s, const golden *g, const char *result,
                    const lanes *found)
{
    size_t count = shape_count(s);
    double *numbers = calloc(r->rows * count, sizeof *numbers);
    uint32_t *order = order_of(memory, s);
    for (size_t e = 0; e < count; e++)
        for (size_t row = 0; row < r->rows; row++) numbers[row * count + order[e]] = (double)found[e].lane[row];
    bool same = golden_matches(g, result, numbers, r->rows * count, 0);
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
    bool good = compare(&memory, &r, &r.call.output, &g, "y", r.y);
    good = compare(&memory, &r, &r.shape, &g, "dx", r.dx) && good;
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
                                       "glu(axis=1)",
                                       "linear"};
    static const char *const bad[] = {
        "ReLU",      "Tanh",          "hardsigmoid",     "nothing",         "gelu(sharp=1)", "leaky_relu(-1)",
        "threshold", "celu(alpha=0)", "softmax(axis=3)", "softmax(axis=0)", "glu(axis=0)"};
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
