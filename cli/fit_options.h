/* The options of fit, which the commands that start fits take too and pass on. */
#ifndef CLI_FIT_OPTIONS_H
#define CLI_FIT_OPTIONS_H

#include "subject.h"

enum { BATCH_SIZE = 32 }; /* Keras' default */

#define FIT_OPTIONS                                                                                                    \
    DATA_OPTION(0), TABLE_OPTIONS,                                                                                     \
        OPTION("train", train, TAKES_COUNT, .value = "N", .min = 1, .help = "learn from the first N rows"),            \
        OPTION("validation", validation, TAKES_TEXT, .value = "V",                                                     \
               .help = "a data set, a fraction of the rows, or none; default: the data's own test part"),              \
        OPTION("epochs", epochs, TAKES_COUNT, .value = "E", .min = 1, .max = 1000000,                                  \
               .help = "how often to go through the rows; default: model.fit's in the text, else 1"),                  \
        OPTION("batch-size", batch_size, TAKES_COUNT, .value = "B", .min = 1, .max = 1000000,                          \
               .help = "rows a step; default: model.fit's, else 32"),                                                  \
        OPTION("no-shuffle", no_shuffle, TAKES_NOTHING, .help = "keep the rows in order"),                             \
        OPTION("seed", seed, TAKES_SEED, .value = "S",                                                                 \
               .help = "of initial weights, shuffling and dropout; default: 0"),                                       \
        OPTION("class-weight", class_weight, TAKES_TEXT, .value = "0=2,1=0.5",                                         \
               .help = "weights of classes; default: 1"),                                                              \
        SCALE_OPTION, SET_OPTION, WEIGHTS_OPTIONS, THREADS_OPTION, CONV_OPTION,                                        \
        OPTION("optimizer", optimizer, TAKES_TEXT, .value = "O",                                                       \
               .help = "such as nadam or 'Nadam(0.002)'; default: the model's"),                                       \
        OPTION("callback", callback, TAKES_TEXTS, .value = "C",                                                        \
               .help =                                                                                                 \
                   "such as 'EarlyStopping(patience=3)', as Keras writes it; may be repeated; default: model.fit's"),  \
        OPTION("budget", budget, TAKES_TIME, .value = "60s", .help = "stop after this time of training"),              \
        STYLE_OPTION,                                                                                                  \
        OPTION("overwrite", overwrite, TAKES_NOTHING, .help = "replace what an earlier command left in the folder")

#endif
