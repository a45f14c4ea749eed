/* The public handle: a network with all that was said of it and all that it has learned. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "graph/graph.h"

struct training;       /* train/compile.h */
struct compile_values; /* train/choices.h */

struct cepa_model {
    cepa_graph *graph;
    network *network;          /* NULL where building failed: error says why */
    cepa_error error;          /* the first of this model's own calls; the graph keeps those of building */
    arena memory;              /* notes and source */
    struct training *training; /* loss, optimizer, metrics and their state; NULL: not compiled */
    cepa_notes notes;
    cepa_source_info source;
    bool from_source;    /* read from source text: source is valid */
    bool has_weights;    /* they were read from a file or trained */
    const char *warning; /* what of a file's training state could not be taken over; NULL: nothing */
};

/* Makes the handle of a network; the graph owns it. NULL without memory (and then the graph's error says so). */
cepa_model *model_of_network(cepa_graph *graph, network *network);

/* Keeps a call's error in the model, the first one only, and gives its status back. */
cepa_status model_fail(cepa_model *model, const cepa_error *error);

/* Fails with what building said where the model has no network, or is NULL. */
cepa_status model_need_network(const cepa_model *model, cepa_error *error);

/* Compiles from values, as files and source text hold them. tolerant: unknown arguments are passed over. The model does
 * not keep the error. */
cepa_status model_compile_values(cepa_model *model, const struct compile_values *values, bool tolerant,
                                 cepa_error *error);

/* Writes the model as cepa_save does; a context is its handle. The model does not keep the error. */
cepa_status model_save(void *model, const char *path, cepa_error *error);

/* Frees what train/ made. */
void model_free_training(cepa_model *model);

#endif
