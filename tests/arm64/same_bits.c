/* same_bits MODEL THREADS: trains it on made-up pictures and prints a checksum (FNV-1a) of each weight. On every
 * machine whose instruction set fuses multiply-adds they are the same. */
#include <cepa.h>

#include <stdlib.h>

enum { ROWS = 80, NUMBERS = 20 * 20 * 3, CLASSES = 10 };

static cepa_status make_pictures(cepa_dataset **data, cepa_error *error)
{
    static uint8_t pixels[ROWS * NUMBERS], labels[ROWS];
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof pixels; i++) {
        state = state * 1664525 + 1013904223;
        pixels[i] = (uint8_t)(state >> 24);
    }
    for (size_t i = 0; i < ROWS; i++) labels[i] = pixels[i * NUMBERS] % CLASSES;
    cepa_array x = {.name = "x", .type = CEPA_UINT8, .rank = 3, .shape = {20, 20, 3}, .data = pixels};
    cepa_array y = {.name = "y", .type = CEPA_UINT8, .data = labels};
    cepa_status status = cepa_dataset_new(ROWS, &x, 1, &y, 1, NULL, data, error);
    if (!status) cepa_dataset_scale(*data, 1.0 / 255);
    return status;
}

static uint32_t checksum(const float *values, size_t count)
{
    const unsigned char *bytes = (const unsigned char *)values;
    uint32_t sum = 2166136261;
    for (size_t i = 0; i < count * sizeof *values; i++) sum = (sum ^ bytes[i]) * 16777619;
    return sum;
}

int main(int argc, char **argv)
{
    cepa_error error;
    cepa_model *model;
    cepa_dataset *data;
    if (argc != 3) return 2;
    if (cepa_load(argv[1], NULL, &model, &error) || make_pictures(&data, &error)) return cepa_die(&error);
    cepa_fit(model, data, .epochs = 2, .seed = 3, .threads = atoi(argv[2]));
    for (size_t i = 0; i < cepa_model_weight_count(model); i++) {
        cepa_weight_info w;
        cepa_model_weight(model, i, &w);
        printf("%08x %s/%s\n", checksum(w.values, w.count), w.layer, w.name);
    }
    int status = cepa_model_status(model) ? cepa_die(cepa_model_error(model)) : 0;
    cepa_dataset_free(data);
    cepa_graph_free(cepa_model_graph(model));
    return status;
}
