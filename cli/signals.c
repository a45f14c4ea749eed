#include "signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
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

static sigset_t others; /* what was held back before */

static void on_child(int number) { (void)number; } /* only to be woken */

void hold_signals(void)
{
    sigset_t held;
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);
    sigemptyset(&held);
    sigaddset(&held, SIGCHLD);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, &others);
}

void release_signals(void) { sigprocmask(SIG_SETMASK, &others, NULL); }

void stop_catching(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    release_signals();
}

pid_t wait_for_child(int *ended, bool known)
{
    pid_t process;
    while ((process = waitpid(-1, ended, WNOHANG)) == 0 && (known || !caught)) sigsuspend(&others);
    return process;
}

int caught_signal(void) { return caught; }

const char *caught_name(void) { return !caught ? NULL : caught == SIGINT ? "SIGINT" : "SIGTERM"; }
