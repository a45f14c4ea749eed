/* Predicting: rows through a network in inference mode, its outputs in Keras' order. */
#include "data/batch.h"
#include "graph/predictor.h"
#include "train/evaluate.h"
#include "train/train.h"

/* Fewer rows go through apart, one by one: a block of sixteen takes about the time of twelve. The bits are the same. */
enum { LEAST_BLOCK = 12 };

/* One call at work. */
typedef struct prediction {
    const network *network;
    const cepa_dataset *data;
    size_t *input, *row;
    float *const *outputs;
    size_t *size; /* of a row, by output */
    predictor *predictor;
    size_t first; /* row of the batch that runs */
} prediction;

static void load(void *context, size_t input, const size_t rows[LANES], const uint32_t *order, lanes *x)
{
    const prediction *p = context;
    batch_load(p->data, p->input[input], rows, order, x);
}

static void load_apart(void *context, size_t input, size_t row, size_t channels, real *x)
{
    const prediction *p = context;
    batch_load_apart(p->data, p->input[input], row, channels, x);
}

static void store(void *context, size_t position, size_t rows, const lanes *const *want, lanes *const *gradient)
{
    (void)gradient;
    const prediction *p = context;
    for (size_t i = 0; i < p->network->outputs; i++) {
        float *to[LANES];
        for (size_t r = 0; r < rows; r++) to[r] = p->outputs[i] + (p->first + position + r) * p->size[i];
        kernels->store_floats(want[i], p->predictor->output_order[i], to, rows, p->size[i]);
    }
}

static cepa_status begin(prediction *p, arena *memory, size_t together, cepa_error *error)
{
    const network *n = p->network;
    p->input = arena_array(memory, n->inputs, sizeof *p->input);
    p->row = arena_array(memory, together, sizeof *p->row);
    p->size = arena_array(memory, n->outputs, sizeof *p->size);
    if (!p->input || !p->row || !p->size) return fail_memory(error);
    for (size_t i = 0; i < n->outputs; i++) p->size[i] = shape_count(&graph_tensor(n->graph, n->output[i])->shape);
    return match_inputs(n, p->data, p->input, error);
}

/* Several threads may predict at once, and sizes that only the data know change the graph. */
static cepa_status prepare(prediction *p, arena *memory, size_t together, cepa_error *error)
{
    pthread_mutex_t *lock = &p->network->graph->packing;
    pthread_mutex_lock(lock);
    cepa_status status = network_for(p->network, p->data, &p->network, error);
    if (!status) status = begin(p, memory, together, error);
    pthread_mutex_unlock(lock);
    return status;
}

static void run(prediction *p, size_t rows, size_t together)
{
    for (p->first = 0; p->first < rows; p->first += together) {
        size_t rest = rows - p->first;
        batch b = {.rows = rest < together ? rest : together, .row = p->row, .context = p, .load = load, .head = store};
        b.load_apart = load_apart;
        for (size_t r = 0; r < b.rows; r++) p->row[r] = p->first + r;
        session_run(p->predictor->session, &b);
    }
}

cepa_status network_predict(const network *network, const cepa_dataset *data, float *const *outputs, size_t count,
                            int threads, cepa_error *error)
{
    arena memory = {0};
    prediction p = {.network = network, .data = data, .outputs = outputs};
    size_t rows = cepa_dataset_describe(data)->rows, together = rows_together(threads, 1, rows);
    if (count != network->outputs)
        return fail(error, CEPA_ARGUMENT, "the model has %zu outputs, room was given for %zu", network->outputs, count);
    cepa_status status = prepare(&p, &memory, together, error);
    if (!status) status = predictor_take(p.network, rows < LEAST_BLOCK, together, threads, &p.predictor, error);
    if (!status) run(&p, rows, together);
    predictor_give_back(p.predictor);
    arena_free(&memory);
    return status;
}

cepa_status network_output_shape(const network *network, const cepa_dataset *data, size_t index, shape *found,
                                 cepa_error *error)
{
    pthread_mutex_lock(&network->graph->packing);
    const struct network *sized;
    cepa_status status = network_for(network, data, &sized, error);
    if (!status) *found = graph_tensor(sized->graph, sized->output[index])->shape;
    pthread_mutex_unlock(&network->graph->packing);
    return status;
}
