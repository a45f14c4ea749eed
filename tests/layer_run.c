#include "layer_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

cepa_graph *run_graph(const shape *shapes, size_t count, int *ids)
{
    cepa_error error;
    assert_int_equal(kernels_choose(&error), CEPA_OK);
    cepa_graph *graph = graph_new(7, false);
    assert_non_null(graph);
    const layer_class *input = (const layer_class *)family_find(&layer_family, "InputLayer");
    for (size_t i = 0; i < count; i++) {
        cepa_input_options options = {0};
        for (size_t k = 0; k < shapes[i].rank; k++) options.shape[k] = shapes[i].size[k];
        void *resolved;
        assert_int_equal(fields_resolve(&graph->memory, &input->kind, &options, &resolved, &error), CEPA_OK);
        layer *made = graph_layer(graph, input, resolved, NULL, true);
        call *c = graph_call(graph, made, NULL, 0);
        assert_non_null(c);
        ids[i] = c->result[0];
    }
    return graph;
}

int run_layer(cepa_graph *graph, const char *class_name, const named_value *arguments, size_t count, const int *inputs,
              size_t input_count, bool trainable)
{
    cepa_error error;
    bool operation = strncmp(class_name, "ops.", 4) == 0;
    const layer_class *class = operation ? operation_of(class_name + 4, input_count)
                                         : (const layer_class *)family_find(&layer_family, class_name);
    assert_non_null(class);
    void *resolved;
    if (fields_read(&graph->memory, &class->kind, arguments, count, false, &resolved, &error))
        fail_msg("%s", error.message);
    layer *made = graph_layer(graph, class, resolved, NULL, trainable);
    call *c = graph_call(graph, made, inputs, input_count);
    if (!c) fail_msg("%s", graph->error.message);
    return c->result[0];
}

static uint32_t *order_of(const cepa_graph *graph, int id, size_t *count)
{
    const shape *s = &graph_tensor(graph, id)->shape;
    *count = shape_count(s);
    uint32_t *order = calloc(*count, sizeof *order);
    assert_non_null(order);
    shape_order(s, order);
    return order;
}

void run_prepare(layer_run *run, cepa_graph *graph, const int *inputs, size_t input_count, const int *outputs,
                 size_t output_count, size_t rows, bool training, bool plain, int threads)
{
    cepa_error error = {0};
    *run = (layer_run){.graph = graph, .rows = rows, .inputs = input_count, .outputs = output_count};
    if (network_new(graph, inputs, input_count, outputs, output_count, "test", false, &run->network, &error))
        fail_msg("%s", error.message);
    plan_request request = {.network = run->network,
                            .training = training,
                            .want = outputs,
                            .wants = output_count,
                            .entry = outputs,
                            .entries = output_count,
                            .input_gradients = true,
                            .plain = plain};
    if (plan_new(&request, &run->plan, &error)) fail_msg("%s", error.message);
    if (session_new(run->plan, rows, threads, &run->session, &error)) fail_msg("%s", error.message);
    for (size_t i = 0; i < input_count; i++) {
        run->input_order[i] = order_of(graph, inputs[i], &run->input_count[i]);
        run->x[i] = calloc(rows * run->input_count[i], sizeof(double));
        run->dx[i] = calloc(rows * run->input_count[i], sizeof(double));
    }
    for (size_t i = 0; i < output_count; i++) {
        run->output_order[i] = order_of(graph, outputs[i], &run->output_count[i]);
        run->y[i] = calloc(rows * run->output_count[i], sizeof(double));
        run->dy[i] = calloc(rows * run->output_count[i], sizeof(double));
    }
}

static void load(void *context, size_t input, const size_t rows[LANES], const uint32_t *order, lanes *x)
{
    const layer_run *run = context;
    size_t count = run->input_count[input];
    for (size_t e = 0; e < count; e++)
        for (size_t i = 0; i < LANES; i++) {
            bool unused = run->unused != 0 && i > 0 && rows[i] == rows[i - 1];
            x[e].lane[i] = (real)(unused ? run->unused : run->x[input][rows[i] * count + order[e]]);
        }
}

/* Numbers of a block's rows in Keras' order. */
static void unload(const lanes *from, double *to, const uint32_t *order, size_t count, size_t position, size_t rows)
{
    for (size_t e = 0; e < count; e++)
        for (size_t i = 0; i < rows; i++) to[(position + i) * count + order[e]] = (double)from[e].lane[i];
}

static void head(void *context, size_t position, size_t rows, const lanes *const *want, lanes *const *gradient)
{
    const layer_run *run = context;
    for (size_t k = 0; k < run->outputs; k++) {
        size_t count = run->output_count[k];
        unload(want[k], run->y[k], run->output_order[k], count, position, rows);
        for (size_t e = 0; e < count; e++)
            for (size_t i = 0; i < LANES; i++)
                gradient[k][e].lane[i] =
                    i < rows ? (real)run->dy[k][(position + i) * count + run->output_order[k][e]] : 0;
    }
}

static void finish(void *context, size_t position, size_t rows, const lanes *const *input_gradient)
{
    const layer_run *run = context;
    for (size_t k = 0; k < run->inputs; k++)
        if (input_gradient[k])
            unload(input_gradient[k], run->dx[k], run->input_order[k], run->input_count[k], position, rows);
}

void run_once(layer_run *run)
{
    size_t *row = calloc(run->rows, sizeof *row);
    for (size_t i = 0; i < run->rows; i++) row[i] = i;
    batch b = {.rows = run->rows, .row = row, .seed = 11, .context = run, .load = load, .head = head, .finish = finish};
    session_pack(run->session);
    session_run(run->session, &b);
    free(row);
}

const real *run_weight_gradient(const layer_run *run, size_t weight)
{
    size_t offset = run->plan->gradient_offset[weight];
    return offset == SIZE_MAX ? NULL : session_gradients(run->session) + offset;
}

void run_free(layer_run *run)
{
    for (size_t i = 0; i < MOST_VALUES; i++) {
        free(run->x[i]);
        free(run->dx[i]);
        free(run->y[i]);
        free(run->dy[i]);
        free(run->input_order[i]);
        free(run->output_order[i]);
    }
    session_free(run->session);
    plan_free(run->plan);
    graph_free(run->graph);
}
