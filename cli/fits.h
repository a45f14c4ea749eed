/* Fits as processes of their own, several beside each other. */
#ifndef CLI_FITS_H
#define CLI_FITS_H

#include "options.h"

typedef struct fit_job {
    settings settings; /* of cepa fit: operands[0] is the model, output the folder; nothing in it is owned */
    bool done;         /* its folder holds the finished run */
    bool found;        /* it did so before */
    double seconds;    /* that it took; 0 where it was found */
} fit_job;

typedef struct fit_queue {
    fit_job *jobs;
    size_t count;
    size_t at_once; /* processes beside each other; 0: as many as there are threads */
    size_t threads; /* of all together; 0: those of the machine */
    /* Called after each that succeeds; done of count are. What fails ends the queue. */
    cepa_status (*ended)(void *context, const fit_job *job, size_t done, cepa_error *error);
    void *context;
} fit_queue;

/* Looks which jobs' folders hold finished runs; those are not run again. Gives how many are left. */
size_t fits_find_done(fit_queue *queue);

/* How many run beside each other, and the threads of each. */
size_t fits_beside(const fit_queue *queue, size_t left);
size_t fits_threads(const fit_queue *queue, size_t left);

/* Runs those that are not done, in their order. Numbers do not depend on how many run at once. Ends where one fails
 * (with its message) or a signal comes (CEPA_INTERRUPTED): those that are under way are stopped after their step, and
 * begin again the next time. */
cepa_status fits_run(fit_queue *queue, cepa_error *error);

#endif
