#include "fits.h"
#include "clock.h"
#include "commands.h"
#include "files.h"
#include "record.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process at work on a job. */
typedef struct worker {
    fit_job *job;
    pid_t process; /* 0: none */
    FILE *said;    /* what it writes to stderr */
    double start;
} worker;

typedef struct crew {
    fit_queue *queue;
    worker *workers;
    size_t places, at_work, next, done;
    bool told; /* to end after their step */
    cepa_status status;
    cepa_error *error;
} crew;

/* ---- How many ---- */

size_t fits_find_done(fit_queue *q)
{
    size_t left = 0;
    for (size_t i = 0; i < q->count; i++) {
        q->jobs[i].done = q->jobs[i].found = record_is_done(q->jobs[i].settings.output);
        left += !q->jobs[i].done;
    }
    return left;
}

static size_t all_threads(const fit_queue *q)
{
    cepa_machine machine;
    if (q->threads) return q->threads;
    return cepa_machine_describe(&machine, NULL) == CEPA_OK && machine.threads > 0 ? (size_t)machine.threads : 1;
}

/* A fit on one thread wastes no time on waiting for others, so the more at once the better. */
size_t fits_beside(const fit_queue *q, size_t left)
{
    size_t most = q->at_once ? q->at_once : all_threads(q);
    return left < most ? left : most;
}

size_t fits_threads(const fit_queue *q, size_t left)
{
    size_t beside = fits_beside(q, left), all = all_threads(q);
    return beside && all > beside ? all / beside : 1;
}

/* ---- A process ---- */

/* "cepa fit --data=... -- MODEL": those from the third on are owned, but for the last two. */
typedef struct command_words {
    texts words;
    size_t owned; /* behind the first two */
} command_words;

static bool make_words(const settings *settings, command_words *made)
{
    texts *words = &made->words;
    if (!texts_add(words, invoked()->arguments[0]) || !texts_add(words, "fit")) return false;
    bool written = options_write(fit_command.options, settings, words);
    made->owned = words->count - 2;
    return written && texts_add(words, "--") && texts_add(words, settings->operands[0]) && texts_add(words, NULL);
}

static void free_words(command_words *made)
{
    for (size_t i = 0; i < made->owned; i++) free((char *)made->words.items[2 + i]);
    free(made->words.items);
}

/* In the child: out of the terminal's reach (the parent passes signals on), and never without its parent. */
static void become(char *const *arguments, int said, pid_t parent)
{
    int nothing = open("/dev/null", O_RDWR);
    stop_catching();
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    bool ready = getppid() == parent && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
                 dup2(nothing, STDOUT_FILENO) >= 0 && dup2(said, STDERR_FILENO) >= 0;
    if (ready) execv("/proc/self/exe", arguments);
    _exit(127);
}

static cepa_status start(worker *w, fit_job *job, size_t threads, cepa_error *error)
{
    command_words command = {.owned = 0};
    settings settings = job->settings;
    settings.verbose = "0";
    settings.threads = threads;
    settings.overwrite = true; /* what a fit that was cut short left there */
    *w = (worker){.job = job, .said = tmpfile(), .start = seconds_now()};
    bool ready = w->said && make_words(&settings, &command);
    pid_t parent = getpid();
    if (ready) {
        fflush(NULL);
        w->process = fork();
        if (w->process == 0) become((char *const *)command.words.items, fileno(w->said), parent);
    }
    int cause = errno;
    free_words(&command);
    if (ready && w->process > 0) return CEPA_OK;
    if (w->said) fclose(w->said);
    w->process = 0;
    return fails(error, CEPA_FILE, "cannot start a fit: %s", strerror(cause));
}

/* The last line that a process said, without "cepa: "; to be freed. */
static char *last_line(FILE *said)
{
    char *line = NULL, *last = NULL;
    size_t size = 0;
    rewind(said);
    while (getline(&line, &size, said) > 0) {
        if (strncmp(line, "cepa: ", 6) != 0) continue;
        free(last);
        last = strdup(line + 6);
    }
    free(line);
    if (last) last[strcspn(last, "\n")] = 0;
    return last;
}

/* ---- All of them ---- */

/* Where a signal came or a fit failed the others need not go on: they end after their step. */
static void end_all(crew *c)
{
    for (size_t i = 0; i < c->places && !c->told; i++)
        if (c->workers[i].process) kill(c->workers[i].process, SIGTERM);
    c->told = true;
}

static void start_next(crew *c)
{
    fit_queue *q = c->queue;
    while (c->next < q->count && q->jobs[c->next].done) c->next++;
    if (c->next == q->count) return;
    size_t left = 0, place = 0;
    for (size_t i = c->next; i < q->count; i++) left += !q->jobs[i].done;
    while (c->workers[place].process) place++;
    c->status = start(&c->workers[place], &q->jobs[c->next++], fits_threads(q, left + c->at_work), c->error);
    c->at_work += !c->status;
}

static void fill(crew *c)
{
    size_t next;
    do {
        next = c->next;
        if (c->at_work < c->places && !c->status && !caught_signal()) start_next(c);
    } while (c->next != next && c->at_work < c->places);
}

static void end(crew *c, worker *w, int ended)
{
    fit_job *job = w->job;
    job->done = WIFEXITED(ended) && WEXITSTATUS(ended) == 0;
    job->seconds = seconds_now() - w->start;
    if (job->done) {
        c->done++;
        if (!c->status) c->status = c->queue->ended(c->queue->context, job, c->done, c->error);
    } else if (!caught_signal() && !c->status) {
        char *message = last_line(w->said);
        c->status = fails(c->error, CEPA_DATA, "%s: %s", job->settings.output,
                          message ? message : "the fit was ended from outside");
        free(message);
    }
    fclose(w->said);
    w->process = 0;
    c->at_work--;
}

/* Waits for the next one to end, or for a signal. */
static void wait_for_one(crew *c)
{
    int ended;
    if (caught_signal() || c->status) end_all(c);
    pid_t process = wait_for_child(&ended, c->told);
    for (size_t i = 0; process > 0 && i < c->places; i++)
        if (c->workers[i].process == process) end(c, &c->workers[i], ended);
}

cepa_status fits_run(fit_queue *q, cepa_error *error)
{
    size_t left = fits_find_done(q);
    crew c = {.queue = q, .places = fits_beside(q, left), .done = q->count - left, .error = error};
    c.workers = calloc(c.places + 1, sizeof *c.workers);
    if (!c.workers) return fails_memory(error);
    hold_signals(); /* one that came while a fit is started, or just before the wait, would be lost */
    fill(&c);
    while (c.at_work) {
        wait_for_one(&c);
        fill(&c);
    }
    release_signals();
    free(c.workers);
    if (c.status) return c.status;
    return caught_signal() ? fails(error, CEPA_INTERRUPTED, "stopped by %s", caught_name()) : CEPA_OK;
}
