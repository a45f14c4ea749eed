/* Keras source text: what it makes and declares. */
#include "source_reading.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_SETS = 4 };

static reading read_good(const char *text, const char *name, const char *const *sets)
{
    reading r = read_bytes(text, strlen(text), name, sets, false);
    if (r.status) print_error("%s\n", r.error.message);
    assert_int_equal(r.status, CEPA_OK);
    return r;
}

static size_t parameters(const reading *r)
{
    size_t not_trained;
    return network_parameters(r->model.network, &not_trained);
}

static const char *value_text_in(arena *memory, const value *v) { return v ? value_print(memory, v) : "none"; }

/* Asserts the visible layers as "name name ...". */
static void assert_layers(const reading *r, const char *names)
{
    buffer found = {0};
    const network *n = r->model.network;
    for (size_t i = 0; i < n->layer_count; i++) buffer_format(&found, "%s%s", i ? " " : "", n->layers[i]->name);
    assert_string_equal((char *)found.bytes, names);
    buffer_free(&found);
}

static void assert_output(const reading *r, const char *expected)
{
    char text[100];
    const network *n = r->model.network;
    shape_text(&graph_tensor(r->graph, n->output[0])->shape, text, sizeof text);
    assert_string_equal(text, expected);
}

/* ---- The lesson ---------------------------------------------------------------------------------------------------
 */

static void the_lessons_files_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *path, *name;
        size_t parameters;
    } cases[] = {
        {"lesson/small_model.py", "cifar_model_small", 415960}, {"lesson/cifar_model.py", "cifar_model", 114510},
        {"lesson/dense_model.py", "dense_model", 156710},       {"lesson/extra_layer.py", "cifar_model", 87060},
        {"lesson/dropout_model.py", "cifar_model", 87060},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        buffer text = {0};
        arena memory = {0};
        assert_int_equal(file_read(cases[i].path, 0, &text, NULL), CEPA_OK);
        reading r = read_good((char *)text.bytes, NULL, NULL);
        assert_string_equal(r.model.network->name, cases[i].name);
        assert_int_equal(parameters(&r), cases[i].parameters);
        assert_true(r.model.compiled);
        assert_string_equal(value_text_in(&memory, r.model.compile.optimizer), "'adam'");
        assert_string_equal(value_text_in(&memory, r.model.compile.loss),
                            "SparseCategoricalCrossentropy(from_logits=True)");
        assert_string_equal(value_text_in(&memory, r.model.compile.metrics), "('accuracy',)");
        assert_string_equal(r.model.info.dataset, "cifar10");
        assert_int_equal(r.model.info.train_rows, 5000);
        assert_true(r.model.info.input_scale == 1 / 255.0);
        end_reading(&r);
        arena_free(&memory);
        buffer_free(&text);
    }
}

static void the_lessons_tables_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *path, *name, *sets[2], *dataset, *split;
        size_t parameters;
        int epochs;
    } cases[] = {
        {"lesson/penguins_model.py", NULL, {NULL}, "penguins", "80/20", 83, 100},
        {"lesson/weather_model.py", NULL, {NULL}, "weather", "70/15/15", 14101, 200},
        {"lesson/weather_model.py", "create_nn_batchnorm", {NULL}, "weather", "70/15/15", 14457, 0},
        {"lesson/weather_model.py", "create_nn_batchnorm", {"features=9"}, "weather", "70/15/15", 6137, 0},
        {"lesson/weather_model.py", "create_nn", {"nodes1=10"}, "weather", "70/15/15", 1501, 0},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        buffer text = {0};
        assert_int_equal(file_read(cases[i].path, 0, &text, NULL), CEPA_OK);
        reading r = read_good((char *)text.bytes, cases[i].name, cases[i].sets);
        assert_int_equal(parameters(&r), cases[i].parameters);
        assert_true(r.model.compiled);
        assert_string_equal(r.model.info.dataset, cases[i].dataset);
        assert_string_equal(r.model.info.table.split, cases[i].split);
        assert_int_equal(r.model.info.epochs, cases[i].epochs);
        end_reading(&r);
        buffer_free(&text);
    }
}

/* What a notebook gathers in the course of the lesson, cell below cell. */
static const char notebook[] =
    "import ssl\n"
    "ssl._create_default_https_context = ssl._create_unverified_context\n"
    "from tensorflow import keras\n"
    "import seaborn as sns, matplotlib.pyplot as plt\n"
    "import pandas as pd\n"
    "(train_images, train_labels), (test_images, test_labels) = keras.datasets.cifar10.load_data()\n"
    "keras.utils.set_random_seed(2)\n"
    "n = 5000\n"
    "train_images = train_images[:n]\n"
    "train_labels = train_labels[:n]\n"
    "train_images.shape\n"
    "train_images.min(), train_images.max()\n"
    "train_images = train_images / 255.0\n"
    "test_images = test_images / 255.0\n"
    "width, height = (32, 32)\n"
    "n_hidden_neurons = 100\n"
    "n_parameters = (width * height * 3 * n_hidden_neurons) + 100\n"
    "n_parameters\n"
    "def create_nn(dropout_rate):\n"
    "    inputs = keras.Input(shape=train_images.shape[1:])\n"
    "    x = keras.layers.Conv2D(50, (3, 3), activation='relu')(inputs)\n"
    "    x = keras.layers.MaxPooling2D((2, 2))(x) # halves\n"
    "    x = keras.layers.Dropout(dropout_rate)(x)\n"
    "    x = keras.layers.Flatten()(x)\n"
    "    outputs = keras.layers.Dense(10)(x)\n"
    "    model = keras.Model(inputs=inputs, outputs=outputs, name=\"cifar_model\")\n"
    "    return model\n"
    "def compile_model(model):\n"
    "    model.compile(optimizer='adam',\n"
    "                  loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),\n"
    "                  metrics=['accuracy'])\n"
    "def plot_history(history, metrics):\n"
    "    \"\"\"\n"
    "    Draws curves.\n"
    "\n"
    "    Args:\n"
    "        history: what model.fit() gave\n"
    "    \"\"\"\n"
    "    history_df = pd.DataFrame.from_dict(history.history)\n"
    "    sns.lineplot(data=history_df[metrics])\n"
    "    plt.xlabel(\"epochs\")\n"
    "plt.figure(figsize=(10, 10))\n"
    "for i in range(25):\n"
    "    plt.subplot(5, 5, i + 1)\n"
    "    plt.imshow(train_images[i])\n"
    "    plt.title(['a', 'b'][train_labels[i][0]])\n"
    "dropout_rates = [0.15, 0.3]\n"
    "test_losses = []\n"
    "for dropout_rate in dropout_rates:\n"
    "    model_dropout = create_nn(dropout_rate)\n"
    "    compile_model(model_dropout)\n"
    "    history = model_dropout.fit(train_images, train_labels, epochs=20,\n"
    "                                validation_data=(test_images, test_labels))\n"
    "    test_loss, test_acc = model_dropout.evaluate(test_images, test_labels, verbose=2)\n"
    "    test_losses.append(test_loss)\n"
    "    print(f'{dropout_rate}: {test_loss:.3f}', test_acc)\n"
    "plot_history(history, ['accuracy', 'val_accuracy'])\n"
    "loss_df = pd.DataFrame({'dropout_rate': dropout_rates, 'test_loss': test_losses})\n"
    "sns.lineplot(data=loss_df, x='dropout_rate', y='test_loss')\n"
    "model_dropout.summary()\n"
    "model_dropout.save('cnn_model')\n";

static void a_notebook_is_read_whole(void **state)
{
    (void)state;
    reading r = read_good(notebook, NULL, NULL);
    assert_layers(&r, "input_layer_1 conv2d_1 max_pooling2d_1 dropout_1 flatten_1 dense_1");
    assert_string_equal(r.model.info.dataset, "cifar10");
    assert_int_equal(r.model.info.train_rows, 5000);
    assert_true(r.model.compiled);
    end_reading(&r);
}

/* What a script does besides making its model: files, loops over data, classes, plots. */
static const char script[] =
    "import os, sys, numpy as np, tensorflow as tf\n"
    "from keras import layers, Sequential, backend as K\n"
    "from . import helpers\n"
    "from keras.datasets import mnist\n"
    "from keras.preprocessing.image import ImageDataGenerator\n"
    "class Logger(tf.keras.callbacks.Callback):\n"
    "    @staticmethod\n"
    "    def on_epoch_end(self, epoch, *args, logs=None, **kwargs):\n"
    "        self.a[:, 0], b = logs['x'] or {}, {1, 2} | {k: v for k, v in logs.items()}\n"
    "        yield from x\n"
    "try:\n"
    "    (x, y), (u, v) = mnist.load_data()\n"
    "except (OSError, ValueError) as error:\n"
    "    raise SystemExit from error\n"
    "finally:\n"
    "    print('-' * 40, '%d rows' % x.shape[0], sep='')\n"
    "assert x.shape == (60000, 28, 28), 'shape'\n"
    "if not os.path.exists('plots'):\n"
    "    os.makedirs('plots')\n"
    "if K.image_data_format() == 'channels_first':\n"
    "    shape = (1, 28, 28)\n"
    "else:\n"
    "    shape = (28, 28, 1)\n"
    "x = x.reshape(x.shape[0], *shape).astype('float32') / 255\n"
    "u = u[..., np.newaxis] / 255\n"
    "y = y.reshape(-1)\n"
    "counts = {c: (y == c).sum() for c in np.unique(y)}\n"
    "for image, label in zip(x, y):\n"
    "    if label in (1, 2): continue\n"
    "    counts[label] += 1\n"
    "for i in range(60000):\n"
    "    x_sum = x[i, :, ::-1].sum()\n"
    "with open('log.txt', 'w') as log, tf.device('/cpu:0'):\n"
    "    log.write('{}'.format(len(x)))\n"
    "    model = Sequential([layers.Conv2D(4 * k, 3, activation='relu') for k in (1, 2)] + [layers.Flatten()])\n"
    "    if len(sys.argv) > 1 and sys.argv[1] == 'plot':\n"
    "        print(model.summary())\n"
    "    model.add(layers.Dense(10))\n"
    "steps = 0\n"
    "def count():\n"
    "    global steps\n"
    "    steps += 16\n"
    "count(); count()\n"
    "model.compile(loss='mse', optimizer=tf.keras.optimizers.SGD(lr=0.1, decay=1e-3, momentum=0.9))\n"
    "flow = ImageDataGenerator(rotation_range=10).flow(x, y, batch_size=steps)\n"
    "history = model.fit_generator(flow, 20, epochs=7, validation_data=(u, v), callbacks=[Logger()])\n"
    "if max(history.history['loss']) > 1:\n"
    "    best = 3\n"
    "del history\n"
    "model.load_weights('best.h5')\n"
    "model.predict_classes(u)[0], model.input_shape\n";

static void a_script_is_read_whole(void **state)
{
    (void)state;
    static const char *const left_out[] = {"x", "steps_per_epoch", "callbacks[0]"};
    reading r = read_good(script, NULL, NULL);
    arena memory = {0};
    assert_layers(&r, "input_layer conv2d conv2d_1 flatten dense");
    assert_int_equal(parameters(&r), 40 + 296 + 10 * (24 * 24 * 8 + 1));
    assert_string_equal(r.model.info.dataset, "mnist");
    assert_true(r.model.info.input_scale == 1 / 255.0);
    assert_int_equal(r.model.info.epochs, 7);
    assert_string_equal(
        value_text_in(&memory, r.model.compile.optimizer),
        "SGD(InverseTimeDecay(initial_learning_rate=0.1, decay_steps=1, decay_rate=0.001), momentum=0.9)");
    assert_int_equal(r.model.info.left_out_count, ARRAY_COUNT(left_out));
    for (size_t i = 0; i < ARRAY_COUNT(left_out); i++) assert_string_equal(r.model.info.left_out[i], left_out[i]);
    arena_free(&memory);
    end_reading(&r);
}

/* What is done to images that is no declaration is said. */
static void changes_of_images_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *left_out;
    } cases[] = {
        {"x = (x - np.mean(x)) / (np.std(x) + 1e-7)\n", "what line 5 makes of the images"},
        {"for i in range(3):\n    x[:, :, :, i] = x[:, :, :, i] / 3\n", "what line 6 makes of the images"},
        {"", NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char text[500];
        snprintf(text, sizeof text,
                 KERAS "import numpy as np\n(x, y), (u, v) = keras.datasets.cifar10.load_data()\n%s"
                       "model = keras.Sequential([layers.Flatten(), layers.Dense(10)])\n"
                       "model.load_weights('pretrained.h5')\nmodel.fit(x, y)\n",
                 cases[i].lines);
        reading r = read_good(text, NULL, NULL);
        assert_int_equal(r.model.info.left_out_count, cases[i].left_out ? 2 : 1);
        assert_string_equal(r.model.info.left_out[0], "load_weights");
        if (cases[i].left_out) assert_string_equal(r.model.info.left_out[1], cases[i].left_out);
        end_reading(&r);
    }
}

/* A module has no dot in its name, and stands where something of one is looked for. */
static void a_module_alone_is_no_part_of_one(void **state)
{
    (void)state;
    reading r = read_good(KERAS "import numpy as np\n(x, y), (u, v) = keras.datasets.mnist.load_data()\n"
                                "part = x[..., np]\n"
                                "model = keras.Sequential([layers.Flatten(), layers.Dense(10)])\n"
                                "model.fit(x, y, callbacks=[keras])\n",
                          NULL, NULL);
    assert_output(&r, "(None, 10)");
    assert_int_equal(r.model.info.left_out_count, 1);
    assert_string_equal(r.model.info.left_out[0], "keras");
    end_reading(&r);
}

/* Any text that stops too early is read or refused, and nothing worse. */
static void every_beginning_is_survived(void **state)
{
    (void)state;
    static const char *const texts[] = {notebook, script};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        for (size_t size = 0; size <= strlen(texts[i]); size++) {
            reading r = read_bytes(texts[i], size, NULL, NULL, false);
            if (r.status) assert_true(strlen(r.error.message) > 0);
            end_reading(&r);
        }
}

/* One byte of the text is another one. */
static void damage_is_survived(void **state)
{
    (void)state;
    static const char others[] = "\0\n\t ()[]{}:,.='\"\\#*-/%0a_\xC3";
    static const char *const texts[] = {notebook, script};
    for (size_t k = 0; k < ARRAY_COUNT(texts); k++)
        for (size_t i = 0; i < strlen(texts[k]); i += 3) {
            char text[sizeof notebook + sizeof script];
            size_t size = strlen(texts[k]);
            memcpy(text, texts[k], size);
            text[i] = others[i / 3 % (sizeof others - 1)];
            reading r = read_bytes(text, size, NULL, NULL, false);
            if (r.status) assert_true(strlen(r.error.message) > 0);
            end_reading(&r);
        }
}

/* ---- What can be said ---------------------------------------------------------------------------------------------
 */

/* Each makes Dense layers whose last one has the given number of units: expressions, seen through a layer. */
static void expressions_have_pythons_values(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        int units;
    } cases[] = {
        {"2 + 3 * 4", 14},
        {"(2 + 3) * 4", 20},
        {"2 ** 3 ** 2", 512},
        {"-7 // 2 + 10", 6},
        {"-7 % 3", 2},
        {"7 % -3 + 5", 3},
        {"-2 ** 2 + 10", 6},
        {"int(10 / 4)", 2},
        {"int(2 ** 0.5 * 100)", 141},
        {"0x10 + 0b11 + 0o7 + 1_0", 36},
        {"len([1, 2, 3]) * len('abcd')", 12},
        {"[1, 2, 3][-1]", 3},
        {"(4, 5, 6)[1:][0]", 5},
        {"[1, 2, 3, 4, 5][::-2][1]", 3},
        {"len([1] * 3 + [2, 3])", 5},
        {"{'a': 3, 'b': 4}['b']", 4},
        {"len('ab' 'cd' + str(12))", 6},
        {"len(f'{1 + 1}x{{}}')", 4},
        {"len('\\n\\'')", 2},
        {"len(r'\\n')", 2},
        {"True + 1", 2},
        {"list(range(3, 20, 4))[3]", 15},
        {"sum_of([1, 2, 3])", 6},
        {"list(enumerate([7, 8]))[1][0] + list(zip([1, 2], [3, 4]))[1][1]", 5},
        {"keras.Input((6, 5)).shape[1]", 6},
        {"[n * n for n in range(5) if n % 2 if n > 1][0]", 9},
        {"len([a + b for a in (1, 2) for b, (c, d) in [(3, (4, 5)), (6, (7, 8))]])", 4},
        {"sum_of(n for n in [1, 2])", 3},
        {"sum_of(*[[1, 2]])", 3},
        {"sum_of(**{'numbers': [3]})", 3},
        {"3 if 1 < 2 < 3 and not 2 < 1 else 4", 3},
        {"1 < 2 > 3 or 7", 7},
        {"5 if 'b' in 'abc' and 2 not in (1, 3) and 'k' in {'k': 1} else 6", 5},
        {"5 if None is None and 3 is not None and (1, 2) == (1, 2) != (1, 3) else 6", 5},
        {"[0, '', [], {}, None, 0.0] and 8", 8},
        {"0 or '' or [] or {} or None or 0.0 or 8", 8},
        {"len(f'a{1}' 'b' f'{2}')", 4},
        {"max([3, 9, 4]) - min((5, 2))", 7},
        {"list(enumerate([7, 8], 1))[1][0]", 2},
        {"count_down(10)", 4},
        {"twice(4)", 8},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char text[900];
        snprintf(text, sizeof text,
                 KERAS "def sum_of(numbers):\n"
                       "    total = 0\n"
                       "    for number in numbers:\n"
                       "        total += number\n"
                       "    return total\n"
                       "def count_down(n):\n"
                       "    while True:\n"
                       "        if n %% 2:\n"
                       "            n -= 1\n"
                       "            continue\n"
                       "        n -= 2\n"
                       "        for i in range(9):\n"
                       "            if i == n: break\n"
                       "        if n == 4:\n"
                       "            break\n"
                       "    return i\n"
                       "def twice(n):\n"
                       "    def inner(k):\n"
                       "        return n + k\n"
                       "    return inner(n)\n"
                       "model = keras.Sequential([keras.Input((4,)), layers.Dense(%s)])\n",
                 cases[i].expression);
        reading r = read_good(text, NULL, NULL);
        char expected[40];
        snprintf(expected, sizeof expected, "(None, %d)", cases[i].units);
        assert_output(&r, expected);
        end_reading(&r);
    }
}

static void models_are_made_in_every_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *text, *layers, *output;
    } cases[] = {
        {"import tensorflow as tf\n"
         "i = tf.keras.layers.Input(shape=(8, 8, 1))\n"
         "x = tf.keras.layers.Conv2D(4, 3, activation=tf.nn.relu)(i)\n"
         "model = tf.keras.models.Model(i, tf.keras.layers.Flatten()(x))\n",
         "input_layer conv2d flatten", "(None, 144)"},
        {"from tensorflow.keras.layers import (Dense, Input as In,)\n"
         "from tensorflow.keras import models\n"
         "model = models.Sequential([In((4,)), Dense(3), Dense(2)])\n",
         "input_layer dense dense_1", "(None, 2)"},
        {"from keras.layers import *\n"
         "from keras.models import Sequential\n"
         "model = Sequential()\n"
         "model.add(Input((4,)))\n"
         "model.add(Dense(5))\n",
         "input_layer dense", "(None, 5)"},
        {"import tensorflow.keras as K\n"
         "model = K.Sequential([K.layers.Dense(3, input_shape=(4,)), K.layers.Dense(2)])\n",
         "input_layer dense dense_1", "(None, 2)"},
        {KERAS "model = keras.Sequential([layers.Dense(3, input_dim=4)])\n", "input_layer dense", "(None, 3)"},
        {KERAS "model = keras.Sequential([layers.Dense(3)])\n"
               "model.build((None, 6))\n",
         "input_layer dense", "(None, 3)"},
        {KERAS "(x, y), _ = keras.datasets.mnist.load_data()\n"
               "model = keras.Sequential([layers.Flatten()])\n"
               "model.fit(x, y)\n",
         "input_layer flatten", "(None, 784)"},
        {KERAS "model = keras.Sequential([layers.Input(784), layers.Dense(2)])\n"
               "model.pop()\n"
               "model.add(layers.Dense(7))\n",
         "input_layer dense_1", "(None, 7)"},
        {KERAS "a = keras.Input((4,), name='a'); b = keras.Input((4,), name='b')\n"
               "shared = layers.Dense(3)\n"
               "model = keras.Model([a, b], layers.concatenate([shared(a), shared(b)], axis=-1))\n",
         "a b dense concatenate", "(None, 6)"},
        {KERAS "a = keras.Input((4,), name='a'); b = keras.Input((3,), name='b')\n"
               "model = keras.Model({'b': b, 'a': a}, {'v': layers.Dense(2)(b), 'u': layers.Dense(5)(a)})\n",
         "a b dense_1 dense", "(None, 5)"},
        {KERAS "i = keras.Input((4,))\n"
               "x = layers.Dense(4)(i)\n"
               "model = keras.Model(i, layers.add([i, x, layers.Add()([i, x])]))\n",
         "input_layer dense add add_1", "(None, 4)"},
        {KERAS "def block(x, units, repeats=2, activation: str='relu') -> None:\n"
               "    for k in range(repeats):\n"
               "        x = layers.Dense(units, activation=activation, name=f'dense_{units}_{k}')(x)\n"
               "    return x\n"
               "i = keras.Input((4,))\n"
               "model = keras.Model(i, block(block(i, 8), units=4, repeats=1))\n",
         "input_layer dense_8_0 dense_8_1 dense_4_0", "(None, 4)"},
        {KERAS "encoder = keras.Sequential([layers.Dense(3), layers.Dense(2)], name='encoder')\n"
               "i = keras.Input((4,))\n"
               "model = keras.Model(i, layers.Dense(4)(encoder(i)))\n",
         "input_layer encoder dense_2", "(None, 4)"},
        {KERAS "base = keras.Sequential([keras.Input((4,)), layers.Dense(3, name='inner')])\n"
               "for layer in base.layers[:1]:\n"
               "    layer.trainable = False\n"
               "model = keras.Model(base.input, layers.Dense(1)(base.output))\n",
         "input_layer inner dense", "(None, 1)"},
        {KERAS "model = keras.Sequential([keras.Input((4,)),\n"
               "    layers.Dense(2, kernel_regularizer=keras.regularizers.l2(1e-3), # a comment\n"
               "                 kernel_initializer='he_normal', activation=keras.activations.softmax),\n"
               "])\n",
         "input_layer dense", "(None, 2)"},
        {KERAS "i = keras.Input((9,), dtype='int32')\n"
               "x = layers.Embedding(input_dim=50, output_dim=3)(i)\n"
               "model = keras.Model(i, layers.Dropout(0.5)(x, training=True))\n",
         "input_layer embedding dropout", "(None, 9, 3)"},
        {KERAS "model = keras.Sequential([layers.Embedding(50, 3, input_length=9), layers.Flatten()])\n",
         "input_layer embedding flatten", "(None, 27)"},
        {KERAS "i = keras.Input((4,))\n"
               "x = layers.Normalization(mean=[1, 2, 3, 4.5], variance=[1.0] * 4)(i)\n"
               "model = keras.Model(i, layers.dot([x, i], axes=1, normalize=True))\n",
         "input_layer normalization dot", "(None, 1)"},
        {"\xEF\xBB\xBFimport keras\r\n"
         "model = keras.Sequential(\\\r\n"
         "  [keras.Input((4,)),\r\n"
         " keras.layers.Flatten()])\r\n",
         "input_layer flatten", "(None, 4)"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        reading r = read_good(cases[i].text, NULL, NULL);
        assert_layers(&r, cases[i].layers);
        assert_output(&r, cases[i].output);
        end_reading(&r);
    }
}

/* As real Keras 3.15 counts: a Sequential makes a functional model, and its name, each time that it is built. */
static void names_advance_as_in_keras(void **state)
{
    (void)state;
    static const char text[] = KERAS "def f():\n"
                                     "    i = keras.Input((8,))\n"
                                     "    return keras.Model(i, layers.Dense(2)(i))\n"
                                     "m = keras.Sequential([keras.Input((8,)), layers.Dense(3), layers.Dense(2)])\n"
                                     "first = f()\n"
                                     "m = keras.Sequential()\n"
                                     "m.add(keras.Input((8,)))\n"
                                     "m.add(layers.Dense(3))\n"
                                     "m.add(layers.Dense(3))\n"
                                     "m.add(layers.Dense(3))\n"
                                     "second = f()\n"
                                     "keras.backend.clear_session()\n"
                                     "m = keras.Sequential([layers.Dense(3), layers.Dense(2)])\n"
                                     "i = keras.Input((8,))\n"
                                     "third = keras.Model(i, m(i))\n"
                                     "fourth = keras.Sequential([f(), layers.Dense(2)])\n";
    static const char *const cases[][3] = {{"first", "functional_1", "input_layer_1 dense_2"},
                                           {"second", "functional_5", "input_layer_3 dense_6"},
                                           {"third", "functional_1", "input_layer sequential"},
                                           {"fourth", "sequential_1", "input_layer_3 functional_2 dense_3"}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        reading r = read_good(text, cases[i][0], NULL);
        assert_string_equal(r.model.network->name, cases[i][1]);
        assert_layers(&r, cases[i][2]);
        end_reading(&r);
    }
    static const char keras2[] = KERAS "i = keras.Input((8,))\nmodel = keras.Model(i, layers.Dense(2)(i))\n";
    reading r = read_bytes(keras2, strlen(keras2), NULL, NULL, true);
    assert_string_equal(r.model.network->name, "model");
    assert_layers(&r, "input_1 dense");
    end_reading(&r);
}

static void compile_arguments_are_kept(void **state)
{
    (void)state;
    reading r =
        read_good(KERAS "model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])\n"
                        "model.compile(keras.optimizers.Adam(1e-3), loss={'dense': 'mse'},\n"
                        "              loss_weights=[0.5], metrics=['accuracy', keras.metrics.MeanSquaredError()],\n"
                        "              jit_compile=False)\n",
                  NULL, NULL);
    arena memory = {0};
    assert_string_equal(value_text_in(&memory, r.model.compile.optimizer), "Adam(0.001)");
    assert_string_equal(value_text_in(&memory, r.model.compile.loss), "{'dense': 'mse'}");
    assert_string_equal(value_text_in(&memory, r.model.compile.loss_weights), "(0.5,)");
    assert_string_equal(value_text_in(&memory, r.model.compile.metrics), "('accuracy', MeanSquaredError())");
    assert_null(r.model.compile.weighted_metrics);
    assert_null(r.model.info.dataset);
    arena_free(&memory);
    end_reading(&r);
}

static void trainable_is_kept(void **state)
{
    (void)state;
    reading r = read_good(KERAS "base = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(3)])\n"
                                "base.trainable = False\n"
                                "base.layers[1].trainable = True\n"
                                "i = keras.Input((4,))\n"
                                "model = keras.Model(i, layers.Dense(1, trainable=False)(base(i)))\n",
                          NULL, NULL);
    size_t not_trained;
    assert_int_equal(network_parameters(r.model.network, &not_trained), 15 + 12 + 4);
    assert_int_equal(not_trained, 15 + 4);
    end_reading(&r);
}

/* ---- Data ---------------------------------------------------------------------------------------------------------
 */

static void data_are_declared(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *dataset;
        size_t rows;
        double scale;
        const char *output;
        double offset;
    } cases[] = {
        {"(a, b), (c, d) = keras.datasets.mnist.load_data()\n", "mnist", 0, 0, "(None, 28, 28)"},
        {"(a, b), (c, d) = keras.datasets.mnist.load_data()\n"
         "a = a.reshape((60000, 28, 28, 1)).astype('float32') / 255\n"
         "c = c.reshape(-1, 28, 28, 1) / 255\n",
         "mnist", 0, 1 / 255.0, "(None, 28, 28, 1)"},
        {"import numpy as np\n"
         "(a, b), (c, d) = keras.datasets.fashion_mnist.load_data()\n"
         "a = np.expand_dims(a, -1)[:100]\n"
         "b = b[:100]\n",
         "fashion_mnist", 100, 0, "(None, 28, 28, 1)"},
        {"(a, b), (c, d) = keras.datasets.mnist.load_data()\n"
         "m = keras.Sequential([layers.Flatten()])\n"
         "m.fit(a[:200] / 255, b[:200], validation_split=0.1)\n",
         "mnist", 200, 1 / 255.0, "(None, 28, 28)"},
        {"from keras.utils import to_categorical, np_utils\n"
         "(a, b), (c, d) = keras.datasets.mnist.load_data()\n"
         "d = np_utils.to_categorical(d, num_classes=12)\n"
         "a = to_categorical(b)\n",
         "mnist", 0, 0, "(None, 10)"},
        {"from keras.datasets import cifar100\n"
         "(a, b), (c, d) = cifar100.load_data(label_mode='fine')\n"
         "a = a * (1 / 127.5)\n"
         "c *= 1 / 127.5\n"
         "x_val = a[-1000:]\n",
         "cifar100", 0, 1 / 127.5, "(None, 32, 32, 3)"},
        {"(a, b), (c, d) = keras.datasets.mnist.load_data()\n"
         "a, c = a / 127.5 - 1, c / 127.5 - 1.0\n",
         "mnist", 0, 1 / 127.5, "(None, 28, 28)", -1},
        {"(a, b), (c, d) = keras.datasets.mnist.load_data()\n"
         "mean, std = 33.0, 78.5\n"
         "a = (a.astype('float32') - mean) / std\n"
         "c = (c - mean) / std\n",
         "mnist", 0, 1 / 78.5, "(None, 28, 28)", -33.0 * (1 / 78.5)},
        {"(a, b), (c, d) = keras.datasets.mnist.load_data()\n"
         "a = (a / 255 - 0.5) * 2\n"
         "c = (c / 255 - 0.5) * 2\n",
         "mnist", 0, 2 / 255.0, "(None, 28, 28)", -1},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char text[800];
        snprintf(text, sizeof text,
                 KERAS "%si = keras.Input(a.shape[1:])\n"
                       "model = keras.Model(i, layers.ReLU()(i))\n",
                 cases[i].lines);
        reading r = read_good(text, NULL, NULL);
        assert_string_equal(r.model.info.dataset, cases[i].dataset);
        assert_int_equal(r.model.info.train_rows, cases[i].rows);
        assert_true(r.model.info.input_scale == cases[i].scale);
        assert_true(r.model.info.input_offset == cases[i].offset);
        assert_output(&r, cases[i].output);
        end_reading(&r);
    }
}

/* ---- Choosing -----------------------------------------------------------------------------------------------------
 */

static void the_meant_model_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *output;
    } cases[] = {
        {TWO "model = make(5)\nother = make(6)\n", NULL, "(None, 5)"},
        {TWO "first = make(5)\nlast = make(6)\n", NULL, "(None, 6)"},
        {TWO "first = make(5)\nlast = make(6)\n", "first", "(None, 5)"},
        {TWO, NULL, "(None, 3)"},
        {TWO "def again():\n    made = make(7)\n    return made\nmodel = make()\n", "again", "(None, 7)"},
        {TWO "def compile_model(m):\n    m.compile('adam')\n", NULL, "(None, 3)"},
        {TWO "if __name__ == \"__main__\":\n    model = make(8)\n", NULL, "(None, 8)"},
        {TWO "if __name__ == '__test__':\n    model = make(4)\n", NULL, "(None, 3)"},
        {TWO "import os\nif os.path.isfile('m.h5'):\n    model = keras.models.load_model('m.h5')\nelse:\n    model = "
             "make(6)\n",
         NULL, "(None, 6)"},
        {TWO "import sys\nfor fold in sys.argv:\n    model = make(6)\n", NULL, "(None, 3)"},
        {TWO "def main():\n    m = make(9)\n    m.fit()\nif __name__ == '__main__': main()\n", NULL, "(None, 9)"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        reading r = read_good(cases[i].text, cases[i].name, NULL);
        assert_output(&r, cases[i].output);
        end_reading(&r);
    }
}

/* What the text leaves uncompiled is compiled as it says elsewhere; NULL: it does not say how. */
static void the_meant_model_is_compiled(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *optimizer;
    } cases[] = {
        {TWO "def compile_model(m):\n    m.compile('sgd')\n", NULL, "'sgd'"},
        {TWO "def compile_model(m, o='sgd'):\n    m.compile(o)\nmodel = make()\n", "make", "'sgd'"},
        {TWO "def compile_model(m, o='sgd'):\n    m.compile(o)\nmodel = make()\n", NULL, NULL},
        {TWO "def compile_model(m, o='sgd'):\n    m.compile(o)\nmodel = make()\ncompile_model(model, 'adam')\n", "make",
         "'adam'"},
        {TWO "model = make()\nmodel.compile(optimizer='adam')\n", "make", "'adam'"},
        {TWO "model = make()\nother = make(5)\nmodel.compile('adam')\n", "other", "'adam'"},
        {TWO "a = make()\na.compile('adam')\nb = make()\nb.compile('adam')\n", "make", "'adam'"},
        {TWO "a = make()\na.compile('adam')\nb = make()\nb.compile('sgd')\n", "make", NULL},
        {TWO "a = make()\na.compile('adam')\nb = make()\nb.compile('adam', 'mse')\n", "make", NULL},
        {TWO "def a(m):\n    m.compile('adam')\ndef b(m):\n    m.compile('sgd')\n", NULL, NULL},
        {TWO "def compile_model(m, o):\n    m.compile(o)\n", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        arena memory = {0};
        reading r = read_good(cases[i].text, cases[i].name, NULL);
        assert_int_equal(r.model.compiled, cases[i].optimizer != NULL);
        if (cases[i].optimizer)
            assert_string_equal(value_text_in(&memory, r.model.compile.optimizer), cases[i].optimizer);
        end_reading(&r);
        arena_free(&memory);
    }
}

/* A layer where an activation was expected is the function of the same meaning. */
static void layers_stand_for_activations(void **state)
{
    (void)state;
    static const struct {
        const char *layer, *activation;
    } cases[] = {
        {"ReLU(max_value=6)", "relu(max_value=6.0)"},
        {"LeakyReLU(0.1)", "leaky_relu(negative_slope=0.1)"},
        {"ELU(alpha=0.5)", "elu(alpha=0.5)"},
        {"Softmax()", "softmax"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char text[300];
        snprintf(text, sizeof text,
                 KERAS "model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation=layers.%s)])\n",
                 cases[i].layer);
        reading r = read_good(text, NULL, NULL);
        const cepa_dense_options *dense = r.model.network->layers[1]->options;
        assert_string_equal(dense->activation, cases[i].activation);
        end_reading(&r);
    }
}

static void names_in_paths_are_found(void **state)
{
    (void)state;
    assert_null(keras_source_name("a/model.py"));
    assert_null(keras_source_name("a.pyx:b"));
    assert_string_equal(keras_source_name("a/model.py:create_nn"), "create_nn");
    assert_string_equal(keras_source_name("a.py:b/model.py:c"), "c");
}

static void sets_replace_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *sets[MOST_SETS];
        const char *output;
    } cases[] = {
        {TWO, {"units=9"}, "(None, 9)"},
        {TWO "model = make()\n", {"units=9"}, "(None, 9)"},
        {TWO "model = make(units=4)\n", {"units=9"}, "(None, 9)"},
        {TWO "n = 4\nmodel = make(n * 2)\n", {"n=9"}, "(None, 18)"},
        {TWO "n, m = 4, 1\nmodel = make(n + m)\n", {"n=9", "m=2"}, "(None, 11)"},
        {KERAS "def make(units):\n    return keras.Sequential([keras.Input((4,)), layers.Dense(units)])\n",
         {"units=9"},
         "(None, 9)"},
        {KERAS "def make(shape=(4, 4)):\n    return keras.Sequential([keras.Input(shape), layers.ReLU()])\n",
         {"shape=(2, 3)"},
         "(None, 2, 3)"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        reading r = read_good(cases[i].text, NULL, cases[i].sets);
        assert_output(&r, cases[i].output);
        end_reading(&r);
    }
}

static void wrong_sets_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *set, *message;
    } cases[] = {
        {"unit=9", "model.py has no parameter unit; it has k, units"},
        {"units", "'units' sets nothing, name=value was expected"},
        {"units=(1", "units=(1: '(1': ',' or ')' expected at the end"},
        {"units=many", "model.py:5:40: Dense: units must be an integer, not 'many'\n"
                       "    return keras.Model(i, layers.Dense(units)(i))\n"
                       "                                       ^"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        static const char text[] = TWO "k = 3\nmodel = make()\n";
        reading r = read_bytes(text, strlen(text), NULL, (const char *[]){cases[i].set, NULL}, false);
        assert_int_equal(r.status, CEPA_ARGUMENT);
        assert_string_equal(r.error.message, cases[i].message);
        end_reading(&r);
    }
}

/* Operators and keras.ops make calls of their own, named as Keras names them. */
static void operations_on_tensors(void **state)
{
    (void)state;
    static const char *const names[] = {"i",       "multiply", "add",       "true_divide", "subtract",
                                        "power",   "maximum",  "negative",  "mine",        "leaky_relu",
                                        "softmax", "add_1",    "multiply_1"};
    reading r = read_good("import keras\nfrom keras import ops\ni = keras.Input((4,), name='i')\n"
                          "x = 1 - (i * 2 + 0.5) / 255.0\nx = -ops.maximum(x ** 2, 0)\nx = ops.sqrt(x, name='mine')\n"
                          "x = keras.ops.leaky_relu(x, negative_slope=0.3)\nx = ops.softmax(x)\n"
                          "n = ops.exp(0.0)\nmodel = keras.Model(i, (x + i) * n)\n",
                          NULL, NULL);
    const network *n = r.model.network;
    double number;
    bool first;
    assert_int_equal(n->layer_count, ARRAY_COUNT(names));
    for (size_t i = 0; i < n->layer_count; i++) assert_string_equal(n->layers[i]->name, names[i]);
    assert_true(operation_number(n->layers[4]->class, n->layers[4]->options, &number, &first));
    assert_true(number == 1 && first);
    assert_true(operation_number(n->layers[3]->class, n->layers[3]->options, &number, &first));
    assert_true(number == 255 && !first);
    assert_false(operation_number(n->layers[8]->class, n->layers[8]->options, &number, &first));
    end_reading(&r);
}

/* ---- What is said of the fit ------------------------------------------------------------------------------------- */

static void fits_are_declared(void **state)
{
    (void)state;
    reading r = read_good(
        TWO "stop = keras.callbacks.EarlyStopping('val_loss', patience=2 + 1)\n"
            "import numpy\nx = y = numpy.load('x')\nmodel = make()\nmodel.fit(x, y, epochs=3)\n"
            "h = model.fit(x, y, epochs=2 * 10, batch_size=16, callbacks=[stop,\n"
            "    keras.callbacks.ModelCheckpoint('best.keras', save_freq=20), keras.callbacks.TensorBoard(),\n"
            "    keras.callbacks.ModelCheckpoint(numpy.path), keras.callbacks.TerminateOnNaN()])\n",
        NULL, NULL);
    const cepa_source_info *info = &r.model.info;
    assert_int_equal(info->epochs, 20);
    assert_int_equal(info->batch_size, 16);
    assert_int_equal(info->callback_count, 3);
    assert_string_equal(info->callbacks[0], "EarlyStopping(patience=3)");
    assert_string_equal(info->callbacks[1], "ModelCheckpoint(filepath='best.keras', save_freq='20')");
    assert_string_equal(info->callbacks[2], "TerminateOnNaN");
    assert_int_equal(info->left_out_count, 2);
    assert_string_equal(info->left_out[0], "TensorBoard");
    assert_string_equal(info->left_out[1], "ModelCheckpoint");
    end_reading(&r);
    r = read_good(
        TWO
        "import numpy as np\nmodel = make()\nx = y = np.load('x')\n"
        "model.fit(x, y, 8, 5, shuffle=False, validation_split=1 / 4, class_weight={0: 1, 2: 2.5}, initial_epoch=0)\n",
        NULL, NULL);
    assert_int_equal(info->batch_size, 8);
    assert_int_equal(info->epochs, 5);
    assert_true(info->no_shuffle);
    assert_true(info->validation_split == 0.25);
    assert_int_equal(info->class_weight_count, 3);
    assert_true(info->class_weight[0] == 1 && info->class_weight[1] == 1 && info->class_weight[2] == 2.5);
    assert_int_equal(info->left_out_count, 0);
    end_reading(&r);
    r = read_good(
        TWO "import numpy as np\nmodel = make()\nx = y = np.load('x')\ndef rate(epoch):\n    return np.log(epoch)\n"
            "model.fit(x, y, validation_split=0.5, validation_data=(x, y), class_weight=np.ones(3),\n"
            "    steps_per_epoch=3, initial_epoch=2, sample_weight=None, verbose=0, epochs=np.size(x),\n"
            "    callbacks=[keras.callbacks.LearningRateScheduler(rate), np.logs()])\n",
        NULL, NULL);
    static const char *const left_out[] = {"epochs",          "class_weight",          "initial_epoch",
                                           "steps_per_epoch", "LearningRateScheduler", "callbacks[1]"};
    assert_true(info->validation_split == 0);
    assert_false(info->no_shuffle);
    assert_int_equal(info->left_out_count, ARRAY_COUNT(left_out));
    for (size_t i = 0; i < ARRAY_COUNT(left_out); i++) assert_string_equal(info->left_out[i], left_out[i]);
    end_reading(&r);
    r = read_good(TWO "import numpy as np\nmodel = make()\nx = y = np.load('x')\n"
                      "model.fit(x, y, epochs=np.random.randint(9), callbacks=np.logs())\n",
                  NULL, NULL);
    assert_int_equal(r.model.info.epochs, 0);
    assert_int_equal(r.model.info.callback_count, 0);
    end_reading(&r);
}

/* A function of the epoch, or of epoch and rate, becomes the rates that it gives. */
static void schedulers_are_worked_out(void **state)
{
    (void)state;
    static const struct {
        const char *schedule, *callback;
    } cases[] = {
        {"lambda e: 0.5 if e < 2 else 0.25", "LearningRateScheduler(schedule=(0.5, 0.5, 0.25))"},
        {"lambda e, lr: max(lr / 2, 0.125), verbose=1", "LearningRateScheduler(schedule=(0.25, 0.125), verbose=1)"},
        {"slower", "LearningRateScheduler(schedule=(0.5, 0.5, 0.25, 0.0))"},
        {"[0.5, 0.25]", "LearningRateScheduler(schedule=(0.5, 0.25))"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 TWO "import math\ndef slower(epoch, lr):\n    if epoch <= 1:\n        return lr\n"
                     "    elif epoch == 2: return lr * math.pow(0.5, math.floor(epoch / 2))\n"
                     "    else:\n        half = math.exp(0) - 1\n    return half\n"
                     "x = y = math.load('x')\nmodel = make()\nmodel.compile(keras.optimizers.SGD(0.5))\n"
                     "model.fit(x, y, epochs=9, callbacks=[keras.callbacks.LearningRateScheduler(%s)])\n",
                 cases[i].schedule);
        reading r = read_good(text, NULL, NULL);
        assert_int_equal(r.model.info.callback_count, 1);
        assert_string_equal(r.model.info.callbacks[0], cases[i].callback);
        end_reading(&r);
    }
}

/* ---- What a tuner may vary --------------------------------------------------------------------------------------- */

#define TUNED                                                                                                          \
    "import keras_tuner as kt\n" KERAS "def plain(units):\n"                                                           \
    "    return keras.Sequential([keras.Input((4,)), layers.Dense(units)])\n"                                          \
    "def build_model(hp):\n"                                                                                           \
    "    for i in range(hp.Int('n', 1, 2)):\n"                                                                         \
    "        units = hp.Int(f'units_{i}', 4, 64, step=2, sampling='log')\n"                                            \
    "    hp.Choice('activation', ['relu', 'tanh'], default='tanh')\n"                                                  \
    "    hp.Float('rate', 0.5, 1.5)\n"                                                                                 \
    "    hp.Boolean('bias')\n"                                                                                         \
    "    hp.Fixed('epochs', 3)\n"                                                                                      \
    "    hp.Int('n', 1, 2)\n"                                                                                          \
    "    return plain(units)\n"                                                                                        \
    "hp = kt.HyperParameters()\n"                                                                                      \
    "build_model(hp)\n"                                                                                                \
    "tuner = kt.GridSearch(build_model, objective='val_loss', max_trials=3)\n"                                         \
    "tuner.search(epochs=20)\n"                                                                                        \
    "best = tuner.get_best_models()[0]\n"

/* A declared hyperparameter in a line. */
static void print_tuned(const cepa_hyperparameter *h, char text[200])
{
    int length = snprintf(text, 200, "%s", h->name);
    for (size_t i = 0; i < h->value_count; i++)
        length += snprintf(text + length, 200 - (size_t)length, " %s", h->values[i]);
    if (!h->value_count)
        snprintf(text + length, 200 - (size_t)length, " %g..%g:%s%g%s", h->low, h->high, h->logarithmic ? "x" : "",
                 h->step, h->whole ? " whole" : "");
}

/* What a text does to a table, behind its first line; the rest of it does not matter here. */
static reading read_table(const char *lines, cepa_status status)
{
    buffer text = {0};
    buffer_format(&text,
                  "import pandas as pd, seaborn as sns\nfrom tensorflow import keras\n"
                  "from sklearn.model_selection import train_test_split as split\nt = sns.load_dataset('penguins')\n"
                  "%s\ni = keras.Input((2,))\nmodel = keras.Model(i, keras.layers.Dense(1)(i))\n",
                  lines);
    reading r = read_text((const char *)text.bytes);
    buffer_free(&text);
    if (r.status != status) fail_msg("%s", r.error.message);
    return r;
}

static void tables_are_declared(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *inputs, *target, *split;
        size_t ahead, first;
        uint64_t seed;
    } cases[] = {
        {"a, b, c, d = split(t[['island', 'sex']], pd.get_dummies(t['species']), test_size=0.2, random_state=3)",
         "island,sex", "species", "80/20", 0, 0, 3},
        {"x = t.drop('species', axis=1).dropna().drop(columns=['island', 'sex', 'body_mass_g'])\n"
         "a, h, b, k = split(x, t.body, test_size=0.1)\n" /* an unknown thing */
         "a, h, b, k = split(x, t['sex'], test_size=0.3, random_state=1)\nv, w, y, z = split(h, k, test_size=0.5)",
         "bill_length_mm,bill_depth_mm,flipper_length_mm", "sex", "70/15/15", 0, 0, 1},
        {"a, h, b, k = split(t[['sex']], t['is' + 'land'])\nc, v, d, y = split(a, b, test_size=0.2)", "sex", "island",
         "60/15/25", 0, 0, 0},
        {"n = 9\nx = t.loc[:n][['sex']]\ny = t.loc[2:n + 2]['island']\na, h, b, k = split(x, y, test_size=0.5)", "sex",
         "island", "50/50", 2, 10, 0},
        {"m = keras.Sequential([keras.Input((t.shape[1],)), keras.layers.Dense(1)])\n"
         "m.compile()\nm.fit(t[['sex']][:5], t['island'][:5])",
         "sex", "island", NULL, 0, 5, 0},
        {"x = (t[['sex']] - 1) / t.mean()\na, h, b, k = split(x, t['island'])\nz = t[t['sex'] + 1].head()", NULL, NULL,
         NULL, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reading r = read_table(cases[i].lines, CEPA_OK);
        const cepa_table *table = &r.model.info.table;
        assert_true(!cases[i].inputs == !table->inputs);
        if (cases[i].inputs) {
            assert_string_equal(r.model.info.dataset, "penguins");
            assert_string_equal(table->inputs, cases[i].inputs);
            assert_string_equal(table->target, cases[i].target);
        }
        assert_true(!cases[i].split == !table->split);
        if (cases[i].split) assert_string_equal(table->split, cases[i].split);
        assert_int_equal(table->ahead, cases[i].ahead);
        assert_int_equal(table->first, cases[i].first);
        assert_int_equal(table->split_seed, cases[i].seed);
        end_reading(&r);
    }
    reading wrong = read_table("x = t[['sex', 'age']]", CEPA_SYNTAX);
    assert_non_null(strstr(wrong.error.message, "the table has no column 'age'"));
    end_reading(&wrong);
    wrong = read_table("a, b, c, d = split(t, t['sex'])\ne, f, g, h = split(a, d)", CEPA_SYNTAX);
    assert_non_null(strstr(wrong.error.message, "this split is not read"));
    end_reading(&wrong);
}

static void hyperparameters_are_declared(void **state)
{
    (void)state;
    static const char *const expected[] = {"n 1..2:1 whole",
                                           "units_0 4..64:x2 whole",
                                           "units_1 4..64:x2 whole",
                                           "activation 'relu' 'tanh'",
                                           "rate 0.5..1.5:0",
                                           "bias False True",
                                           "epochs 3"};
    static const char *const sets[] = {"n=2", "units_1=16", "activation=relu", NULL};
    reading r = read_good(TUNED, NULL, sets);
    const cepa_source_info *info = &r.model.info;
    assert_output(&r, "(None, 16)");
    assert_int_equal(info->hyperparameter_count, ARRAY_COUNT(expected));
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        char text[200];
        print_tuned(&info->hyperparameters[i], text);
        assert_string_equal(text, expected[i]);
    }
    end_reading(&r);
    r = read_good(TUNED, NULL, NULL);
    assert_output(&r, "(None, 4)");
    assert_int_equal(r.model.info.hyperparameter_count, ARRAY_COUNT(expected) - 1);
    end_reading(&r);
}

static void wrong_hyperparameters_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *set, *message;
    } cases[] = {
        {"hp.Int('units', 4, 8)", "units=9", "units must be between 4 and 8, not 9"},
        {"hp.Int('units', 4, 8)", "units=4.5", "a number stands where an integer was expected"},
        {"hp.Int('units', 8, 4)", NULL, "the range must go up"},
        {"hp.Int('units', 0, 4, sampling='log')", NULL, "the range must go up, from above 0"},
        {"hp.Int('units', 1, 4, sampling='cube')", NULL, "sampling must be 'linear' or 'log'"},
        {"hp.Int('units', 1, 4, step=1, sampling='log')", NULL, "the step must go up"},
        {"hp.Int('units')", NULL, "Int: min_value is missing; it takes name, min_value"},
        {"hp.Choice('units', [1, 2])", "units=3", "units is not one of its values, which are 1, 2"},
        {"hp.Choice('units', [])", NULL, "a list stands where a list of values was expected"},
        {"hp.Choice(3, [1])", NULL, "an integer stands where a hyperparameter's name was expected"},
        {"hp.Boolean('units')", "units=3", "units is not one of its values, which are False, True"},
        {"hp.Normal('units')", NULL, "'Normal' of a set of hyperparameters is not read here"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char text[400];
        snprintf(text, sizeof text,
                 KERAS "def build_model(hp):\n    units = %s\n"
                       "    return keras.Sequential([keras.Input((4,)), layers.Dense(3)])\n",
                 cases[i].line);
        reading r = read_bytes(text, strlen(text), NULL, (const char *[]){cases[i].set, NULL}, false);
        assert_int_equal(r.status, CEPA_SYNTAX);
        if (!strstr(r.error.message, cases[i].message)) fail_msg("%s", r.error.message);
        end_reading(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lessons_files_are_read),
        cmocka_unit_test(the_lessons_tables_are_read),
        cmocka_unit_test(a_notebook_is_read_whole),
        cmocka_unit_test(a_script_is_read_whole),
        cmocka_unit_test(changes_of_images_are_told),
        cmocka_unit_test(a_module_alone_is_no_part_of_one),
        cmocka_unit_test(every_beginning_is_survived),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(expressions_have_pythons_values),
        cmocka_unit_test(models_are_made_in_every_spelling),
        cmocka_unit_test(names_advance_as_in_keras),
        cmocka_unit_test(compile_arguments_are_kept),
        cmocka_unit_test(trainable_is_kept),
        cmocka_unit_test(data_are_declared),
        cmocka_unit_test(the_meant_model_is_found),
        cmocka_unit_test(the_meant_model_is_compiled),
        cmocka_unit_test(layers_stand_for_activations),
        cmocka_unit_test(names_in_paths_are_found),
        cmocka_unit_test(sets_replace_parameters),
        cmocka_unit_test(wrong_sets_are_refused),
        cmocka_unit_test(operations_on_tensors),
        cmocka_unit_test(fits_are_declared),
        cmocka_unit_test(schedulers_are_worked_out),
        cmocka_unit_test(tables_are_declared),
        cmocka_unit_test(hyperparameters_are_declared),
        cmocka_unit_test(wrong_hyperparameters_are_refused),
    };
    return cmocka_run_group_tests(tests, choose_kernels, NULL);
}
