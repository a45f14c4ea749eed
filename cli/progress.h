/* The progress of training and measuring, drawn as Keras draws it: a bar on a terminal, lines elsewhere. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cepa.h"
#include "options.h"

typedef struct progress {
    const struct look *look; /* NULL: draws nothing */
    bool bar;                /* redrawn while it goes; else one line at the end */
    bool headed;             /* the line begins with "Epoch 1/10 - " instead of standing below "Epoch 1/10" */
    bool drawn;              /* a bar stands on an unfinished line */
    size_t width;            /* columns of the last redraw */
    double start, after_first, last;
    int epoch, epochs;
    size_t steps;
} progress;

/* What --verbose and --style (or none) ask for, on stdout. */
progress progress_new(const settings *settings);

/* Follows fit and evaluate: call it from a cepa_callback. Draws at most every 0.05 seconds. */
void progress_follow(progress *progress, const cepa_progress *event);

/* Evaluate's end: the final line with its results. */
void progress_finish(progress *progress, const cepa_log *logs, size_t count);

/* Leaves a bar that will not be finished. */
void progress_leave(progress *progress);

#endif
