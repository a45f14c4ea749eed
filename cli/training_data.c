#include "training_data.h"

#include <stdlib.h>
#include <string.h>

/* Keeps --train rows; of the model's own [:n] what there is, as a slice in Python. */
static cepa_status open_train(training_data *d, const settings *settings, const cepa_model *model, cepa_error *error)
{
    const cepa_source_info *source = cepa_model_source(model);
    size_t wanted = settings->train, rows = wanted;
    if (!rows && source && !settings->data) rows = source->train_rows;
    cepa_parts parts;
    cepa_status status = subject_parts(settings, model, rows, &parts, error);
    d->train = parts.train;
    d->validation = parts.validation;
    d->test = parts.test;
    if (status) return status;
    size_t most = cepa_dataset_describe(d->train)->rows;
    if (!wanted && source) wanted = source->train_rows < most ? source->train_rows : most;
    return wanted ? cepa_dataset_take(d->train, wanted, error) : CEPA_OK;
}

/* The test part of a data set, or all of one that has none; a table's columns are those of the training data. */
static cepa_status open_other(const training_data *d, const char *source, const cepa_model *model,
                              cepa_dataset **opened, cepa_error *error)
{
    cepa_dataset_options options = subject_pictures(model);
    const cepa_table *table = cepa_dataset_describe(d->train)->table;
    if (table) options.table = (cepa_table){.target = table->target, .inputs = table->inputs, .ahead = table->ahead};
    cepa_parts parts;
    cepa_status status = subject_open(source, &options, &parts, error);
    if (status) return status;
    cepa_dataset **wanted = parts.test ? &parts.test : &parts.train;
    *opened = *wanted;
    *wanted = NULL;
    cepa_parts_free(&parts);
    return CEPA_OK;
}

static cepa_status take_own_part(training_data *d)
{
    if (!d->validation) {
        d->validation = d->test;
        d->test = NULL;
    }
    if (d->validation) d->kind = VALIDATES_OWN_PART;
    return CEPA_OK;
}

static bool read_fraction(const char *text, double *fraction)
{
    char *end;
    *fraction = strtod(text, &end);
    return end != text && !*end;
}

double validation_fraction(const settings *settings)
{
    double fraction;
    return settings->validation && read_fraction(settings->validation, &fraction) ? fraction : 0;
}

static cepa_status choose_validation(training_data *d, const settings *settings, const cepa_model *model,
                                     cepa_error *error)
{
    const char *wanted = settings->validation;
    if (!wanted) return take_own_part(d);
    cepa_dataset_free(d->validation);
    d->validation = NULL;
    if (strcmp(wanted, "none") == 0) return CEPA_OK;
    double fraction;
    d->kind = read_fraction(wanted, &fraction) ? VALIDATES_HELD_BACK : VALIDATES_OTHER;
    if (d->kind == VALIDATES_OTHER) return open_other(d, wanted, model, &d->validation, error);
    return cepa_dataset_split(d->train, fraction, &d->validation, error);
}

static void scale_as(cepa_dataset *data, const cepa_dataset *other)
{
    const cepa_dataset_info *info = cepa_dataset_describe(other);
    if (!data) return;
    cepa_dataset_scale(data, info->scale);
    cepa_dataset_offset(data, info->offset);
}

cepa_status training_data_open(training_data *d, const settings *settings, const cepa_model *model, cepa_error *error)
{
    *d = (training_data){.scale = 0};
    cepa_status status = open_train(d, settings, model, error);
    if (!status) status = choose_validation(d, settings, model, error);
    if (status) return status;
    d->scale = subject_scale(settings, model, d->train);
    if (d->scale != 0) scale_as(d->validation, d->train);
    if (d->scale != 0) scale_as(d->test, d->train);
    return CEPA_OK;
}

void training_data_free(training_data *d)
{
    cepa_dataset_free(d->train);
    cepa_dataset_free(d->validation);
    cepa_dataset_free(d->test);
    *d = (training_data){.scale = 0};
}
