/* Grad-CAM: R. R. Selvaraju, M. Cogswell, A. Das, R. Vedantam, D. Parikh, D. Batra, "Grad-CAM: Visual Explanations from
 * Deep Networks via Gradient-based Localization", ICCV 2017: map = max(0, sum over channels of a * A), where A are a
 * layer's maps and a is the mean over each map of the gradient of the class' score. */
#include "model/inside.h"

#include "data/matrix.h"
#include "graph/run.h"
#include "train/compile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The way from the maps to the score. */
typedef struct gradient {
    shape shape; /* of the maps */
    size_t count;
    uint32_t *order;
    float *maps;     /* the maps' numbers for the row, in Keras' order */
    float *gradient; /* of the score for each of them, likewise */
    size_t class_index, classes;
} gradient;

static void give_maps(void *context, size_t input, const size_t rows[LANES], const uint32_t *order, lanes *x)
{
    (void)input, (void)rows;
    const gradient *g = context;
    const float *from[LANES];
    for (size_t i = 0; i < LANES; i++) from[i] = g->maps;
    kernels->load_floats(from, order, 1, x, g->count);
}

static void ask_for_class(void *context, size_t position, size_t rows, const lanes *const *want,
                          lanes *const *gradients)
{
    (void)position, (void)rows, (void)want;
    const gradient *g = context;
    kernels->fill(gradients[0], g->classes, 0);
    gradients[0][g->class_index].lane[0] = 1;
}

static void take_gradient(void *context, size_t position, size_t rows, const lanes *const *input_gradient)
{
    (void)position, (void)rows;
    const gradient *g = context;
    kernels->store_floats(input_gradient[0], g->order, &(float *){g->gradient}, 1, g->count);
}

static cepa_status run(gradient *g, const plan_request *request, cepa_error *error)
{
    plan *plan = NULL;
    session *session = NULL;
    cepa_status status = plan_new(request, &plan, error);
    if (!status) status = session_new(plan, 1, 1, &session, error);
    if (!status)
        session_run(session, &(batch){.rows = 1,
                                      .row = &(size_t){0},
                                      .context = g,
                                      .load = give_maps,
                                      .head = ask_for_class,
                                      .finish = take_gradient});
    session_free(session);
    plan_free(plan);
    return status;
}

/* The tensor of the scores: what a softmax at the end is applied to, else the output. */
static int score_tensor(const cepa_model *model)
{
    int output = model->network->output[0], input;
    const char *activation = activation_of(model->network, output, &input);
    return activation && strcmp(activation, "softmax") == 0 ? input : output;
}

static cepa_status differentiate(const cepa_model *model, int maps, gradient *g, cepa_error *error)
{
    int score = score_tensor(model);
    network *open;
    const network *rest;
    const shape *scores = &graph_tensor(model->graph, score)->shape;
    if (scores->rank != 1 || g->class_index >= (size_t)scores->size[0])
        return fail(error, CEPA_ARGUMENT, "model %s has no score for class %zu", model->network->name, g->class_index);
    g->classes = (size_t)scores->size[0];
    cepa_status status = network_new(model->graph, &maps, 1, &score, 1, "rest", false, &open, error);
    if (!status) status = network_sized(open, &g->shape, &rest, error);
    if (status) return status;
    plan_request request = {.network = rest,
                            .want = rest->output,
                            .wants = 1,
                            .entry = rest->output,
                            .entries = 1,
                            .input_gradients = true};
    return run(g, &request, error);
}

static cepa_status add_maps(const gradient *g, cepa_matrix *map, cepa_error *error)
{
    size_t channels = (size_t)g->shape.size[2], pixels = g->count / channels;
    cepa_status status = matrix_allocate((size_t)g->shape.size[0], (size_t)g->shape.size[1], 1, map, error);
    double largest = 0;
    for (size_t c = 0; c < channels && !status; c++) {
        double mean = 0;
        for (size_t i = 0; i < pixels; i++) mean += (double)g->gradient[i * channels + c];
        mean /= (double)pixels;
        for (size_t i = 0; i < pixels; i++) map->values[i] += mean * (double)g->maps[i * channels + c];
    }
    for (size_t i = 0; i < pixels && !status; i++) largest = fmax(largest, map->values[i] = fmax(map->values[i], 0));
    for (size_t i = 0; i < pixels && largest > 0; i++) map->values[i] /= largest;
    return status;
}

/* The call that gives the maps. */
static cepa_status choose_call(const cepa_model *model, const char *layer, const call **found, cepa_error *error)
{
    const network *n = model->network;
    cepa_status status = layer ? model_find_call(model, layer, found, error) : model_need_network(model, error);
    if (status) return status;
    for (size_t i = 0; !layer && i < n->visible_count; i++)
        if (graph_tensor(model->graph, n->visible[i]->result[0])->shape.rank == 3 && n->visible[i]->inputs)
            *found = n->visible[i];
    if (!*found)
        return fail(error, CEPA_ARGUMENT, "model %s has no layer with maps (height, width, channels)", n->name);
    if (graph_tensor(model->graph, (*found)->result[0])->shape.rank == 3) return CEPA_OK;
    return fail(error, CEPA_ARGUMENT, "layer %s gives no maps (height, width, channels)", layer);
}

cepa_status cepa_class_activation(const cepa_model *model, const char *layer, const cepa_dataset *data,
                                  size_t class_index, cepa_matrix *map, cepa_error *error)
{
    const call *c = NULL;
    cepa_dataset *row;
    *map = (cepa_matrix){.values = NULL};
    cepa_status status = choose_call(model, layer, &c, error);
    if (!status) status = cepa_dataset_pick(data, (size_t[]){0}, 1, &row, error);
    if (status) return status;
    gradient g = {.class_index = class_index};
    status = model_tensor_shape(model, c->result[0], row, &g.shape, error);
    if (!status) status = model_tensor_values(model, c->result[0], row, &g.maps, &g.count, error);
    cepa_dataset_free(row);
    if (!status) {
        g.gradient = calloc(g.count, sizeof *g.gradient);
        g.order = calloc(g.count, sizeof *g.order);
        if (g.gradient && g.order)
            shape_order(&g.shape, g.order);
        else
            status = fail_memory(error);
    }
    if (!status) status = differentiate(model, c->result[0], &g, error);
    if (!status) status = add_maps(&g, map, error);
    free(g.maps);
    free(g.gradient);
    free(g.order);
    return status;
}
