#include "activations.h"

#include "files.h"

#include <stdio.h>
#include <stdlib.h>

/* A number written with the digits of a float, and read again. */
static double seven_digits(float number)
{
    char text[40];
    snprintf(text, sizeof text, "%.7g", (double)number);
    return strtod(text, NULL);
}

static cepa_status predict(const cepa_model *model, size_t count, const float *x, float *y, cepa_error *error)
{
    cepa_dataset *data = NULL;
    const cepa_array inputs = {.name = "x", .type = CEPA_FLOAT32, .rank = 1, .shape = {1}, .data = x};
    cepa_status status = cepa_dataset_new(count, &inputs, 1, NULL, 0, NULL, &data, error);
    if (!status) status = cepa_predict(model, data, (float *[]){y}, 1, 1, error);
    cepa_dataset_free(data);
    return status;
}

cepa_status activate(const char *name, size_t count, const double *x, double *y, cepa_error *error)
{
    float *numbers = malloc(2 * (count + 1) * sizeof *numbers);
    cepa_graph *graph = cepa_graph_new();
    if (!numbers || !graph) {
        free(numbers);
        cepa_graph_free(graph);
        return fails_memory(error);
    }
    for (size_t i = 0; i < count; i++) numbers[i] = (float)x[i];
    cepa_tensor in = cepa_input(graph, .shape = {1});
    const cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {cepa_activation(in, .activation = name)});
    cepa_status status = predict(model, count, numbers, numbers + count, error);
    for (size_t i = 0; i < count && !status; i++) y[i] = seven_digits(numbers[count + i]);
    cepa_graph_free(graph);
    free(numbers);
    return status;
}
