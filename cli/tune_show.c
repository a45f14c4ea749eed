#include "tune_show.h"
#include "files.h"
#include "json_read.h"
#include "report.h"
#include "search_folder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static cepa_status no_memory(cepa_error *error) { return fails(error, CEPA_MEMORY, "memory is exhausted"); }

/* ---- CSV ---- */

/* As RFC 4180 quotes. */
static void print_field(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text; text++) fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    putc('"', out);
}

static void print_values(const tuning *t, size_t trial, FILE *out)
{
    for (size_t i = 0; i < t->search.columns.count; i++) {
        const char *value = trial_value(&t->search.trials[trial], t->search.columns.items[i]);
        putc(',', out);
        print_field(out, value ? value : "");
    }
}

static void print_names(const tuning *t, FILE *out)
{
    for (size_t i = 0; i < t->search.columns.count; i++) {
        putc(',', out);
        print_field(out, t->search.columns.items[i]);
    }
}

static void print_number(FILE *out, double number)
{
    char text[32];
    cepa_number_text(number, text);
    fprintf(out, ",%s", isnan(number) ? "NA" : text);
}

/* A line a fit: every metric in the epoch that counts. */
static void print_results(const tuning *t, FILE *out)
{
    const campaign *c = &t->campaign;
    const csv_table *first = &c->variants[0].records[0].history;
    fputs("trial", out);
    print_names(t, out);
    fputs(",seed,epochs,epoch", out);
    for (size_t m = 0; m < first->columns; m++) fprintf(out, ",%s", first->names[m]);
    fputs(",seconds,parameters,run\r\n", out);
    for (size_t v = 0; v < c->count; v++)
        for (size_t s = 0; s < c->seeds; s++) {
            const record *r = &c->variants[v].records[s];
            size_t row = campaign_row(c, r);
            fprintf(out, "%zu", v + 1);
            print_values(t, v, out);
            fprintf(out, ",%llu,%zu,%zu", (unsigned long long)t->settings->seed + s, r->history.epochs, row);
            for (size_t m = 0; m < first->columns; m++) print_number(out, record_value(r, first->names[m], row));
            print_number(out, json_find_number(r->facts, "seconds", NAN));
            fprintf(out, ",%zu,", c->variants[v].parameters);
            print_field(out, strrchr(campaign_folder(c, v, s), '/') + 1);
            fputs("\r\n", out);
        }
}

/* A line a trial, best first: mean and spread of every metric. */
static void print_trials(const tuning *t, FILE *out)
{
    const campaign *c = &t->campaign;
    const csv_table *first = &c->variants[0].records[0].history;
    fputs("trial", out);
    print_names(t, out);
    fputs(",fits", out);
    for (size_t m = 0; m < first->columns; m++) fprintf(out, ",%s,%s_spread", first->names[m], first->names[m]);
    fputs(",parameters\r\n", out);
    for (size_t i = 0; i < c->count; i++) {
        size_t v = t->order[i];
        fprintf(out, "%zu", v + 1);
        print_values(t, v, out);
        fprintf(out, ",%zu", c->seeds);
        for (size_t m = 0; m < first->columns; m++) {
            sample s = campaign_sample(c, v, first->names[m]);
            print_number(out, s.mean);
            print_number(out, s.spread);
        }
        fprintf(out, ",%zu\r\n", c->variants[v].parameters);
    }
}

static cepa_status write_text(const tuning *t, const char *name, void (*print)(const tuning *t, FILE *out),
                              cepa_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out) print(t, out);
    cepa_status status =
        out && fclose(out) == 0 ? write_in(t->settings->output, name, text, size, error) : no_memory(error);
    free(text);
    return status;
}

/* ---- The figure of values ---- */

/* The column that is drawn along x: the one of numbers with most different values; the columns' count where none is. */
static size_t x_column(const tuning *t)
{
    size_t best = t->search.columns.count, most = 1;
    for (size_t i = 0; i < t->search.columns.count; i++) {
        size_t different = 0;
        bool numbers = true;
        for (size_t v = 0; v < t->search.count && numbers; v++) {
            const char *text = trial_value(&t->search.trials[v], t->search.columns.items[i]);
            char *end;
            numbers = text && (strtod(text, &end), end != text && !*end);
            bool seen = false;
            for (size_t k = 0; k < v && numbers; k++) {
                const char *other = trial_value(&t->search.trials[k], t->search.columns.items[i]);
                seen = seen || strcmp(other, text) == 0;
            }
            different += !seen;
        }
        if (!numbers || different <= most) continue;
        best = i;
        most = different;
    }
    return best;
}

/* What a trial has besides x, as a line's name: "n_layers=2". */
static void print_rest(const tuning *t, size_t trial, size_t x, char text[200])
{
    size_t length = 0;
    *text = 0;
    for (size_t i = 0; i < t->search.columns.count; i++) {
        const char *name = t->search.columns.items[i], *value = trial_value(&t->search.trials[trial], name);
        if (i != x && value && length < 200)
            length += (size_t)snprintf(text + length, 200 - length, "%s%s=%s", length ? " " : "", name, value);
    }
}

/* One line of the figure: the trials that differ in x alone. */
typedef struct value_line {
    char name[200];
    size_t count;
    double *x, *y, *spread;
} value_line;

static void add_point(value_line *line, double x, const sample *s)
{
    size_t place = line->count++;
    for (; place && line->x[place - 1] > x; place--) {
        line->x[place] = line->x[place - 1];
        line->y[place] = line->y[place - 1];
        line->spread[place] = line->spread[place - 1];
    }
    line->x[place] = x;
    line->y[place] = s->mean;
    line->spread[place] = s->spread;
}

static bool gather_lines(const tuning *t, size_t x, value_line *lines, size_t *count)
{
    for (size_t v = 0; v < t->campaign.count; v++) {
        char name[200];
        size_t place = 0;
        print_rest(t, v, x, name);
        while (place < *count && strcmp(lines[place].name, name) != 0) place++;
        value_line *line = &lines[place];
        if (place == *count) {
            size_t most = t->campaign.count;
            *line = (value_line){.x = calloc(3 * most, sizeof(double))};
            if (!line->x) return false;
            line->y = line->x + most;
            line->spread = line->y + most;
            snprintf(line->name, sizeof line->name, "%s", name);
            ++*count;
        }
        sample s = campaign_sample(&t->campaign, v, t->campaign.metric);
        const char *value = trial_value(&t->search.trials[v], t->search.columns.items[x]);
        add_point(line, strtod(value, NULL), &s);
    }
    return true;
}

static cepa_status draw_lines(const tuning *t, size_t x, const value_line *lines, size_t count, cepa_error *error)
{
    enum { MOST = 20 };
    cepa_series series[MOST];
    if (count > MOST) count = MOST;
    for (size_t i = 0; i < count; i++)
        series[i] = (cepa_series){.name = *lines[i].name ? lines[i].name : t->campaign.metric,
                                  .count = lines[i].count,
                                  .x = lines[i].x,
                                  .y = lines[i].y,
                                  .spread = lines[i].spread};
    const cepa_plot_options how = {.x_label = t->search.columns.items[x], .y_label = t->campaign.metric};
    return campaign_draw(&t->campaign, "values", series, count, &how, error);
}

static cepa_status draw_values(const tuning *t, cepa_error *error)
{
    size_t x = x_column(t), count = 0;
    if (x == t->search.columns.count) return CEPA_OK;
    value_line *lines = calloc(t->campaign.count, sizeof *lines);
    if (!lines) return no_memory(error);
    cepa_status status = gather_lines(t, x, lines, &count) ? draw_lines(t, x, lines, count, error) : no_memory(error);
    for (size_t i = 0; i < count; i++) free(lines[i].x);
    free(lines);
    return status;
}

cepa_status tune_write(tuning *t, cepa_error *error)
{
    campaign *c = &t->campaign;
    t->order = calloc(c->count, sizeof *t->order);
    t->within = calloc(c->count, sizeof *t->within);
    if (!t->order || !t->within) return no_memory(error);
    campaign_order(c, t->order);
    t->within_count = campaign_within_spread(c, t->order, t->within);
    cepa_status status = write_text(t, "results.csv", print_results, error);
    if (!status) status = write_text(t, "trials.csv", print_trials, error);
    if (!status) status = draw_values(t, error);
    const char *metric = c->metric;
    return status ? status : campaign_curves(c, "curves", &metric, 1, error);
}
