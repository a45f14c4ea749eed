/* SIGINT and SIGTERM: the first is remembered, the second ends the command at once. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

void catch_signals(void);

/* The signal that came; 0: none. */
int caught_signal(void);
/* "SIGINT" or "SIGTERM"; NULL: none came. */
const char *caught_name(void);

#endif
