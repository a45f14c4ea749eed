/* Keras' model files: those that Keras wrote, our own, and damaged ones. */
#include "base/file.h"
#include "formats/archive.h"
#include "formats/h5.h"
#include "formats/json.h"
#include "formats/keras.h"
#include "golden.h"
#include "model/model.h"
#include "train/train.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A file that was opened. */
typedef struct opened {
    buffer bytes;
    cepa_graph *graph;
    keras_file *file;
    keras_contents contents;
    cepa_error error;
    cepa_status status;
} opened;

static void open_bytes(opened *o)
{
    o->graph = cepa_graph_new();
    assert_non_null(o->graph);
    o->status = keras_open(o->bytes.bytes, o->bytes.size, o->graph, &o->file, &o->contents, &o->error);
    assert_int_equal(o->status != CEPA_OK, o->file == NULL);
}

static void open_golden(opened *o, const char *name)
{
    char *path = golden_path(name);
    *o = (opened){0};
    if (!path) fail_msg("%s is missing", name);
    assert_int_equal(file_read(path, 0, &o->bytes, NULL), CEPA_OK);
    free(path);
    open_bytes(o);
}

static void close_opened(opened *o)
{
    keras_close(o->file);
    cepa_graph_free(o->graph);
    buffer_free(&o->bytes);
}

/* ---- Predicting ---------------------------------------------------------------------------------------------------
 */

static cepa_dataset *open_array(const char *name)
{
    char *path = golden_path(name);
    cepa_dataset *data = NULL, *none = NULL;
    cepa_error error;
    if (!path) fail_msg("%s is missing", name);
    if (cepa_dataset_open(path, NULL, &data, &none, &error)) fail_msg("%s", error.message);
    free(path);
    return data;
}

static cepa_model *model_of(opened *o)
{
    cepa_model *model = model_of_network(o->graph, o->contents.network);
    assert_non_null(model);
    return model;
}

/* Part of a golden file's name, and the inputs that belong to it: INPUTS.npy, or INPUTS0.npy, INPUTS1.npy ... */
static const struct {
    const char *part, *inputs;
    double tolerance;
} inputs_of[] = {
    {"_mixed_float16", "models/mixed.x", 1e-2},
    {"_float16", "models/mixed.x", 1e-2},
    {"_names_", "models/names.x", 1e-5},
    {"_resnet", "models/resnet.x", 1e-5},
    {"_seq", "models/seq.x", 1e-5},
    {"_longnames", "", 1e-5},
    {"_create_nn", "models/cnn.x", 1e-5},
    {"_cnn", "models/cnn.x", 1e-5},
    {"_func", "", 1e-5},
};

/* The arrays of a case, "models/resnet.x": one alone or numbered ones. Gives their number. */
enum { MOST_ARRAYS = 2 };
static size_t open_arrays(const char *name, cepa_dataset *arrays[MOST_ARRAYS])
{
    size_t count = 0;
    for (int number = -1; count < MOST_ARRAYS && number < MOST_ARRAYS; number++) {
        char file[200], digit[2] = {(char)('0' + number), 0};
        snprintf(file, sizeof file, "%.150s%s.npy", name, number < 0 ? "" : digit);
        char *path = golden_path(file);
        if (path) arrays[count++] = open_array(file);
        free(path);
    }
    return count;
}

static void close_arrays(cepa_dataset *arrays[MOST_ARRAYS], size_t count)
{
    for (size_t i = 0; i < count; i++) cepa_dataset_free(arrays[i]);
}

/* The inputs that belong to a golden file, its own or those of its kind, as one data set. NULL: there are none. */
static cepa_dataset *open_inputs(const char *name, size_t *row)
{
    char own[200];
    cepa_dataset *arrays[MOST_ARRAYS], *inputs = NULL;
    cepa_array array[MOST_ARRAYS];
    *row = 0;
    while (*row < ARRAY_COUNT(inputs_of) && !strstr(name, inputs_of[*row].part)) ++*row;
    snprintf(own, sizeof own, "%.150s.x", name);
    if (*row == ARRAY_COUNT(inputs_of)) return NULL;
    size_t count = open_arrays(own, arrays);
    if (!count) count = open_arrays(inputs_of[*row].inputs, arrays);
    if (!count) return NULL;
    for (size_t i = 0; i < count; i++) {
        array[i] = cepa_dataset_describe(arrays[i])->inputs[0];
        array[i].name = NULL;
    }
    cepa_error error;
    size_t rows = cepa_dataset_describe(arrays[0])->rows;
    if (cepa_dataset_new(rows, array, count, NULL, 0, NULL, &inputs, &error)) fail_msg("%s", error.message);
    close_arrays(arrays, count);
    return inputs;
}

/* Fails where what a network's outputs are differs from what Keras gave. */
static void compare_outputs(opened *o, const char *name, const cepa_dataset *data, cepa_dataset *const *expected,
                            double tolerance)
{
    const network *n = o->contents.network;
    float *outputs[MOST_ARRAYS] = {NULL};
    size_t rows = cepa_dataset_describe(data)->rows, count[MOST_ARRAYS];
    for (size_t k = 0; k < n->outputs; k++) {
        count[k] = rows * shape_count(&graph_tensor(o->graph, n->output[k])->shape);
        outputs[k] = malloc(count[k] * sizeof **outputs);
        assert_non_null(outputs[k]);
    }
    cepa_error error;
    if (cepa_predict(model_of(o), data, outputs, n->outputs, 1, &error)) fail_msg("%s: %s", name, error.message);
    for (size_t k = 0; k < n->outputs; k++) {
        const float *wanted = cepa_dataset_describe(expected[k])->inputs[0].data;
        for (size_t i = 0; i < count[k]; i++)
            if (!(fabs((double)outputs[k][i] - (double)wanted[i]) <= tolerance))
                fail_msg("%s: output %zu/%zu is %g, in Keras %g", name, k, i, (double)outputs[k][i], (double)wanted[i]);
        free(outputs[k]);
    }
}

/* Compares a model's outputs with what Keras gave, where that is kept beside the file. */
static bool predicts_as_keras(opened *o, const char *name)
{
    char expected_name[200];
    size_t row;
    cepa_dataset *expected[MOST_ARRAYS], *data = open_inputs(name, &row);
    snprintf(expected_name, sizeof expected_name, "%.150s.y", name);
    size_t count = open_arrays(expected_name, expected);
    if (data && count) {
        assert_int_equal(o->contents.network->outputs, count);
        compare_outputs(o, name, data, expected, inputs_of[row].tolerance);
    }
    close_arrays(expected, count);
    cepa_dataset_free(data);
    return data && count;
}

/* Every golden file is read and predicts what it did in Keras, or is refused for what is not built in. */
static void read_all(const char *ending, size_t least)
{
    static const char *const reasons[] = {"not built in", "weights alone"};
    size_t count, compared = 0, refused = 0;
    char **names = golden_names("models", ending, &count);
    for (size_t i = 0; i < count; i++) {
        char name[200];
        opened o;
        snprintf(name, sizeof name, "%.150s%s", names[i], ending);
        open_golden(&o, name);
        bool known = !o.status;
        for (size_t r = 0; r < ARRAY_COUNT(reasons); r++) known = known || strstr(o.error.message, reasons[r]);
        if (!known) fail_msg("%s: %s", name, o.error.message);
        if (o.status) print_message("%s: %s\n", name, o.error.message);
        if (o.status)
            refused++;
        else
            compared += predicts_as_keras(&o, names[i]);
        close_opened(&o);
    }
    print_message("%zu %s files: %zu predict as in Keras, %zu refused\n", count, ending, compared, refused);
    assert_true(compared >= least);
    golden_free_names(names, count);
}

static void test_golden(void **state)
{
    (void)state;
    read_all(".keras", 5);
    read_all(".h5", 4);
}

/* ---- Writing ------------------------------------------------------------------------------------------------------
 */

static cepa_status compile(opened *o, cepa_model *model, cepa_error *error)
{
    return model_compile_values(model, &o->contents.compile, true, error);
}

/* Writes a model with all that was read of it. */
static void write_again(cepa_model *model, const value *notes, buffer *bytes)
{
    compile_values compile_again;
    arena memory = {0};
    keras_model written = {.network = model->network, .notes = notes};
    cepa_error error;
    if (model->training) {
        assert_true(choices_write(&memory, &model->training->choices, &compile_again));
        written.compile = &compile_again;
        written.optimizer = &model->training->optimizer;
    }
    if (keras_write(&written, bytes, &error)) fail_msg("%s", error.message);
    arena_free(&memory);
}

/* A model compiled and with its optimizer's state, as far as its optimizer is built. */
static cepa_model *restore(opened *o)
{
    cepa_model *model = model_of(o);
    bool restored = false;
    cepa_error error;
    if (o->contents.compiled && !compile(o, model, &error))
        assert_int_equal(keras_read_optimizer(o->file, &model->training->optimizer, &restored, NULL), CEPA_OK);
    return model;
}

static void test_round_trip(void **state)
{
    (void)state;
    size_t count;
    char **names = golden_names("models", ".keras", &count);
    for (size_t i = 0; i < count; i++) {
        char name[200];
        opened o, again = {0};
        buffer second = {0}, third = {0};
        snprintf(name, sizeof name, "%.150s.keras", names[i]);
        open_golden(&o, name);
        if (o.status) {
            close_opened(&o);
            continue;
        }
        cepa_model *model = restore(&o);
        write_again(model, NULL, &again.bytes);
        write_again(model, NULL, &second);
        assert_int_equal(again.bytes.size, second.size);
        assert_memory_equal(again.bytes.bytes, second.bytes, second.size);
        open_bytes(&again);
        if (again.status) fail_msg("%s written again: %s", name, again.error.message);
        cepa_model *model_again = restore(&again);
        char digest[65], digest_again[65];
        assert_int_equal(cepa_model_weights_sha256(model, digest, NULL), CEPA_OK);
        assert_int_equal(cepa_model_weights_sha256(model_again, digest_again, NULL), CEPA_OK);
        assert_string_equal(digest, digest_again);
        write_again(model_again, NULL, &third);
        assert_int_equal(third.size, second.size);
        assert_memory_equal(third.bytes, second.bytes, second.size);
        predicts_as_keras(&again, names[i]);
        buffer_free(&second);
        buffer_free(&third);
        close_opened(&o);
        close_opened(&again);
    }
    golden_free_names(names, count);
}

/* ---- Going on from a saved state ----------------------------------------------------------------------------------
 */

static cepa_dataset *training_data(const char *inputs, const char *targets)
{
    cepa_dataset *x = open_array(inputs), *y = open_array(targets), *both = NULL;
    const cepa_dataset_info *info = cepa_dataset_describe(x), *target_info = cepa_dataset_describe(y);
    cepa_error error;
    if (cepa_dataset_new(info->rows, info->inputs, 1, target_info->inputs, 1, NULL, &both, &error))
        fail_msg("%s", error.message);
    cepa_dataset_free(x);
    cepa_dataset_free(y);
    return both;
}

/* The float32 numbers of a weight in a .npz, whose entries are named after Keras 3's paths or Keras 2's names. */
static void read_expected(archive_reader *archive, const cepa_weight_info *w, buffer *npy)
{
    char keras3[200], keras2[200];
    snprintf(keras3, sizeof keras3, "weights/opt/%s/%s.npy", w->layer, w->name);
    snprintf(keras2, sizeof keras2, "weights/%s/%s:0.npy", w->layer, w->name);
    const char *name = archive_has(archive, keras3) ? keras3 : keras2;
    assert_int_equal(archive_read(archive, name, SIZE_MAX, npy, NULL), CEPA_OK);
    assert_true(npy->size > w->count * sizeof(float));
}

static void weights_are(cepa_model *model, const char *state_name, double tolerance)
{
    char *path = golden_path(state_name);
    buffer bytes = {0};
    archive_reader *archive;
    assert_int_equal(file_read(path, 0, &bytes, NULL), CEPA_OK);
    assert_int_equal(archive_open(bytes.bytes, bytes.size, &archive, NULL), CEPA_OK);
    for (size_t k = 0; k < cepa_model_weight_count(model); k++) {
        buffer npy = {0};
        cepa_weight_info w;
        assert_int_equal(cepa_model_weight(model, k, &w), CEPA_OK);
        read_expected(archive, &w, &npy);
        const float *expected = (const float *)(const void *)(npy.bytes + npy.size - w.count * sizeof(float));
        for (size_t i = 0; i < w.count; i++)
            if (!(fabs((double)w.values[i] - (double)expected[i]) <= tolerance))
                fail_msg("%s: %s/%s[%zu] is %.9g, in Keras %.9g", state_name, w.layer, w.name, i, (double)w.values[i],
                         (double)expected[i]);
        buffer_free(&npy);
    }
    archive_close(archive);
    buffer_free(&bytes);
    free(path);
}

/* Three more steps from the state in a file that Keras wrote end where Keras itself ended. */
static void goes_on(const char *name, const char *ending)
{
    char file_name[200], state_name[200];
    opened o;
    bool restored;
    cepa_error error;
    snprintf(file_name, sizeof file_name, "%.150s%s", name, ending);
    char *path = golden_path(file_name);
    free(path);
    if (!path) return;
    snprintf(state_name, sizeof state_name, "%.150s.resumed.npz", name);
    open_golden(&o, file_name);
    assert_int_equal(o.status, CEPA_OK);
    cepa_model *model = model_of(&o);
    if (compile(&o, model, &error)) fail_msg("%s: %.150s", name, error.message);
    assert_int_equal(keras_read_optimizer(o.file, &model->training->optimizer, &restored, NULL), CEPA_OK);
    if (!restored) fail_msg("%s: the optimizer's state does not fit", name);
    cepa_dataset *data = training_data("models/opt.x.npy", "models/opt.targets.npy");
    if (cepa_fit(model, data, .epochs = 3, .batch_size = 8, .shuffle = CEPA_FALSE))
        fail_msg("%s: %s", name, cepa_model_error(model)->message);
    bool keras2_nadam = strstr(name, "2.15.0_opt_nadam"); /* goes on with its product once for each weight */
    weights_are(model, state_name, keras2_nadam ? 2e-5 : 2e-6);
    cepa_dataset_free(data);
    close_opened(&o);
}

static void test_resume(void **state)
{
    (void)state;
    size_t count;
    char **names = golden_names("models", ".resumed.npz", &count);
    for (size_t i = 0; i < count; i++) {
        bool averages = strstr(names[i], "_ema"); /* the end of fit puts them in place, which Keras was not asked for */
        if (!strstr(names[i], "_opt_") || averages) continue;
        goes_on(names[i], ".keras");
        goes_on(names[i], ".h5");
    }
    golden_free_names(names, count);
}

/* ---- Weights alone ------------------------------------------------------------------------------------------------
 */

/* A file beside the test, removed at its end. */
static void write_temporary(const char *name, const buffer *bytes)
{
    cepa_error error;
    if (file_write(name, bytes->bytes, bytes->size, &error)) fail_msg("%s", error.message);
}

/* An architecture of Keras 1 and its weights, which are Theano's with the channels first. */
static void test_architecture_and_weights(void **state)
{
    (void)state;
    opened o;
    open_golden(&o, "models/1.2.2_th_theano_seq.json");
    if (o.status) fail_msg("%s", o.error.message);
    assert_false(o.contents.has_weights);
    cepa_model *model = model_of(&o);
    char *path = golden_path("models/1.2.2_th_theano_seq.weights_only.h5");
    if (cepa_load_weights(model, path, false)) fail_msg("%s", cepa_model_error(model)->message);
    assert_true(cepa_model_has_weights(model));
    assert_true(predicts_as_keras(&o, "models/1.2.2_th_theano_seq"));
    free(path);
    close_opened(&o);
}

/* Appends one HDF5 file with the arrays of one layer of a model, which has kernel and bias. */
static void write_shard(const network *n, size_t layer, const char *group, buffer *bytes)
{
    const cepa_graph *g = n->graph;
    h5_file *file;
    assert_int_equal(h5_create(&file, NULL), CEPA_OK);
    for (size_t i = 0; i < 2; i++) {
        const weight *w = &g->weights[n->layers[layer]->first_weight + i];
        h5_shape shape = {.rank = w->shape.rank, .count = w->count};
        for (size_t k = 0; k < shape.rank; k++) shape.size[k] = (size_t)w->shape.size[k];
        char path[60];
        snprintf(path, sizeof path, "layers/%s/vars/%zu", group, i);
        assert_int_equal(h5_write_floats(file, path, &shape, g->values + w->offset, NULL), CEPA_OK);
    }
    assert_int_equal(h5_finish(file, bytes, NULL), CEPA_OK);
}

/* The index of two files, of which the second may not hold the rest. */
static cepa_status load_shards(opened *to, const char *second)
{
    buffer index = {0};
    buffer_format(&index,
                  "{\"metadata\": {}, \"weight_map\": {\"/layers/dense/vars\": [\"test_shard_0.h5\"], "
                  "\"/layers/dense_1/vars\": \"%s\"}}",
                  second);
    write_temporary("test_shards.weights.json", &index);
    buffer_free(&index);
    return cepa_load_weights(model_of(to), "test_shards.weights.json", false);
}

static void test_sharded_weights(void **state)
{
    (void)state;
    opened from, to;
    buffer shard[2] = {{0}, {0}};
    open_golden(&from, "models/3.15.1_opt_adam.keras");
    open_golden(&to, "models/3.15.1_opt_adam.keras");
    write_shard(from.contents.network, 1, "dense", &shard[0]);
    write_shard(from.contents.network, 2, "dense_1", &shard[1]);
    write_temporary("test_shard_0.h5", &shard[0]);
    write_temporary("test_shard_1.h5", &shard[1]);
    memset(to.graph->values, 0, to.graph->value_count * sizeof *to.graph->values);
    cepa_status status = load_shards(&to, "test_shard_1.h5");
    bool same = memcmp(to.graph->values, from.graph->values, from.graph->value_count * sizeof(real)) == 0;
    cepa_status missing = load_shards(&to, "test_shard_0.h5"), outside = load_shards(&to, "../test_shard_1.h5");
    remove("test_shard_0.h5");
    remove("test_shard_1.h5");
    remove("test_shards.weights.json");
    assert_int_equal(status, CEPA_OK);
    assert_true(same);
    assert_int_equal(missing, CEPA_FORMAT);
    assert_int_equal(outside, CEPA_FORMAT);
    buffer_free(&shard[0]);
    buffer_free(&shard[1]);
    close_opened(&from);
    close_opened(&to);
}

/* Of a file with layers d1 and d2, a model takes the one that it has; in order they do not fit it. */
static void test_weights_by_name(void **state)
{
    (void)state;
    opened o, whole;
    char *path = golden_path("models/2.15.0_opt_momentum.h5");
    open_golden(&whole, "models/2.15.0_opt_momentum.h5");
    const char *text = "{\"class_name\": \"Sequential\", \"config\": [{\"class_name\": \"Dense\", \"config\": "
                       "{\"name\": \"new\", \"units\": 5, \"batch_input_shape\": [null, 7]}}, {\"class_name\": "
                       "\"Dense\", \"config\": {\"name\": \"d1\", \"units\": 4}}]}";
    o = (opened){0};
    buffer_text(&o.bytes, text);
    open_bytes(&o);
    const weight *kernel = &whole.graph->weights[whole.graph->layers[1]->first_weight];
    const layer *d1 = o.graph->layers[2];
    assert_string_equal(kernel->layer->name, "d1");
    cepa_model *model = model_of(&o);
    cepa_status in_order = cepa_load_weights(model, path, false);
    assert_int_equal(in_order, CEPA_FORMAT);
    assert_non_null(strstr(cepa_model_error(model)->message, "layer new: the file's"));
    real first = o.graph->values[0];
    if (cepa_load_weights(model_of(&o), path, true)) fail_msg("%s", o.error.message);
    assert_memory_equal(o.graph->values + o.graph->weights[d1->first_weight].offset,
                        whole.graph->values + kernel->offset, kernel->count * sizeof(real));
    assert_true(o.graph->values[0] == first);
    free(path);
    close_opened(&whole);
    close_opened(&o);
}

/* What is no file of weights is refused. */
static void test_no_weights(void **state)
{
    (void)state;
    static const char *const names[] = {"models/seq.x.npy", "models/1.2.2_th_theano_seq.json", "models/1.2.2_func.h5"};
    static const char *const reasons[] = {"no file of weights", "no file of weights", "layer d1: the file's"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        opened o;
        char *path = golden_path(names[i]);
        open_golden(&o, "models/3.15.1_opt_adam.keras");
        cepa_model *model = model_of(&o);
        assert_int_equal(cepa_load_weights(model, path, false), CEPA_FORMAT);
        if (!strstr(cepa_model_error(model)->message, reasons[i]))
            fail_msg("'%s' where '%s' was expected", cepa_model_error(model)->message, reasons[i]);
        free(path);
        close_opened(&o);
    }
}

/* ---- Damage -------------------------------------------------------------------------------------------------------
 */

static unsigned draw(unsigned *random)
{
    *random = *random * 1103515245 + 12345;
    return *random >> 8;
}

/* The members of a golden archive, and an archive of such members. */
typedef struct members {
    buffer config, weights;
} members;

static void read_members(members *m, const char *name)
{
    opened whole;
    archive_reader *archive;
    *m = (members){0};
    open_golden(&whole, name);
    assert_int_equal(archive_open(whole.bytes.bytes, whole.bytes.size, &archive, NULL), CEPA_OK);
    assert_int_equal(archive_read(archive, "config.json", SIZE_MAX, &m->config, NULL), CEPA_OK);
    assert_int_equal(archive_read(archive, "model.weights.h5", SIZE_MAX, &m->weights, NULL), CEPA_OK);
    archive_close(archive);
    close_opened(&whole);
}

static void open_members(opened *o, const buffer *config, const buffer *weights)
{
    archive_member parts[] = {{"config.json", config->bytes, config->size},
                              {"model.weights.h5", weights->bytes, weights->size}};
    *o = (opened){0};
    assert_int_equal(archive_write(parts, 2, &o->bytes, NULL), CEPA_OK);
    open_bytes(o);
}

static void free_members(members *m)
{
    buffer_free(&m->config);
    buffer_free(&m->weights);
}

/* An archive with one text in its config.json replaced. */
static void open_changed(opened *o, const char *name, const char *text, const char *by)
{
    members m;
    buffer changed = {0};
    read_members(&m, name);
    const char *at = strstr((const char *)m.config.bytes, text);
    assert_non_null(at);
    buffer_bytes(&changed, m.config.bytes, (size_t)(at - (const char *)m.config.bytes));
    buffer_text(&changed, by);
    buffer_text(&changed, at + strlen(text));
    open_members(o, &changed, &m.weights);
    buffer_free(&changed);
    free_members(&m);
}

static void test_weights_that_do_not_fit(void **state)
{
    (void)state;
    static const struct {
        const char *text, *by, *because;
    } cases[] = {
        {"\"units\": 4", "\"units\": 5", "layer d1: the file's layers/dense/vars/0 does not have the shape"},
        {"\"units\": 4", "\"units\": 900000", "d1: its weights are larger than the file"},
        {"\"use_bias\": true", "\"use_bias\": false",
         "layer d1: the file's group layers/dense has more weights than its 1"},
        {"\"class_name\": \"Dense\"", "\"class_name\": \"Flatten\"", "argument units is not built in"},
        {"\"optimizer\": {\"module\": \"keras.optimizers\"", "\"optimizer\": {\"module\": \"mine\"",
         "compile's argument optimizer: class Adam is the author's own"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        opened o;
        open_changed(&o, "models/3.15.1_opt_adam.keras", cases[i].text, cases[i].by);
        if (!o.status || !strstr(o.error.message, cases[i].because))
            fail_msg("'%s' where '%s' was expected", o.status ? o.error.message : "opened", cases[i].because);
        close_opened(&o);
    }
}

/* Changes some bytes; structures and texts stand in the first of them and in the last. */
static void damage(buffer *b, unsigned *random)
{
    for (unsigned k = draw(random) % 3 + 1; k > 0 && b->size; k--) {
        size_t reach = draw(random) % 2 || b->size < 3200 ? b->size : 3200, at = draw(random) % reach;
        b->bytes[draw(random) % 2 ? at : b->size - 1 - at] ^= (unsigned char)(1 + draw(random) % 255);
    }
}

/* Whole files damaged or cut off, and archives of damaged members: nothing may crash, hang or leak. */
static void test_damaged_files(void **state)
{
    (void)state;
    enum { ARCHIVE, LEGACY, CONFIG, WEIGHTS, KINDS };
    opened archive, legacy;
    members m;
    unsigned random = 1, read[KINDS] = {0}, rounds = 250;
    open_golden(&archive, "models/3.15.1_opt_adam.keras");
    open_golden(&legacy, "models/2.15.0_opt_momentum.h5");
    read_members(&m, "models/3.15.1_opt_adam.keras");
    const buffer *whole[KINDS] = {&archive.bytes, &legacy.bytes, &m.config, &m.weights};
    for (unsigned i = 0; i < KINDS * rounds; i++) {
        unsigned kind = i % KINDS;
        opened o = {0};
        buffer copy = {0};
        buffer_bytes(&copy, whole[kind]->bytes, whole[kind]->size);
        if (i % 5 == 0)
            copy.size = draw(&random) % copy.size;
        else
            damage(&copy, &random);
        if (kind <= LEGACY) {
            o.bytes = copy;
            open_bytes(&o);
        } else {
            open_members(&o, kind == CONFIG ? &copy : &m.config, kind == WEIGHTS ? &copy : &m.weights);
            buffer_free(&copy);
        }
        read[kind] += o.status == CEPA_OK;
        if (!o.status) restore(&o);
        close_opened(&o);
    }
    for (unsigned kind = 0; kind < KINDS; kind++) assert_in_range(read[kind], kind == ARCHIVE ? 0 : 1, rounds - 50);
    free_members(&m);
    close_opened(&legacy);
    close_opened(&archive);
}

/* How an HDF5 file of Keras 2 says that its model was trained. */
static void test_compile_arguments_of_keras2(void **state)
{
    (void)state;
    opened o;
    cepa_error error;
    open_golden(&o, "models/2.15.0_opt_momentum.h5");
    if (o.status) fail_msg("%s", o.error.message);
    cepa_model *model = model_of(&o);
    if (compile(&o, model, &error)) fail_msg("%s", error.message);
    assert_string_equal(model->training->choices.optimizer.kind->name, "SGD");
    assert_true(fabs(model->training->optimizer.learning_rate - 0.05) < 1e-8);
    close_opened(&o);
}

/* What is kept beside Keras' own contents comes back. */
static void test_notes(void **state)
{
    (void)state;
    opened o, again = {0};
    arena memory = {0};
    open_golden(&o, "models/3.15.1_opt_adam.keras");
    assert_null(o.contents.notes);
    named_value note = {"class_names", value_text(&memory, "caf\303\251")};
    write_again(model_of(&o), value_dict(&memory, &note, 1), &again.bytes);
    open_bytes(&again);
    assert_string_equal(value_text_of(value_member(again.contents.notes, "class_names")), "caf\303\251");
    assert_false(again.contents.compiled);
    assert_false(again.contents.has_optimizer);
    close_opened(&o);
    close_opened(&again);
    arena_free(&memory);
}

/* A file whose optimizer is not built in gives a model that predicts and says what it lacks. */
static void test_unknown_optimizer(void **state)
{
    (void)state;
    opened o;
    cepa_model *model;
    cepa_error error;
    char path[] = "/tmp/cepa_keras_XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0 && close(file) == 0);
    open_changed(&o, "models/3.15.1_opt_adam.keras", "\"Adam\"", "\"Prodigy\"");
    assert_int_equal(file_write(path, o.bytes.bytes, o.bytes.size, NULL), CEPA_OK);
    close_opened(&o);
    if (cepa_load(path, NULL, &model, &error)) fail_msg("%s", error.message);
    assert_non_null(strstr(cepa_model_warning(model, 0), "left uncompiled"));
    assert_null(cepa_model_warning(model, 1));
    assert_int_equal(cepa_fit(model, NULL, .epochs = 1), CEPA_ARGUMENT);
    assert_non_null(strstr(cepa_model_error(model)->message, "left uncompiled"));
    cepa_graph_free(cepa_model_graph(model));
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_architecture_and_weights),
        cmocka_unit_test(test_sharded_weights),
        cmocka_unit_test(test_weights_by_name),
        cmocka_unit_test(test_no_weights),
        cmocka_unit_test(test_weights_that_do_not_fit),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_compile_arguments_of_keras2),
        cmocka_unit_test(test_unknown_optimizer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
