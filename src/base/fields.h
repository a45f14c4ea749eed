/* Field tables: what a member of a family (layer, loss, optimizer, initializer ...) takes, written once. They give an
 * options struct its defaults and checks, read Keras' JSON and source text, write both, and print the documentation. */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include "base/value.h"

/* How a field lies in an options struct. A caller of the C interface leaves a member zero to have its default; once
 * resolved, zero is zero, or None where the field is optional.
 * The real zero that is meant is -0.0 (CEPA_ZERO) from a caller. Resolved it is +0.0, but -0.0 where +0.0 means
 * something else: None in an optional REAL, the end of REALS. */
typedef enum field_type {
    FIELD_REAL,    /* double */
    FIELD_REALS,   /* double[count]: a number or a list; ends at the first unset, a caller's at the last set */
    FIELD_NUMBERS, /* cepa_numbers: a number or a list of any length; None where there are none */
    FIELD_INT,     /* int */
    FIELD_LONG,    /* int64_t */
    FIELD_INTS,    /* int[count]: one int stands for all; exactly count in a tuple */
    FIELD_SIDES,   /* int[2 * axes]: before and after each axis; in a value a number for all, one for each of several
                    * axes, or a pair for each; a pair alone where there is one axis */
    FIELD_SHAPE,   /* int[count]: sizes, at most count; ends at the first 0; None is CEPA_UNKNOWN */
    FIELD_AXES,    /* int[count]: a number or a list; ends at the first 0; one is written as a number */
    FIELD_WEIGHT_AXES,    /* int[count]: the same of axes that count from 0, a weight's or a batch's: one that is not
                           * negative is stored one higher */
    FIELD_FLAG,           /* cepa_flag in the caller's struct; 1 or 0 once resolved */
    FIELD_BOOL,           /* bool, default false */
    FIELD_TEXT,           /* const char *, default None */
    FIELD_TEXTS,          /* const char *const *, ends with NULL; default None, which is the empty list too */
    FIELD_CHOICE,         /* const char *, one of choices in any case; resolved to that very pointer */
    FIELD_MEMBER,         /* const char *: a member of another family in call notation, with the arguments that are not
                           * defaults; NULL for None */
    FIELD_REAL_OR_MEMBER, /* real_or_member: the member where it is not NULL, else the number */
    FIELD_TYPES
} field_type;

/* How a REAL_OR_MEMBER lies in an options struct: as two members of their own, one after the other. */
typedef struct real_or_member {
    double real;
    const char *member;
} real_or_member;

typedef struct field {
    const char *name;            /* as in Keras 3; NULL ends a table */
    const char *keras2_name;     /* what Keras 2 called it */
    const char *preset_text;     /* default of a text, choice or member; of REALS a list as in source text */
    const char *const *choices;  /* ends with NULL */
    const struct family *family; /* of a MEMBER, a REAL_OR_MEMBER */
    double preset;               /* default of a number or flag; of a SHAPE or AXES 0 is the empty one */
    double min, max;             /* valid range (of each number) where min < max */
    field_type type;
    unsigned short offset, count;
    bool above_min, below_max; /* the end itself is not valid */
    bool required;
    bool optional;    /* None is a value of its own, and the default unless a preset is: the struct then holds zero */
    bool recent;      /* Keras knows it since a later version than 3.0 */
    bool whole;       /* of a REAL or REALS: whole numbers, written as integers; of a TEXT: one too, as its digits */
    bool always_list; /* of REALS: one number is written as a list too */
    bool derived;     /* not in the struct: what files and source say is checked like any field, a flag must be its
                       * default; written as its default: data_format, use_ema ... */
} field;

#define FIELD_ARRAY(type_, options_, member_, element_, ...)                                                           \
    {                                                                                                                  \
        .name = #member_, .type = (type_), .offset = offsetof(options_, member_),                                      \
        .count = sizeof(((options_ *)0)->member_) / sizeof(element_), __VA_ARGS__                                      \
    }
#define FIELD(type_, options_, member_, ...)                                                                           \
    {                                                                                                                  \
        .name = #member_, .type = (type_), .offset = offsetof(options_, member_), .count = 1, __VA_ARGS__              \
    }
#define REAL(options_, member_, ...)            FIELD(FIELD_REAL, options_, member_, __VA_ARGS__)
#define REALS(options_, member_, ...)           FIELD_ARRAY(FIELD_REALS, options_, member_, double, __VA_ARGS__)
#define NUMBERS(options_, member_, ...)         FIELD(FIELD_NUMBERS, options_, member_, .optional = true, __VA_ARGS__)
#define INT(options_, member_, ...)             FIELD(FIELD_INT, options_, member_, __VA_ARGS__)
#define LONG(options_, member_, ...)            FIELD(FIELD_LONG, options_, member_, __VA_ARGS__)
#define INTS(options_, member_, ...)            FIELD_ARRAY(FIELD_INTS, options_, member_, int, __VA_ARGS__)
#define SIDES(options_, member_, ...)           FIELD_ARRAY(FIELD_SIDES, options_, member_, int, __VA_ARGS__)
#define SHAPE(options_, member_, ...)           FIELD_ARRAY(FIELD_SHAPE, options_, member_, int, __VA_ARGS__)
#define AXES(options_, member_, ...)            FIELD_ARRAY(FIELD_AXES, options_, member_, int, __VA_ARGS__)
#define WEIGHT_AXES(options_, member_, ...)     FIELD_ARRAY(FIELD_WEIGHT_AXES, options_, member_, int, __VA_ARGS__)
#define FLAG(options_, member_, ...)            FIELD(FIELD_FLAG, options_, member_, __VA_ARGS__)
#define BOOL(options_, member_)                 FIELD(FIELD_BOOL, options_, member_, .preset = false)
#define TEXT(options_, member_)                 FIELD(FIELD_TEXT, options_, member_, .optional = true)
#define TEXTS(options_, member_)                FIELD(FIELD_TEXTS, options_, member_, .optional = true)
#define CHOICE(options_, member_, ...)          FIELD(FIELD_CHOICE, options_, member_, __VA_ARGS__)
#define MEMBER(options_, member_, family_, ...) FIELD(FIELD_MEMBER, options_, member_, .family = (family_), __VA_ARGS__)
#define DERIVED(type_, name_, ...)                                                                                     \
    {                                                                                                                  \
        .name = #name_, .type = (type_), .count = 1, .derived = true, __VA_ARGS__                                      \
    }
#define END_OF_FIELDS                                                                                                  \
    {                                                                                                                  \
        .name = NULL                                                                                                   \
    }

/* True where an optional REAL holds a number, and not None. */
bool real_is_set(double number);
/* The length of resolved REALS, SHAPE or AXES of at most count elements. */
size_t reals_length(const double *reals, size_t count);
size_t ints_length(const int *ints, size_t count);

/* A list of names for kind.aliases. */
#define ALIASES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The head of every entry in a family's table; an entry struct starts with it. */
typedef struct kind {
    const char *name;           /* class name as in Keras: "Conv2D", "L2", "SparseCategoricalCrossentropy" */
    const char *const *aliases; /* further names, ends with NULL; the snake case of name is always known */
    const field *fields;
    size_t options_size;
    bool by_class_name; /* texts must use name or an alias; its snake case is no name (layers) */
} kind;

/* One table: its members in documentation order. */
typedef struct family {
    const char *what; /* "layer", "optimizer", "activation": for messages */
    const kind *const *members;
    size_t count;
} family;

/* A chosen member with its resolved options (in the arena it was resolved in). */
typedef struct member {
    const kind *kind; /* NULL: none */
    const void *options;
} member;

/* Finds a member by its name or an alias; a leading path ("keras.losses.") is skipped. Unless by_class_name, case and
 * underscores do not matter: l2 and L2, sparse_categorical_crossentropy and SparseCategoricalCrossentropy, rmsprop and
 * RMSprop. NULL: unknown. */
const kind *family_find(const family *family, const char *name);

/* The field of that name, today's or Keras 2's; NULL where there is none. */
const field *field_find(const kind *kind, const char *name);

/* Fills *resolved (options_size bytes, in the arena) from the caller's struct: unset members get their defaults, texts
 * are copied, flags become 0 or 1, ranges and choices are checked. What the table does not name (a layer's input and
 * name) stays zero. options NULL: all defaults. Messages start with the kind's name: "Dropout: rate must be between 0
 * and 1, not 1.5". */
cepa_status fields_resolve(arena *arena, const kind *kind, const void *options, void **resolved, cepa_error *error);

/* The defaults alone; what is required stays zero. */
cepa_status fields_defaults(arena *arena, const kind *kind, void **resolved, cepa_error *error);

/* The same from values: positional ones in the table's order, then named ones. An argument that is unknown, given
 * twice, of the wrong type or out of range is refused. tolerant: unknown ones are passed over (files of other
 * versions). */
cepa_status fields_read(arena *arena, const kind *kind, const named_value *values, size_t count, bool tolerant,
                        void **resolved, cepa_error *error);

/* The resolved options as named values in the table's order: each field, defaults included. Members become CALLs of
 * class names with all their fields. NULL where memory is exhausted. */
const named_value *fields_write(arena *arena, const kind *kind, const void *resolved, size_t *count);

/* Resolves a member written as a value (TEXT or CALL; NONE and NULL give kind NULL) or as text in call notation (NULL
 * gives kind NULL). */
cepa_status member_read(arena *arena, const family *family, const value *v, member *found, cepa_error *error);
cepa_status member_parse(arena *arena, const family *family, const char *text, member *found, cepa_error *error);

/* The member in call notation, arguments that are defaults left out: relu, L2(l2=0.001). NULL where memory is
 * exhausted. */
char *member_print(arena *arena, const member *m);

/* snake_case of a class name, as Keras forms names (naming.py): Conv2D conv2d, MaxPooling2D max_pooling2d, ReLU re_lu.
 * Cut to size. */
void snake_case(const char *class_name, char *text, size_t size);

#endif
