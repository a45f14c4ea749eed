/* Layers that Keras writes where an activation has arguments: it has no other way to spell them. */
#ifndef FORMATS_KERAS_ACTIVATION_H
#define FORMATS_KERAS_ACTIVATION_H

/* An activation function and the layer of the same meaning, whose config has the function's arguments. */
typedef struct activation_spelling {
    const char *function, *layer;
    const char *argument, *keras2_argument; /* of a layer that Keras 2 called differently; NULL: none */
} activation_spelling;

/* By either name; NULL: there is none. */
const activation_spelling *activation_spelling_of(const char *name);

#endif
