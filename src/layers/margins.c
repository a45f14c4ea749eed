/* ZeroPadding1D ... 3D, Cropping1D ... 3D: zeros put around the axes before the last, or their edges cut off.  Keras:
 * keras.layers.ZeroPadding2D, keras.layers.Cropping2D ... */
#include "layers/layers.h"

typedef struct geometry {
    size_t inner;      /* elements of the smaller picture */
    uint32_t index[1]; /* the place of each of them in the larger one */
} geometry;

/* The shape that in gets where each axis gains (before, after) of margins: sign 1, or loses them: -1. */
static bool resize(shape_pass *p, const int *margins, size_t axes, int sign)
{
    const shape *in = p->input;
    shape *out = p->output;
    if (!need_axes(p, axes)) return false;
    *out = *in;
    for (size_t i = 0; i < axes; i++) {
        if (in->size[i] == CEPA_UNKNOWN) continue;
        int64_t size = in->size[i] + sign * ((int64_t)margins[2 * i] + margins[2 * i + 1]);
        if (size < 1) return refuse(p, "nothing would be left of axis %zu, whose size is %d", i + 1, in->size[i]);
        if (size > INT32_MAX) return refuse(p, "its output would be too large");
        out->size[i] = (int)size;
    }
    return true;
}

static bool declare_margins(shape_pass *p, const int *margins, size_t axes, int sign)
{
    if (!resize(p, margins, axes, sign)) return false;
    const shape *small = sign > 0 ? p->input : p->output, *large = sign > 0 ? p->output : p->input;
    size_t count = shape_count(small), at[CEPA_MAX_RANK];
    geometry *g = declare_geometry(p, sizeof *g + count * sizeof *g->index);
    if (!g) return false;
    g->inner = count;
    for (size_t e = 0; e < count; e++) {
        element_at(small, e, at);
        for (size_t i = 0; i < axes; i++) at[i] += (size_t)margins[2 * i];
        g->index[e] = (uint32_t)element_place(large, at);
    }
    return true;
}

static void cut(const layer_call *c, const lanes *from, lanes *to)
{
    kernels->gather(from, GEOMETRY(c)->index, to, GEOMETRY(c)->inner);
}

static void surround(const layer_call *c, const lanes *from, lanes *to, size_t count)
{
    kernels->fill(to, count, 0);
    kernels->scatter(from, GEOMETRY(c)->index, to, GEOMETRY(c)->inner);
}

static void pad_forward(const layer_call *c) { surround(c, c->x[0], c->y[0], c->count); }
static void pad_gradient(const layer_call *c) { cut(c, c->dy[0], c->dx[0]); }
static void crop_forward(const layer_call *c) { cut(c, c->x[0], c->y[0]); }
static void crop_gradient(const layer_call *c) { surround(c, c->dy[0], c->dx[0], shape_count(c->input)); }

static const field pad1d_fields[] = {SIDES(cepa_zero_padding1d_options, padding, .preset = 1, .min = 0, .max = 1e6),
                                     DATA_FORMAT, END_OF_FIELDS};
static const field pad2d_fields[] = {SIDES(cepa_zero_padding2d_options, padding, .preset = 1, .min = 0, .max = 1e6),
                                     DATA_FORMAT, END_OF_FIELDS};
static const field pad3d_fields[] = {SIDES(cepa_zero_padding3d_options, padding, .preset = 1, .min = 0, .max = 1e6),
                                     DATA_FORMAT, END_OF_FIELDS};
static const field crop1d_fields[] = {SIDES(cepa_cropping1d_options, cropping, .preset = 1, .min = 0, .max = 1e6),
                                      END_OF_FIELDS};
static const field crop2d_fields[] = {SIDES(cepa_cropping2d_options, cropping, .min = 0, .max = 1e6), DATA_FORMAT,
                                      END_OF_FIELDS};

static const field crop3d_fields[] = {SIDES(cepa_cropping3d_options, cropping, .preset = 1, .min = 0, .max = 1e6),
                                      DATA_FORMAT, END_OF_FIELDS};

static bool pad1d_shape(shape_pass *p)
{
    return declare_margins(p, ((const cepa_zero_padding1d_options *)p->options)->padding, 1, 1);
}

static bool pad2d_shape(shape_pass *p)
{
    return declare_margins(p, ((const cepa_zero_padding2d_options *)p->options)->padding[0], 2, 1);
}

static bool pad3d_shape(shape_pass *p)
{
    return declare_margins(p, ((const cepa_zero_padding3d_options *)p->options)->padding[0], 3, 1);
}

static bool crop1d_shape(shape_pass *p)
{
    return declare_margins(p, ((const cepa_cropping1d_options *)p->options)->cropping, 1, -1);
}

static bool crop2d_shape(shape_pass *p)
{
    return declare_margins(p, ((const cepa_cropping2d_options *)p->options)->cropping[0], 2, -1);
}

static bool crop3d_shape(shape_pass *p)
{
    return declare_margins(p, ((const cepa_cropping3d_options *)p->options)->cropping[0], 3, -1);
}

const layer_class zero_padding1d = {
    .kind = LAYER("ZeroPadding1D", pad1d_fields, cepa_zero_padding1d_options),
    .shape = pad1d_shape,
    .forward = pad_forward,
    .gradient_inputs = pad_gradient,
};
const layer_class zero_padding2d = {
    .kind = LAYER("ZeroPadding2D", pad2d_fields, cepa_zero_padding2d_options),
    .shape = pad2d_shape,
    .forward = pad_forward,
    .gradient_inputs = pad_gradient,
};
const layer_class zero_padding3d = {
    .kind = LAYER("ZeroPadding3D", pad3d_fields, cepa_zero_padding3d_options),
    .shape = pad3d_shape,
    .forward = pad_forward,
    .gradient_inputs = pad_gradient,
};
const layer_class cropping1d = {
    .kind = LAYER("Cropping1D", crop1d_fields, cepa_cropping1d_options),
    .shape = crop1d_shape,
    .forward = crop_forward,
    .gradient_inputs = crop_gradient,
};
const layer_class cropping2d = {
    .kind = LAYER("Cropping2D", crop2d_fields, cepa_cropping2d_options),
    .shape = crop2d_shape,
    .forward = crop_forward,
    .gradient_inputs = crop_gradient,
};
const layer_class cropping3d = {
    .kind = LAYER("Cropping3D", crop3d_fields, cepa_cropping3d_options),
    .shape = crop3d_shape,
    .forward = crop_forward,
    .gradient_inputs = crop_gradient,
};
