/* Threads: OpenMP behind three calls. Built without OpenMP, everything runs on the caller. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include <stddef.h>

/* Threads a call uses by default: OMP_NUM_THREADS, else the machine's cores; 1 inside a caller's parallel region. */
int threads_default(void);

/* The number to use where a caller asked for wanted (0: default). */
int threads_wanted(int wanted);

/* Runs work(context, index, thread) for every index below count on at most threads threads (thread < threads) and waits.
 * Which thread gets which index is not fixed: work may not depend on it. */
void threads_for(int threads, size_t count, void (*work)(void *context, size_t index, int thread), void *context);

/* Denormal numbers count as zero on the calling thread until the state is given back (they cost 100 times the time). */
unsigned flush_to_zero(void);
void flush_restore(unsigned state);

#endif
