/* Compiling, training, measuring and predicting, as a C program calls them. */
#include "train/train.h"
#include "model/model.h"
#include "train/metric.h"

#include <string.h>

/* ---- Compile ----------------------------------------------------------------------------------------------------- */

/* CEPA_OK where the model stands and is compiled. */
static cepa_status need_training(cepa_model *model, const char *what)
{
    cepa_error error;
    cepa_status status = cepa_model_status(model);
    if (status || model->training) return status;
    if (model->warning)
        fail(&error, CEPA_ARGUMENT, "%s needs a compiled model: %s", what, model->warning);
    else if (model->from_source)
        fail(&error, CEPA_ARGUMENT,
             "%s needs a compiled model: its text must say model.compile(optimizer=..., loss=...), or have "
             "exactly one function for it: def compile_model(model)",
             what);
    else
        fail(&error, CEPA_ARGUMENT, "%s needs a compiled model: call compile first", what);
    return model_fail(model, &error);
}

void model_free_training(cepa_model *model)
{
    training_free(model->training);
    model->training = NULL;
}

/* Puts a new training in the old one's place. *memory, where the choices stand, is taken over. */
static cepa_status install(cepa_model *model, arena *memory, const choices *choices, cepa_error *error)
{
    training *made;
    cepa_status status = training_new(model->network, memory, choices, &made, error);
    if (status) return status;
    if (model->training) made->epoch = model->training->epoch;
    model_free_training(model);
    model->training = made;
    model->warning = NULL;
    return CEPA_OK;
}

/* From a program's options, or from values where they are NULL. */
static cepa_status compile(cepa_model *model, const cepa_compile_options *options, const compile_values *values,
                           bool tolerant, cepa_error *error)
{
    arena memory = {0};
    choices chosen;
    size_t outputs = model->network->outputs;
    const char *const *names = output_names(&memory, model->network);
    cepa_status status = !names    ? fail_memory(error)
                         : options ? choices_take(&memory, options, names, outputs, &chosen, error)
                                   : choices_read(&memory, values, tolerant, names, outputs, &chosen, error);
    if (!status) return install(model, &memory, &chosen, error);
    arena_free(&memory);
    return status;
}

cepa_status model_compile_values(cepa_model *model, const compile_values *values, bool tolerant, cepa_error *error)
{
    return compile(model, NULL, values, tolerant, error);
}

cepa_status cepa_compile_with(cepa_model *model, const cepa_compile_options *options)
{
    cepa_error error = {0};
    cepa_status status = cepa_model_status(model);
    if (status) return status;
    return compile(model, options, NULL, false, &error) ? model_fail(model, &error) : CEPA_OK;
}

/* The optimizer and the losses as they are, and other metrics. */
static cepa_status with_metrics(arena *memory, const training *t, const char *metrics, compile_values *made,
                                cepa_error *error)
{
    const char *list = arena_format(memory, "(%s,)", metrics);
    if (!list || !choices_write(memory, &t->choices, made)) return fail_memory(error);
    made->metrics = value_parse(memory, list, error);
    made->weighted_metrics = NULL;
    return made->metrics ? CEPA_OK : fail_in(error, CEPA_ARGUMENT, "metrics");
}

cepa_status cepa_model_measure(cepa_model *model, const char *metrics)
{
    arena memory = {0};
    compile_values values;
    cepa_error error = {0};
    cepa_status status = need_training(model, "measuring");
    if (status) return status;
    status = with_metrics(&memory, model->training, metrics, &values, &error);
    if (!status) status = model_compile_values(model, &values, false, &error);
    arena_free(&memory);
    return status ? model_fail(model, &error) : CEPA_OK;
}

cepa_status cepa_set_optimizer(cepa_model *model, cepa_choice optimizer)
{
    arena memory = {0};
    member chosen;
    compile_values values;
    cepa_error error = {0};
    cepa_status status = need_training(model, "another optimizer");
    if (status) return status;
    status = choice_take(&memory, &optimizer_family, &optimizer, &chosen, &error);
    if (!status) {
        choices changed = model->training->choices;
        changed.optimizer = chosen;
        status = choices_write(&memory, &changed, &values) ? model_compile_values(model, &values, false, &error)
                                                           : fail_memory(&error);
    }
    arena_free(&memory);
    return status ? model_fail(model, &error) : CEPA_OK;
}

const char *cepa_model_warning(const cepa_model *model, size_t index)
{
    const training *t = model->training;
    if (model->warning && index-- == 0) return model->warning;
    return t && index < t->warning_count ? t->warnings[index] : NULL;
}

/* ---- Training and measuring -------------------------------------------------------------------------------------- */

/* An end that the caller asked for is no error of the model's. */
static cepa_status keep_error(cepa_model *model, cepa_status status, const cepa_error *error)
{
    return status && status != CEPA_INTERRUPTED ? model_fail(model, error) : status;
}

cepa_status cepa_fit_with(cepa_model *model, const cepa_dataset *data, const cepa_fit_options *options)
{
    cepa_error error = {0};
    cepa_status status = need_training(model, "fit");
    if (status) return status;
    const model_saver saver = {model_save, model};
    status = training_fit(model->training, data, options, &saver, &error);
    if (!status || status == CEPA_INTERRUPTED) model->has_weights = true;
    return keep_error(model, status, &error);
}

const cepa_history_table *cepa_history(const cepa_model *model)
{
    static const cepa_history_table empty;
    return model->training ? &model->training->history : &empty;
}

bool cepa_larger_is_better(const char *name) { return metric_name_rises(name); }

const char *cepa_callback_that_writes(const char *callback) { return callback_that_writes(callback); }

cepa_status cepa_evaluate_with(cepa_model *model, const cepa_dataset *data, const cepa_evaluate_options *options,
                               const cepa_log **logs, size_t *count)
{
    static const cepa_evaluate_options defaults;
    cepa_error error = {0};
    *logs = NULL;
    *count = 0;
    cepa_status status = need_training(model, "evaluate");
    if (status) return status;
    status = training_evaluate(model->training, data, options ? options : &defaults, logs, count, &error);
    return keep_error(model, status, &error);
}

cepa_status cepa_output_shape(const cepa_model *model, const cepa_dataset *data, size_t index, size_t *rank,
                              int shape[CEPA_MAX_RANK], cepa_error *error)
{
    cepa_status status = model_need_network(model, error);
    if (status) return status;
    if (index >= model->network->outputs)
        return fail(error, CEPA_ARGUMENT, "the model has %zu outputs, no output %zu", model->network->outputs, index);
    struct shape found;
    status = network_output_shape(model->network, data, index, &found, error);
    if (status) return status;
    *rank = found.rank;
    memcpy(shape, found.size, found.rank * sizeof *shape);
    return CEPA_OK;
}

cepa_status cepa_predict(const cepa_model *model, const cepa_dataset *data, float *const *outputs, size_t output_count,
                         int threads, cepa_error *error)
{
    cepa_status status = model_need_network(model, error);
    return status ? status : network_predict(model->network, data, outputs, output_count, threads, error);
}
