/* Predicting few rows: images that go through apart give the bits that they have in a block, whatever the layers. */
#include <cepa.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 21, HEIGHT = 20, WIDTH = 19, CHANNELS = 3, CLASSES = 7, MAP = 9 };

static uint8_t bytes[ROWS][HEIGHT][WIDTH][CHANNELS];
static float floats[ROWS][HEIGHT][WIDTH][CHANNELS];

static void fill(void)
{
    uint32_t state = 1;
    uint8_t *byte = bytes[0][0][0];
    float *number = floats[0][0][0];
    for (size_t i = 0; i < sizeof bytes; i++) {
        state = state * 1664525 + 1013904223;
        byte[i] = (uint8_t)(state >> 24);
        number[i] = (float)byte[i] / 64 - 2;
    }
}

/* Layers that know images apart, fused and not, by both ways of convolution, among layers that know only blocks. */
static cepa_model *new_model(void)
{
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {HEIGHT, WIDTH, CHANNELS});
    cepa_tensor x = cepa_conv2d(in, .filters = 12, .kernel_size = {3, 3}, .activation = "relu");
    x = cepa_max_pooling2d(x);
    cepa_tensor wide = cepa_conv2d(x, .filters = 35, .kernel_size = {3, 3}, .padding = "same", .activation = "relu");
    x = cepa_max_pooling2d(wide);
    x = cepa_conv2d(x, .filters = 18, .kernel_size = {3, 3}, .padding = "same", .use_bias = CEPA_FALSE);
    cepa_tensor strided = cepa_conv2d(wide, .filters = 18, .kernel_size = {5, 4}, .strides = {2, 2}, .padding = "same");
    cepa_tensor grouped = cepa_conv2d(strided, .filters = 18, .kernel_size = {2, 2}, .groups = 3, .activation = "tanh");
    x = cepa_batch_normalization(x);
    x = cepa_relu(x);
    cepa_tensor dilated =
        cepa_conv2d(x, .filters = 18, .kernel_size = {2, 2}, .dilation_rate = {2, 2}, .padding = "same");
    x = cepa_add({x, dilated});
    cepa_tensor map = cepa_dense(x, .units = MAP, .activation = "sigmoid");
    x = cepa_concatenate({cepa_global_average_pooling2d(x), cepa_flatten(map), cepa_flatten(grouped)});
    x = cepa_dropout(x, .rate = 0.5);
    x = cepa_dense(x, .units = 20, .activation = "relu");
    x = cepa_reshape(x, .target_shape = {2, 10});
    x = cepa_flatten(cepa_dense(x, .units = 33));
    cepa_tensor out = cepa_dense(x, .units = CLASSES, .activation = "softmax");
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {out, map});
    if (cepa_model_error(model)->status) fail_msg("%s", cepa_model_error(model)->message);
    return model;
}

enum { MAP_SIZE = 4 * 4 * MAP };

typedef struct prediction {
    float classes[ROWS][CLASSES], map[ROWS][MAP_SIZE];
} prediction;

/* Rows first ... first + rows - 1 by themselves, into their places. */
static void predict(const cepa_model *model, cepa_type type, size_t first, size_t rows, int threads, prediction *to)
{
    const void *data = type == CEPA_UINT8 ? (const void *)bytes[first] : floats[first];
    const cepa_array array = {NULL, type, 3, {HEIGHT, WIDTH, CHANNELS}, data};
    float *const outputs[] = {to->classes[first], to->map[first]};
    cepa_dataset *set;
    cepa_error error;
    if (cepa_dataset_new(rows, &array, 1, NULL, 0, NULL, &set, &error)) fail_msg("%s", error.message);
    if (type == CEPA_UINT8) cepa_dataset_scale(set, 1.0 / 255);
    if (cepa_predict(model, set, outputs, 2, threads, &error)) fail_msg("%s", error.message);
    cepa_dataset_free(set);
}

static void check_type(const cepa_model *model, cepa_type type)
{
    static prediction all, few;
    predict(model, type, 0, ROWS, 2, &all);
    for (int threads = 1; threads < 6; threads += 2)
        for (size_t together = 1; together < 8; together += 3) {
            memset(&few, 0xff, sizeof few);
            for (size_t row = 0; row < ROWS; row += together)
                predict(model, type, row, row + together < ROWS ? together : ROWS - row, threads, &few);
            assert_memory_equal(&few, &all, sizeof all);
        }
}

static void few_rows_have_the_bits_of_many(void **state)
{
    (void)state;
    cepa_model *model = new_model();
    check_type(model, CEPA_UINT8);
    check_type(model, CEPA_FLOAT32);
    cepa_graph_free(cepa_model_graph(model));
}

/* Dropout gives on what it was given: whoever reads one reads the other, and none may be overwritten for it. */
static void dropout_is_read_twice(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {HEIGHT, WIDTH, CHANNELS});
    cepa_tensor map =
        cepa_dropout(cepa_conv2d(in, .filters = MAP, .kernel_size = {5, 4}, .strides = {4, 4}), .rate = 0.5);
    cepa_tensor sum = cepa_add({cepa_relu(map), map});
    cepa_tensor out = cepa_dense(cepa_flatten(sum), .units = CLASSES);
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {out, map});
    assert_int_equal(cepa_model_error(model)->status, CEPA_OK);
    check_type(model, CEPA_UINT8);
    cepa_graph_free(g);
}

/* What waits for the next prediction sees weights that have changed since. */
static void predictions_follow_the_weights(void **state)
{
    (void)state;
    static prediction before, after, fresh;
    static const int32_t labels[ROWS] = {1, 2, 3};
    const cepa_array pictures = {NULL, CEPA_FLOAT32, 3, {HEIGHT, WIDTH, CHANNELS}, floats};
    const cepa_array label = {NULL, CEPA_INT32, 0, {0}, labels};
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {HEIGHT, WIDTH, CHANNELS});
    cepa_tensor map = cepa_conv2d(in, .filters = 1, .kernel_size = {HEIGHT - 15, WIDTH - 1});
    cepa_tensor out = cepa_dense(cepa_flatten(cepa_conv2d(in, .filters = 2, .kernel_size = {3, 3})), .units = CLASSES);
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {out});
    cepa_model *two = cepa_model_new(.inputs = {in}, .outputs = {out, map});
    cepa_dataset *data;
    assert_int_equal(cepa_dataset_new(ROWS, &pictures, 1, &label, 1, NULL, &data, NULL), CEPA_OK);
    predict(two, CEPA_FLOAT32, 0, 1, 1, &before);
    cepa_compile(model, .optimizer = cepa_adam(), .loss = cepa_sparse_categorical_crossentropy(.from_logits = true));
    cepa_fit(model, data, .epochs = 1);
    assert_int_equal(cepa_model_error(model)->status, CEPA_OK);
    predict(two, CEPA_FLOAT32, 0, 1, 1, &after);
    predict(two, CEPA_FLOAT32, 0, ROWS, 1, &fresh);
    assert_memory_not_equal(before.classes[0], after.classes[0], sizeof after.classes[0]);
    assert_memory_equal(after.classes[0], fresh.classes[0], sizeof after.classes[0]);
    cepa_dataset_free(data);
    cepa_graph_free(g);
}

/* A number that an embedding has no row for is refused before anything runs. */
static void numbers_without_a_row_are_refused(void **state)
{
    (void)state;
    static const int32_t words[2][3] = {{0, 4, 2}, {1, 5, 3}};
    const cepa_array array = {NULL, CEPA_INT32, 1, {3}, words};
    float out[2 * 3 * 2], *const outputs[] = {out};
    for (int rows = 5; rows < 7; rows++) {
        cepa_graph *g = cepa_graph_new();
        cepa_tensor in = cepa_input(g, .shape = {3}, .name = "words");
        cepa_model *model =
            cepa_model_new(.inputs = {in},
                           .outputs = {cepa_embedding(in, .input_dim = rows, .output_dim = 2, .name = "table")});
        cepa_dataset *set;
        cepa_error error = {0};
        assert_int_equal(cepa_dataset_new(2, &array, 1, NULL, 0, NULL, &set, &error), CEPA_OK);
        assert_int_equal(cepa_predict(model, set, outputs, 1, 1, &error), rows == 5 ? CEPA_DATA : CEPA_OK);
        if (rows == 5)
            assert_string_equal(error.message, "the data of the input 'words' hold 5, the layer table takes 0 to 4");
        cepa_dataset_free(set);
        cepa_graph_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_rows_have_the_bits_of_many),
        cmocka_unit_test(dropout_is_read_twice),
        cmocka_unit_test(predictions_follow_the_weights),
        cmocka_unit_test(numbers_without_a_row_are_refused),
    };
    fill();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
