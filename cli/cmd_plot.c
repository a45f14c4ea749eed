/* cepa plot: curves of one run or several. */
#include "commands.h"
#include "csv.h"
#include "drawing.h"
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
        char names[600];
        csv_names(h, names, sizeof names);
        return fails(error, CEPA_ARGUMENT, "%s has no metric %s; it has %s", settings->operands[run], metric, names);
    }
    bool several = c->runs > 1;
    char *name;
    if (asprintf(&name, "%s%s%s", several ? settings->operands[run] : "", several ? " " : "", metric) < 0)
        return fails_memory(error);
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
    const cepa_plot_options how = {.x_label = "epochs", .y_label = "metric"};
    char standard[300];
    snprintf(standard, sizeof standard, "%s.png", c->metric[0]);
    const char *path = settings->output || settings->text ? settings->output : standard;
    return draw_curves(settings, path, c->series, c->count, &how, error);
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
    cepa_status status = check_figure("-o", settings->output, &error);
    if (!status) status = gather(&c, settings, &error);
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
