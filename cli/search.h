/* The trials of a search: which values each gives to what is varied. */
#ifndef CLI_SEARCH_H
#define CLI_SEARCH_H

#include "space.h"

/* A name's value in a trial. */
typedef struct assignment {
    char *name;
    char *text; /* "name=value" */
} assignment;

/* One setting of everything that is varied. Of what a model's text declares only under some values, it has what its own
 * values bring. */
typedef struct trial {
    size_t count;
    assignment *items;
    settings settings; /* of fit: those of the search and what the trial sets */
    size_t parameters; /* of its model */
} trial;

typedef struct search {
    const settings *settings; /* of tune */
    const option *options;    /* of fit */
    space *varied;            /* by --vary */
    size_t varied_count;
    trial *trials;
    size_t count;
    texts columns; /* the names of all trials, in order */
} search;

/* Makes every trial of the grid, the last name varying fastest, or --trials of them at random (fewer where there are no
 * more). Each trial's model is made once, so that a value that does not fit is refused here. search is to be freed,
 * also after a failure. */
cepa_status search_make(search *search, const settings *settings, const option *options, cepa_error *error);
void search_free(search *search);

/* The trial's value of that name; NULL: it has none. */
const char *trial_value(const trial *trial, const char *name);
/* "dropout_rate=0.45 units=64", cut to size. */
void trial_print(const trial *trial, char *text, size_t size);

#endif
