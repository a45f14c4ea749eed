/* The folder that a search or a comparison leaves: many runs, and what they were made with. */
#ifndef CLI_SEARCH_FOLDER_H
#define CLI_SEARCH_FOLDER_H

#include "options.h"

/* Takes the folder for the runs that plan describes (JSON, a line a member): makes it, or goes on in it where it holds
 * the same plan; then *resumed is true. Refused are another plan there (the message shows the first line that differs)
 * unless overwrite removes it, a folder of something else, and one that another such command works in. *lock is held
 * until the program ends. */
cepa_status search_folder_take(const char *path, const char *plan, bool overwrite, bool *resumed, int *lock,
                               cepa_error *error);

/* Writes a command's plan: what must be the same for its fits to be gone on with, that is all but how many seeds and
 * trials, and what does not change numbers; and the text of the models' files, since the same name may hold another
 * model tomorrow. *text is to be freed. */
cepa_status plan_write(const command *command, const settings *settings, char **text, cepa_error *error);

#endif
