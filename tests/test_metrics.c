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

enum { MOST_BATCHES = 16 };

static shape row_shape(const golden_array *a)
{
    shape s = {a->rank - 1, {0}};
    for (size_t i = 0; i < s.rank; i++) s.size[i] = (int)a->shape[i + 1];
    return s;
}

/* The row's value: it stands alone in a block, copied to all lanes. Cases have one position a row. */
static double row_value(const metric *m, const golden_array *pred, const golden_array *target, size_t row)
{
    size_t targets = target->count / target->shape[0], classes = m->classes;
    lanes *p = aligned_alloc(64, classes * sizeof(lanes)), *t = aligned_alloc(64, targets * sizeof(lanes));
    double values[LANES];
    for (size_t lane = 0; lane < LANES; lane++) {
        for (size_t c = 0; c < classes; c++) p[c].lane[lane] = (real)pred->values[row * classes + c];
        for (size_t c = 0; c < targets; c++) t[c].lane[lane] = (real)target->values[row * targets + c];
    }
    metric_run(m, p, t, values);
    free(p);
    free(t);
    return values[LANES - 1];
}

static const golden_array *of_batch(const golden *g, const char *name, size_t batch, bool needed)
{
    char full[40];
    snprintf(full, sizeof full, "%s_%zu", name, batch);
    return needed ? golden_need(&g->arrays, full) : golden_find(&g->arrays, full);
}

static bool case_matches(const golden *g, const member *chosen)
{
    size_t batches = (size_t)golden_number(g->json, "batches", 0);
    double total = 0, count = 0, results[MOST_BATCHES];
    for (size_t batch = 0; batch < batches; batch++) {
        const golden_array *pred = of_batch(g, "y_pred", batch, true), *target = of_batch(g, "y_true", batch, true);
        const golden_array *weight = of_batch(g, "sample_weight", batch, false);
        shape p = row_shape(pred), t = row_shape(target);
        metric m;
        metric_new(chosen, &p, false, &m);
        assert_int_equal(metric_check_shape(&m, &p, &t, NULL), CEPA_OK);
        if (!m.class) {
            target_range range = target_range_new();
            for (size_t i = 0; i < target->count; i++) target_range_add(&range, &m.loss, target->values[i]);
            assert_int_equal(loss_meet_targets(&m.loss, &range, NULL), CEPA_OK);
        }
        for (size_t row = 0; row < pred->shape[0]; row++) {
            double w = weight ? weight->values[row] : 1;
            total += w * row_value(&m, pred, target, row);
            count += w;
        }
        results[batch] = metric_finish(&m, total / count);
    }
    return golden_matches(g, "result", results, batches, 1e-6);
}

static bool run_case(const golden *g, size_t *compared)
{
    arena memory = {0};
    member chosen = {0};
    cepa_error error = {0};
    const char *class_name = golden_text(g->json, "class", "");
    const kind *kind = metric_find(class_name);
    bool same = true;
    if (kind) {
        char *text = golden_call(class_name, json_object_get(g->json, "arguments"));
        const family *family = family_find(&metric_family, class_name) ? &metric_family : &loss_family;
        if (member_parse(&memory, family, text, &chosen, &error)) fail_msg("%s: %s", text, error.message);
        free(text);
        char name[100];
        metric_default_name(kind, name, sizeof name);
        same = case_matches(g, &chosen);
        *compared += 1;
    } else if (*class_name)
        print_message("%s: %s is not built yet\n", g->name, class_name);
    else
        print_message("%s is not a metric of a stream\n", g->name);
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
    shape s = {2, {2, 3}};
    member chosen = {family_find(&metric_family, "SparseCategoricalAccuracy"), &(cepa_metric_options){.k = 0}};
    metric m;
    double values[LANES];
    for (size_t i = 0; i < 6; i++) p[i].lane[0] = (real)numbers[i];
    t[0].lane[0] = 2;
    t[1].lane[0] = 1;
    metric_new(&chosen, &s, false, &m);
    metric_run(&m, p, t, values);
    assert_true(values[0] == 0.5);
}

int main(void)
{
    cepa_error error = {0};
    if (kernels_choose(&error)) return cepa_die(&error);
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_cases), cmocka_unit_test(accuracy_by_shapes),
                                       cmocka_unit_test(positions_are_averaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
