/* Every layer's gradients against central differences, in double precision: the same sources, built with real = double.
 */
#include "layer_run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct gradient_case {
    const char *layer; /* in call notation */
    size_t rows, inputs;
    shape input[3];
    size_t rows_of_table; /* the inputs stand for that many rows; 0: they are any numbers */
    bool positive;        /* the inputs are above 0.3 */
} gradient_case;

#define IMAGE(h, w, c)                                                                                                 \
    {                                                                                                                  \
        3, { h, w, c }                                                                                                 \
    }
#define VECTOR(n)                                                                                                      \
    {                                                                                                                  \
        1, { n }                                                                                                       \
    }

static const gradient_case cases[] = {
    {"Rescaling(0.5, 0.25)", 3, 1, {IMAGE(2, 3, 2)}},
    {"Rescaling((0.5, 2.0), (0.25, -1.0))", 3, 1, {IMAGE(2, 3, 2)}},
    {"Normalization(mean=0.3, variance=2.0)", 3, 1, {IMAGE(2, 3, 2)}},
    {"Normalization(axis=(1, 3), mean=(0.3, 0.1), variance=(2.0, 0.5), invert=True)", 17, 1, {IMAGE(2, 3, 2)}},
    {"Embedding(3, 4)", 17, 1, {{2, {2, 3}}}, 3},
    {"Conv2D(3, 3)", 2, 1, {IMAGE(5, 4, 2)}},
    {"Conv2D(3, 3)", 17, 1, {IMAGE(3, 3, 2)}},
    {"Conv2D(4, (2, 3), strides=(2, 1), padding='same', groups=2)", 2, 1, {IMAGE(5, 4, 2)}},
    {"Conv2D(2, 3, dilation_rate=2, padding='same', use_bias=False)", 1, 1, {IMAGE(5, 6, 3)}},
    {"Conv2D(2, 3, activation='tanh', activity_regularizer=l2(0.3))", 3, 1, {IMAGE(4, 4, 1)}},
    {"Conv1D(3, 3)", 2, 1, {{2, {6, 2}}}},
    {"Conv1D(4, 2, strides=2, padding='same', groups=2)", 3, 1, {{2, {5, 2}}}},
    {"Conv1D(2, 3, dilation_rate=2, padding='causal', activation='tanh')", 2, 1, {{2, {6, 3}}}},
    {"DepthwiseConv2D(3)", 2, 1, {IMAGE(4, 5, 3)}},
    {"DepthwiseConv2D((2, 3), strides=2, padding='same', depth_multiplier=2)", 17, 1, {IMAGE(5, 4, 2)}},
    {"SeparableConv2D(3, 2, depth_multiplier=2)", 2, 1, {IMAGE(4, 3, 2)}},
    {"SeparableConv2D(2, 3, strides=2, padding='same', use_bias=False, activation='tanh')", 17, 1, {IMAGE(5, 4, 3)}},
    {"Conv2DTranspose(3, 3)", 2, 1, {IMAGE(3, 2, 2)}},
    {"Conv2DTranspose(2, (2, 3), strides=2, padding='same')", 17, 1, {IMAGE(3, 2, 3)}},
    {"Conv2DTranspose(2, 2, strides=3, output_padding=0, use_bias=False)", 2, 1, {IMAGE(2, 3, 2)}},
    {"DepthwiseConv1D(3, depth_multiplier=2, padding='same')", 2, 1, {{2, {5, 3}}}},
    {"SeparableConv1D(3, 2, strides=2, depth_multiplier=2, activation='tanh')", 17, 1, {{2, {5, 2}}}},
    {"Conv1DTranspose(3, 3, strides=2, padding='same', output_padding=1)", 2, 1, {{2, {4, 2}}}},
    {"Conv3D(3, 2)", 17, 1, {{4, {2, 3, 3, 2}}}},
    {"Conv3D(4, (3, 2, 1), strides=(1, 2, 2), padding='same', groups=2)", 2, 1, {{4, {3, 2, 3, 2}}}},
    {"Conv3D(2, 2, dilation_rate=(2, 1, 1), use_bias=False, activation='tanh')", 2, 1, {{4, {3, 2, 3, 1}}}},
    {"Conv3DTranspose(2, (2, 1, 2))", 17, 1, {{4, {2, 1, 2, 3}}}},
    {"Conv3DTranspose(2, 3, strides=2, padding='same', output_padding=(0, 1, 1))", 2, 1, {{4, {2, 1, 2, 2}}}},
    {"Dense(3)", 19, 1, {VECTOR(5)}},
    {"Dense(3, activation='sigmoid')", 2, 1, {IMAGE(2, 3, 4)}},
    {"MaxPooling2D(2)", 2, 1, {IMAGE(5, 4, 2)}},
    {"MaxPooling2D(3, strides=1, padding='same')", 2, 1, {IMAGE(4, 4, 2)}},
    {"AveragePooling2D(2)", 2, 1, {IMAGE(5, 4, 2)}},
    {"AveragePooling2D(3, strides=2, padding='same')", 2, 1, {IMAGE(5, 4, 2)}},
    {"MaxPooling1D(3, strides=2, padding='same')", 2, 1, {{2, {7, 2}}}},
    {"AveragePooling1D(2)", 2, 1, {{2, {7, 2}}}},
    {"MaxPooling3D((2, 3, 2), strides=(1, 2, 1), padding='same')", 2, 1, {{4, {3, 4, 2, 2}}}},
    {"AveragePooling3D((2, 3, 2), strides=(2, 2, 1), padding='same')", 2, 1, {{4, {3, 4, 2, 2}}}},
    {"GlobalAveragePooling3D()", 2, 1, {{4, {2, 2, 2, 2}}}},
    {"GlobalMaxPooling3D(keepdims=True)", 2, 1, {{4, {2, 2, 2, 2}}}},
    {"ZeroPadding3D(((1, 0), (0, 2), (1, 1)))", 2, 1, {{4, {1, 2, 2, 2}}}},
    {"Cropping3D(((1, 0), (0, 2), (1, 1)))", 2, 1, {{4, {2, 3, 4, 2}}}},
    {"UpSampling3D((2, 1, 3))", 2, 1, {{4, {1, 2, 2, 2}}}},
    {"GlobalAveragePooling1D(keepdims=True)", 2, 1, {{2, {5, 2}}}},
    {"GlobalMaxPooling1D()", 2, 1, {{2, {5, 2}}}},
    {"ZeroPadding1D((1, 2))", 2, 1, {{2, {3, 2}}}},
    {"ZeroPadding2D(((1, 0), (2, 3)))", 2, 1, {IMAGE(2, 3, 2)}},
    {"Cropping1D((1, 2))", 2, 1, {{2, {5, 2}}}},
    {"Cropping2D((1, 2))", 2, 1, {IMAGE(4, 6, 2)}},
    {"UpSampling1D(3)", 2, 1, {{2, {3, 2}}}},
    {"UpSampling2D((2, 3))", 2, 1, {IMAGE(2, 3, 2)}},
    {"UpSampling2D(2, interpolation='bicubic')", 2, 1, {IMAGE(2, 3, 2)}},
    {"Resizing(3, 5)", 2, 1, {IMAGE(4, 2, 2)}},
    {"Resizing(2, 3, interpolation='bicubic', antialias=True, crop_to_aspect_ratio=True)", 2, 1, {IMAGE(5, 6, 2)}},
    {"Resizing(4, 3, interpolation='area', pad_to_aspect_ratio=True, fill_value=0.3)", 2, 1, {IMAGE(2, 6, 2)}},
    {"CenterCrop(2, 3)", 2, 1, {IMAGE(5, 4, 2)}},
    {"CenterCrop(4, 3)", 2, 1, {IMAGE(3, 5, 2)}},
    {"GlobalAveragePooling2D()", 2, 1, {IMAGE(3, 4, 2)}},
    {"GlobalMaxPooling2D(keepdims=True)", 2, 1, {IMAGE(3, 4, 2)}},
    {"BatchNormalization()", 18, 1, {IMAGE(2, 3, 2)}},
    {"BatchNormalization(axis=1, scale=False)", 5, 1, {IMAGE(2, 3, 2)}},
    {"BatchNormalization(center=False, epsilon=0.1)", 7, 1, {VECTOR(4)}},
    {"LayerNormalization()", 3, 1, {IMAGE(2, 3, 4)}},
    {"LayerNormalization(axis=(1, 3), scale=False)", 3, 1, {IMAGE(2, 3, 2)}},
    {"LayerNormalization(axis=1, epsilon=0.1)", 17, 1, {VECTOR(5)}},
    {"GroupNormalization(groups=2)", 3, 1, {IMAGE(2, 2, 4)}},
    {"GroupNormalization(groups=-1, center=False)", 3, 1, {IMAGE(3, 2, 2)}},
    {"GroupNormalization(groups=2, axis=1)", 3, 1, {IMAGE(4, 2, 2)}},
    {"RMSNormalization()", 3, 1, {IMAGE(2, 2, 3)}},
    {"UnitNormalization()", 3, 1, {IMAGE(2, 2, 3)}},
    {"UnitNormalization(axis=(1, 3))", 17, 1, {IMAGE(2, 3, 2)}},
    {"GaussianNoise(0.3)", 3, 1, {VECTOR(5)}},
    {"GaussianDropout(0.3)", 3, 1, {VECTOR(5)}},
    {"Resizing(4, 3, pad_to_aspect_ratio=True, fill_value=0.5)", 2, 1, {IMAGE(2, 5, 2)}},
    {"RandomCrop(2, 3)", 3, 1, {IMAGE(4, 3, 2)}},
    {"RandomFlip()", 3, 1, {IMAGE(3, 2, 2)}},
    {"RandomTranslation(0.4, (0.1, 0.3))", 3, 1, {IMAGE(3, 4, 2)}},
    {"RandomRotation(0.3, fill_mode='constant', fill_value=0.4)", 3, 1, {IMAGE(4, 3, 2)}},
    {"RandomZoom(0.4, fill_mode='wrap')", 3, 1, {IMAGE(4, 3, 1)}},
    {"Identity()", 2, 1, {IMAGE(3, 4, 2)}},
    {"RandomBrightness(0.4, value_range=(-1, 1))", 3, 1, {IMAGE(3, 4, 2)}},
    {"RandomContrast((0.3, 0.6), value_range=(-1, 1))", 3, 1, {IMAGE(3, 4, 2)}},
    {"Flatten()", 2, 1, {IMAGE(3, 4, 2)}},
    {"Reshape((6, -1))", 2, 1, {IMAGE(3, 4, 2)}},
    {"Permute((3, 1, 2))", 2, 1, {IMAGE(3, 4, 2)}},
    {"RepeatVector(3)", 2, 1, {VECTOR(4)}},
    {"SpatialDropout1D(0.4)", 3, 1, {{2, {4, 5}}}},
    {"SpatialDropout2D(0.4)", 3, 1, {IMAGE(3, 2, 5)}},
    {"SpatialDropout3D(0.4)", 3, 1, {{4, {2, 2, 2, 5}}}},
    {"AlphaDropout(0.4)", 3, 1, {IMAGE(3, 4, 2)}},
    {"Dropout(0.4)", 3, 1, {IMAGE(3, 4, 2)}},
    {"Dropout(0.4, noise_shape=(None, 1, 1, 2))", 3, 1, {IMAGE(3, 4, 2)}},
    {"Activation('gelu')", 2, 1, {VECTOR(7)}},
    {"Activation('softmax')", 2, 1, {IMAGE(2, 2, 3)}},
    {"Activation('glu')", 2, 1, {IMAGE(2, 2, 4)}},
    {"Activation('glu(axis=1)')", 2, 1, {IMAGE(2, 3, 2)}},
    {"Activation('sparsemax')", 2, 1, {VECTOR(7)}}, /* no support ends on its edge, where Keras' jumps */
    {"ReLU(max_value=0.8, negative_slope=0.1, threshold=0.2)", 2, 1, {VECTOR(20)}},
    {"LeakyReLU(0.1)", 2, 1, {VECTOR(20)}},
    {"PReLU()", 3, 1, {IMAGE(2, 3, 2)}},
    {"PReLU(shared_axes=(1, 2))", 17, 1, {IMAGE(2, 3, 2)}},
    {"ELU(0.7)", 2, 1, {VECTOR(20)}},
    {"Softmax()", 2, 1, {IMAGE(2, 2, 3)}},
    {"Softmax(axis=(1, 2))", 2, 1, {IMAGE(2, 3, 2)}},
    {"ActivityRegularization(l1=0.1, l2=0.2)", 3, 1, {VECTOR(6)}},
    {"Add()", 2, 2, {IMAGE(2, 3, 2), IMAGE(2, 3, 2)}},
    {"Add()", 2, 3, {IMAGE(2, 1, 2), IMAGE(2, 3, 1), VECTOR(2)}},
    {"Subtract()", 2, 2, {IMAGE(2, 3, 2), IMAGE(2, 1, 2)}},
    {"Multiply()", 2, 2, {IMAGE(2, 3, 2), IMAGE(2, 3, 2)}},
    {"Multiply()", 2, 3, {IMAGE(2, 3, 2), IMAGE(1, 1, 2), VECTOR(2)}},
    {"Average()", 2, 3, {IMAGE(2, 3, 2), IMAGE(2, 1, 2), IMAGE(2, 3, 2)}},
    {"Maximum()", 2, 3, {IMAGE(2, 3, 2), IMAGE(2, 1, 2), IMAGE(2, 3, 2)}},
    {"Minimum()", 2, 2, {IMAGE(2, 3, 2), IMAGE(2, 3, 2)}},
    {"Concatenate()", 2, 2, {IMAGE(2, 3, 2), IMAGE(2, 3, 1)}},
    {"Concatenate(axis=1)", 2, 3, {IMAGE(2, 3, 2), IMAGE(1, 3, 2), IMAGE(2, 3, 2)}},
    {"Dot(1)", 17, 2, {VECTOR(4), VECTOR(4)}},
    {"Dot((3, 1), normalize=True)", 2, 2, {IMAGE(2, 1, 3), {2, {3, 2}}}},
    {"Dot((-2, -1))", 2, 2, {{2, {3, 2}}, IMAGE(2, 2, 3)}},
    {"ops.Add(number=0.7)", 2, 1, {VECTOR(7)}},
    {"ops.Subtract(number=0.7)", 2, 1, {VECTOR(7)}},
    {"ops.Subtract(number=0.7, number_first=True)", 2, 1, {VECTOR(7)}},
    {"ops.Multiply(number=-2)", 2, 1, {VECTOR(7)}},
    {"ops.TrueDivide(number=3)", 2, 1, {VECTOR(7)}},
    {"ops.TrueDivide(number=3, number_first=True)", 2, 1, {VECTOR(7)}, .positive = true},
    {"ops.TrueDivide()", 2, 2, {IMAGE(2, 3, 2), VECTOR(2)}, .positive = true},
    {"ops.TrueDivide()", 2, 2, {VECTOR(3), VECTOR(3)}, .positive = true},
    {"ops.Divide(number=3)", 2, 1, {VECTOR(7)}},
    {"ops.Power(number=3)", 2, 1, {VECTOR(7)}},
    {"ops.Power(number=0)", 2, 1, {VECTOR(7)}},
    {"ops.Power(number=-1.5)", 2, 1, {VECTOR(7)}, .positive = true},
    {"ops.Power(number=1.5, number_first=True)", 2, 1, {VECTOR(7)}},
    {"ops.Maximum(number=0.2)", 2, 1, {VECTOR(7)}},
    {"ops.Maximum(number=0.2, number_first=True)", 2, 1, {VECTOR(7)}},
    {"ops.Minimum(number=0.2)", 2, 1, {VECTOR(7)}},
    {"ops.Minimum(number=0.2, number_first=True)", 2, 1, {VECTOR(7)}},
    {"ops.Negative()", 2, 1, {VECTOR(7)}},
    {"ops.Absolute()", 2, 1, {VECTOR(7)}},
    {"ops.Square()", 2, 1, {VECTOR(7)}},
    {"ops.Sqrt()", 2, 1, {VECTOR(7)}, .positive = true},
    {"ops.Rsqrt()", 2, 1, {VECTOR(7)}, .positive = true},
    {"ops.Reciprocal()", 2, 1, {VECTOR(7)}, .positive = true},
    {"ops.Exp()", 2, 1, {VECTOR(7)}},
    {"ops.Log()", 2, 1, {VECTOR(7)}, .positive = true},
};

/* Numbers around zero, others for each purpose, none within 1e-2 of a kink at 0, 0.2 or 0.8, no two within 1e-3 of each
 * other. */
static void fill_numbers(double *numbers, size_t count, uint32_t purpose)
{
    random_stream stream = random_stream_of(5, "numbers", "test", purpose);
    size_t *order = calloc(count, sizeof *order);
    random_order(&stream, order, count);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = ((double)order[i] + 0.5) / (double)count * 3 - 1.5 + 0.0011 + 0.004 * (purpose % 10);
        for (int kink = 0; kink < 3; kink++) {
            static const double kinks[] = {0, 0.2, 0.8};
            if (fabs(numbers[i] - kinks[kink]) < 1e-3) numbers[i] += 2e-3;
        }
    }
    free(order);
}

static double objective(layer_run *run)
{
    run_once(run);
    double sum = 0;
    for (size_t i = 0; i < run->rows * run->output_count[0]; i++) sum += run->y[0][i] * run->dy[0][i];
    for (size_t k = 0; k < run->plan->penalty_count; k++) {
        double penalty[64];
        session_penalty(run->session, k, run->rows, penalty);
        for (size_t i = 0; i < run->rows; i++) sum += penalty[i] / (double)run->rows;
    }
    return sum;
}

/* The difference between a gradient and the objective's slope at a number, relative to 1 and the gradient's size. */
static double slope_error(layer_run *run, double *x, real *w, double gradient)
{
    const double step = 1e-5;
    double value = x ? *x : (double)*w, sides[2];
    for (int side = 0; side < 2; side++) {
        double moved = value + (side ? step : -step);
        if (x)
            *x = moved;
        else {
            *w = (real)moved;
            graph_weights_changed(run->graph);
        }
        sides[side] = objective(run);
    }
    if (x)
        *x = value;
    else {
        *w = (real)value;
        graph_weights_changed(run->graph);
    }
    double slope = (sides[1] - sides[0]) / (2 * step);
    double wrong = fabs(slope - gradient) / fmax(1, fabs(gradient));
    return wrong >= 0 ? wrong : INFINITY;
}

static double worst_error(layer_run *run)
{
    double worst = 0;
    for (size_t i = 0; i < run->inputs; i++)
        for (size_t k = 0; k < run->rows * run->input_count[i]; k++) {
            objective(run);
            worst = fmax(worst, slope_error(run, &run->x[i][k], NULL, run->dx[i][k]));
        }
    for (size_t i = 0; i < run->graph->weight_count; i++)
        for (size_t k = 0; k < run->graph->weights[i].count; k++) {
            objective(run);
            const real *gradient = run_weight_gradient(run, i);
            if (!gradient) continue;
            real *w = run->graph->values + run->graph->weights[i].offset + k;
            worst = fmax(worst, slope_error(run, NULL, w, (double)gradient[k]));
        }
    return worst;
}

/* The bias starts at 0: numbers instead, so that its place matters. */
static void draw_weights(cepa_graph *graph)
{
    for (size_t i = 0; i < graph->weight_count; i++) {
        double *numbers = calloc(graph->weights[i].count, sizeof *numbers);
        fill_numbers(numbers, graph->weights[i].count, 100 + (uint32_t)i);
        for (size_t k = 0; k < graph->weights[i].count; k++)
            if (!graph->weights[i].not_trained) graph->values[graph->weights[i].offset + k] = (real)numbers[k];
        free(numbers);
    }
    graph_weights_changed(graph);
}

static double check(const gradient_case *c)
{
    cepa_error error;
    int inputs[MOST_VALUES];
    cepa_graph *graph = run_graph(c->input, c->inputs, inputs);
    const value *v = value_parse(&graph->memory, c->layer, &error);
    if (!v) fail_msg("%s", error.message);
    int output = run_layer(graph, v->call.name, v->call.members, v->call.count, inputs, c->inputs, true);
    draw_weights(graph);
    layer_run run;
    run_prepare(&run, graph, inputs, c->inputs, &output, 1, c->rows, true, false, 1);
    for (size_t i = 0; i < run.inputs; i++) fill_numbers(run.x[i], c->rows * run.input_count[i], (uint32_t)i);
    for (size_t i = 0; c->positive && i < run.inputs; i++)
        for (size_t k = 0; k < c->rows * run.input_count[i]; k++) run.x[i][k] = fabs(run.x[i][k]) + 0.3;
    for (size_t k = 0; c->rows_of_table && k < c->rows * run.input_count[0]; k++)
        run.x[0][k] = (double)(k * k % c->rows_of_table) + 0.5;
    fill_numbers(run.dy[0], c->rows * run.output_count[0], 50);
    double worst = worst_error(&run);
    run_free(&run);
    return worst;
}

/* Every member has a case; before: what stands before its name there. */
static void assert_cases_for(const family *family, const char *before)
{
    for (size_t k = 0; k < family->count; k++) {
        char start[64];
        size_t length = (size_t)snprintf(start, sizeof start, "%s%s(", before, family->members[k]->name), i = 0;
        while (i < ARRAY_COUNT(cases) && strncmp(cases[i].layer, start, length) != 0) i++;
        if (i == ARRAY_COUNT(cases) && strcmp(start, "InputLayer(") != 0) fail_msg("%s has no case here", start);
    }
}

static void gradients_are_slopes(void **state)
{
    (void)state;
    size_t failed = 0;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        double worst = check(&cases[i]);
        if (worst < 1e-6) continue;
        printf("FAILED: %s: relative error %.1e\n", cases[i].layer, worst);
        failed++;
    }
    assert_int_equal(failed, 0);
    assert_cases_for(&layer_family, "");
    assert_cases_for(&operation_family, "ops.");
}

/* A value read by two calls and added to itself: gradients of a fan-out are summed; a layer used twice sums its
 * weights'. */
static void fan_out_and_shared_layers_add_up(void **state)
{
    (void)state;
    shape input = VECTOR(4);
    int x;
    cepa_graph *graph = run_graph(&input, 1, &x);
    named_value units = {"units", value_int(&graph->memory, 4)};
    int once = run_layer(graph, "Dense", &units, 1, &x, 1, true);
    size_t index;
    const call *first = graph_source(graph, once, &index);
    call *second = graph_call(graph, first->layer, &once, 1);
    assert_non_null(second);
    int pair[2] = {second->result[0], x}, same[2];
    int sum = run_layer(graph, "Add", NULL, 0, pair, 2, true);
    same[0] = same[1] = sum;
    int output = run_layer(graph, "Add", NULL, 0, same, 2, true);
    draw_weights(graph);
    layer_run run;
    run_prepare(&run, graph, &x, 1, &output, 1, 20, true, false, 1);
    fill_numbers(run.x[0], 20 * 4, 0);
    fill_numbers(run.dy[0], 20 * 4, 1);
    assert_true(worst_error(&run) < 1e-6);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_slopes),
        cmocka_unit_test(fan_out_and_shared_layers_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
