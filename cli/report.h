/* What the command says besides its results: one line on stderr, and the exit status that goes with it. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cepa.h"

enum { DONE = 0, FAILED = 1, MISUSED = 2 };

/* Prints "cepa: " and the line; below it the line of a source text with a caret, where the message ends with them. */
void complain(const char *format, ...) CEPA_FORMAT(1, 2);
/* The same as "cepa: warning: ...", for what does not end the command. */
void warn(const char *format, ...) CEPA_FORMAT(1, 2);

/* Complains and gives the exit status of a wrong argument. */
int misused(const char *format, ...) CEPA_FORMAT(1, 2);

/* Complains about what the library could not do and gives the exit status that fits. */
int failed(const cepa_error *error);

#endif
