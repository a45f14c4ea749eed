/* GlobalAveragePooling2D, GlobalMaxPooling2D: the mean or the largest number of each whole channel; equal maxima share
 * the gradient.  Keras: keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D. */
#include "layers/layers.h"

typedef cepa_global_pooling2d_options options;

static const field fields[] = {DATA_FORMAT, BOOL(options, keepdims), END_OF_FIELDS};

static bool shape_of(shape_pass *p)
{
    if (!need_image(p)) return false;
    int channels = p->input->size[2];
    p->output[0] = OPTIONS(p)->keepdims ? (shape){3, {1, 1, channels}} : (shape){1, {channels}};
    return true;
}

static size_t channels(const layer_call *c) { return (size_t)c->input->size[2]; }
static size_t positions(const layer_call *c) { return (size_t)c->input->size[0] * (size_t)c->input->size[1]; }

static void average_forward(const layer_call *c)
{
    kernels->global_average_forward(c->x[0], c->y[0], channels(c), positions(c));
}

static void average_gradient(const layer_call *c)
{
    kernels->global_average_gradient(c->dy[0], c->dx[0], channels(c), positions(c));
}

const layer_class global_average_pooling2d = {
    .kind = {.name = "GlobalAveragePooling2D",
             .aliases = (const char *const[]){"GlobalAvgPool2D", NULL},
             .fields = fields,
             .options_size = sizeof(options),
             .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape_of,
    .forward = average_forward,
    .gradient_inputs = average_gradient,
};

static void max_forward(const layer_call *c)
{
    kernels->global_max_forward(c->x[0], c->y[0], channels(c), positions(c));
}

static void max_gradient(const layer_call *c)
{
    kernels->global_max_gradient(c->dy[0], c->x[0], c->y[0], c->dx[0], channels(c), positions(c));
}

const layer_class global_max_pooling2d = {
    .kind = {.name = "GlobalMaxPooling2D",
             .aliases = (const char *const[]){"GlobalMaxPool2D", NULL},
             .fields = fields,
             .options_size = sizeof(options),
             .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape_of,
    .forward = max_forward,
    .gradient_inputs = max_gradient,
    .needs = NEEDS_INPUT | NEEDS_OUTPUT,
};
