/* SIGINT and SIGTERM: the first is remembered, the second ends the command at once. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <stdbool.h>
#include <sys/types.h>

void catch_signals(void);

/* The signal that came; 0: none. */
int caught_signal(void);
/* "SIGINT" or "SIGTERM"; NULL: none came. */
const char *caught_name(void);

/* Holds SIGINT and SIGTERM back until release_signals, but for the time of wait_for_child. */
void hold_signals(void);
void release_signals(void);

/* In a child process before exec: what comes, or came and was held back, ends it. */
void stop_catching(void);

/* Waits for a child process to end, and gives it; 0 where a signal is caught before, unless that is known. */
pid_t wait_for_child(int *ended, bool known);

#endif
