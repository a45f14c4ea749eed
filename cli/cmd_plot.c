/* cepa plot: curves of one run or several. */
#include "commands.h"
#include "csv.h"
#include "files.h"
#include "report.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

static const option options[] = {
    OPTION("metrics", metrics, TAKES_TEXT, .letter = 'm', .value = "NAME,...",
           .help = "what to draw; default: accuracy,val_accuracy, else loss,val_loss"),
    OPTION("output", output, TAKES_TEXT, .letter = 'o', .value = "FILE",
           .help = ".png, .svg or .pdf; default: METRIC.png here"),
    OPTION("first-epoch", first_epoch, TAKES_COUNT, .value = "N", .max = 1,
           .help = "count epochs from 0 (default) or 1"),
    TEXT_OPTION,
    WIDTH_OPTION,
    END_OF_OPTIONS,
};

enum { MOST_METRICS = 64 };

typedef struct curves {
    size_t runs, metrics;
    csv_table *history; /* of each run */
    const char *metric[MOST_METRICS];
    char *names; /* the metrics' list, cut into them */
    cepa_series *series;
    size_t count;
} curves;

static cepa_status read_run(const char *path, csv_table *history, cepa_error *error)
{
    char *file = is_folder(path) ? join(path, "history.csv") : strdup(path);
    cepa_status status = file ? csv_read(file, history, error) : fails_memory(error);
    free(file);
    return status;
}

/* Cuts --metrics, or its default for these runs, into names. */
static cepa_status choose_metrics(curves *c, const settings *settings, cepa_error *error)
{
    const char *wanted = settings->metrics;
    if (!wanted) wanted = csv_column(&c->history[0], "accuracy") ? "accuracy,val_accuracy" : "loss,val_loss";
    char *rest;
    c->names = strdup(wanted);
    if (!c->names) return fails_memory(error);
    for (char *name = strtok_r(c->names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        if (c->metrics == MOST_METRICS) return fails(error, CEPA_ARGUMENT, "--metrics: at most %d names", MOST_METRICS);
        c->metric[c->metrics++] = name;
    }
    return c->metrics ? CEPA_OK : fails(error, CEPA_ARGUMENT, "--metrics: expected names, such as loss,val_loss");
}

static cepa_status add_series(curves *c, const settings *settings, size_t run, const char *metric, cepa_error *error)
{
    const csv_table *h = &c->history[run];
    const double *values = csv_column(h, metric);
    if (!values && !settings->metrics) return CEPA_OK;
    if (!values) {
        const char *near = nearest_name(metric, h->names, h->columns, sizeof *h->names);
        return near ? fails(error, CEPA_ARGUMENT, "%s has no metric %s (did you mean %s?)", settings->operands[run],
                            metric, near)
                    : fails(error, CEPA_ARGUMENT, "%s has no metric %s: the first line of its history.csv names them",
                            settings->operands[run], metric);
    }
    char *name = NULL;
    int length =
        c->runs > 1 ? asprintf(&name, "%s %s", settings->operands[run], metric) : asprintf(&name, "%s", metric);
    if (length < 0) return fails_memory(error);
    c->series[c->count++] = (cepa_series){.name = name,
                                          .count = h->epochs,
                                          .y = values,
                                          .first_x = (double)h->first_epoch + (double)settings->first_epoch};
    return CEPA_OK;
}

static cepa_status gather(curves *c, const settings *settings, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    for (; c->runs < settings->operand_count && !status; c->runs++)
        status = read_run(settings->operands[c->runs], &c->history[c->runs], error);
    if (!status) status = choose_metrics(c, settings, error);
    c->series = status ? NULL : calloc(c->runs * c->metrics, sizeof *c->series);
    if (!status && !c->series) status = fails_memory(error);
    for (size_t run = 0; run < c->runs; run++)
        for (size_t i = 0; i < c->metrics && !status; i++) status = add_series(c, settings, run, c->metric[i], error);
    return status;
}

static cepa_status draw(const curves *c, const settings *settings, cepa_error *error)
{
    cepa_plot_options how = {.x_label = "epochs", .y_label = "metric"};
    if (settings->text) {
        char *text;
        cepa_text_options screen = terminal(settings);
        cepa_status status = cepa_text_lines(c->series, c->count, &how, &screen, &text, error);
        if (!status) fputs(text, stdout);
        free(text);
        if (status || !settings->output) return status;
    }
    char standard[300];
    snprintf(standard, sizeof standard, "%s.png", c->metric[0]);
    const char *path = settings->output ? settings->output : standard;
    cepa_status status = cepa_plot_lines(path, c->series, c->count, &how, error);
    if (!status) printf("Wrote %s\n", path);
    return status;
}

static void free_curves(curves *c)
{
    for (size_t i = 0; i < c->count; i++) free((char *)c->series[i].name);
    for (size_t i = 0; i < c->runs; i++) csv_table_free(&c->history[i]);
    free(c->series);
    free(c->names);
    free(c->history);
}

static int plot_main(const settings *settings)
{
    cepa_error error = {CEPA_OK, ""};
    curves c = {.history = calloc(settings->operand_count, sizeof(csv_table))};
    if (!c.history) return misused("memory is exhausted");
    cepa_status status = gather(&c, settings, &error);
    if (!status) status = draw(&c, settings, &error);
    free_curves(&c);
    return status ? failed(&error) : DONE;
}

const command plot_command = {
    .name = "plot",
    .operands = "RUN|HISTORY.csv...",
    .purpose = "Draws the curves of runs",
    .options = options,
    .least = 1,
    .run = plot_main,
};
