/* Looking inside a model: parts, the arithmetic of one number, dropout's masks, class activation, kernels. */
#include "base/memory.h"
#include "cepa.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 9, CHANNELS = 4, PIXELS = SIDE * SIDE * CHANNELS };

/* A row of numbers that differ, some of them negative. */
static cepa_dataset *numbers(size_t rows, int height, int width, int channels)
{
    size_t count = rows * (size_t)(height * width * channels);
    float *x = calloc(count, sizeof *x);
    for (size_t i = 0; i < count; i++) x[i] = (float)((i * 7919 + 13) % 101) / 50 - 1;
    cepa_array array = {.type = CEPA_FLOAT32, .rank = 3, .shape = {height, width, channels}, .data = x};
    cepa_dataset *data;
    assert_int_equal(cepa_dataset_new(rows, &array, 1, NULL, 0, NULL, &data, NULL), CEPA_OK);
    free(x);
    return data;
}

/* Every layer that can be explained, with strides, paddings, dilation and groups. */
static cepa_model *example(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {SIDE, SIDE, CHANNELS}), x = in;
    x = cepa_conv2d(x, .filters = 6, .kernel_size = {3, 2}, .strides = {2, 1}, .padding = "same", .activation = "relu",
                    .bias_initializer = "random_normal", .name = "strided");
    x = cepa_max_pooling2d(x, .pool_size = {2, 2}, .strides = {1, 1}, .padding = "same", .name = "max");
    x = cepa_conv2d(x, .filters = 4, .kernel_size = {2, 2}, .dilation_rate = {1, 2}, .groups = 2, .activation = "tanh",
                    .name = "grouped");
    x = cepa_average_pooling2d(x, .pool_size = {3, 2}, .padding = "same", .name = "mean");
    x = cepa_flatten(x, .name = "flat");
    x = cepa_dropout(x, .rate = 0.5, .name = "drop");
    x = cepa_dense(x, .units = 5, .activation = "softmax", .bias_initializer = "random_normal", .name = "head");
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {x});
    assert_string_equal(cepa_model_error(model)->message, "");
    return model;
}

static size_t output_of(const cepa_model *model, const char *name, int shape[CEPA_MAX_RANK])
{
    cepa_layer_info info;
    for (size_t i = 0; cepa_model_layer(model, i, &info) == CEPA_OK; i++)
        if (strcmp(info.name, name) == 0) {
            memcpy(shape, info.output_shape, sizeof info.output_shape);
            return info.rank;
        }
    fail_msg("no layer %s", name);
    return 0;
}

/* Explains every number of a layer and holds it against what the part up to the layer predicts. */
static void check_layer(const cepa_model *model, const char *layer, const cepa_dataset *data)
{
    int shape[CEPA_MAX_RANK], place[CEPA_MAX_RANK] = {0};
    size_t rank = output_of(model, layer, shape), count = 1;
    for (size_t i = 0; i < rank; i++) count *= (size_t)shape[i];
    float *values = calloc(count, sizeof *values);
    cepa_model *part;
    assert_int_equal(cepa_model_part(model, layer, &part, NULL), CEPA_OK);
    assert_int_equal(cepa_predict(part, data, &values, 1, 1, NULL), CEPA_OK);
    for (size_t at = 0; at < count; at++) {
        size_t rest = at;
        for (size_t i = rank; i-- > 0; rest /= (size_t)shape[i]) place[i] = (int)(rest % (size_t)shape[i]);
        cepa_unit u;
        assert_int_equal(cepa_model_explain(model, layer, place, rank, data, &u, NULL), CEPA_OK);
        assert_true(u.value == (double)values[at]);
        double expected = u.activation && strcmp(u.activation, "relu") == 0   ? fmax(u.sum, 0)
                          : u.activation && strcmp(u.activation, "tanh") == 0 ? tanh(u.sum)
                                                                              : u.sum;
        if (!u.activation || strcmp(u.activation, "softmax") != 0) assert_true(fabs(expected - u.value) < 1e-5);
        if (u.best_row >= 0) assert_true(u.window.values[u.best_row * (int)u.window.width + u.best_column] == u.value);
        cepa_unit_free(&u);
    }
    free(values);
}

static void every_number_is_explained(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_model *model = example(g);
    cepa_dataset *data = numbers(1, SIDE, SIDE, CHANNELS);
    static const char *const layers[] = {"strided", "max", "grouped", "mean", "head"};
    for (size_t i = 0; i < ARRAY_COUNT(layers); i++) check_layer(model, layers[i], data);
    cepa_dataset_free(data);
    cepa_graph_free(g);
}

static void what_cannot_be_explained_is_refused(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_model *model = example(g), *part;
    cepa_dataset *data = numbers(1, SIDE, SIDE, CHANNELS);
    cepa_unit u;
    cepa_error error;
    assert_int_equal(cepa_model_explain(model, "none", (int[]){0}, 1, data, &u, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_model_explain(model, "flat", (int[]){0}, 1, data, &u, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_model_explain(model, "head", (int[]){5}, 1, data, &u, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_model_explain(model, "head", (int[]){0, 0}, 2, data, &u, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_model_part(model, "none", &part, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_dropout_mask(model, "head", &(cepa_mask_options){0}, 1, NULL, &error), CEPA_ARGUMENT);
    cepa_matrix map;
    assert_int_equal(cepa_class_activation(model, "flat", data, 0, &map, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_class_activation(model, NULL, data, 5, &map, &error), CEPA_ARGUMENT);
    cepa_dataset_free(data);
    cepa_graph_free(g);
}

/* The later part of a graph is a model too: its input is a layer's output. */
static void a_model_begins_anywhere(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {SIDE, SIDE, CHANNELS});
    cepa_tensor maps = cepa_conv2d(in, .filters = 3, .kernel_size = {3, 3}, .activation = "relu");
    cepa_tensor out = cepa_dense(cepa_flatten(maps), .units = 5);
    cepa_model *whole = cepa_model_new(.inputs = {in}, .outputs = {out});
    cepa_model *first = cepa_model_new(.inputs = {in}, .outputs = {maps});
    cepa_model *second = cepa_model_new(.inputs = {maps}, .outputs = {out});
    assert_string_equal(cepa_model_error(second)->message, "");
    cepa_dataset *data = numbers(20, SIDE, SIDE, CHANNELS), *between;
    float expected[20 * 5], found[20 * 5], *middle = calloc(20 * 7 * 7 * 3, sizeof *middle);
    assert_int_equal(cepa_predict(whole, data, &(float *){expected}, 1, 1, NULL), CEPA_OK);
    assert_int_equal(cepa_predict(first, data, &middle, 1, 1, NULL), CEPA_OK);
    cepa_array array = {.type = CEPA_FLOAT32, .rank = 3, .shape = {7, 7, 3}, .data = middle};
    assert_int_equal(cepa_dataset_new(20, &array, 1, NULL, 0, NULL, &between, NULL), CEPA_OK);
    assert_int_equal(cepa_predict(second, between, &(float *){found}, 1, 1, NULL), CEPA_OK);
    assert_memory_equal(found, expected, sizeof found);
    free(middle);
    cepa_dataset_free(between);
    cepa_dataset_free(data);
    cepa_graph_free(g);
}

/* ---- Masks ------------------------------------------------------------------------------------------------------- */

enum { UNITS = 10 };

/* The loss of training on a row of powers of two, whose weights are all 1 and stay so: it spells the mask. */
static void a_mask_is_that_of_training(void **state)
{
    (void)state;
    float x[UNITS], y[1] = {0}, factors[UNITS];
    for (int i = 0; i < UNITS; i++) x[i] = (float)(1 << i);
    cepa_array in = {.type = CEPA_FLOAT32, .rank = 1, .shape = {UNITS}, .data = x};
    cepa_array target = {.type = CEPA_FLOAT32, .rank = 1, .shape = {1}, .data = y};
    cepa_dataset *data;
    assert_int_equal(cepa_dataset_new(1, &in, 1, &target, 1, NULL, &data, NULL), CEPA_OK);
    cepa_graph *g = cepa_graph_new();
    cepa_tensor input = cepa_input(g, .shape = {UNITS}), t = cepa_dropout(input, .rate = 0.75, .name = "drop");
    t = cepa_dense(t, .units = 1, .kernel_initializer = "ones", .use_bias = CEPA_FALSE, .trainable = CEPA_FALSE);
    cepa_model *model = cepa_model_new(.inputs = {input}, .outputs = {t});
    cepa_compile(model, .optimizer = cepa_sgd(), .loss = cepa_mean_absolute_error());
    cepa_fit(model, data, .epochs = 3, .seed = 42);
    assert_string_equal(cepa_model_error(model)->message, "");
    const cepa_history_table *history = cepa_history(model);
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        cepa_mask_options how = {.seed = 42, .epoch = epoch};
        assert_int_equal(cepa_dropout_mask(model, "drop", &how, 1, factors, NULL), CEPA_OK);
        double sum = 0;
        for (int i = 0; i < UNITS; i++) {
            assert_true(factors[i] == 0 || factors[i] == 4);
            sum += (double)(factors[i] * x[i]);
        }
        assert_true(history->values[epoch] == sum);
    }
    cepa_dataset_free(data);
    cepa_graph_free(g);
}

static void masks_differ_by_row_and_keep_their_share(void **state)
{
    (void)state;
    enum { ROWS = 40, SIZE = 4 * 4 * 50 };
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {4, 4, 50}), out = cepa_dropout(in, .rate = 0.8, .name = "drop");
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {out});
    float *factors = calloc(ROWS * SIZE, sizeof *factors), *later = calloc(SIZE, sizeof *later);
    assert_int_equal(cepa_dropout_mask(model, "drop", &(cepa_mask_options){.seed = 1}, ROWS, factors, NULL), CEPA_OK);
    size_t kept = 0;
    for (size_t i = 0; i < ROWS * SIZE; i++) kept += factors[i] > 0;
    assert_in_range(kept, 160 * ROWS - 400, 160 * ROWS + 400);
    assert_memory_not_equal(factors, factors + SIZE, SIZE * sizeof *factors);
    assert_int_equal(cepa_dropout_mask(model, "drop", &(cepa_mask_options){.seed = 1, .position = 17}, 1, later, NULL),
                     CEPA_OK);
    assert_memory_equal(factors + 17 * SIZE, later, SIZE * sizeof *later);
    free(factors);
    free(later);
    cepa_graph_free(g);
}

/* ---- Class activation -------------------------------------------------------------------------------------------- */

/* With a mean over each map and one Dense layer behind them, Grad-CAM is CAM: the maps times the class' weights (Zhou
 * et al., CVPR 2016). */
static void grad_cam_is_cam_where_both_are_defined(void **state)
{
    (void)state;
    enum { MAPS = 3, CLASS = 1, CLASSES = 4 };
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {SIDE, SIDE, CHANNELS}), x = in;
    x = cepa_conv2d(x, .filters = MAPS, .kernel_size = {3, 3}, .activation = "relu", .name = "maps");
    x = cepa_global_average_pooling2d(x);
    x = cepa_dense(x, .units = CLASSES, .activation = "softmax", .name = "head");
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {x}), *part;
    cepa_dataset *data = numbers(1, SIDE, SIDE, CHANNELS);
    enum { PLACES = (SIDE - 2) * (SIDE - 2) };
    float *values = calloc(PLACES * MAPS, sizeof *values);
    assert_int_equal(cepa_model_part(model, "maps", &part, NULL), CEPA_OK);
    assert_int_equal(cepa_predict(part, data, &values, 1, 1, NULL), CEPA_OK);
    cepa_weight_info kernel;
    assert_int_equal(cepa_model_weight(model, 2, &kernel), CEPA_OK);
    assert_string_equal(kernel.layer, "head");
    double expected[PLACES] = {0}, largest = 0;
    for (int i = 0; i < PLACES; i++) {
        for (int k = 0; k < MAPS; k++)
            expected[i] += (double)values[i * MAPS + k] * (double)kernel.values[k * CLASSES + CLASS];
        largest = fmax(largest, expected[i]);
    }
    cepa_matrix map;
    assert_int_equal(cepa_class_activation(model, NULL, data, CLASS, &map, NULL), CEPA_OK);
    assert_int_equal(map.height * map.width, PLACES);
    assert_true(largest > 0);
    for (int i = 0; i < PLACES; i++) assert_true(fabs(map.values[i] - fmax(expected[i], 0) / largest) < 1e-5);
    cepa_matrix_free(&map);
    free(values);
    cepa_dataset_free(data);
    cepa_graph_free(g);
}

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

static void rows_are_picked_in_any_order(void **state)
{
    (void)state;
    cepa_dataset *data = numbers(5, 2, 2, 1), *picked;
    cepa_dataset_scale(data, 0.5);
    const float *all = cepa_dataset_describe(data)->inputs[0].data;
    assert_int_equal(cepa_dataset_pick(data, (size_t[]){4, 0, 4}, 3, &picked, NULL), CEPA_OK);
    const cepa_dataset_info *info = cepa_dataset_describe(picked);
    const float *x = info->inputs[0].data;
    assert_int_equal(info->rows, 3);
    assert_true(info->scale == 0.5);
    assert_memory_equal(x, all + 16, 4 * sizeof *x);
    assert_memory_equal(x + 4, all, 4 * sizeof *x);
    assert_memory_equal(x + 8, all + 16, 4 * sizeof *x);
    cepa_matrix picture;
    assert_int_equal(cepa_dataset_picture(picked, 1, &picture, NULL), CEPA_OK);
    assert_true(picture.values[3] == (double)all[3]);
    cepa_matrix_free(&picture);
    cepa_dataset_free(picked);
    assert_int_equal(cepa_dataset_pick(data, (size_t[]){5}, 1, &picked, NULL), CEPA_ARGUMENT);
    assert_null(picked);
    cepa_dataset_free(data);
}

/* ---- Kernels ----------------------------------------------------------------------------------------------------- */

/* A frozen layer, and a value that is read twice and so cannot be fused away. */
static void kernels_are_those_of_training(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {12, 12, 8}), x = in;
    x = cepa_conv2d(x, .filters = 8, .kernel_size = {3, 3}, .padding = "same", .name = "read_twice");
    cepa_tensor positive = cepa_activation(x, .activation = "relu");
    x = cepa_add({x, positive});
    x = cepa_conv2d(x, .filters = 8, .kernel_size = {3, 3}, .activation = "relu", .trainable = CEPA_FALSE,
                    .name = "frozen");
    x = cepa_max_pooling2d(x, .pool_size = {2, 2});
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {cepa_dense(x, .units = 3, .name = "dense")});
    cepa_kernel_info *all;
    size_t count;
    assert_int_equal(cepa_model_kernels(model, &all, &count, NULL), CEPA_OK);
    assert_int_equal(count, 3);
    assert_string_equal(all[0].layer, "read_twice");
    assert_null(all[0].gradient_inputs);
    assert_string_equal(all[0].gradient_weights, "Winograd F(3x3,2x2)");
    assert_null(all[0].fused);
    assert_string_equal(all[1].gradient_inputs, "Winograd F(2x2,3x3)");
    assert_null(all[1].gradient_weights);
    assert_string_equal(all[1].fused, "relu, 2x2 max pooling");
    assert_int_equal(all[1].output_shape[0], 10);
    assert_string_equal(all[2].forward, "direct");
    free(all);
    cepa_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_explained),
        cmocka_unit_test(what_cannot_be_explained_is_refused),
        cmocka_unit_test(a_model_begins_anywhere),
        cmocka_unit_test(a_mask_is_that_of_training),
        cmocka_unit_test(masks_differ_by_row_and_keep_their_share),
        cmocka_unit_test(grad_cam_is_cam_where_both_are_defined),
        cmocka_unit_test(rows_are_picked_in_any_order),
        cmocka_unit_test(kernels_are_those_of_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
