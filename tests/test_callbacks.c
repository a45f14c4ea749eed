/* Callbacks against what Keras 3.15's own do to the same numbers, and fits that they or a budget end. */
#include "base/file.h"
#include "cepa.h"
#include "model/model.h"
#include "train/callback.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { EPOCHS = 10, ROWS = 40 };

/* A dense model of one weight, compiled; the caller frees its graph. */
static cepa_model *new_model(void)
{
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {1});
    cepa_tensor out = cepa_dense(in, .units = 1, .use_bias = CEPA_FALSE, .kernel_initializer = "zeros");
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {out});
    cepa_compile(model, .optimizer = cepa_sgd(.learning_rate = 0.1), .loss = {"mse"},
                 .metrics = {{"accuracy"}, {"mae"}});
    assert_int_equal(cepa_model_status(model), CEPA_OK);
    return model;
}

/* ---- One callback and given numbers ------------------------------------------------------------------------------ */

static const double falling[EPOCHS] = {2.0, 1.5, 1.6, 1.4, 1.41, 1.42, 1.39, 1.45, 1.46, 1.47};
static const double rising[EPOCHS] = {0.2, 0.3, 0.25, 0.35, 0.35, 0.34, 0.36, 0.3, 0.3, 0.3};
static const double flat[EPOCHS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
static const double broken[EPOCHS] = {NAN, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2};

static void hear(void *context, const char *message)
{
    char *heard = context;
    size_t length = strlen(heard);
    snprintf(heard + length, 1000 - length, "%s\n", message);
}

/* Feeds val_loss epoch by epoch until the callback stops; the model's weight is the epoch's number. Gives the epochs
 * that ran; rates[epoch] gets the learning rate after it. */
static int feed(const char *text, const double *values, double *rates, fit_state *f, char heard[1000])
{
    cepa_model *model = new_model();
    arena memory = {0};
    callback_list list;
    log_list logs;
    cepa_error error;
    assert_int_equal(callbacks_take(&memory, (const cepa_choice[CEPA_MAX_INPUTS]){{text}}, &list, &error), CEPA_OK);
    assert_true(log_list_new(&memory, model->training, true, callbacks_log_rate(&list), &logs));
    *heard = 0;
    *f = (fit_state){.t = model->training, .logs = &logs, .restored_epoch = -1, .say = hear, .context = heard};
    if (callbacks_begin(&list, &memory, f, &error)) fail_msg("%s", error.message);
    int epoch = 0;
    for (; epoch < EPOCHS && !f->stopped_by; epoch++) {
        f->epoch = epoch;
        callbacks_run(&list, EPOCH_BEGIN, f);
        for (size_t i = 0; i < logs.count; i++)
            if (strcmp(logs.logs[i].name, "val_loss") == 0) logs.logs[i].value = values[epoch];
        model->graph->values[0] = (real)epoch;
        callbacks_run(&list, EPOCH_END, f);
        rates[epoch] = model->training->optimizer.learning_rate;
    }
    callbacks_run(&list, TRAIN_END, f);
    if (f->restored_epoch >= 0) assert_true((int)model->graph->values[0] == f->restored_epoch);
    if (f->restored_epoch < 0) assert_true((int)model->graph->values[0] == epoch - 1);
    cepa_graph_free(model->graph);
    arena_free(&memory);
    return epoch;
}

typedef struct stopping_case {
    const char *text;
    const double *values;
    int epochs, restored; /* as Keras has it */
    bool stopped;
} stopping_case;

static const stopping_case stopping_cases[] = {
    {"EarlyStopping()", falling, 3, -1, true},
    {"EarlyStopping(patience=1)", falling, 3, -1, true},
    {"EarlyStopping(patience=2)", falling, 6, -1, true},
    {"EarlyStopping(patience=3)", falling, 10, -1, true},
    {"EarlyStopping(patience=2, restore_best_weights=True)", falling, 6, 3, true},
    {"EarlyStopping(patience=2, min_delta=0.05)", falling, 6, -1, true},
    {"EarlyStopping(patience=3, min_delta=-0.2, restore_best_weights=True)", falling, 5, 1, true},
    {"EarlyStopping(patience=2, baseline=1.45)", falling, 3, -1, true},
    {"EarlyStopping(patience=2, baseline=1.0, restore_best_weights=True)", falling, 3, 1, true},
    {"EarlyStopping(patience=1, start_from_epoch=3)", falling, 5, -1, true},
    {"EarlyStopping(patience=1, start_from_epoch=20, restore_best_weights=True)", falling, 10, -1, false},
    {"EarlyStopping(patience=9, restore_best_weights=True)", falling, 10, 6, false},
    {"EarlyStopping(patience=2, restore_best_weights=True)", broken, 3, 0, true},
    {"EarlyStopping(mode='max', patience=2, restore_best_weights=True)", rising, 6, 3, true},
    {"EarlyStopping(mode='max', min_delta=0.02, patience=3)", rising, 7, -1, true},
    {"EarlyStopping(mode='max', patience=2)", falling, 3, -1, true},
    {"EarlyStopping(mode='max', patience=0, baseline=0.33)", rising, 3, -1, true},
    {"EarlyStopping(patience=4, start_from_epoch=2, baseline=1.4, restore_best_weights=True)", falling, 6, 3, true},
};

static void early_stopping(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(stopping_cases); i++) {
        const stopping_case *c = &stopping_cases[i];
        double rates[EPOCHS];
        char heard[1000];
        fit_state f;
        int epochs = feed(c->text, c->values, rates, &f, heard);
        if (epochs != c->epochs || f.restored_epoch != c->restored || (f.stopped_by != NULL) != c->stopped)
            fail_msg("%s: %d epochs, restored %d", c->text, epochs, f.restored_epoch);
        assert_string_equal(heard, "");
        if (f.stopped_by) assert_string_equal(f.stopped_by, "EarlyStopping");
    }
}

typedef struct plateau_case {
    const char *text;
    const double *values;
    double rates[EPOCHS]; /* after each epoch, as Keras has them */
} plateau_case;

static const plateau_case plateau_cases[] = {
    {"LearningRateScheduler([0.5, 0.25, 0.0, 0.125])",
     flat,
     {0.5, 0.25, 0, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125}},
    {"ReduceLROnPlateau(patience=2)",
     flat,
     {0.10000000149011612, 0.10000000149011612, 0.009999999776482582, 0.009999999776482582, 0.0009999999310821295,
      0.0009999999310821295, 9.99999901978299e-05, 9.99999901978299e-05, 9.99999883788405e-06, 9.99999883788405e-06}},
    {"ReduceLROnPlateau(patience=2, cooldown=2)",
     flat,
     {0.10000000149011612, 0.10000000149011612, 0.009999999776482582, 0.009999999776482582, 0.009999999776482582,
      0.0009999999310821295, 0.0009999999310821295, 0.0009999999310821295, 9.99999901978299e-05, 9.99999901978299e-05}},
    {"ReduceLROnPlateau(patience=1, factor=0.5, min_lr=0.02)",
     flat,
     {0.10000000149011612, 0.05000000074505806, 0.02500000037252903, 0.019999999552965164, 0.019999999552965164,
      0.019999999552965164, 0.019999999552965164, 0.019999999552965164, 0.019999999552965164, 0.019999999552965164}},
    {"ReduceLROnPlateau(patience=0, factor=0.3)",
     falling,
     {0.10000000149011612, 0.10000000149011612, 0.030000001192092896, 0.030000001192092896, 0.009000000543892384,
      0.0027000000700354576, 0.0027000000700354576, 0.0008099999977275729, 0.00024300000222865492,
      7.2900002123788e-05}},
    {"ReduceLROnPlateau(patience=2, factor=0.2, min_delta=0.15)",
     falling,
     {0.10000000149011612, 0.10000000149011612, 0.10000000149011612, 0.019999999552965164, 0.019999999552965164,
      0.003999999724328518, 0.003999999724328518, 0.0007999999215826392, 0.0007999999215826392, 0.0001599999814061448}},
    {"ReduceLROnPlateau(patience=2, factor=0.2, cooldown=1, min_delta=0)",
     falling,
     {0.10000000149011612, 0.10000000149011612, 0.10000000149011612, 0.10000000149011612, 0.10000000149011612,
      0.019999999552965164, 0.019999999552965164, 0.019999999552965164, 0.003999999724328518, 0.003999999724328518}},
    {"ReduceLROnPlateau(mode='max', patience=1, factor=0.5, cooldown=3)",
     rising,
     {0.10000000149011612, 0.10000000149011612, 0.05000000074505806, 0.05000000074505806, 0.05000000074505806,
      0.02500000037252903, 0.02500000037252903, 0.02500000037252903, 0.012500000186264515, 0.012500000186264515}},
    {"ReduceLROnPlateau(patience=1, factor=0)",
     falling,
     {0.10000000149011612, 0.10000000149011612, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0}},
};

static void reduce_lr_on_plateau(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(plateau_cases); i++) {
        const plateau_case *c = &plateau_cases[i];
        double rates[EPOCHS];
        char heard[1000];
        fit_state f;
        assert_int_equal(feed(c->text, c->values, rates, &f, heard), EPOCHS);
        for (size_t e = 0; e < EPOCHS; e++)
            if (rates[e] != c->rates[e]) fail_msg("%s: %.17g after epoch %zu", c->text, rates[e], e);
    }
}

static void messages(void **state)
{
    (void)state;
    double rates[EPOCHS];
    char heard[1000];
    fit_state f;
    feed("EarlyStopping(patience=2, verbose=1, restore_best_weights=True)", falling, rates, &f, heard);
    assert_string_equal(heard, "Epoch 6: early stopping\nRestoring model weights from the end of the best epoch: 4.\n");
    feed("ReduceLROnPlateau(patience=9, verbose=1)", flat, rates, &f, heard);
    assert_string_equal(heard, "Epoch 10: ReduceLROnPlateau reducing learning rate to 0.010000000149011612.\n");
}

/* ---- Whole fits -------------------------------------------------------------------------------------------------- */

static cepa_dataset *new_data(float scale)
{
    static float x[ROWS], y[ROWS];
    cepa_dataset *data;
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = scale * (float)(i % 7 + 1);
        y[i] = 3 * x[i];
    }
    const cepa_array in = {NULL, CEPA_FLOAT32, 1, {1}, x}, out = {NULL, CEPA_FLOAT32, 1, {1}, y};
    assert_int_equal(cepa_dataset_new(ROWS, &in, 1, &out, 1, NULL, &data, NULL), CEPA_OK);
    return data;
}

static double history_at(const cepa_history_table *h, const char *name, size_t epoch)
{
    for (size_t i = 0; i < h->names; i++)
        if (strcmp(h->name[i], name) == 0) return h->values[i * h->epochs + epoch];
    fail_msg("the history has no %s", name);
    return 0;
}

/* The learning rate stands in the history as it was during the epoch; callbacks start afresh in each fit. */
static void fit_with_callbacks(void **state)
{
    (void)state;
    cepa_dataset *data = new_data(0.01f);
    cepa_model *model = new_model();
    for (int run = 0; run < 2; run++) {
        cepa_fit(model, data, .epochs = 6, .validation_data = data,
                 .callbacks = {cepa_reduce_lr_on_plateau(.patience = 1, .factor = 0.5, .min_delta = 1e9),
                               cepa_early_stopping(.monitor = "val_mae", .min_delta = 1e9, .patience = 3)});
        const cepa_history_table *h = cepa_history(model);
        double rate = run ? 0.1 / 8 : 0.1;
        assert_int_equal(h->epochs, 4);
        assert_string_equal(h->stopped_by, "EarlyStopping");
        assert_int_equal(h->restored_epoch, -1);
        assert_true(fabs(history_at(h, "learning_rate", 0) - rate) < 1e-7);
        assert_true(fabs(history_at(h, "learning_rate", 3) - rate / 4) < 1e-7);
    }
    assert_int_equal(cepa_model_status(model), CEPA_OK);
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

/* Asserts that one step of one epoch was done, and what ended it. */
static void assert_one_step(const cepa_model *model, const char *stopped_by)
{
    const cepa_history_table *h = cepa_history(model);
    assert_int_equal(h->epochs, 1);
    assert_string_equal(h->stopped_by, stopped_by);
    assert_int_equal(model->training->optimizer.iterations, 1);
}

/* The epoch of the batch that broke ends with its validation, as in Keras. */
static void terminate_on_nan(void **state)
{
    (void)state;
    cepa_dataset *data = new_data(1e25f);
    cepa_model *model = new_model();
    assert_int_equal(cepa_fit(model, data, .epochs = 5, .batch_size = 4, .validation_data = data,
                              .callbacks = {cepa_terminate_on_nan()}),
                     CEPA_OK);
    assert_one_step(model, "TerminateOnNaN");
    assert_true(!isfinite(history_at(cepa_history(model), "val_loss", 0)));
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

/* With raise_error the fit fails, and no callback sees its end. */
static void nan_is_an_error(void **state)
{
    (void)state;
    cepa_dataset *data = new_data(1e25f);
    cepa_model *model = new_model();
    assert_int_equal(
        cepa_fit(model, data, .epochs = 5, .batch_size = 4, .callbacks = {cepa_terminate_on_nan(.raise_error = true)}),
        CEPA_DATA);
    assert_string_equal(cepa_model_error(model)->message,
                        "TerminateOnNaN: the loss is not a finite number in batch 0 of epoch 1");
    assert_int_equal(cepa_history(model)->epochs, 0);
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

static void assert_file(const char *path, const char *expected)
{
    buffer text = {0};
    assert_int_equal(file_read(path, 0, &text, NULL), CEPA_OK);
    assert_string_equal(text.bytes, expected);
    buffer_free(&text);
}

/* A log is gone on with, begun anew, and never takes the place of another file. */
static void logs_of_epochs(void **state)
{
    (void)state;
    static const char path[] = "callbacks.log", first[] = "epoch;accuracy;loss;mae;val_accuracy;val_loss;val_mae\r\n"
                                                          "0;1.0;0.0;0.0;NA;NA;NA\r\n";
    cepa_dataset *data = new_data(0);
    cepa_model *model = new_model();
    unlink(path);
    for (int run = 0; run < 3; run++) {
        cepa_fit(model, data, .callbacks = {cepa_csv_logger(.filename = path, .separator = ";", .append = run == 1)});
        char twice[200];
        snprintf(twice, sizeof twice, "%s%s", first, run == 1 ? strchr(first, '\n') + 1 : "");
        assert_file(path, twice);
    }
    assert_int_equal(cepa_write_file(path, "letter", 6, NULL), CEPA_OK);
    assert_int_equal(cepa_model_status(model), CEPA_OK);
    assert_int_equal(cepa_fit(model, data, .callbacks = {{"CSVLogger('callbacks.log')"}}), CEPA_FILE);
    assert_string_equal(cepa_model_error(model)->message,
                        "CSVLogger: callbacks.log is there already and is no log of epochs");
    assert_file(path, "letter");
    unlink(path);
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

/* What cannot be saved ends the fit. */
static void checkpoint_without_a_place(void **state)
{
    (void)state;
    cepa_dataset *data = new_data(0.01f);
    cepa_model *model = new_model();
    assert_int_equal(cepa_write_file("callbacks.log", "", 0, NULL), CEPA_OK);
    assert_int_equal(cepa_fit(model, data, .epochs = 3, .callbacks = {{"ModelCheckpoint('callbacks.log/a.keras')"}}),
                     CEPA_FILE);
    assert_non_null(strstr(cepa_model_error(model)->message, "cannot make the folder callbacks.log"));
    assert_int_equal(cepa_history(model)->epochs, 1);
    unlink("callbacks.log");
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

/* A budget that is used up at once leaves one step, measured and written down. */
static void budget(void **state)
{
    (void)state;
    cepa_dataset *data = new_data(0.01f);
    cepa_model *model = new_model();
    assert_int_equal(cepa_fit(model, data, .epochs = 5, .batch_size = 4, .validation_data = data, .budget = 1e-9),
                     CEPA_OK);
    assert_one_step(model, "budget");
    assert_true(history_at(cepa_history(model), "val_loss", 0) > 0);
    cepa_fit(model, data, .epochs = 2, .budget = 1e9);
    assert_int_equal(cepa_history(model)->epochs, 2);
    assert_null(cepa_history(model)->stopped_by);
    cepa_graph_free(cepa_model_graph(model));
    cepa_dataset_free(data);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"EarlyStop", "unknown callback 'EarlyStop'; known are CSVLogger, EarlyStopping, LearningRateScheduler, "
                      "ModelCheckpoint, ReduceLROnPlateau, TerminateOnNaN"},
        {"ModelCheckpoint('a.h5')", "ModelCheckpoint: filepath must end in .keras, not 'a.h5'"},
        {"ModelCheckpoint('a.keras', save_weights_only=True)", "ModelCheckpoint: filepath must end in .weights.h5 with "
                                                               "save_weights_only=True, not 'a.keras'"},
        {"ModelCheckpoint('{val_loss}.keras')",
         "ModelCheckpoint: monitor 'val_loss' is not measured; an epoch's numbers "
         "are accuracy, loss, mae"},
        {"ModelCheckpoint('{loss:02d}.keras')", "ModelCheckpoint: {loss:02d}: a format such as .2f was expected"},
        {"ModelCheckpoint('{epoch:x}.keras')", "ModelCheckpoint: {epoch:x}: a format such as 02d was expected"},
        {"ModelCheckpoint('{epoch.keras')", "ModelCheckpoint: in filepath a { stands alone"},
        {"ModelCheckpoint('a}.keras')", "ModelCheckpoint: in filepath a } stands alone"},
        {"ModelCheckpoint('a.keras', save_freq=0)",
         "ModelCheckpoint: save_freq must be 'epoch' or a number of batches, "
         "not '0'"},
        {"CSVLogger('a.csv', separator=', ')", "CSVLogger: separator must be one character, not ', '"},
        {"EarlyStopping(monitor='val_acc')", "EarlyStopping: monitor 'val_acc' is not measured; an epoch's numbers are "
                                             "accuracy, loss, mae"},
        {"EarlyStopping(monitor='loss', patience=-1)", "EarlyStopping: patience must be"},
        {"ReduceLROnPlateau(monitor='loss', factor=1)", "ReduceLROnPlateau: factor must be"},
        {"ReduceLROnPlateau(monitor='learning_rate')", "ReduceLROnPlateau: monitor 'learning_rate' does not say which "
                                                       "way is better, mode='min' or 'max' was expected"},
        {"EarlyStopping(monitor='loss', mode='up')", "EarlyStopping: mode must be"},
    };
    cepa_dataset *data = new_data(0.01f);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        cepa_model *model = new_model();
        assert_int_equal(cepa_fit(model, data, .callbacks = {{cases[i].text}}), CEPA_ARGUMENT);
        const char *message = cepa_model_error(model)->message;
        if (strncmp(message, cases[i].message, strlen(cases[i].message)) != 0) fail_msg("%s", message);
        cepa_graph_free(cepa_model_graph(model));
    }
    cepa_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(early_stopping),
        cmocka_unit_test(reduce_lr_on_plateau),
        cmocka_unit_test(messages),
        cmocka_unit_test(fit_with_callbacks),
        cmocka_unit_test(terminate_on_nan),
        cmocka_unit_test(budget),
        cmocka_unit_test(nan_is_an_error),
        cmocka_unit_test(logs_of_epochs),
        cmocka_unit_test(checkpoint_without_a_place),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
