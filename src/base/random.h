/* Random numbers without state: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3,
 * SC 2011). A number depends on where it is used alone, so any order and any number of threads draws the same. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The four words at a counter under a key. */
void philox(const uint32_t counter[4], uint64_t key, uint32_t words[4]);

/* A named place that draws numbers: a layer's weights, a layer's mask, the order of an epoch. */
typedef struct random_stream {
    uint64_t key;   /* the seed */
    uint32_t hash;  /* of the name, purpose and call index */
    uint32_t epoch; /* counts from the model's first fit */
} random_stream;

/* A stream of seed for a purpose ("dropout", "kernel") of the named owner's call. */
random_stream random_stream_of(uint64_t seed, const char *owner, const char *purpose, uint32_t call);

/* The word of element of row (its place in the epoch's order). */
uint32_t random_word(const random_stream *stream, uint32_t row, uint64_t element);

/* Uniform in [0, 1): 24 bits for real results, 53 bits for double ones. */
double random_uniform24(uint32_t word);
double random_uniform53(const random_stream *stream, uint64_t element);
/* Standard normal by the Box-Muller transform of two 53-bit uniforms. */
double random_normal(const random_stream *stream, uint64_t element);

/* The order of an epoch: a Fisher-Yates shuffle of 0 ... count-1 by multiply-high with rejection (Lemire 2019). */
void random_order(const random_stream *stream, size_t *order, size_t count);

#endif
