#include "tune_show.h"
#include "files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static cepa_status draw_lines(const tuning *t, const char *label, const value_line *lines, size_t count,
                              cepa_error *error)
{
    enum { MOST = 20 };
    cepa_series series[MOST];
    if (count > MOST) count = MOST;
    for (size_t i = 0; i < count; i++)
        series[i] = (cepa_series){.name = *lines[i].name ? lines[i].name : t->campaign.metric,
                                  .count = lines[i].count,
                                  .x = lines[i].x,
                                  .y = lines[i].y,
                                  .spread = t->campaign.seeds > 1 ? lines[i].spread : NULL};
    const cepa_plot_options how = {.x_label = label, .y_label = t->campaign.metric};
    return campaign_draw(&t->campaign, "values", series, count, &how, error);
}

/* Without a column of numbers the trials themselves stand along x. */
static bool gather_trials(const tuning *t, value_line *lines, size_t *count)
{
    size_t most = t->campaign.count;
    lines[0] = (value_line){.x = calloc(3 * most, sizeof(double))};
    if (!lines[0].x) return false;
    lines[0].y = lines[0].x + most;
    lines[0].spread = lines[0].y + most;
    *count = 1;
    for (size_t v = 0; v < most; v++) {
        sample s = campaign_sample(&t->campaign, v, t->campaign.metric);
        add_point(&lines[0], (double)(v + 1), &s);
    }
    return true;
}

static cepa_status draw_values(const tuning *t, cepa_error *error)
{
    size_t x = x_column(t), count = 0;
    value_line *lines = calloc(t->campaign.count, sizeof *lines);
    if (!lines) return fails_memory(error);
    bool numbers = x < t->search.columns.count;
    bool gathered = numbers ? gather_lines(t, x, lines, &count) : gather_trials(t, lines, &count);
    const char *label = numbers ? t->search.columns.items[x] : "trial";
    cepa_status status = gathered ? draw_lines(t, label, lines, count, error) : fails_memory(error);
    for (size_t i = 0; i < count; i++) free(lines[i].x);
    free(lines);
    return status;
}

static const char *column_value(const void *context, size_t variant, size_t column)
{
    const tuning *t = context;
    return trial_value(&t->search.trials[variant], t->search.columns.items[column]);
}

campaign_columns tune_columns(const tuning *t)
{
    return (campaign_columns){t->search.columns.count, t->search.columns.items, column_value, t};
}

cepa_status tune_write(tuning *t, cepa_error *error)
{
    campaign *c = &t->campaign;
    const campaign_columns columns = tune_columns(t);
    cepa_status status = campaign_tables(c, &columns, t->order, error);
    if (!status) status = draw_values(t, error);
    const char *metric = c->metric;
    return status ? status : campaign_curves(c, "curves", &metric, 1, error);
}
