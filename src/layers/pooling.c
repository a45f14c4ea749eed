/* MaxPooling1D ... 3D, AveragePooling1D ... 3D: the largest number, or the mean, of a window that slides over each
 * channel. Cells outside the picture never win and do not count. Keras: keras.layers.MaxPooling2D,
 * keras.layers.AveragePooling2D ... */
#include "layers/layers.h"

typedef pool_shape geometry;

#define POOLING_FIELDS(options_)                                                                                       \
    INTS(options_, pool_size, .preset = 2, .min = 1, .max = 1e6),                                                      \
        INTS(options_, strides, .optional = true, .min = 1, .max = 1e6),                                               \
        CHOICE(options_, padding, .preset_text = "valid", .choices = paddings), DATA_FORMAT, END_OF_FIELDS

static const field fields1d[] = {POOLING_FIELDS(cepa_pooling1d_options)};
static const field fields2d[] = {POOLING_FIELDS(cepa_pooling2d_options)};
static const field fields3d[] = {POOLING_FIELDS(cepa_pooling3d_options)};

/* What the layers say of their windows. */
typedef struct pooling {
    size_t axes;
    const int *pool_size, *strides;
    const char *padding;
} pooling;

/* Fits the windows to the input: fills the output's shape and a window for each axis. */
static bool fit_windows(shape_pass *p, const pooling *o, window *axis)
{
    if (!need_axes(p, o->axes)) return false;
    const int *in = p->input->size;
    p->output[0] = *p->input;
    for (size_t i = 0; i < o->axes; i++) {
        int stride = o->strides[i] ? o->strides[i] : o->pool_size[i];
        if (!window_fit(&axis[i], in[i], o->pool_size[i], stride, 1, o->padding))
            return refuse_windows(p, "pool", o->pool_size, o->axes, o->padding);
        p->output[0].size[i] = (int)axis[i].out;
    }
    return true;
}

static pool_shape pool_shape_of(const window *height, const window *width, size_t channels)
{
    return (pool_shape){
        .in_height = height->in,
        .in_width = width->in,
        .channels = channels,
        .out_height = height->out,
        .out_width = width->out,
        .pool_height = height->size,
        .pool_width = width->size,
        .stride_height = height->stride,
        .stride_width = width->stride,
        .pad_top = height->before,
        .pad_left = width->before,
    };
}

/* The geometry of one or two axes; NULL after a refusal. */
static const pool_shape *fit(shape_pass *p, const pooling *o)
{
    window axis[2] = {no_axis, no_axis};
    if (!fit_windows(p, o, axis + 2 - o->axes)) return NULL;
    pool_shape *g = declare_geometry(p, sizeof *g);
    if (!g) return NULL;
    *g = pool_shape_of(&axis[0], &axis[1], (size_t)p->input->size[o->axes]);
    declare_split(p, g->channels, g->channels, 1);
    return g;
}

static const pool_shape *fit1d(shape_pass *p)
{
    const cepa_pooling1d_options *o = p->options;
    return fit(p, &(pooling){1, o->pool_size, o->strides, o->padding});
}

static const pool_shape *fit2d(shape_pass *p)
{
    const cepa_pooling2d_options *o = p->options;
    return fit(p, &(pooling){2, o->pool_size, o->strides, o->padding});
}

static bool with_winner(shape_pass *p, const pool_shape *g)
{
    if (g) declare_kept(p, kernels->max_pool_winner_size(g));
    return g != NULL;
}

static bool max1d_shape(shape_pass *p) { return with_winner(p, fit1d(p)); }
static bool max2d_shape(shape_pass *p) { return with_winner(p, fit2d(p)); }
static bool average1d_shape(shape_pass *p) { return fit1d(p) != NULL; }
static bool average2d_shape(shape_pass *p) { return fit2d(p) != NULL; }

bool max_pooling2d_halves(const void *geometry)
{
    const pool_shape *s = geometry;
    return s->pool_height == 2 && s->pool_width == 2 && s->stride_height == 2 && s->stride_width == 2 &&
           s->out_height == s->in_height / 2 && s->out_width == s->in_width / 2;
}

static void max_forward(const layer_call *c)
{
    kernels->max_pool_forward(GEOMETRY(c), c->x[0], c->y[0], c->kept, c->first, c->last);
}

static void max_gradient(const layer_call *c)
{
    kernels->max_pool_gradient(GEOMETRY(c), c->dy[0], c->kept, c->dx[0], c->first, c->last);
}

static void average_forward(const layer_call *c)
{
    kernels->average_pool_forward(GEOMETRY(c), c->x[0], c->y[0], c->first, c->last);
}

static void average_gradient(const layer_call *c)
{
    kernels->average_pool_gradient(GEOMETRY(c), c->dy[0], c->dx[0], c->first, c->last);
}

/* ---- Three axes: each slice by itself, then the slices' pixels along the depth */

typedef struct volume {
    pool_shape plane, depth;
    size_t between, winners; /* elements of what is between; bytes of the first step's winners */
} volume;

#define VOLUME(c) ((const volume *)(c)->geometry)

static const volume *fit3d(shape_pass *p)
{
    const cepa_pooling3d_options *o = p->options;
    window axis[3], pixels = no_axis;
    if (!fit_windows(p, &(pooling){3, o->pool_size, o->strides, o->padding}, axis)) return NULL;
    volume *v = declare_geometry(p, sizeof *v);
    if (!v || !shape_is_known(p->input)) return v; /* unknown: nothing will run */
    size_t channels = (size_t)p->input->size[3];
    v->plane = pool_shape_of(&axis[1], &axis[2], channels * axis[0].in);
    pixels.in = pixels.out = axis[1].out * axis[2].out;
    v->depth = pool_shape_of(&axis[0], &pixels, channels);
    v->between = channels * axis[0].in * pixels.in;
    v->winners = lanes_of(kernels->max_pool_winner_size(&v->plane)) * LANES;
    declare_scratch(p, v->between * sizeof(lanes));
    return v;
}

static bool max3d_shape(shape_pass *p)
{
    const volume *v = fit3d(p);
    if (v && v->between) declare_kept(p, v->winners + kernels->max_pool_winner_size(&v->depth));
    return v != NULL;
}

static bool average3d_shape(shape_pass *p) { return fit3d(p) != NULL; }

static void *depth_winners(const layer_call *c) { return c->kept ? (char *)c->kept + VOLUME(c)->winners : NULL; }

static void max3d_forward(const layer_call *c)
{
    const volume *v = VOLUME(c);
    kernels->max_pool_forward(&v->plane, c->x[0], c->scratch, c->kept, 0, v->plane.channels);
    kernels->max_pool_forward(&v->depth, c->scratch, c->y[0], depth_winners(c), 0, v->depth.channels);
}

static void max3d_gradient(const layer_call *c)
{
    const volume *v = VOLUME(c);
    kernels->max_pool_gradient(&v->depth, c->dy[0], depth_winners(c), c->scratch, 0, v->depth.channels);
    kernels->max_pool_gradient(&v->plane, c->scratch, c->kept, c->dx[0], 0, v->plane.channels);
}

static void average3d_forward(const layer_call *c)
{
    const volume *v = VOLUME(c);
    kernels->average_pool_forward(&v->plane, c->x[0], c->scratch, 0, v->plane.channels);
    kernels->average_pool_forward(&v->depth, c->scratch, c->y[0], 0, v->depth.channels);
}

static void average3d_gradient(const layer_call *c)
{
    const volume *v = VOLUME(c);
    kernels->average_pool_gradient(&v->depth, c->dy[0], c->scratch, 0, v->depth.channels);
    kernels->average_pool_gradient(&v->plane, c->scratch, c->dx[0], 0, v->plane.channels);
}

#define POOLING(class_name, alias, axes, shape_, forward_, gradient_)                                                  \
    .kind = LAYER(class_name, fields##axes, cepa_pooling##axes##_options, .aliases = ALIASES(alias)),                  \
    .shape = (shape_), .forward = (forward_), .gradient_inputs = (gradient_)

const layer_class max_pooling1d = {POOLING("MaxPooling1D", "MaxPool1D", 1d, max1d_shape, max_forward, max_gradient)};
const layer_class max_pooling2d = {POOLING("MaxPooling2D", "MaxPool2D", 2d, max2d_shape, max_forward, max_gradient)};
const layer_class average_pooling1d = {
    POOLING("AveragePooling1D", "AvgPool1D", 1d, average1d_shape, average_forward, average_gradient)};
const layer_class average_pooling2d = {
    POOLING("AveragePooling2D", "AvgPool2D", 2d, average2d_shape, average_forward, average_gradient)};
const layer_class max_pooling3d = {
    POOLING("MaxPooling3D", "MaxPool3D", 3d, max3d_shape, max3d_forward, max3d_gradient)};
const layer_class average_pooling3d = {
    POOLING("AveragePooling3D", "AvgPool3D", 3d, average3d_shape, average3d_forward, average3d_gradient)};
