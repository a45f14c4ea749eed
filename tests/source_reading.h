/* Reads Keras source text as the tests want it. */
#ifndef TESTS_SOURCE_READING_H
#define TESTS_SOURCE_READING_H

#include "formats/source.h"

#define KERAS "import keras\nfrom keras import layers\n"

/* A text with a function that returns a model. */
#define TWO                                                                                                            \
    KERAS "def make(units=3):\n"                                                                                       \
          "    i = keras.Input((4,))\n"                                                                                \
          "    return keras.Model(i, layers.Dense(units)(i))\n"

/* A text that was read. */
typedef struct reading {
    cepa_graph *graph;
    source_model model;
    cepa_status status;
    cepa_error error;
} reading;

/* name: the model or function that is meant, or NULL; sets ends with NULL; may be NULL. The text is copied to memory of
 * exactly its size, so that ASan sees any reading behind it. */
reading read_bytes(const char *text, size_t size, const char *name, const char *const *sets, bool keras2);
reading read_text(const char *text);
void end_reading(reading *r);

/* Before a group of tests that read. */
int choose_kernels(void **state);

#endif
