/* What the inspect commands share: a model, and a row of data that it looks at. */
#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

#include "drawing.h"
#include "outputs.h"
#include "subject.h"
#include "terminal.h"
#include "text_table.h"

/* The options these take, for the commands' tables. */
#define LAYER_OPTION(...) OPTION("layer", layer, TAKES_TEXT, .letter = 'l', .value = "NAME", __VA_ARGS__)
#define FIGURE_OUTPUT_OPTION                                                                                           \
    OPTION("output", output, TAKES_TEXT, .letter = 'o', .value = "FILE", .help = "draw into a .png, .svg or .pdf")
#define ROW_OPTIONS                                                                                                    \
    OPTION("image", image, TAKES_TEXT, .value = "PATH", .help = "look at this picture ..."),                           \
        OPTION("index", index, TAKES_COUNT, .value = "N", .help = "... or at this row of the data; default: 0"),       \
        DATA_OPTION(0), PART_OPTION("the test part where the data have one"), SCALE_OPTION

typedef struct inspection {
    cepa_model *model;
    cepa_dataset *data; /* the part of the data, or the picture */
    cepa_dataset *row;  /* the one row that is looked at */
    char title[100];    /* what it is: "cat (row 3 of cifar10)" */
    const char *const *classes;
    size_t class_count;
} inspection;

/* Opens the model; -o, if given, must name a figure. */
cepa_status inspect_model(const settings *settings, inspection *inspection, cepa_error *error);
/* Opens the model and the data's part. */
cepa_status inspect_data(const settings *settings, inspection *inspection, cepa_error *error);
/* Opens the model and the row. */
cepa_status inspect_row(const settings *settings, inspection *inspection, cepa_error *error);

/* Opens the model, and the row where one is named or the model leaves sizes open, which are then the row's. */
cepa_status inspect_sized(const settings *settings, inspection *inspection, cepa_error *error);

/* Frees everything and gives the command's exit status. */
int inspect_end(inspection *inspection, cepa_status status, const cepa_error *error);

/* A class by its name, or its number. */
const char *inspect_class(const inspection *inspection, size_t class, char number[32]);

/* The layer of --layer; an unknown name is refused with the nearest one. */
cepa_status inspect_layer(const inspection *inspection, const char *name, cepa_layer_info *layer, cepa_error *error);
/* The first layer of a class; false where there is none. */
bool inspect_first(const inspection *inspection, const char *class_name, cepa_layer_info *layer);

/* What a layer gives for the row. The outputs are to be freed. */
cepa_status inspect_activations(const inspection *inspection, const char *layer, outputs *outputs, cepa_error *error);

/* The weight array of a layer, such as "kernel"; false where it has none. */
bool inspect_weight(const inspection *inspection, const char *layer, const char *name, cepa_weight_info *weight);

/* Writes and prints a figure as --output and --text ask. */
cepa_status inspect_draw(const drawing *drawing, const settings *settings, const cepa_panel_options *how,
                         cepa_error *error);

/* Columns of a grid that leave few places empty. */
int grid_columns(size_t count);

/* Begins a row of a table with its name, and least, mean and most behind it. */
void spread_row(text_table *table, const char *name, const spread *spread);

/* Shows the panel in a scale that other panels share: 0 is black, or mid-grey where some of the count numbers are
 * negative, and all but the outermost 1/200 of them are told apart. */
cepa_status scale_like(cepa_panel *panel, const float *values, size_t count, cepa_error *error);

#endif
