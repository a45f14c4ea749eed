/* cepa summary: a model's layers, shapes and parameters. */
#include "commands.h"
#include "json.h"
#include "report.h"
#include "subject.h"
#include "terminal.h"

#include <stdlib.h>

static const option options[] = {
    STYLE_OPTION,
    OPTION("explain", explain, TAKES_NOTHING, .help = "the formula of each layer's parameters and its share"),
    WIDTH_OPTION,
    SET_OPTION,
    JSON_OPTION,
    END_OF_OPTIONS,
};

static cepa_status print_text(const settings *settings, const cepa_model *model, cepa_error *error)
{
    char *text;
    cepa_text_options screen = terminal(settings);
    cepa_summary_options how = {
        .style = settings->style, .explain = settings->explain, .width = screen.width, .color = screen.color};
    cepa_status status = cepa_summary(model, &how, &text, error);
    if (status) return status;
    fputs(text, stdout);
    free(text);
    return CEPA_OK;
}

static void print_layer(json *j, const cepa_layer_info *layer)
{
    json_open(j, NULL, '{');
    json_text(j, "name", layer->name);
    json_text(j, "class", layer->class_name);
    json_shape(j, "output_shape", layer->output_shape, layer->rank);
    json_whole(j, "parameters", layer->parameters);
    json_whole(j, "trainable_parameters", layer->trainable_parameters);
    json_close(j, '}');
}

static void print_json(const cepa_model *model)
{
    json j = {.out = stdout};
    cepa_layer_info layer;
    size_t parameters = 0, trainable = 0;
    json_open(&j, NULL, '{');
    json_text(&j, "name", cepa_model_name(model));
    json_open(&j, "layers", '[');
    for (size_t i = 0; i < cepa_model_layer_count(model); i++) {
        if (cepa_model_layer(model, i, &layer) != CEPA_OK) continue;
        print_layer(&j, &layer);
        parameters += layer.parameters;
        trainable += layer.trainable_parameters;
    }
    json_close(&j, ']');
    json_whole(&j, "parameters", parameters);
    json_whole(&j, "trainable_parameters", trainable);
    json_close(&j, '}');
}

static int summary_main(const settings *settings)
{
    cepa_error error = {CEPA_OK, ""};
    cepa_model *model;
    cepa_status status = subject_model(settings, &model, &error);
    if (status) return failed(&error);
    if (settings->json)
        print_json(model);
    else
        status = print_text(settings, model, &error);
    subject_free(model);
    return status ? failed(&error) : DONE;
}

const command summary_command = {
    .name = "summary",
    .operands = "MODEL",
    .purpose = "Prints a MODEL's layers, shapes and parameters",
    .options = options,
    .least = 1,
    .most = 1,
    .run = summary_main,
};
