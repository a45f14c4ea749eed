/* Resizing, UpSampling2D: pictures of another size, sampled at the centres of their new pixels; without antialias a
 * smaller picture leaves pixels out. CenterCrop: their middle.
 * Keras: keras.layers.Resizing, keras.layers.UpSampling2D, keras.layers.CenterCrop. */
#include "layers/layers.h"

#include <math.h>
#include <string.h>

typedef resampling geometry;

/* ---- One axis */

/* The pixels of one axis that a new pixel is made of: first, first + 1 ... */
typedef struct span {
    int first, count;
    double *weight; /* adds up to 1 */
} span;

/* An axis of size in becomes one of size out. */
typedef struct axis {
    int in, out;
    bool antialias;
} axis;

typedef struct interpolation {
    const char *name;
    int reach; /* pixels to each side that count */
    void (*fill)(const axis *a, double centre, span *s);
} interpolation;

static double triangle(double x) { return fmax(0, 1 - fabs(x)); }

/* Keys' cubic with a = -1/2. */
static double cubic(double x)
{
    x = fabs(x);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/* The pixels inside the picture within reach of the centre, weighted by their distance in units of stretch. */
static void fill_weighted(const axis *a, double centre, double stretch, int reach, double (*weigh)(double), span *s)
{
    int first = (int)fmax(ceil(centre - reach * stretch), 0),
        last = (int)fmin(floor(centre + reach * stretch), a->in - 1);
    double sum = 0;
    s->first = first;
    s->count = last - first + 1;
    for (int i = 0; i < s->count; i++) sum += s->weight[i] = weigh((first + i - centre) / stretch);
    for (int i = 0; i < s->count; i++) s->weight[i] /= sum;
}

static double stretch_of(const axis *a) { return a->antialias ? fmax((double)a->in / a->out, 1) : 1; }

static void fill_nearest(const axis *a, double centre, span *s)
{
    s->first = (int)fmin(floor(centre + 0.5), a->in - 1);
    s->count = 1;
    s->weight[0] = 1;
}

static void fill_bilinear(const axis *a, double centre, span *s)
{
    fill_weighted(a, fmin(fmax(centre, 0), a->in - 1), stretch_of(a), 1, triangle, s);
}

/* Without antialias Keras rounds the place between two pixels to a 1024th. */
static void fill_bicubic(const axis *a, double centre, span *s)
{
    double left = floor(centre);
    if (!a->antialias) centre = left + nearbyint((centre - left) * 1024) / 1024;
    fill_weighted(a, centre, stretch_of(a), 2, cubic, s);
}

static const interpolation interpolations[] = {
    {"nearest", 1, fill_nearest}, {"bilinear", 1, fill_bilinear}, {"bicubic", 2, fill_bicubic}};
static const char *const names[] = {"nearest", "bilinear", "bicubic", NULL};

/* The most pixels that one new pixel is made of. */
static size_t most_pixels(const interpolation *how, const axis *a)
{
    return (size_t)(2 * how->reach * stretch_of(a)) + 2;
}

/* ---- Pictures */

/* The spans of every pixel of an axis; offset: of the part of the picture that is resized. */
static span *declare_spans(shape_pass *p, const interpolation *how, const axis *a, int offset)
{
    size_t most = most_pixels(how, a);
    span *spans = declare_table(p, (size_t)a->out * sizeof *spans);
    double *weights = declare_table(p, (size_t)a->out * most * sizeof *weights);
    if (!spans || !weights) return NULL;
    for (int i = 0; i < a->out; i++) {
        spans[i].weight = weights + (size_t)i * most;
        how->fill(a, (i + 0.5) * a->in / a->out - 0.5, &spans[i]);
        spans[i].first += offset;
    }
    return spans;
}

static bool declare_taps(shape_pass *p, resampling *r, const span *rows, const span *columns)
{
    size_t height = (size_t)p->output->size[0], width = (size_t)p->output->size[1], taps = 0;
    uint32_t *first = declare_table(p, (height * width + 1) * sizeof *first);
    for (size_t i = 0; i < height; i++)
        for (size_t k = 0; k < width; k++) taps += (size_t)rows[i].count * (size_t)columns[k].count;
    tap *tap = declare_table(p, taps * sizeof *tap);
    if (!first || !tap) return false;
    if (taps > UINT32_MAX) return refuse(p, "its output would be made of too many pixels");
    r->first = first;
    r->tap = tap;
    taps = 0;
    for (size_t i = 0; i < height; i++)
        for (size_t k = 0; k < width; k++) {
            *first++ = (uint32_t)taps;
            for (int a = 0; a < rows[i].count; a++)
                for (int b = 0; b < columns[k].count; b++, taps++) {
                    int place = (rows[i].first + a) * p->input->size[1] + columns[k].first + b;
                    tap[taps].place = (uint32_t)place;
                    tap[taps].weight = (real)(rows[i].weight[a] * columns[k].weight[b]);
                }
        }
    *first = (uint32_t)taps;
    return true;
}

/* The picture's part that begins at (top, left) and is height x width becomes the output, whose shape is known. */
static bool declare_resampling(shape_pass *p, const char *name, bool antialias, const int part[4])
{
    const interpolation *how = interpolations;
    const int *in = p->input->size, *out = p->output->size;
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    if (in[0] == CEPA_UNKNOWN || in[1] == CEPA_UNKNOWN) return true; /* nothing will run */
    while (strcmp(how->name, name) != 0) how++;
    const axis height = {part[2], out[0], antialias}, width = {part[3], out[1], antialias};
    const span *rows = declare_spans(p, how, &height, part[0]), *columns = declare_spans(p, how, &width, part[1]);
    *g = (geometry){.in = (size_t)in[0] * (size_t)in[1], .out = (size_t)out[0] * (size_t)out[1]};
    return rows && columns && declare_taps(p, g, rows, columns);
}

static void forward(const layer_call *c) { kernels->resample(GEOMETRY(c), c->x[0], c->y[0], shape_channels(c->input)); }

static void gradient_inputs(const layer_call *c)
{
    kernels->resample_gradient(GEOMETRY(c), c->dy[0], c->dx[0], shape_channels(c->input));
}

#define RESIZING(class_name, fields_, options_, shape_)                                                                \
    {                                                                                                                  \
        .kind = {.name = (class_name), .fields = (fields_), .options_size = sizeof(options_), .by_class_name = true},  \
        .min_inputs = 1, .max_inputs = 1, .shape = (shape_), .forward = forward, .gradient_inputs = gradient_inputs    \
    }

static const field resizing_fields[] = {
    INT(cepa_resizing_options, height, .required = true, .min = 1, .max = 1e5),
    INT(cepa_resizing_options, width, .required = true, .min = 1, .max = 1e5),
    CHOICE(cepa_resizing_options, interpolation, .preset_text = "bilinear", .choices = names),
    BOOL(cepa_resizing_options, crop_to_aspect_ratio),
    BOOL(cepa_resizing_options, antialias),
    DATA_FORMAT,
    END_OF_FIELDS};

/* The middle of the input as a part that is height x width. */
static void take_middle(const shape *in, int height, int width, int part[4])
{
    part[0] = (in->size[0] - height) / 2;
    part[1] = (in->size[1] - width) / 2;
    part[2] = height;
    part[3] = width;
}

/* As much of the middle as has the output's aspect ratio. */
static void take_middle_of_ratio(const shape *in, const shape *out, int part[4])
{
    int64_t height = (int64_t)in->size[1] * out->size[0] / out->size[1],
            width = (int64_t)in->size[0] * out->size[1] / out->size[0];
    if (height > in->size[0]) height = in->size[0];
    if (width > in->size[1]) width = in->size[1];
    take_middle(in, height > 0 ? (int)height : 1, width > 0 ? (int)width : 1, part);
}

static bool resizing_shape(shape_pass *p)
{
    const cepa_resizing_options *o = p->options;
    if (!need_axes(p, 2)) return false;
    p->output[0] = (shape){3, {o->height, o->width, p->input->size[2]}};
    int part[4] = {0, 0, p->input->size[0], p->input->size[1]};
    if (o->crop_to_aspect_ratio) take_middle_of_ratio(p->input, p->output, part);
    return declare_resampling(p, o->interpolation, o->antialias, part);
}

const layer_class resizing = RESIZING("Resizing", resizing_fields, cepa_resizing_options, resizing_shape);

static const field up_sampling_fields[] = {
    INTS(cepa_up_sampling2d_options, size, .preset = 2, .min = 1, .max = 1e5), DATA_FORMAT,
    CHOICE(cepa_up_sampling2d_options, interpolation, .preset_text = "nearest", .choices = names), END_OF_FIELDS};

static bool up_sampling_shape(shape_pass *p)
{
    const cepa_up_sampling2d_options *o = p->options;
    if (!need_axes(p, 2)) return false;
    const int *in = p->input->size, part[4] = {0, 0, in[0], in[1]};
    p->output[0] = *p->input;
    for (size_t i = 0; i < 2; i++) {
        if (in[i] == CEPA_UNKNOWN) continue;
        if (in[i] > INT32_MAX / o->size[i]) return refuse(p, "its output would be too large");
        p->output[0].size[i] = in[i] * o->size[i];
    }
    return declare_resampling(p, o->interpolation, false, part);
}

const layer_class up_sampling2d =
    RESIZING("UpSampling2D", up_sampling_fields, cepa_up_sampling2d_options, up_sampling_shape);

static const field crop_fields[] = {INT(cepa_center_crop_options, height, .required = true, .min = 1, .max = 1e5),
                                    INT(cepa_center_crop_options, width, .required = true, .min = 1, .max = 1e5),
                                    DATA_FORMAT, END_OF_FIELDS};

static bool crop_shape(shape_pass *p)
{
    const cepa_center_crop_options *o = p->options;
    int part[4];
    if (!need_axes(p, 2)) return false;
    p->output[0] = (shape){3, {o->height, o->width, p->input->size[2]}};
    bool fits = p->input->size[0] >= o->height && p->input->size[1] >= o->width;
    if (fits)
        take_middle(p->input, o->height, o->width, part);
    else
        take_middle_of_ratio(p->input, p->output, part);
    return declare_resampling(p, fits ? "nearest" : "bilinear", false, part);
}

const layer_class center_crop = RESIZING("CenterCrop", crop_fields, cepa_center_crop_options, crop_shape);
