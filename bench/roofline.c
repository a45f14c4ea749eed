/* roofline: what this core can do at most, multiply-adds and bytes, and the share of it that each layer reaches,
 * forward and in both gradients, and that whole steps of training reach. One thread, its own processor time, medians
 * (of layers those of the fastest quarter, since others may share the core): pin it (taskset -c 1
 * build/bench/roofline).
 *
 * roofline [--isa NAME] [--layers TEXT]   one instruction set; the layers and networks whose line contains TEXT
 * roofline --peak                         the peak alone, as JSON
 * roofline --work MODEL                   the operations of one image, as JSON
 * roofline --meet THREADS OPERATIONS      batches of so many multiply-adds for ever, a line after every 16
 *
 * Shares count the multiply-adds of direct convolutions inside the picture: better ways may pass 100 %. */
#include "base/memory.h"
#include "clock.h"
#include "layer_times.h"
#include "meet.h"
#include "model/model.h"
#include "peak.h"
#include "work.h"

#include <stdio.h>
#include <string.h>

typedef struct bench_layers {
    const char *from, *shape, *layers;
} bench_layers;

/* Those that multiply. */
static const bench_layers multiplying[] = {
    {"lesson", "(32, 32, 3)", "Conv2D(50, 3)"},
    {"lesson", "(15, 15, 50)", "Conv2D(50, 3)"},
    {"lesson", "(6, 6, 50)", "Conv2D(50, 3)"},
    {"lesson", "(1800,)", "Dense(50)"},
    {"lesson", "(800,)", "Dense(50)"},
    {"lesson", "(3072,)", "Dense(50)"},
    {"lesson", "(32, 32, 3)", "Conv2D(50, 3, activation='relu'), MaxPooling2D()"},
    {"lesson", "(15, 15, 50)", "Conv2D(50, 3, activation='relu'), MaxPooling2D()"},
    {"lesson", "(6, 6, 50)", "Conv2D(50, 3, activation='relu')"},
    {"ResNet-20", "(32, 32, 3)", "Conv2D(16, 3, padding='same')"},
    {"ResNet-20", "(32, 32, 16)", "Conv2D(16, 3, padding='same')"},
    {"ResNet-20", "(32, 32, 16)", "Conv2D(32, 3, strides=2, padding='same')"},
    {"ResNet-20", "(16, 16, 32)", "Conv2D(32, 3, padding='same')"},
    {"ResNet-20", "(8, 8, 64)", "Conv2D(64, 3, padding='same')"},
    {"ResNet-20", "(32, 32, 16)", "Conv2D(16, 3, padding='same'), BatchNormalization(), ReLU()"},
    {"VGG-11", "(32, 32, 3)", "Conv2D(64, 3, padding='same')"},
    {"VGG-11", "(16, 16, 64)", "Conv2D(128, 3, padding='same')"},
    {"VGG-11", "(8, 8, 256)", "Conv2D(256, 3, padding='same')"},
    {"VGG-11", "(4, 4, 512)", "Conv2D(512, 3, padding='same')"},
    {"VGG-11", "(2, 2, 512)", "Conv2D(512, 3, padding='same')"},
    {"VGG-11", "(224, 224, 3)", "Conv2D(64, 3, padding='same')"},
    {"VGG-11", "(56, 56, 128)", "Conv2D(256, 3, padding='same')"},
    {"MobileNet", "(224, 224, 3)", "Conv2D(32, 3, strides=2, padding='same')"},
    {"MobileNet", "(112, 112, 32)", "Conv2D(32, 3, padding='same', groups=32)"},
    {"MobileNet", "(112, 112, 32)", "Conv2D(64, 1)"},
    {"MobileNet", "(56, 56, 128)", "Conv2D(128, 3, padding='same', groups=128)"},
    {"MobileNet", "(56, 56, 64)", "Conv2D(128, 1)"},
    {"MobileNet", "(14, 14, 512)", "Conv2D(512, 1)"},
};

/* Those that only move. */
static const bench_layers moving[] = {
    {"lesson", "(30, 30, 50)", "MaxPooling2D()"},
    {"lesson", "(13, 13, 50)", "MaxPooling2D()"},
    {"lesson", "(4, 4, 50)", "Dropout(0.8)"},
    {"ResNet-20", "(32, 32, 16)", "BatchNormalization()"},
    {"ResNet-20", "(32, 32, 16)", "ReLU()"},
    {"ResNet-20", "(8, 8, 64)", "GlobalAveragePooling2D()"},
    {"ResNet-50", "(112, 112, 64)", "MaxPooling2D(3, 2, 'same')"},
    {"VGG-11", "(8, 8, 256)", "AveragePooling2D()"},
};

typedef struct bench_network {
    const char *path; /* from the source tree's root */
    int batch;
    size_t rows;
} bench_network;

static const bench_network networks[] = {
    {"lesson/cifar_model.py", 32, 640},     {"lesson/extra_layer.py", 32, 640},  {"lesson/dropout_model.py", 32, 640},
    {"bench/models/resnet20.py", 128, 256}, {"bench/models/vgg11.py", 128, 128},
};

typedef struct isa {
    const char *name;
    peak_run *run;
    peak_read *read;
} isa;

/* Best first. */
static const isa isas[] = {
#if defined(CEPA_X86)
    {"avx512", peak_run_avx512, peak_read_avx512},
    {"avx2", peak_run_avx2, peak_read_avx2},
#endif
    {"portable", peak_run_portable, peak_read_portable},
};

/* ---- The machine --------------------------------------------------------------------------------------------------
 */

typedef struct machine {
    double operations;   /* a second */
    double read, copied; /* bytes a second, of memory beyond the caches; copied: read and written together */
} machine;

static machine measure_machine(const isa *isa)
{
    enum { COUNT = (256 << 20) / sizeof(lanes), TURNS = 7 };
    machine m = {.operations = peak_operations(isa->run)};
    lanes *memory = allocate_aligned(COUNT * sizeof *memory);
    volatile real sum = 0;
    if (!memory) return m;
    memset(memory, 1, COUNT * sizeof *memory);
    for (int k = 0; k < TURNS; k++) {
        double start = cpu_seconds();
        sum += isa->read(memory, COUNT);
        double middle = cpu_seconds();
        memcpy(memory, memory + COUNT / 2, COUNT / 2 * sizeof *memory);
        double end = cpu_seconds(), bytes = COUNT * sizeof *memory;
        if (bytes / (middle - start) > m.read) m.read = bytes / (middle - start);
        if (bytes / (end - middle) > m.copied) m.copied = bytes / (end - middle);
    }
    free(memory);
    return m;
}

/* ---- Layers -------------------------------------------------------------------------------------------------------
 */

static bool take_times(const bench_layers *l, const char *wanted, layer_times *t)
{
    char line[200];
    cepa_error error;
    snprintf(line, sizeof line, "%-10s %-14s %s", l->from, l->shape, l->layers);
    if (!strstr(line, wanted)) return false;
    if (time_layers(l->shape, l->layers, t, &error)) {
        fprintf(stderr, "%s: %s\n", line, error.message);
        return false;
    }
    printf("%-78s", line);
    return true;
}

static void report_multiplying(const machine *m, const char *wanted)
{
    printf("%-78s %8s %8s %8s %8s %8s\n", "share of peak", "MFLOP", "forward", "inputs", "weights", "pack us");
    for (size_t i = 0; i < ARRAY_COUNT(multiplying); i++) {
        layer_times t;
        if (!take_times(&multiplying[i], wanted, &t)) continue;
        double best = 100 * t.work / m->operations;
        printf(" %8.2f %7.0f%% %7.0f%% %7.0f%% %8.1f\n", t.work / 1e6, best / t.forward, best / t.inputs,
               best / t.weights, 1e6 * t.pack);
        fflush(stdout);
    }
}

static void report_moving(const machine *m, const char *wanted)
{
    printf("%-78s %8s %8s %8s %8s\n", "GB/s in and out, share of copying memory", "forward", "", "gradient", "");
    for (size_t i = 0; i < ARRAY_COUNT(moving); i++) {
        layer_times t;
        if (!take_times(&moving[i], wanted, &t)) continue;
        double forward = t.moved / t.forward, back = t.moved / (t.together - t.forward);
        printf(" %8.1f %7.0f%% %8.1f %7.0f%%\n", forward / 1e9, 100 * forward / m->copied, back / 1e9,
               100 * back / m->copied);
        fflush(stdout);
    }
}

/* ---- Whole networks -----------------------------------------------------------------------------------------------
 */

enum { EPOCHS = 6 };

typedef struct epochs {
    double begun, seconds[EPOCHS];
} epochs;

static bool note_epoch(void *context, const cepa_progress *progress)
{
    epochs *e = context;
    if (progress->event == CEPA_EPOCH_BEGIN) e->begun = cpu_seconds();
    if (progress->event == CEPA_EPOCH_END) e->seconds[progress->epoch] = cpu_seconds() - e->begun;
    return true;
}

static cepa_status random_images(size_t rows, cepa_dataset **data, cepa_error *error)
{
    uint8_t *pixels = malloc(rows * 3072 + rows), *labels = pixels + rows * 3072;
    if (!pixels) return fail_memory(error);
    for (size_t i = 0; i < rows * 3072; i++) pixels[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t i = 0; i < rows; i++) labels[i] = (uint8_t)(i % 10);
    cepa_array x = {.type = CEPA_UINT8, .rank = 3, .shape = {32, 32, 3}, .data = pixels};
    cepa_array y = {.type = CEPA_UINT8, .data = labels};
    cepa_status status = cepa_dataset_new(rows, &x, 1, &y, 1, NULL, data, error);
    free(pixels);
    if (!status) cepa_dataset_scale(*data, 1 / 255.0);
    return status;
}

/* Seconds of an image in training, everything included. */
static cepa_status time_training(const bench_network *n, cepa_model *model, double *seconds, cepa_error *error)
{
    cepa_dataset *data = NULL;
    epochs e = {0};
    cepa_status status = random_images(n->rows, &data, error);
    if (!status) {
        status = cepa_fit(model, data, .epochs = EPOCHS, .batch_size = n->batch, .threads = 1, .callback = note_epoch,
                          .context = &e);
        if (status) *error = *cepa_model_error(model);
    }
    cepa_dataset_free(data);
    *seconds = median(e.seconds + 1, EPOCHS - 1) / (double)n->rows;
    return status;
}

static void report_networks(const machine *m, const char *wanted)
{
    printf("%-78s %8s %8s %8s\n", "steps of training", "MFLOP", "images/s", "of peak");
    for (size_t i = 0; i < ARRAY_COUNT(networks); i++) {
        char path[1000];
        cepa_model *model = NULL;
        cepa_error error;
        double seconds;
        if (!strstr(networks[i].path, wanted)) continue;
        snprintf(path, sizeof path, "%s/%s", SOURCE_ROOT, networks[i].path);
        if (cepa_load(path, NULL, &model, &error) || time_training(&networks[i], model, &seconds, &error)) {
            fprintf(stderr, "%s\n", error.message);
        } else {
            double work = network_training_work(model->network);
            printf("%-78s %8.2f %8.0f %7.0f%%\n", networks[i].path, work / 1e6, 1 / seconds,
                   100 * work / seconds / m->operations);
            fflush(stdout);
        }
        if (model) cepa_graph_free(cepa_model_graph(model));
    }
}

/* ---- Command ------------------------------------------------------------------------------------------------------
 */

/* Any machine has the last. */
static const isa *best_isa(void)
{
    const isa *best = isas;
    while (!kernels_named(best->name)) best++;
    return best;
}

static int print_peak(void)
{
    const isa *best = best_isa();
    return printf("{\"isa\": \"%s\", \"gflops\": %.2f}\n", best->name, peak_operations(best->run) / 1e9) < 0;
}

static int print_work(const char *path)
{
    cepa_model *model;
    cepa_error error;
    if (cepa_load(path, NULL, &model, &error)) return cepa_die(&error);
    printf("{\"forward\": %.0f, \"training\": %.0f}\n", network_forward_work(model->network),
           network_training_work(model->network));
    cepa_graph_free(cepa_model_graph(model));
    return 0;
}

static void report(const isa *isa, const char *wanted)
{
    machine m = measure_machine(isa);
    printf("%s: %.1f GFLOP/s of multiply-adds; memory: %.1f GB/s read, %.1f GB/s copied\n\n", isa->name,
           m.operations / 1e9, m.read / 1e9, m.copied / 1e9);
    report_multiplying(&m, wanted);
    printf("\n");
    report_moving(&m, wanted);
    printf("\n");
    report_networks(&m, wanted);
    printf("\n");
}

int main(int argc, char **argv)
{
    const char *isa = "", *wanted = "";
    cepa_error error;
    if (kernels_choose(&error)) return cepa_die(&error);
    if (argc == 2 && strcmp(argv[1], "--peak") == 0) return print_peak();
    if (argc == 3 && strcmp(argv[1], "--work") == 0) return print_work(argv[2]);
    if (argc == 4 && strcmp(argv[1], "--meet") == 0) meet(best_isa()->run, atoi(argv[2]), strtod(argv[3], NULL));
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--isa") == 0)
            isa = argv[i + 1];
        else if (i + 1 < argc && strcmp(argv[i], "--layers") == 0)
            wanted = argv[i + 1];
        else {
            fprintf(stderr, "usage: roofline [--isa NAME] [--layers TEXT] | --peak | --work MODEL | --meet THREADS "
                            "OPERATIONS\n");
            return 2;
        }
    }
    for (size_t i = 0; i < ARRAY_COUNT(isas); i++) {
        const kernel_table *table = kernels_named(isas[i].name);
        if (!table || (*isa ? strcmp(isa, isas[i].name) != 0 : table != kernels)) continue;
        kernels = table;
        report(&isas[i], wanted);
        return 0;
    }
    fprintf(stderr, "error: there is no instruction set %s here\n", isa);
    return 2;
}
