/* Keras' serialised objects, {"module", "class_name", "config", "registered_name"}, as arguments for field tables. */
#ifndef FORMATS_KERAS_OBJECT_H
#define FORMATS_KERAS_OBJECT_H

#include "base/fields.h"

/* An object's parts; they belong to the value it was read from. */
typedef struct keras_object {
    const char *class_name;
    const char *module; /* NULL: not said */
    const value *config;
    bool operation; /* on tensors, and no layer or other object */
} keras_object;

/* True for a DICT with a class_name. */
bool keras_is_object(const value *v);

/* Takes an object apart. Refused, with the class in the message: a class of the author's own (another module than
 * Keras', or registered under a package's name), Python code. */
cepa_status keras_object_read(const value *v, keras_object *object, cepa_error *error);

/* A config's members as arguments of kind's fields: objects inside become CALLs, Python's tuples lists. Keys that the
 * table lacks are passed over where their value changes nothing (null, false, what Keras sets by itself), else refused.
 * *arguments stand in the arena. */
cepa_status keras_arguments(arena *arena, const kind *kind, const value *config, named_value **arguments, size_t *count,
                            cepa_error *error);

/* A member of a family as Keras writes it (null, a name, an object) as NONE, TEXT or CALL; NULL on failure. */
const value *keras_member(arena *arena, const family *family, const value *v, cepa_error *error);

/* Checks a layer's dtype: a floating type, or a policy of one, that needs no quantized weights. */
cepa_status keras_check_dtype(const value *v, cepa_error *error);

/* Whatever a compile_config holds: objects become CALLs with all their members, lists and dicts are gone through. NULL
 * on failure. */
const value *keras_value(arena *arena, const value *v, cepa_error *error);

/* The other way round. An object of a module ("keras.layers") and class with a config. NULL without memory. */
const value *keras_object_write(arena *arena, const char *module, const char *class_name, const value *config);

/* Resolved options as a config, each as Keras 3 spells it. NULL without memory or, the error set, for what Keras has no
 * spelling for. */
const value *keras_config_write(arena *arena, const kind *kind, const void *options, cepa_error *error);

/* A value with CALLs in it (an optimizer, losses, metrics) as Keras 3 writes it: CALLs become objects of the module,
 * without members that say nothing. NULL without memory. */
const value *keras_value_write(arena *arena, const char *module, const value *v);

#endif
