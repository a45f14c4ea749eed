/* Keras source text (.py) as a model: its declarative part is read, nothing is executed. ARCHITECTURE.md says which
 * part. */
#ifndef FORMATS_SOURCE_H
#define FORMATS_SOURCE_H

#include "base/value.h"
#include "graph/graph.h"
#include "train/choices.h"

/* What a text says. Everything in it belongs to the graph. */
typedef struct source_model {
    network *network;
    bool compiled;
    compile_values compile; /* of model.compile(...), checked but not resolved */
    cepa_source_info info;
} source_model;

/* Where NAME stands in FILE.py:NAME; NULL in a path without one. */
const char *keras_source_name(const char *path);

/* Reads size bytes of source text (a 0 may stand among them, but is refused) and makes its models on an empty graph.
 * *result is the one that name names (a variable, or a function that returns one); name NULL: the variable model, else
 * the last one assigned, else what the file's only function that returns a model gives. One that is named or made by
 * such a function and that the text does not compile is compiled as its other models are, else by its only function
 * that compiles what it is given. options: set replaces
 * parameters of the functions that are called, and numbers and texts assigned at top level; may be NULL. What is
 * outside the language is refused as CEPA_SYNTAX, a wrong argument or shape with the status of its cause:
 * "PATH:LINE:COLUMN: what, what was expected", the source line and a caret, a line each. A name that does not exist and
 * a set that replaces nothing: CEPA_ARGUMENT, with those that do. The graph must be freed after a failure. */
cepa_status keras_source_read(const char *path, const char *name, const char *text, size_t size,
                              const cepa_load_options *options, cepa_graph *graph, source_model *result,
                              cepa_error *error);

#endif
