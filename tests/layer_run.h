/* Runs one layer, or any small graph, forward and backward through plan and session, on numbers in Keras' order. Built
 * with float for the golden cases and with double for the gradient checks. */
#ifndef TESTS_LAYER_RUN_H
#define TESTS_LAYER_RUN_H

#include "graph/run.h"

enum { MOST_VALUES = 8 };

typedef struct layer_run {
    cepa_graph *graph;
    network *network;
    plan *plan;
    session *session;
    size_t rows, inputs, outputs;
    size_t input_count[MOST_VALUES], output_count[MOST_VALUES];                  /* numbers of one row */
    double *x[MOST_VALUES], *dx[MOST_VALUES], *y[MOST_VALUES], *dy[MOST_VALUES]; /* rows x count, Keras' order */
    double unused; /* what lanes beyond the rows are filled with; 0: the last row, as in use */
    uint32_t *output_order[MOST_VALUES];
    uint32_t *input_order[MOST_VALUES];
} layer_run;

/* A graph of inputs of the given shapes; ids receives their tensors. */
cepa_graph *run_graph(const shape *shapes, size_t count, int *ids);

/* Makes a layer of a class from values and calls it. Gives its first result; fails the test where it is refused. */
int run_layer(cepa_graph *graph, const char *class_name, const named_value *arguments, size_t count, const int *inputs,
              size_t input_count, bool trainable);

/* Plans the part from inputs to outputs for batches of rows, with gradients for all. plain: without fusing. */
void run_prepare(layer_run *run, cepa_graph *graph, const int *inputs, size_t input_count, const int *outputs,
                 size_t output_count, size_t rows, bool training, bool plain, int threads);

/* Runs x forward to y, and dy backward to dx and the weights' gradients. */
void run_once(layer_run *run);

/* The gradient of a trained weight, as many as it has numbers; NULL: it has none. */
const real *run_weight_gradient(const layer_run *run, size_t weight);

void run_free(layer_run *run);

#endif
