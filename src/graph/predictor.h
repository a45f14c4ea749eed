/* What a prediction needs to run, kept by the graph from one call to the next: for a single image, planning and
 * starting threads would take longer than the image. */
#ifndef GRAPH_PREDICTOR_H
#define GRAPH_PREDICTOR_H

#include "graph/run.h"

typedef struct predictor {
    const network *network;
    bool apart; /* one image at a time */
    size_t most_rows;
    int threads;
    long process; /* whose threads they are: a child of fork has none of them */
    plan *plan;
    session *session;
    uint32_t **output_order; /* Keras' place of each element, by output */
    struct predictor *next;  /* among those that wait */
} predictor;

/* One of the graph's that waits, its weights' packed forms brought up to date, or a new one. The caller has it for
 * itself and gives it back. Any thread. */
cepa_status predictor_take(const network *network, bool apart, size_t most_rows, int threads, predictor **taken,
                           cepa_error *error);
void predictor_give_back(predictor *p); /* NULL is taken */

/* Frees a list of them. */
void predictors_free(predictor *list);

#endif
