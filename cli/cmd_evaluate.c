/* cepa evaluate: a model's loss and metrics on data. */
#include "against_truth.h"
#include "commands.h"
#include "drawing.h"
#include "files.h"
#include "json.h"
#include "progress.h"
#include "report.h"
#include "subject.h"

#include <string.h>

static const option options[] = {
    DATA_OPTION(0),
    TABLE_OPTIONS,
    PART_OPTION("the test part where the data have one"),
    OPTION("batch-size", batch_size, TAKES_COUNT, .value = "B", .min = 1, .max = 1000000,
           .help = "rows a step; default: 32"),
    OPTION("metrics", metrics, TAKES_TEXT, .value = "NAME,...",
           .help = "measure these instead: \"AUC, Recall(top_k=2)\""),
    OPTION("confusion", confusion, TAKES_NOTHING, .help = "print how often each class was taken for each other"),
    OPTION("baseline", baseline, TAKES_NOTHING,
           .help = "of a table with --ahead: also measure the guess that nothing changes"),
    OPTION("figure", figure, TAKES_TEXT, .value = "FILE",
           .help = "draw predictions and truth: a confusion matrix or points (.png, .svg, .pdf)"),
    WEIGHTS_OPTIONS,
    SET_OPTION,
    SCALE_OPTION,
    THREADS_OPTION,
    CONV_OPTION,
    OPTION("verbose", verbose, TAKES_TEXT, .value = "V", .choices = "auto|0|1|2",
           .help = "1 draws a bar, 2 prints a line, 0 nothing; default: a bar on a terminal"),
    STYLE_OPTION,
    JSON_OPTION,
    END_OF_OPTIONS,
};

static bool follow(void *context, const cepa_progress *event)
{
    if (event->event == CEPA_STEP_END) progress_follow(context, event);
    return true;
}

static void print_json(const cepa_log *logs, size_t count)
{
    json j = {.out = stdout};
    json_open(&j, NULL, '{');
    for (size_t i = 0; i < count; i++)
        if (logs[i].count)
            json_numbers(&j, logs[i].name, logs[i].values, logs[i].count);
        else
            json_number(&j, logs[i].name, logs[i].value);
    json_close(&j, '}');
}

static cepa_status measure(const settings *settings, cepa_model *model, cepa_dataset *data, cepa_error *error)
{
    progress bar = progress_new(settings);
    const cepa_log *logs;
    size_t count;
    cepa_evaluate_options how = {.batch_size = (int)settings->batch_size,
                                 .threads = (int)settings->threads,
                                 .callback = settings->json ? NULL : follow,
                                 .context = &bar};
    cepa_status status = cepa_evaluate_with(model, data, &how, &logs, &count);
    if (status) {
        progress_leave(&bar);
        *error = *cepa_model_error(model);
    } else if (settings->json)
        print_json(logs, count);
    else
        progress_finish(&bar, logs, count);
    return status;
}

static cepa_status choose_metrics(const settings *settings, cepa_model *model, cepa_error *error)
{
    cepa_status status = cepa_model_measure(model, settings->metrics);
    if (status) *error = *cepa_model_error(model);
    return status;
}

static int evaluate_main(const settings *settings)
{
    cepa_error error = {CEPA_OK, ""};
    cepa_model *model = NULL;
    cepa_parts parts = {NULL};
    cepa_dataset *part = NULL;
    if (settings->json && (settings->confusion || settings->baseline))
        return misused(
            "--json gives loss and metrics alone, without --confusion and --baseline; report RUN --json counts "
            "which class was taken for which");
    cepa_status status = check_figure("--figure", settings->figure, &error);
    if (!status) status = subject_trained_model(settings, &model, &error);
    if (!status) status = subject_parts(settings, model, 0, &parts, &error);
    if (!status && settings->metrics) status = choose_metrics(settings, model, &error);
    if (!status) status = subject_take_part(settings, "test", &parts, &part, &error);
    if (!status) {
        subject_scale(settings, model, part);
        status = measure(settings, model, part, &error);
    }
    int threads = (int)settings->threads;
    if (!status && settings->confusion) status = print_confusion(model, part, threads, &error);
    if (!status && settings->baseline) status = print_baseline(part, &error);
    if (!status && settings->figure) {
        status = draw_against_truth(settings->figure, model, part, threads, &error);
        if (!status && !settings->json) printf("Wrote %s\n", settings->figure);
    }
    cepa_parts_free(&parts);
    cepa_dataset_free(part);
    subject_free(model);
    return status ? failed(&error) : DONE;
}

const command evaluate_command = {
    .name = "evaluate",
    .operands = "MODEL",
    .purpose = "Measures a trained MODEL (.keras or a run's folder) on data",
    .options = options,
    .least = 1,
    .most = 1,
    .run = evaluate_main,
};
