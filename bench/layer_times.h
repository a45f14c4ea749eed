/* Times a few layers through the library's own plan and session, whatever its kernels look like: this is the one place
 * of the roofline that knows how the engine is driven. */
#ifndef BENCH_LAYER_TIMES_H
#define BENCH_LAYER_TIMES_H

#include "graph/graph.h"

/* Seconds of an image on one thread; of pack a whole renewal. Where a pass does not exist its time is about 0. */
typedef struct layer_times {
    double forward, weights, inputs; /* gradients: what the pass adds */
    double together;                 /* all of them, as in a step of training */
    double pack;
    double work;  /* operations of an image's forward pass */
    double moved; /* bytes of an image's input and output */
} layer_times;

/* layers: one or more layers in a row, as in a list of Keras' source text ("Conv2D(50, 3), MaxPooling2D()"), on an
 * input of the given shape ("(32, 32, 3)"). Times are medians of the fastest quarter of many turns.
 * Fails as the text or the memory does. */
cepa_status time_layers(const char *shape, const char *layers, layer_times *times, cepa_error *error);

#endif
