/* SeparableConv1D, SeparableConv2D: a correlation of each channel by itself, then one of 1 x 1 over all of them, plus
 * bias.  Chollet 2017; Keras: keras.layers.SeparableConv1D, keras.layers.SeparableConv2D. */
#include "layers/correlation.h"

#define SEPARABLE_FIELDS(options_)                                                                                     \
    INT(options_, filters, .required = true, .min = 1, .max = 1e6),                                                    \
        INTS(options_, kernel_size, .required = true, .min = 1, .max = 1e6),                                           \
        INTS(options_, strides, .preset = 1, .min = 1, .max = 1e6),                                                    \
        CHOICE(options_, padding, .preset_text = "valid", .choices = paddings), DATA_FORMAT,                           \
        INTS(options_, dilation_rate, .preset = 1, .min = 1, .max = 1e6),                                              \
        INT(options_, depth_multiplier, .preset = 1, .min = 1, .max = 1e6),                                            \
        MEMBER(options_, activation, &activation_family, .optional = true), FLAG(options_, use_bias, .preset = 1),     \
        MEMBER(options_, depthwise_initializer, &initializer_family, .preset_text = "glorot_uniform"),                 \
        MEMBER(options_, pointwise_initializer, &initializer_family, .preset_text = "glorot_uniform"),                 \
        MEMBER(options_, bias_initializer, &initializer_family, .preset_text = "zeros"),                               \
        MEMBER(options_, depthwise_regularizer, &regularizer_family, .optional = true),                                \
        MEMBER(options_, pointwise_regularizer, &regularizer_family, .optional = true),                                \
        MEMBER(options_, bias_regularizer, &regularizer_family, .optional = true),                                     \
        MEMBER(options_, activity_regularizer, &regularizer_family, .optional = true),                                 \
        MEMBER(options_, depthwise_constraint, &constraint_family, .optional = true),                                  \
        MEMBER(options_, pointwise_constraint, &constraint_family, .optional = true),                                  \
        MEMBER(options_, bias_constraint, &constraint_family, .optional = true), END_OF_FIELDS

static const field fields1d[] = {SEPARABLE_FIELDS(cepa_separable_conv1d_options)};
static const field fields2d[] = {SEPARABLE_FIELDS(cepa_separable_conv2d_options)};

enum { DEPTHWISE, POINTWISE };

typedef struct geometry {
    conv_shape shape[2];
    bool bias;
    size_t point_form[PASSES]; /* where the pointwise kernel's packed form begins */
    size_t between;            /* elements of the value between */
} geometry;

/* The packed forms that a pass reads: the depthwise kernel's, and the pointwise one's behind it. */
static void declare_forms(shape_pass *p, geometry *g, pass_kind pass, bool deep, bool gradient)
{
    size_t first = deep ? kernels->conv_packed_size(&g->shape[DEPTHWISE], gradient) : 0;
    g->point_form[pass] = lanes_of(first) * LANES;
    declare_packed(p, pass, g->point_form[pass] + kernels->conv_packed_size(&g->shape[POINTWISE], gradient));
}

/* What the layers of one or two axes say. */
typedef struct separable {
    convolution deep; /* without filters and groups */
    int filters, depth_multiplier;
    const char *depthwise_initializer, *depthwise_regularizer, *depthwise_constraint;
    kernel_texts pointwise;
} separable;

static void declare_weights(shape_pass *p, const separable *o, int channels)
{
    shape deep = kernel_shape(&o->deep, channels, o->depth_multiplier), point = {.rank = deep.rank};
    for (size_t i = 0; i < o->deep.axes; i++) point.size[i] = 1;
    point.size[o->deep.axes] = channels * o->depth_multiplier;
    point.size[o->deep.axes + 1] = o->filters;
    declare_weight(p, &(weight_spec){.name = "depthwise_kernel",
                                     .shape = deep,
                                     .initializer = o->depthwise_initializer,
                                     .regularizer = o->depthwise_regularizer,
                                     .constraint = o->depthwise_constraint});
    declare_kernel_and_bias(p, &point, o->filters, &o->pointwise);
}

static bool declare(shape_pass *p, separable *o)
{
    const size_t axes = o->deep.axes;
    if (!need_axes(p, axes) || !need_size(p, axes)) return false;
    int channels = p->input->size[axes];
    if (o->depth_multiplier > INT32_MAX / channels) return refuse(p, "its output would be too large");
    int middle = o->deep.filters = channels * o->depth_multiplier;
    o->deep.groups = channels;
    geometry *g = declare_geometry(p, sizeof *g);
    conv_shape *deep = g ? &g->shape[DEPTHWISE] : NULL, *point = g ? &g->shape[POINTWISE] : NULL;
    if (!g || !fit_convolution(p, &o->deep, deep)) return false;
    *point = pointwise_shape(deep->out_height, deep->out_width, (size_t)middle, (size_t)o->filters);
    p->output[0].size[axes] = o->filters;
    g->bias = o->pointwise.use_bias;
    declare_weights(p, o, channels);
    if (!deep->out_height || !deep->out_width) return true; /* unknown: nothing will run */
    g->between = deep->out_height * deep->out_width * (size_t)middle;
    size_t deep_scratch = kernels->conv_scratch_size(deep), point_scratch = kernels->conv_scratch_size(point);
    declare_forms(p, g, PASS_FORWARD, true, false);
    declare_forms(p, g, PASS_GRADIENT_INPUTS, true, true);
    declare_forms(p, g, PASS_GRADIENT_WEIGHTS, false, true);
    declare_kept(p, g->between * sizeof(lanes));
    declare_scratch(p, g->between * sizeof(lanes) + (deep_scratch > point_scratch ? deep_scratch : point_scratch));
    return true;
}

#define SEPARABLE_OF(o, axes_)                                                                                         \
    (&(separable){{axes_, (o)->kernel_size, (o)->strides, (o)->dilation_rate, (o)->padding, 0, 0},                     \
                  (o)->filters,                                                                                        \
                  (o)->depth_multiplier,                                                                               \
                  (o)->depthwise_initializer,                                                                          \
                  (o)->depthwise_regularizer,                                                                          \
                  (o)->depthwise_constraint,                                                                           \
                  {(o)->use_bias == CEPA_TRUE, (o)->pointwise_initializer, (o)->bias_initializer,                      \
                   (o)->pointwise_regularizer, (o)->bias_regularizer, (o)->pointwise_constraint, (o)->bias_constraint, \
                   "pointwise_kernel"}})

static bool shape1d(shape_pass *p)
{
    const cepa_separable_conv1d_options *o = p->options;
    return declare(p, SEPARABLE_OF(o, 1));
}

static bool shape2d(shape_pass *p)
{
    const cepa_separable_conv2d_options *o = p->options;
    return declare(p, SEPARABLE_OF(o, 2));
}

static void pack(const layer_call *c, pass_kind pass, bool deep, bool gradient)
{
    const geometry *g = GEOMETRY(c);
    if (deep) kernels->conv_pack(&g->shape[DEPTHWISE], c->w[DEPTHWISE], gradient, c->packed);
    kernels->conv_pack(&g->shape[POINTWISE], c->w[POINTWISE], gradient, c->packed + g->point_form[pass]);
}

static void pack_forward(const layer_call *c) { pack(c, PASS_FORWARD, true, false); }
static void pack_gradient(const layer_call *c) { pack(c, PASS_GRADIENT_INPUTS, true, true); }
static void pack_weights(const layer_call *c) { pack(c, PASS_GRADIENT_WEIGHTS, false, true); }

/* A call of one of the two correlations in a pass; the value between stands at the start of the scratch. */
static conv_call call_of(const layer_call *c, int which, pass_kind pass)
{
    return (conv_call){.filters = c->w[which],
                       .packed = c->packed + (which == POINTWISE ? GEOMETRY(c)->point_form[pass] : 0),
                       .scratch = (lanes *)c->scratch + GEOMETRY(c)->between};
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    lanes *between = c->kept ? c->kept : c->scratch;
    conv_call deep = call_of(c, DEPTHWISE, PASS_FORWARD), point = call_of(c, POINTWISE, PASS_FORWARD);
    deep.x = c->x[0];
    deep.y = between;
    deep.last = g->shape[DEPTHWISE].out_channels;
    kernels->conv_forward(&g->shape[DEPTHWISE], &deep);
    point.x = between;
    point.bias = g->bias ? c->w[2] : NULL;
    point.y = c->y[0];
    point.last = g->shape[POINTWISE].out_channels;
    kernels->conv_forward(&g->shape[POINTWISE], &point);
}

/* The gradient of the value between, in the scratch. */
static lanes *gradient_between(const layer_call *c, pass_kind pass)
{
    conv_call point = call_of(c, POINTWISE, pass);
    point.dy = c->dy[0];
    point.dx = c->scratch;
    point.last = GEOMETRY(c)->shape[POINTWISE].in_channels;
    kernels->conv_gradient_inputs(&GEOMETRY(c)->shape[POINTWISE], &point);
    return point.dx;
}

static void gradient_inputs(const layer_call *c)
{
    conv_call deep = call_of(c, DEPTHWISE, PASS_GRADIENT_INPUTS);
    deep.dy = gradient_between(c, PASS_GRADIENT_INPUTS);
    deep.dx = c->dx[0];
    deep.last = GEOMETRY(c)->shape[DEPTHWISE].in_channels;
    kernels->conv_gradient_inputs(&GEOMETRY(c)->shape[DEPTHWISE], &deep);
}

static void gradient_weights(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    conv_call deep = call_of(c, DEPTHWISE, PASS_GRADIENT_WEIGHTS), point = call_of(c, POINTWISE, PASS_GRADIENT_WEIGHTS);
    point.x = c->kept;
    point.dy = c->dy[0];
    point.d_filters = c->dw[1];
    point.d_bias = g->bias ? c->dw[2] : NULL;
    point.last = g->shape[POINTWISE].out_channels;
    kernels->conv_gradient_weights(&g->shape[POINTWISE], &point);
    deep.x = c->x[0];
    deep.dy = gradient_between(c, PASS_GRADIENT_WEIGHTS);
    deep.d_filters = c->dw[0];
    deep.last = g->shape[DEPTHWISE].out_channels;
    kernels->conv_gradient_weights(&g->shape[DEPTHWISE], &deep);
}

#define SEPARABLE(class_name, alias, axes)                                                                             \
    .kind = LAYER(class_name, fields##axes, cepa_separable_conv##axes##_options, .aliases = ALIASES(alias)),           \
    .shape = shape##axes, .forward = forward, .gradient_inputs = gradient_inputs,                                      \
    .gradient_weights = gradient_weights, .weights_need = NEEDS_INPUT,                                                 \
    .pack = {[PASS_FORWARD] = pack_forward,                                                                            \
             [PASS_GRADIENT_INPUTS] = pack_gradient,                                                                   \
             [PASS_GRADIENT_WEIGHTS] = pack_weights},                                                                  \
    .takes_activation = true

const layer_class separable_conv1d = {SEPARABLE("SeparableConv1D", "SeparableConvolution1D", 1d)};
const layer_class separable_conv2d = {SEPARABLE("SeparableConv2D", "SeparableConvolution2D", 2d)};
