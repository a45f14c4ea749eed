#include "meet.h"

#include "base/threads.h"

#include <stdio.h>

enum { PIECES = 8, BATCHES = 16 };

typedef struct piece {
    peak_run *run;
    size_t turns;
} piece;

static void run_piece(void *context, size_t index, int thread)
{
    (void)index, (void)thread;
    const piece *p = context;
    p->run(p->turns);
}

_Noreturn void meet(peak_run *run, int threads, double operations)
{
    piece each = {run, (size_t)(operations / run(1) / PIECES)};
    team *team = team_new(threads);
    for (;;) {
        for (int i = 0; i < BATCHES; i++) team_for(team, PIECES, run_piece, &each);
        printf("%d/%d - multiplied\n", BATCHES, BATCHES);
        fflush(stdout);
    }
}
