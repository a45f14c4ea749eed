/* Metrics against Keras' numbers: a stream of batches, and the result after each. */
#include "golden.h"
#include "train/metric.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static shape row_shape(const golden_array *a)
{
    shape s = {a->rank - 1, {0}};
    for (size_t i = 0; i < s.rank; i++) s.size[i] = (int)a->shape[i + 1];
    return s;
}

/* A row stands alone in a block, copied to all lanes, the last axis outermost where it is one like the predictions. */
static lanes *row_lanes(const metric *m, const golden_array *from, size_t row)
{
    size_t count = from->count / from->shape[0], positions = count == m->classes * m->positions ? m->positions : count;
    lanes *made = aligned_alloc(64, count * sizeof(lanes));
    for (size_t e = 0; e < count; e++) {
        size_t place = e % positions * (count / positions) + e / positions;
        for (size_t lane = 0; lane < LANES; lane++) made[e].lane[lane] = (real)from->values[row * count + place];
    }
    return made;
}

static void add_row(const metric *m, const golden_array *pred, const golden_array *target, size_t row, double weight,
                    double *state)
{
    lanes *p = row_lanes(m, pred, row), *t = row_lanes(m, target, row);
    double values[LANES] = {0};
    if (!metric_keeps_state(m)) metric_run(m, p, t, values);
    metric_add(m, &(metric_row){p, t, LANES - 1, values[LANES - 1], weight}, state);
    free(p);
    free(t);
}

static const golden_array *of_batch(const golden *g, const char *name, size_t batch, bool needed)
{
    char full[40];
    snprintf(full, sizeof full, "%s_%zu", name, batch);
    return needed ? golden_need(&g->arrays, full) : golden_find(&g->arrays, full);
}

static void begin(arena *memory, const golden *g, const member *chosen, metric *m)
{
    cepa_error error = {0};
    const golden_array *pred = of_batch(g, "y_pred", 0, true), *target = of_batch(g, "y_true", 0, true);
    shape p = row_shape(pred), t = row_shape(target);
    if (metric_new(memory, chosen, &p, &t, false, m, &error)) fail_msg("%s: %s", g->name, error.message);
}

/* Hinge losses look at all targets first. */
static void look_at_targets(metric *m, const golden_array *target)
{
    target_range range = target_range_new();
    for (size_t i = 0; !m->class && i < target->count; i++) target_range_add(&range, &m->loss, target->values[i]);
    if (!m->class) assert_int_equal(loss_meet_targets(&m->loss, &range, NULL), CEPA_OK);
}

static bool case_matches(arena *memory, const golden *g, const member *chosen)
{
    metric m;
    begin(memory, g, chosen, &m);
    size_t batches = (size_t)golden_number(g->json, "batches", 0);
    double *state = arena_array(memory, m.state_count, sizeof *state);
    double *results = arena_array(memory, batches * m.result_count, sizeof *results);
    for (size_t batch = 0; batch < batches; batch++) {
        const golden_array *pred = of_batch(g, "y_pred", batch, true), *target = of_batch(g, "y_true", batch, true);
        const golden_array *weight = of_batch(g, "sample_weight", batch, false);
        look_at_targets(&m, target);
        for (size_t row = 0; row < pred->shape[0]; row++)
            add_row(&m, pred, target, row, weight ? weight->values[row] : 1, state);
        metric_report(&m, state, results + batch * m.result_count);
    }
    return golden_matches(g, "result", results, batches * m.result_count, 1e-6);
}

static bool run_case(const golden *g, size_t *compared)
{
    arena memory = {0};
    member chosen = {0};
    cepa_error error = {0};
    const char *class_name = golden_text(g->json, "class", "");
    const kind *kind = metric_find(class_name);
    bool same = true;
    if (!kind) {
        print_message("%s is not a metric that a model is compiled with\n", g->name);
    } else {
        char *text = golden_call(class_name, json_object_get(g->json, "arguments"));
        const family *family = family_find(&metric_family, class_name) ? &metric_family : &loss_family;
        if (member_parse(&memory, family, text, &chosen, &error)) fail_msg("%s: %s", text, error.message);
        free(text);
        same = case_matches(&memory, g, &chosen);
        *compared += 1;
    }
    arena_free(&memory);
    return same;
}

static void golden_cases(void **state)
{
    (void)state;
    size_t count, compared = 0, wrong = 0;
    char **names = golden_names("metrics", ".json", &count);
    if (!count) skip();
    for (size_t i = 0; i < count; i++) {
        golden g;
        golden_open(&g, names[i]);
        wrong += !run_case(&g, &compared);
        golden_close(&g);
    }
    golden_free_names(names, count);
    print_message("%zu of %zu cases compared\n", compared, count);
    assert_int_equal(wrong, 0);
}

static shape shape_of(const json_t *sizes)
{
    shape s = {json_array_size(sizes) - 1, {0}};
    for (size_t i = 0; i < s.rank; i++) s.size[i] = (int)json_integer_value(json_array_get(sizes, i + 1));
    return s;
}

static void accuracy_by_shapes(void **state)
{
    (void)state;
    golden g;
    size_t i;
    json_t *row;
    golden_open(&g, "metrics/accuracy_resolution");
    json_array_foreach(json_object_get(g.json, "rows"), i, row)
    {
        shape p = shape_of(json_object_get(row, "y_pred_shape")), t = shape_of(json_object_get(row, "y_true_shape"));
        char name[100];
        assert_true(metric_is_accuracy(golden_text(row, "metric", "")));
        metric_default_name(metric_resolve(&p, &t), name, sizeof name);
        assert_string_equal(name, golden_text(row, "resolves_to", ""));
    }
    assert_true(i > 0);
    golden_close(&g);
}

/* Several positions a row: the mean over them. Two positions of three classes; the second's first maximum is wrong. */
static void positions_are_averaged(void **state)
{
    (void)state;
    static lanes p[6], t[2];
    const double numbers[6] = {1, 5, 2, 5, 3, 4};
    arena memory = {0};
    shape s = {2, {2, 3}}, labels = {1, {2}};
    member chosen = {family_find(&metric_family, "SparseCategoricalAccuracy"), &(cepa_metric_options){.k = 0}};
    metric m;
    double values[LANES];
    for (size_t i = 0; i < 6; i++) p[i].lane[0] = (real)numbers[i];
    t[0].lane[0] = 2;
    t[1].lane[0] = 1;
    assert_int_equal(metric_new(&memory, &chosen, &s, &labels, false, &m, NULL), CEPA_OK);
    metric_run(&m, p, t, values);
    assert_true(values[0] == 0.5);
    arena_free(&memory);
}

static void names_say_what_is_better(void **state)
{
    (void)state;
    static const char *const rise[] = {
        "accuracy",      "val_acc",           "kind_auc_1", "weighted_f1_score",
        "val_Precision", "val_binary_io_u_2", "AUC",        "sparse_categorical_accuracy"};
    static const char *const fall[] = {"loss", "val_mae", "logcosh", "true_positives", "inaccuracy", "_1", ""};
    for (size_t i = 0; i < ARRAY_COUNT(rise); i++) assert_true(metric_name_rises(rise[i]));
    for (size_t i = 0; i < ARRAY_COUNT(fall); i++) assert_false(metric_name_rises(fall[i]));
}

int main(void)
{
    cepa_error error = {0};
    if (kernels_choose(&error)) return cepa_die(&error);
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_cases), cmocka_unit_test(accuracy_by_shapes),
                                       cmocka_unit_test(positions_are_averaged),
                                       cmocka_unit_test(names_say_what_is_better)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
