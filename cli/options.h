/* Command lines: one const table a command drives reading, checks and help. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cepa.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an option gives that may be repeated. */
typedef struct texts {
    const char **items;
    size_t count;
} texts;

/* What the options of all commands are read into; an option left out stays zero. */
typedef struct settings {
    const char **operands; /* what is no option, in order */
    size_t operand_count;
    bool help;
    const char *data, *validation, *output, *style, *verbose, *metrics, *part, *url, *class_weight;
    const char *objective, *epoch, *conv, *optimizer;
    const char *target, *inputs, *drop, *split;
    const char *weights, *padding, *strides, *at, *figure, *layer, *image, *filter, *class_name, *at_seed, *activation;
    texts set, callback, vary, kernels;
    size_t train, epochs, batch_size, threads, top, width, columns, rows, first_epoch, image_size;
    size_t connect_timeout, max_time, trials, seeds, jobs, index, at_epoch, step, count;
    size_t ahead, first;
    uint64_t seed, split_seed;
    double scale, budget, bias; /* 0: not given */
    bool no_shuffle, overwrite, json, explain, flip, grey, steps, presets, text, show_kernels, confusion, baseline,
        by_name;
} settings;

typedef enum option_kind {
    TAKES_NOTHING, /* bool */
    TAKES_TEXT,    /* const char * */
    TAKES_TEXTS,   /* texts; may be repeated */
    TAKES_COUNT,   /* size_t between min and max */
    TAKES_SEED,    /* uint64_t */
    TAKES_NUMBER,  /* double: a number, or two with a slash between */
    TAKES_RATIO,   /* the same, not zero */
    TAKES_TIME     /* double, seconds: 60, 60s, 2m, 1h */
} option_kind;

typedef struct option {
    const char *name; /* without --; NULL ends a table */
    char letter;      /* short form, 0: none */
    option_kind kind;
    size_t offset;     /* in settings */
    const char *value; /* stands for the value in the help */
    const char *help;
    const char *choices; /* of a TEXT: what it may be, "a|b|c"; NULL: anything */
    size_t min, max;     /* of a COUNT; max 0: none */
    bool required;
} option;

#define OPTION(name_, member_, kind_, ...)                                                                             \
    {                                                                                                                  \
        .name = (name_), .kind = (kind_), .offset = offsetof(settings, member_), __VA_ARGS__                           \
    }
#define END_OF_OPTIONS                                                                                                 \
    {                                                                                                                  \
        .name = NULL                                                                                                   \
    }

typedef struct command {
    const char *name, *operands, *purpose; /* "fit", "MODEL", one line */
    const option *options;
    size_t least, most;                   /* operands; most 0: any number */
    int (*run)(const settings *settings); /* gives the exit status */
} command;

/* Reads the arguments behind the command's name; what they name lives as long as the arguments. False where they are
 * not right: one line on stderr then says why. settings is to be freed with settings_free in either case. */
bool options_read(const command *command, int count, char **arguments, settings *settings);
void settings_free(settings *settings);

/* Sets one option of a table by its name (underscores may stand for hyphens), as if it had been given. CEPA_ARGUMENT
 * where there is none of that name or it does not take the value. */
cepa_status option_assign(const option *options, const char *name, const char *value, settings *settings,
                          cepa_error *error);

/* The arguments that would give a table's options what settings hold ("--epochs=5"), behind those in the list; each is
 * to be freed. False without memory. */
bool options_write(const option *options, const settings *settings, texts *arguments);

/* Adds to a list, the text itself or a copy of its first length bytes, which is to be freed. False without memory. */
bool texts_add(texts *list, const char *text);
bool texts_add_copy(texts *list, const char *text, size_t length);

/* Prints a command's help to stdout. */
void options_help(const command *command);

/* The nearest of count names (spaced stride bytes apart) to one that is not among them; NULL: none is near. */
const char *nearest_name(const char *wrong, const void *names, size_t count, size_t stride);

#endif
