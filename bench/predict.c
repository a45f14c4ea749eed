/* predict: seconds of one cepa_predict, for bench/run; what a program that keeps its model pays for each batch.
 * predict MODEL ROWS.npy BATCH THREADS SECONDS calls it on the first BATCH rows for so many seconds and prints the
 * median by the clock and the mean of the processor's time, as JSON. */
#include "clock.h"

#include <cepa.h>

enum { MOST_CALLS = 1 << 20 };

static cepa_status open_rows(const char *path, size_t batch, cepa_dataset **data, cepa_error *error)
{
    cepa_dataset *test = NULL;
    cepa_status status = cepa_dataset_open(path, NULL, data, &test, error);
    cepa_dataset_free(test);
    return status ? status : cepa_dataset_take(*data, batch, error);
}

static cepa_status measure(const cepa_model *model, const cepa_dataset *data, float *outputs, int threads,
                           double duration, cepa_error *error)
{
    double *calls = malloc(MOST_CALLS * sizeof *calls);
    if (!calls) abort();
    cepa_status status = cepa_predict(model, data, &outputs, 1, threads, error);
    double start = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID), now = start;
    size_t count = 0;
    while (!status && count < MOST_CALLS && (!count || now < start + duration)) {
        status = cepa_predict(model, data, &outputs, 1, threads, error);
        double then = now;
        now = seconds_of(CLOCK_MONOTONIC);
        calls[count++] = now - then;
    }
    cpu = (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)(count ? count : 1);
    if (!status) printf("{\"wall\": %.9f, \"cpu\": %.9f}\n", median(calls, count), cpu);
    free(calls);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: predict MODEL ROWS.npy BATCH THREADS SECONDS\n");
        return 2;
    }
    size_t batch = strtoul(argv[3], NULL, 10), classes;
    int shape[CEPA_MAX_RANK];
    cepa_model *model = NULL;
    cepa_dataset *data = NULL;
    cepa_error error;
    if (cepa_load(argv[1], NULL, &model, &error) || open_rows(argv[2], batch, &data, &error)) return cepa_die(&error);
    cepa_model_output(model, 0, &classes, shape);
    float *outputs = malloc(batch * (size_t)shape[0] * sizeof *outputs);
    if (!outputs) abort();
    cepa_status status = measure(model, data, outputs, atoi(argv[4]), strtod(argv[5], NULL), &error);
    free(outputs);
    cepa_dataset_free(data);
    cepa_graph_free(cepa_model_graph(model));
    return status ? cepa_die(&error) : 0;
}
