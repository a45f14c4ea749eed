/* One number that a layer gives, taken apart: its window, its weights, and what becomes of them. */
#include "model/inside.h"

#include "data/matrix.h"
#include "layers/layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A number to be explained. */
typedef struct question {
    const cepa_model *model;
    const call *call;
    const void *options; /* of the layer, resolved */
    const shape *in, *out;
    const float *input; /* the layer's, one row */
    const int *place;   /* in out */
} question;

typedef cepa_status explanation(const question *q, cepa_unit *u, cepa_error *error);

/* A layer's weight array of that number, in Keras' order; NULL: it has none. */
static const real *weights_of(const question *q, size_t number)
{
    const layer *l = q->call->layer;
    const cepa_graph *g = q->model->graph;
    return number < l->weight_count ? g->values + g->weights[l->first_weight + number].offset : NULL;
}

/* Copies the numbers under a window into the unit: channels of them from the unit's first channel on. */
static cepa_status take_window(const question *q, const window axis[2], size_t channels, cepa_unit *u,
                               cepa_error *error)
{
    cepa_status status = matrix_allocate(axis[0].size, axis[1].size, channels, &u->window, error);
    if (status) return status;
    u->row = q->place[0] * (int)axis[0].stride - (int)axis[0].before;
    u->column = q->place[1] * (int)axis[1].stride - (int)axis[1].before;
    const int *size = q->in->size;
    for (size_t i = 0; i < axis[0].size; i++)
        for (size_t j = 0; j < axis[1].size; j++) {
            int y = u->row + (int)(i * axis[0].dilation), x = u->column + (int)(j * axis[1].dilation);
            if (y < 0 || x < 0 || y >= size[0] || x >= size[1]) continue;
            const float *pixel = q->input + (y * size[1] + x) * size[2] + u->channel;
            for (size_t c = 0; c < channels; c++) matrix_at(&u->window, i, j)[c] = (double)pixel[c];
        }
    return CEPA_OK;
}

/* The weights of one filter, which stand filters apart, and the sum of products and bias. */
static cepa_status take_weights(const question *q, size_t filter, size_t filters, cepa_unit *u, cepa_error *error)
{
    const real *kernel = weights_of(q, 0), *bias = weights_of(q, 1);
    const cepa_matrix *w = &u->window;
    cepa_status status = matrix_allocate(w->height, w->width, w->channels, &u->weights, error);
    if (status) return status;
    u->bias = bias ? (double)bias[filter] : 0;
    u->sum = 0;
    for (size_t i = 0; i < w->height * w->width * w->channels; i++) {
        u->weights.values[i] = (double)kernel[i * filters + filter];
        u->sum += w->values[i] * u->weights.values[i];
    }
    u->sum += u->bias;
    return CEPA_OK;
}

static cepa_status explain_conv2d(const question *q, cepa_unit *u, cepa_error *error)
{
    const cepa_conv2d_options *o = q->options;
    window axis[2];
    for (int i = 0; i < 2; i++)
        if (!window_fit(&axis[i], q->in->size[i], o->kernel_size[i], o->strides[i], o->dilation_rate[i], o->padding))
            return fail(error, CEPA_SHAPE, "the kernel does not fit");
    size_t channels = (size_t)(q->in->size[2] / o->groups);
    u->channel = q->place[2] / (o->filters / o->groups) * (int)channels;
    u->activation = o->activation;
    cepa_status status = take_window(q, axis, channels, u, error);
    return status ? status : take_weights(q, (size_t)q->place[2], (size_t)o->filters, u, error);
}

static cepa_status explain_dense(const question *q, cepa_unit *u, cepa_error *error)
{
    const cepa_dense_options *o = q->options;
    size_t last = q->in->rank - 1, inputs = (size_t)q->in->size[last], position = 0;
    for (size_t i = 0; i < last; i++) position = position * (size_t)q->in->size[i] + (size_t)q->place[i];
    u->activation = o->activation;
    cepa_status status = matrix_allocate(1, inputs, 1, &u->window, error);
    for (size_t i = 0; i < inputs && !status; i++) u->window.values[i] = (double)q->input[position * inputs + i];
    return status ? status : take_weights(q, (size_t)q->place[last], (size_t)o->units, u, error);
}

/* True where a number of the window lies in the input. */
static bool is_inside(const question *q, const cepa_unit *u, size_t i, size_t j)
{
    int y = u->row + (int)i, x = u->column + (int)j;
    return y >= 0 && x >= 0 && y < q->in->size[0] && x < q->in->size[1];
}

static cepa_status take_pool(const question *q, cepa_unit *u, cepa_error *error)
{
    const cepa_pooling2d_options *o = q->options;
    window axis[2];
    for (int i = 0; i < 2; i++) {
        int stride = o->strides[i] ? o->strides[i] : o->pool_size[i];
        if (!window_fit(&axis[i], q->in->size[i], o->pool_size[i], stride, 1, o->padding))
            return fail(error, CEPA_SHAPE, "the pool does not fit");
    }
    u->channel = q->place[2];
    return take_window(q, axis, 1, u, error);
}

static cepa_status explain_max_pooling(const question *q, cepa_unit *u, cepa_error *error)
{
    cepa_status status = take_pool(q, u, error);
    u->sum = -INFINITY;
    for (size_t i = 0; i < u->window.height && !status; i++)
        for (size_t j = 0; j < u->window.width; j++) {
            double number = *matrix_at(&u->window, i, j);
            if (!is_inside(q, u, i, j) || !(number > u->sum)) continue;
            u->sum = number;
            u->best_row = (int)i;
            u->best_column = (int)j;
        }
    return status;
}

static cepa_status explain_average_pooling(const question *q, cepa_unit *u, cepa_error *error)
{
    cepa_status status = take_pool(q, u, error);
    double sum = 0, count = 0;
    for (size_t i = 0; i < u->window.height && !status; i++)
        for (size_t j = 0; j < u->window.width; j++) {
            if (!is_inside(q, u, i, j)) continue;
            sum += *matrix_at(&u->window, i, j);
            count++;
        }
    u->sum = count > 0 ? sum / count : 0;
    return status;
}

static const struct {
    const char *class_name;
    explanation *explain;
} explanations[] = {
    {"Conv2D", explain_conv2d},
    {"Dense", explain_dense},
    {"MaxPooling2D", explain_max_pooling},
    {"AveragePooling2D", explain_average_pooling},
};

static explanation *explanation_of(const layer *l)
{
    for (size_t i = 0; i < ARRAY_COUNT(explanations); i++)
        if (strcmp(l->class->kind.name, explanations[i].class_name) == 0) return explanations[i].explain;
    return NULL;
}

static cepa_status check_place(const question *q, size_t axes, cepa_error *error)
{
    char text[96];
    shape_text(q->out, text, sizeof text);
    bool inside = axes == q->out->rank;
    for (size_t i = 0; inside && i < axes; i++) inside = q->place[i] >= 0 && q->place[i] < q->out->size[i];
    return inside ? CEPA_OK
                  : fail(error, CEPA_ARGUMENT, "layer %s gives %s: expected %zu indices inside, counted from 0",
                         q->call->layer->name, text, q->out->rank);
}

/* The value that the engine gives at the place. */
static cepa_status take_value(const question *q, const cepa_dataset *row, cepa_unit *u, cepa_error *error)
{
    float *output;
    size_t size, at = 0;
    cepa_status status = model_tensor_values(q->model, q->call->result[0], row, &output, &size, error);
    for (size_t i = 0; i < q->out->rank; i++) at = at * (size_t)q->out->size[i] + (size_t)q->place[i];
    if (!status) u->value = (double)output[at];
    free(output);
    return status;
}

static cepa_status explain(question *q, const cepa_dataset *row, cepa_unit *u, cepa_error *error)
{
    float *input;
    size_t size;
    cepa_status status = model_tensor_values(q->model, q->call->input[0], row, &input, &size, error);
    if (status) return status;
    q->input = input;
    status = explanation_of(q->call->layer)(q, u, error);
    free(input);
    return status ? status : take_value(q, row, u, error);
}

cepa_status cepa_model_explain(const cepa_model *model, const char *layer, const int *place, size_t axes,
                               const cepa_dataset *data, cepa_unit *unit, cepa_error *error)
{
    const call *c;
    cepa_dataset *row;
    *unit = (cepa_unit){.best_row = -1, .best_column = -1};
    cepa_status status = model_find_call(model, layer, &c, error);
    if (status) return status;
    if (!explanation_of(c->layer))
        return fail(error, CEPA_ARGUMENT,
                    "layer %s is of class %s; explained are Conv2D, Dense, MaxPooling2D and AveragePooling2D", layer,
                    c->layer->class->kind.name);
    shape in, out;
    question q = {.model = model, .call = c, .options = c->layer->options, .in = &in, .out = &out, .place = place};
    status = model_tensor_shape(model, c->input[0], data, &in, error);
    if (!status) status = model_tensor_shape(model, c->result[0], data, &out, error);
    if (!status) status = check_place(&q, axes, error);
    if (!status) status = cepa_dataset_pick(data, (size_t[]){0}, 1, &row, error);
    if (status) return status;
    unit->class_name = c->layer->class->kind.name;
    status = explain(&q, row, unit, error);
    cepa_dataset_free(row);
    if (status) cepa_unit_free(unit);
    return status;
}

void cepa_unit_free(cepa_unit *unit)
{
    if (!unit) return;
    cepa_matrix_free(&unit->window);
    cepa_matrix_free(&unit->weights);
}
