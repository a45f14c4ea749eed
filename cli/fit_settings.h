/* What fit works with: the options, and where one was not given, what the model's text says of model.fit. */
#ifndef CLI_FIT_SETTINGS_H
#define CLI_FIT_SETTINGS_H

#include "fit_options.h"

typedef struct fit_settings {
    settings settings; /* its texts live as long as this, the model and what was given */
    texts callbacks;
    char validation[32], *class_weight;
} fit_settings;

/* made is to be freed, also after a failure; what was given lives on. */
cepa_status fit_settings_make(fit_settings *made, const settings *given, const cepa_model *model, cepa_error *error);
void fit_settings_free(fit_settings *made);

/* Passes on what the model warns of, and what model.fit asks for in its text and fit does not do. */
void warn_of_model(const cepa_model *model);

/* Warns of callbacks that write to the same files in each of several fits. */
void warn_of_shared_files(const settings *settings);

#endif
