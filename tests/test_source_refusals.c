/* Keras source text that is refused: where, with which words, and that nothing worse happens. */
#include "source_reading.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void refusals_show_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        cepa_status status;
        const char *message;
    } cases[] = {
        {"x = (1,\n     2\ny = 3\n", CEPA_SYNTAX,
         "model.py:1:5: this bracket is never closed\n"
         "x = (1,\n"
         "    ^"},
        {"x = 1 +\n", CEPA_SYNTAX,
         "model.py:1:8: the line's end came where a value was expected\n"
         "x = 1 +\n"
         "       ^"},
        {"import keras\n\tx = 3\n", CEPA_SYNTAX,
         "model.py:2:2: indentation came where a line as far left as the one before it was expected\n"
         "\tx = 3\n"
         "\t^"},
        {"b\xC3\xA4r = 'caf\xC3\xA9' + \xC3\xA9t\xC3\xA9\n", CEPA_SYNTAX,
         "model.py:1:16: '\xC3\xA9t\xC3\xA9' is not defined, a name from above was expected\n"
         "b\xC3\xA4r = 'caf\xC3\xA9' + \xC3\xA9t\xC3\xA9\n"
         "               ^"},
        {KERAS "model = keras.Sequential([\n"
               "    keras.Input((4, 4, 1)),\n"
               "    layers.Conv2D(2, (5, 5)),\n"
               "])\n",
         CEPA_SHAPE,
         "model.py:5:12: conv2d: kernel 5x5 does not fit its input 4x4 (padding 'valid')\n"
         "    layers.Conv2D(2, (5, 5)),\n"
         "           ^"},
        {KERAS "layers.Dropout(rate=1.5)\n", CEPA_ARGUMENT,
         "model.py:3:21: Dropout: rate must be between 0 and 1, not 1.5\n"
         "layers.Dropout(rate=1.5)\n"
         "                    ^"},
        {KERAS "layers.Dropout(0.5, rat=1)\n", CEPA_ARGUMENT,
         "model.py:3:25: Dropout: unknown argument 'rat'; it takes rate, noise_shape, seed\n"
         "layers.Dropout(0.5, rat=1)\n"
         "                        ^"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        reading r = read_text(cases[i].text);
        assert_int_equal(r.status, cases[i].status);
        assert_string_equal(r.error.message, cases[i].message);
        end_reading(&r);
    }
}

/* A long line is shown around the place. */
static void long_lines_are_cut(void **state)
{
    (void)state;
    char text[5000];
    memset(text, ' ', sizeof text);
    memcpy(text, "x =", 3);
    strcpy(text + 4000, "$ # a comment behind it");
    reading r = read_text(text);
    const char *message = r.error.message;
    assert_int_equal(strncmp(message, "model.py:1:4001: this character has no meaning here\n", 51), 0);
    assert_true(strlen(message) < 400);
    const char *line = strchr(message, '\n') + 1, *caret = strchr(line, '\n') + 1;
    assert_int_equal(line[strlen(caret) - 1], '$');
    end_reading(&r);
}

/* A text, and how the message about it begins behind the file's name: line, column, what is wrong. */
typedef struct refused {
    const char *text, *message;
} refused;

static void assert_refused(const refused *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        reading r = read_text(cases[i].text);
        size_t length = strlen(cases[i].message);
        if (strncmp(r.error.message, "model.py:", 9) != 0 ||
            strncmp(r.error.message + 9, cases[i].message, length) != 0)
            print_error("%s\n%s\n", cases[i].text, r.error.message);
        assert_int_equal(strncmp(r.error.message, "model.py:", 9), 0);
        assert_int_equal(strncmp(r.error.message + 9, cases[i].message, length), 0);
        assert_int_equal(r.error.message[strlen(r.error.message) - 1], '^');
        end_reading(&r);
    }
}

#define MODEL KERAS "i = keras.Input((4,))\n"

static void what_python_says_otherwise_is_refused(void **state)
{
    (void)state;
    static const refused cases[] = {
        {"else:\n    pass\n", "1:1: 'else' is not part of what a model file may say, an if before it"},
        {"while 1:\n    pass\n", "1:7: whether this is so only a running program would know, and no model is made"},
        {"except:\n    pass\n", "1:1: 'except' is not part of what a model file may say, a try before it was expected"},
        {"class A:\n    pass\n", "1:1: 'class' is not part"},
        {"async def f():\n    pass\n", "1:1: 'async' is not part"},
        {"raise f('a')\n", "1:1: the text raises an error here"},
        {"x = lambda y z: y\n", "1:14: 'z' stands where ',' or ':' was expected"},
        {"x = [y for y 3]\n", "1:14: '3' stands where 'in' was expected"},
        {"x = [y for y in 3]\n", "1:17: an integer stands where range(...) or a list was expected"},
        {"x = 1 if True\n", "1:14: the line's end came where 'else' was expected"},
        {"x = 1 < 'a'\n", "1:7: an integer and a text cannot be compared, two numbers or texts were expected"},
        {"x = 1 not 2\n", "1:11: '2' stands where 'in' was expected"},
        {"x = 1 and and 2\n", "1:11: 'and' stands where a value was expected"},
        {"x = 1 | 2\n", "1:7: '|' cannot be done with an integer and an integer"},
        {"x = (y := 3)\n", "1:8: ':=' is not part"},
        {"x = [*y]\n", "1:6: '*' is not part of what a model file may say, each value by itself was"},
        {"print(*3)\n", "1:8: an integer stands where a list was expected"},
        {"print(**[3])\n", "1:9: a list stands where a dictionary was expected"},
        {"x = 3 y\n", "1:7: 'y' stands where the line's end was expected"},
        {"f(x=1, 2)\n", "1:8: '2' stands where a name and '=', as before it was expected"},
        {"3 = x\n", "1:1: nothing can be assigned to this"},
        {"f() = x\n", "1:1: nothing can be assigned to this"},
        {"def f(a=1, b):\n    pass\n", "1:12: this parameter needs a default"},
        {"def f():\nx = 1\n", "2:1: 'x' stands where an indented block was expected"},
        {"for i in range(2):\n        x = 1\n    y = 2\n", "3:5: this indentation fits no line above"},
        {"x = )\n", "1:5: this bracket was never opened"},
        {"x = (1]\n", "1:7: this bracket does not fit the one that is open"},
        {"x = 'abc\n", "1:5: this text has no closing quote"},
        {"x = '''abc\n", "1:5: this text has no closing quote"},
        {"x = f'{1'\n", "1:7: this field has no closing brace"},
        {"x = f'}'\n", "1:7: this brace closes no field"},
        {"x = f'{1 2}'\n", "1:10: '2' stands where '}' was expected"},
        {"x = 12a\n", "1:5: 12a is no number of 64 bits"},
        {"x = 99999999999999999999\n", "1:5: 99999999999999999999 is no number of 64 bits"},
        {"x = 1e999\n", "1:5: 1e999 is no number of 64 bits"},
        {"x = {'a' 2}\n", "1:10: '2' stands where ',' or '}' was expected"},
        {"x = ?\n", "1:5: this character has no meaning here"},
        {"import 3\n", "1:8: '3' stands where a module's name was expected"},
        {"return 3\n", "1:1: a return stands outside of functions"},
    };
    assert_refused(cases, ARRAY_COUNT(cases));
}

static void wrong_values_are_refused(void **state)
{
    (void)state;
    static const refused cases[] = {
        {"x = y\n", "1:5: 'y' is not defined"},
        {"x = 1 / 0\n", "1:7: this divides by zero"},
        {"x = 0 ** -1\n", "1:7: this divides by zero"},
        {"x = 2 ** 63\n", "1:7: the result does not fit into 64 bits"},
        {"x = (-8.0) ** 0.5\n", "1:12: a negative number has no such power"},
        {"x = 1e200 * 1e200\n", "1:11: the result is too large"},
        {"x = 'a' + 1\n", "1:9: '+' cannot be done with a text and an integer"},
        {"x = -'a'\n", "1:5: a text has no sign"},
        {"x = [1][2]\n", "1:8: index 2 is beyond a list of 1"},
        {"x = [1]['a']\n", "1:8: a text stands where an integer index was expected"},
        {"x = [1][::0]\n", "1:11: a slice's step must be an integer other than 0"},
        {"x = 3[0]\n", "1:6: an integer has no parts to take"},
        {"x = {'a': 1}['b']\n", "1:13: the dictionary has no key 'b'"},
        {"x = {'a': 1}[0.5]\n", "1:13: a number stands where a text or an integer as key was expected"},
        {"x = 3()\n", "1:5: an integer cannot be called"},
        {"a, b = 1, 2, 3\n", "1:1: 3 values stand where 2 were expected"},
        {"a, b = 3\n", "1:1: an integer stands where 2 values were expected"},
        {"for i in 3:\n    pass\n", "1:10: an integer stands where range(...) or a list was expected"},
        {"for i in keras:\n    pass\n", "1:10: 'keras' is not defined"},
        {"x = (1, 2)\nx[0] = 3\n", "2:2: an item of a tuple cannot be changed"},
        {"x = range('a')\n", "1:11: a text stands where an integer was expected"},
        {"x = len(3)\n", "1:9: an integer stands where a list was expected"},
        {"x = [1].sort()\n", "1:9: 'sort' of a list is not read here"},
        {"def f(a):\n    pass\nf()\n", "3:1: f: a is missing; it takes a"},
        {"def f(a):\n    pass\nf(1, 2)\n", "3:6: f: too many arguments; it takes a"},
        {"def f(a):\n    pass\nf(1, a=2)\n", "3:8: f: an argument is given twice"},
        {"def f():\n    pass\nf(b=2)\n", "3:5: f: unknown argument 'b'; it takes no arguments"},
    };
    assert_refused(cases, ARRAY_COUNT(cases));
}

static void what_takes_too_long_is_refused(void **state)
{
    (void)state;
    static const refused cases[] = {
        {"def f():\n    return f()\nf()\n", "2:12: this is nested too deeply"},
        {"for i in range(10 ** 12):\n    pass\n", "1:10: this takes too long"},
        {"x = 'a'\nfor i in range(60):\n    x = x + x\n", "3:11: this takes too long"},
        {"x = [0] * 10 ** 15\n", "1:9: this takes too long"},
        {"x = 'a'\nfor i in range(60):\n    x = f'{x}{x}'\n", "3:15: this takes too long"},
        {"x = []\nx.append(x)\nimport keras\nkeras.layers.Dense(x)\n", "4:20: this is nested too deeply"},
    };
    assert_refused(cases, ARRAY_COUNT(cases));
}

static void wrong_calls_of_keras_are_refused(void **state)
{
    (void)state;
    static const refused cases[] = {
        {KERAS "layers.Conv7D(3)\n", "3:8: unknown layer 'Conv7D'; known are InputLayer"},
        {KERAS "keras.ops.sin(1)\n", "3:11: keras.ops.sin is not read here"},
        {KERAS "keras.applications.VGG16()\n", "3:20: keras.applications.VGG16 is not read here"},
        {KERAS "layers.Lambda(3)\n", "3:8: unknown layer 'Lambda'"},
        {KERAS "layers.Dense()\n", "3:8: Dense: units is required"},
        {KERAS "layers.Dense(3, dtype='float16')\n", "3:23: this number type is not built in"},
        {KERAS "layers.Dense(3, name=3)\n", "3:22: an integer stands where a name was expected"},
        {KERAS "layers.Dense(3, activation='rel')\n", "3:28: Dense: activation: unknown activation 'rel'"},
        {KERAS "layers.Dense(3, activation=layers.PReLU())\n",
         "3:35: the layer PReLU stands where a value was expected"},
        {KERAS "layers.Conv2D(3, 3, data_format='channels_first')\n",
         "3:33: Conv2D: data_format must be 'channels_last'"},
        {KERAS "keras.regularizers.l2(l1=3)\n", "3:26: L2: unknown argument 'l1'; it takes l2"},
        {KERAS "keras.regularizers.l7(3)\n", "3:20: unknown regularizer 'l7'"},
        {KERAS "keras.Input()\n", "3:7: keras.Input: shape is missing"},
        {KERAS "keras.Input((3,), sparse=True)\n", "3:26: sparse and ragged inputs are not built in"},
        {KERAS "keras.Input((3, 'a'))\n", "3:13: InputLayer: shape must be a tuple of at most 6 sizes"},
        {MODEL "layers.Dense(3)(4)\n", "4:8: an integer stands where a tensor was expected"},
        {MODEL "layers.Normalization().adapt(3)\n", "4:24: adapt needs the numbers of the data"},
        {MODEL "layers.Normalization(mean=[[1], [2]], variance=1)\n",
         "4:27: Normalization: mean must be a number or a list of numbers or None, not"},
        {MODEL "layers.Normalization(mean=[1, 2], variance=3)(i)\n",
         "4:8: normalization: mean and variance are given together, as many of each, not 2 and 1"},
        {MODEL "layers.Normalization(mean=[1, 2], variance=[3, 4])(i)\n",
         "4:8: normalization: mean and variance hold one number, or one for each of 4 entries, not 2"},
        {MODEL "layers.Embedding(3, 4, mask_zero=True)\n", "4:34: Embedding: mask_zero must be False, not True"},
        {MODEL "layers.Dot(0)([i, i])\n", "4:8: dot: axis 0 is none of its input's"},
        {MODEL "layers.Dot((1, 1))([i, layers.Dense(3)(i)])\n",
         "4:8: dot: its inputs have 4 and 3 entries along the axes"},
        {MODEL "layers.Dense(3)(i, training=1)\n", "4:29: an integer stands where True or False was expected"},
        {MODEL "i // i\n", "4:3: '//' of tensors is not built in"},
        {MODEL "i + 'a'\n", "4:3: Add: number must be a number, not 'a'"},
        {MODEL "keras.ops.sqrt(i, 2)\n", "4:11: the operation sqrt is not built in for these operands"},
        {MODEL "keras.ops.matmul(i, i)\n", "4:11: the operation matmul is not built in for these operands"},
        {MODEL "keras.ops.stack([i, i])\n", "4:11: keras.ops.stack is not read here for these operands"},
        {MODEL "keras.Model(i)\n", "4:7: keras.Model: outputs is missing; it takes inputs, outputs, name"},
        {MODEL "keras.Model(i, layers.Dense(2)(keras.Input((3,))))\n", "4:7: model functional: an output depends on"},
        {MODEL "keras.Model(i, layers.Dense(2, name='a')(layers.Dense(2, name='a')(i)))\n",
         "4:7: model functional: two layers are named a"},
        {KERAS "m = keras.Sequential([3])\n", "3:22: an integer stands where a layer was expected"},
        {KERAS "m = keras.Sequential([layers.Dense(3)])\n", "3:11: this model's input shape is not known"},
        {KERAS "m = keras.Sequential([keras.Input((3,))])\n", "3:11: this model has no layers"},
        {MODEL "m = keras.Model(i, layers.ReLU()(i))\nm.add(layers.ReLU())\n",
         "5:3: add: only a Sequential can do this"},
        {MODEL "m = keras.Model(i, layers.ReLU()(i))\nm.set_weights('f')\n",
         "5:3: 'set_weights' of a model is not read"},
        {MODEL "m = keras.Model(i, layers.ReLU()(i))\nm.compile('adum')\n",
         "5:11: unknown optimizer 'adum'; known are"},
        {MODEL "m = keras.Model(i, layers.ReLU()(i))\nm.compile(loss=['mse', 'mso'])\n", "5:16: unknown loss 'mso'"},
        {MODEL "m = keras.Model(i, layers.ReLU()(i))\nm.compile(metrics=['acuracy'])\n",
         "5:19: unknown metric 'acuracy'"},
        {MODEL "keras.activations.relu(i)\n",
         "4:19: keras.activations.relu of a tensor is not read, a layer was expected"},
    };
    assert_refused(cases, ARRAY_COUNT(cases));
}

static void what_only_a_running_program_knows_is_refused(void **state)
{
    (void)state;
    static const refused cases[] = {
        {MODEL "import sys\nif sys.argv:\n    i = layers.ReLU()(i)\n",
         "6:5: whether this is done only a running program would know, and a model hangs on it"},
        {MODEL "import os\nfor f in os.listdir('.'):\n    i = layers.ReLU()(i)\n", "6:5: whether this is done only"},
        {KERAS "import sys\nm = keras.Sequential()\nwhile sys.argv:\n    m.add(layers.Dense(3))\n",
         "6:7: whether this is done only a running program would know"},
        {KERAS "import sys\nif sys.argv:\n    m = keras.Sequential([layers.Dense(3)])\n",
         "4:8: whether this is so only a running program would know, and no model is made elsewhere"},
        {MODEL "import os\nsizes = []\nfor f in os.listdir('.'):\n    sizes.append(f)\nlayers.Dense(len(sizes))\n",
         "8:14: something that only a running program would know stands where a value was expected"},
        {MODEL "import sys\nn = 3\nif sys.argv:\n    n = 4\nlayers.Dense(n)\n",
         "8:14: something that only a running program would know stands where a value was expected"},
        {MODEL "class A(layers.Layer):\n    def call(self, x):\n        return x\nlayers.ReLU()(A()(i))\n",
         "7:8: something that only a running program would know stands where a tensor was expected"},
        {MODEL "def f(*a, **b):\n    return 3\nlayers.Dense(f())\n",
         "6:14: something that only a running program would know stands where a value was expected"},
    };
    assert_refused(cases, ARRAY_COUNT(cases));
}

static void what_data_cannot_be_is_refused(void **state)
{
    (void)state;
    static const refused cases[] = {
        {KERAS "keras.datasets.imdb.load_data()\n",
         "3:21: keras.datasets.imdb.load_data is not read here, load_data()"},
        {KERAS "(a, b), (c, d) = keras.datasets.mnist.load_data()\na = a // 3\n",
         "4:7: data can only be scaled by numbers here"},
        {KERAS "(a, b), (c, d) = keras.datasets.mnist.load_data()\na = a / 255 / 255\n",
         "4:13: these data are scaled already"},
        {KERAS "(a, b), (c, d) = keras.datasets.mnist.load_data()\na = a.reshape(-1, 7)\n",
         "4:7: this shape does not fit"},
        {KERAS "(a, b), (c, d) = keras.datasets.mnist.load_data()\nb = keras.utils.to_categorical(a)\n",
         "4:17: labels and a number of classes were expected"},
        {MODEL "(a, b), (c, d) = keras.datasets.mnist.load_data()\na = a / 255\n"
               "model = keras.Model(i, layers.ReLU()(i))\n",
         "5:1: training and test images are scaled differently"},
        {MODEL "(a, b), (c, d) = keras.datasets.mnist.load_data()\na = a / 255\n"
               "model = keras.Model(i, layers.ReLU()(i))\nmodel.fit(a, b, validation_data=(c, d))\n",
         "7:7: training and test images are scaled differently"},
        {MODEL "(a, b), (c, d) = keras.datasets.mnist.load_data()\nc = c[:10]\n"
               "model = keras.Model(i, layers.ReLU()(i))\n",
         "5:1: a part of the test images cannot be declared"},
    };
    assert_refused(cases, ARRAY_COUNT(cases));
}

static void a_file_without_its_model_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *message;
        cepa_status status;
    } cases[] = {
        {"", NULL, "model.py: there is no model; no model is made and no function returns one", CEPA_SYNTAX},
        {TWO "def other():\n    return make(3)\n", NULL,
         "model.py: several functions return a model and none is called; models and functions that return one: make, "
         "other",
         CEPA_SYNTAX},
        {TWO, "mak", "model.py: mak is not defined; models and functions that return one: make", CEPA_ARGUMENT},
        {TWO "x = 3\n", "x", "model.py: x is an integer; models and functions that return one: make", CEPA_ARGUMENT},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        reading r = read_bytes(cases[i].text, strlen(cases[i].text), cases[i].name, NULL, false);
        assert_int_equal(r.status, cases[i].status);
        assert_string_equal(r.error.message, cases[i].message);
        end_reading(&r);
    }
}

/* Brackets, blocks and chains beyond any sense neither crash nor hang. */
static void depths_are_bounded(void **state)
{
    (void)state;
    static const char *const units[] = {"(",     "[",       "-",           "x.",           "x(",    "f'{",
                                        "1+",    "1**",     "x[",          "def f():\n ",  "{'a':", "not ",
                                        "for (", "try:\n ", "class A:\n ", "x[y for x in "};
    enum { REPEATS = 20000 };
    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        buffer text = {0};
        for (int k = 0; k < REPEATS; k++) buffer_text(&text, units[i]);
        reading r = read_bytes((char *)text.bytes, text.size, NULL, NULL, false);
        assert_int_equal(r.status, CEPA_SYNTAX);
        end_reading(&r);
        buffer_free(&text);
    }
    buffer many = {0};
    buffer_text(&many, "def f(a");
    for (int k = 0; k < 300; k++) buffer_format(&many, ", a%d", k);
    buffer_text(&many, "):\n    pass\n");
    reading parameters = read_text((char *)many.bytes);
    assert_non_null(strstr(parameters.error.message, "'a254' stands where an end of these parameters was expected"));
    end_reading(&parameters);
    buffer_free(&many);
    size_t size = ((size_t)1 << 20) + 1;
    char *large = malloc(size);
    assert_non_null(large);
    memset(large, '\n', size);
    reading r = read_bytes(large, size, NULL, NULL, false);
    assert_string_equal(r.error.message,
                        "model.py: 1048577 bytes are too many for a model's text, at most 1048576 were expected");
    end_reading(&r);
    free(large);
}

/* Functions and names that lead to each other. */
static void what_goes_in_circles_ends(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "def f():\n    x = x\n    return x\n",
        "def f():\n    x = y\n    y = x\n    x = y\n    y = x\n    return x\n",
        "def f():\n    return g()\ndef g():\n    return f()\n",
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        reading r = read_text(texts[i]);
        assert_int_equal(r.status, CEPA_SYNTAX);
        assert_non_null(strstr(r.error.message, "there is no model"));
        end_reading(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_show_the_place),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(what_python_says_otherwise_is_refused),
        cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(what_takes_too_long_is_refused),
        cmocka_unit_test(wrong_calls_of_keras_are_refused),
        cmocka_unit_test(what_only_a_running_program_knows_is_refused),
        cmocka_unit_test(what_data_cannot_be_is_refused),
        cmocka_unit_test(a_file_without_its_model_is_refused),
        cmocka_unit_test(depths_are_bounded),
        cmocka_unit_test(what_goes_in_circles_ends),
    };
    return cmocka_run_group_tests(tests, choose_kernels, NULL);
}
