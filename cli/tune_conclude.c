/* How the trials of a search are judged, and its verdict as text and as JSON. */
#include "files.h"
#include "json_read.h"
#include "report.h"
#include "tune_show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Which data chose, and which measure ---- */

/* Whether rows that were not learned from chose. */
static bool is_validated(const tuning *t) { return t->data.validation && strncmp(t->campaign.metric, "val_", 4) == 0; }

/* The test part is the validation where nothing else is said, and may be asked for by its name. */
static bool find_test_chose(const tuning *t)
{
    cepa_dataset *test = t->data.test, *validation = t->data.validation;
    if (!is_validated(t)) return false;
    if (!test) return t->data.kind == VALIDATES_OWN_PART;
    bool hashed = cepa_dataset_hash(test, NULL) == CEPA_OK && cepa_dataset_hash(validation, NULL) == CEPA_OK;
    return hashed && strcmp(cepa_dataset_describe(test)->sha256, cepa_dataset_describe(validation)->sha256) == 0;
}

/* One fit's model on the test part: its loss, and the accuracy or NaN. */
static cepa_status measure_fit(const tuning *t, size_t v, size_t seed, double measured[2], cepa_error *error)
{
    char *path = campaign_weights(&t->campaign, v, seed);
    cepa_model *model = NULL;
    const cepa_log *logs;
    size_t count;
    measured[0] = measured[1] = NAN;
    cepa_status status = path ? cepa_load(path, NULL, &model, error) : fails_memory(error);
    const cepa_evaluate_options how = {.threads = (int)t->settings->threads};
    if (!status && (status = cepa_evaluate_with(model, t->data.test, &how, &logs, &count)))
        *error = *cepa_model_error(model);
    for (size_t i = 0; !status && i < count; i++) {
        if (strcmp(logs[i].name, "loss") == 0) measured[0] = logs[i].value;
        if (strcmp(logs[i].name, "accuracy") == 0) measured[1] = logs[i].value;
    }
    subject_free(model);
    free(path);
    return status;
}

static cepa_status measure_trial(const tuning *t, size_t v, measurement *found, cepa_error *error)
{
    size_t seeds = t->campaign.seeds;
    double *values = calloc(2 * seeds, sizeof *values);
    cepa_status status = values ? CEPA_OK : fails_memory(error);
    for (size_t s = 0; s < seeds && !status; s++) {
        double measured[2];
        status = measure_fit(t, v, s, measured, error);
        values[s] = measured[0];
        values[seeds + s] = measured[1];
    }
    if (!status) *found = (measurement){sample_of(values, seeds), sample_of(values + seeds, seeds)};
    free(values);
    return status;
}

cepa_status tune_judge(tuning *t, cepa_error *error)
{
    const campaign *c = &t->campaign;
    t->order = calloc(c->count, sizeof *t->order);
    t->within = calloc(c->count, sizeof *t->within);
    if (!t->order || !t->within) return fails_memory(error);
    campaign_order(c, t->order);
    t->within_count = campaign_within_spread(c, t->order, t->within);
    t->test_chose = find_test_chose(t);
    if (!t->data.test || t->test_chose) return CEPA_OK;
    t->measured = calloc(t->within_count, sizeof *t->measured);
    cepa_status status = t->measured ? CEPA_OK : fails_memory(error);
    for (size_t i = 0; i < t->within_count && !status; i++)
        status = measure_trial(t, t->within[i], &t->measured[i], error);
    return status;
}

/* ---- The table ---- */

static bool any_trial_has(const campaign *c, const char *metric)
{
    size_t v = 0;
    while (v < c->count && !campaign_sample(c, v, metric).count) v++;
    return v < c->count;
}

static void print_table(const tuning *t, FILE *out)
{
    const campaign *c = &t->campaign;
    const char *const metrics[] = {c->metric, strcmp(c->metric, "val_accuracy") ? "val_accuracy" : "val_loss"};
    const char *const facts[] = {"epochs", "seconds", "parameters"};
    size_t shown = any_trial_has(c, metrics[1]) ? 2 : 1, names = t->search.columns.count, column = names + 1 + shown;
    text_table table = text_table_new(column + 3);
    text_table_row(&table);
    text_table_set(&table, 0, "trial");
    for (size_t i = 0; i < names; i++) text_table_set(&table, i + 1, "%s", t->search.columns.items[i]);
    for (size_t m = 0; m < shown; m++) text_table_set(&table, names + 1 + m, "%s", metrics[m]);
    for (size_t i = 0; i < 3; i++) text_table_set(&table, column + i, "%s", facts[i]);
    for (size_t i = 0; i < c->count; i++) {
        size_t v = t->order[i];
        text_table_row(&table);
        text_table_set(&table, 0, "%zu", v + 1);
        for (size_t n = 0; n < names; n++) {
            const char *value = trial_value(&t->search.trials[v], t->search.columns.items[n]);
            text_table_set(&table, n + 1, "%s", value ? value : "-");
        }
        double epochs = 0, seconds = 0;
        for (size_t s = 0; s < c->seeds; s++) {
            epochs += (double)c->variants[v].records[s].history.epochs / (double)c->seeds;
            seconds += json_find_number(c->variants[v].records[s].facts, "seconds", 0) / (double)c->seeds;
        }
        for (size_t m = 0; m < shown; m++) {
            char text[64];
            sample s = campaign_sample(c, v, metrics[m]);
            sample_print(&s, text);
            text_table_set(&table, names + 1 + m, "%s", text);
        }
        text_table_set(&table, column, "%.4g", epochs);
        text_table_set(&table, column + 1, "%.1f", seconds);
        text_table_set(&table, column + 2, "%zu", c->variants[v].parameters);
    }
    text_table_print(&table, out);
    text_table_free(&table);
}

/* ---- What is said of the choice ---- */

/* "the test part of cifar10 (10000 rows)". */
static void describe_chooser(const tuning *t, char text[300])
{
    const cepa_dataset_info *train = cepa_dataset_describe(t->data.train);
    size_t rows = is_validated(t) ? cepa_dataset_describe(t->data.validation)->rows : train->rows;
    if (!is_validated(t))
        snprintf(text, 300, "the rows that were learned from (%zu of %s)", rows, train->name);
    else if (t->data.kind == VALIDATES_OWN_PART)
        snprintf(text, 300, "the %s part of %s (%zu rows)", t->test_chose ? "test" : "validation", train->name, rows);
    else if (t->data.kind == VALIDATES_HELD_BACK)
        snprintf(text, 300, "%zu rows held back from the training part of %s", rows, train->name);
    else
        snprintf(text, 300, "%s (%zu rows)", cepa_dataset_describe(t->data.validation)->name, rows);
}

void tune_warn(const tuning *t)
{
    if (t->test_chose)
        warn("the same rows chose and measured: the best number is too good; --validation 0.2 chooses by rows held "
             "back from learning, and leaves the test part to measure with");
    else if (!t->data.validation)
        warn("nothing was held back to choose by: --validation 0.2 does that");
}

/* ---- As text ---- */

static void print_choice(const tuning *t, FILE *out)
{
    char chooser[300];
    describe_chooser(t, chooser);
    fprintf(out, "Chosen by %s %s on %s, %zu seed%s.\n", t->campaign.metric,
            t->campaign.best_epoch ? "at its best epoch" : "of the last weights", chooser, t->campaign.seeds,
            t->campaign.seeds == 1 ? "" : "s");
}

static void print_trial(const tuning *t, size_t v, FILE *out)
{
    char text[64];
    sample s = campaign_sample(&t->campaign, v, t->campaign.metric);
    sample_print(&s, text);
    fprintf(out, "%s (%s)", t->campaign.variants[v].label, text);
}

static void print_best(const tuning *t, FILE *out)
{
    const campaign *c = &t->campaign;
    sample best = campaign_sample(c, t->order[0], c->metric);
    if (!best.count) {
        fprintf(out, "No trial has a %s that is a number.\n", c->metric);
        return;
    }
    fprintf(out, t->within_count > 1 ? "No single winner. Within spread of the best: " : "Best: ");
    for (size_t i = 0; i < t->within_count; i++) {
        fprintf(out, "%s", i ? ", " : "");
        print_trial(t, t->within[i], out);
    }
    if (c->seeds == 1 && c->count > 1)
        fprintf(out, ". One fit a trial does not tell how much is chance: --seeds 3 does");
    else if (t->within_count == 1 && c->count > 1)
        fprintf(out, "; no other lies within its spread");
    fprintf(out, ".\n");
}

static void print_measured(const tuning *t, FILE *out)
{
    fprintf(out, "Measured on the test part of %s (%zu rows), which had no part in the choice:\n",
            cepa_dataset_describe(t->data.train)->name, cepa_dataset_describe(t->data.test)->rows);
    for (size_t i = 0; i < t->within_count; i++) {
        char loss[64], accuracy[64];
        const measurement *m = &t->measured[i];
        sample_print(&m->loss, loss);
        sample_print(&m->accuracy, accuracy);
        fprintf(out, "  %s: test_loss %s%s%s\n", t->campaign.variants[t->within[i]].label, loss,
                m->accuracy.count ? ", test_accuracy " : "", m->accuracy.count ? accuracy : "");
    }
}

void tune_print(const tuning *t, FILE *out)
{
    putc('\n', out);
    print_table(t, out);
    putc('\n', out);
    print_choice(t, out);
    print_best(t, out);
    if (t->measured) print_measured(t, out);
}

/* ---- As JSON ---- */

void tune_json(const tuning *t, FILE *out)
{
    json j = {.out = out};
    char chooser[300];
    const campaign_columns columns = tune_columns(t);
    describe_chooser(t, chooser);
    json_open(&j, NULL, '{');
    campaign_json(&j, &t->campaign, &columns, t->order);
    json_text(&j, "chosen_on", chooser);
    json_flag(&j, "same_rows_chose_and_measured", t->test_chose);
    json_open(&j, "within_spread_of_best", '[');
    for (size_t i = 0; i < t->within_count; i++) {
        json_open(&j, NULL, '{');
        json_whole(&j, "trial", t->within[i] + 1);
        if (t->measured) json_sample(&j, "test_loss", &t->measured[i].loss);
        if (t->measured && t->measured[i].accuracy.count) json_sample(&j, "test_accuracy", &t->measured[i].accuracy);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
}
