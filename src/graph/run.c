/* Walks a plan: blocks of sixteen rows through stages, gradients into slots that are added in order. */
#include "graph/run.h"

#include "graph/steps.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Slots of gradients: at most 8, and at most 128 MB together. From model and batch alone, so that no sum depends on
 * threads. */
enum { MOST_GRADIENT_SLOTS = 8, MOST_GRADIENT_BYTES = 128 << 20 };

struct session {
    const plan *plan;
    team *team;
    int threads; /* its size */
    size_t most_blocks, gradient_slots;
    unsigned char *memory; /* everything below, one allocation */
    unsigned char *worker, *block;
    double *sums, *totals, *state;
    real *gradients;        /* by slot */
    real *weight_scratch;   /* by worker */
    unsigned char *scratch; /* by thread */
    lanes *penalty;         /* by block */
    void **pointers;        /* lists by thread */
    _Atomic size_t *walked; /* by gradient slot: steps that its last block has done */
    _Atomic size_t *open;   /* by layer: pieces that its packing waits for */
};

enum { POINTER_LISTS = 4 }; /* x, y, dy, dx */

static size_t blocks_of(const plan *plan, size_t rows) { return (rows + plan->block_rows - 1) / plan->block_rows; }

/* ---- Memory -------------------------------------------------------------------------------------------------------
 */

static size_t slots_for(const plan *plan, size_t blocks)
{
    size_t slots = blocks < MOST_GRADIENT_SLOTS ? blocks : MOST_GRADIENT_SLOTS;
    while (slots > 1 && slots * plan->gradient_count * sizeof(real) > MOST_GRADIENT_BYTES) slots /= 2;
    return slots;
}

/* One part of the session's memory: taken from *used while it is measured, then from the allocation. */
typedef struct carving {
    unsigned char *memory; /* NULL while measuring */
    size_t used;
    bool overflow;
} carving;

static void *carve(carving *c, size_t count, size_t size)
{
    size_t bytes;
    void *place = c->memory ? c->memory + c->used : NULL;
    if (!multiply_size(count, size, &bytes) || !add_size(bytes, 63, &bytes) ||
        !add_size(c->used, bytes & ~(size_t)63, &c->used))
        c->overflow = true;
    return place;
}

static void carve_session(session *s, carving *c)
{
    const plan *p = s->plan;
    size_t threads = (size_t)s->threads, blocks = s->most_blocks;
    s->worker = carve(c, threads, p->worker_bytes);
    s->block = carve(c, blocks, p->block_bytes);
    s->sums = carve(c, blocks * p->sums_count, sizeof *s->sums);
    s->totals = carve(c, p->sums_count, sizeof *s->totals);
    s->state = carve(c, p->state_count, sizeof *s->state);
    s->gradients = carve(c, p->entries ? s->gradient_slots * p->gradient_count : 0, sizeof *s->gradients);
    s->weight_scratch = carve(c, p->entries ? threads * p->largest_weights : 0, sizeof *s->weight_scratch);
    s->scratch = carve(c, threads, p->scratch_bytes);
    s->penalty = carve(c, blocks * p->penalty_count, sizeof *s->penalty);
    s->pointers = carve(c, threads * POINTER_LISTS * p->most_values, sizeof *s->pointers);
    s->walked = carve(c, blocks, sizeof *s->walked);
    s->open = carve(c, p->network->graph->layer_count, sizeof *s->open);
}

cepa_status plan_pack(const plan *plan, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < plan->pack_count && !status; i++)
        status = call_pack_again(plan->network->graph, plan->packs[i].call, plan->packs[i].pass, error);
    return status;
}

cepa_status session_new(const plan *plan, size_t most_rows, int threads, session **made, cepa_error *error)
{
    *made = NULL;
    session *s = calloc(1, sizeof *s);
    if (!s) return fail_memory(error);
    s->plan = plan;
    s->team = team_new(threads);
    s->threads = team_size(s->team);
    s->most_blocks = blocks_of(plan, most_rows);
    s->gradient_slots = slots_for(plan, s->most_blocks);
    carving measure = {0};
    carve_session(s, &measure);
    carving taken = {.memory = measure.overflow ? NULL : allocate_aligned(measure.used)};
    if (taken.memory) carve_session(s, &taken);
    s->memory = taken.memory;
    cepa_status status = taken.memory && s->team ? plan_pack(plan, error) : fail_memory(error);
    if (status)
        session_free(s);
    else
        *made = s;
    return status;
}

void session_free(session *session)
{
    if (!session) return;
    team_free(session->team);
    free(session->memory);
    free(session);
}

team *session_team(const session *session) { return session->team; }

/* ---- Steps --------------------------------------------------------------------------------------------------------
 */

static void *slot_memory(const frame *f, int number)
{
    if (number == NO_SLOT) return NULL;
    const session *s = f->session;
    const slot *slot = &s->plan->slots[number];
    unsigned char *base =
        slot->per_block ? s->block + f->block * s->plan->block_bytes : s->worker + f->worker * s->plan->worker_bytes;
    return base + slot->offset;
}

/* One of the thread's lists of pointers, filled with the places of slots; NULL where the step has none. */
static void *slot_list(const frame *f, size_t list, const int *slots, size_t count)
{
    if (!slots) return NULL;
    size_t most = f->session->plan->most_values;
    void **pointers = f->session->pointers + (f->thread * POINTER_LISTS + list) * most;
    for (size_t i = 0; i < count; i++) pointers[i] = slot_memory(f, slots[i]);
    return pointers;
}

/* What the passes of all steps have in common. w has room for the layer's weights. */
static layer_call make_call(frame *f, const step *step, real **w)
{
    const session *s = f->session;
    const call *c = step->call;
    const layer *l = c->layer;
    const cepa_graph *g = s->plan->network->graph;
    for (size_t i = 0; i < l->weight_count; i++) w[i] = g->values + g->weights[l->first_weight + i].offset;
    layer_call made = {
        .options = l->options,
        .geometry = c->geometry,
        .inputs = c->inputs,
        .outputs = step->outputs,
        .input = step->input_shape,
        .output = step->output_shape,
        .w = w,
        .packed = c->packed[step->kind].reals,
        .batch_rows = f->batch->rows,
        .count = step->count,
        .rows = f->rows,
        .training = step->training,
        .random = &f->random,
    };
    made.x = slot_list(f, 0, step->x, c->inputs);
    made.y = slot_list(f, 1, step->y, step->outputs);
    made.dy = slot_list(f, 2, step->dy, step->outputs);
    made.dx = slot_list(f, 3, step->dx, c->inputs);
    made.kept = slot_memory(f, step->kept);
    made.scratch = s->scratch + f->thread * s->plan->scratch_bytes;
    made.sums = s->sums + f->block * s->plan->sums_count;
    made.state = s->state + s->plan->state_offset[c->index];
    made.penalty = s->penalty + f->block * s->plan->penalty_count + step->number;
    size_t outputs = c->split[step->kind];
    made.first = outputs * f->part / f->parts;
    made.last = outputs * (f->part + 1) / f->parts;
    f->random.stream.hash = step->stream;
    return made;
}

enum { MOST_WEIGHTS = 16 };

void step_run_pass(frame *f, const step *step)
{
    real *w[MOST_WEIGHTS];
    layer_call c = make_call(f, step, w);
    step->pass(&c);
}

void step_run_partial(frame *f, const step *step)
{
    if (f->part == 0) {
        frame whole = *f;
        whole.parts = 1;
        step_run_pass(&whole, step);
    }
}

/* Whether a step is the first to write its weights' gradients into the slot. The others have them in the worker's
 * scratch until they are added. */
static bool overwrites(const frame *f, const step *step) { return step->first_use && f->first_of_slot; }

/* The places of a layer's gradients in the slot; NULL where a weight is not trained. */
static void places_in_slot(const frame *f, const layer *l, real **slot)
{
    for (size_t i = 0; i < l->weight_count; i++) {
        size_t offset = f->session->plan->gradient_offset[l->first_weight + i];
        slot[i] = offset == SIZE_MAX ? NULL : f->gradients + offset;
    }
}

/* The same in the worker's scratch. */
static void places_in_scratch(const frame *f, const layer *l, real **scratch)
{
    const session *s = f->session;
    real *place = s->weight_scratch + f->worker * s->plan->largest_weights;
    for (size_t i = 0; i < l->weight_count; i++) {
        const size_t weight = l->first_weight + i;
        scratch[i] = s->plan->gradient_offset[weight] == SIZE_MAX ? NULL : place;
        place += s->plan->network->graph->weights[weight].count;
    }
}

void step_run_weights(frame *f, const step *step)
{
    real *w[MOST_WEIGHTS], *dw[MOST_WEIGHTS];
    (overwrites(f, step) ? places_in_slot : places_in_scratch)(f, step->call->layer, dw);
    layer_call c = make_call(f, step, w);
    c.dw = dw;
    step->pass(&c);
}

void step_add_weights(frame *f, const step *step)
{
    if (overwrites(f, step)) return;
    real *scratch[MOST_WEIGHTS], *slot[MOST_WEIGHTS];
    const layer *l = step->call->layer;
    places_in_slot(f, l, slot);
    places_in_scratch(f, l, scratch);
    for (size_t i = 0; i < l->weight_count; i++) {
        if (!slot[i]) continue;
        const size_t count = f->session->plan->network->graph->weights[l->first_weight + i].count;
        const size_t first = count * f->part / f->parts, last = count * (f->part + 1) / f->parts;
        kernels->add_into(slot[i] + first, scratch[i] + first, last - first);
    }
}

void step_load(frame *f, const step *step)
{
    if (f->part) return;
    const batch *b = f->batch;
    size_t rows[LANES], first = f->block * LANES;
    for (size_t i = 0; i < LANES; i++) rows[i] = b->row[first + (i < f->rows ? i : f->rows - 1)];
    b->load(b->context, step->number, rows, step->order, slot_memory(f, step->to));
}

void step_load_apart(frame *f, const step *step)
{
    if (f->part) return;
    const batch *b = f->batch;
    b->load_apart(b->context, step->number, b->row[f->block], shape_channels(step->output_shape),
                  slot_memory(f, step->to));
}

void step_put_into_lanes(frame *f, const step *step)
{
    if (f->part) return;
    const lanes *from = slot_memory(f, step->from);
    lanes *to = slot_memory(f, step->to);
    size_t channels = shape_channels(step->output_shape), positions = shape_count(step->output_shape) / channels;
    for (size_t i = 0; i < positions; i++, from += lanes_of(channels))
        for (size_t c = 0; c < channels; c++) kernels->fill(to + c * positions + i, 1, from[c / LANES].lane[c % LANES]);
}

void step_take_apart(frame *f, const step *step)
{
    if (f->part) return;
    const lanes *from = slot_memory(f, step->from);
    lanes *to = slot_memory(f, step->to);
    size_t channels = shape_channels(step->output_shape), positions = shape_count(step->output_shape) / channels;
    for (size_t i = 0; i < positions; i++, to += lanes_of(channels)) {
        to[lanes_of(channels) - 1] = (lanes){0};
        for (size_t c = 0; c < channels; c++) to[c / LANES].lane[c % LANES] = from[c * positions + i].lane[0];
    }
}

void step_add(frame *f, const step *step)
{
    if (f->part) return;
    lanes *sum = slot_memory(f, step->to);
    kernels->add(sum, slot_memory(f, step->from), sum, step->count);
}

void step_zero(frame *f, const step *step)
{
    if (f->part == 0) kernels->fill(slot_memory(f, step->to), step->count, 0);
}

void step_head(frame *f, const step *step)
{
    (void)step;
    const plan *p = f->session->plan;
    if (f->part || !f->batch->head) return;
    f->batch->head(f->batch->context, f->block * p->block_rows, f->rows, slot_list(f, 0, p->want, p->wants),
                   slot_list(f, 1, p->entry, p->entries));
}

void step_head_combine(frame *f, const step *step)
{
    (void)step;
    f->batch->head_combine(f->batch->context);
}

void step_head_gradients(frame *f, const step *step)
{
    (void)step;
    const plan *p = f->session->plan;
    if (f->part) return;
    f->batch->head_gradients(f->batch->context, f->block * p->block_rows, f->rows, slot_list(f, 0, p->want, p->wants),
                             slot_list(f, 1, p->entry, p->entries));
}

void step_finish(frame *f, const step *step)
{
    (void)step;
    const plan *p = f->session->plan;
    if (f->part || !f->batch->finish) return;
    f->batch->finish(f->batch->context, f->block * LANES, f->rows, slot_list(f, 0, p->input_gradient, p->inputs));
}

void step_combine(frame *f, const step *step)
{
    session *s = f->session;
    size_t blocks = blocks_of(s->plan, f->batch->rows), sums = step->call->sums;
    memset(s->totals, 0, sums * sizeof *s->totals);
    for (size_t b = 0; b < blocks; b++)
        for (size_t i = 0; i < sums; i++) s->totals[i] += s->sums[b * s->plan->sums_count + i];
    real *w[MOST_WEIGHTS];
    struct step bare = *step;
    bare.x = bare.y = bare.dy = bare.dx = NULL;
    layer_call c = make_call(f, &bare, w);
    c.sums = s->totals;
    step->pass(&c);
}

/* ---- Blocks -------------------------------------------------------------------------------------------------------
 */

/* One run of one stage: what the threads share. */
typedef struct stage_run {
    session *session;
    const batch *batch;
    const stage *stage;
    size_t blocks, slots; /* of the batch; without gradients each block is a slot of its own */
} stage_run;

static size_t first_block(const stage_run *r, size_t slot) { return r->blocks * slot / r->slots; }

static void enter_block(frame *f, const stage_run *r, size_t slot, size_t block)
{
    const batch *b = r->batch;
    size_t most = r->session->plan->block_rows, before = block * most;
    f->block = block;
    f->rows = b->rows - before < most ? b->rows - before : most;
    f->first_of_slot = block == first_block(r, slot);
    f->gradients = r->session->gradients + (r->session->plan->entries ? slot * r->session->plan->gradient_count : 0);
    f->random.stream = (random_stream){.key = b->seed, .epoch = b->epoch};
    f->random.batch_row = (uint32_t)b->position;
    for (size_t i = 0; i < LANES; i++)
        f->random.row[i] = (uint32_t)(b->position + before + (i < f->rows ? i : f->rows - 1));
}

static frame frame_of(const stage_run *r, size_t thread)
{
    return (frame){.session = r->session, .batch = r->batch, .thread = thread, .worker = thread, .parts = 1};
}

/* Into how many parts a step's outputs can be divided. */
static size_t parts_of(const frame *f, const step *step)
{
    if (step->run == step_add_weights) return overwrites(f, step) ? 1 : SIZE_MAX;
    return step->call ? step->call->split[step->kind] : 1;
}

/* A step that threads share: its outputs, never a sum. */
typedef struct shared_step {
    const frame *frame;
    const step *step;
    size_t parts;
} shared_step;

static void run_part(void *context, size_t part, int thread)
{
    const shared_step *shared = context;
    frame f = *shared->frame;
    f.thread = (size_t)thread;
    f.part = part;
    f.parts = shared->parts;
    shared->step->run(&f, shared->step);
}

/* Runs a step, together with the threads that have nothing to do. */
static void run_step(frame *f, const step *step)
{
    team *team = f->session->team;
    size_t hands = team_hands(team), parts = hands > 1 ? parts_of(f, step) : 1;
    if (parts > hands) parts = hands;
    if (parts > 1)
        team_offer(team, parts, run_part, &(shared_step){f, step, parts}, (int)f->thread);
    else
        step->run(f, step);
}

/* Notes how far the walk of a block's slot has come. */
static void note_walked(const stage_run *r, size_t slot, size_t steps)
{
    atomic_store(&r->session->walked[slot], steps);
    team_advance(r->session->team);
}

/* A slot's blocks one after the other, each through the whole stage. */
static void walk_slot(void *context, size_t slot, int thread)
{
    const stage_run *r = context;
    frame f = frame_of(r, (size_t)thread);
    const step *steps = r->session->plan->steps;
    const size_t end = first_block(r, slot + 1);
    for (size_t block = first_block(r, slot); block < end; block++) {
        enter_block(&f, r, slot, block);
        for (size_t i = r->stage->first; i < r->stage->last; i++) {
            run_step(&f, &steps[i]);
            if (steps[i].releases && block + 1 == end) note_walked(r, slot, i + 1);
        }
    }
}

/* ---- Closing a batch ---------------------------------------------------------------------------------------------
 */

void closing_add_slots(const stage_run *last, const closing_piece *piece)
{
    session *s = last->session;
    const plan *p = s->plan;
    const batch *b = last->batch;
    real *sum = s->gradients + p->segments[piece->index].gradient_offset + piece->first;
    for (size_t slot = 1; slot < last->slots; slot++)
        kernels->add_into(sum, sum + slot * p->gradient_count, piece->count);
    if (b->update) b->update(b->update_context, piece->index, piece->first, piece->count);
    if (atomic_fetch_sub(&s->open[piece->layer], 1) == 1) team_advance(s->team);
}

static void pack(const session *s, size_t index)
{
    const packed_use *use = &s->plan->packs[index];
    call_pack(s->plan->network->graph, use->call, use->pass);
}

void closing_pack(const stage_run *last, const closing_piece *piece)
{
    if (last->batch->update) pack(last->session, piece->index);
}

static void run_closing(void *context, size_t index, int thread)
{
    (void)thread;
    const stage_run *r = context;
    const closing_piece *piece = &r->session->plan->closing[index];
    piece->run(r, piece);
}

static bool may_close(const void *context, size_t index)
{
    const stage_run *r = context;
    const closing_piece *piece = &r->session->plan->closing[index];
    for (size_t slot = 0; slot < r->slots; slot++)
        if (atomic_load(&r->session->walked[slot]) < piece->after) return false;
    return !piece->after_layer || !atomic_load(&r->session->open[piece->layer]);
}

static void open_closing(stage_run *r)
{
    session *s = r->session;
    for (size_t slot = 0; slot < r->slots; slot++) atomic_store(&s->walked[slot], 0);
    for (size_t i = 0; i < s->plan->closing_count; i++) {
        const closing_piece *piece = &s->plan->closing[i];
        if (!piece->after_layer) atomic_fetch_add(&s->open[piece->layer], 1);
    }
}

/* ---- Batches -----------------------------------------------------------------------------------------------------
 */

static void run_barrier(const stage_run *r)
{
    frame f = frame_of(r, 0);
    r->stage->combine->run(&f, r->stage->combine);
}

void session_run(session *session, const batch *batch)
{
    const plan *p = session->plan;
    stage_run r = {.session = session, .batch = batch, .blocks = blocks_of(p, batch->rows)};
    r.slots = p->entries ? slots_for(p, r.blocks) : r.blocks;
    open_closing(&r);
    for (r.stage = p->stages; r.stage->combine; r.stage++) {
        team_for(session->team, r.slots, walk_slot, &r);
        run_barrier(&r);
    }
    team_for_then(session->team, r.slots, walk_slot, &(team_sequel){p->closing_count, run_closing, may_close}, &r);
}

real *session_gradients(session *session) { return session->gradients; }

void session_penalty(const session *session, size_t number, size_t rows, double *penalty)
{
    for (size_t i = 0; i < rows; i++)
        penalty[i] = (double)session->penalty[i / LANES * session->plan->penalty_count + number].lane[i % LANES];
}

/* ---- Packed weights -----------------------------------------------------------------------------------------------
 */

static void pack_one(void *context, size_t index, int thread)
{
    (void)thread;
    pack(context, index);
}

void session_pack(session *session) { team_for(session->team, session->plan->pack_count, pack_one, session); }
