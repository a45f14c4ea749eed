/* The golden cases: numbers that Keras itself computed, each NAME.json beside NAME.npz. They are looked for under
 * $CEPA_GOLDEN, else in tests/golden, the part of them that comes with the source. */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* An array of a case, whatever its type in the file. */
typedef struct golden_array {
    char name[200];
    size_t rank, shape[8];
    size_t count;
    double *values; /* row-major */
} golden_array;

typedef struct golden_arrays {
    size_t count;
    golden_array *items;
} golden_arrays;

typedef struct golden {
    char name[120]; /* "losses/huber" */
    json_t *json;
    golden_arrays arrays;
} golden;

/* Opens a case by name. What is missing or cannot be read ends the test with a message. */
void golden_open(golden *g, const char *name);
void golden_close(golden *g);

/* The names of a folder's cases ("losses" gives "losses/huber", ...), sorted, with ending ".json" or, of folders, "";
 * *count of them. Freed with golden_free_names. */
char **golden_names(const char *folder, const char *ending, size_t *count);
void golden_free_names(char **names, size_t count);

/* A file of a case by name, "training/sgd/data.npz": its path, to be freed; NULL where there is none. */
char *golden_path(const char *name);

/* Reads a .npz by name ("training/sgd/data.npz") or path. */
void golden_read_arrays(golden_arrays *arrays, const char *path);
void golden_free_arrays(golden_arrays *arrays);

/* An array by name; NULL where there is none. golden_need ends the test instead. */
const golden_array *golden_find(const golden_arrays *arrays, const char *name);
const golden_array *golden_need(const golden_arrays *arrays, const char *name);

/* The reference for a result: NAME_f64 where it exists, else NAME; NULL where there is neither. */
const golden_array *golden_reference(const golden *g, const char *name);

/* Compares count numbers with the reference of a result within the case's tolerance for it (within fallback where the
 * case gives none), leaving out its exceptions. Prints what differs most and gives false. */
bool golden_matches(const golden *g, const char *result, const double *numbers, size_t count, double fallback);

/* The call of a case in Python's notation, "Huber(delta=0.29999999999999999)", from its class and the members of an
 * object ("arguments", or a "config"). To be freed. */
char *golden_call(const char *class_name, const json_t *arguments);

/* Members of a JSON object, with what counts where there is none. */
double golden_number(const json_t *object, const char *member, double otherwise);
const char *golden_text(const json_t *object, const char *member, const char *otherwise);

#endif
