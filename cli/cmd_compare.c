/* cepa compare: several models trained alike, or several runs, in one table and one figure. */
#include "campaign_show.h"
#include "commands.h"
#include "files.h"
#include "fit_options.h"
#include "json_read.h"
#include "report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const option options[] = {
    OPTION("seeds", seeds, TAKES_COUNT, .value = "N", .min = 1, .max = 1000,
           .help = "fit each model with N seeds, from --seed on; default: 1"),
    OPTION("jobs", jobs, TAKES_COUNT, .value = "N", .min = 1, .max = 1024,
           .help = "fits beside each other; default: 1, so that their times can be compared"),
    OPTION("epoch", epoch, TAKES_TEXT, .value = "E", .choices = "last|best",
           .help = "judge by the last weights (default) or the best epoch"),
    FIT_OPTIONS,
    OPTION("output", output, TAKES_TEXT, .letter = 'o', .value = "DIR",
           .help = "folder for the fits, the table and the curves"),
    JSON_OPTION,
    END_OF_OPTIONS,
};

typedef struct comparison {
    const settings *settings;
    settings own;     /* of the command, with one job at a time where nothing else is said */
    settings *fits;   /* of each model's fits */
    const char **one; /* each model as the only operand */
    campaign campaign;
} comparison;

/* ---- What is compared ---- */

static bool is_run(const char *path)
{
    char *facts = join(path, "run.json");
    bool run = facts && exists(facts);
    free(facts);
    return run;
}

/* The end of a path that tells it from the others: cnn.py, or a/cnn.py and b/cnn.py. */
static const char *short_name(const settings *s, size_t index)
{
    const char *path = s->operands[index], *start = path + strlen(path);
    for (bool unique = false; !unique && start > path;) {
        start -= start > path && start[-1] == '/';
        while (start > path && start[-1] != '/') start--;
        unique = true;
        for (size_t i = 0; i < s->operand_count; i++) {
            size_t length = strlen(s->operands[i]), end = strlen(start);
            if (i != index && length >= end && strcmp(s->operands[i] + length - end, start) == 0) unique = false;
        }
    }
    return start;
}

/* A model that is to be trained is tried out with its data; of a run only the size is looked at. */
static cepa_status look_at(variant *v, bool run, cepa_error *error)
{
    cepa_model *model;
    training_data data = {.scale = 0};
    cepa_status status =
        run ? subject_model(v->settings, &model, error) : campaign_try(v->settings, &data, &v->parameters, error);
    if (run && !status) {
        v->parameters = subject_parameters(model);
        subject_free(model);
    }
    training_data_free(&data);
    return status;
}

static cepa_status make_variants(comparison *m, cepa_error *error)
{
    const settings *s = m->settings;
    campaign *c = &m->campaign;
    m->own = *s;
    if (!m->own.jobs) m->own.jobs = 1;
    cepa_status status = campaign_begin(c, &compare_command, &m->own, "model", s->operand_count, error);
    m->fits = calloc(s->operand_count + 1, sizeof *m->fits);
    m->one = calloc(s->operand_count + 1, sizeof *m->one);
    if (!m->fits || !m->one) return fails_memory(error);
    for (size_t i = 0; i < s->operand_count && !status; i++) {
        variant *v = &c->variants[c->count++];
        m->one[i] = s->operands[i];
        m->fits[i] = *s;
        m->fits[i].operands = &m->one[i];
        m->fits[i].operand_count = 1;
        v->settings = &m->fits[i];
        const char *name = short_name(s, i), *end = extension(name);
        snprintf(v->label, sizeof v->label, "%.*s", strcmp(end, ".py") == 0 ? (int)(end - name) : 199, name);
        status = look_at(v, is_run(s->operands[i]), error);
    }
    return status;
}

/* ---- Runs that are there ---- */

/* Warns where two runs were not made alike. */
static void compare_facts(const campaign *c, const settings *s, const char *path, const char *what)
{
    char *first = json_find_text(c->variants[0].records[0].facts, path);
    double number = json_find_number(c->variants[0].records[0].facts, path, NAN);
    for (size_t v = 1; v < c->count; v++) {
        char *other = json_find_text(c->variants[v].records[0].facts, path);
        double another = json_find_number(c->variants[v].records[0].facts, path, NAN);
        bool same = first && other ? strcmp(first, other) == 0 : !first && !other;
        bool equal = isnan(number) ? isnan(another) : number == another;
        if (!same || !equal) warn("%s and %s differ in their %s", s->operands[0], s->operands[v], what);
        free(other);
    }
    free(first);
}

static cepa_status read_runs(comparison *m, cepa_error *error)
{
    campaign *c = &m->campaign;
    cepa_status status = CEPA_OK;
    c->seeds = 1;
    for (size_t v = 0; v < c->count && !status; v++) {
        c->variants[v].records = calloc(1, sizeof *c->variants[v].records);
        status = c->variants[v].records ? record_read(c->variants[v].records, m->settings->operands[v], error)
                                        : fails_memory(error);
        if (!status && !c->variants[v].records->history.epochs)
            status = fails(error, CEPA_DATA, "%s has no whole epoch to compare", m->settings->operands[v]);
    }
    if (status) return status;
    static const char *const facts[][2] = {{"data.sha256", "training data"},
                                           {"validation.sha256", "validation data"},
                                           {"epochs", "epochs"},
                                           {"seed", "seed"},
                                           {"batch_size", "batch size"},
                                           {"machine.threads", "threads"},
                                           {"machine.processor", "processor"}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) compare_facts(c, m->settings, facts[i][0], facts[i][1]);
    snprintf(c->metric, sizeof c->metric, "%s",
             isnan(record_value(c->variants[0].records, "val_loss", 0)) ? "loss" : "val_loss");
    return CEPA_OK;
}

/* The folder for what is drawn and written of them. */
static cepa_status take_folder(const settings *s, cepa_error *error)
{
    char *summary = join(s->output, "summary.txt");
    if (!summary) return fails_memory(error);
    bool used = is_folder(s->output) && !is_empty_folder(s->output), ours = exists(summary);
    free(summary);
    if (used && !ours)
        return fails(error, CEPA_ARGUMENT, "%s exists and is not the folder of a comparison: choose another",
                     s->output);
    if (used && !s->overwrite)
        return fails(error, CEPA_ARGUMENT, "%s exists: --overwrite replaces the comparison in it", s->output);
    if (make_folders(s->output)) return CEPA_OK;
    return fails(error, CEPA_FILE, "cannot make the folder %s: %s", s->output, strerror(errno));
}

/* ---- What they come to ---- */

static const char *column_value(const void *context, size_t variant, size_t column)
{
    (void)column;
    return ((const campaign *)context)->variants[variant].label;
}

static cepa_status write_tables(const campaign *c, cepa_error *error)
{
    static const char *const names[] = {"name"};
    const campaign_columns columns = {1, names, column_value, c};
    size_t *order = calloc(c->count + 1, sizeof *order);
    if (!order) return fails_memory(error);
    for (size_t i = 0; i < c->count; i++) order[i] = i;
    cepa_status status = campaign_tables(c, &columns, order, error);
    free(order);
    return status;
}

/* What compare_print prints, to be freed. */
static cepa_status print_summary(const campaign *c, char **text, size_t *size, cepa_error *error)
{
    FILE *out = open_memstream(text, size);
    if (out) compare_print(c, out);
    return out && fclose(out) == 0 ? CEPA_OK : fails_memory(error);
}

static cepa_status write_folder(const campaign *c, const char *summary, size_t size, cepa_error *error)
{
    const char *const accuracies[] = {"accuracy", "val_accuracy"}, *const losses[] = {"loss", "val_loss"};
    cepa_status status = write_in(c->settings->output, "summary.txt", summary, size, error);
    if (!status) status = write_tables(c, error);
    if (!status) status = campaign_curves(c, "accuracy", accuracies, 2, error);
    return status ? status : campaign_curves(c, "loss", losses, 2, error);
}

static cepa_status show(const campaign *c, cepa_error *error)
{
    char *text = NULL;
    size_t size = 0;
    const char *folder = c->settings->output;
    cepa_status status = print_summary(c, &text, &size, error);
    if (!status && folder) status = write_folder(c, text, size, error);
    if (!status && c->settings->json)
        compare_json(c, stdout);
    else if (!status) {
        fputs(text, stdout);
        if (folder)
            printf("Wrote %s: results.csv, models.csv, summary.txt, figures/\n", folder);
        else
            puts("Nothing was written: -o DIR keeps the table and draws the curves.");
    }
    free(text);
    return status;
}

static cepa_status compare(comparison *m, cepa_error *error)
{
    const settings *s = m->settings;
    size_t runs = 0;
    for (size_t i = 0; i < s->operand_count; i++) runs += is_run(s->operands[i]);
    if (runs && runs < s->operand_count)
        return fails(error, CEPA_ARGUMENT, "either models, which are trained alike, or runs that are done: not both");
    if (!runs && !s->output) return fails(error, CEPA_ARGUMENT, "compare needs -o DIR, the folder for its fits");
    cepa_status status = make_variants(m, error);
    if (!status && runs && s->output) status = take_folder(s, error);
    if (!status) status = runs ? read_runs(m, error) : campaign_run(&m->campaign, error);
    return status ? status : show(&m->campaign, error);
}

static int compare_main(const settings *settings)
{
    comparison m = {.settings = settings, .campaign.lock = -1};
    cepa_error error = {CEPA_OK, ""};
    cepa_status status = compare(&m, &error);
    int exit_status = campaign_exit(status, &error);
    campaign_free(&m.campaign);
    free(m.fits);
    free(m.one);
    return exit_status;
}

const command compare_command = {
    .name = "compare",
    .operands = "MODEL|RUN...",
    .purpose = "Trains models alike, or takes runs, and puts them side by side",
    .options = options,
    .least = 2,
    .run = compare_main,
};
