/* Compile, fit, evaluate and predict through the public header: history, weights of classes and rows, seeds, threads,
 * interruption, and what is refused. */
#include "cepa.h"
#include "model/model.h"
#include "train/compile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 45, SIDE = 6, CLASSES = 3 };

/* ---- Data and models --------------------------------------------------------------------------------------------- */

static unsigned char pictures[ROWS][SIDE * SIDE * 3];
static int labels[ROWS];
static float one_hot[ROWS][CLASSES], weights[ROWS];

static void fill_numbers(void)
{
    const random_stream stream = {.key = 3};
    for (size_t i = 0; i < sizeof pictures; i++)
        pictures[i / sizeof pictures[0]][i % sizeof pictures[0]] = (unsigned char)random_word(&stream, 0, i);
    for (size_t i = 0; i < ROWS; i++) {
        labels[i] = (int)(random_word(&stream, 1, i) % CLASSES);
        one_hot[i][labels[i]] = 1;
        weights[i] = labels[i] == 1 ? 2 : 0.5f;
    }
}

static const cepa_array picture_array = {NULL, CEPA_UINT8, 3, {SIDE, SIDE, 3}, pictures};
static const cepa_array label_array = {NULL, CEPA_INT32, 0, {0}, labels};
static const cepa_array one_hot_array = {NULL, CEPA_FLOAT32, 1, {CLASSES}, one_hot};
static const cepa_array weight_array = {NULL, CEPA_FLOAT32, 0, {0}, weights};

static cepa_dataset *new_data(const cepa_array *target, const cepa_array *weight)
{
    cepa_dataset *data;
    cepa_error error;
    if (cepa_dataset_new(ROWS, &picture_array, 1, target, 1, weight, &data, &error)) fail_msg("%s", error.message);
    cepa_dataset_scale(data, 1.0 / 255);
    return data;
}

/* A small network with everything that training touches; the caller frees its graph. */
static cepa_model *new_model(const char *head)
{
    cepa_graph *g = cepa_graph_new_styled(7, NULL);
    cepa_tensor in = cepa_input(g, .shape = {SIDE, SIDE, 3}), x = in;
    x = cepa_conv2d(x, .filters = 5, .kernel_size = {3, 3}, .activation = "relu", .kernel_regularizer = "l2(0.01)");
    x = cepa_batch_normalization(x, .momentum = 0.9);
    x = cepa_dropout(x, .rate = 0.2);
    x = cepa_flatten(x);
    x = cepa_dense(x, .units = CLASSES, .activation = head, .name = "answer");
    return cepa_model_new(.inputs = {in}, .outputs = {x});
}

static cepa_model *new_compiled(void)
{
    cepa_model *model = new_model(NULL);
    cepa_compile(model, .optimizer = cepa_adam(.learning_rate = 0.01), .metrics = {{"accuracy"}},
                 .loss = cepa_sparse_categorical_crossentropy(.from_logits = true));
    assert_int_equal(cepa_model_status(model), CEPA_OK);
    return model;
}

static void assert_ok(const cepa_model *model)
{
    if (cepa_model_status(model)) fail_msg("%s", cepa_model_error(model)->message);
}

static double history_at(const cepa_model *model, const char *name, size_t epoch)
{
    const cepa_history_table *h = cepa_history(model);
    for (size_t i = 0; i < h->names; i++)
        if (strcmp(h->name[i], name) == 0) return h->values[i * h->epochs + epoch];
    fail_msg("the history has no %s", name);
    return 0;
}

static void digest_of(const cepa_model *model, char digest[65])
{
    assert_int_equal(cepa_model_weights_sha256(model, digest, NULL), CEPA_OK);
}

static void assert_near(double found, double expected, double bound)
{
    if (!(fabs(found - expected) <= bound)) fail_msg("%.9g, not %.9g", found, expected);
}

/* ---- Open sizes -------------------------------------------------------------------------------------------------- */

static cepa_model *new_model_of_side(int side)
{
    cepa_graph *g = cepa_graph_new_styled(7, NULL);
    cepa_tensor in = cepa_input(g, .shape = {side, side, 3}), x = in;
    x = cepa_conv2d(x, .filters = 5, .kernel_size = {3, 3}, .activation = "relu");
    x = cepa_batch_normalization(x, .momentum = 0.9);
    x = cepa_dropout(x, .rate = 0.2);
    cepa_tensor map = x;
    x = cepa_global_average_pooling2d(x);
    x = cepa_dense(x, .units = CLASSES, .name = "answer");
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {x, map});
    cepa_compile(model, .optimizer = cepa_adam(.learning_rate = 0.01),
                 .losses = {cepa_sparse_categorical_crossentropy(.from_logits = true)});
    return model;
}

/* Trained on the same data, a model of open sizes has the weights of one of fixed sizes; then it takes other sizes. */
static void data_decide_open_sizes(void **state)
{
    (void)state;
    enum { MAP = 5 };
    cepa_model *open = new_model_of_side(CEPA_UNKNOWN), *fixed = new_model_of_side(SIDE);
    cepa_dataset *data = new_data(&label_array, NULL), *wide;
    static const cepa_array wide_array = {NULL, CEPA_UINT8, 3, {SIDE / 2, 2 * SIDE, 3}, pictures};
    char one[65], other[65];
    cepa_fit(fixed, data, .epochs = 2, .batch_size = 8);
    cepa_fit(open, data, .epochs = 1, .batch_size = 8);
    size_t rank;
    int size[CEPA_MAX_RANK];
    cepa_model_output(open, 1, &rank, size);
    assert_true(rank == 3 && size[0] == CEPA_UNKNOWN && size[1] == CEPA_UNKNOWN && size[2] == MAP);
    static float answer[ROWS][CLASSES], map[ROWS][1][2 * SIDE - 2][MAP];
    float *const outputs[] = {answer[0], map[0][0][0]};
    assert_int_equal(cepa_dataset_new(ROWS, &wide_array, 1, NULL, 0, NULL, &wide, NULL), CEPA_OK);
    assert_int_equal(cepa_output_shape(open, wide, 1, &rank, size, NULL), CEPA_OK);
    assert_true(rank == 3 && size[0] == 1 && size[1] == 2 * SIDE - 2 && size[2] == MAP);
    assert_int_equal(cepa_predict(open, wide, outputs, 2, 0, NULL), CEPA_OK);
    cepa_fit(open, data, .epochs = 1, .batch_size = 8);
    assert_ok(open);
    assert_ok(fixed);
    digest_of(open, one);
    digest_of(fixed, other);
    assert_string_equal(one, other);
    cepa_error error;
    assert_int_equal(cepa_predict(fixed, wide, outputs, 2, 0, &error), CEPA_DATA);
    cepa_dataset_free(data);
    cepa_dataset_free(wide);
    cepa_graph_free(cepa_model_graph(open));
    cepa_graph_free(cepa_model_graph(fixed));
}

/* Sizes that a layer refuses leave the model as good as before. */
static void refused_sizes_leave_the_model(void **state)
{
    (void)state;
    cepa_model *open = new_model_of_side(CEPA_UNKNOWN);
    static const cepa_array flat = {NULL, CEPA_UINT8, 3, {1, SIDE * SIDE, 3}, pictures};
    static float answer[ROWS][CLASSES], map[ROWS][2 * SIDE][2 * SIDE][5];
    float *const outputs[] = {answer[0], map[0][0][0]};
    cepa_dataset *low, *data = new_data(&label_array, NULL);
    cepa_error error;
    assert_int_equal(cepa_dataset_new(ROWS, &flat, 1, NULL, 0, NULL, &low, NULL), CEPA_OK);
    assert_int_equal(cepa_predict(open, low, outputs, 2, 0, &error), CEPA_SHAPE);
    assert_string_equal(error.message, "conv2d: kernel 3x3 does not fit its input 1x36 (padding 'valid')");
    assert_ok(open);
    assert_int_equal(cepa_predict(open, data, outputs, 2, 0, NULL), CEPA_OK);
    const int *from = open->network->visible[1]->result, *to = open->network->visible[3]->result;
    cepa_model *part = cepa_model_new(.inputs = {{open->graph, *from}}, .outputs = {{open->graph, *to}});
    assert_ok(part);
    static const float one[ROWS][4][4][5];
    cepa_dataset *ones;
    const cepa_array one_array = {NULL, CEPA_FLOAT32, 3, {4, 4, 5}, one};
    float *const result[] = {map[0][0][0]};
    assert_int_equal(cepa_dataset_new(ROWS, &one_array, 1, NULL, 0, NULL, &ones, NULL), CEPA_OK);
    assert_int_equal(cepa_predict(part, ones, result, 1, 0, NULL), CEPA_OK);
    cepa_dataset_free(ones);
    cepa_dataset_free(low);
    cepa_dataset_free(data);
    cepa_graph_free(cepa_model_graph(open));
}

/* ---- History and progress ---------------------------------------------------------------------------------------- */

typedef struct seen {
    size_t begins, steps, ends, last_step;
    double loss_at_end;
    size_t stop_at_step; /* of all steps; 0: never */
} seen;

static bool watch(void *context, const cepa_progress *p)
{
    seen *s = context;
    s->begins += p->event == CEPA_EPOCH_BEGIN;
    s->ends += p->event == CEPA_EPOCH_END;
    if (p->event == CEPA_EPOCH_END) {
        assert_int_equal(p->log_count, 4);
        assert_string_equal(p->logs[0].name, "accuracy");
        assert_string_equal(p->logs[1].name, "loss");
        assert_string_equal(p->logs[2].name, "val_accuracy");
        assert_string_equal(p->logs[3].name, "val_loss");
        s->loss_at_end = p->logs[1].value;
    }
    if (p->event != CEPA_STEP_END) return true;
    assert_int_equal(p->log_count, 2);
    assert_int_equal(p->steps, 5);
    s->last_step = p->step;
    return ++s->steps != s->stop_at_step;
}

static void history_and_progress(void **state)
{
    (void)state;
    cepa_dataset *data = new_data(&label_array, NULL);
    cepa_model *model = new_compiled();
    seen s = {0};
    cepa_fit(model, data, .epochs = 5, .initial_epoch = 2, .batch_size = 10, .validation_data = data, .callback = watch,
             .context = &s);
    assert_ok(model);
    assert_int_equal(s.begins, 3);
    assert_int_equal(s.steps, 15);
    assert_int_equal(s.ends, 3);
    const cepa_history_table *h = cepa_history(model);
    assert_int_equal(h->names, 4);
    assert_int_equal(h->epochs, 3);
    assert_int_equal(h->first_epoch, 2);
    assert_true(history_at(model, "loss", 2) == s.loss_at_end);
    assert_true(history_at(model, "loss", 2) < history_at(model, "loss", 0));
    const cepa_log *logs;
    size_t count;
    cepa_evaluate_with(model, data, NULL, &logs, &count);
    assert_ok(model);
    assert_int_equal(count, 2);
    assert_string_equal(logs[0].name, "loss");
    assert_string_equal(logs[1].name, "accuracy");
    assert_near(logs[0].value, history_at(model, "val_loss", 2), 1e-12);
    assert_near(logs[1].value, history_at(model, "val_accuracy", 2), 0);
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

/* An end within the second epoch: one whole epoch stands in the history, the weights are those after the step. */
static void interruption(void **state)
{
    (void)state;
    cepa_dataset *data = new_data(&label_array, NULL);
    cepa_model *model = new_compiled();
    seen s = {.stop_at_step = 7};
    assert_int_equal(
        cepa_fit(model, data, .epochs = 3, .batch_size = 10, .validation_data = data, .callback = watch, .context = &s),
        CEPA_INTERRUPTED);
    assert_ok(model);
    assert_int_equal(s.steps, 7);
    assert_int_equal(s.last_step, 2);
    assert_int_equal(cepa_history(model)->epochs, 1);
    assert_int_equal(model->training->optimizer.iterations, 7);
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

/* ---- The same bits ----------------------------------------------------------------------------------------------- */

/* Epochs in one fit or in two, on any number of threads: the order of rows, dropout and everything else are the same.
 */
static void seeds_threads_and_resuming(void **state)
{
    (void)state;
    char digest[5][65];
    for (size_t run = 0; run < 5; run++) {
        cepa_dataset *data = new_data(&label_array, NULL);
        cepa_model *model = new_compiled();
        int epochs = run == 1 ? 1 : 2, threads = run == 2 ? 3 : run == 3 ? 2 : 1;
        uint64_t seed = run == 4 ? 12 : 11;
        cepa_fit(model, data, .epochs = epochs, .batch_size = 20, .seed = seed, .threads = threads);
        if (run == 1) cepa_fit(model, data, .epochs = 1, .batch_size = 20, .seed = seed);
        assert_ok(model);
        digest_of(model, digest[run]);
        cepa_graph_free(cepa_model_graph(model));
        cepa_dataset_free(data);
    }
    assert_string_equal(digest[0], digest[1]);
    assert_string_equal(digest[0], digest[2]);
    assert_string_equal(digest[0], digest[3]);
    assert_string_not_equal(digest[0], digest[4]);
}

/* Layers that are called twice, frozen, behind a barrier, and of more weights than are stepped at a time. */
static cepa_model *new_model_of_pieces(double global_clipnorm)
{
    cepa_graph *g = cepa_graph_new_styled(7, NULL);
    cepa_tensor in = cepa_input(g, .shape = {SIDE, SIDE, 3}), x = in;
    x = cepa_conv2d(x, .filters = 8, .kernel_size = {3, 3}, .padding = "same", .activation = "relu");
    x = cepa_batch_normalization(x, .momentum = 0.9);
    x = cepa_conv2d(x, .filters = 8, .kernel_size = {3, 3}, .padding = "same", .activation = "relu");
    x = cepa_call_again(x, x);
    x = cepa_conv2d(x, .filters = 8, .kernel_size = {3, 3}, .padding = "same", .trainable = CEPA_FALSE);
    x = cepa_flatten(x);
    x = cepa_dense(x, .units = 150, .activation = "relu");
    x = cepa_dense(x, .units = CLASSES);
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {x});
    cepa_compile(model, .optimizer = cepa_adam(.learning_rate = 0.01, .global_clipnorm = global_clipnorm),
                 .loss = cepa_sparse_categorical_crossentropy(.from_logits = true));
    return model;
}

/* A norm that clips nothing has the optimizer wait for all gradients. Without it each weight is stepped, and packed for
 * the next batch, as soon as the walk is done with it. */
static void weights_stepped_early_are_the_same(void **state)
{
    (void)state;
    enum { MANY = 160 };
    static unsigned char many[MANY][sizeof *pictures];
    static int answers[MANY];
    for (size_t i = 0; i < MANY; i++) {
        memcpy(many[i], pictures[i % ROWS], sizeof many[i]);
        answers[i] = labels[i % ROWS];
    }
    static const cepa_array many_array = {NULL, CEPA_UINT8, 3, {SIDE, SIDE, 3}, many};
    static const cepa_array answer_array = {NULL, CEPA_INT32, 0, {0}, answers};
    static const int batches[] = {16, MANY};
    for (size_t b = 0; b < ARRAY_COUNT(batches); b++) {
        char digest[4][65];
        for (int threads = 0; threads < 4; threads++) {
            cepa_dataset *data;
            assert_int_equal(cepa_dataset_new(MANY, &many_array, 1, &answer_array, 1, NULL, &data, NULL), CEPA_OK);
            cepa_model *model = new_model_of_pieces(threads ? 0 : 1e30);
            cepa_fit(model, data, .epochs = b ? 60 : 6, .batch_size = batches[b], .seed = 3,
                     .threads = threads ? threads : 1);
            assert_ok(model);
            digest_of(model, digest[threads]);
            cepa_graph_free(cepa_model_graph(model));
            cepa_dataset_free(data);
        }
        for (size_t threads = 1; threads < 4; threads++) assert_string_equal(digest[threads], digest[0]);
    }
}

static bool keep_first_loss(void *context, const cepa_progress *p)
{
    double *loss = context;
    if (p->event == CEPA_STEP_END && p->step == 1) loss[p->epoch] = p->logs[0].value;
    return true;
}

/* Weights that do not move: the first batch's loss says which rows were in it. */
static void rows_are_shuffled_anew(void **state)
{
    (void)state;
    cepa_dataset *data = new_data(&label_array, NULL);
    for (int shuffled = 0; shuffled < 2; shuffled++) {
        double loss[3];
        cepa_graph *g = cepa_graph_new();
        cepa_tensor in = cepa_input(g, .shape = {SIDE, SIDE, 3}), x = cepa_flatten(in);
        cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {cepa_dense(x, .units = CLASSES)});
        cepa_compile(model, .optimizer = cepa_sgd(.learning_rate = CEPA_ZERO),
                     .loss = cepa_sparse_categorical_crossentropy(.from_logits = true));
        cepa_fit(model, data, .epochs = 3, .batch_size = 9, .shuffle = shuffled ? CEPA_TRUE : CEPA_FALSE,
                 .callback = keep_first_loss, .context = loss);
        assert_ok(model);
        assert_near(history_at(model, "loss", 1), history_at(model, "loss", 0), 1e-6);
        if (shuffled)
            assert_true(loss[0] != loss[1] && loss[1] != loss[2] && loss[0] != loss[2]);
        else
            assert_true(loss[0] == loss[1] && loss[1] == loss[2]);
        cepa_graph_free(g);
    }
    cepa_dataset_free(data);
}

static bool remember(void *context, const cepa_progress *p)
{
    (void)p;
    *(size_t *)context += 1;
    return true;
}

/* A metric's number does not depend on the batches of evaluate; progress counts Keras' batches. */
static void batches_of_evaluate(void **state)
{
    (void)state;
    cepa_dataset *data = new_data(&label_array, NULL);
    cepa_model *model = new_compiled();
    double loss[3];
    for (int run = 0; run < 3; run++) {
        static const int sizes[] = {1, 7, 1000};
        const cepa_log *logs;
        size_t count, calls = 0;
        const cepa_evaluate_options options = {
            .batch_size = sizes[run], .threads = run + 1, .callback = remember, .context = &calls};
        cepa_evaluate_with(model, data, &options, &logs, &count);
        assert_ok(model);
        assert_true(calls > 0);
        loss[run] = logs[0].value;
    }
    assert_near(loss[1], loss[0], 1e-12);
    assert_near(loss[2], loss[0], 1e-12);
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

static void a_row_alone_predicts_the_same(void **state)
{
    (void)state;
    cepa_dataset *data = new_data(&label_array, NULL);
    cepa_model *model = new_compiled();
    static float all[ROWS][CLASSES], alone[CLASSES];
    float *outputs[] = {all[0]}, *one[] = {alone};
    cepa_error error;
    assert_int_equal(cepa_predict(model, data, outputs, 1, 2, &error), CEPA_OK);
    for (size_t row = 0; row < ROWS; row += 11) {
        cepa_array picture = picture_array;
        picture.data = pictures[row];
        cepa_dataset *single;
        assert_int_equal(cepa_dataset_new(1, &picture, 1, NULL, 0, NULL, &single, &error), CEPA_OK);
        cepa_dataset_scale(single, 1.0 / 255);
        assert_int_equal(cepa_predict(model, single, one, 1, 1, &error), CEPA_OK);
        assert_memory_equal(alone, all[row], sizeof alone);
        cepa_dataset_free(single);
    }
    assert_int_equal(cepa_predict(model, data, outputs, 2, 2, &error), CEPA_ARGUMENT);
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

/* ---- Weights of rows and classes --------------------------------------------------------------------------------- */

/* One epoch's digest with weights given one way or another. */
static void weigh(const cepa_array *target, const cepa_array *weight, const double *class_weight, char digest[65],
                  double *loss, double *accuracy)
{
    cepa_dataset *data = new_data(target, weight);
    cepa_model *model = new_model(NULL);
    cepa_choice logits = target == &label_array ? cepa_sparse_categorical_crossentropy(.from_logits = true)
                                                : cepa_categorical_crossentropy(.from_logits = true);
    cepa_compile(model, .loss = logits, .metrics = {{"accuracy"}}, .weighted_metrics = {{"accuracy"}});
    cepa_fit(model, data, .batch_size = 15, .shuffle = CEPA_FALSE, .class_weight = class_weight,
             .class_weight_count = class_weight ? 3 : 0);
    assert_ok(model);
    digest_of(model, digest);
    *loss = history_at(model, "loss", 0);
    *accuracy = history_at(model, "weighted_accuracy", 0);
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

/* Weights of classes are weights of rows; labels and one-hot targets are the same to them. */
static void class_weights_are_row_weights(void **state)
{
    (void)state;
    static const double class_weight[] = {0.5, 2, 0.5};
    char digest[3][65];
    double loss[3], accuracy[3];
    weigh(&label_array, &weight_array, NULL, digest[0], &loss[0], &accuracy[0]);
    weigh(&label_array, NULL, class_weight, digest[1], &loss[1], &accuracy[1]);
    weigh(&one_hot_array, NULL, class_weight, digest[2], &loss[2], &accuracy[2]);
    assert_string_equal(digest[0], digest[1]);
    assert_true(loss[0] == loss[1] && accuracy[0] == accuracy[1]);
    assert_near(loss[2], loss[0], 1e-5);
    assert_near(accuracy[2], accuracy[0], 0);
}

/* The tail is cut before shuffling: fitting on the head with the tail for validation gives the same. */
static void validation_split(void **state)
{
    (void)state;
    char digest[2][65];
    double loss[2];
    for (size_t run = 0; run < 2; run++) {
        cepa_dataset *data = new_data(&label_array, NULL), *tail = NULL;
        cepa_model *model = new_compiled();
        if (run) assert_int_equal(cepa_dataset_split(data, 0.3, &tail, NULL), CEPA_OK);
        cepa_fit(model, data, .validation_split = run ? 0 : 0.3, .validation_data = tail);
        assert_ok(model);
        digest_of(model, digest[run]);
        loss[run] = history_at(model, "val_loss", 0);
        cepa_graph_free(cepa_model_graph(model));
        cepa_dataset_free(data);
        cepa_dataset_free(tail);
    }
    assert_string_equal(digest[0], digest[1]);
    assert_true(loss[0] == loss[1]);
}

/* ---- Compile ----------------------------------------------------------------------------------------------------- */

/* A head of softmax or sigmoid is trained from its logits: the same weights as without it. */
static void heads_use_logits(void **state)
{
    (void)state;
    static const struct {
        const char *activation;
        bool from_logits;
        const char *warning;
    } head[] = {{NULL, true, NULL},
                {"softmax", false, NULL},
                {"softmax", true, "'answer' comes from softmax"},
                {"sigmoid", false, "goes with a softmax"},
                {"sigmoid", true, "goes with a softmax"}};
    char digest[ARRAY_COUNT(head)][65];
    for (size_t run = 0; run < ARRAY_COUNT(head); run++) {
        cepa_dataset *data = new_data(&label_array, NULL);
        cepa_model *model = new_model(head[run].activation);
        cepa_compile(model, .loss = cepa_sparse_categorical_crossentropy(.from_logits = head[run].from_logits),
                     .metrics = {{"sparse_categorical_crossentropy"}});
        assert_int_equal(cepa_model_warning(model, 0) != NULL, head[run].warning != NULL);
        if (head[run].warning) assert_non_null(strstr(cepa_model_warning(model, 0), head[run].warning));
        cepa_fit(model, data, .epochs = 2);
        assert_ok(model);
        digest_of(model, digest[run]);
        if (run) assert_true(history_at(model, "loss", 0) > history_at(model, "sparse_categorical_crossentropy", 0));
        cepa_graph_free(cepa_model_graph(model));
        cepa_dataset_free(data);
    }
    for (size_t run = 1; run < ARRAY_COUNT(head); run++) assert_string_equal(digest[0], digest[run]);
}

/* Labels where one-hot targets are expected: the same numbers as from labels with the sparse loss. */
static void labels_stand_for_one_hot_targets(void **state)
{
    (void)state;
    double numbers[2][2];
    for (size_t run = 0; run < 2; run++) {
        cepa_dataset *data = new_data(&label_array, NULL);
        cepa_model *model = new_model("softmax");
        cepa_compile(model, .metrics = {{"accuracy"}},
                     .loss = run ? cepa_categorical_crossentropy() : cepa_sparse_categorical_crossentropy());
        cepa_fit(model, data, .epochs = 2);
        assert_ok(model);
        numbers[run][0] = history_at(model, "loss", 1);
        numbers[run][1] = history_at(model, "accuracy", 1);
        cepa_graph_free(cepa_model_graph(model));
        cepa_dataset_free(data);
    }
    assert_true(fabs(numbers[0][0] - numbers[1][0]) < 1e-5);
    assert_true(numbers[0][1] == numbers[1][1]);
}

/* The same where an activity regularizer stands behind the softmax: one step of SGD from saturated logits z = x W,
 * dz = (p - onehot + p (g - sum(p g))) / rows with g = 2 l2 p. */
static void regularized_softmax_heads_use_logits(void **state)
{
    (void)state;
    enum { IN = SIDE * SIDE * 3 };
    const double l2 = 0.3;
    cepa_dataset *data = new_data(&label_array, NULL);
    cepa_graph *g = cepa_graph_new_styled(7, NULL);
    cepa_tensor in = cepa_input(g, .shape = {SIDE, SIDE, 3}), x = cepa_flatten(in);
    x = cepa_dense(x, .units = CLASSES, .use_bias = CEPA_FALSE, .activation = "softmax",
                   .kernel_initializer = "random_normal(stddev=20)", .activity_regularizer = "l2(0.3)");
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {x});
    cepa_compile(model, .loss = {"sparse_categorical_crossentropy"}, .optimizer = cepa_sgd(.learning_rate = 1));
    assert_ok(model);
    assert_null(cepa_model_warning(model, 0));
    cepa_weight_info w;
    cepa_model_weight(model, 0, &w);
    double expected[IN][CLASSES];
    for (int i = 0; i < IN * CLASSES; i++) expected[i / CLASSES][i % CLASSES] = (double)w.values[i];
    for (int row = 0; row < ROWS; row++) {
        double z[CLASSES] = {0}, p[CLASSES], sum = 0, most, mean = 0;
        for (int i = 0; i < IN * CLASSES; i++) z[i % CLASSES] += (double)w.values[i] * pictures[row][i / CLASSES] / 255;
        most = fmax(z[0], fmax(z[1], z[2]));
        for (int c = 0; c < CLASSES; c++) sum += p[c] = exp(z[c] - most);
        for (int c = 0; c < CLASSES; c++) p[c] /= sum;
        for (int c = 0; c < CLASSES; c++) mean += 2 * l2 * p[c] * p[c];
        for (int i = 0; i < IN * CLASSES; i++) {
            int c = i % CLASSES;
            double dz = p[c] - (c == labels[row]) + p[c] * (2 * l2 * p[c] - mean);
            expected[i / CLASSES][c] -= dz * pictures[row][i / CLASSES] / 255 / ROWS;
        }
    }
    cepa_fit(model, data, .batch_size = ROWS);
    assert_ok(model);
    cepa_model_weight(model, 0, &w);
    for (int i = 0; i < IN * CLASSES; i++) assert_near((double)w.values[i], expected[i / CLASSES][i % CLASSES], 2e-5);
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

static void probabilities_are_missed(void **state)
{
    (void)state;
    cepa_model *model = new_model(NULL);
    cepa_compile(model, .loss = {"sparse_categorical_crossentropy"});
    assert_ok(model);
    assert_non_null(strstr(cepa_model_warning(model, 0), "expects probabilities"));
    assert_null(cepa_model_warning(model, 1));
    cepa_graph_free(cepa_model_graph(model));
}

static void training_false_is_overridden(void **state)
{
    (void)state;
    cepa_model *model = new_model(NULL);
    for (size_t i = 0; i < model->network->call_count; i++) model->network->calls[i]->inference = true;
    cepa_compile(model, .loss = cepa_sparse_categorical_crossentropy(.from_logits = true));
    assert_non_null(strstr(cepa_model_warning(model, 0), "'batch_normalization' is called with training=False"));
    assert_null(cepa_model_warning(model, 1));
    cepa_graph_free(cepa_model_graph(model));
}

/* Two outputs: names, evaluate's order, and the sum of weighted losses. */
static void two_outputs(void **state)
{
    (void)state;
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {SIDE, SIDE, 3}), x = cepa_flatten(in);
    cepa_tensor kind = cepa_dense(x, .units = CLASSES, .name = "kind"),
                size = cepa_dense(x, .units = 1, .name = "size");
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {kind, size});
    cepa_compile(model, .losses = {cepa_sparse_categorical_crossentropy(.from_logits = true), {"mse"}},
                 .loss_weights = {1, 0.25}, .metrics = {{"mae"}, {"mae"}});
    assert_ok(model);
    const cepa_array targets[] = {{"size", CEPA_FLOAT32, 0, {0}, weights}, {"kind", CEPA_INT32, 0, {0}, labels}};
    cepa_dataset *data;
    assert_int_equal(cepa_dataset_new(ROWS, &picture_array, 1, targets, 2, NULL, &data, NULL), CEPA_OK);
    const cepa_log *logs;
    size_t count;
    assert_int_equal(cepa_evaluate_with(model, data, NULL, &logs, &count), CEPA_DATA); /* mae of labels */
    assert_non_null(strstr(cepa_model_error(model)->message, "output 'kind'"));
    cepa_graph_free(g);
    cepa_dataset_free(data);
}

static void names_of_several(void **state)
{
    (void)state;
    cepa_model *model = new_model(NULL);
    cepa_compile(model, .loss = {"mse"}, .metrics = {{"mae"}, {"MeanAbsoluteError"}, {"acc"}, {"mae"}},
                 .weighted_metrics = {{"mae"}});
    assert_ok(model);
    static const char *const names[] = {"loss", "mae", "mean_absolute_error", "acc", "mae_1", "weighted_mae"};
    const training *t = model->training;
    assert_int_equal(report_count(t), ARRAY_COUNT(names));
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) assert_string_equal(report_name(t, i), names[i]);
    cepa_graph_free(cepa_model_graph(model));
}

/* From values and back: lists, dicts and calls, with arguments that this version does not know. */
static void values_both_ways(void **state)
{
    (void)state;
    arena memory = {0};
    cepa_error error = {0};
    static const char *const outputs[] = {"kind", "size"};
    const compile_values given = {
        .optimizer = value_parse(&memory, "keras.optimizers.SGD(0.5, momentum=0.9, jit_compile=True)", &error),
        .loss = value_parse(&memory,
                            "{'kind': SparseCategoricalCrossentropy(from_logits=True, reduction='auto'), "
                            "'size': 'mse'}",
                            &error),
        .loss_weights = value_parse(&memory, "(1.0, 0.5)", &error),
        .metrics = value_parse(&memory, "{'kind': ('accuracy', BinaryAccuracy(threshold=0.0))}", &error),
    };
    choices chosen;
    if (choices_read(&memory, &given, true, outputs, 2, &chosen, &error)) fail_msg("%s", error.message);
    assert_int_equal(choices_read(&memory, &given, false, outputs, 2, &chosen, &error), CEPA_ARGUMENT);
    assert_int_equal(choices_read(&memory, &given, true, outputs, 2, &chosen, &error), CEPA_OK);
    assert_true(((const cepa_sgd_options *)chosen.optimizer.options)->learning_rate == 0.5);
    assert_true(chosen.output[1].weight == 0.5);
    assert_string_equal(chosen.output[0].metrics.items[1].name, "binary_accuracy");
    compile_values written;
    assert_true(choices_write(&memory, &chosen, &written));
    char *loss = value_print(&memory, written.loss), *metrics = value_print(&memory, written.metrics);
    assert_non_null(strstr(loss, "reduction='sum_over_batch_size'"));
    assert_non_null(strstr(metrics, "'accuracy', BinaryAccuracy("));
    assert_int_equal(written.weighted_metrics->kind, VALUE_NONE);
    arena_free(&memory);
}

/* Metrics with a state: the same for any batches and threads, with results and names as Keras has them. */
static void metrics_with_a_state(void **state)
{
    (void)state;
    static const char *const names[] = {"loss", "auc", "f1_score", "auc_1", "auc_2", "confident", "weighted_f1_score"};
    cepa_dataset *data = new_data(&one_hot_array, &weight_array);
    cepa_model *model = new_model("softmax");
    cepa_compile(model, .loss = {"categorical_crossentropy"},
                 .metrics = {cepa_metric("AUC", .curve = "PR"),
                             {"F1Score()"},
                             {"AUC(num_thresholds=7)"},
                             {"AUC()"},
                             cepa_metric("Precision", .thresholds = {0.9, CEPA_ZERO}, .class_id = CEPA_ZERO,
                                         .name = "confident")},
                 .weighted_metrics = {{"F1Score()"}});
    assert_ok(model);
    double first[ARRAY_COUNT(names)];
    for (int run = 0; run < 3; run++) {
        static const int sizes[] = {1, 7, 1000};
        const cepa_evaluate_options options = {.batch_size = sizes[run], .threads = run + 1};
        const cepa_log *logs;
        size_t count;
        cepa_evaluate_with(model, data, &options, &logs, &count);
        assert_ok(model);
        assert_int_equal(count, ARRAY_COUNT(names));
        for (size_t i = 1; i < count; i++) {
            assert_string_equal(logs[i].name, names[i]);
            if (run == 0) first[i] = logs[i].value;
            assert_true(logs[i].value == first[i]);
        }
        assert_int_equal(logs[1].count, 0);
        assert_int_equal(logs[2].count, CLASSES);
        assert_near((logs[2].values[0] + logs[2].values[1] + logs[2].values[2]) / CLASSES, logs[2].value, 1e-12);
        assert_int_equal(logs[5].count, 2);
        assert_true(logs[5].values[1] > 0); /* above 0: all of them */
        assert_true(logs[6].value != logs[2].value);
    }
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

/* ---- Losses of whole batches ------------------------------------------------------------------------------------- */

static cepa_model *new_whole(const char *loss, const char *head)
{
    cepa_model *model = new_model(head);
    cepa_compile(model, .optimizer = cepa_adam(.learning_rate = 0.01), .loss = {loss},
                 .metrics = {{"dice"}, {"Dice(name='sums', reduction='sum', axis=1)"}, {"Huber()"}});
    assert_ok(model);
    return model;
}

/* The same weights on any number of threads; the same numbers however many batches are run together. */
static void losses_of_whole_batches(void **state)
{
    (void)state;
    static const char *const losses[] = {"Dice(axis=0)", "Tversky(0.3, 0.7)", "Circle(gamma=4)"};
    static const char *const names[] = {"loss", "dice", "sums", "huber_loss"};
    static const int threads[] = {1, 3, 16};
    for (size_t i = 0; i < ARRAY_COUNT(losses); i++) {
        char digest[ARRAY_COUNT(threads)][65];
        double first[ARRAY_COUNT(names)];
        bool circle = i == 2;
        cepa_dataset *data = new_data(circle ? &label_array : &one_hot_array, NULL);
        for (size_t run = 0; run < ARRAY_COUNT(threads); run++) {
            cepa_model *model = new_whole(losses[i], circle ? NULL : "softmax");
            if (circle) cepa_compile(model, .loss = {losses[i]}, .metrics = {{"circle"}});
            cepa_fit(model, data, .epochs = 2, .batch_size = 37, .seed = 11, .threads = threads[run]);
            assert_ok(model);
            assert_true(circle || history_at(model, "loss", 1) < history_at(model, "loss", 0));
            digest_of(model, digest[run]);
            assert_string_equal(digest[0], digest[run]);
            const cepa_evaluate_options options = {.batch_size = 7, .threads = threads[run]};
            const cepa_log *logs;
            size_t count;
            cepa_evaluate_with(model, data, &options, &logs, &count);
            assert_ok(model);
            for (size_t k = 0; k < count; k++) {
                if (run == 0) first[k] = logs[k].value;
                assert_true(logs[k].value == first[k]);
                assert_string_equal(logs[k].name, circle && k ? "circle" : names[k]);
            }
            cepa_graph_free(cepa_model_graph(model));
        }
        cepa_dataset_free(data);
    }
}

/* ---- What is refused --------------------------------------------------------------------------------------------- */

typedef struct refusal {
    cepa_choice loss, metric;
    const cepa_array *target;
    cepa_fit_options options;
    cepa_status status;
    const char *message;
} refusal;

static void refusals(void **state)
{
    (void)state;
    static const cepa_array bad_labels = {NULL, CEPA_UINT8, 0, {0}, pictures};
    const cepa_choice sparse = cepa_sparse_categorical_crossentropy(.from_logits = true);
    const refusal cases[] = {
        {.loss = {"scce"}, .target = &label_array, .status = CEPA_ARGUMENT, .message = "unknown loss 'scce'"},
        {.loss = sparse,
         .metric = {"acuracy"},
         .target = &label_array,
         .status = CEPA_ARGUMENT,
         .message = "unknown metric 'acuracy'"},
        {.loss = {NULL, NULL}, .target = &label_array, .status = CEPA_ARGUMENT, .message = "fit needs a loss"},
        {.loss = sparse,
         .target = &bad_labels,
         .status = CEPA_DATA,
         .message = "is out of range: the model tells 0 ... 2"},
        {.loss = sparse, .target = &one_hot_array, .status = CEPA_DATA, .message = "takes labels"},
        {.loss = {"mse"},
         .target = &label_array,
         .status = CEPA_DATA,
         .message = "do not fit predictions of shape (None, 3)"},
        {.loss = sparse,
         .target = &label_array,
         .options = {.batch_size = -1},
         .status = CEPA_ARGUMENT,
         .message = "batch size"},
        {.loss = sparse,
         .target = &label_array,
         .options = {.validation_split = 0.999},
         .status = CEPA_DATA,
         .message = "leave none to learn from"},
        {.loss = sparse,
         .target = &label_array,
         .options = {.validation_split = 1},
         .status = CEPA_ARGUMENT,
         .message = "validation_split"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        cepa_dataset *data = new_data(cases[i].target, NULL);
        cepa_model *model = new_model(NULL);
        cepa_compile(model, .loss = cases[i].loss, .metrics = {cases[i].metric});
        cepa_fit_with(model, data, &cases[i].options);
        const cepa_error *error = cepa_model_error(model);
        if (error->status != cases[i].status || !strstr(error->message, cases[i].message))
            fail_msg("case %zu: %d %s", i, error->status, error->message);
        cepa_graph_free(cepa_model_graph(model));
        cepa_dataset_free(data);
    }
}

static void what_does_not_go_together_is_refused(void **state)
{
    (void)state;
    static const double some[] = {1, 2};
    cepa_dataset *data = new_data(&one_hot_array, &weight_array);
    cepa_model *model = new_whole("Dice(axis=0)", "softmax");
    assert_int_equal(cepa_fit(model, data, .epochs = 1), CEPA_ARGUMENT);
    assert_non_null(strstr(cepa_model_error(model)->message, "gives a batch 3 values, none of which is a row's"));
    cepa_graph_free(cepa_model_graph(model));
    model = new_model("softmax");
    cepa_compile(model, .loss = {"mse"}, .weighted_metrics = {{"dice"}});
    assert_int_equal(cepa_fit(model, data, .epochs = 1), CEPA_ARGUMENT);
    assert_non_null(strstr(cepa_model_error(model)->message, "as a metric Dice is one number of a batch"));
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
    data = new_data(&label_array, &weight_array);
    model = new_compiled();
    assert_int_equal(cepa_fit(model, data, .class_weight = some, .class_weight_count = 2), CEPA_ARGUMENT);
    assert_non_null(strstr(cepa_model_error(model)->message, "cannot be used together"));
    cepa_graph_free(cepa_model_graph(model));
    model = new_model(NULL);
    assert_int_equal(cepa_fit(model, data, .epochs = 1), CEPA_ARGUMENT);
    assert_non_null(strstr(cepa_model_error(model)->message, "call compile first"));
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

int main(void)
{
    fill_numbers();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_decide_open_sizes),
        cmocka_unit_test(refused_sizes_leave_the_model),
        cmocka_unit_test(history_and_progress),
        cmocka_unit_test(interruption),
        cmocka_unit_test(seeds_threads_and_resuming),
        cmocka_unit_test(weights_stepped_early_are_the_same),
        cmocka_unit_test(rows_are_shuffled_anew),
        cmocka_unit_test(batches_of_evaluate),
        cmocka_unit_test(a_row_alone_predicts_the_same),
        cmocka_unit_test(class_weights_are_row_weights),
        cmocka_unit_test(validation_split),
        cmocka_unit_test(heads_use_logits),
        cmocka_unit_test(labels_stand_for_one_hot_targets),
        cmocka_unit_test(regularized_softmax_heads_use_logits),
        cmocka_unit_test(probabilities_are_missed),
        cmocka_unit_test(training_false_is_overridden),
        cmocka_unit_test(two_outputs),
        cmocka_unit_test(names_of_several),
        cmocka_unit_test(metrics_with_a_state),
        cmocka_unit_test(values_both_ways),
        cmocka_unit_test(losses_of_whole_batches),
        cmocka_unit_test(refusals),
        cmocka_unit_test(what_does_not_go_together_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
