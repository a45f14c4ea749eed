/* What each field type does; for fields.c alone. */
#ifndef BASE_FIELD_TYPES_H
#define BASE_FIELD_TYPES_H

#include "base/fields.h"

/* Where a value goes. */
typedef struct field_target {
    arena *arena;
    const kind *kind;
    const field *field;
    cepa_error *error;
} field_target;

typedef struct field_ops {
    size_t size;            /* of an element */
    value_kind preset_kind; /* what a default is */
    bool list;              /* zero resolved is the empty list */
    const char *takes,
        *takes_after; /* for messages: "a number"; around the field's count where there is a second part */
    /* Checks a value that is not None and stores it. */
    cepa_status (*put)(const field_target *t, const value *v, void *at);
    /* Reads a member of a struct: false where it is unset (zero). *v is NULL where memory is exhausted. */
    bool (*get)(arena *arena, const field *f, const void *at, const value **v);
} field_ops;

extern const field_ops field_ops_of[FIELD_TYPES];

/* Refuses a value: "Dense: units must be an integer, not 'a'". */
cepa_status refuse_value(const field_target *t, const char *expected, const value *v);
cepa_status refuse_type(const field_target *t, const value *v);

#endif
