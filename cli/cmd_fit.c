/* cepa fit: trains a model and leaves a run's folder. */
#include "commands.h"
#include "progress.h"
#include "report.h"
#include "run.h"
#include "subject.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH_SIZE = 32 }; /* Keras' default */

static const option options[] = {
    DATA_OPTION(0),
    OPTION("train", train, TAKES_COUNT, .value = "N", .min = 1, .help = "learn from the first N rows"),
    OPTION("validation", validation, TAKES_TEXT, .value = "V",
           .help = "a data set, a fraction of the rows, or none; default: the data's own test part"),
    OPTION("epochs", epochs, TAKES_COUNT, .value = "E", .min = 1, .max = 1000000, .help = "default: 1"),
    OPTION("batch-size", batch_size, TAKES_COUNT, .value = "B", .min = 1, .max = 1000000, .help = "default: 32"),
    OPTION("no-shuffle", no_shuffle, TAKES_NOTHING, .help = "keep the rows in order"),
    OPTION("seed", seed, TAKES_SEED, .value = "S", .help = "of initial weights, shuffling and dropout; default: 0"),
    OPTION("class-weight", class_weight, TAKES_TEXT, .value = "0=2,1=0.5", .help = "weights of classes; default: 1"),
    SCALE_OPTION,
    SET_OPTION,
    THREADS_OPTION,
    OPTION("callback", callback, TAKES_TEXTS, .value = "C",
           .help = "such as 'EarlyStopping(patience=3)', as Keras writes it; may be repeated"),
    OPTION("budget", budget, TAKES_TIME, .value = "60s", .help = "stop after this time of training"),
    OPTION("verbose", verbose, TAKES_TEXT, .value = "V", .choices = "auto|0|1|2",
           .help = "1 draws a bar, 2 prints lines, 0 nothing"),
    STYLE_OPTION,
    OPTION("output", output, TAKES_TEXT, .letter = 'o', .value = "RUN",
           .help = "folder for what comes out; default: none"),
    OPTION("overwrite", overwrite, TAKES_NOTHING, .help = "replace a run that is there"),
    END_OF_OPTIONS,
};

/* ---- Signals: the first ends training after the step, the second ends the command at once ---- */

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    if (caught) _exit(128 + number);
    caught = number;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* ---- What is trained on ---- */

typedef struct fit {
    const settings *settings;
    cepa_model *model;
    cepa_dataset *train, *validation;
    double *class_weight;
    size_t class_weight_count;
    double scale;
    progress progress;
    run run;
    cepa_error error;
} fit;

/* Keeps --train rows; of the model's own [:n] what there is, as a slice in Python. */
static cepa_status open_train(fit *f, cepa_dataset **test)
{
    const cepa_source_info *source = cepa_model_source(f->model);
    size_t wanted = f->settings->train, rows = wanted;
    if (!rows && source && !f->settings->data) rows = source->train_rows;
    cepa_status status = subject_data(f->settings, f->model, rows, &f->train, test, &f->error);
    if (status) return status;
    size_t most = cepa_dataset_describe(f->train)->rows;
    if (!wanted && source) wanted = source->train_rows < most ? source->train_rows : most;
    return wanted ? cepa_dataset_take(f->train, wanted, &f->error) : CEPA_OK;
}

/* The test part of a data set, or all of one that has none. */
static cepa_status open_validation(fit *f, const char *source)
{
    cepa_dataset_options options = subject_pictures(f->model);
    cepa_dataset *train = NULL, *test = NULL;
    cepa_status status = cepa_dataset_open(source, &options, &train, &test, &f->error);
    f->validation = test ? test : train;
    if (test) cepa_dataset_free(train);
    return status;
}

static cepa_status open_data(fit *f)
{
    const char *validation = f->settings->validation;
    cepa_dataset *test = NULL;
    cepa_status status = open_train(f, &test);
    if (!validation && !status)
        f->validation = test;
    else
        cepa_dataset_free(test);
    if (!validation || status || strcmp(validation, "none") == 0) return status;
    char *end;
    double fraction = strtod(validation, &end);
    if (*end || end == validation) return open_validation(f, validation);
    return cepa_dataset_split(f->train, fraction, &f->validation, &f->error);
}

static bool read_class_weight(fit *f)
{
    enum { MOST = 100000 };
    const char *text = f->settings->class_weight;
    while (text && *text) {
        char *end;
        unsigned long class = strtoul(text, &end, 10);
        if (end == text || *end != '=' || class >= MOST) return false;
        text = end + 1;
        double weight = strtod(text, &end);
        if (end == text || (*end && *end != ',') || !(weight >= 0) || weight - weight != 0) return false;
        text = end + (*end == ',');
        double *grown = realloc(
            f->class_weight, (class + 1 > f->class_weight_count ? class + 1 : f->class_weight_count) * sizeof *grown);
        if (!grown) return false;
        f->class_weight = grown;
        while (f->class_weight_count <= class) grown[f->class_weight_count++] = 1;
        grown[class] = weight;
    }
    return true;
}

/* ---- Training ---- */

static bool follow(void *context, const cepa_progress *event)
{
    fit *f = context;
    progress_follow(&f->progress, event);
    if (event->event == CEPA_EPOCH_END && run_epoch(&f->run, f->model, event, &f->error) != CEPA_OK) return false;
    return !caught;
}

static cepa_status train(fit *f)
{
    const settings *s = f->settings;
    cepa_fit_options options = {.epochs = (int)(s->epochs ? s->epochs : 1),
                                .batch_size = (int)(s->batch_size ? s->batch_size : BATCH_SIZE),
                                .validation_data = f->validation,
                                .shuffle = s->no_shuffle ? CEPA_FALSE : CEPA_TRUE,
                                .seed = s->seed,
                                .threads = (int)s->threads,
                                .class_weight = f->class_weight,
                                .class_weight_count = f->class_weight_count,
                                .budget = s->budget,
                                .callback = follow,
                                .context = f};
    for (size_t i = 0; i < s->callback.count; i++) options.callbacks[i].name = s->callback.items[i];
    catch_signals();
    f->progress = progress_new(s);
    cepa_status status = cepa_fit_with(f->model, f->train, &options);
    progress_leave(&f->progress);
    if (f->error.status) return f->error.status; /* the callback's own */
    if (status && status != CEPA_INTERRUPTED) f->error = *cepa_model_error(f->model);
    return status == CEPA_INTERRUPTED ? CEPA_OK : status;
}

static void print_beginning(const fit *f)
{
    const cepa_dataset_info *train = cepa_dataset_describe(f->train);
    const settings *s = f->settings;
    cepa_machine machine = {.threads = 0};
    cepa_machine_describe(&machine, NULL);
    printf("%s: %zu rows to learn from", train->name, train->rows);
    if (f->validation) printf(", %zu to validate with", cepa_dataset_describe(f->validation)->rows);
    printf("; seed %llu, batch size %zu, %zu threads\n", (unsigned long long)s->seed,
           s->batch_size ? s->batch_size : BATCH_SIZE, s->threads ? s->threads : (size_t)machine.threads);
    fflush(stdout);
    const char *warning;
    for (size_t i = 0; (warning = cepa_model_warning(f->model, i)); i++) warn("%s", warning);
}

static void keep_notes(fit *f)
{
    const cepa_dataset_info *info = cepa_dataset_describe(f->train);
    cepa_notes notes = {.input_scale = f->scale,
                        .class_count = info->class_names ? info->class_count : 0,
                        .class_names = info->class_names};
    cepa_model_set_notes(f->model, &notes);
}

static double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static cepa_status train_and_keep(fit *f)
{
    const settings *s = f->settings;
    cepa_status status = run_begin(&f->run, s->output, &f->error);
    if (status) return status;
    print_beginning(f);
    keep_notes(f);
    double start = seconds();
    status = train(f);
    if (status) return status;
    run_facts facts = {.argument_count = invoked()->count,
                       .arguments = invoked()->arguments,
                       .train = f->train,
                       .validation = f->validation,
                       .scale = f->scale,
                       .batch_size = s->batch_size ? s->batch_size : BATCH_SIZE,
                       .seconds = seconds() - start,
                       .stopped_by = !caught            ? NULL
                                     : caught == SIGINT ? "SIGINT"
                                                        : "SIGTERM"};
    return run_end(&f->run, f->model, s, &facts, &f->error);
}

static void print_end(const fit *f)
{
    const cepa_history_table *history = cepa_history(f->model);
    if (caught) complain("stopped by %s", caught == SIGINT ? "SIGINT" : "SIGTERM");
    if (history->stopped_by)
        printf("Stopped by %s in epoch %d of %zu.\n", history->stopped_by, history->first_epoch + (int)history->epochs,
               f->settings->epochs ? f->settings->epochs : 1);
    char last[40] = "last";
    if (history->restored_epoch >= 0) snprintf(last, sizeof last, "epoch %d, restored", history->restored_epoch + 1);
    if (!f->settings->output)
        puts("Nothing was written: -o RUN keeps the model, its history and figures.");
    else if (f->run.best_epoch >= 0)
        printf("Wrote %s: model.keras (%s), best.keras (epoch %d by %s), history.csv, run.json, figures/\n",
               f->settings->output, last, f->run.best_epoch + 1, f->run.monitor);
    else
        printf("Wrote %s: model.keras, run.json\n", f->settings->output);
}

static cepa_status run_fit(fit *f)
{
    cepa_status status = run_check(f->settings->output, f->settings->overwrite, &f->error);
    if (!status) status = subject_model(f->settings, &f->model, &f->error);
    if (!status) status = open_data(f);
    if (status) return status;
    f->scale = subject_scale(f->settings, f->model, f->train);
    if (f->validation && f->scale != 0) cepa_dataset_scale(f->validation, f->scale);
    return train_and_keep(f);
}

static int fit_main(const settings *settings)
{
    fit f = {.settings = settings};
    if (settings->callback.count > CEPA_MAX_INPUTS) return misused("--callback: at most %d", CEPA_MAX_INPUTS);
    if (!read_class_weight(&f)) {
        free(f.class_weight);
        return misused("--class-weight: expected CLASS=WEIGHT,CLASS=WEIGHT,..., not '%s'", settings->class_weight);
    }
    cepa_status status = run_fit(&f);
    int exit_status = status ? failed(&f.error) : caught ? 128 + caught : DONE;
    if (!status) print_end(&f);
    run_free(&f.run);
    free(f.class_weight);
    cepa_dataset_free(f.train);
    cepa_dataset_free(f.validation);
    if (f.model) cepa_graph_free(cepa_model_graph(f.model));
    return exit_status;
}

const command fit_command = {
    .name = "fit",
    .operands = "MODEL",
    .purpose = "Trains MODEL: Keras source text (.py), a .keras file or a run's folder",
    .options = options,
    .least = 1,
    .most = 1,
    .run = fit_main,
};
