/* The command: finds the sub-command and hands over. */
#include "commands.h"
#include "report.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const command *const commands[] = {
    &fit_command,        &evaluate_command,  &predict_command,   &summary_command,   &tune_command,
    &plot_command,       &data_list_command, &data_info_command, &data_grid_command, &data_check_command,
    &data_fetch_command, &filter_command,    &doctor_command,
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static command_line line;

const command_line *invoked(void) { return &line; }

static void print_overview(FILE *out)
{
    fputs("cepa trains, measures and uses Keras models on the processor.\n\nusage: cepa COMMAND ...\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++) fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->purpose);
    fputs("\n'cepa help COMMAND' says more; 'cepa --version' prints the version.\n", out);
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

/* 'data' alone names no command but a group of them. */
static bool is_group(const char *word)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strncmp(commands[i]->name, word, strlen(word)) == 0 && commands[i]->name[strlen(word)] == ' ') return true;
    return false;
}

static int unknown_command(int count, char **arguments)
{
    char words[64];
    bool group = is_group(arguments[0]);
    if (group && count == 1) return misused("%s needs one of list, info, grid, check and fetch", arguments[0]);
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
    if (count == 0) {
        print_overview(stdout);
        return DONE;
    }
    const command *found = find_command(count, arguments, &words);
    if (found)
        options_help(found);
    else if (count == 1 && is_group(arguments[0])) {
        for (size_t i = 0; i < COMMANDS; i++)
            if (strncmp(commands[i]->name, arguments[0], strlen(arguments[0])) == 0)
                printf("  %-12s %s\n", commands[i]->name, commands[i]->purpose);
    } else
        return unknown_command(count, arguments);
    return DONE;
}

static int run_command(int count, char **arguments)
{
    int words;
    const command *found = find_command(count, arguments, &words);
    if (!found) return unknown_command(count, arguments);
    settings settings;
    cepa_error error;
    cepa_machine machine;
    int status = MISUSED;
    if (options_read(found, count - words, arguments + words, &settings)) {
        if (settings.help) {
            options_help(found);
            status = DONE;
        } else if (cepa_machine_describe(&machine, &error) != CEPA_OK)
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
