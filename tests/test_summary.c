/* The summary in every style, against the lesson's tables (Keras 2.12 and 2.14) and what real Keras 3.15.1 prints
 * (tests/golden/summary, written by tests/peers/test_summary.py). */
#include "base/columns.h"
#include "base/file.h"
#include "model/model.h"
#include "model/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Models ------------------------------------------------------------------------------------------------------ */

static cepa_model *model_of(const char *name, cepa_tensor in, cepa_tensor out)
{
    return cepa_model_new(.inputs = {in}, .outputs = {out}, .name = name);
}

static cepa_tensor conv(cepa_tensor x)
{
    return cepa_conv2d(x, .filters = 50, .kernel_size = {3, 3}, .activation = "relu");
}
static cepa_tensor pool(cepa_tensor x) { return cepa_max_pooling2d(x, .pool_size = {2, 2}); }
static cepa_tensor ending(cepa_tensor x)
{
    return cepa_dense(cepa_dense(x, .units = 50, .activation = "relu"), .units = 10);
}

static cepa_model *create_nn(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {32, 32, 3});
    return model_of("cifar_model", in, ending(cepa_flatten(pool(conv(pool(conv(in)))))));
}

static cepa_model *create_nn_extra_layer(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {32, 32, 3});
    return model_of("cifar_model", in, ending(cepa_flatten(conv(pool(conv(pool(conv(in))))))));
}

static cepa_model *create_nn_with_dropout(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {32, 32, 3}), x = conv(pool(conv(pool(conv(in)))));
    return model_of("cifar_model", in, ending(cepa_flatten(cepa_dropout(x, .rate = 0.8))));
}

static cepa_model *cifar_model_small(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {32, 32, 3});
    return model_of("cifar_model_small", in, cepa_dense(cepa_flatten(conv(conv(in))), .units = 10));
}

static cepa_model *dense_model(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {32, 32, 3});
    return model_of("dense_model", in, ending(cepa_dense(cepa_flatten(in), .units = 50, .activation = "relu")));
}

static cepa_model *dense100(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {3072});
    return model_of("model", in, cepa_dense(in, .units = 100));
}

static cepa_model *branches(cepa_graph *g)
{
    cepa_tensor picture = cepa_input(g, .shape = {16, 16, 3}, .name = "picture");
    cepa_tensor facts = cepa_input(g, .shape = {7}, .name = "facts");
    cepa_tensor x = cepa_conv2d(picture, .filters = 8, .kernel_size = {3}, .padding = "same",
                                .name = "the_first_convolution_of_the_whole_network");
    cepa_tensor y = cepa_relu(cepa_batch_normalization(x));
    x = cepa_global_average_pooling2d(cepa_add({x, y}, .name = "sum"));
    x = cepa_concatenate({x, cepa_dense(facts, .units = 5, .trainable = CEPA_FALSE)});
    cepa_tensor kind = cepa_dense(x, .units = 3, .name = "kind"), size = cepa_dense(x, .units = 1, .name = "size");
    return cepa_model_new(.inputs = {picture, facts}, .outputs = {kind, size}, .name = "two");
}

static cepa_model *shared(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {6}, .name = "x"), once = cepa_dense(in, .units = 6, .name = "twice");
    return model_of("shared", in, cepa_call_again(once, once));
}

static cepa_model *fork_of(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {9, 9, 3}, .name = "picture");
    cepa_tensor x = cepa_conv2d(in, .filters = 4, .kernel_size = {3}, .strides = {2}, .padding = "same",
                                .use_bias = CEPA_FALSE, .name = "middle");
    cepa_tensor left = cepa_global_max_pooling2d(x, .name = "left"), right = cepa_relu(x, .name = "right");
    return cepa_model_new(.inputs = {in}, .outputs = {x, left, right}, .name = "fork");
}

static cepa_model *idle(cepa_graph *g)
{
    cepa_tensor used = cepa_input(g, .shape = {6}, .name = "used"), unused = cepa_input(g, .name = "unused");
    cepa_tensor out = cepa_dense(used, .units = 2, .name = "dense");
    return cepa_model_new(.inputs = {used, unused}, .outputs = {out}, .name = "idle");
}

static cepa_model *open_sizes(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {CEPA_UNKNOWN, CEPA_UNKNOWN, 3}, .name = "picture");
    cepa_tensor x =
        cepa_conv2d(in, .filters = 8, .kernel_size = {3}, .strides = {2}, .activation = "relu", .name = "first");
    x = cepa_batch_normalization(x, .name = "norm");
    cepa_tensor y = cepa_average_pooling2d(x, .pool_size = {3}, .strides = {1}, .padding = "same", .name = "mean");
    cepa_tensor sum = cepa_add({x, y}, .name = "sum");
    x = cepa_concatenate({x, sum}, .name = "both");
    x = cepa_max_pooling2d(cepa_dropout(x, .rate = 0.1, .name = "drop"), .name = "most");
    x = cepa_dense(x, .units = 4, .activation = "softmax", .name = "map");
    cepa_tensor pairs =
        cepa_reshape(cepa_flatten(x, .name = "flat"), .target_shape = {CEPA_UNKNOWN, 2}, .name = "pairs");
    return cepa_model_new(.inputs = {in}, .outputs = {pairs, cepa_global_average_pooling2d(x, .name = "kinds")},
                          .name = "open_sizes");
}

static cepa_model *way_back(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {6}, .name = "x"), x = cepa_dense(in, .units = 4, .name = "middle");
    cepa_tensor end = cepa_dense(x, .units = 2, .name = "end");
    return cepa_model_new(.inputs = {in}, .outputs = {x, end}, .name = "way_back");
}

static cepa_model *nested(cepa_graph *g)
{
    cepa_tensor a = cepa_input(g, .shape = {4}, .name = "a"), b = cepa_dense(a, .units = 4, .name = "b");
    cepa_tensor c = cepa_dense(b, .units = 2, .name = "c");
    cepa_model *inner = cepa_model_new(.inputs = {a}, .outputs = {b, c}, .name = "inner");
    layer *inner_layer = graph_nested_layer(g, inner->network, "inner");
    cepa_tensor first = cepa_input(g, .shape = {4}, .name = "first");
    const call *once = graph_call(g, inner_layer, &first.id, 1);
    const call *again = graph_call(g, inner_layer, &once->result[0], 1);
    cepa_tensor joined = cepa_concatenate({{g, again->result[0]}, {g, once->result[1]}}, .name = "joined");
    return model_of("outer", first, joined);
}

static cepa_model *stack(cepa_graph *g)
{
    cepa_error error;
    cepa_tensor in = cepa_input(g, .shape = {1000}), x = cepa_dense(in, .units = 2000, .activation = "relu");
    x = cepa_batch_normalization(cepa_dropout(x, .rate = 0.5));
    x = cepa_dense(x, .units = 3, .activation = "softmax");
    network *n;
    assert_int_equal(network_new(g, &in.id, 1, &x.id, 1, "stack", true, &n, &error), CEPA_OK);
    return model_of_network(g, n);
}

/* The count of what Normalization has seen is an int64. */
static cepa_model *normalized(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {9, 4}, .name = "x"), x = cepa_normalization(in, .name = "norm");
    x = cepa_separable_conv1d(x, .filters = 5, .kernel_size = {3}, .name = "steps");
    return model_of("normalized", in, cepa_conv1d_transpose(x, .filters = 2, .kernel_size = {4}, .name = "back"));
}

/* ---- Comparing --------------------------------------------------------------------------------------------------- */

static char *summary_of(const cepa_model *model, const cepa_summary_options *options, const optimizer_size *optimizer)
{
    static const optimizer_size none;
    cepa_error error = {0};
    buffer text = {0};
    if (summary_text(model->network, options, optimizer ? optimizer : &none, &text, &error))
        fail_msg("%s", error.message);
    return buffer_take_text(&text);
}

/* Takes the blanks at the ends of lines away, and empty lines at the end. */
static char *stripped(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '\n')
            while (to > text && to[-1] == ' ') to--;
        *to++ = *from;
    }
    while (to > text && to[-1] == '\n') to--;
    *to = 0;
    return text;
}

static cepa_model *make(cepa_model *(*builder)(cepa_graph *), const char *style)
{
    cepa_graph *g = cepa_graph_new_styled(0, style);
    cepa_model *model = builder(g);
    if (cepa_model_status(model)) fail_msg("%s", cepa_model_error(model)->message);
    return model;
}

static void check(const cepa_model *model, const char *file, const cepa_summary_options *options,
                  const optimizer_size *optimizer)
{
    char path[200];
    buffer expected = {0};
    cepa_error error = {0};
    snprintf(path, sizeof path, "tests/golden/summary/%s.txt", file);
    if (file_read(path, 0, &expected, &error)) fail_msg("%s", error.message);
    char *text = summary_of(model, options, optimizer);
    assert_string_equal(stripped(text), stripped((char *)expected.bytes));
    free(text);
    buffer_free(&expected);
}

static void tables_of_keras2_are_the_lessons(void **state)
{
    (void)state;
    static const struct {
        cepa_model *(*builder)(cepa_graph *);
        const char *name;
    } models[] = {{create_nn, "create_nn"},
                  {create_nn_extra_layer, "create_nn_extra_layer"},
                  {create_nn_with_dropout, "create_nn_with_dropout"},
                  {cifar_model_small, "cifar_model_small"},
                  {dense_model, "dense_model"},
                  {dense100, "dense100"}};
    static const char *const styles[] = {"keras2.12", "keras2.14"};
    for (size_t i = 0; i < ARRAY_COUNT(models); i++) {
        cepa_model *model = make(models[i].builder, "keras2");
        for (size_t k = 0; k < ARRAY_COUNT(styles); k++) {
            char file[100];
            snprintf(file, sizeof file, "%s_%s", models[i].name, styles[k]);
            check(model, file, &(cepa_summary_options){.style = styles[k], .color = true}, NULL);
        }
        cepa_graph_free(model->graph);
    }
}

static void tables_of_keras2_6_cut_what_is_long(void **state)
{
    (void)state;
    cepa_summary_options older = {.style = "keras2.6"};
    cepa_model *model = make(dense100, "keras2");
    check(model, "dense100_keras2.6", &older, NULL);
    cepa_graph_free(model->graph);
    model = make(create_nn, "keras2");
    check(model, "create_nn_keras2.6", &older, NULL);
    cepa_graph_free(model->graph);
    model = make(branches, "keras2");
    check(model, "branches_keras2.6", &older, NULL);
    cepa_graph_free(model->graph);
}

static void tables_of_keras3_are_kerass(void **state)
{
    (void)state;
    const optimizer_size adam = {2 * 114510 + 2, 4 * (2 * 114510 + 1) + 8}, none = {0};
    const struct {
        cepa_model *(*builder)(cepa_graph *);
        const char *name;
        int width;
        optimizer_size optimizer;
    } models[] = {
        {create_nn, "create_nn", 80, none},   {create_nn, "create_nn", 60, none},  {create_nn, "create_nn", 200, none},
        {create_nn, "trained", 80, adam},     {branches, "branches", 80, none},    {branches, "branches", 120, none},
        {shared, "shared", 90, none},         {fork_of, "fork", 80, none},         {idle, "idle", 80, none},
        {way_back, "way_back", 80, none},     {nested, "nested", 100, none},       {stack, "stack", 80, none},
        {open_sizes, "open_sizes", 90, none}, {normalized, "normalized", 80, none}};
    for (size_t i = 0; i < ARRAY_COUNT(models); i++) {
        char file[100];
        cepa_model *model = make(models[i].builder, NULL);
        snprintf(file, sizeof file, "%s_%d_keras3", models[i].name, models[i].width);
        check(model, file, &(cepa_summary_options){.width = models[i].width}, &models[i].optimizer);
        if (models[i].width == 80) check(model, file, NULL, &models[i].optimizer);
        cepa_graph_free(model->graph);
    }
}

/* Through the public call: the optimizer is listed from the first step on. */
static void the_optimizer_is_listed_once_it_works(void **state)
{
    (void)state;
    static const float zeros[2 * 3072];
    static const int64_t labels[2];
    const cepa_array x = {"x", CEPA_FLOAT32, 3, {32, 32, 3}, zeros}, y = {"y", CEPA_INT64, 1, {1}, labels};
    cepa_model *model = make(create_nn, NULL);
    cepa_dataset *data;
    char *before, *after;
    assert_int_equal(cepa_dataset_new(2, &x, 1, &y, 1, NULL, &data, NULL), CEPA_OK);
    cepa_compile(model, .optimizer = {"adam"}, .loss = cepa_sparse_categorical_crossentropy(.from_logits = true));
    assert_int_equal(cepa_summary(model, NULL, &before, NULL), CEPA_OK);
    assert_null(strstr(before, "Optimizer params"));
    assert_int_equal(cepa_fit(model, data), CEPA_OK);
    assert_int_equal(cepa_summary(model, NULL, &after, NULL), CEPA_OK);
    assert_non_null(strstr(after, " Total params: 343,532 (1.31 MB)\n"));
    assert_non_null(strstr(after, " Optimizer params: 229,022 (894.62 KB)\n"));
    free(before);
    free(after);
    cepa_dataset_free(data);
    cepa_graph_free(model->graph);
}

/* Takes escape sequences of colours away. */
static char *without_colors(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '\033')
            from = strchr(from, 'm');
        else
            *to++ = *from;
    }
    *to = 0;
    return text;
}

static void colors_change_nothing_else(void **state)
{
    (void)state;
    cepa_model *(*const builders[])(cepa_graph *) = {create_nn, branches, shared, nested, stack};
    for (size_t i = 0; i < ARRAY_COUNT(builders); i++) {
        cepa_model *model = make(builders[i], NULL);
        char *plain = summary_of(model, NULL, NULL);
        char *colored = summary_of(model, &(cepa_summary_options){.color = true}, NULL);
        assert_non_null(strstr(colored, "\033[38;5;45mNone\033[0m, \033[38;5;34m"));
        assert_string_equal(without_colors(colored), plain);
        free(plain);
        free(colored);
        cepa_graph_free(model->graph);
    }
}

/* Columns of a terminal that the longest line takes. */
static size_t widest_line(const char *text)
{
    size_t widest = 0;
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        size_t columns = text_columns(text, (size_t)(end - text));
        if (columns > widest) widest = columns;
    }
    return widest;
}

static void tables_fit_any_terminal(void **state)
{
    (void)state;
    cepa_model *model = make(branches, NULL);
    for (int width = 1; width < 300; width++) {
        char *text = summary_of(model, &(cepa_summary_options){.width = width}, NULL);
        size_t widest = widest_line(text);
        assert_true(widest <= (width < 44 ? 40 : (size_t)width - 4) && (widest <= 108));
        free(text);
    }
    cepa_graph_free(model->graph);
}

static void formulas_are_written_out(void **state)
{
    (void)state;
    static const char *const lines[] = {
        " conv2d            (3·3·3 + 1)·50 = 1,400       1.2 %  ▏\n",
        "                   50 × (kernel 3·3·3 + bias 1)\n",
        " max_pooling2d     0\n",
        " conv2d_1          (3·3·50 + 1)·50 = 22,550    19.7 %  ████\n",
        " dense             (1800 + 1)·50 = 90,050      78.6 %  ████████████████\n",
        " conv2d            (32, 32, 3) → (30, 30, 50)    32 − 3 + 1 = 30\n",
        " max_pooling2d_1   (13, 13, 50) → (6, 6, 50)     ⌊(13 − 2)/2⌋ + 1 = 6\n",
        " flatten           (6, 6, 50) → (1800)           6·6·50 = 1,800\n",
        " dense_1           (50) → (10)\n",
    };
    cepa_model *model = make(create_nn, NULL);
    char *text = summary_of(model, &(cepa_summary_options){.explain = true}, NULL);
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
        if (!strstr(text, lines[i])) fail_msg("not found: %s in\n%s", lines[i], text);
    free(text);
    cepa_graph_free(model->graph);
}

static void formulas_of_other_layers(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "(1 + 1 + 1 + 1)·8 = 32",
        "8 × (gamma 1 + beta 1 + moving_mean 1 + moving_variance 1); not trained: moving_mean, moving_variance\n",
        "(7 + 1)·5 = 40",
        "5 × (kernel 7 + bias 1); not trained: kernel, bias\n",
        "(16, 16, 3) → (16, 16, 8)                   padded to 16\n",
        "(16, 16, 8) and (16, 16, 8) → (16, 16, 8)\n",
    };
    cepa_model *model = make(branches, NULL);
    char *text = summary_of(model, &(cepa_summary_options){.explain = true, .style = "keras2.14"}, NULL);
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
        if (!strstr(text, lines[i])) fail_msg("not found: %s in\n%s", lines[i], text);
    free(text);
    cepa_graph_free(model->graph);
}

static void a_kernel_alone_is_a_product(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {32, 32, 3});
    cepa_model *model = model_of(
        "m", in, cepa_conv2d(in, .filters = 100, .kernel_size = {3}, .strides = {2, 3}, .use_bias = CEPA_FALSE));
    char *text = summary_of(model, &(cepa_summary_options){.explain = true}, NULL);
    assert_non_null(strstr(text, " 3·3·3·100 = 2,700   100.0 %"));
    assert_non_null(strstr(text, "   ⌊(32 − 3)/2⌋ + 1 = 15, ⌊(32 − 3)/3⌋ + 1 = 10\n"));
    free(text);
    cepa_graph_free(g);
}

static void unknown_style_is_refused(void **state)
{
    (void)state;
    cepa_model *model = make(dense100, NULL);
    cepa_error error;
    buffer text = {0};
    const cepa_summary_options options = {.style = "keras1"};
    assert_int_equal(summary_text(model->network, &options, &(optimizer_size){0}, &text, &error), CEPA_ARGUMENT);
    assert_string_equal(error.message, "style must be keras3, keras2.14, keras2.12 or keras2.6, not keras1");
    assert_int_equal(text.size, 0);
    cepa_graph_free(model->graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_of_keras2_are_the_lessons), cmocka_unit_test(tables_of_keras2_6_cut_what_is_long),
        cmocka_unit_test(tables_of_keras3_are_kerass),      cmocka_unit_test(the_optimizer_is_listed_once_it_works),
        cmocka_unit_test(colors_change_nothing_else),       cmocka_unit_test(tables_fit_any_terminal),
        cmocka_unit_test(formulas_are_written_out),         cmocka_unit_test(formulas_of_other_layers),
        cmocka_unit_test(a_kernel_alone_is_a_product),      cmocka_unit_test(unknown_style_is_refused),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
