#include "estimated.h"
#include "files.h"

#include <math.h>
#include <stdlib.h>

static void measure(estimated *e)
{
    double mean = 0, rows = (double)e->rows;
    for (size_t i = 0; i < e->rows; i++) mean += e->truth[i] / rows;
    for (size_t i = 0; i < e->rows; i++) {
        double wrong = e->predicted[i] - e->truth[i], off = e->truth[i] - mean;
        e->squared += wrong * wrong / rows;
        e->absolute += fabs(wrong) / rows;
        e->squared_of_mean += off * off / rows;
    }
}

cepa_status estimate(estimated *e, const cepa_model *model, const cepa_dataset *data, int threads, cepa_error *error)
{
    outputs o = {.rows = 0};
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    *e = (estimated){.rows = info->rows};
    if (cepa_model_output_count(model) != 1 || info->target_count != 1)
        return fails(error, CEPA_DATA, "it takes a model of one output and data of one target");
    const cepa_array *target = info->targets;
    cepa_status status = outputs_predict(&o, model, data, threads, error);
    bool one = !status && o.arrays[0].size == 1 && (!target->rank || (target->rank == 1 && target->shape[0] == 1));
    if (!status && !one) status = fails(error, CEPA_DATA, "a row has more than one number to predict");
    if (!status) {
        e->name = target->columns ? target->columns[0] : target->name ? target->name : "";
        e->truth = calloc(e->rows + 1, sizeof *e->truth);
        e->predicted = calloc(e->rows + 1, sizeof *e->predicted);
        if (!e->truth || !e->predicted) status = fails_memory(error);
    }
    for (size_t i = 0; i < e->rows && !status; i++) {
        e->truth[i] = cepa_array_number(target, i);
        e->predicted[i] = (double)o.values[0][i];
    }
    if (!status) measure(e);
    outputs_free(&o);
    return status;
}

void estimated_free(estimated *e)
{
    free(e->truth);
    free(e->predicted);
    *e = (estimated){.rows = 0};
}
