/* What a model gives for rows of data, in memory. */
#ifndef CLI_OUTPUTS_H
#define CLI_OUTPUTS_H

#include "cepa.h"

typedef struct output_shape {
    size_t rank, size; /* size: of one row */
    int sizes[CEPA_MAX_RANK];
} output_shape;

typedef struct outputs {
    size_t rows, count;
    output_shape *arrays;
    float **values; /* of each output, rows x size */
} outputs;

/* Predicts. outputs is to be freed with outputs_free, also after a failure. */
cepa_status outputs_predict(outputs *outputs, const cepa_model *model, const cepa_dataset *data, int threads,
                            cepa_error *error);

/* Writes the outputs as .npy, or as .npz with the names output_0, output_1 ... in the model's order. */
cepa_status outputs_write(const outputs *outputs, const char *path, cepa_error *error);

void outputs_free(outputs *outputs);

/* A class by its name among count (names may be NULL), or its number. */
const char *class_label(const char *const *names, size_t count, size_t class, char number[32]);

typedef struct ranked_class {
    size_t class;
    double probability;
} ranked_class;

/* The count classes of a row of outputs, likeliest first. The row itself is taken for probabilities where it is a
 * distribution, else its softmax. */
void rank_classes(const float *row, size_t count, ranked_class *classes);

#endif
