/* What a search or a comparison shows of its fits. */
#ifndef CLI_CAMPAIGN_SHOW_H
#define CLI_CAMPAIGN_SHOW_H

#include "campaign.h"

/* Draws folder/figures/NAME.png and .svg; without the library's figures it warns. */
cepa_status campaign_draw(const campaign *campaign, const char *name, const cepa_series *series, size_t count,
                          const cepa_plot_options *how, cepa_error *error);

/* Draws each variant's curves of some metrics, means over the seeds; the first 20. */
cepa_status campaign_curves(const campaign *campaign, const char *figure, const char *const *metrics,
                            size_t metric_count, cepa_error *error);

#endif
