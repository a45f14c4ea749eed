/* The command: finds the sub-command and hands over. */
#include "commands.h"
#include "files.h"
#include "report.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const command *const commands[] = {
    &fit_command,
    &evaluate_command,
    &predict_command,
    &summary_command,
    &tune_command,
    &compare_command,
    &diff_command,
    &report_command,
    &plot_command,
    &data_list_command,
    &data_info_command,
    &data_grid_command,
    &data_head_command,
    &data_pairs_command,
    &data_check_command,
    &data_fetch_command,
    &filter_command,
    &inspect_activation_command,
    &inspect_filters_command,
    &inspect_maps_command,
    &inspect_unit_command,
    &inspect_dropout_command,
    &inspect_cam_command,
    &inspect_mistakes_command,
    &lesson_quiz_command,
    &doctor_command,
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static command_line line;

const command_line *invoked(void) { return &line; }

static void print_command(FILE *out, const command *command)
{
    fprintf(out, "  %-18s %s\n", command->name, command->purpose);
}

static void print_overview(FILE *out)
{
    fputs("cepa trains, measures and uses Keras models on the processor.\n\nusage: cepa COMMAND ...\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++) print_command(out, commands[i]);
    fputs("\n"
          "MODEL is Keras source text (model.py, or model.py:NAME), a .keras, .h5 or .json file, or a RUN: a folder "
          "that\n"
          "fit left. D is a data set: a name that 'cepa data list' shows, a folder, an archive, .csv, .npz or .npy.\n"
          "'cepa help COMMAND' or 'cepa COMMAND --help' says more; 'cepa --version' prints the version.\n",
          out);
}

/* The command that one word or two name; *words says how many. */
static const command *find_command(int count, char **arguments, int *words)
{
    char two[64] = "";
    if (count > 1) snprintf(two, sizeof two, "%s %s", arguments[0], arguments[1]);
    for (size_t i = 0; i < COMMANDS; i++) {
        *words = 1 + (strcmp(commands[i]->name, two) == 0);
        if (*words == 2 || strcmp(commands[i]->name, arguments[0]) == 0) return commands[i];
    }
    return NULL;
}

/* What follows a group's name in a command of the group, such as 'data'; NULL for other commands. */
static const char *name_in_group(const command *command, const char *group)
{
    size_t length = strlen(group);
    return strncmp(command->name, group, length) == 0 && command->name[length] == ' ' ? command->name + length + 1
                                                                                      : NULL;
}

/* The commands of a group as "list, info, grid"; their number. */
static size_t list_group(const char *group, char *names, size_t size)
{
    size_t count = 0, used = 0;
    *names = 0;
    for (size_t i = 0; i < COMMANDS; i++) {
        const char *name = name_in_group(commands[i], group);
        if (name && used < size) used += (size_t)snprintf(names + used, size - used, "%s%s", count++ ? ", " : "", name);
    }
    return count;
}

static int unknown_command(int count, char **arguments)
{
    char words[64], members[200];
    bool group = list_group(arguments[0], members, sizeof members);
    if (group && count == 1) return misused("%s needs one of %s", arguments[0], members);
    snprintf(words, sizeof words, group ? "%s %s" : "%s", arguments[0], count > 1 ? arguments[1] : "");
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++) names[i] = commands[i]->name;
    const char *near = nearest_name(words, names, COMMANDS, sizeof *names);
    if (near) return misused("there is no command %s (did you mean %s?)", words, near);
    return misused("there is no command %s (see 'cepa help')", words);
}

static int print_help(int count, char **arguments)
{
    int words;
    char members[200];
    if (count == 0) {
        print_overview(stdout);
        return DONE;
    }
    const command *found = find_command(count, arguments, &words);
    if (found)
        options_help(found);
    else if (count == 1 && list_group(arguments[0], members, sizeof members)) {
        for (size_t i = 0; i < COMMANDS; i++)
            if (name_in_group(commands[i], arguments[0])) print_command(stdout, commands[i]);
    } else
        return unknown_command(count, arguments);
    return DONE;
}

/* Chooses the kernels before anything is built; the library takes what --conv says from the environment. */
static cepa_status choose_kernels(const settings *settings, cepa_error *error)
{
    cepa_machine machine;
    if (settings->conv && setenv("CEPA_CONV", settings->conv, 1) != 0) return fails_memory(error);
    return cepa_machine_describe(&machine, error);
}

static int run_command(int count, char **arguments)
{
    int words;
    const command *found = find_command(count, arguments, &words);
    if (!found) return unknown_command(count, arguments);
    settings settings;
    cepa_error error;
    int status = MISUSED;
    if (options_read(found, count - words, arguments + words, &settings)) {
        if (settings.help) {
            options_help(found);
            status = DONE;
        } else if (choose_kernels(&settings, &error) != CEPA_OK)
            status = failed(&error);
        else
            status = found->run(&settings);
    }
    settings_free(&settings);
    return status;
}

/* Results that did not reach stdout are no results. */
static int flush_results(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    complain("cannot write to the standard output: %s", strerror(errno));
    return status ? status : FAILED;
}

int main(int count, char **arguments)
{
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error like a full disk */
    line = (command_line){count, arguments};
    if (count < 2) {
        print_overview(stderr);
        return MISUSED;
    }
    const char *first = arguments[1];
    if (strcmp(first, "--version") == 0)
        printf("cepa %s\n", cepa_version());
    else if (strcmp(first, "help") == 0)
        return flush_results(print_help(count - 2, arguments + 2));
    else if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
        print_overview(stdout);
    else
        return flush_results(run_command(count - 1, arguments + 1));
    return flush_results(DONE);
}
