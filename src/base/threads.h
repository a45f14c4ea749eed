/* Threads that share out work by number. A team waits briefly awake and then asleep: where others want the processor
 * too, a thread that spins takes it from the one it waits for (OpenMP's do, for milliseconds). */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include <stdbool.h>
#include <stddef.h>

/* Threads a call uses by default: OMP_NUM_THREADS, else the processors this process may use; 1 inside a parallel region
 * of a caller that uses OpenMP. */
int threads_default(void);

/* The number to use where a caller asked for wanted (0: default). */
int threads_wanted(int wanted);

/* The caller and size - 1 threads of its own, for one caller at a time. */
typedef struct team team;

/* A team of wanted threads (0: default), or of fewer where the system gives no more. NULL without memory. */
team *team_new(int wanted);
void team_free(team *team);      /* NULL is taken */
int team_size(const team *team); /* NULL: 1, the caller alone */

/* One piece of a job. Which thread does it is not fixed: nothing but the place of its memory may depend on that. */
typedef void team_work(void *context, size_t index, int thread);

/* Runs work for every index below count, thread below team_size, and waits for all. A thread begins with indices of its
 * own, the same ones each time: what it wrote in one job it finds in its own cache in the next. Denormal numbers
 * count as zero meanwhile (they cost 100 times the time). team NULL: the caller alone. */
void team_for(team *team, size_t count, team_work *work, void *context);

/* What follows a job, piece by piece: each as soon as ready says so, though pieces of the job are still being done. A
 * piece that is ready stays so until it is done. Of those that one thread begins with, none begins before the ones
 * ahead of it are ready: they stand in the order in which they become so. */
typedef struct team_sequel {
    size_t count;
    team_work *work;
    bool (*ready)(const void *context, size_t index);
} team_sequel;

/* team_for, and in the same way the sequel, by threads that find nothing of the job itself left. */
void team_for_then(team *team, size_t count, team_work *work, const team_sequel *sequel, void *context);

/* To be called within a piece of either, after it has changed what ready says. NULL is taken. */
void team_advance(team *team);

/* Threads that a team_offer would reach now: the one that asks, and those without work. */
size_t team_hands(const team *team);

/* Within a piece of work that thread does: runs further work for every index below count, in which threads without work
 * take part, and waits for all. */
void team_offer(team *team, size_t count, team_work *work, void *context, int thread);

#endif
