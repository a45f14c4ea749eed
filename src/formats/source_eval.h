/* Evaluates the tree of a source text. Evaluation makes things: numbers, texts, lists, layers, tensors, models. What a
 * program would have to run for (a history, a plot, an array's numbers) is a thing too, an unknown one: it may be
 * passed about, but nothing that makes the model may use it. */
#ifndef FORMATS_SOURCE_EVAL_H
#define FORMATS_SOURCE_EVAL_H

#include "base/buffer.h"
#include "formats/source.h"
#include "formats/source_tree.h"

/* ---- Things */

typedef enum thing_type {
    THING_NONE,
    THING_BOOL,
    THING_INT,
    THING_REAL,
    THING_TEXT,
    THING_LIST,
    THING_TUPLE,
    THING_DICT,
    THING_UNKNOWN,
    THING_SYMBOL,    /* of a module: "keras.layers.Dense" */
    THING_FUNCTION,  /* the file's own */
    THING_METHOD,    /* of another thing */
    THING_MEMBER,    /* an optimizer, a loss, an initializer ... with its arguments */
    THING_SCHEDULER, /* a LearningRateScheduler: its FUNCTION, its verbose or NONE */
    THING_LAYER,
    THING_TENSOR,
    THING_MODEL,
    THING_DATA,  /* the rows of a data set */
    THING_TABLE, /* a table of named columns */
    THING_TUNER, /* KerasTuner's hp */
    THING_TYPES
} thing_type;

typedef struct thing thing;

typedef struct sequence {
    const thing **items;
    size_t count, capacity;
} sequence;

/* The file's own function; presets[i] is the default of parameter i or NULL. */
typedef struct source_function {
    const node *def;
    struct scope *outer;
    const thing **presets;
} source_function;

typedef struct source_layer {
    size_t offset; /* where it was made */
    layer *layer;
    const thing *input_shape; /* as Keras 2 gave it to a first layer; NULL */
} source_layer;

/* A model. A Sequential has parts, and no network before its input is known or after a part was added. */
typedef struct source_network {
    size_t offset; /* where it was made */
    const char *name;
    bool sequential;
    network *network;
    sequence parts;    /* LAYERs and MODELs */
    int input, output; /* of the parts called so far; 0: input not known */
    size_t called;
    layer *nested;      /* once it was used as a layer */
    bool loads_weights; /* before its first fit */
    bool compiled;
    compile_values compile;
    const thing *const *fit; /* arguments of its last fit, as source_fit.c orders them, NULL: not said; NULL: no fit */
} source_network;

/* Images or labels of a data set, as far as their declaration matters. */
typedef struct source_data {
    const char *dataset;
    bool test, labels;
    size_t rows, all_rows;
    size_t changed;       /* where something was done to them that cannot be declared; 0: nothing */
    double scale, offset; /* scale 0: none */
    shape shape;
} source_data;

/* A part of a table, as far as its declaration matters. */
typedef struct source_table {
    const char *dataset;
    const thing *columns; /* a LIST of TEXTs */
    int64_t first, last;  /* rows from first to before last; INT64_MAX: all */
    bool labelled;        /* what loc gives: a slice's last row belongs to it */
    int part;             /* of train_test_split, from 1; 0: of no split */
} source_table;

/* What a text says of the table it learns from. */
typedef struct source_tables {
    const source_table *inputs, *target; /* NULL: nothing */
    double share[3];                     /* of the parts; 0: there is none */
    uint64_t seed;
} source_tables;

struct thing {
    thing_type type;
    union {
        bool boolean;
        int64_t integer;
        double real;
        const char *text; /* of a TEXT; a SYMBOL's path */
        sequence *list;   /* of a LIST or TUPLE, a SCHEDULER */
        struct {
            const struct named_thing *items;
            size_t count;
        } dict;
        const source_function *function;
        struct {
            const thing *self;
            const struct method *method;
        } bound;
        const value *member;
        source_layer layer;
        int tensor;
        source_network *model;
        const source_data *data;
        const source_table *table;
    };
};

typedef struct named_thing {
    const char *name; /* NULL: by place */
    const thing *thing;
    size_t offset;
} named_thing;

typedef struct scope {
    struct scope *outer;
    sequence globals; /* TEXTs: names that a function says are the top level's */
    named_thing *names;
    size_t count, capacity;
} scope;

/* A value that replaces what the text says. */
typedef struct source_set {
    const char *name;
    const thing *thing;
    bool used;
} source_set;

typedef struct eval {
    source_text source;
    cepa_graph *graph;
    scope globals, *scope;
    size_t steps;
    int depth;
    source_set *sets;
    size_t set_count;
    sequence settable;        /* TEXTs: names that a set may replace */
    sequence stars;           /* TEXTs: modules of which everything was imported */
    const node *class;        /* the first of the text's own; NULL */
    const node *open;         /* the first condition that only a running program would know; NULL */
    bool files_missing;       /* something hung on whether a file is there */
    const thing *last_model;  /* assigned at top level */
    const thing *last_fitted; /* anywhere */
    const source_network *last_compiled;
    bool compiles_differ;       /* between the models so far */
    const source_data *data[2]; /* images last assigned or, once a model was fitted, used: training, test */
    size_t data_offset[2];      /* where */
    bool images_used;           /* a model was fitted */
    source_tables tables;
    cepa_hyperparameter *tuned; /* declared with hp, in the graph's memory */
    size_t tuned_count, tuned_capacity;
} eval;

/* ---- Failing. The place is an offset. All give NULL. */

const thing *eval_refuse(eval *e, size_t offset, const char *format, ...) CEPA_FORMAT(3, 4);
/* "a list stands where an integer was expected". */
const thing *eval_misplaced(eval *e, size_t offset, const thing *found, const char *expected);
/* With an inner message and status. */
const thing *eval_pass_on(eval *e, size_t offset, const cepa_error *error);
const thing *eval_no_memory(eval *e);
/* Counts work done; false, and the error set, where there was too much. */
bool eval_spend(eval *e, size_t offset, size_t steps);
/* One level deeper, and a step; false, and the error set, where there was too much of either. */
bool eval_enter(eval *e, size_t offset);
void eval_leave(eval *e);

/* ---- Things. The makers give NULL, and set the error, without memory. */

const thing *thing_none(void);
const thing *thing_unknown(void);
const thing *thing_bool(eval *e, bool boolean);
const thing *thing_int(eval *e, int64_t integer);
const thing *thing_real(eval *e, double real);
const thing *thing_text(eval *e, const char *text);   /* copied */
const thing *thing_symbol(eval *e, const char *path); /* copied, written the one way that Keras 3 does */
const thing *thing_sequence(eval *e, thing_type type, const thing *const *items, size_t count);
thing *thing_new(eval *e, thing_type type);
bool sequence_add(eval *e, sequence *list, const thing *item); /* false also where item is NULL */

bool thing_is_list(const thing *t); /* a LIST or TUPLE */
/* The number of an INT or REAL; false for others, whose number is 0. */
bool thing_number(const thing *t, double *number);
/* What stands behind a path's last dot; all of one that has none, as a module imported by its name. */
const char *path_end(const char *path);
/* True for what only a running program would know: UNKNOWN, and symbols of modules that are not read. */
bool thing_is_unknown(const thing *t);
/* "a tensor", "a list"; of a symbol its path. */
const char *thing_name(const thing *t);
/* What str() gives: false where a program would have to run for it, or memory is exhausted. */
bool thing_print(const thing *t, buffer *out);
/* A thing as an argument's value, in the graph's memory. NULL, and the error set, for what is none. */
const value *thing_value(eval *e, const thing *t, size_t offset);
/* A value that was set as a thing. */
const thing *thing_of_value(eval *e, const value *v);

/* ---- Evaluation */

const thing *eval_expression(eval *e, const node *n);
/* Runs a block's statements in e->scope. Stops at a return, whose thing *result receives; false on failure. */
bool eval_block(eval *e, const node *block, const thing **result);
const thing *eval_unary(eval *e, const node *n);
const thing *eval_binary(eval *e, const node *n);
const thing *eval_compare(eval *e, const node *n);
const thing *eval_not(eval *e, const node *n);
const thing *eval_logic(eval *e, const node *n);
const thing *eval_each(eval *e, const node *n);

/* Whether a condition holds. */
typedef enum truth { NO, YES, OPEN } truth; /* OPEN: only a running program would know */
truth thing_truth(const thing *t);
/* False, and the error set, where it cannot be evaluated. */
bool eval_condition(eval *e, const node *n, truth *so);
/* Passes over a block of which only a running program would know whether or how often it is run: what it assigns is
 * unknown from here on, lists that it changes too. False, and the error set, where it changes a model. */
bool eval_pass_over(eval *e, const node *condition, const node *block);
/* What a for goes through: the items, or NULL in *list where only a running program knows them. False, and the error
 * set, for what has no items. */
bool eval_items_of(eval *e, const node *n, const sequence **list);
/* Assigns to names, attributes, items or several of them. settable: a set may replace the value. */
bool eval_assign(eval *e, const node *target, const thing *value, bool settable);
/* A DEF or LAMBDA as a FUNCTION. */
const thing *eval_function(eval *e, const node *n);
const thing *eval_operate(eval *e, size_t offset, const char *operator, const thing * left, const thing *right);
const thing *eval_index(eval *e, const node *n);
/* The item of a list that an index means; false, and the error set, where there is none. */
bool eval_place(eval *e, size_t offset, const sequence *list, const thing *index, size_t *place);
bool scope_bind(eval *e, scope *scope, const char *name, const thing *value);
const thing *scope_find(const scope *scope, const char *name);
/* The value that a parameter or a name at top level gets: the one set for it, or value (NULL: none). */
const thing *eval_settable(eval *e, const char *name, const thing *value);

/* A call being evaluated. */
typedef struct call_site {
    size_t offset;
    const char *path;  /* of a symbol or function that is called */
    const thing *self; /* whose method it is, else what is called */
    const named_thing *arguments;
    size_t count;
} call_site;

/* Sorts a call's arguments by names (which ends with NULL): given[i] or NULL. Refuses
 * unknown, double and missing ones (the first required). */
bool eval_bind(eval *e, const call_site *site, const char *const *names, size_t required, const named_thing **given);
const thing *eval_call(eval *e, const thing *callee, const call_site *site);
const thing *eval_call_function(eval *e, const source_function *function, const call_site *site);

/* ---- What words mean: source_words.c */

typedef const thing *word_call(eval *e, const call_site *site);

typedef struct method {
    thing_type type;
    const char *name;
    word_call *call;
} method;

/* The path under which a symbol is known: tensorflow.keras.models.Model is keras.Model. In the text's memory. */
const char *word_path(eval *e, const char *path);
/* True where a call of the symbol gives a model. */
bool word_makes_model(const char *path);
/* *found: a builtin's symbol, or one from a module of which everything was imported; NULL where there is none. False,
 * and the error set, without memory. */
bool word_find(eval *e, const char *name, const thing **found);
const thing *word_call_symbol(eval *e, const call_site *site);
const thing *word_attribute(eval *e, const thing *object, const char *name, size_t offset);
bool word_set_attribute(eval *e, const thing *object, const char *name, const thing *value, size_t offset);

/* The model that name means (NULL: the text's own), made where a function makes it, and compiled where the text says
 * how; NULL, and the error set, where there is none. */
const thing *source_choose(eval *e, const char *name);

/* ---- The calls behind words: source_builtins.c, source_layers.c, source_models.c, source_data.c,
 * source_tables.c, source_tuner.c */

word_call call_backend, call_data_format, call_ignored, call_is_there, call_enumerate, call_exp, call_float, call_floor,
    call_int, call_len, call_list, call_max, call_min, call_pow, call_range, call_str, call_tuple, call_zip;
word_call list_append, list_extend;
word_call call_callback, call_input, call_layer, call_layer_word, call_member, call_ops_word, layer_adapt;

/* Calls an operation of Keras on tensors and numbers, named as its class or function. */
const thing *call_operation(eval *e, size_t offset, const char *name, const thing *const *operands, size_t count,
                            const thing *given_name);
word_call call_model, call_sequential, call_network, call_clear_session;
word_call model_add, model_build, model_compile, model_evaluate, model_fit, model_fit_generator, model_get_layer,
    model_load_weights, model_pop;
word_call call_hyperparameters, tuner_boolean, tuner_choice, tuner_fixed, tuner_float, tuner_int;
word_call call_load_data, data_categorical, data_expand, data_first, data_reshape, data_same;
word_call call_dummies, call_load_table, call_read_csv, call_split, table_drop, table_same;

typedef const thing *attribute_get(eval *e, const thing *object, size_t offset);
typedef bool attribute_set(eval *e, const thing *object, const thing *value, size_t offset);

attribute_get table_loc, table_shape;
attribute_get data_shape, layer_name, layer_trainable, model_input, model_inputs, model_layers, model_name,
    model_output;
attribute_get model_input_shape, model_output_shape, model_outputs, model_trainable, tensor_shape;
attribute_set layer_set_trainable, model_set_trainable;

/* ---- What these files need of one another */

/* The values of a call's arguments, in the graph's memory. NULL, and the error set, for what is none. */
named_value *call_values(eval *e, const call_site *site);
/* Where the argument stands that a message about a kind's fields names ("Dropout: rate must be ..."). */
size_t call_offset(const call_site *site, const kind *kind, const char *message);
/* Checks what stands for members of a module ("keras.losses"): one, or lists and dictionaries of them. */
bool members_check(eval *e, const char *path, const value *v, size_t offset);
/* True where keras.layers has the name: a layer, or a merging function. */
bool layer_word_exists(const char *name);
/* A layer of several tensors by its class or in snake case, "add"; NULL: there is none. */
const layer_class *merge_class(const char *name);
/* The tensor of a new input. shape: without the batch; name: a TEXT, NONE or NULL. */
const thing *make_input(eval *e, const thing *shape, const thing *name, size_t offset);
const thing *thing_tensor(eval *e, int id);
const thing *thing_data(eval *e, const source_data *data); /* copied */
/* The rows that a slice means, or the columns that are named. index: what stands in the brackets. */
const thing *table_index(eval *e, const node *index, const thing *table);
/* Notes the tables that a model learns from, where no split has said so; other things are passed over. */
void tables_are_used(eval *e, const thing *inputs, const thing *target);
/* Writes what was noted into info, in the graph's memory. */
cepa_status tables_read(eval *e, cepa_source_info *info);
cepa_status source_read_fit(eval *e, const source_network *model, cepa_source_info *info);
/* True where a call of one of Python's own functions is given what only a running program would know. */
bool asks_a_program(const call_site *site);
/* The items of a LIST or TUPLE; of anything else that thing alone, as where Keras takes "one or a list of them". */
const thing *const *thing_items(const thing *const *t, size_t *count);
/* (rows, sizes ...); what is not known is None. */
const thing *thing_shape(eval *e, int64_t rows, const shape *s);
const thing *shape_without_batch(eval *e, const thing *shape, size_t offset);
/* The ids of a TENSOR or a list of them; false, and the error set, for anything else. */
bool tensors_of(eval *e, const thing *t, size_t offset, int **ids, size_t *count);
/* Calls a layer on a TENSOR or a list of them: a TENSOR, or a LIST of several. */
const thing *call_on_tensors(eval *e, layer *layer, const thing *inputs, bool inference, size_t offset);
/* The inputs of a call on tensors, and whether it has training=False (True is overridden by fit and predict, as Keras 3
 * does); NULL, and the error set, where there are none. */
const named_thing *bind_inputs(eval *e, const call_site *site, bool *inference);
/* Builds a Sequential whose input is not known yet for this input. */
bool model_know_input(eval *e, const thing *model, const thing *input, size_t offset);
/* Gives a Sequential without an input one for values of this shape. */
bool model_know_shape(eval *e, source_network *model, const thing *with_batch, size_t offset);
/* Makes model->network where it is not made; false, and the error set, where that is not possible. */
bool model_network(eval *e, const thing *model, size_t offset);

#endif
