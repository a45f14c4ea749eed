/* RandomFlip, RandomTranslation, RandomRotation, RandomZoom: in training each picture is looked at through a linear map
 * of its own; nothing happens in inference.  Keras: keras.layers.RandomFlip ... */
#include "layers/layers.h"

#include "base/elementary.h"

#include <string.h>

static const char *const outsides[] = {"reflect", "wrap", "nearest", "constant", NULL};
static const char *const samplings[] = {"bilinear", "nearest", NULL};

typedef struct geometry {
    mapping mapping;
    int64_t seed;
    void (*map_of)(const layer_call *c, const double uniform[2], linear_map *m);
} geometry;

/* The range that one number or two stand for. */
typedef struct range {
    double low, high;
} range;

static range range_of(const double factor[2])
{
    if (!real_is_set(factor[1])) return (range){-factor[0], factor[0]};
    return (range){factor[0], factor[1]};
}

static double within(range r, double uniform) { return r.low + (r.high - r.low) * uniform; }

static geometry *declare_mapping(shape_pass *p, int64_t seed)
{
    if (!need_axes(p, 2)) return NULL;
    const int *in = p->input->size;
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return NULL;
    g->seed = seed;
    g->mapping = (mapping){.height = (size_t)in[0], .width = (size_t)in[1], .channels = (size_t)in[2]};
    declare_kept(p, LANES * sizeof(linear_map));
    declare_scratch(p, LANES * sizeof(linear_map));
    p->output[0] = *p->input;
    return g;
}

/* What the layers that look beyond the edges have in common. */
static bool declare_sampling(shape_pass *p, int64_t seed, const char *fill_mode, const char *interpolation, double fill,
                             void (*map_of)(const layer_call *c, const double uniform[2], linear_map *m))
{
    geometry *g = declare_mapping(p, seed);
    if (!g) return false;
    g->map_of = map_of;
    for (size_t i = 0; outsides[i]; i++)
        if (strcmp(outsides[i], fill_mode) == 0) g->mapping.outside = (outside)i;
    g->mapping.nearest = strcmp(interpolation, "nearest") == 0;
    g->mapping.constant = (real)fill;
    return true;
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    linear_map *maps = c->kept ? c->kept : c->scratch;
    random_stream stream = stream_of(c, g->seed);
    for (size_t r = 0; r < LANES; r++) {
        double uniform[2];
        for (uint64_t k = 0; k < 2; k++) uniform[k] = random_uniform24(random_word(&stream, c->random->row[r], k));
        g->map_of(c, uniform, &maps[r]);
    }
    kernels->map_pictures(&g->mapping, maps, c->x[0], c->y[0]);
}

static void gradient_inputs(const layer_call *c)
{
    kernels->map_pictures_gradient(&GEOMETRY(c)->mapping, c->kept, c->dy[0], c->dx[0]);
}

#define SAMPLING_FIELDS(options_)                                                                                      \
    CHOICE(options_, fill_mode, .preset_text = "reflect", .choices = outsides),                                        \
        CHOICE(options_, interpolation, .preset_text = "bilinear", .choices = samplings),                              \
        LONG(options_, seed, .optional = true), REAL(options_, fill_value, .min = -1e30, .max = 1e30), DATA_FORMAT,    \
        END_OF_FIELDS

static double middle_row(const layer_call *c) { return ((double)c->input->size[0] - 1) / 2; }
static double middle_column(const layer_call *c) { return ((double)c->input->size[1] - 1) / 2; }

/* ---- Flips: each of the two axes with a probability of a half */

static const char *const modes[] = {"horizontal_and_vertical", "horizontal", "vertical", NULL};

static const field flip_fields[] = {
    CHOICE(cepa_random_flip_options, mode, .preset_text = "horizontal_and_vertical", .choices = modes),
    LONG(cepa_random_flip_options, seed, .optional = true), DATA_FORMAT, END_OF_FIELDS};

static void flip(const layer_call *c, const double uniform[2], linear_map *m)
{
    const char *mode = ((const cepa_random_flip_options *)c->options)->mode;
    bool rows = uniform[0] < 0.5 && strcmp(mode, "horizontal") != 0,
         columns = uniform[1] < 0.5 && strcmp(mode, "vertical") != 0;
    *m = (linear_map){.a = rows ? -1 : 1,
                      .c = rows ? (real)(2 * middle_row(c)) : 0,
                      .e = columns ? -1 : 1,
                      .f = columns ? (real)(2 * middle_column(c)) : 0};
}

static bool flip_shape(shape_pass *p)
{
    geometry *g = declare_mapping(p, ((const cepa_random_flip_options *)p->options)->seed);
    if (g) g->map_of = flip;
    return g != NULL;
}

const layer_class random_flip = {
    .kind = LAYER("RandomFlip", flip_fields, cepa_random_flip_options),
    .shape = flip_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .identity_in_inference = true,
};

/* ---- Translations: parts of the size, down and to the right */

#define FACTOR(options_, name, ...) REALS(options_, name, .min = -1, .max = 1, __VA_ARGS__)

static const field translation_fields[] = {FACTOR(cepa_random_translation_options, height_factor, .required = true),
                                           FACTOR(cepa_random_translation_options, width_factor, .required = true),
                                           SAMPLING_FIELDS(cepa_random_translation_options)};

static void translate(const layer_call *c, const double uniform[2], linear_map *m)
{
    const cepa_random_translation_options *o = c->options;
    *m = (linear_map){.a = 1,
                      .c = (real)(-within(range_of(o->height_factor), uniform[0]) * c->input->size[0]),
                      .e = 1,
                      .f = (real)(-within(range_of(o->width_factor), uniform[1]) * c->input->size[1])};
}

static bool translation_shape(shape_pass *p)
{
    const cepa_random_translation_options *o = p->options;
    return declare_sampling(p, o->seed, o->fill_mode, o->interpolation, o->fill_value, translate);
}

const layer_class random_translation = {
    .kind = LAYER("RandomTranslation", translation_fields, cepa_random_translation_options),
    .shape = translation_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .identity_in_inference = true,
};

/* ---- Rotations: parts of a whole turn, counter-clockwise, about the middle */

static const field rotation_fields[] = {FACTOR(cepa_random_rotation_options, factor, .required = true),
                                        SAMPLING_FIELDS(cepa_random_rotation_options)};

static void rotate(const layer_call *c, const double uniform[2], linear_map *m)
{
    const cepa_random_rotation_options *o = c->options;
    double angle = within(range_of(o->factor), uniform[0]) * 6.283185307179586, sine = elementary_sin(angle),
           cosine = elementary_cos(angle), row = middle_row(c), column = middle_column(c);
    *m = (linear_map){.a = (real)cosine,
                      .b = (real)sine,
                      .c = (real)(row - cosine * row - sine * column),
                      .d = (real)-sine,
                      .e = (real)cosine,
                      .f = (real)(column + sine * row - cosine * column)};
}

static bool rotation_shape(shape_pass *p)
{
    const cepa_random_rotation_options *o = p->options;
    return declare_sampling(p, o->seed, o->fill_mode, o->interpolation, o->fill_value, rotate);
}

const layer_class random_rotation = {
    .kind = LAYER("RandomRotation", rotation_fields, cepa_random_rotation_options),
    .shape = rotation_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .identity_in_inference = true,
};

/* ---- Zooms about the middle: out where the factor is above 0; the width with the height unless it is given */

static const field zoom_fields[] = {
    FACTOR(cepa_random_zoom_options, height_factor, .required = true, .above_min = true),
    FACTOR(cepa_random_zoom_options, width_factor, .above_min = true, .optional = true),
    SAMPLING_FIELDS(cepa_random_zoom_options)};

static void zoom(const layer_call *c, const double uniform[2], linear_map *m)
{
    const cepa_random_zoom_options *o = c->options;
    double height = within(range_of(o->height_factor), uniform[0]);
    double width = real_is_set(o->width_factor[0]) ? within(range_of(o->width_factor), uniform[1]) : height;
    *m = (linear_map){.a = (real)(1 + height),
                      .c = (real)(-height * middle_row(c)),
                      .e = (real)(1 + width),
                      .f = (real)(-width * middle_column(c))};
}

static bool zoom_shape(shape_pass *p)
{
    const cepa_random_zoom_options *o = p->options;
    return declare_sampling(p, o->seed, o->fill_mode, o->interpolation, o->fill_value, zoom);
}

const layer_class random_zoom = {
    .kind = LAYER("RandomZoom", zoom_fields, cepa_random_zoom_options),
    .shape = zoom_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .identity_in_inference = true,
};
