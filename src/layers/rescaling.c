/* Rescaling: y = x * scale + offset, one number for all or one for each channel.  Keras: keras.layers.Rescaling. */
#include "layers/layers.h"

typedef cepa_rescaling_options options;

static const field fields[] = {REALS(options, scale, .required = true), REALS(options, offset, .optional = true),
                               END_OF_FIELDS};

typedef struct geometry {
    size_t channels, positions;
    real scale[16], offset[16]; /* the first ones alone where scales and offsets are single */
    bool single;
} geometry;

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    const shape *in = p->input;
    size_t scales = reals_length(o->scale, ARRAY_COUNT(o->scale)),
           offsets = reals_length(o->offset, ARRAY_COUNT(o->offset));
    geometry *g = declare_geometry(p, sizeof *g);
    if (!g) return false;
    g->channels = in->rank && in->size[in->rank - 1] > 0 ? (size_t)in->size[in->rank - 1] : 1;
    g->positions = shape_count(in) / g->channels;
    g->single = scales <= 1 && offsets <= 1;
    if (!g->single && ((scales > 1 && scales != g->channels) || (offsets > 1 && offsets != g->channels)))
        return refuse(p, "scale and offset hold one number, or one for each of the %zu channels", g->channels);
    for (size_t i = 0; i < (g->single ? 1 : g->channels); i++) {
        g->scale[i] = (real)o->scale[scales > 1 ? i : 0];
        g->offset[i] = (real)o->offset[offsets > 1 ? i : 0];
    }
    p->output[0] = *in;
    return true;
}

static void forward(const layer_call *c)
{
    const geometry *g = GEOMETRY(c);
    if (g->single)
        kernels->scale_offset(c->x[0], c->y[0], c->count, g->scale[0], g->offset[0]);
    else
        kernels->channel_affine(c->x[0], c->y[0], 1, g->channels, g->positions, g->scale, g->offset);
}

static void gradient_inputs(const layer_call *c)
{
    static const real none[16];
    const geometry *g = GEOMETRY(c);
    if (g->single)
        kernels->scale_offset(c->dy[0], c->dx[0], c->count, g->scale[0], 0);
    else
        kernels->channel_affine(c->dy[0], c->dx[0], 1, g->channels, g->positions, g->scale, none);
}

const layer_class rescaling = {
    .kind = LAYER("Rescaling", fields, options),
    .shape = shape_of,
    .forward = forward,
    .gradient_inputs = gradient_inputs,
    .in_place = true,
};
