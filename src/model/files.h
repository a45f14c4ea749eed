/* Between the model's handle and its files. */
#ifndef MODEL_FILES_H
#define MODEL_FILES_H

#include "base/buffer.h"
#include "model/model.h"
#include "train/compile.h"

/* One file being opened, on a graph of its own. */
typedef struct load_call {
    const char *path, *name; /* name: of one model in a source text, or NULL */
    const buffer *contents;
    const cepa_load_options *options;
    cepa_graph *graph;
    cepa_model **model; /* to be set */
} load_call;

/* A .keras archive; architecture JSON. */
cepa_status load_archive(const load_call *c, cepa_error *error);
cepa_status load_json(const load_call *c, cepa_error *error);

/* Compiles a model as values say. tolerant: of arguments that are not known (files of other versions). */
cepa_status model_compile_values(cepa_model *model, const compile_values *values, bool tolerant, cepa_error *error);

#endif
