/* Resizing, UpSampling2D: pictures of another size, sampled at the centres of their new pixels; without antialias a
 * smaller picture leaves pixels out, unless by area. CenterCrop: their middle. RandomCrop: in training a part by
 * chance. Keras: keras.layers.Resizing, keras.layers.UpSampling2D, keras.layers.CenterCrop, keras.layers.RandomCrop. */
#include "layers/layers.h"

#include "base/elementary.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

typedef struct geometry {
    resampling resampling;
    real *edge; /* what the surroundings add to each new pixel; NULL: nothing */
} geometry;

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

/* A sine wave of period 2, damped by another that ends at reach. */
static double lanczos(double x, double reach)
{
    double turn = pi * x;
    if (fabs(x) >= reach) return 0;
    if (fabs(x) <= 1e-3) return 1;
    return reach * elementary_sin(turn) * elementary_sin(turn / reach) / (turn * turn);
}

static double lanczos3(double x) { return lanczos(x, 3); }
static double lanczos5(double x) { return lanczos(x, 5); }

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

static void fill_lanczos3(const axis *a, double centre, span *s)
{
    fill_weighted(a, centre, stretch_of(a), 3, lanczos3, s);
}

static void fill_lanczos5(const axis *a, double centre, span *s)
{
    fill_weighted(a, centre, stretch_of(a), 5, lanczos5, s);
}

/* Each pixel counts by the share of the new one that it covers. */
static void fill_area(const axis *a, double centre, span *s)
{
    double size = (double)a->in / a->out, left = centre + 0.5 - size / 2, right = left + size;
    int last = (int)fmin(ceil(right), a->in) - 1;
    s->first = (int)fmax(floor(left), 0);
    s->count = last - s->first + 1;
    for (int i = 0; i < s->count; i++) {
        int pixel = s->first + i;
        s->weight[i] = fmax(fmin(pixel + 1, right) - fmax(pixel, left), 0) / size;
    }
}

static const interpolation interpolations[] = {{"nearest", 1, fill_nearest},   {"bilinear", 1, fill_bilinear},
                                               {"bicubic", 2, fill_bicubic},   {"lanczos3", 3, fill_lanczos3},
                                               {"lanczos5", 5, fill_lanczos5}, {"area", 1, fill_area}};
static const char *const names[] = {"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area", NULL};

/* The most pixels that one new pixel is made of. */
static size_t most_pixels(const interpolation *how, const axis *a)
{
    return (size_t)(2 * how->reach * fmax((double)a->in / a->out, 1)) + 2;
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

/* The taps of one new pixel, behind the others; gives the weight of those beyond the picture's edges. */
static double add_taps(const shape *in, const span *row, const span *column, tap *taps, size_t *count)
{
    double beyond = 0;
    for (int a = 0; a < row->count; a++)
        for (int b = 0; b < column->count; b++) {
            int i = row->first + a, k = column->first + b;
            double weight = row->weight[a] * column->weight[b];
            if (i >= 0 && i < in->size[0] && k >= 0 && k < in->size[1])
                taps[(*count)++] = (tap){.place = (uint32_t)(i * in->size[1] + k), .weight = (real)weight};
            else
                beyond += weight;
        }
    return beyond;
}

static bool declare_taps(shape_pass *p, geometry *g, const span *rows, const span *columns, double fill)
{
    size_t height = (size_t)p->output->size[0], width = (size_t)p->output->size[1], taps = 0;
    uint32_t *first = declare_table(p, (height * width + 1) * sizeof *first);
    for (size_t i = 0; i < height; i++)
        for (size_t k = 0; k < width; k++) taps += (size_t)rows[i].count * (size_t)columns[k].count;
    tap *tap = declare_table(p, taps * sizeof *tap);
    g->edge = fill != 0 ? declare_table(p, height * width * sizeof *g->edge) : NULL;
    if (!first || !tap || (fill != 0 && !g->edge)) return false;
    if (taps > UINT32_MAX) return refuse(p, "its output would be made of too many pixels");
    g->resampling.first = first;
    g->resampling.tap = tap;
    taps = 0;
    for (size_t i = 0; i < height; i++)
        for (size_t k = 0; k < width; k++) {
            first[i * width + k] = (uint32_t)taps;
            double beyond = add_taps(p->input, &rows[i], &columns[k], tap, &taps);
            if (g->edge) g->edge[i * width + k] = (real)(beyond * fill);
        }
    first[height * width] = (uint32_t)taps;
    return true;
}

/* What becomes the output, whose shape is known: the picture's part that begins at (top, left) and is height x width.
 * Where it reaches beyond the picture's edges there is fill. */
typedef struct part {
    int top, left, height, width;
    double fill;
} part;

static bool declare_resampling(shape_pass *p, const char *name, bool antialias, const part *part)
{
    const interpolation *how = interpolations;
    const int *in = p->input->size, *out = p->output->size;
    if ((int64_t)out[0] * out[1] > INT32_MAX) return refuse(p, "its output would be too large");
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    if (in[0] == CEPA_UNKNOWN || in[1] == CEPA_UNKNOWN) return true; /* nothing will run */
    while (strcmp(how->name, name) != 0) how++;
    const axis height = {part->height, out[0], antialias}, width = {part->width, out[1], antialias};
    const span *rows = declare_spans(p, how, &height, part->top), *columns = declare_spans(p, how, &width, part->left);
    g->resampling = (resampling){.in = (size_t)in[0] * (size_t)in[1], .out = (size_t)out[0] * (size_t)out[1]};
    return rows && columns && declare_taps(p, g, rows, columns, part->fill);
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    size_t pixels = g->resampling.out;
    kernels->resample(&g->resampling, c->x[0], c->y[0], shape_channels(c->input));
    for (size_t i = 0; g->edge && i < c->count; i++)
        if (g->edge[i % pixels] != 0) kernels->scale_offset(c->y[0] + i, c->y[0] + i, 1, 1, g->edge[i % pixels]);
}

static void gradient_inputs(const layer_call *c)
{
    kernels->resample_gradient(&GEOMETRY(c)->resampling, c->dy[0], c->dx[0], shape_channels(c->input));
}

static const char *const constant[] = {"constant", NULL};

static const field resizing_fields[] = {
    INT(cepa_resizing_options, height, .required = true, .min = 1, .max = 1e5),
    INT(cepa_resizing_options, width, .required = true, .min = 1, .max = 1e5),
    CHOICE(cepa_resizing_options, interpolation, .preset_text = "bilinear", .choices = names),
    BOOL(cepa_resizing_options, crop_to_aspect_ratio),
    FIELD(FIELD_BOOL, cepa_resizing_options, pad_to_aspect_ratio, .recent = true),
    DERIVED(FIELD_CHOICE, fill_mode, .choices = constant, .preset_text = "constant", .recent = true),
    REAL(cepa_resizing_options, fill_value, .min = -1e30, .max = 1e30, .recent = true),
    FIELD(FIELD_BOOL, cepa_resizing_options, antialias, .recent = true),
    DATA_FORMAT,
    END_OF_FIELDS};

/* The middle of the input as a part that is height x width. */
static part middle(const shape *in, int height, int width)
{
    return (part){
        .top = (in->size[0] - height) / 2, .left = (in->size[1] - width) / 2, .height = height, .width = width};
}

/* The height and the width that the input had with the output's aspect ratio, were its other axis as it is. */
static int64_t height_of_ratio(const shape *in, const shape *out)
{
    return (int64_t)in->size[1] * out->size[0] / out->size[1];
}

static int64_t width_of_ratio(const shape *in, const shape *out)
{
    return (int64_t)in->size[0] * out->size[1] / out->size[0];
}

/* As much of the middle as has the output's aspect ratio. */
static part middle_of_ratio(const shape *in, const shape *out)
{
    int64_t height = height_of_ratio(in, out), width = width_of_ratio(in, out);
    if (height > in->size[0]) height = in->size[0];
    if (width > in->size[1]) width = in->size[1];
    return middle(in, height > 0 ? (int)height : 1, width > 0 ? (int)width : 1);
}

/* The whole with so much around it that it has the output's aspect ratio; as much on one side as on the other. */
static bool surround(shape_pass *p, double fill, part *part)
{
    const shape *in = p->input, *out = p->output;
    int64_t above = (height_of_ratio(in, out) - in->size[0]) / 2, before = (width_of_ratio(in, out) - in->size[1]) / 2;
    if (above < 0) above = 0;
    if (before < 0) before = 0;
    if (above + before > INT32_MAX / 4) return refuse(p, "the edges around its input would be too wide");
    *part = (struct part){.top = (int)-above,
                          .left = (int)-before,
                          .height = in->size[0] + 2 * (int)above,
                          .width = in->size[1] + 2 * (int)before,
                          .fill = fill};
    return true;
}

static bool resizing_shape(shape_pass *p)
{
    const cepa_resizing_options *o = p->options;
    if (!need_axes(p, 2)) return false;
    if (o->crop_to_aspect_ratio && o->pad_to_aspect_ratio)
        return refuse(p, "crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other");
    p->output[0] = (shape){3, {o->height, o->width, p->input->size[2]}};
    part part = {.height = p->input->size[0], .width = p->input->size[1]};
    if (o->crop_to_aspect_ratio) part = middle_of_ratio(p->input, p->output);
    if (o->pad_to_aspect_ratio && !surround(p, o->fill_value, &part)) return false;
    return declare_resampling(p, o->interpolation, o->antialias, &part);
}

const layer_class resizing = {
    .kind = LAYER("Resizing", resizing_fields, cepa_resizing_options),
    .shape = resizing_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
};

static const field up_sampling_fields[] = {
    INTS(cepa_up_sampling2d_options, size, .preset = 2, .min = 1, .max = 1e5), DATA_FORMAT,
    CHOICE(cepa_up_sampling2d_options, interpolation, .preset_text = "nearest", .choices = names), END_OF_FIELDS};

static bool up_sampling_shape(shape_pass *p)
{
    const cepa_up_sampling2d_options *o = p->options;
    if (!need_axes(p, 2)) return false;
    const int *in = p->input->size;
    const part whole = {.height = in[0], .width = in[1]};
    p->output[0] = *p->input;
    for (size_t i = 0; i < 2; i++) {
        if (in[i] == CEPA_UNKNOWN) continue;
        if (in[i] > INT32_MAX / o->size[i]) return refuse(p, "its output would be too large");
        p->output[0].size[i] = in[i] * o->size[i];
    }
    return declare_resampling(p, o->interpolation, false, &whole);
}

const layer_class up_sampling2d = {
    .kind = LAYER("UpSampling2D", up_sampling_fields, cepa_up_sampling2d_options),
    .shape = up_sampling_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
};

/* ---- Crops */

static const field center_crop_fields[] = {
    INT(cepa_center_crop_options, height, .required = true, .min = 1, .max = 1e5),
    INT(cepa_center_crop_options, width, .required = true, .min = 1, .max = 1e5), DATA_FORMAT, END_OF_FIELDS};

static bool is_larger(const shape *in, const shape *out)
{
    return in->size[0] >= out->size[0] && in->size[1] >= out->size[1];
}

static bool center_crop_shape(shape_pass *p)
{
    const cepa_center_crop_options *o = p->options;
    if (!need_axes(p, 2)) return false;
    p->output[0] = (shape){3, {o->height, o->width, p->input->size[2]}};
    bool fits = is_larger(p->input, p->output);
    part part = fits ? middle(p->input, o->height, o->width) : middle_of_ratio(p->input, p->output);
    return declare_resampling(p, fits ? "nearest" : "bilinear", false, &part);
}

const layer_class center_crop = {
    .kind = LAYER("CenterCrop", center_crop_fields, cepa_center_crop_options),
    .shape = center_crop_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
};

static const field random_crop_fields[] = {
    INT(cepa_random_crop_options, height, .required = true, .min = 1, .max = 1e5),
    INT(cepa_random_crop_options, width, .required = true, .min = 1, .max = 1e5),
    LONG(cepa_random_crop_options, seed, .optional = true), DATA_FORMAT, END_OF_FIELDS};

static bool random_crop_shape(shape_pass *p)
{
    const cepa_random_crop_options *o = p->options;
    if (!need_axes(p, 2)) return false;
    p->output[0] = (shape){3, {o->height, o->width, p->input->size[2]}};
    part part = middle_of_ratio(p->input, p->output);
    return declare_resampling(p, "bilinear", false, &part);
}

/* Where a row's part begins, drawn among all places at which it lies in the picture. */
static size_t begin_of(const layer_call *c, size_t row)
{
    random_stream stream = stream_of(c, ((const cepa_random_crop_options *)c->options)->seed);
    size_t begin[2];
    for (size_t i = 0; i < 2; i++) {
        double uniform = random_uniform24(random_word(&stream, c->random->row[row], i));
        begin[i] = (size_t)(uniform * (c->input->size[i] - c->output->size[i] + 1));
    }
    return begin[0] * (size_t)c->input->size[1] + begin[1];
}

static bool draws(const layer_call *c) { return c->training && is_larger(c->input, c->output); }

/* The place in the picture of element e of its part that begins at (0, 0). */
static size_t place_of(const layer_call *c, size_t e)
{
    size_t width = (size_t)c->output->size[1], pixels = GEOMETRY(c)->resampling.out, pixel = e % pixels;
    return e / pixels * GEOMETRY(c)->resampling.in + pixel / width * (size_t)c->input->size[1] + pixel % width;
}

static void random_crop_forward(const layer_call *c)
{
    if (!draws(c)) {
        forward(c);
        return;
    }
    for (size_t r = 0; r < LANES; r++) {
        const size_t begin = begin_of(c, r);
        for (size_t e = 0; e < c->count; e++) c->y[0][e].lane[r] = c->x[0][place_of(c, e) + begin].lane[r];
    }
}

static void random_crop_gradient(const layer_call *c)
{
    if (!draws(c)) {
        gradient_inputs(c);
        return;
    }
    kernels->fill(c->dx[0], shape_count(c->input), 0);
    for (size_t r = 0; r < LANES; r++) {
        const size_t begin = begin_of(c, r);
        for (size_t e = 0; e < c->count; e++) c->dx[0][place_of(c, e) + begin].lane[r] = c->dy[0][e].lane[r];
    }
}

const layer_class random_crop = {
    .kind = LAYER("RandomCrop", random_crop_fields, cepa_random_crop_options),
    .shape = random_crop_shape,
    .forward = random_crop_forward,
    .gradient_inputs = random_crop_gradient,
};
