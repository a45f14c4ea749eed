/* The engine's number and its vector: the same pixel or unit of sixteen images, side by side. */
#ifndef KERNELS_LANES_H
#define KERNELS_LANES_H

#include <stddef.h>
#include <stdint.h>

/* The engine is built twice: with float, and once more with double for the gradient checks of the tests. */
#ifdef CEPA_DOUBLE
typedef double real;
#else
typedef float real;
#endif

enum { LANES = 16 };

/* An activation of Keras shape (h, w, c) is lanes a[c][h][w]: the last axis outermost, the others in order. */
typedef struct lanes {
    _Alignas(64) real lane[LANES];
} lanes;

#endif
