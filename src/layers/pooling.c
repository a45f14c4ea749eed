/* MaxPooling1D, MaxPooling2D, AveragePooling1D, AveragePooling2D: the largest number, or the mean, of a window that
 * slides over each channel. Cells outside the picture never win and do not count.
 * Keras: keras.layers.MaxPooling2D, keras.layers.AveragePooling2D ... */
#include "layers/layers.h"

typedef pool_shape geometry;

#define POOLING_FIELDS(options_)                                                                                       \
    INTS(options_, pool_size, .preset = 2, .min = 1, .max = 1e6),                                                      \
        INTS(options_, strides, .optional = true, .min = 1, .max = 1e6),                                               \
        CHOICE(options_, padding, .preset_text = "valid", .choices = paddings), DATA_FORMAT, END_OF_FIELDS

static const field fields1d[] = {POOLING_FIELDS(cepa_pooling1d_options)};
static const field fields2d[] = {POOLING_FIELDS(cepa_pooling2d_options)};

/* What the layers of one or two axes say of their windows. */
typedef struct pooling {
    size_t axes;
    const int *pool_size, *strides;
    const char *padding;
} pooling;

/* The windows' geometry; NULL after a refusal. */
static const pool_shape *fit(shape_pass *p, const pooling *o)
{
    window both[2] = {{.in = 1, .out = 1, .size = 1, .stride = 1}}, *axis = both + 2 - o->axes;
    if (!need_axes(p, o->axes)) return NULL;
    const int *in = p->input->size;
    p->output[0] = *p->input;
    for (size_t i = 0; i < o->axes; i++) {
        int stride = o->strides[i] ? o->strides[i] : o->pool_size[i];
        bool fits = window_fit(&axis[i], in[i], o->pool_size[i], stride, 1, o->padding);
        p->output[0].size[i] = (int)axis[i].out;
        if (fits) continue;
        refuse_windows(p, "pool", o->pool_size, o->axes, o->padding);
        return NULL;
    }
    pool_shape *g = declare_geometry(p, sizeof *g);
    if (!g) return NULL;
    *g = (pool_shape){
        .in_height = both[0].in,
        .in_width = both[1].in,
        .channels = (size_t)in[o->axes],
        .out_height = both[0].out,
        .out_width = both[1].out,
        .pool_height = both[0].size,
        .pool_width = both[1].size,
        .stride_height = both[0].stride,
        .stride_width = both[1].stride,
        .pad_top = both[0].before,
        .pad_left = both[1].before,
    };
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

#define POOLING(class_name, alias, axes, shape_, forward_, gradient_)                                                  \
    {                                                                                                                  \
        .kind = {.name = (class_name),                                                                                 \
                 .aliases = (const char *const[]){(alias), NULL},                                                      \
                 .fields = fields##axes,                                                                               \
                 .options_size = sizeof(cepa_pooling##axes##_options),                                                 \
                 .by_class_name = true},                                                                               \
        .min_inputs = 1, .max_inputs = 1, .shape = (shape_), .forward = (forward_), .gradient_inputs = (gradient_)     \
    }

const layer_class max_pooling1d = POOLING("MaxPooling1D", "MaxPool1D", 1d, max1d_shape, max_forward, max_gradient);
const layer_class max_pooling2d = POOLING("MaxPooling2D", "MaxPool2D", 2d, max2d_shape, max_forward, max_gradient);
const layer_class average_pooling1d =
    POOLING("AveragePooling1D", "AvgPool1D", 1d, average1d_shape, average_forward, average_gradient);
const layer_class average_pooling2d =
    POOLING("AveragePooling2D", "AvgPool2D", 2d, average2d_shape, average_forward, average_gradient);
