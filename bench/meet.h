/* What two threads that work in step get of this machine at most: they multiply in registers, so neither waits for
 * memory, and meet after each batch, so one that the machine holds up holds up the other. */
#ifndef BENCH_MEET_H
#define BENCH_MEET_H

#include "peak.h"

/* Does batches of so many operations for ever and prints a line after every 16, as fit does after an epoch of 512. A
 * batch is cut into pieces, of which each thread takes another one as long as there are any. */
_Noreturn void meet(peak_run *run, int threads, double operations);

#endif
