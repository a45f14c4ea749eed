/* The masks that a Dropout layer draws in training, made by the layer's own forward pass on ones. */
#include "model/inside.h"

#include <stdlib.h>

/* What a run of the layer works on. */
typedef struct pass {
    lanes *x, *y, *scratch;
    uint32_t *order;
} pass;

static bool make_room(pass *p, const call *c, size_t count)
{
    p->x = allocate_aligned(count * sizeof *p->x);
    p->y = allocate_aligned(count * sizeof *p->y);
    p->scratch = allocate_aligned(c->scratch_bytes + sizeof *p->scratch);
    p->order = calloc(count, sizeof *p->order);
    return p->x && p->y && p->scratch && p->order;
}

static void free_room(pass *p)
{
    free(p->x);
    free(p->y);
    free(p->scratch);
    free(p->order);
}

/* One block of the batch: rows first ... of it, which stand at position + first in the epoch's order. */
static void run(const pass *p, const call *c, const shape *shape, const cepa_mask_options *o, size_t first, size_t rows)
{
    random_rows random = {.stream = random_stream_of(o->seed, c->layer->name, "call", c->use),
                          .batch_row = (uint32_t)o->position};
    random.stream.epoch = o->epoch;
    for (size_t i = 0; i < LANES; i++) random.row[i] = (uint32_t)(o->position + first + (i < rows ? i : rows - 1));
    const lanes *x[] = {p->x};
    lanes *y[] = {p->y};
    layer_call pass = {.options = c->layer->options,
                       .geometry = c->geometry,
                       .inputs = 1,
                       .outputs = 1,
                       .input = shape,
                       .output = shape,
                       .x = x,
                       .y = y,
                       .scratch = p->scratch,
                       .count = shape_count(shape),
                       .rows = rows,
                       .training = true,
                       .random = &random};
    c->layer->class->forward(&pass);
}

cepa_status cepa_dropout_mask(const cepa_model *model, const char *layer, const cepa_mask_options *options, size_t rows,
                              float *factors, cepa_error *error)
{
    const call *c;
    cepa_status status = model_find_call(model, layer, &c, error);
    if (status) return status;
    if (!c->layer->class->identity_in_inference)
        return fail(error, CEPA_ARGUMENT, "layer %s is of class %s, which draws no mask: expected a Dropout layer",
                    layer, c->layer->class->kind.name);
    const network *sized = NULL;
    if (options->data && (status = model_network_to(model, c->result[0], options->data, &sized, error))) return status;
    if (sized) c = sized->calls[sized->call_count - 1];
    const shape *s = &graph_tensor(model->graph, c->output[0])->shape;
    size_t count = shape_count(s);
    if (!count) return fail(error, CEPA_SHAPE, "layer %s: its size is open; give the model's Input a shape", layer);
    pass p = {0};
    if (make_room(&p, c, count)) {
        shape_order(s, p.order);
        kernels->fill(p.x, count, 1);
        for (size_t first = 0; first < rows; first += LANES) {
            size_t block = rows - first < LANES ? rows - first : LANES;
            float *to[LANES];
            for (size_t i = 0; i < block; i++) to[i] = factors + (first + i) * count;
            run(&p, c, s, options, first, block);
            kernels->store_floats(p.y, p.order, to, block, count);
        }
    } else
        status = fail_memory(error);
    free_room(&p);
    return status;
}
