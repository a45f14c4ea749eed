/* What cepa filter works on, and how it shows what came of it. */
#ifndef CLI_FILTERING_H
#define CLI_FILTERING_H

#include "cepa.h"
#include "options.h"

enum { MOST_WAYS = 4 };

/* One kind of padding and what comes of it. */
typedef struct way {
    char padding[16];
    cepa_filter_options how;
    cepa_matrix sums;   /* of the products; without values where the output is just that */
    cepa_matrix output; /* with bias and activation */
} way;

typedef struct filtering {
    cepa_matrix input, kernel;
    const char *preset; /* the kernel's name; NULL: it has none */
    size_t count;
    way ways[MOST_WAYS];
    bool explained; /* --at */
    size_t at[2];
    bool turned; /* --flip */
    double bias;
    const char *activation; /* NULL: none */
} filtering;

/* The output of a way in numbers, or their range where they are many. */
void filtering_print(const filtering *filtering, const way *way);

/* The number of --at: the window's numbers times the kernel's. */
cepa_status filtering_explain(const filtering *filtering, const way *way, cepa_error *error);

/* All that was computed, as JSON; with --at the window too. */
cepa_status filtering_json(const filtering *filtering, cepa_error *error);

/* Input, kernel and output beside each other, a row for each way: on the terminal, in the file of --figure. */
cepa_status filtering_draw(const filtering *filtering, const settings *settings, cepa_error *error);

/* Every number of the output in turn: its window marked in the tables, and its arithmetic. At a terminal the next one
 * comes with Enter. */
cepa_status filtering_step(filtering *filtering, const settings *settings, cepa_error *error);

/* The first way's output: numbers or a picture, by the path's extension. */
cepa_status filtering_write(const filtering *filtering, const char *path, cepa_error *error);

void filtering_print_presets(void);

#endif
