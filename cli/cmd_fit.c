/* cepa fit: trains a model and leaves a run's folder. */
#include "clock.h"
#include "commands.h"
#include "files.h"
#include "fit_settings.h"
#include "progress.h"
#include "report.h"
#include "run.h"
#include "signals.h"
#include "training_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const option options[] = {
    FIT_OPTIONS,
    OPTION("verbose", verbose, TAKES_TEXT, .value = "V", .choices = "auto|0|1|2",
           .help = "1 draws a bar, 2 prints lines, 0 nothing; default: a bar on a terminal"),
    OPTION("output", output, TAKES_TEXT, .letter = 'o', .value = "RUN",
           .help = "folder for what comes out; default: none"),
    END_OF_OPTIONS,
};

/* ---- What is trained on ---- */

typedef struct fit {
    const settings *settings; /* as given, then those below */
    fit_settings own;
    cepa_model *model;
    training_data data;
    double *class_weight;
    size_t class_weight_count;
    progress progress;
    run run;
    cepa_error error;
} fit;

static bool parse_class_weight(fit *f, const char *text)
{
    enum { MOST = 100000 };
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

static cepa_status read_class_weight(fit *f, const settings *s)
{
    if (parse_class_weight(f, s->class_weight)) return CEPA_OK;
    return fails(&f->error, CEPA_ARGUMENT, "--class-weight: expected CLASS=WEIGHT,CLASS=WEIGHT,..., not '%s'",
                 s->class_weight);
}

/* ---- Training ---- */

static bool follow(void *context, const cepa_progress *event)
{
    fit *f = context;
    progress_follow(&f->progress, event);
    if (event->event == CEPA_EPOCH_END && run_epoch(&f->run, f->model, event, &f->error) != CEPA_OK) return false;
    return !caught_signal();
}

static cepa_status train(fit *f)
{
    const settings *s = f->settings;
    cepa_fit_options options = {.epochs = (int)s->epochs,
                                .batch_size = (int)s->batch_size,
                                .validation_data = f->data.validation,
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
    cepa_status status = cepa_fit_with(f->model, f->data.train, &options);
    progress_leave(&f->progress);
    if (f->error.status) return f->error.status; /* the callback's own */
    if (status && status != CEPA_INTERRUPTED) f->error = *cepa_model_error(f->model);
    return status == CEPA_INTERRUPTED ? CEPA_OK : status;
}

static void print_beginning(const fit *f)
{
    const cepa_dataset_info *train = cepa_dataset_describe(f->data.train);
    const settings *s = f->settings;
    cepa_machine machine = {.threads = 0};
    cepa_machine_describe(&machine, NULL);
    printf("%s: %zu rows to learn from", train->name, train->rows);
    if (f->data.validation) printf(", %zu to validate with", cepa_dataset_describe(f->data.validation)->rows);
    if (train->incomplete)
        printf("; %zu incomplete row%s left out", train->incomplete, train->incomplete == 1 ? "" : "s");
    printf("; seed %llu, batch size %zu, %zu threads\n", (unsigned long long)s->seed, s->batch_size,
           s->threads ? s->threads : (size_t)machine.threads);
    fflush(stdout);
    warn_of_model(f->model);
}

static void keep_notes(fit *f)
{
    const cepa_dataset_info *info = cepa_dataset_describe(f->data.train);
    cepa_notes notes = {.input_scale = f->data.scale,
                        .input_offset = info->offset,
                        .class_count = info->class_names ? info->class_count : 0,
                        .class_names = info->class_names,
                        .table_name = info->table ? info->name : NULL};
    if (info->table) notes.table = *info->table;
    cepa_model_set_notes(f->model, &notes);
}

static cepa_status train_and_keep(fit *f)
{
    const settings *s = f->settings;
    cepa_status status = run_begin(&f->run, s->output, &f->error);
    if (status) return status;
    print_beginning(f);
    keep_notes(f);
    double start = seconds_now();
    status = train(f);
    if (status) return status;
    run_facts facts = {.argument_count = invoked()->count,
                       .arguments = invoked()->arguments,
                       .train = f->data.train,
                       .validation = f->data.validation,
                       .scale = f->data.scale,
                       .batch_size = s->batch_size,
                       .seconds = seconds_now() - start,
                       .stopped_by = caught_name()};
    return run_end(&f->run, f->model, s, &facts, &f->error);
}

/* The loss of the last epoch that ended; 0: none did. */
static double last_loss(const cepa_history_table *history)
{
    size_t i = 0, epochs = history->epochs;
    while (i < history->names && strcmp(history->name[i], "loss") != 0) i++;
    return epochs && i < history->names ? history->values[i * epochs + epochs - 1] : 0;
}

static void print_end(const fit *f)
{
    const cepa_history_table *history = cepa_history(f->model);
    if (caught_signal()) complain("stopped by %s", caught_name());
    if (history->stopped_by)
        printf("Stopped by %s in epoch %d of %zu.\n", history->stopped_by, history->first_epoch + (int)history->epochs,
               f->settings->epochs);
    if (!isfinite(last_loss(history)))
        warn("the loss is no number any more: a lower learning rate may help; 'cepa data check' finds such numbers in "
             "data");
    char last[40] = "last";
    if (history->restored_epoch >= 0) snprintf(last, sizeof last, "epoch %d, restored", history->restored_epoch + 1);
    if (!f->settings->output)
        puts("Nothing was written: -o RUN keeps the model, its history and figures.");
    else if (f->run.best_epoch >= 0)
        printf("Wrote %s: model.keras (%s), best.keras (epoch %d by %s), history.csv, run.json, figures/\n",
               f->settings->output, last, f->run.best_epoch + 1, f->run.monitor);
    else
        printf("Wrote %s: model.keras (%s), %srun.json%s\n", f->settings->output, last,
               history->epochs ? "history.csv, " : "", history->epochs ? ", figures/" : "");
}

static cepa_status run_fit(fit *f)
{
    cepa_status status = run_check(f->settings->output, f->settings->overwrite, &f->error);
    if (!status) status = subject_model(f->settings, &f->model, &f->error);
    if (!status) status = fit_settings_make(&f->own, f->settings, f->model, &f->error);
    if (!status) status = read_class_weight(f, &f->own.settings);
    if (!status) f->settings = &f->own.settings;
    if (!status) status = training_data_open(&f->data, f->settings, f->model, &f->error);
    if (status) return status;
    cepa_dataset_free(f->data.test); /* not needed: what it holds is memory */
    f->data.test = NULL;
    return train_and_keep(f);
}

static int fit_main(const settings *settings)
{
    fit f = {.settings = settings};
    cepa_status status = run_fit(&f);
    int exit_status = status ? failed(&f.error) : caught_signal() ? 128 + caught_signal() : DONE;
    if (!status) print_end(&f);
    run_free(&f.run);
    free(f.class_weight);
    fit_settings_free(&f.own);
    training_data_free(&f.data);
    subject_free(f.model);
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
