/* cepa doctor: what this machine and this build have, and how they do a model's layers. */
#include "commands.h"
#include "json.h"
#include "report.h"
#include "subject.h"
#include "text_table.h"

#include <stdlib.h>
#include <string.h>

static const char *const variables[] = {"CEPA_CPU", "CEPA_CONV", "OMP_NUM_THREADS", "CEPA_DATA", "XDG_CACHE_HOME"};

static void print_text(const cepa_machine *machine)
{
    printf("cepa             %s\n", cepa_version());
    printf("processor        %s\n", machine->processor);
    printf("instruction set  %s\n", machine->instruction_set);
    printf("threads          %d\n", machine->threads);
    printf("parts            %s\n", machine->features);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (getenv(variables[i])) printf("%-16s %s\n", variables[i], getenv(variables[i]));
}

static void print_json(const cepa_machine *machine)
{
    json j = {.out = stdout};
    json_open(&j, NULL, '{');
    json_text(&j, "cepa", cepa_version());
    json_text(&j, "processor", machine->processor);
    json_text(&j, "instruction_set", machine->instruction_set);
    json_whole(&j, "threads", (size_t)machine->threads);
    json_text(&j, "parts", machine->features);
    json_open(&j, "environment", '{');
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (getenv(variables[i])) json_text(&j, variables[i], getenv(variables[i]));
    json_close(&j, '}');
    json_open(&j, "data", '{');
    size_t count;
    const cepa_known_dataset *known = cepa_known_datasets(&count);
    for (size_t i = 0; i < count; i++) {
        char path[1000] = "";
        cepa_dataset_locate(known[i].name, path, sizeof path, NULL);
        json_text(&j, known[i].name, known[i].generated ? "generated" : *path ? path : NULL);
    }
    json_close(&j, '}');
    json_close(&j, '}');
}

/* ---- Kernels ---- */

/* How a model's layers that are convolutions are done; of no model: none. */
typedef struct layers {
    cepa_graph *graph; /* that their names belong to */
    cepa_kernel_info *list;
    size_t count;
} layers;

static void print_rule(const cepa_machine *machine)
{
    printf("instruction set  %s\nconvolutions     ", machine->instruction_set);
    if (strcmp(machine->convolutions, "direct") == 0)
        puts("direct: each multiplies as its definition says");
    else
        puts("by their shapes: 3x3 at stride 1 by Winograd's F(2x2,3x3), their weight gradients by F(3x3,2x2),\n"
             "                 where channels and outputs are enough to gain by it; others, and Dense, direct");
}

static void print_kernels(const layers *layers)
{
    static const char *const heads[] = {"layer",          "output shape",    "forward",
                                        "input gradient", "weight gradient", "with it"};
    text_table table = text_table_new(sizeof heads / sizeof *heads);
    text_table_texts(&table, heads);
    for (const cepa_kernel_info *k = layers->list; k < layers->list + layers->count; k++) {
        char shape[100];
        shape_print(k->output_shape, k->rank, shape);
        const char *const cells[] = {k->layer, shape, k->forward, k->gradient_inputs, k->gradient_weights, k->fused};
        text_table_row(&table);
        for (size_t i = 0; i < table.columns; i++) text_table_set(&table, i, "%s", cells[i] ? cells[i] : "-");
    }
    text_table_print(&table, stdout);
    text_table_free(&table);
}

static void print_kernels_json(const cepa_machine *machine, const layers *layers)
{
    json j = {.out = stdout};
    json_open(&j, NULL, '{');
    json_text(&j, "instruction_set", machine->instruction_set);
    json_text(&j, "convolutions", machine->convolutions);
    json_open(&j, "layers", '[');
    for (const cepa_kernel_info *k = layers->list; k < layers->list + layers->count; k++) {
        json_open(&j, NULL, '{');
        json_text(&j, "name", k->layer);
        json_shape(&j, "output_shape", k->output_shape, k->rank);
        json_text(&j, "forward", k->forward);
        json_text(&j, "gradient_inputs", k->gradient_inputs);
        json_text(&j, "gradient_weights", k->gradient_weights);
        json_text(&j, "fused", k->fused);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
}

static cepa_status read_layers(const settings *settings, layers *layers, cepa_error *error)
{
    cepa_model *model;
    cepa_status status = subject_model(settings, &model, error);
    if (status) return status;
    status = cepa_model_kernels(model, &layers->list, &layers->count, error);
    layers->graph = cepa_model_graph(model);
    return status;
}

static int show_kernels(const settings *settings, const cepa_machine *machine)
{
    layers layers = {.count = 0};
    cepa_error error = {CEPA_OK, ""};
    cepa_status status = settings->operand_count ? read_layers(settings, &layers, &error) : CEPA_OK;
    if (!status && settings->json)
        print_kernels_json(machine, &layers);
    else if (!status && settings->operand_count)
        print_kernels(&layers);
    else if (!status)
        print_rule(machine);
    free(layers.list);
    cepa_graph_free(layers.graph);
    return status ? failed(&error) : DONE;
}

static int doctor_main(const settings *settings)
{
    cepa_machine machine;
    cepa_error error;
    if (cepa_machine_describe(&machine, &error) != CEPA_OK) return failed(&error);
    if (settings->show_kernels) return show_kernels(settings, &machine);
    if (settings->operand_count) return misused("doctor takes a model with --kernels only");
    if (settings->json) {
        print_json(&machine);
        return DONE;
    }
    print_text(&machine);
    puts("data sets");
    return data_list_command.run(settings);
}

static const option options[] = {
    OPTION("kernels", show_kernels, TAKES_NOTHING,
           .help = "how convolutions are done; of a MODEL, each layer that is one"),
    CONV_OPTION,
    SET_OPTION,
    JSON_OPTION,
    END_OF_OPTIONS,
};

const command doctor_command = {
    .name = "doctor",
    .operands = "[MODEL]",
    .purpose = "Says what this machine and this build of cepa have, and how they do a MODEL's layers",
    .options = options,
    .most = 1,
    .run = doctor_main,
};
