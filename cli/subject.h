/* What commands work on: a model and data that fit it, with the defaults that the model's text or notes give. */
#ifndef CLI_SUBJECT_H
#define CLI_SUBJECT_H

#include "cepa.h"
#include "options.h"

/* The options these take, for the commands' tables. */
#define DATA_OPTION(...)                                                                                               \
    OPTION("data", data, TAKES_TEXT, .value = "D",                                                                     \
           .help = "data set: a name, a folder, an archive, .csv, .npz or .npy; default: the model's or the run's",    \
           __VA_ARGS__)
#define TABLE_OPTIONS                                                                                                  \
    OPTION("target", target, TAKES_TEXT, .value = "A,...", .help = "of a table (.csv): the column to predict"),        \
        OPTION("inputs", inputs, TAKES_TEXT, .value = "A,B,...",                                                       \
               .help = "of a table: columns to predict from; default: all of numbers"),                                \
        OPTION("drop", drop, TAKES_TEXT, .value = "A,B,...", .help = "of a table: columns to leave out"),              \
        OPTION("ahead", ahead, TAKES_COUNT, .value = "N", .min = 1, .help = "the target is that of N rows later"),     \
        OPTION("first", first, TAKES_COUNT, .value = "N", .min = 1, .help = "only the table's first N rows"),          \
        OPTION("split", split, TAKES_TEXT, .value = "80/20",                                                           \
               .help = "deal the rows out: to learn and to test, or 70/15/15 to validate too"),                        \
        OPTION("split-seed", split_seed, TAKES_SEED, .value = "S", .help = "of the split; default: 0")
#define PART_OPTION(otherwise)                                                                                         \
    OPTION("part", part, TAKES_TEXT, .value = "P", .choices = "test|validation|train",                                 \
           .help = "part of the data; default: " otherwise)
#define SET_OPTION                                                                                                     \
    OPTION("set", set, TAKES_TEXTS, .value = "NAME=VALUE", .help = "parameter of the model's text; may be repeated")
#define SCALE_OPTION OPTION("scale", scale, TAKES_RATIO, .value = "X", .help = "factor on the inputs, such as 1/255")
#define WEIGHTS_OPTIONS                                                                                                \
    OPTION("weights", weights, TAKES_TEXT, .value = "FILE",                                                            \
           .help = "take these weights: .weights.h5, .h5, .weights.json or a model"),                                  \
        OPTION("by-name", by_name, TAKES_NOTHING, .help = "of --weights (.h5): only the layers that bear these names")
#define THREADS_OPTION                                                                                                 \
    OPTION("threads", threads, TAKES_COUNT, .value = "T", .min = 1, .max = 1024,                                       \
           .help = "how many threads work; default: all cores")
#define CONV_OPTION                                                                                                    \
    OPTION("conv", conv, TAKES_TEXT, .value = "C", .choices = "auto|direct",                                           \
           .help = "how to convolve; default: CEPA_CONV, else auto")
#define STYLE_OPTION                                                                                                   \
    OPTION("style", style, TAKES_TEXT, .value = "S", .choices = "keras3|keras2.14|keras2.12|keras2.6",                 \
           .help = "print as this version of Keras does; default: keras3")
#define JSON_OPTION OPTION("json", json, TAKES_NOTHING, .help = "print JSON")

/* Opens the model that the first operand names. *model is NULL where that failed. */
cepa_status subject_model(const settings *settings, cepa_model **model, cepa_error *error);

/* The same for a command that only uses a model: one without weights is refused. */
cepa_status subject_trained_model(const settings *settings, cepa_model **model, cepa_error *error);

/* Frees a model that was opened; NULL is none. */
void subject_free(cepa_model *model);

/* The numbers in a model's weights. */
size_t subject_parameters(const cepa_model *model);

/* How a table is read: as the options say, then the model's text or notes. Those of another table that the model
 * learned from say only what its columns are. model may be NULL. */
cepa_table subject_table(const settings *settings, const cepa_model *model, const char *name);

/* The parts of a data set; what is neither a file's name nor a data set's is refused with the nearest name. */
cepa_status subject_open(const char *name, const cepa_dataset_options *how, cepa_parts *parts, cepa_error *error);

/* The parts of the data set that the first operand names, for a look at them. */
cepa_status subject_shown(const settings *settings, cepa_parts *parts, cepa_error *error);

/* The parts of the data set of --data, else of the one that the model's text names or a run learned from; pictures take
 * the model's input size. rows as in cepa_dataset_options. */
cepa_status subject_parts(const settings *settings, const cepa_model *model, size_t rows, cepa_parts *parts,
                          cepa_error *error);

/* The text of run.json where the first operand is a run's folder, to be freed; NULL: it is none. */
char *subject_facts(const settings *settings);

/* Takes one of the parts and frees the others: that of --part, else the one called otherwise ("test", "train"), else
 * the training part. CEPA_ARGUMENT where there is no such part. */
cepa_status subject_take_part(const settings *settings, const char *otherwise, cepa_parts *parts, cepa_dataset **part,
                              cepa_error *error);

/* Options for data sets that feed a model: pictures take its input's size and channels. */
cepa_dataset_options subject_pictures(const cepa_model *model);

/* Gives the data set the factor of --scale, or where it holds bytes that of the model's text or notes, with its offset.
 * Warns where raw pixels go into a model that does not rescale them, and gives the factor (0: none). data may be NULL.
 */
double subject_scale(const settings *settings, const cepa_model *model, cepa_dataset *data);

#endif
