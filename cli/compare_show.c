/* The table of a comparison, and what it says of the models against the first. */
#include "campaign_show.h"
#include "json_read.h"

#include <math.h>
#include <string.h>

/* A fact of run.json over the seeds. */
static double mean_fact(const campaign *c, size_t variant, const char *path)
{
    double sum = 0;
    for (size_t s = 0; s < c->seeds; s++) sum += json_find_number(c->variants[variant].records[s].facts, path, NAN);
    return sum / (double)c->seeds;
}

static sample gap_of(const campaign *c, size_t variant, const char *metric, const char *validated)
{
    double values[1000];
    size_t count = c->seeds < 1000 ? c->seeds : 1000;
    for (size_t s = 0; s < count; s++) {
        const record *r = &c->variants[variant].records[s];
        size_t row = campaign_row(c, r);
        values[s] = record_value(r, metric, row) - record_value(r, validated, row);
    }
    return sample_of(values, count);
}

/* What one model has in a row of the table. */
typedef void row_value(const campaign *c, size_t v, const char *metric, char text[64]);

static void print_parameters(const campaign *c, size_t v, const char *metric, char text[64])
{
    (void)metric;
    snprintf(text, 64, "%zu", c->variants[v].parameters);
}

static void print_fact(const campaign *c, size_t v, const char *fact, char text[64])
{
    double mean = mean_fact(c, v, fact);
    snprintf(text, 64, mean == floor(mean) ? "%.0f" : "%.1f", mean);
}

static void print_metric(const campaign *c, size_t v, const char *metric, char text[64])
{
    sample s = campaign_sample(c, v, metric);
    sample_print(&s, text);
}

static void print_best(const campaign *c, size_t v, const char *metric, char text[64])
{
    double epoch;
    sample s = campaign_best(c, v, metric, &epoch);
    sample_print(&s, text);
    size_t length = strlen(text);
    if (s.count) snprintf(text + length, 64 - length, " (%.3g)", epoch);
}

static void print_gap(const campaign *c, size_t v, const char *metric, char text[64])
{
    char validated[100];
    snprintf(validated, sizeof validated, "val_%s", metric);
    sample s = gap_of(c, v, metric, validated);
    sample_print(&s, text);
}

static void print_table(const campaign *c, FILE *out)
{
    static const struct {
        const char *head;
        row_value *print;
        const char *metric;
    } rows[] = {
        {"parameters", print_parameters, NULL},
        {"seconds", print_fact, "seconds"},
        {"epochs", print_fact, "epochs_done"},
        {"accuracy", print_metric, "accuracy"},
        {"val_accuracy", print_metric, "val_accuracy"},
        {"  best (epoch)", print_best, "val_accuracy"},
        {"  gap", print_gap, "accuracy"},
        {"loss", print_metric, "loss"},
        {"val_loss", print_metric, "val_loss"},
        {"  best (epoch)", print_best, "val_loss"},
    };
    text_table table = text_table_new(c->count + 1);
    text_table_row(&table);
    for (size_t v = 0; v < c->count; v++) text_table_set(&table, v + 1, "%s", c->variants[v].label);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        text_table_row(&table);
        text_table_set(&table, 0, "%s", rows[i].head);
        for (size_t v = 0; v < c->count; v++) {
            char text[64];
            rows[i].print(c, v, rows[i].metric, text);
            text_table_set(&table, v + 1, "%s", text);
        }
    }
    text_table_print(&table, out);
    text_table_free(&table);
}

/* A model against the first. */
typedef struct difference {
    const char *metric;
    double parameters; /* how many times the first's */
    double change, spread;
} difference;

static difference against_first(const campaign *c, size_t variant)
{
    bool accuracy = campaign_sample(c, 0, "val_accuracy").count;
    const char *metric = accuracy ? "val_accuracy" : c->metric;
    sample base = campaign_sample(c, 0, metric), other = campaign_sample(c, variant, metric);
    return (difference){.metric = metric,
                        .parameters = (double)c->variants[variant].parameters / (double)c->variants[0].parameters,
                        .change = other.mean - base.mean,
                        .spread = hypot(other.spread, base.spread)};
}

static void print_differences(const campaign *c, FILE *out)
{
    for (size_t v = 1; v < c->count; v++) {
        difference d = against_first(c, v);
        fprintf(out, "%s has %.3g times the parameters of %s", c->variants[v].label, d.parameters,
                c->variants[0].label);
        if (isnan(d.change)) {
            fprintf(out, "; %s is not measured of both.\n", d.metric);
            continue;
        }
        fprintf(out, "; its %s is %.4f %s", d.metric, fabs(d.change), d.change < 0 ? "lower" : "higher");
        if (isnan(d.spread))
            fprintf(out, " (one fit each does not tell how much is chance)");
        else
            fprintf(out, ", %s the spread of %.4f", fabs(d.change) > d.spread ? "beyond" : "within", d.spread);
        fprintf(out, ".\n");
    }
}

void compare_print(const campaign *c, FILE *out)
{
    putc('\n', out);
    print_table(c, out);
    fprintf(out, "\nNumbers are those %s; gap: accuracy less val_accuracy.\n",
            c->best_epoch ? "of the best epoch" : "of the last weights");
    print_differences(c, out);
}

void compare_json(const campaign *c, FILE *out)
{
    json j = {.out = out};
    json_open(&j, NULL, '{');
    campaign_json(&j, c, NULL, NULL);
    json_open(&j, "against_first", '[');
    for (size_t v = 1; v < c->count; v++) {
        difference d = against_first(c, v);
        json_open(&j, NULL, '{');
        json_whole(&j, c->what, v + 1);
        json_number(&j, "parameters_times", d.parameters);
        json_text(&j, "metric", d.metric);
        json_number(&j, "difference", d.change);
        json_number(&j, "spread", d.spread);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
}
