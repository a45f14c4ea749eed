#include "signals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    if (caught) _exit(128 + number);
    caught = number;
}

void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int caught_signal(void) { return caught; }

const char *caught_name(void) { return !caught ? NULL : caught == SIGINT ? "SIGINT" : "SIGTERM"; }
