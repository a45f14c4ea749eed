/* What a search may try for one name: a list of values, or a range. */
#ifndef CLI_SPACE_H
#define CLI_SPACE_H

#include "options.h"

typedef struct space {
    char *name;
    texts values; /* as typed; none: a range that is no list */
    bool whole, logarithmic;
    double low, high;
} space;

/* Reads NAME=V,V,... (commas within brackets or quotation marks are the value's own) or a range: NAME=LOW..HIGH, with
 * :STEP, :xFACTOR or :log behind it. Whole numbers step by 1 where nothing else is said. A range with steps becomes a
 * list. */
cepa_status space_read(const char *text, space *space, cepa_error *error);

/* The same of what a model's text declares. */
cepa_status space_declared(const cepa_hyperparameter *declared, space *space, cepa_error *error);

void space_free(space *space);

/* Random numbers from a seed: splitmix64 (Steele, Lea, Flood 2014). */
typedef struct dice {
    uint64_t state;
} dice;

/* A value at random, each of a list equally likely, to be freed; numbers of a range have four digits, so that they are
 * the same on every machine. NULL without memory. */
char *space_draw(const space *space, dice *dice);

#endif
