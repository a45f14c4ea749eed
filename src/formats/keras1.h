/* Models of Keras 1, in the words of Keras 2. */
#ifndef FORMATS_KERAS1_H
#define FORMATS_KERAS1_H

#include "base/error.h"
#include "base/value.h"

/* True for the text of a version that begins with 1. */
bool is_keras1(const char *version);

/* The description of a model with the layers' classes and arguments renamed; what has no other name stays, and is
 * refused where it is read. NULL on failure, with layer and reason. */
const value *keras1_translate(arena *memory, const value *object, cepa_error *error);

#endif
