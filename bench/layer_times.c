#include "layer_times.h"

#include "clock.h"
#include "formats/source.h"
#include "graph/run.h"
#include "work.h"

#include <string.h>

/* Rows: two blocks, the batch of the lesson; one block where that alone is much. */
enum { ROWS = 2 * LANES, FEWEST_TURNS = 20, MOST_TURNS = 400, PACKINGS = 5 };
static const double MUCH_WORK = 1e9, ENOUGH_SECONDS = 1;

/* What a plan is for: the three differ by one pass each. */
typedef enum purpose { FORWARD, FORWARD_AND_WEIGHTS, EVERYTHING, PURPOSES } purpose;

/* One session at work on a batch whose numbers are given in its first run and left as they are found later. */
typedef struct bench_run {
    plan *plan;
    session *session;
    batch batch;
    size_t row[ROWS], input_count, output_count;
    bool filled;
} bench_run;

/* One time of each. */
typedef struct turn {
    double seconds[PURPOSES], together;
} turn;

static void fill(lanes *to, size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t i = 0; i < LANES; i++) to[e].lane[i] = (real)((e + i) % 17) / 16 - (real)0.5;
}

static void load(void *context, size_t input, const size_t rows[LANES], const uint32_t *order, lanes *x)
{
    (void)input, (void)rows, (void)order;
    const bench_run *run = context;
    if (!run->filled) fill(x, run->input_count);
}

static void head(void *context, size_t position, size_t rows, const lanes *const *want, lanes *const *gradient)
{
    (void)position, (void)rows, (void)want;
    const bench_run *run = context;
    if (!run->filled && gradient) fill(gradient[0], run->output_count);
}

static cepa_status run_new(const network *n, purpose what, size_t rows, bench_run *run, cepa_error *error)
{
    plan_request request = {.network = n, .training = true, .want = n->output, .wants = 1};
    if (what != FORWARD) request.entry = n->output, request.entries = 1;
    request.input_gradients = what == EVERYTHING;
    run->input_count = shape_count(&graph_tensor(n->graph, n->input[0])->shape);
    run->output_count = shape_count(&graph_tensor(n->graph, n->output[0])->shape);
    run->batch = (batch){.rows = rows, .row = run->row, .context = run, .load = load, .head = head};
    for (size_t i = 0; i < rows; i++) run->row[i] = i;
    cepa_status status = plan_new(&request, &run->plan, error);
    if (!status) status = session_new(run->plan, rows, 1, &run->session, error);
    if (!status) session_run(run->session, &run->batch);
    run->filled = true;
    return status;
}

static void run_free(bench_run *run)
{
    session_free(run->session);
    plan_free(run->plan);
}

static double time_run(bench_run *run)
{
    double start = cpu_seconds();
    session_run(run->session, &run->batch);
    return cpu_seconds() - start;
}

static turn take_turn(bench_run runs[PURPOSES])
{
    turn t = {.together = 0};
    for (size_t i = 0; i < PURPOSES; i++) t.together += t.seconds[i] = time_run(&runs[i]);
    return t;
}

static int compare_turns(const void *a, const void *b)
{
    return compare_doubles(&((const turn *)a)->together, &((const turn *)b)->together);
}

/* The middle of the fastest quarter of the turns: what others do on the same core slows the rest. */
static void time_purposes(bench_run runs[PURPOSES], double middle[PURPOSES])
{
    turn turns[MOST_TURNS];
    double spent = 0;
    size_t count = 0;
    while (count < FEWEST_TURNS || (count < MOST_TURNS && spent < ENOUGH_SECONDS)) {
        turns[count] = take_turn(runs);
        spent += turns[count++].together;
    }
    qsort(turns, count, sizeof *turns, compare_turns);
    for (size_t i = 0; i < PURPOSES; i++) {
        double seconds[MOST_TURNS];
        for (size_t k = 0; k < count / 4; k++) seconds[k] = turns[k].seconds[i];
        middle[i] = median(seconds, count / 4);
    }
}

static double time_packing(const bench_run *run)
{
    double seconds[PACKINGS];
    for (size_t k = 0; k < PACKINGS; k++) {
        double start = cpu_seconds();
        session_pack(run->session);
        seconds[k] = cpu_seconds() - start;
    }
    return median(seconds, PACKINGS);
}

static cepa_status time_network(const network *n, layer_times *times, cepa_error *error)
{
    times->work = network_forward_work(n);
    size_t rows = times->work * LANES > MUCH_WORK ? LANES : ROWS;
    bench_run *runs = calloc(PURPOSES, sizeof *runs);
    if (!runs) return fail_memory(error);
    cepa_status status = CEPA_OK;
    for (size_t i = 0; !status && i < PURPOSES; i++) status = run_new(n, (purpose)i, rows, &runs[i], error);
    if (!status) {
        double middle[PURPOSES];
        time_purposes(runs, middle);
        times->forward = middle[FORWARD] / (double)rows;
        times->weights = (middle[FORWARD_AND_WEIGHTS] - middle[FORWARD]) / (double)rows;
        times->inputs = (middle[EVERYTHING] - middle[FORWARD_AND_WEIGHTS]) / (double)rows;
        times->together = middle[EVERYTHING] / (double)rows;
        times->pack = time_packing(runs);
        times->moved = (double)((runs->input_count + runs->output_count) * sizeof(real));
    }
    for (size_t i = 0; i < PURPOSES; i++) run_free(&runs[i]);
    free(runs);
    return status;
}

cepa_status time_layers(const char *shape, const char *layers, layer_times *times, cepa_error *error)
{
    char text[1000];
    source_model read = {0};
    cepa_graph *graph = graph_new(0, false);
    if (!graph) return fail_memory(error);
    snprintf(text, sizeof text,
             "import keras\nfrom keras.layers import *\nmodel = keras.Sequential([keras.Input(%s), %s])\n", shape,
             layers);
    cepa_status status = keras_source_read("layers", NULL, text, strlen(text), NULL, graph, &read, error);
    if (!status) status = time_network(read.network, times, error);
    graph_free(graph);
    return status;
}
