/* Operations that a network's convolutions and Dense layers need for one image: two for a multiply-add, done directly,
 * without the taps that fall into the padding. All shares of the peak are of these. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "graph/graph.h"

/* The forward passes. */
double network_forward_work(const network *n);

/* Those and both gradients, without the gradient for an input that has no weights before it. */
double network_training_work(const network *n);

#endif
