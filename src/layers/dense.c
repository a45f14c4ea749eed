/* Dense: y = x W + b along the last axis: a 1 x 1 correlation over the places before it.  Keras: keras.layers.Dense. */
#include "layers/correlation.h"

typedef cepa_dense_options options;

static const field fields[] = {INT(options, units, .required = true, .min = 1, .max = 1e8), KERNEL_FIELDS(options),
                               END_OF_FIELDS};

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    const shape *in = p->input;
    if (in->rank == 0) return refuse(p, "its input needs an axis besides the batch");
    if (!need_size(p, in->rank - 1)) return false;
    int channels = in->size[in->rank - 1];
    size_t positions = shape_count(in) / (size_t)channels;
    p->output[0] = *in;
    p->output[0].size[in->rank - 1] = o->units;
    shape kernel = {2, {channels, o->units}};
    conv_shape s = pointwise_shape(1, positions, (size_t)channels, (size_t)o->units);
    return declare_correlation(p, &s, &kernel, KERNEL_TEXTS(o));
}

const layer_class dense = {
    .kind = LAYER("Dense", fields, options),
    .shape = shape_of,
    CORRELATION_PASSES,
    .takes_activation = true,
};
