/* A value as model files and source text write it: None, True, 3, 0.5, "same", (3, 3), relu, l2(0.001). The formats
 * read and write values, field tables fill options from them. */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include "base/error.h"
#include "base/memory.h"

typedef enum value_kind {
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_LIST, /* a list or a tuple */
    VALUE_CALL, /* a member of a table with its arguments; Keras' {"class_name", "config"} */
    VALUE_DICT  /* names and values */
} value_kind;

typedef struct value value;

typedef struct named_value {
    const char *name; /* NULL: a positional argument, before all named ones */
    const value *value;
} named_value;

struct value {
    value_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double real;
        const char *text;
        struct {
            const value *const *items;
            size_t count;
        } list;
        struct {
            const char *name; /* of a CALL, as written: "l2", "L2", "keras.regularizers.l2"; NULL in a DICT */
            const named_value *members;
            size_t count;
        } call;
    };
};

/* Makers: in the arena, NULL where memory is exhausted, or where it was for a part that is given as NULL. Text is
 * copied.
 */
const value *value_none(void);
const value *value_bool(arena *arena, bool boolean);
const value *value_int(arena *arena, int64_t integer);
const value *value_real(arena *arena, double real);
const value *value_text(arena *arena, const char *text);
const value *value_list(arena *arena, const value *const *items, size_t count);
const value *value_call(arena *arena, const char *name, const named_value *members, size_t count);
const value *value_dict(arena *arena, const named_value *members, size_t count);
/* A DICT (or NULL) with further members behind its own. */
const value *value_dict_with(arena *arena, const value *dict, const named_value *further, size_t count);

/* The member of that name of a CALL or DICT; NULL where there is none (or v is NULL or of another kind). */
const value *value_member(const value *v, const char *name);
/* The text of a TEXT, else NULL. */
const char *value_text_of(const value *v);
/* The number of an INT, REAL or BOOL. False, and nothing written, for others. */
bool value_number(const value *v, double *number);

/* The same kind and contents (1 and 1.0 differ, 0.0 and -0.0 do not); both must be values. */
bool value_equal(const value *a, const value *b);

/* What a person calls the kind: "a number", "a text". */
const char *value_kind_name(const value *v);

/* Reads call notation: relu | l2(0.001) | random_normal(mean=0.0, stddev=0.02) | (3, 3) | 'same' | {'a': 1}. A bare
 * name, dotted or not, gives a TEXT. */
const value *value_parse(arena *arena, const char *text, cepa_error *error);
/* Writes a value in that notation (as value_parse and Python read it): 'same', (3, 3), L2(l2=0.001). NULL where memory
 * is exhausted. */
char *value_print(arena *arena, const value *v);

#endif
