/* Optimizers against Keras' numbers: weights after every step, state in the order of Keras' files. */
#include "golden.h"
#include "train/optimizer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_NUMBERS = 64 };

/* A case at work: its kernel and bias side by side. */
typedef struct trained {
    arena memory;
    parameter parameters[2];
    optimizer o;
    size_t steps, kernel, bias; /* sizes */
    real values[MOST_NUMBERS];
    double *kernel_after, *bias_after;
} trained;

static const int kernel_size[] = {5, 3}, bias_size[] = {3};

static member read_member(arena *memory, const family *family, const char *class_name, const json_t *config)
{
    member found = {0};
    cepa_error error = {0};
    char *text = golden_call(class_name, config);
    if (member_parse(memory, family, text, &found, &error)) print_error("%s: %s\n", text, error.message);
    free(text);
    return found;
}

/* Why a case cannot be run yet; NULL: it can. */
static const char *not_built(const golden *g)
{
    if (!family_find(&optimizer_family, golden_text(g->json, "class", ""))) return golden_text(g->json, "class", "");
    if (json_object_get(g->json, "exclude_from_weight_decay")) return "exclude_from_weight_decay, which no file holds";
    return NULL;
}

static void begin(trained *t, const golden *g)
{
    const json_t *keras = json_object_get(g->json, "keras"),
                 *constraint = json_object_get(g->json, "kernel_constraint");
    const golden_array *kernel = golden_need(&g->arrays, "kernel"), *bias = golden_need(&g->arrays, "bias");
    cepa_error error = {0};
    t->kernel = kernel->count;
    t->bias = bias->count;
    t->steps = (size_t)golden_number(g->json, "steps", 0);
    for (size_t i = 0; i < t->kernel; i++) t->values[i] = (real)kernel->values[i];
    for (size_t i = 0; i < t->bias; i++) t->values[t->kernel + i] = (real)bias->values[i];
    t->parameters[0] = (parameter){"dense", "kernel", 2, kernel_size, 0, 0, t->kernel, {0}, {0}};
    t->parameters[1] = (parameter){"dense", "bias", 1, bias_size, t->kernel, t->kernel, t->bias, {0}, {0}};
    if (constraint)
        t->parameters[0].constraint =
            read_member(&t->memory, &constraint_family, golden_text(constraint, "class_name", ""),
                        json_object_get(constraint, "config"));
    member chosen =
        read_member(&t->memory, &optimizer_family, golden_text(g->json, "class", ""), json_object_get(keras, "config"));
    assert_non_null(chosen.kind);
    assert_int_equal(optimizer_new(&t->memory, &chosen, t->parameters, 2, &t->o, &error), CEPA_OK);
    t->kernel_after = calloc(t->steps * t->kernel, sizeof(double));
    t->bias_after = calloc(t->steps * t->bias, sizeof(double));
}

static void step(trained *t, const golden *g, size_t index)
{
    const golden_array *d_kernel = golden_need(&g->arrays, "d_kernel"), *d_bias = golden_need(&g->arrays, "d_bias");
    real gradients[MOST_NUMBERS];
    for (size_t i = 0; i < t->kernel; i++) gradients[i] = (real)d_kernel->values[index * t->kernel + i];
    for (size_t i = 0; i < t->bias; i++) gradients[t->kernel + i] = (real)d_bias->values[index * t->bias + i];
    optimizer_batch b = optimizer_begin(&t->o, t->values, gradients);
    optimizer_step(&b, NULL);
    for (size_t i = 0; i < t->kernel; i++) t->kernel_after[index * t->kernel + i] = (double)t->values[i];
    for (size_t i = 0; i < t->bias; i++) t->bias_after[index * t->bias + i] = (double)t->values[t->kernel + i];
}

static bool numbers_match(const golden *g, const char *name, const real *values, size_t count)
{
    double numbers[MOST_NUMBERS];
    for (size_t i = 0; i < count; i++) numbers[i] = (double)values[i];
    return golden_matches(g, name, numbers, count, 1e-6);
}

static bool state_matches(trained *t, const golden *g)
{
    size_t count = t->o.variable_count, i;
    const json_t *slots = json_object_get(g->json, "slots");
    json_t *slot;
    bool same = count == json_array_size(slots);
    if (!same) print_error("%s: %zu variables, not %zu\n", g->name, count, json_array_size(slots));
    json_array_foreach(slots, i, slot)
    {
        if (i >= count) break;
        const optimizer_variable *v = &t->o.variables[i];
        const char *array = golden_text(slot, "array", ""), *path = golden_text(slot, "path", "");
        double number = v->iterations ? (double)*v->iterations : v->number ? *v->number : 0;
        same &= v->of ? numbers_match(g, array, v->values, v->count) : golden_matches(g, array, &number, 1, 0);
        same &= strstr(path, v->name) != NULL && (!v->of || strstr(path, v->of->name) != NULL);
        if (!same) print_error("%s: variable %zu is %s, here %s\n", g->name, i, path, v->name);
    }
    return same;
}

static bool case_matches(const golden *g)
{
    trained t = {.o = {0}};
    begin(&t, g);
    for (size_t i = 0; i < t.steps; i++) step(&t, g, i);
    bool same = golden_matches(g, "kernel_after", t.kernel_after, t.steps * t.kernel, 1e-6);
    same &= golden_matches(g, "bias_after", t.bias_after, t.steps * t.bias, 1e-6);
    same &= state_matches(&t, g);
    optimizer_finish(&t.o, t.values);
    if (golden_find(&g->arrays, "kernel_final")) {
        same &= numbers_match(g, "kernel_final", t.values, t.kernel);
        same &= numbers_match(g, "bias_final", t.values + t.kernel, t.bias);
    }
    free(t.kernel_after);
    free(t.bias_after);
    arena_free(&t.memory);
    return same;
}

static void golden_cases(void **state)
{
    (void)state;
    size_t count, compared = 0, wrong = 0;
    char **names = golden_names("optimizers", ".json", &count);
    if (!count) skip();
    for (size_t i = 0; i < count; i++) {
        golden g;
        golden_open(&g, names[i]);
        if (not_built(&g))
            print_message("%s: %s is not built yet\n", names[i], not_built(&g));
        else {
            wrong += !case_matches(&g);
            compared++;
        }
        golden_close(&g);
    }
    golden_free_names(names, count);
    print_message("%zu of %zu cases compared\n", compared, count);
    assert_int_equal(wrong, 0);
}

/* A schedule at each of a case's steps; the numbers are those of float32 Keras. */
static bool schedule_matches(const golden *g)
{
    arena memory = {0};
    const golden_array *steps = golden_need(&g->arrays, "step");
    member schedule;
    double rates[MOST_NUMBERS];
    char *text = golden_call(golden_text(g->json, "class", ""), json_object_get(g->json, "arguments"));
    cepa_error error = {0};
    if (schedule_parse(&memory, text, &schedule, &error)) fail_msg("%s: %s", text, error.message);
    assert_true(steps->count <= MOST_NUMBERS);
    for (size_t i = 0; i < steps->count; i++) rates[i] = schedule_rate(&schedule, (uint64_t)steps->values[i]);
    free(text);
    arena_free(&memory);
    return golden_matches(g, "learning_rate", rates, steps->count, 1e-7);
}

static void golden_schedules(void **state)
{
    (void)state;
    size_t count, wrong = 0;
    char **names = golden_names("schedules", ".json", &count);
    if (!count) skip();
    for (size_t i = 0; i < count; i++) {
        golden g;
        golden_open(&g, names[i]);
        wrong += !schedule_matches(&g);
        golden_close(&g);
    }
    golden_free_names(names, count);
    assert_int_equal(wrong, 0);
}

/* What Keras wrote down of itself beyond its golden cases: edges, restarts that grow and shrink, a step without end. */
static void schedules_at_their_edges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t step;
        double rate;
    } cases[] = {
        {"PiecewiseConstantDecay([3], [0.5, 0.25])", 3, 0.5},
        {"PiecewiseConstantDecay([3], [0.5, 0.25])", 4, 0.25},
        {"CosineDecay(0.0, 10, warmup_target=0.5)", 0, 0.5},
        {"CosineDecayRestarts(0.5, 10)", 30, 0.5},
        {"CosineDecayRestarts(0.5, 10, t_mul=0.5)", 15, 0.5},
        {"PolynomialDecay(0.5, 10, cycle=True)", 10, 1e-4},
        {"ExponentialDecay(0.5, 10, 0.5, staircase=True)", 20, 0.125},
        {"InverseTimeDecay(0.5, 1, 1)", 4000000000, 0.5 / 4000000001.0},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        arena memory = {0};
        member schedule;
        assert_int_equal(schedule_parse(&memory, cases[i].text, &schedule, NULL), CEPA_OK);
        double found = schedule_rate(&schedule, cases[i].step);
        if (found != (double)(float)cases[i].rate) fail_msg("%s: %.9g", cases[i].text, found);
        arena_free(&memory);
    }
}

static void refused_schedules(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"PiecewiseConstantDecay([3, 4], [0.5, 0.25])", "2 boundaries need 3 values, not 2"},
        {"CosineDecay(0.1, 0)", "decay_steps must be greater than 0"},
        {"Decay(0.1)", "unknown schedule 'Decay'; known are ExponentialDecay, "},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        arena memory = {0};
        member schedule;
        cepa_error error;
        assert_int_equal(schedule_parse(&memory, cases[i][0], &schedule, &error), CEPA_ARGUMENT);
        if (!strstr(error.message, cases[i][1])) fail_msg("%s", error.message);
        arena_free(&memory);
    }
}

/* A large weight, cut into many chunks, has the same bits for any number of threads. */
static void threads_do_not_matter(void **state)
{
    (void)state;
    enum { COUNT = 100003 };
    static real values[2][COUNT], gradients[COUNT];
    static const int size[] = {COUNT};
    const random_stream stream = {.key = 5};
    team *three = team_new(3);
    const parameter p = {"dense", "kernel", 1, size, 0, 0, COUNT, {0}, {0}};
    for (size_t run = 0; run < 2; run++) {
        arena memory = {0};
        member chosen;
        optimizer o;
        assert_int_equal(
            member_parse(&memory, &optimizer_family, "Adam(global_clipnorm=0.5, weight_decay=0.01)", &chosen, NULL),
            CEPA_OK);
        assert_int_equal(optimizer_new(&memory, &chosen, &p, 1, &o, NULL), CEPA_OK);
        for (size_t i = 0; i < COUNT; i++) values[run][i] = (real)random_uniform24(random_word(&stream, 0, i));
        for (uint32_t step = 1; step <= 3; step++) {
            for (size_t i = 0; i < COUNT; i++)
                gradients[i] = (real)random_uniform24(random_word(&stream, step, i)) - (real)0.5;
            optimizer_batch b = optimizer_begin(&o, values[run], gradients);
            optimizer_step(&b, run ? three : NULL);
        }
        arena_free(&memory);
    }
    team_free(three);
    assert_memory_equal(values[0], values[1], sizeof values[0]);
}

static void one_way_of_clipping(void **state)
{
    (void)state;
    arena memory = {0};
    member chosen;
    optimizer o;
    cepa_error error = {0};
    assert_int_equal(member_parse(&memory, &optimizer_family, "sgd(clipnorm=1.0, clipvalue=1.0)", &chosen, NULL),
                     CEPA_OK);
    assert_int_equal(optimizer_new(&memory, &chosen, NULL, 0, &o, &error), CEPA_ARGUMENT);
    assert_non_null(strstr(error.message, "only one of clipnorm"));
    arena_free(&memory);
}

int main(void)
{
    cepa_error error = {0};
    if (kernels_choose(&error)) return cepa_die(&error);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases),
        cmocka_unit_test(golden_schedules),
        cmocka_unit_test(schedules_at_their_edges),
        cmocka_unit_test(refused_schedules),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(one_way_of_clipping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
