/* cepa doctor: what this machine and this build have. */
#include "commands.h"
#include "json.h"
#include "report.h"
#include "subject.h"

#include <stdlib.h>

static const char *const variables[] = {"CEPA_CPU", "OMP_NUM_THREADS", "CEPA_DATA", "XDG_CACHE_HOME"};

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

static int doctor_main(const settings *settings)
{
    cepa_machine machine;
    cepa_error error;
    if (cepa_machine_describe(&machine, &error) != CEPA_OK) return failed(&error);
    if (settings->json) {
        print_json(&machine);
        return DONE;
    }
    print_text(&machine);
    puts("data sets");
    return data_list_command.run(settings);
}

const command doctor_command = {
    .name = "doctor",
    .operands = "",
    .purpose = "Says what this machine and this build of cepa have",
    .options = (const option[]){JSON_OPTION, END_OF_OPTIONS},
    .run = doctor_main,
};
