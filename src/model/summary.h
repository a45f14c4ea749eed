/* The table of a model: Keras' summary, in the styles of several versions, and the arithmetic behind it. */
#ifndef MODEL_SUMMARY_H
#define MODEL_SUMMARY_H

#include "base/buffer.h"
#include "graph/graph.h"

/* What an optimizer keeps: Keras 3 lists it once it exists (after the first step, not after compile). */
typedef struct optimizer_size {
    size_t numbers, bytes; /* of all its variables, its step counter and learning rate among them; 0: not yet */
} optimizer_size;

/* Writes the summary of a network behind what the buffer holds. Fails for an unknown style. */
cepa_status summary_text(const network *n, const cepa_summary_options *options, const optimizer_size *optimizer,
                         buffer *text, cepa_error *error);

/* ---- Between the files of the summary ---------------------------------------------------------------------------- */

/* A layer's line in the table. */
typedef struct summary_row {
    const layer *layer;
    const char *name, *shape, *parameters, *connections;
} summary_row;

typedef struct summary {
    const network *network;
    const struct summary_style *style;
    bool chain; /* every layer reads the one before it: the table needs no connections */
    size_t row_count;
    summary_row *rows;
    size_t total, not_trained;
    optimizer_size optimizer;
    size_t width;        /* of the terminal, in columns */
    size_t closing_rule; /* underscores below the totals */
    bool color;
    arena memory;
} summary;

typedef struct summary_style {
    const char *name;
    bool keras2;                             /* spellings of shapes and connections */
    const char *const *byte_units;           /* NULL: totals have no sizes */
    bool commas;                             /* in the totals */
    bool (*table)(summary *s, buffer *text); /* false without memory */
} summary_style;

bool summary_table_keras2(summary *s, buffer *text);
bool summary_table_keras2_6(summary *s, buffer *text); /* 2.6 and before */
bool summary_table_keras3(summary *s, buffer *text);

/* How each layer comes to its number of parameters, with its share, and to its output's shape. False without memory. */
bool summary_explain(summary *s, buffer *text);

/* Moves what a buffer holds into the summary's memory; NULL without memory. */
const char *summary_keep(summary *s, buffer *text);

/* "22,550" */
void summary_count(buffer *text, size_t count);

#endif
