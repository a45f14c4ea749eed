/* What a search or a comparison shows of its fits. */
#ifndef CLI_CAMPAIGN_SHOW_H
#define CLI_CAMPAIGN_SHOW_H

#include "campaign.h"
#include "json.h"

/* What tells variants apart in a table. */
typedef struct campaign_columns {
    size_t count;
    const char *const *names;
    const char *(*value)(const void *context, size_t variant, size_t column); /* NULL: it has none */
    const void *context;
} campaign_columns;

/* Writes results.csv, a line a fit with every metric in the epoch that counts, and trials.csv or models.csv, a line a
 * variant in the order given with mean and spread of every metric. */
cepa_status campaign_tables(const campaign *campaign, const campaign_columns *columns, const size_t *order,
                            cepa_error *error);

/* Adds to an open object what variants were judged by, and the list of them in the order given (NULL: as they are),
 * each with its values in columns (NULL: it has none), its metrics and its fits. */
void campaign_json(json *json, const campaign *campaign, const campaign_columns *columns, const size_t *order);
/* Adds mean and spread as an object. */
void json_sample(json *json, const char *name, const sample *sample);

/* The table of compared models, and each against the first in words. */
void compare_print(const campaign *campaign, FILE *out);
/* The same as one JSON object. */
void compare_json(const campaign *campaign, FILE *out);

/* Draws folder/figures/NAME.png and .svg; without the library's figures it warns. */
cepa_status campaign_draw(const campaign *campaign, const char *name, const cepa_series *series, size_t count,
                          const cepa_plot_options *how, cepa_error *error);

/* Draws each variant's curves of some metrics, means over the seeds; the first 20. */
cepa_status campaign_curves(const campaign *campaign, const char *figure, const char *const *metrics,
                            size_t metric_count, cepa_error *error);

#endif
