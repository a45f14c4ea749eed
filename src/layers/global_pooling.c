/* GlobalAveragePooling1D ... 3D, GlobalMaxPooling1D ... 3D: the mean or the largest number of each whole channel; equal
 * maxima share the gradient.  Keras: keras.layers.GlobalAveragePooling2D ... */
#include "layers/layers.h"

typedef cepa_global_pooling_options options;

static const field fields[] = {DATA_FORMAT, BOOL(options, keepdims), END_OF_FIELDS};

static bool fit(shape_pass *p, size_t axes)
{
    if (!need_axes(p, axes)) return false;
    shape *out = p->output;
    *out = (shape){1, {p->input->size[axes]}};
    if (!OPTIONS(p)->keepdims) return true;
    *out = *p->input;
    for (size_t i = 0; i < axes; i++) out->size[i] = 1;
    return true;
}

static bool shape1d(shape_pass *p) { return fit(p, 1); }
static bool shape2d(shape_pass *p) { return fit(p, 2); }
static bool shape3d(shape_pass *p) { return fit(p, 3); }

static size_t channels(const layer_call *c) { return shape_channels(c->input); }
static size_t positions(const layer_call *c) { return shape_count(c->input) / channels(c); }

static void average_forward(const layer_call *c)
{
    kernels->global_average_forward(c->x[0], c->y[0], channels(c), positions(c));
}

static void average_gradient(const layer_call *c)
{
    kernels->global_average_gradient(c->dy[0], c->dx[0], channels(c), positions(c));
}

static void max_forward(const layer_call *c)
{
    kernels->global_max_forward(c->x[0], c->y[0], channels(c), positions(c));
}

static void max_gradient(const layer_call *c)
{
    kernels->global_max_gradient(c->dy[0], c->x[0], c->y[0], c->dx[0], channels(c), positions(c));
}

#define GLOBAL(class_name, alias, shape_, of, ...)                                                                     \
    .kind = LAYER(class_name, fields, options, .aliases = ALIASES(alias)), .shape = (shape_), .forward = of##_forward, \
    .gradient_inputs = of##_gradient, __VA_ARGS__

const layer_class global_average_pooling1d = {GLOBAL("GlobalAveragePooling1D", "GlobalAvgPool1D", shape1d, average)};
const layer_class global_average_pooling2d = {GLOBAL("GlobalAveragePooling2D", "GlobalAvgPool2D", shape2d, average)};
const layer_class global_average_pooling3d = {GLOBAL("GlobalAveragePooling3D", "GlobalAvgPool3D", shape3d, average)};
const layer_class global_max_pooling1d = {
    GLOBAL("GlobalMaxPooling1D", "GlobalMaxPool1D", shape1d, max, .needs = NEEDS_INPUT | NEEDS_OUTPUT)};
const layer_class global_max_pooling2d = {
    GLOBAL("GlobalMaxPooling2D", "GlobalMaxPool2D", shape2d, max, .needs = NEEDS_INPUT | NEEDS_OUTPUT)};
const layer_class global_max_pooling3d = {
    GLOBAL("GlobalMaxPooling3D", "GlobalMaxPool3D", shape3d, max, .needs = NEEDS_INPUT | NEEDS_OUTPUT)};
