/* Architectures in JSON: every spelling of Keras 2 and 3, what is refused and why, damaged texts, and writing them. */
#include "formats/architecture.h"
#include "formats/json.h"
#include "formats/keras.h"
#include "model/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A text that was opened; in texts of this file ' stands for ". */
typedef struct opened {
    char *text;
    cepa_graph *graph;
    keras_file *file;
    keras_contents contents;
    cepa_error error;
    cepa_status status;
} opened;

static void open_bytes(opened *o, size_t size)
{
    o->graph = cepa_graph_new();
    assert_non_null(o->graph);
    o->status = keras_open(o->text, size, o->graph, &o->file, &o->contents, &o->error);
    assert_int_equal(o->status != CEPA_OK, o->file == NULL);
}

static void open_text(opened *o, const char *text)
{
    *o = (opened){.text = strdup(text)};
    for (char *c = o->text; *c; c++)
        if (*c == '\'') *c = '"';
    open_bytes(o, strlen(o->text));
}

static void close_opened(opened *o)
{
    keras_close(o->file);
    cepa_graph_free(o->graph);
    free(o->text);
}

/* "LAYER: inputs" for every visible call, in the order of the model: "x:; d: x; d: d". */
static char *calls_of(const network *n)
{
    buffer text = {0};
    for (size_t i = 0; i < n->visible_count; i++) {
        const call *c = n->visible[i];
        buffer_format(&text, "%s%s:", i ? "; " : "", c->layer->name);
        for (size_t k = 0; k < c->inputs; k++) {
            size_t index;
            const call *from = graph_source(n->graph, c->input[k], &index);
            buffer_format(&text, " %s/%zu", from->layer->name, from->number);
        }
        if (c->inference) buffer_text(&text, " training=False");
    }
    return buffer_take_text(&text);
}

/* Writes a network and reads it again; *text receives the JSON. */
static void write_and_read(const network *n, opened *o)
{
    arena memory = {0};
    buffer text = {0};
    const value *object;
    cepa_error error;
    if (architecture_write(&memory, n, &object, &error)) fail_msg("%s", error.message);
    json_write(&text, object);
    *o = (opened){.text = buffer_take_text(&text)};
    assert_non_null(o->text);
    open_bytes(o, strlen(o->text));
    arena_free(&memory);
}

/* The model has these calls, also when it was written and read again, and then is written the same. */
static void reads_as(const char *text, const char *calls)
{
    opened o, again, third;
    open_text(&o, text);
    if (o.status) fail_msg("%s\n%s", o.error.message, text);
    char *found = calls_of(o.contents.network);
    assert_string_equal(found, calls);
    write_and_read(o.contents.network, &again);
    if (again.status) fail_msg("%s\n%s", again.error.message, again.text);
    char *found_again = calls_of(again.contents.network);
    assert_string_equal(found_again, calls);
    write_and_read(again.contents.network, &third);
    assert_string_equal(third.text, again.text);
    free(found);
    free(found_again);
    close_opened(&o);
    close_opened(&again);
    close_opened(&third);
}

/* ---- What is read -------------------------------------------------------------------------------------------------
 */

#define INPUT2(name) "{'class_name': 'InputLayer', 'config': {'batch_input_shape': [null, 4], 'name': '" name "'}, "
#define INPUT3(name)                                                                                                   \
    "{'module': 'keras.layers', 'class_name': 'InputLayer', 'registered_name': null, 'config': "                       \
    "{'batch_shape': [null, 4], 'dtype': 'float32', 'sparse': false, 'name': '" name "'}, "
#define DENSE(name) "{'class_name': 'Dense', 'config': {'name': '" name "', 'units': 4}, 'name': '" name "', "
#define ADD(name)   "{'class_name': 'Add', 'config': {'name': '" name "'}, 'name': '" name "', "
#define TENSOR(layer, node)                                                                                            \
    "{'class_name': '__keras_tensor__', 'config': {'shape': [null, 4], 'keras_history': ['" layer "', " node ", 0]}}"
#define FUNCTIONAL(layers, in, out)                                                                                    \
    "{'class_name': 'Functional', 'config': {'name': 'f', 'layers': [" layers "], 'input_layers': " in                 \
    ", 'output_layers': " out "}}"

static void test_sequential(void **state)
{
    (void)state;
    /* Keras 1 and 2.0: a bare list, the input's shape said by the first layer */
    reads_as("{'class_name': 'Sequential', 'config': [{'class_name': 'Dense', 'config': {'name': 'd', 'units': 2, "
             "'batch_input_shape': [null, 4]}}, {'class_name': 'Activation', 'config': {'name': 'a', 'activation': "
             "'relu'}}]}",
             "d_input:; d: d_input/0; a: d/0");
    /* built by its first batch of 8 */
    reads_as(
        "{'class_name': 'Sequential', 'config': {'name': 's', 'build_input_shape': [8, 4], 'layers': [{'class_name': "
        "'Dense', 'config': {'name': 'd', 'units': 2}}]}}",
        "d_input:; d: d_input/0");
    reads_as(
        "{'class_name': 'Sequential', 'build_config': {'input_shape': [8, 4]}, 'config': {'layers': [{'class_name': "
        "'Dense', 'config': {'name': 'd', 'units': 2}}]}}",
        "d_input:; d: d_input/0");
}

static void test_keras2_calls(void **state)
{
    (void)state;
    reads_as(
        FUNCTIONAL(ADD("s") "'inbound_nodes': [[['d', 0, 0, {}], ['d', 1, 0, {}]]]}, " DENSE(
                       "d") "'inbound_nodes': [[['x', 0, 0]], [['d', 0, 0, {'mask': null}]]]}, " INPUT2("x") "'name': "
                                                                                                             "'x', "
                                                                                                             "'inbound_"
                                                                                                             "nodes': "
                                                                                                             "[]}",
                   "[['x', 0, 0]]", "[['s', 0, 0]]"),
        "x:; d: x/0; d: d/0; s: d/0 d/1");
}

#define CALLED(tensors, keywords) "{'args': [" tensors "], 'kwargs': " keywords "}"
#define ON_INPUT                  CALLED(TENSOR("x", "0"), "{'training': false}")
#define ON_ITSELF                 CALLED(TENSOR("d", "0"), "{'training': true}")
#define ON_BOTH                   CALLED("[" TENSOR("d", "0") ", " TENSOR("d", "1") "]", "{}")
#define DENSE_CALLS               "'inbound_nodes': [" ON_INPUT ", " ON_ITSELF "]}, "
#define ADD_CALLS                 "'inbound_nodes': [" ON_BOTH "]}"

static void test_keras3_calls(void **state)
{
    (void)state;
    reads_as(FUNCTIONAL(INPUT3("x") "'name': 'x', 'inbound_nodes': []}, " DENSE("d") DENSE_CALLS ADD("s") ADD_CALLS,
                        "['x', 0, 0]", "{'b': ['d', 0, 0], 'a': ['s', 0, 0]}"),
             "x:; d: x/0 training=False; d: d/0; s: d/0 d/1");
    opened o; /* a dict's outputs are in the order of its names */
    open_text(
        &o, FUNCTIONAL(INPUT3("x") "'name': 'x', 'inbound_nodes': []}, " DENSE("d") "'inbound_nodes': [[['x', 0, 0]]]}",
                       "{'x': ['x', 0, 0]}", "{'b': ['d', 0, 0], 'a': ['x', 0, 0]}"));
    assert_int_equal(o.status, CEPA_OK);
    assert_int_equal(o.contents.network->output[0], o.contents.network->input[0]);
    close_opened(&o);
}

#define NESTED                                                                                                         \
    "{'class_name': 'Functional', 'name': 'n', 'config': {'name': 'n', 'layers': [" INPUT2(                            \
        "i") "'name': 'i', "                                                                                           \
             "'inbound_nodes': []}, " DENSE(                                                                           \
                 "d") "'inbound_nodes': [[['i', 0, 0, {}]]]}], 'input_layers': [['i', 0, 0]], "                        \
                      "'output_layers': [['d', 0, 0]]}, "

/* Keras 2 counts the making of a nested model as its call 0. */
static void test_nested_models(void **state)
{
    (void)state;
    const char *calls = "x:; n: x/0; n: n/0; d: n/1";
    reads_as(FUNCTIONAL(
                 INPUT2("x") "'name': 'x', 'inbound_nodes': []}, " NESTED
                             "'inbound_nodes': [[['x', 0, 0, {}]], [['n', 1, 0, {}]]]}, " DENSE("d") "'inbound_nodes': "
                                                                                                     "[[['n', 2, 0]]]}",
                 "[['x', 0, 0]]", "[['d', 0, 0]]"),
             calls);
    reads_as(FUNCTIONAL(
                 INPUT2("x") "'name': 'x', 'inbound_nodes': []}, " NESTED
                             "'inbound_nodes': [[['x', 0, 0, {}]], [['n', 0, 0, {}]]]}, " DENSE("d") "'inbound_nodes': "
                                                                                                     "[[['n', 1, 0]]]}",
                 "[['x', 0, 0]]", "[['d', 0, 0]]"),
             calls);
}

/* Keras 3 counts the outputs of a nested model that is shared from 1, and its calls in between from 0. */
static void test_nested_model_counted_both_ways(void **state)
{
    (void)state;
    reads_as(FUNCTIONAL(INPUT2("x") "'name': 'x', 'inbound_nodes': []}, " NESTED
                                    "'inbound_nodes': [[['x', 0, 0, {}]], [['n', 0, 0, {}]]]}",
                        "[['x', 0, 0]]", "[['n', 2, 0]]"),
             "x:; n: x/0; n: n/0");
}

/* a + b in a functional model. */
static void test_operations_that_are_layers(void **state)
{
    (void)state;
    reads_as(
        FUNCTIONAL(INPUT3("x") "'name': 'x', 'inbound_nodes': []}, {'module': 'keras.src.ops.numpy', 'class_name': "
                               "'Add', 'registered_name': 'Add', 'config': {'name': 's'}, 'name': 's', "
                               "'inbound_nodes': [" CALLED(TENSOR("x", "0") ", " TENSOR("x", "0"), "{}") "]}",
                   "['x', 0, 0]", "['s', 0, 0]"),
        "x:; s: x/0 x/0");
}

static void test_arguments(void **state)
{
    (void)state;
    opened o, again;
    open_text(
        &o,
        "{'class_name': 'Sequential', 'config': {'name': 's', 'layers': [{'class_name': 'Dense', 'config': {'name': "
        "'d', 'batch_input_shape': [null, 4], 'units': 2, 'trainable': false, 'activation': {'class_name': "
        "'LeakyReLU', 'config': {'alpha': 0.25}}, 'dtype': {'class_name': 'Policy', 'config': {'name': "
        "'mixed_float16'}}, 'kernel_regularizer': {'class_name': 'L1L2', 'config': {'l1': 0.0, 'l2': 0.5}}, "
        "'kernel_initializer': {'class_name': 'GlorotUniform', 'config': {'seed': 7, 'input_axes': null}}, "
        "'quantization_config': null, 'unheard_of': false}}]}}");
    if (o.status) fail_msg("%s", o.error.message);
    const layer *dense = o.contents.network->layers[1];
    const cepa_dense_options *options = dense->options;
    assert_false(dense->trainable);
    assert_string_equal(options->activation, "leaky_relu(negative_slope=0.25)");
    assert_string_equal(options->kernel_initializer, "GlorotUniform(seed=7)");
    write_and_read(o.contents.network, &again);
    if (again.status) fail_msg("%s", again.error.message);
    assert_non_null(strstr(again.text, "{\"module\": \"keras.layers\", \"class_name\": \"LeakyReLU\""));
    dense = again.contents.network->layers[1];
    assert_false(dense->trainable);
    assert_string_equal(((const cepa_dense_options *)dense->options)->activation, "leaky_relu(negative_slope=0.25)");
    close_opened(&o);
    close_opened(&again);
}

#define CHANNELS_FIRST(class, name, arguments)                                                                         \
    "{'class_name': '" class "', 'config': {'name': '" name "', 'data_format': 'channels_first', " arguments "}}"
#define CONVOLUTION "'filters': 2, 'kernel_size': 3, 'batch_input_shape': [null, 3, 9, 9]"

/* Layers that want channels first stand between Permute, which two in a row do without; the model is no Sequential any
 * more, whose layers cannot stand at two places. */
static void test_channels_first(void **state)
{
    (void)state;
    reads_as("{'class_name': 'Sequential', 'config': [" CHANNELS_FIRST("Conv2D", "c", CONVOLUTION) ", " CHANNELS_FIRST(
                 "MaxPooling2D", "m",
                 "'pool_size': 2") ", {'class_name': 'BatchNormalization', 'config': {'name': 'b', "
                                   "'axis': 1}}, " CHANNELS_FIRST("Flatten", "f", "'trainable': true") "]}",
             "c_input:; channels_last_of_3: c_input/0; channels_last_of_3: b/0; c: channels_last_of_3/0; m: c/0; "
             "channels_first_of_3: m/0; b: channels_first_of_3/0; f: channels_last_of_3/1");
}

/* Numbers that numpy gave: of Keras 2.2, and today's. */
static void test_numbers_of_numpy(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{'class_name': 'Sequential', 'config': [{'class_name': 'ReLU', 'config': {'name': 'r', 'batch_input_shape': "
        "[null, 4], 'max_value': {'type': 'ndarray', 'value': 6.0}}}]}",
        "{'class_name': 'Sequential', 'config': [{'class_name': 'ReLU', 'config': {'name': 'r', 'batch_input_shape': "
        "[null, 4], 'max_value': {'class_name': '__numpy__', 'config': {'value': 6.0, 'dtype': 'float32'}}}}]}"};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        opened o;
        open_text(&o, texts[i]);
        if (o.status) fail_msg("%s", o.error.message);
        assert_true(((const cepa_relu_options *)o.contents.network->layers[1]->options)->max_value == 6);
        close_opened(&o);
    }
}

#define KERAS1(layers) "{'class_name': 'Sequential', 'keras_version': '1.2.2', 'config': [" layers "]}"
#define KERAS1_LAYER(class, arguments)                                                                                 \
    "{'class_name': '" class "', 'config': {'name': 'odd', 'batch_input_shape': [null, 3, 8, 8], " arguments "}}"
#define MERGE(name, mode)                                                                                              \
    "{'class_name': 'Merge', 'name': '" name "', 'config': {'name': '" name "', 'mode': '" mode                        \
    "', 'mode_type': 'raw', 'concat_axis': -1, 'dot_axes': -1}, 'inbound_nodes': [[['x', 0, 0], ['x', 0, 0]]]}"
#define KERAS1_MODEL(layers, out)                                                                                      \
    "{'class_name': 'Model', 'keras_version': '1.0.3', 'config': {'layers': [" INPUT2(                                 \
        "x") "'name': 'x', "                                                                                           \
             "'inbound_nodes': []}, " layers "], 'input_layers': [['x', 0, 0]], 'output_layers': " out "}}"

static void test_keras1(void **state)
{
    (void)state;
    opened o;
    open_text(&o,
              KERAS1(KERAS1_LAYER("Convolution2D", "'nb_filter': 2, 'nb_row': 3, 'nb_col': 5, 'subsample': [2, 1], "
                                                   "'border_mode': 'same', 'dim_ordering': 'th', 'bias': false, "
                                                   "'init': 'he_normal', 'input_dtype': 'float32', 'W_regularizer': "
                                                   "{'name': 'L1L2Regularizer', 'l1': 0.0, 'l2': 0.5}, "
                                                   "'W_constraint': {'name': 'MaxNorm', 'm': 2, 'axis': 0}")));
    if (o.status) fail_msg("%s", o.error.message);
    const layer *l = o.contents.network->layers[2];
    const cepa_conv2d_options *options = l->options;
    assert_string_equal(l->class->kind.name, "Conv2D");
    assert_int_equal(options->filters, 2);
    assert_int_equal(options->kernel_size[0], 3);
    assert_int_equal(options->kernel_size[1], 5);
    assert_int_equal(options->strides[0], 2);
    assert_string_equal(options->padding, "same");
    assert_string_equal(options->kernel_initializer, "HeNormal");
    assert_string_equal(options->kernel_regularizer, "L1L2(l2=0.5)");
    assert_string_equal(options->kernel_constraint, "MaxNorm");
    assert_int_equal(options->use_bias, 0);
    close_opened(&o);
    /* a layer that does not say how its channels lie has them as the one before */
    reads_as(KERAS1(KERAS1_LAYER("AveragePooling2D",
                                 "'dim_ordering': 'th', 'border_mode': 'valid'") ", {'class_name': "
                                                                                 "'ZeroPadding2D', 'config': {'name': "
                                                                                 "'z', 'padding': [1, 2, 3, 4]}}"),
             "odd_input:; channels_last_of_3: odd_input/0; odd: channels_last_of_3/0; z: odd/0; channels_first_of_3: "
             "z/0");
    reads_as(KERAS1_MODEL(MERGE("s", "sum") ", " MERGE("c", "concat"), "[['s', 0, 0], ['c', 0, 0]]"),
             "x:; s: x/0 x/0; c: x/0 x/0");
}

static void test_frozen_model(void **state)
{
    (void)state;
    opened o;
    open_text(
        &o, "{'class_name': 'Sequential', 'config': {'trainable': false, 'layers': [{'class_name': 'Dense', 'config': "
            "{'name': 'd', 'batch_input_shape': [null, 4], 'units': 2}}]}}");
    assert_int_equal(o.status, CEPA_OK);
    assert_false(o.contents.network->layers[1]->trainable);
    close_opened(&o);
}

/* ---- What is refused ----------------------------------------------------------------------------------------------
 */

#define IN_MODEL(layer)                                                                                                \
    "{'class_name': 'Sequential', 'config': {'name': 's', 'layers': [{'class_name': 'InputLayer', "                    \
    "'config': {'name': 'x', 'batch_shape': [null, 4]}}, " layer "]}}"
#define ODD_LAYER(class, config) IN_MODEL("{'class_name': '" class "', 'config': {'name': 'odd'" config "}}")
#define FUNCTIONAL_X(layers)                                                                                           \
    FUNCTIONAL(INPUT2("x") "'name': 'x', 'inbound_nodes': []}, " layers, "[['x', 0, 0]]", "[['d', 0, 0]]")

static const struct {
    const char *text;
    cepa_status status;
    const char *because;
} refusals[] = {
    {"", CEPA_FORMAT, "empty file"},
    {"hello", CEPA_FORMAT, "neither a .keras archive"},
    {"version https://git-lfs.github.com/spec/v1", CEPA_FORMAT, "Git LFS pointer"},
    {"{'a': 1}", CEPA_FORMAT, "not a Keras model"},
    {"{'a': ", CEPA_FORMAT, "JSON: line 1"},
    {"{'modelTopology': {}, 'weightsManifest': []}", CEPA_UNSUPPORTED, "TensorFlow.js"},
    {"{'class_name': 'Dense', 'config': {'name': 'd', 'units': 1}}", CEPA_UNSUPPORTED, "class Dense is no model"},
    {"{'class_name': 'Functional', 'config': {'name': 'f'}}", CEPA_UNSUPPORTED, "subclass"},
    {"{'class_name': 'Net', 'module': 'mine', 'config': {'layers': []}}", CEPA_UNSUPPORTED, "own Python code"},
    {"{'class_name': 'Sequential', 'config': {'layers': []}}", CEPA_FORMAT, "no layers"},
    {"{'class_name': 'Sequential', 'config': {'layers': [{'class_name': 'Dense', 'config': {'name': 'd', 'units': "
     "1}}]}}",
     CEPA_FORMAT, "shape of its input"},
    {ODD_LAYER("Lambda", ", 'function': ['x']"), CEPA_UNSUPPORTED, "layer odd: class Lambda: it runs Python code"},
    {ODD_LAYER("TFOpLambda", ""), CEPA_UNSUPPORTED, "operation of TensorFlow"},
    {ODD_LAYER("Capsule", ""), CEPA_UNSUPPORTED, "layer odd: layers of class Capsule are not built in"},
    {ODD_LAYER("Dense", ""), CEPA_ARGUMENT, "units is required"},
    {ODD_LAYER("Dense", ", 'units': 0"), CEPA_ARGUMENT, "units"},
    {ODD_LAYER("Dense", ", 'units': 'many'"), CEPA_ARGUMENT, "units must be an integer"},
    {ODD_LAYER("Dense", ", 'units': 2, 'activation': 'mine'"), CEPA_ARGUMENT, "unknown activation 'mine'"},
    {ODD_LAYER("Dense", ", 'units': 2, 'quantization_config': {}"), CEPA_UNSUPPORTED, "argument quantization_config"},
    {ODD_LAYER("Dense", ", 'units': 2, 'dtype': {'class_name': 'QuantizedDTypePolicy', 'config': {'name': 'int8'}}"),
     CEPA_UNSUPPORTED, "dtype policy QuantizedDTypePolicy"},
    {ODD_LAYER("Dense", ", 'units': 2, 'dtype': 'complex64'"), CEPA_UNSUPPORTED, "dtype complex64"},
    {ODD_LAYER("BatchNormalization", ", 'renorm': true"), CEPA_UNSUPPORTED, "argument renorm"},
    {ODD_LAYER("Flatten", ", 'data_format': 'channels_middle'"), CEPA_ARGUMENT, "data_format"},
    {ODD_LAYER("Dense", ", 'units': 2, 'kernel_initializer': {'class_name': 'Mine', 'module': 'me', 'config': {}}"),
     CEPA_UNSUPPORTED, "kernel_initializer: class Mine is the author's own"},
    {IN_MODEL("{'class_name': 'Dense', 'module': null, 'config': {'name': 'odd', 'units': 1}}"), CEPA_UNSUPPORTED,
     "author's own Python code"},
    {IN_MODEL("{'class_name': 'Dense', 'registered_name': 'Mine>Dense', 'config': {'name': 'odd'}}"), CEPA_UNSUPPORTED,
     "class Mine>Dense is the author's own"},
    {IN_MODEL("{'class_name': 'Relu', 'module': 'keras.src.ops.nn', 'config': {'name': 'odd'}}"), CEPA_FORMAT,
     "a call without its arguments"},
    {IN_MODEL("{'class_name': 'Dense', 'config': {'units': 1}}"), CEPA_FORMAT, "without a name"},
    {IN_MODEL("{'class_name': 'InputLayer', 'config': {'name': 'y', 'batch_shape': null}}"), CEPA_FORMAT,
     "layer y: its shape (batch_shape) is missing"},
    {FUNCTIONAL_X(DENSE("d") "'inbound_nodes': []}"), CEPA_FORMAT, "layer d: it is called on nothing"},
    {FUNCTIONAL_X(DENSE("d") "'inbound_nodes': [[['d', 0, 0]]]}"), CEPA_FORMAT, "layer d rests on its own output"},
    {FUNCTIONAL_X(DENSE("d") "'inbound_nodes': [[['e', 0, 0]]]}, " DENSE("e") "'inbound_nodes': [[['d', 0, 0]]]}"),
     CEPA_FORMAT, "rests on its own output"},
    {FUNCTIONAL_X(DENSE("d") "'inbound_nodes': [[['y', 0, 0]]]}"), CEPA_FORMAT, "no layer y"},
    {FUNCTIONAL_X(DENSE("d") "'inbound_nodes': [[['x', 1, 0]]]}"), CEPA_FORMAT, "layer x has no call 1"},
    {FUNCTIONAL_X(DENSE("d") "'inbound_nodes': [[['x', 0, 1]]]}"), CEPA_FORMAT, "layer x has no output 1"},
    {FUNCTIONAL_X(DENSE("d") "'inbound_nodes': [[['x', 0]]]}"), CEPA_FORMAT, "not written as [layer, call, output]"},
    {FUNCTIONAL_X(DENSE("d") "'inbound_nodes': [[['x', 0, 0, {'training': true}]]]}"), CEPA_UNSUPPORTED,
     "called with the argument training"},
    {FUNCTIONAL_X(DENSE("d") "'inbound_nodes': [{'args': [" TENSOR("x", "0") ", 2.0], 'kwargs': {}}]}"),
     CEPA_UNSUPPORTED, "called on a number"},
    {FUNCTIONAL_X(DENSE("d") "'inbound_nodes': [[['x', 0, 0]]]}, " DENSE("d") "'inbound_nodes': [[['x', 0, 0]]]}"),
     CEPA_FORMAT, "two layers are named d"},
    {FUNCTIONAL(DENSE("d") "'inbound_nodes': [[['x', 0, 0]]]}", "null", "[]"), CEPA_FORMAT, "inputs or outputs"},
    {ODD_LAYER("Lambda", ", 'function': ['x\\u0000y']"), CEPA_UNSUPPORTED, "layer odd: class Lambda"},
    {KERAS1(KERAS1_LAYER("BatchNormalization", "'mode': 2")), CEPA_UNSUPPORTED,
     "layer odd: BatchNormalization: of its"},
    {KERAS1(KERAS1_LAYER("MaxoutDense", "'nb_feature': 4")), CEPA_UNSUPPORTED, "layers of class MaxoutDense"},
    {KERAS1(KERAS1_LAYER("Merge", "'layers': [], 'mode': 'sum'")), CEPA_UNSUPPORTED, "joins whole models"},
    {KERAS1_MODEL(MERGE("d", "dot"), "[['d', 0, 0]]"), CEPA_UNSUPPORTED, "layer d: Merge: its mode dot"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
        opened o;
        open_text(&o, refusals[i].text);
        if (o.status != refusals[i].status || !strstr(o.error.message, refusals[i].because))
            fail_msg("%s\nstatus %d: '%s' where '%s' was expected", refusals[i].text, o.status, o.error.message,
                     refusals[i].because);
        assert_null(strchr(o.error.message, '\n'));
        close_opened(&o);
    }
}

/* ---- Damage -------------------------------------------------------------------------------------------------------
 */

/* Models that contain each other: 2 calls inside each of 30 would be a thousand million. */
static void test_growth(void **state)
{
    (void)state;
    buffer text = {0};
    enum { DEPTH = 20 };
    for (int i = 0; i < DEPTH; i++)
        buffer_text(&text, "{'class_name': 'Functional', 'name': 'n', 'config': {'name': 'n', 'layers': [" INPUT2(
                               "x") "'name': "
                                    "'x', 'inbound_nodes': []}, ");
    buffer_text(&text, DENSE("n"));
    for (int i = 0; i < DEPTH; i++)
        buffer_text(&text, "'inbound_nodes': [[['x', 0, 0]], [['n', 0, 0]]]}], 'input_layers': [['x', 0, 0]], "
                           "'output_layers': [['n', 1, 0]]}, ");
    buffer_text(&text, "'inbound_nodes': []}");
    opened o;
    open_text(&o, (const char *)text.bytes);
    assert_int_equal(o.status, CEPA_FORMAT);
    if (!strstr(o.error.message, "calls of layers")) fail_msg("%s", o.error.message);
    close_opened(&o);
    buffer_free(&text);
}

/* Changed, lost and doubled bytes of a model's text: nothing may crash, hang or leak. */
static void test_damaged_text(void **state)
{
    (void)state;
    const char *whole = FUNCTIONAL(INPUT2("x") "'name': 'x', 'inbound_nodes': []}, " NESTED
                                               "'inbound_nodes': [[['x', 0, 0, {}]], [['n', 1, 0, {}]]]}, " DENSE(
                                                   "d") "'inbound_nodes': [{'args': "
                                                        "[" TENSOR("n", "2") "], "
                                                                             "'kwargs': "
                                                                             "{}}]}",
                                   "[['x', 0, 0]]", "[['d', 0, 0]]");
    static const char letters[] = "{}[],:'0123456789-.ebnfx ";
    unsigned random = 1;
    int read = 0;
    for (int i = 0; i < 4000; i++) {
        char *text = strdup(whole);
        for (unsigned changes = 0; changes <= (random >> 16) % 3; changes++) {
            random = random * 1103515245 + 12345;
            size_t length = strlen(text), at = (random >> 8) % length;
            if (random >> 28 < 4)
                memmove(text + at, text + at + 1, length - at);
            else
                text[at] = letters[(random >> 4) % (sizeof letters - 1)];
        }
        opened o;
        open_text(&o, text);
        read += o.status == CEPA_OK;
        close_opened(&o);
        free(text);
    }
    print_message("%d of 4000 damaged texts could be read\n", read);
    assert_in_range(read, 1, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequential),
        cmocka_unit_test(test_keras2_calls),
        cmocka_unit_test(test_keras3_calls),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_nested_model_counted_both_ways),
        cmocka_unit_test(test_operations_that_are_layers),
        cmocka_unit_test(test_nested_models),
        cmocka_unit_test(test_channels_first),
        cmocka_unit_test(test_numbers_of_numpy),
        cmocka_unit_test(test_keras1),
        cmocka_unit_test(test_frozen_model),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_damaged_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
