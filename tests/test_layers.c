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

/* Whether a case's arguments are among those that are built. */
static bool is_built(const golden *g, const kind *kind)
{
    arena memory = {0};
    named_value arguments[32];
    void *options;
    size_t count = read_arguments(&memory, g, arguments);
    bool built = fields_read(&memory, kind, arguments, count, false, &options, NULL) == CEPA_OK;
    arena_free(&memory);
    return built;
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

/* Where Keras has no double precision its own rounding counts; and the gradient that TensorFlow gives a picture seen
 * through a map is that of the inverse map, not the map's own: tests/test_layer_gradients.c checks that. */
static bool check_case(const golden *g, bool plain)
{
    layer_run run;
    const char *class = golden_text(g->json, "class", "");
    const double allowed = strcmp(class, "Resizing") == 0 ? 1e-5 : 1e-6;
    const bool gradients = golden_find(&g->arrays, "dy") && strncmp(class, "Random", 6) != 0;
    prepare(&run, g, plain);
    run_once(&run);
    bool good = golden_matches(g, "y", run.y[0], run.rows * run.output_count[0], allowed);
    for (size_t i = 0; i < run.inputs && gradients; i++) {
        char name[32];
        snprintf(name, sizeof name, "d_x%zu", i);
        if (golden_reference(g, name))
            good &= golden_matches(g, name, run.dx[i], run.rows * run.input_count[i], allowed);
    }
    good &= check_weights(g, &run) & check_added_loss(g, &run);
    run_free(&run);
    return good;
}

/* A layer's result has one shape here: a RandomCrop's in inference is that of training. */
static bool is_whole(const char *class) { return strcmp(class, "RandomCrop") == 0; }

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
        else if (is_whole(class))
            printf("%s: Keras leaves the picture whole, against its own documentation\n", names[i]);
        else if (json_object_get(g.json, "statistics"))
            printf("%s: random, compared in its own test\n", names[i]);
        else if (!is_built(&g, family_find(&layer_family, class)))
            printf("%s: not with these arguments yet\n", names[i]);
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

/* A layer without weights on pictures of 0 ... 5, a row the same as the others; its outputs are freed with the run. */
static void run_on_counts(layer_run *run, const char *text, size_t rows, bool training)
{
    cepa_error error;
    const shape picture = {3, {3, 2, 1}};
    int input;
    cepa_graph *graph = run_graph(&picture, 1, &input);
    const value *v = value_parse(&graph->memory, text, &error);
    assert_non_null(v);
    int output = run_layer(graph, v->call.name, v->call.members, v->call.count, &input, 1, true);
    run_prepare(run, graph, &input, 1, &output, 1, rows, training, false, 1);
    for (size_t i = 0; i < rows * 6; i++) run->x[0][i] = (double)(i % 6);
    run_once(run);
}

static bool is_same(const double *a, const double *b, size_t count)
{
    size_t i = 0;
    while (i < count && a[i] == b[i]) i++;
    return i == count;
}

/* What is random leaves pictures alone in inference. */
static void chance_is_for_training(void **state)
{
    (void)state;
    static const char *const layers[] = {"Dropout(0.4)",        "SpatialDropout2D(0.4)", "GaussianNoise(0.3)",
                                         "RandomFlip()",        "GaussianDropout(0.3)",  "RandomZoom(0.4)",
                                         "RandomRotation(0.3)", "RandomBrightness(0.3)", "RandomContrast((0.1, 0.4))",
                                         "AlphaDropout(0.4)"};
    for (size_t i = 0; i < ARRAY_COUNT(layers); i++)
        for (int training = 0; training < 2; training++) {
            layer_run run;
            run_on_counts(&run, layers[i], 20, training != 0);
            bool same = is_same(run.x[0], run.y[0], 20 * 6);
            if (same == (training != 0)) fail_msg("%s in %s", layers[i], training ? "training" : "inference");
            run_free(&run);
        }
}

static void noise_has_its_size(void **state)
{
    (void)state;
    enum { ROWS = 400, COUNT = ROWS * 6 };
    for (int factor = 0; factor < 2; factor++) {
        layer_run run;
        double sum = 0, squares = 0, count = 0;
        run_on_counts(&run, factor ? "GaussianDropout(0.2)" : "GaussianNoise(0.5)", ROWS, true);
        for (size_t i = 0; i < COUNT; i++) {
            if (run.x[0][i] == 0) continue;
            double noise = factor ? run.y[0][i] / run.x[0][i] - 1 : run.y[0][i] - run.x[0][i];
            sum += noise;
            squares += noise * noise;
            count++;
        }
        assert_true(fabs(sum / count) < 0.05);
        assert_true(fabs(sqrt(squares / count) - 0.5) < 0.03);
        run_free(&run);
    }
}

/* Selu's numbers keep their mean and variance; what is dropped is one number. */
static void alpha_dropout_keeps_mean_and_variance(void **state)
{
    (void)state;
    enum { ROWS = 600, COUNT = ROWS * 6 };
    layer_run run;
    double sums[2] = {0}, squares[2] = {0}, dropped = 0;
    run_on_counts(&run, "AlphaDropout(0.25)", ROWS, true);
    for (size_t i = 0; i < COUNT; i++) run.x[0][i] = (run.x[0][i] - 2.5) / sqrt(35.0 / 12);
    run_once(&run);
    const double scale = 1 / sqrt(0.75 * (1 + 0.25 * 3.0909132923)), least = scale * -1.7580993408 * 0.75;
    for (size_t i = 0; i < COUNT; i++) {
        const double numbers[2] = {run.x[0][i], run.y[0][i]};
        bool is_dropped = fabs(numbers[1] - least) < 1e-5;
        if (!is_dropped) assert_true(fabs(numbers[1] - scale * (numbers[0] + 1.7580993408 * 0.25)) < 1e-5);
        dropped += is_dropped;
        for (size_t k = 0; k < 2; k++) {
            sums[k] += numbers[k] / COUNT;
            squares[k] += numbers[k] * numbers[k] / COUNT;
        }
    }
    assert_true(fabs(dropped / COUNT - 0.25) < 0.03);
    assert_true(fabs(sums[1] - sums[0]) < 0.05 && fabs(squares[1] - squares[0]) < 0.1);
    run_free(&run);
}

/* One contrast a picture about the channel's mean, cut off at the ends of the value range. */
static void check_contrast(const char *text, double low, double high)
{
    enum { ROWS = 200 };
    layer_run run;
    double least = 9, most = 0;
    run_on_counts(&run, text, ROWS, true);
    for (size_t row = 0; row < ROWS; row++) {
        const double *y = run.y[0] + row * 6;
        double contrast = (2.5 - y[0]) / 2.5;
        for (size_t i = 0; i < 6; i++) assert_true(fabs(y[i] - fmin(2.5 + ((double)i - 2.5) * contrast, 5.1)) < 1e-5);
        least = fmin(least, contrast);
        most = fmax(most, contrast);
    }
    assert_true(least >= low && least < low + 0.05 && most > high - 0.05 && most <= high);
    run_free(&run);
}

/* From 1 to 1 + factor; two factors stand in any order. */
static void contrast_stays_in_its_range(void **state)
{
    (void)state;
    check_contrast("RandomContrast(0.4, value_range=(-9, 5.1))", 1, 1.4);
    check_contrast("RandomContrast((0.4, 0.1), value_range=(-9, 5.1))", 0.9, 1.4);
}

/* All four pictures that two flips can make, each as often as the others. */
static void flips_are_fair(void **state)
{
    (void)state;
    enum { ROWS = 400 };
    static const double flipped[4][6] = {
        {0, 1, 2, 3, 4, 5}, {1, 0, 3, 2, 5, 4}, {4, 5, 2, 3, 0, 1}, {5, 4, 3, 2, 1, 0}};
    size_t met[4] = {0};
    layer_run run;
    run_on_counts(&run, "RandomFlip()", ROWS, true);
    for (size_t row = 0; row < ROWS; row++)
        for (size_t k = 0; k < 4; k++) met[k] += is_same(run.y[0] + row * 6, flipped[k], 6);
    for (size_t k = 0; k < 4; k++) assert_in_range(met[k], ROWS / 4 - 40, ROWS / 4 + 40);
    assert_int_equal(met[0] + met[1] + met[2] + met[3], ROWS);
    run_free(&run);
}

/* Every place at which the part lies in the picture, each as often as the others. */
static void crops_lie_anywhere(void **state)
{
    (void)state;
    enum { ROWS = 600 };
    static const double parts[3][2] = {{0, 1}, {2, 3}, {4, 5}};
    size_t met[3] = {0};
    layer_run run;
    run_on_counts(&run, "RandomCrop(1, 2)", ROWS, true);
    for (size_t row = 0; row < ROWS; row++)
        for (size_t k = 0; k < 3; k++) met[k] += is_same(run.y[0] + row * 2, parts[k], 2);
    for (size_t k = 0; k < 3; k++) assert_in_range(met[k], ROWS / 3 - 50, ROWS / 3 + 50);
    assert_int_equal(met[0] + met[1] + met[2], ROWS);
    run_free(&run);
}

/* In inference, and where a picture is smaller: the middle of the part's aspect ratio, resized. */
static void crops_without_chance_are_resized(void **state)
{
    (void)state;
    static const struct {
        const char *crop, *resizing;
        bool training;
    } cases[] = {{"RandomCrop(1, 2)", "Resizing(1, 2, crop_to_aspect_ratio=True)", false},
                 {"RandomCrop(2, 4)", "Resizing(2, 4, crop_to_aspect_ratio=True)", true}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        layer_run crop, resizing;
        run_on_counts(&crop, cases[i].crop, 20, cases[i].training);
        run_on_counts(&resizing, cases[i].resizing, 20, false);
        assert_true(is_same(crop.y[0], resizing.y[0], i ? 20 * 8 : 20 * 2));
        run_free(&crop);
        run_free(&resizing);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(layers_compute_what_keras_computes),
                                       cmocka_unit_test(crops_lie_anywhere),
                                       cmocka_unit_test(crops_without_chance_are_resized),
                                       cmocka_unit_test(chance_is_for_training),
                                       cmocka_unit_test(noise_has_its_size),
                                       cmocka_unit_test(flips_are_fair),
                                       cmocka_unit_test(alpha_dropout_keeps_mean_and_variance),
                                       cmocka_unit_test(contrast_stays_in_its_range)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
