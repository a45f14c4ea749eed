/* cepa tune: trains a model with many settings, side by side, and says what can be told of the best. */
#include "commands.h"
#include "files.h"
#include "fit_options.h"
#include "report.h"
#include "tune_show.h"

#include <stdlib.h>
#include <string.h>

static const option options[] = {
    OPTION("vary", vary, TAKES_TEXTS, .value = "NAME=V,V,...",
           .help = "values of a parameter of MODEL's text, or of epochs, batch_size, train, callback, scale, "
                   "class_weight; or LOW..HIGH[:STEP|:xFACTOR|:log]; may be repeated"),
    OPTION("trials", trials, TAKES_COUNT, .value = "N", .min = 1, .max = 1000,
           .help = "try N settings at random; default: all of them"),
    OPTION("seeds", seeds, TAKES_COUNT, .value = "N", .min = 1, .max = 1000,
           .help = "fit each setting with N seeds, from --seed on; default: 1"),
    OPTION("jobs", jobs, TAKES_COUNT, .value = "N", .min = 1, .max = 1024,
           .help = "fits beside each other; default: one a thread"),
    OPTION("objective", objective, TAKES_TEXT, .value = "METRIC", .help = "what chooses; default: val_loss, else loss"),
    OPTION("epoch", epoch, TAKES_TEXT, .value = "E", .choices = "last|best",
           .help = "judge by the last weights (default) or the best epoch"),
    FIT_OPTIONS,
    OPTION("output", output, TAKES_TEXT, .letter = 'o', .value = "DIR",
           .help = "folder for the fits and what they tell", .required = true),
    JSON_OPTION,
    END_OF_OPTIONS,
};

static cepa_status make_variants(tuning *t, cepa_error *error)
{
    campaign *c = &t->campaign;
    cepa_status status = campaign_begin(c, &tune_command, t->settings, "trial", t->search.count, error);
    for (size_t i = 0; i < t->search.count && !status; i++) {
        variant *v = &c->variants[c->count++];
        *v = (variant){.settings = &t->search.trials[i].settings, .parameters = t->search.trials[i].parameters};
        trial_print(&t->search.trials[i], v->label, sizeof v->label);
    }
    return status;
}

/* To stdout and into the folder. */
static cepa_status conclude(tuning *t, cepa_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out) tune_print(t, out);
    cepa_status status = out && fclose(out) == 0 ? CEPA_OK : fails_memory(error);
    if (!status) status = write_in(t->settings->output, "summary.txt", text, size, error);
    if (!status && t->settings->json)
        tune_json(t, stdout);
    else if (!status)
        printf("%sWrote %s: results.csv, trials.csv, summary.txt, figures/, a folder a fit\n", text,
               t->settings->output);
    if (!status) tune_warn(t);
    free(text);
    return status;
}

static cepa_status run_tune(tuning *t, cepa_error *error)
{
    cepa_status status = search_make(&t->search, t->settings, fit_command.options, error);
    if (!status) status = campaign_try(&t->search.trials[0].settings, &t->data, NULL, error);
    if (!status) status = make_variants(t, error);
    if (!status) status = campaign_run(&t->campaign, error);
    if (!status) status = tune_judge(t, error);
    if (!status) status = tune_write(t, error);
    return status ? status : conclude(t, error);
}

static int tune_main(const settings *settings)
{
    tuning t = {.settings = settings, .campaign.lock = -1};
    cepa_error error = {CEPA_OK, ""};
    cepa_status status = run_tune(&t, &error);
    int exit_status = campaign_exit(status, &error);
    campaign_free(&t.campaign);
    training_data_free(&t.data);
    search_free(&t.search);
    free(t.order);
    free(t.within);
    free(t.measured);
    return exit_status;
}

const command tune_command = {
    .name = "tune",
    .operands = "MODEL",
    .purpose = "Trains MODEL with many settings and says what can be told of the best",
    .options = options,
    .least = 1,
    .most = 1,
    .run = tune_main,
};
