/* Input: where a model's data come in.  Keras: keras.Input, class InputLayer. */
#include "graph/layer.h"

typedef cepa_input_options options;

static const field fields[] = {SHAPE(options, shape), END_OF_FIELDS};

static bool shape_of(shape_pass *p)
{
    const options *o = OPTIONS(p);
    for (shape *s = p->output; s->rank < CEPA_MAX_RANK && o->shape[s->rank]; s->rank++) {
        s->size[s->rank] = o->shape[s->rank];
        if (s->size[s->rank] < CEPA_UNKNOWN)
            return refuse(p, "a size in shape must be above 0, not %d", s->size[s->rank]);
    }
    return true;
}

const layer_class input_layer = {
    .kind = LAYER_KIND("InputLayer", fields, options),
    .shape = shape_of,
    .is_input = true,
};
