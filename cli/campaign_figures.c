/* The figures of a search or a comparison: curves of every variant. */
#include "campaign_show.h"
#include "files.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SERIES = 20 };

cepa_status campaign_draw(const campaign *c, const char *name, const cepa_series *series, size_t count,
                          const cepa_plot_options *how, cepa_error *error)
{
    static const char *const kinds[] = {".png", ".svg"};
    char *figures = join(c->settings->output, "figures");
    cepa_status status = figures && make_folders(figures) ? CEPA_OK : fails_memory(error);
    for (size_t k = 0; k < 2 && !status; k++) {
        char *path;
        if (asprintf(&path, "%s/%s%s", figures, name, kinds[k]) < 0) path = NULL;
        status = path ? cepa_plot_lines(path, series, count, how, error) : fails_memory(error);
        free(path);
    }
    free(figures);
    if (status == CEPA_UNSUPPORTED) warn("no figure %s: %s", name, error->message);
    return status == CEPA_UNSUPPORTED ? CEPA_OK : status;
}

/* The longest history of a variant's fits. */
static size_t epochs_of(const campaign *c, size_t variant)
{
    size_t most = 0;
    for (size_t s = 0; s < c->seeds; s++) {
        size_t epochs = c->variants[variant].records[s].history.epochs;
        if (epochs > most) most = epochs;
    }
    return most;
}

/* Mean and spread over the seeds, epoch by epoch, of those that were still running; false where no fit has the metric.
 */
static bool mean_curve(const campaign *c, size_t variant, const char *metric, double *mean, double *spread)
{
    bool any = false;
    double *values = calloc(c->seeds, sizeof *values);
    for (size_t e = 0; values && e < epochs_of(c, variant); e++) {
        for (size_t s = 0; s < c->seeds; s++) values[s] = record_value(&c->variants[variant].records[s], metric, e);
        sample found = sample_of(values, c->seeds);
        mean[e] = found.mean;
        spread[e] = found.spread;
        any = any || found.count;
    }
    free(values);
    return any;
}

static cepa_status add_curve(const campaign *c, size_t variant, const char *metric, const char *label,
                             cepa_series *made, cepa_error *error)
{
    size_t epochs = epochs_of(c, variant);
    double *mean = calloc(2 * epochs + 1, sizeof *mean);
    char *name = strdup(label);
    *made = (cepa_series){.name = name, .count = epochs, .y = mean};
    if (!mean || !name) return fails_memory(error);
    if (c->seeds > 1) made->spread = mean + epochs;
    if (!mean_curve(c, variant, metric, mean, mean + epochs)) made->count = 0;
    return CEPA_OK;
}

cepa_status campaign_curves(const campaign *c, const char *figure, const char *const *metrics, size_t metric_count,
                            cepa_error *error)
{
    size_t most = c->count * metric_count, count = 0;
    cepa_series *series = calloc(most + 1, sizeof *series);
    cepa_status status = series ? CEPA_OK : fails_memory(error);
    for (size_t v = 0; v < c->count && !status; v++)
        for (size_t m = 0; m < metric_count && count < MOST_SERIES && !status; m++) {
            char label[320];
            snprintf(label, sizeof label, "%s%s%s", c->variants[v].label, metric_count > 1 ? " " : "",
                     metric_count > 1 ? metrics[m] : "");
            status = add_curve(c, v, metrics[m], label, &series[count], error);
            count++;
        }
    size_t drawn = 0;
    for (size_t i = 0; i < count; i++)
        if (series[i].count) {
            cepa_series moved = series[drawn];
            series[drawn++] = series[i];
            series[i] = moved;
        }
    const cepa_plot_options how = {.x_label = "epochs", .y_label = metric_count > 1 ? "metric" : metrics[0]};
    if (!status && drawn) status = campaign_draw(c, figure, series, drawn, &how, error);
    for (size_t i = 0; i < count; i++) {
        free((char *)series[i].name);
        free((double *)series[i].y);
    }
    free(series);
    return status;
}
