/* Layers against the numbers that Keras computed: outputs, gradients of inputs and weights, moving statistics, added
 * losses. */
#include "golden.h"
#include "layer_run.h"

#include "weights/weights.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* JSON as a value; Keras' objects become calls. */
static const value *value_of(arena *memory, const json_t *json)
{
    if (json_is_boolean(json)) return value_bool(memory, json_is_true(json));
    if (json_is_integer(json)) return value_int(memory, json_integer_value(json));
    if (json_is_real(json)) return value_real(memory, json_real_value(json));
    if (json_is_string(json)) return value_text(memory, json_string_value(json));
    if (json_is_null(json)) return value_none();
    if (json_is_array(json)) {
        const value *items[32];
        for (size_t i = 0; i < json_array_size(json); i++) items[i] = value_of(memory, json_array_get(json, i));
        return value_list(memory, items, json_array_size(json));
    }
    named_value members[32];
    size_t count = 0;
    const char *name;
    json_t *member, *config = json_object_get(json, "config");
    json_object_foreach(config, name, member) members[count++] = (named_value){name, value_of(memory, member)};
    return value_call(memory, golden_text(json, "class_name", ""), members, count);
}

static size_t read_arguments(arena *memory, const golden *g, named_value *arguments)
{
    size_t count = 0;
    const char *name;
    json_t *argument;
    json_object_foreach(json_object_get(g->json, "arguments"), name, argument) arguments[count++] =
        (named_value){name, value_of(memory, argument)};
    return count;
}

static const golden_array *numbered(const golden *g, const char *prefix, size_t number)
{
    char name[32];
    snprintf(name, sizeof name, "%s%zu", prefix, number);
    return golden_find(&g->arrays, name);
}

static shape row_shape(const golden_array *a)
{
    shape s = {.rank = a->rank - 1};
    for (size_t i = 0; i < s.rank; i++) s.size[i] = (int)a->shape[i + 1];
    return s;
}

/* The layer of a case with its inputs and weights in place. */
static void prepare(layer_run *run, const golden *g, bool plain)
{
    int inputs[MOST_VALUES];
    shape shapes[MOST_VALUES];
    size_t count = 0, rows = 1;
    for (const golden_array *x; (x = numbered(g, "x", count)); count++) {
        shapes[count] = row_shape(x);
        rows = x->shape[0];
    }
    cepa_graph *graph = run_graph(shapes, count, inputs);
    named_value arguments[32];
    size_t argument_count = read_arguments(&graph->memory, g, arguments);
    bool trainable = !json_is_false(json_object_get(g->json, "layer_trainable"));
    int output =
        run_layer(graph, golden_text(g->json, "class", ""), arguments, argument_count, inputs, count, trainable);
    run_prepare(run, graph, inputs, count, &output, 1, rows, json_is_true(json_object_get(g->json, "training")), plain,
                1);
    for (size_t i = 0; i < count; i++)
        memcpy(run->x[i], numbered(g, "x", i)->values, rows * run->input_count[i] * sizeof(double));
    const golden_array *dy = golden_find(&g->arrays, "dy");
    if (dy) memcpy(run->dy[0], dy->values, dy->count * sizeof(double));
    for (size_t i = 0; i < graph->weight_count; i++) {
        const golden_array *w = numbered(g, "w", i);
        assert_non_null(w);
        assert_int_equal(w->count, graph->weights[i].count);
        for (size_t k = 0; k < w->count; k++) graph->values[graph->weights[i].offset + k] = (real)w->values[k];
    }
    graph_weights_changed(graph);
}

static bool matches_reals(const golden *g, const char *result, const real *numbers, size_t count)
{
    double *copy = calloc(count, sizeof *copy);
    for (size_t i = 0; i < count; i++) copy[i] = (double)numbers[i];
    bool same = golden_matches(g, result, copy, count, 1e-6);
    free(copy);
    return same;
}

/* The gradients of weights, with what their regularizers add, and the weights that a call changes. */
static bool check_weights(const golden *g, layer_run *run)
{
    bool good = true;
    for (size_t i = 0; i < run->graph->weight_count; i++) {
        const weight *w = &run->graph->weights[i];
        char gradient[32], after[32];
        snprintf(gradient, sizeof gradient, "d_w%zu", i);
        snprintf(after, sizeof after, "w%zu_after", i);
        const real *dw = run_weight_gradient(run, i);
        const real *values = run->graph->values + w->offset;
        if (dw && golden_find(&g->arrays, gradient)) {
            if (w->regularizer.kind) regularizer_gradient(&w->regularizer, values, w->count, (real *)dw);
            good &= matches_reals(g, gradient, dw, w->count);
        }
        if (golden_find(&g->arrays, after)) good &= matches_reals(g, after, values, w->count);
    }
    return good;
}

static bool check_added_loss(const golden *g, const layer_run *run)
{
    if (!golden_find(&g->arrays, "added_loss")) return true;
    double total = 0;
    for (size_t i = 0; i < run->plan->penalty_count; i++) {
        double penalty[64];
        assert_true(run->rows <= 64);
        session_penalty(run->session, i, run->rows, penalty);
        for (size_t k = 0; k < run->rows; k++) total += penalty[k] / (double)run->rows;
    }
    for (size_t i = 0; i < run->graph->weight_count; i++) {
        const weight *w = &run->graph->weights[i];
        if (w->regularizer.kind)
            total += regularizer_penalty(&w->regularizer, run->graph->values + w->offset, w->count);
    }
    return golden_matches(g, "added_loss", &total, 1, 1e-6);
}

static bool check_case(const golden *g, bool plain)
{
    layer_run run;
    prepare(&run, g, plain);
    run_once(&run);
    bool good = golden_matches(g, "y", run.y[0], run.rows * run.output_count[0], 1e-6);
    for (size_t i = 0; i < run.inputs && golden_find(&g->arrays, "dy"); i++) {
        char name[32];
        snprintf(name, sizeof name, "d_x%zu", i);
        if (golden_reference(g, name)) good &= golden_matches(g, name, run.dx[i], run.rows * run.input_count[i], 1e-6);
    }
    good &= check_weights(g, &run) & check_added_loss(g, &run);
    run_free(&run);
    return good;
}

static void layers_compute_what_keras_computes(void **state)
{
    (void)state;
    size_t count, checked = 0, failed = 0;
    char **names = golden_names("layers", ".json", &count);
    for (size_t i = 0; i < count; i++) {
        golden g;
        golden_open(&g, names[i]);
        const char *class = golden_text(g.json, "class", "");
        if (!family_find(&layer_family, class))
            printf("%s: no layer %s yet\n", names[i], class);
        else if (json_object_get(g.json, "statistics"))
            printf("%s: random, compared in its own test\n", names[i]);
        else {
            checked++;
            for (int plain = 0; plain < 2; plain++)
                if (!check_case(&g, plain)) {
                    failed++;
                    printf("FAILED: %s%s\n", names[i], plain ? " (plain)" : "");
                }
        }
        golden_close(&g);
    }
    golden_free_names(names, count);
    printf("%zu cases compared\n", checked);
    assert_true(checked > 0);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(layers_compute_what_keras_computes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
