/* The numbers in the quiz, counted on the lesson's own networks. */
#include "quiz.h"
#include "text_table.h"

#include <stdio.h>
#include <string.h>

static cepa_tensor convolution(cepa_tensor x)
{
    return cepa_conv2d(x, .filters = 50, .kernel_size = {3, 3}, .activation = "relu");
}

static cepa_tensor pooled_convolution(cepa_tensor x) { return cepa_max_pooling2d(convolution(x), .pool_size = {2, 2}); }

static cepa_tensor head(cepa_tensor x)
{
    return cepa_dense(cepa_dense(cepa_flatten(x), .units = 50, .activation = "relu"), .units = 10);
}

static cepa_tensor one_dense(cepa_tensor x) { return cepa_dense(cepa_flatten(x), .units = 100); }
static cepa_tensor kernels(cepa_tensor x)
{
    return cepa_conv2d(x, .filters = 100, .kernel_size = {3, 3}, .use_bias = CEPA_FALSE);
}
static cepa_tensor kernels_with_bias(cepa_tensor x) { return cepa_conv2d(x, .filters = 100, .kernel_size = {3, 3}); }
static cepa_tensor small(cepa_tensor x) { return cepa_dense(cepa_flatten(convolution(convolution(x))), .units = 10); }
static cepa_tensor dense_only(cepa_tensor x)
{
    x = cepa_dense(cepa_flatten(x), .units = 50, .activation = "relu");
    return cepa_dense(cepa_dense(x, .units = 50, .activation = "relu"), .units = 10);
}
static cepa_tensor two_convolutions(cepa_tensor x) { return head(pooled_convolution(pooled_convolution(x))); }
static cepa_tensor three_convolutions(cepa_tensor x)
{
    return head(convolution(pooled_convolution(pooled_convolution(x))));
}

/* What is counted: all parameters of a network, or of its layer; or the numbers that the layer gives. */
typedef struct counted {
    const char *name;
    cepa_tensor (*network)(cepa_tensor input);
    int layer; /* -1: all */
    bool outputs, without_bias;
    int channels; /* of the input */
} counted;

static const counted table[QUIZ_NUMBERS] = {
    {"features", one_dense, 1, .outputs = true, .channels = 3},
    {"pixels", one_dense, 1, .outputs = true, .channels = 1},
    {"dense", one_dense, -1, .channels = 3},
    {"dense_weights", one_dense, -1, .without_bias = true, .channels = 3},
    {"kernels", kernels, -1, .channels = 3},
    {"kernels_with_bias", kernels_with_bias, -1, .channels = 3},
    {"flat_kernels", kernels, -1, .channels = 1},
    {"small", small, -1, .channels = 3},
    {"small_convolution", small, 2, .channels = 3},
    {"small_flat", small, 3, .outputs = true, .channels = 3},
    {"small_dense", small, 4, .channels = 3},
    {"dense_only", dense_only, -1, .channels = 3},
    {"two", two_convolutions, -1, .channels = 3},
    {"three", three_convolutions, -1, .channels = 3},
    {"third_layer", three_convolutions, 5, .channels = 3},
};

static size_t count_weights(const cepa_model *model, const counted *what)
{
    size_t sum = 0;
    cepa_weight_info weight;
    for (size_t i = 0; i < cepa_model_weight_count(model); i++)
        if (cepa_model_weight(model, i, &weight) == CEPA_OK &&
            !(what->without_bias && strcmp(weight.name, "bias") == 0))
            sum += weight.count;
    return sum;
}

static size_t count_layer(const cepa_model *model, const counted *what)
{
    cepa_layer_info layer;
    if (cepa_model_layer(model, (size_t)what->layer, &layer) != CEPA_OK) return 0;
    size_t outputs = 1;
    for (size_t i = 0; i < layer.rank; i++) outputs *= (size_t)layer.output_shape[i];
    return what->outputs ? outputs : layer.parameters;
}

cepa_status quiz_count(quiz_number numbers[QUIZ_NUMBERS], cepa_error *error)
{
    for (size_t i = 0; i < QUIZ_NUMBERS; i++) {
        const counted *what = &table[i];
        cepa_graph *graph = cepa_graph_new();
        cepa_tensor input = cepa_input(graph, .shape = {32, 32, what->channels});
        cepa_model *model = cepa_model_new(.inputs = {input}, .outputs = {what->network(input)});
        cepa_status status = cepa_model_status(model);
        if (status) *error = *cepa_model_error(model);
        if (!status)
            numbers[i] =
                (quiz_number){what->name, what->layer < 0 ? count_weights(model, what) : count_layer(model, what)};
        cepa_graph_free(graph);
        if (status) return status;
    }
    return CEPA_OK;
}

void quiz_render(const quiz_number numbers[QUIZ_NUMBERS], const char *text, char rendered[QUIZ_TEXT])
{
    size_t used = 0;
    while (*text && used + 40 < QUIZ_TEXT) {
        size_t found = QUIZ_NUMBERS, length = strcspn(text, "}");
        for (size_t i = 0; *text == '{' && i < QUIZ_NUMBERS; i++)
            if (strlen(numbers[i].name) == length - 1 && strncmp(numbers[i].name, text + 1, length - 1) == 0) found = i;
        if (found == QUIZ_NUMBERS)
            rendered[used++] = *text++;
        else {
            count_print(numbers[found].value, rendered + used);
            used += strlen(rendered + used);
            text += length + 1;
        }
    }
    rendered[used] = 0;
}
