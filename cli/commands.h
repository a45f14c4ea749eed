/* The commands, one file each. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "options.h"

extern const command tune_command, compare_command, diff_command, report_command, lesson_quiz_command;
extern const command fit_command, evaluate_command, predict_command, summary_command, plot_command, doctor_command,
    filter_command;
extern const command inspect_activation_command, inspect_filters_command, inspect_maps_command, inspect_unit_command,
    inspect_dropout_command, inspect_cam_command, inspect_mistakes_command;
extern const command data_list_command, data_info_command, data_grid_command, data_head_command, data_pairs_command,
    data_check_command, data_fetch_command;

/* The whole command line, for what a run remembers. */
typedef struct command_line {
    int count;
    char **arguments;
} command_line;
const command_line *invoked(void);

#endif
