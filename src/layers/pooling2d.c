/* MaxPooling2D, AveragePooling2D: the largest number, or the mean, of a window that slides over each channel. Cells
 * outside the picture never win and do not count.  Keras: keras.layers.MaxPooling2D, keras.layers.AveragePooling2D. */
#include "layers/layers.h"

typedef cepa_pooling2d_options options;
typedef pool_shape geometry;

static const field fields[] = {INTS(options, pool_size, .preset = 2, .min = 1, .max = 1e6),
                               INTS(options, strides, .optional = true, .min = 1, .max = 1e6),
                               CHOICE(options, padding, .preset_text = "valid", .choices = paddings), DATA_FORMAT,
                               END_OF_FIELDS};

/* The windows' geometry; NULL after a refusal. */
static const pool_shape *fit(shape_pass *p)
{
    const options *o = OPTIONS(p);
    window axis[2];
    if (!need_image(p)) return NULL;
    const int *in = p->input->size;
    for (int i = 0; i < 2; i++) {
        int stride = o->strides[i] ? o->strides[i] : o->pool_size[i];
        if (window_fit(&axis[i], in[i], o->pool_size[i], stride, 1, o->padding)) continue;
        refuse(p, "pool %dx%d does not fit its input %dx%d (padding '%s')", o->pool_size[0], o->pool_size[1], in[0],
               in[1], o->padding);
        return NULL;
    }
    pool_shape *g = declare_geometry(p, sizeof *g);
    if (!g) return NULL;
    *g = (pool_shape){
        .in_height = axis[0].in,
        .in_width = axis[1].in,
        .channels = (size_t)in[2],
        .out_height = axis[0].out,
        .out_width = axis[1].out,
        .pool_height = axis[0].size,
        .pool_width = axis[1].size,
        .stride_height = axis[0].stride,
        .stride_width = axis[1].stride,
        .pad_top = axis[0].before,
        .pad_left = axis[1].before,
    };
    p->output[0] = (shape){3, {(int)axis[0].out, (int)axis[1].out, in[2]}};
    declare_split(p, g->channels, g->channels, 1);
    return g;
}

static bool max_shape(shape_pass *p)
{
    const pool_shape *g = fit(p);
    if (g) declare_kept(p, kernels->max_pool_winner_size(g));
    return g != NULL;
}

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

const layer_class max_pooling2d = {
    .kind = {.name = "MaxPooling2D",
             .aliases = (const char *const[]){"MaxPool2D", NULL},
             .fields = fields,
             .options_size = sizeof(options),
             .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = max_shape,
    .forward = max_forward,
    .gradient_inputs = max_gradient,
};

static bool average_shape(shape_pass *p) { return fit(p) != NULL; }

static void average_forward(const layer_call *c)
{
    kernels->average_pool_forward(GEOMETRY(c), c->x[0], c->y[0], c->first, c->last);
}

static void average_gradient(const layer_call *c)
{
    kernels->average_pool_gradient(GEOMETRY(c), c->dy[0], c->dx[0], c->first, c->last);
}

const layer_class average_pooling2d = {
    .kind = {.name = "AveragePooling2D",
             .aliases = (const char *const[]){"AvgPool2D", NULL},
             .fields = fields,
             .options_size = sizeof(options),
             .by_class_name = true},
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = average_shape,
    .forward = average_forward,
    .gradient_inputs = average_gradient,
};
