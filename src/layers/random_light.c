/* RandomBrightness, RandomContrast: in training each picture gets a brightness or a contrast of its own; nothing
 * happens in inference.  Keras: keras.layers.RandomBrightness, keras.layers.RandomContrast. */
#include "layers/layers.h"

/* A picture's change: x * contrast + brightness, and what its mean adds so that contrast leaves it where it is. */
typedef struct light {
    real contrast, brightness;
} light;

typedef struct geometry {
    double low, high; /* of what is drawn */
    bool brightness;  /* it is drawn, else the contrast */
    real least, most; /* of the result */
    int64_t seed;
    size_t channels, pixels;
} geometry;

/* factor: two numbers, or one and a number that is not set; lowest: what one number's range begins with. */
static geometry *declare_light(shape_pass *p, const double factor[2], double lowest, const double value_range[2],
                               int64_t seed)
{
    if (!need_axes(p, 2)) return NULL;
    if (reals_length(value_range, 2) < 2) {
        refuse(p, "value_range holds two numbers, the lowest and the highest");
        return NULL;
    }
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return NULL;
    bool pair = real_is_set(factor[1]), turned = pair && factor[0] > factor[1];
    *g = (geometry){.low = pair ? factor[turned] : lowest,
                    .high = pair ? factor[!turned] : factor[0],
                    .least = (real)(value_range[0] + 0.0),
                    .most = (real)(value_range[1] + 0.0),
                    .seed = seed,
                    .channels = shape_channels(p->input)};
    g->pixels = shape_count(p->input) / g->channels;
    declare_kept(p, LANES * sizeof(light));
    declare_scratch(p, LANES * sizeof(light));
    p->output[0] = *p->input;
    return g;
}

static const light *draw(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    light *lights = c->kept ? c->kept : c->scratch;
    random_stream stream = stream_of(c, g->seed);
    for (size_t r = 0; r < LANES; r++) {
        double drawn = g->low + (g->high - g->low) * random_uniform24(random_word(&stream, c->random->row[r], 0));
        lights[r] = g->brightness ? (light){1, (real)drawn} : (light){(real)drawn, 0};
    }
    return lights;
}

/* What is added to x * contrast in a channel of each lane. */
static void offsets(const geometry *g, const light *lights, const lanes *x, real offset[LANES])
{
    double sum[LANES] = {0};
    for (size_t e = 0; e < g->pixels; e++)
        for (size_t r = 0; r < LANES; r++) sum[r] += (double)x[e].lane[r];
    for (size_t r = 0; r < LANES; r++)
        offset[r] = (real)(sum[r] / (double)g->pixels * (1 - (double)lights[r].contrast)) + lights[r].brightness;
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    const light *lights = draw(c);
    real offset[LANES];
    for (size_t k = 0; k < g->channels; k++) {
        const lanes *x = c->x[0] + k * g->pixels;
        lanes *y = c->y[0] + k * g->pixels;
        offsets(g, lights, x, offset);
        for (size_t e = 0; e < g->pixels; e++)
            for (size_t r = 0; r < LANES; r++) {
                real v = x[e].lane[r] * lights[r].contrast + offset[r];
                y[e].lane[r] = v < g->least ? g->least : v > g->most ? g->most : v;
            }
    }
}

/* Nothing flows back from a number that was cut off; what a channel's mean adds comes from all its pixels. */
static void gradient_inputs(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    const light *lights = c->kept;
    real offset[LANES];
    for (size_t k = 0; k < g->channels; k++) {
        const lanes *x = c->x[0] + k * g->pixels, *dy = c->dy[0] + k * g->pixels;
        lanes *dx = c->dx[0] + k * g->pixels;
        double sum[LANES] = {0};
        offsets(g, lights, x, offset);
        for (size_t e = 0; e < g->pixels; e++)
            for (size_t r = 0; r < LANES; r++) {
                real v = x[e].lane[r] * lights[r].contrast + offset[r];
                dx[e].lane[r] = v < g->least || v > g->most ? 0 : dy[e].lane[r];
                sum[r] += (double)dx[e].lane[r];
            }
        for (size_t r = 0; r < LANES; r++)
            offset[r] = (real)(sum[r] / (double)g->pixels * (1 - (double)lights[r].contrast));
        for (size_t e = 0; e < g->pixels; e++)
            for (size_t r = 0; r < LANES; r++) dx[e].lane[r] = dx[e].lane[r] * lights[r].contrast + offset[r];
    }
}

#define LIGHT_FIELDS(least)                                                                                            \
    REALS(cepa_random_light_options, factor, .required = true, .min = (least), .max = 1),                              \
        REALS(cepa_random_light_options, value_range, .preset_text = "(0, 255)", .min = -1e30, .max = 1e30),           \
        LONG(cepa_random_light_options, seed, .optional = true), DATA_FORMAT, END_OF_FIELDS

/* A part of the range is added; a number f stands for -f ... f. */
static const field brightness_fields[] = {LIGHT_FIELDS(-1)};

static bool brightness_shape(shape_pass *p)
{
    const cepa_random_light_options *o = p->options;
    double ends[2] = {o->value_range[0], o->value_range[1]}, one = o->factor[0] < 0 ? -o->factor[0] : o->factor[0];
    double factor[2] = {real_is_set(o->factor[1]) ? o->factor[0] : one, o->factor[1]};
    bool turned = ends[0] > ends[1];
    geometry *g = declare_light(p, factor, -one, (double[2]){ends[turned], ends[!turned]}, o->seed);
    if (!g) return false;
    g->brightness = true;
    g->low *= (double)g->most - (double)g->least;
    g->high *= (double)g->most - (double)g->least;
    return true;
}

const layer_class random_brightness = {
    .kind = LAYER("RandomBrightness", brightness_fields, cepa_random_light_options),
    .shape = brightness_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .needs = NEEDS_INPUT,
    .identity_in_inference = true,
};

/* Factors low, high stand for contrasts of 1 - low ... 1 + high; a number f for 1 ... 1 + f, as Keras 3 takes it. */
static const field contrast_fields[] = {LIGHT_FIELDS(0)};

static bool contrast_shape(shape_pass *p)
{
    const cepa_random_light_options *o = p->options;
    geometry *g = declare_light(p, o->factor, 0, o->value_range, o->seed);
    if (!g) return false;
    g->low = 1 - g->low;
    g->high = 1 + g->high;
    return true;
}

const layer_class random_contrast = {
    .kind = LAYER("RandomContrast", contrast_fields, cepa_random_light_options),
    .shape = contrast_shape,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .needs = NEEDS_INPUT,
    .identity_in_inference = true,
};
