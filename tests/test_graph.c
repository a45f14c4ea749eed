/* Building graphs through the public interface: names, shapes, parameters, order, shared and nested layers, refusals.
 */
#include "layer_run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_layer(const cepa_model *model, size_t index, const char *name, size_t parameters,
                         const char *shape_is)
{
    cepa_layer_info info;
    char text[96];
    assert_int_equal(cepa_model_layer(model, index, &info), CEPA_OK);
    assert_string_equal(info.name, name);
    assert_int_equal(info.parameters, parameters);
    shape s = {.rank = info.rank};
    memcpy(s.size, info.output_shape, sizeof s.size);
    shape_text(&s, text, sizeof text);
    assert_string_equal(text, shape_is);
}

static void the_lessons_network_has_the_lessons_numbers(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {32, 32, 3}), x = in;
    x = cepa_conv2d(x, .filters = 50, .kernel_size = {3, 3}, .activation = "relu");
    x = cepa_max_pooling2d(x, .pool_size = {2, 2});
    x = cepa_conv2d(x, .filters = 50, .kernel_size = {3}, .activation = "relu");
    x = cepa_max_pooling2d(x);
    x = cepa_flatten(x);
    x = cepa_dense(x, .units = 50, .activation = "relu");
    x = cepa_dense(x, .units = 10);
    cepa_model *m = cepa_model_new(.inputs = {in}, .outputs = {x}, .name = "cifar_model");
    assert_int_equal(cepa_model_status(m), CEPA_OK);
    assert_int_equal(cepa_model_layer_count(m), 8);
    assert_layer(m, 0, "input_layer", 0, "(None, 32, 32, 3)");
    assert_layer(m, 1, "conv2d", 1400, "(None, 30, 30, 50)");
    assert_layer(m, 2, "max_pooling2d", 0, "(None, 15, 15, 50)");
    assert_layer(m, 3, "conv2d_1", 22550, "(None, 13, 13, 50)");
    assert_layer(m, 4, "max_pooling2d_1", 0, "(None, 6, 6, 50)");
    assert_layer(m, 5, "flatten", 0, "(None, 1800)");
    assert_layer(m, 6, "dense", 90050, "(None, 50)");
    assert_layer(m, 7, "dense_1", 510, "(None, 10)");
    size_t total = 0;
    cepa_weight_info w;
    for (size_t i = 0; i < cepa_model_weight_count(m); i++, total += w.count) cepa_model_weight(m, i, &w);
    assert_int_equal(total, 114510);
    cepa_graph_free(g);
}

/* Keras' order: by depth, and within a depth as a walk from the outputs meets the layers (checked with Keras 3.15.1).
 */
static void layers_stand_in_keras_order(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new_styled(0, "keras2");
    cepa_tensor a = cepa_input(g, .shape = {4}), b = cepa_input(g, .shape = {4});
    cepa_tensor deep = cepa_dense(a, .units = 3, .name = "deep1");
    deep = cepa_dense(deep, .units = 3, .name = "deep2");
    cepa_tensor flat = cepa_dense(b, .units = 3, .name = "flat");
    cepa_tensor sum = cepa_add({deep, flat});
    cepa_model *m = cepa_model_new(.inputs = {a, b}, .outputs = {sum});
    assert_int_equal(cepa_model_status(m), CEPA_OK);
    static const char *const expected[] = {"input_1", "deep1", "input_2", "deep2", "flat", "add"};
    assert_int_equal(cepa_model_layer_count(m), ARRAY_COUNT(expected));
    cepa_layer_info info;
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        cepa_model_layer(m, i, &info);
        assert_string_equal(info.name, expected[i]);
    }
    assert_string_equal(cepa_model_name(m), "model");
    cepa_graph_free(g);
}

static void a_shared_layer_has_its_weights_once(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_tensor a = cepa_input(g, .shape = {4}), b = cepa_input(g, .shape = {4});
    cepa_tensor one = cepa_dense(a, .units = 3, .activation = "tanh"), two = cepa_call_again(one, b);
    cepa_model *m = cepa_model_new(.inputs = {a, b}, .outputs = {cepa_concatenate({one, two})});
    assert_int_equal(cepa_model_status(m), CEPA_OK);
    assert_int_equal(cepa_model_weight_count(m), 2);
    assert_int_equal(cepa_model_layer_count(m), 4);
    cepa_tensor wide = cepa_call_again(one, cepa_input(g, .shape = {5}));
    assert_int_equal(wide.id, 0);
    assert_non_null(strstr(cepa_graph_error(g)->message, "dense: called again"));
    cepa_graph_free(g);
}

/* A model used as a layer computes what its layers compute, and brings their weights. */
static void a_nested_model_is_its_layers(void **state)
{
    (void)state;
    cepa_error error;
    shape four = {1, {4}};
    int x, inner_x;
    cepa_graph *g = run_graph(&four, 1, &inner_x);
    named_value units = {"units", value_int(&g->memory, 4)};
    named_value both[2] = {units, {"activation", value_text(&g->memory, "tanh")}};
    int inner_y = run_layer(g, "Dense", both, 2, &inner_x, 1, true);
    network *inner;
    assert_int_equal(network_new(g, &inner_x, 1, &inner_y, 1, "inner", false, &inner, &error), CEPA_OK);
    layer *nested = graph_nested_layer(g, inner, "inner");

    cepa_input_options options = {.graph = g, .shape = {4}};
    x = cepa_layer("InputLayer", &options).id;
    call *first = graph_call(g, nested, &x, 1), *second = graph_call(g, nested, first->result, 1);
    assert_non_null(second);
    int y = run_layer(g, "Dense", &units, 1, second->result, 1, true);
    layer_run run;
    run_prepare(&run, g, &x, 1, &y, 1, 2, false, false, 1);
    assert_int_equal(run.network->layer_count, 3);
    size_t count;
    network_weights(run.network, &count);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 8; i++) run.x[0][i] = (double)i / 8;
    run_once(&run);

    layer_run alone;
    int outputs = inner_y;
    cepa_graph *keep = g;
    run_prepare(&alone, keep, &inner_x, 1, &outputs, 1, 2, false, false, 1);
    memcpy(alone.x[0], run.x[0], 8 * sizeof(double));
    run_once(&alone);
    memcpy(alone.x[0], alone.y[0], 8 * sizeof(double));
    run_once(&alone);
    const real *w = g->values + g->weights[2].offset, *b = g->values + g->weights[3].offset;
    for (size_t row = 0; row < 2; row++)
        for (size_t unit = 0; unit < 4; unit++) {
            double sum = (double)b[unit];
            for (size_t i = 0; i < 4; i++) sum += alone.y[0][row * 4 + i] * (double)w[i * 4 + unit];
            assert_float_equal(run.y[0][row * 4 + unit], sum, 1e-6);
        }
    session_free(alone.session);
    plan_free(alone.plan);
    free(alone.x[0]), free(alone.dx[0]), free(alone.y[0]), free(alone.dy[0]), free(alone.input_order[0]),
        free(alone.output_order[0]);
    run_free(&run);
}

static layer *layer_of(cepa_graph *g, const char *text)
{
    cepa_error error;
    void *options;
    const value *v = value_parse(&g->memory, text, &error);
    const layer_class *class = (const layer_class *)family_find(&layer_family, v->call.name);
    assert_int_equal(fields_read(&g->memory, &class->kind, v->call.members, v->call.count, false, &options, &error), 0);
    return graph_layer(g, class, options, NULL, true);
}

/* The shapes that Keras gives where a size is None. */
static void unknown_sizes_go_through(void **state)
{
    (void)state;
    enum { N = CEPA_UNKNOWN };
    static const struct {
        const char *layer, *output;
        shape input[2];
    } cases[] = {
        {"Conv2D(8, 3, strides=2)", "(None, None, 4, 8)", {{3, {N, 9, 3}}}},
        {"MaxPooling2D(2)", "(None, None, None, 3)", {{3, {N, N, 3}}}},
        {"AveragePooling2D(3, padding='same')", "(None, 3, None, None)", {{3, {9, N, N}}}},
        {"GlobalAveragePooling2D()", "(None, 3)", {{3, {N, N, 3}}}},
        {"BatchNormalization()", "(None, None, 3)", {{2, {N, 3}}}},
        {"Dropout(0.5)", "(None, None, None)", {{2, {N, N}}}},
        {"Dense(7, activation='softmax')", "(None, None, 7)", {{2, {N, 3}}}},
        {"Flatten()", "(None, None)", {{2, {N, 3}}}},
        {"Reshape((-1, 4))", "(None, None, 4)", {{2, {N, 3}}}},
        {"Reshape((2, 4))", "(None, 2, 4)", {{2, {N, 2}}}},
        {"Softmax(axis=(1, 2))", "(None, None, None)", {{2, {N, N}}}},
        {"Rescaling(2)", "(None, None, None)", {{2, {N, N}}}},
        {"Add()", "(None, None, None, 3)", {{2, {5, 3}}, {3, {N, N, 1}}}},
        {"Concatenate(axis=1)", "(None, None, 3)", {{2, {5, 3}}, {2, {N, 3}}}},
        {"Concatenate()", "(None, None, 7)", {{2, {N, 3}}, {2, {5, 4}}}},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int x[2];
        size_t inputs = cases[i].input[1].rank ? 2 : 1;
        char text[96];
        cepa_graph *g = run_graph(cases[i].input, inputs, x);
        const call *c = graph_call(g, layer_of(g, cases[i].layer), x, inputs);
        if (!c) fail_msg("%s", g->error.message);
        shape_text(&graph_tensor(g, c->result[0])->shape, text, sizeof text);
        assert_string_equal(text, cases[i].output);
        graph_free(g);
    }
}

/* Each refusal names the layer, the fact and the limit; the first cause stays. */
static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *layer, *message;
        shape input;
    } cases[] = {
        {"Conv2D(3, 5)", "conv2d: kernel 5x5 does not fit its input 4x4 (padding 'valid')", {3, {4, 4, 1}}},
        {"Conv2D(3, 2, groups=2)",
         "conv2d: groups=2 must divide its 3 input channels and its 3 filters",
         {3, {4, 4, 3}}},
        {"Conv2D(3, 2)", "conv2d: its input must be (None, height, width, channels), not (None, 9)", {1, {9}}},
        {"Conv2D(3, 2, strides=2, dilation_rate=2)",
         "conv2d: strides and dilation_rate may not both be above 1",
         {3, {9, 9, 1}}},
        {"MaxPooling2D(9)", "max_pooling2d: pool 9x9 does not fit its input 4x4 (padding 'valid')", {3, {4, 4, 1}}},
        {"Reshape((5, -1))", "reshape: its input of 12 numbers does not fit the shape (None, 5, None)", {1, {12}}},
        {"Softmax(axis=3)", "softmax: axis 3 is none of its input's (batch 0 excluded, 1 others)", {1, {12}}},
        {"LayerNormalization(axis=(1, 3))",
         "layer_normalization: axis 3 is none of its input's (batch 0 excluded, 2 others)",
         {2, {3, 4}}},
        {"Conv1D(1, 65537, dilation_rate=65536)",
         "conv1d: kernel 65537 does not fit its input 10 (padding 'valid')",
         {2, {10, 1}}},
        {"Reshape((65536, 65536, 65536, 65536, -1))",
         "reshape: target_shape holds more numbers than there can be",
         {1, {12}}},
        {"Resizing(100000, 100000)", "resizing: its output would be too large", {3, {4, 4, 1}}},
        {"Dense(3)",
         "dense: axis 1 of its input (None, None) must have a known size: weights depend on it",
         {1, {CEPA_UNKNOWN}}},
        {"Conv2D(3, 2)",
         "conv2d: axis 3 of its input (None, 4, 4, None) must have a known size: weights depend on it",
         {3, {4, 4, CEPA_UNKNOWN}}},
        {"BatchNormalization(axis=1)",
         "batch_normalization: axis 1 of its input (None, None, 2) must have a known size: weights depend on it",
         {2, {CEPA_UNKNOWN, 2}}},
        {"Dropout(0.5, noise_shape=(None, 2))",
         "dropout: noise_shape must hold 1 or the input's size on each axis",
         {1, {12}}},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int x;
        cepa_graph *g = run_graph(&cases[i].input, 1, &x);
        layer *l = layer_of(g, cases[i].layer);
        assert_null(graph_call(g, l, &x, 1));
        assert_string_equal(g->error.message, cases[i].message);
        assert_null(graph_call(g, l, &x, 1));
        assert_string_equal(g->error.message, cases[i].message);
        graph_free(g);
    }
}

/* Each input fits, both together do not. */
static void inputs_together_may_be_too_large(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_tensor x = cepa_input(g, .shape = {INT32_MAX});
    cepa_concatenate({x, x});
    assert_string_equal(cepa_graph_error(g)->message, "concatenate: its output would be too large");
    cepa_graph_free(g);
}

/* A shared layer on inputs of other sizes: the packed weights of each call are laid out for its own. */
static void a_shared_layer_takes_other_sizes(void **state)
{
    (void)state;
    enum { ROWS = 3, IN = 7, POSITIONS = 9, UNITS = 50 };
    static const shape shapes[] = {{1, {IN}}, {2, {POSITIONS, IN}}};
    int x[2], y[2];
    cepa_graph *g = run_graph(shapes, 2, x);
    layer *l = layer_of(g, "Dense(50)");
    for (int i = 0; i < 2; i++) y[i] = graph_call(g, l, &x[i], 1)->result[0];
    layer_run run = {0};
    run_prepare(&run, g, x, 2, y, 2, ROWS, false, false, 1);
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; i < IN * POSITIONS; i++) {
            double number = sin(row + i % IN);
            run.x[1][row * IN * POSITIONS + i] = number;
            if (i < IN) run.x[0][row * IN + i] = number;
        }
    run_once(&run);
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; i < UNITS * POSITIONS; i++)
            assert_float_equal(run.y[1][row * UNITS * POSITIONS + i], run.y[0][row * UNITS + i % UNITS], 1e-5);
    run_free(&run);
}

static void building_is_sticky(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {8, 8, 3});
    cepa_tensor bad = cepa_conv2d(in, .filters = -1, .kernel_size = {3});
    assert_int_equal(bad.id, 0);
    cepa_tensor after = cepa_dense(cepa_flatten(bad), .units = 3);
    assert_int_equal(after.id, 0);
    cepa_model *m = cepa_model_new(.inputs = {in}, .outputs = {after});
    assert_int_equal(cepa_model_status(m), CEPA_ARGUMENT);
    assert_non_null(strstr(cepa_model_error(m)->message, "filters"));
    cepa_graph_free(g);
}

static void a_model_needs_all_its_inputs(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_tensor a = cepa_input(g, .shape = {4}), b = cepa_input(g, .shape = {4}, .name = "other");
    cepa_model *m = cepa_model_new(.inputs = {a}, .outputs = {cepa_add({a, b})}, .name = "half");
    assert_string_equal(cepa_model_error(m)->message,
                        "model half: an output depends on other, which is not among its inputs");
    cepa_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lessons_network_has_the_lessons_numbers),
        cmocka_unit_test(layers_stand_in_keras_order),
        cmocka_unit_test(a_shared_layer_has_its_weights_once),
        cmocka_unit_test(a_nested_model_is_its_layers),
        cmocka_unit_test(unknown_sizes_go_through),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(inputs_together_may_be_too_large),
        cmocka_unit_test(a_shared_layer_takes_other_sizes),
        cmocka_unit_test(building_is_sticky),
        cmocka_unit_test(a_model_needs_all_its_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
