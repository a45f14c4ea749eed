/* Decides everything about a run beforehand: passes in order, barriers, fusions, and the place of every byte. */
#include "graph/plan.h"

#include "graph/steps.h"

#include <stdlib.h>
#include <string.h>

/* What is known of a tensor while the plan is made. */
typedef struct value_state {
    int slot;       /* of its value; NO_SLOT: fused away or not run */
    int gradient;   /* slot of its gradient; NO_SLOT: none yet */
    size_t readers; /* calls that read it */
    bool wanted;    /* read by the head */
    bool needs_gradient;
    bool kept; /* a gradient pass reads it again */
} value_state;

typedef struct planner {
    const plan_request *request;
    plan *plan;
    cepa_graph *graph;
    value_state *value; /* by tensor id */
    int *kept_slot;     /* by call index */
    size_t penalties;
    bool failed; /* memory is exhausted */
} planner;

static void *allocate(planner *p, size_t count, size_t size)
{
    void *memory = arena_array(&p->plan->memory, count, size);
    if (!memory) p->failed = true;
    return memory;
}

static int add_slot(planner *p, size_t bytes)
{
    plan *plan = p->plan;
    if (!grow(&plan->slots, &plan->slot_capacity, plan->slot_count + 1, sizeof *plan->slots)) {
        p->failed = true;
        return NO_SLOT;
    }
    plan->slots[plan->slot_count] = (slot){.bytes = (bytes + 63) & ~(size_t)63, .first = SIZE_MAX};
    return (int)plan->slot_count++;
}

/* The step that comes next reads or writes the slot. */
static void touch(planner *p, int number)
{
    if (number == NO_SLOT || p->failed) return;
    slot *s = &p->plan->slots[number];
    size_t now = p->plan->step_count;
    if (s->first == SIZE_MAX) s->first = now;
    s->last = now;
}

static void touch_all(planner *p, const int *slots, size_t count)
{
    for (size_t i = 0; slots && i < count; i++) touch(p, slots[i]);
}

static void add_step(planner *p, const step *made)
{
    plan *plan = p->plan;
    if (p->failed || !grow(&plan->steps, &plan->step_capacity, plan->step_count + 1, sizeof *plan->steps)) {
        p->failed = true;
        return;
    }
    size_t inputs = made->call ? made->call->inputs : 0;
    touch_all(p, made->x, inputs);
    touch_all(p, made->dx, inputs);
    touch_all(p, made->y, made->outputs);
    touch_all(p, made->dy, made->outputs);
    touch(p, made->kept);
    touch(p, made->scratch);
    touch(p, made->from);
    touch(p, made->to);
    plan->steps[plan->step_count++] = *made;
}

static size_t tensor_bytes(const planner *p, int id)
{
    return shape_count(&graph_tensor(p->graph, id)->shape) * sizeof(lanes);
}

/* ---- What gradients need ------------------------------------------------------------------------------------------
 */

static bool call_trains(const planner *p, const call *c)
{
    const layer *l = c->layer;
    for (size_t i = 0; i < l->weight_count; i++)
        if (weight_is_trained(&p->graph->weights[l->first_weight + i])) return true;
    return false;
}

static bool runs_training(const planner *p, const call *c)
{
    return p->request->training && !(c->layer->class->frozen_is_inference && !c->layer->trainable);
}

/* True where a call's inputs may receive a gradient. */
static bool passes_gradient(const call *c) { return c->layer->class->gradient_inputs || c->layer->class->is_input; }

/* Which tensors' gradients are asked for: those behind a trained weight, or behind an input where these are wanted.
 * Then which values a gradient pass reads. */
static void mark_gradients(planner *p)
{
    const network *n = p->request->network;
    for (size_t i = 0; i < n->inputs; i++) p->value[n->input[i]].needs_gradient = p->request->input_gradients;
    for (size_t i = 0; i < n->call_count; i++) {
        const call *c = n->calls[i];
        bool behind = call_trains(p, c);
        for (size_t k = 0; k < c->inputs; k++) behind |= p->value[c->input[k]].needs_gradient && passes_gradient(c);
        for (size_t k = 0; k < c->outputs; k++) p->value[c->output[k]].needs_gradient |= behind;
    }
}

static bool needs_input_gradient(const planner *p, const call *c)
{
    for (size_t k = 0; k < c->inputs; k++)
        if (p->value[c->input[k]].needs_gradient) return passes_gradient(c);
    return false;
}

static unsigned gradient_needs(const planner *p, const call *c)
{
    unsigned needs = 0;
    if (!p->request->entries || !p->value[c->output[0]].needs_gradient) return 0;
    if (needs_input_gradient(p, c)) needs |= c->needs;
    if (call_trains(p, c)) needs |= c->layer->class->weights_need;
    return needs;
}

static void mark_kept(planner *p)
{
    const network *n = p->request->network;
    for (size_t i = 0; i < n->call_count; i++) {
        const call *c = n->calls[i];
        unsigned needs = gradient_needs(p, c);
        for (size_t k = 0; k < c->inputs; k++) {
            p->value[c->input[k]].readers++;
            if (needs & NEEDS_INPUT) p->value[c->input[k]].kept = true;
        }
        for (size_t k = 0; k < c->outputs; k++)
            if (needs & NEEDS_OUTPUT) p->value[c->output[k]].kept = true;
    }
    for (size_t i = 0; i < p->request->wants; i++) p->value[p->request->want[i]].wanted = true;
}

/* ---- Forward ------------------------------------------------------------------------------------------------------
 */

static int *slots_of(planner *p, const int *tensors, size_t count, bool gradients)
{
    int *list = allocate(p, count + 1, sizeof *list);
    for (size_t i = 0; list && i < count; i++)
        list[i] = gradients ? p->value[tensors[i]].gradient : p->value[tensors[i]].slot;
    return list;
}

/* True where nobody else reads x, now or in a gradient pass, so that the call may overwrite it. */
static bool may_overwrite(const planner *p, const call *c)
{
    const value_state *x = &p->value[c->input[0]];
    return c->layer->class->in_place && x->readers == 1 && !x->wanted && !x->kept &&
           tensor_bytes(p, c->input[0]) == tensor_bytes(p, c->output[0]);
}

static void place_outputs(planner *p, const call *c)
{
    for (size_t i = 0; i < c->outputs; i++)
        p->value[c->output[i]].slot = i == 0 && c->inputs && may_overwrite(p, c)
                                          ? p->value[c->input[0]].slot
                                          : add_slot(p, tensor_bytes(p, c->output[i]));
}

static const shape *shapes_of(planner *p, const int *tensors, size_t count)
{
    shape *list = allocate(p, count + 1, sizeof *list);
    for (size_t i = 0; list && i < count; i++) list[i] = graph_tensor(p->graph, tensors[i])->shape;
    if (count > p->plan->most_values) p->plan->most_values = count;
    return list;
}

static step step_of(planner *p, const call *c, pass kind)
{
    step made = {.run = step_run_pass,
                 .call = c,
                 .kind = kind,
                 .outputs = c->outputs,
                 .kept = p->kept_slot[c->index],
                 .scratch = NO_SLOT,
                 .from = NO_SLOT,
                 .to = NO_SLOT,
                 .training = runs_training(p, c)};
    made.count = c->outputs ? shape_count(&graph_tensor(p->graph, c->output[0])->shape) : 0;
    if (c->scratch_bytes) made.scratch = add_slot(p, c->scratch_bytes);
    made.input_shape = shapes_of(p, c->input, c->inputs);
    made.output_shape = shapes_of(p, c->output, c->outputs);
    made.stream = random_stream_of(0, c->layer->name, "call", c->use).hash;
    made.x = slots_of(p, c->input, c->inputs, false);
    made.y = slots_of(p, c->output, c->outputs, false);
    return made;
}

static void end_stage(planner *p, const step *combine)
{
    plan *plan = p->plan;
    size_t first = plan->stage_count ? plan->stages[plan->stage_count - 1].last : 0;
    plan->stages[plan->stage_count++] = (stage){.first = first, .last = plan->step_count, .combine = combine};
}

/* A stage that needs the whole batch: partial as a step, then the barrier with combine. */
static void add_batch_stages(planner *p, const batch_stage *stages, const step *like)
{
    for (size_t i = 0; i < 2 && stages[i].partial; i++) {
        step partial = *like;
        partial.pass = stages[i].partial;
        partial.run = step_run_partial;
        add_step(p, &partial);
        step *combine = allocate(p, 1, sizeof *combine);
        if (!combine) return;
        *combine = *like;
        combine->pass = stages[i].combine;
        end_stage(p, combine);
    }
}

static void note_state(planner *p, const call *c)
{
    plan *plan = p->plan;
    if (c->sums > plan->sums_count) plan->sums_count = c->sums;
    plan->state_offset[c->index] = plan->state_count;
    plan->state_count += c->state;
}

static void plan_input(planner *p, const call *c, size_t number)
{
    place_outputs(p, c);
    step load = {.run = step_load,
                 .kept = NO_SLOT,
                 .scratch = NO_SLOT,
                 .from = NO_SLOT,
                 .number = number,
                 .to = p->value[c->output[0]].slot,
                 .order = p->plan->input_order[number],
                 .count = shape_count(&graph_tensor(p->graph, c->output[0])->shape)};
    add_step(p, &load);
}

/* y is x: whoever reads one reads the other. */
static void share_value(const value_state *x, value_state *y)
{
    y->slot = x->slot;
    y->readers += x->readers - 1;
    y->wanted |= x->wanted;
    y->kept |= x->kept;
}

static void plan_call(planner *p, const call *c)
{
    const layer_class *class = c->layer->class;
    if (class->identity_in_inference && !runs_training(p, c)) {
        share_value(&p->value[c->input[0]], &p->value[c->output[0]]);
        return;
    }
    place_outputs(p, c);
    if (c->kept_bytes && p->request->entries && p->value[c->output[0]].needs_gradient)
        p->kept_slot[c->index] = add_slot(p, c->kept_bytes);
    step forward = step_of(p, c, PASS_FORWARD);
    if (forward.training) note_state(p, c);
    if (forward.training) add_batch_stages(p, class->forward_stage, &forward);
    forward.pass = class->forward;
    forward.number = p->penalties;
    if (class->penalizes) p->penalties++;
    add_step(p, &forward);
}

/* The fusion that begins with call number first of the network, NULL where none fits. */
static const fusion *find_fusion(const planner *p, size_t first)
{
    const network *n = p->request->network;
    for (size_t f = 0; !p->request->plain && f < fusion_count; f++) {
        const fusion *candidate = &fusions[f];
        if (first + candidate->count > n->call_count) continue;
        const void *options[4];
        bool fits = true;
        for (size_t i = 0; fits && i < candidate->count; i++) {
            const call *c = n->calls[first + i];
            options[i] = c->layer->options;
            fits = c->layer->class == candidate->classes[i];
            if (fits && i) {
                const value_state *between = &p->value[c->input[0]];
                fits = c->input[0] == n->calls[first + i - 1]->output[0] && between->readers == 1 && !between->wanted &&
                       !between->kept;
            }
        }
        if (fits && candidate->matches(options)) return candidate;
    }
    return NULL;
}

static void plan_fused(planner *p, const fusion *f, size_t first)
{
    const network *n = p->request->network;
    const call *last = n->calls[first + f->count - 1];
    p->value[last->output[0]].slot = add_slot(p, tensor_bytes(p, last->output[0]));
    step fused = step_of(p, n->calls[first], PASS_FORWARD);
    fused.pass = f->forward;
    fused.y = slots_of(p, last->output, last->outputs, false);
    fused.outputs = last->outputs;
    add_step(p, &fused);
}

static bool input_number(const network *n, int id, size_t *number)
{
    for (size_t i = 0; i < n->inputs; i++)
        if (n->input[i] == id) {
            *number = i;
            return true;
        }
    return false;
}

static void plan_forward(planner *p)
{
    const network *n = p->request->network;
    for (size_t i = 0; i < n->call_count && !p->failed;) {
        const call *c = n->calls[i];
        const fusion *f = find_fusion(p, i);
        size_t number;
        if (f)
            plan_fused(p, f, i);
        else if (c->layer->class->is_input && input_number(n, c->output[0], &number))
            plan_input(p, c, number);
        else
            plan_call(p, c);
        i += f ? f->count : 1;
    }
}

/* ---- Backward -----------------------------------------------------------------------------------------------------
 */

/* Where the next contribution to a tensor's gradient goes: its own slot at first, then one that is added. */
static int gradient_target(planner *p, int id, const call *c, bool may_reuse)
{
    value_state *v = &p->value[id];
    if (!v->needs_gradient) return NO_SLOT;
    if (v->gradient != NO_SLOT) return add_slot(p, tensor_bytes(p, id));
    if (may_reuse)
        v->gradient = p->value[c->output[0]].gradient;
    else
        v->gradient = add_slot(p, tensor_bytes(p, id));
    return v->gradient;
}

static void add_contribution(planner *p, int id, int target)
{
    if (target == NO_SLOT || target == p->value[id].gradient) return;
    step add = {.run = step_add,
                .kept = NO_SLOT,
                .scratch = NO_SLOT,
                .from = target,
                .to = p->value[id].gradient,
                .count = tensor_bytes(p, id) / sizeof(lanes)};
    add_step(p, &add);
}

static void plan_input_gradient(planner *p, const call *c, const step *like)
{
    step made = *like;
    bool reuse =
        c->layer->class->in_place && c->inputs == 1 && tensor_bytes(p, c->input[0]) == tensor_bytes(p, c->output[0]);
    made.pass = c->layer->class->gradient_inputs;
    made.kind = PASS_GRADIENT_INPUTS;
    made.dx = allocate(p, c->inputs + 1, sizeof *made.dx);
    for (size_t k = 0; made.dx && k < c->inputs; k++) made.dx[k] = gradient_target(p, c->input[k], c, reuse);
    add_step(p, &made);
    for (size_t k = 0; made.dx && k < c->inputs; k++) add_contribution(p, c->input[k], made.dx[k]);
}

/* Outputs that no one reads, of a call whose others are read, still need a gradient: zeros. */
static void fill_missing_gradients(planner *p, const call *c)
{
    for (size_t k = 0; k < c->outputs; k++) {
        value_state *v = &p->value[c->output[k]];
        if (v->gradient != NO_SLOT) continue;
        v->gradient = add_slot(p, tensor_bytes(p, c->output[k]));
        step zero = {.run = step_zero,
                     .kept = NO_SLOT,
                     .scratch = NO_SLOT,
                     .from = NO_SLOT,
                     .to = v->gradient,
                     .count = tensor_bytes(p, c->output[k]) / sizeof(lanes)};
        add_step(p, &zero);
    }
}

static bool has_gradient(const planner *p, const call *c)
{
    for (size_t k = 0; k < c->outputs; k++)
        if (p->value[c->output[k]].gradient != NO_SLOT) return true;
    return c->layer->class->penalizes && p->value[c->output[0]].needs_gradient;
}

/* A gradient step that reads only what the class says it needs: the rest may have been overwritten. */
static step gradient_step(planner *p, const call *c, unsigned needs)
{
    step made = step_of(p, c, PASS_GRADIENT_INPUTS);
    if (!(needs & NEEDS_INPUT)) made.x = NULL;
    if (!(needs & NEEDS_OUTPUT)) made.y = NULL;
    made.dy = slots_of(p, c->output, c->outputs, true);
    return made;
}

static void plan_gradient(planner *p, const call *c)
{
    const layer_class *class = c->layer->class;
    if (class->is_input || !has_gradient(p, c)) return;
    bool inputs = needs_input_gradient(p, c), weights = call_trains(p, c) && class->gradient_weights;
    if (!inputs && !weights) return;
    if (class->identity_in_inference && !runs_training(p, c)) {
        value_state *x = &p->value[c->input[0]];
        int from = p->value[c->output[0]].gradient;
        if (x->gradient == NO_SLOT)
            x->gradient = from;
        else
            add_contribution(p, c->input[0], from);
        return;
    }
    fill_missing_gradients(p, c);
    step like = gradient_step(p, c, c->needs);
    if (like.training) add_batch_stages(p, class->gradient_stage, &like);
    if (weights) {
        step made = gradient_step(p, c, class->weights_need);
        made.run = step_run_weights;
        made.kind = PASS_GRADIENT_WEIGHTS;
        made.pass = class->gradient_weights;
        add_step(p, &made);
    }
    if (inputs) plan_input_gradient(p, c, &like);
}

static void plan_backward(planner *p)
{
    const network *n = p->request->network;
    for (size_t i = n->call_count; i-- > 0 && !p->failed;) plan_gradient(p, n->calls[i]);
    if (!p->request->input_gradients) return;
    p->plan->input_gradient = slots_of(p, n->input, n->inputs, true);
    step finish = {.run = step_finish, .kept = NO_SLOT, .scratch = NO_SLOT, .from = NO_SLOT, .to = NO_SLOT};
    for (size_t i = 0; i < n->inputs && !p->failed; i++) touch(p, p->plan->input_gradient[i]);
    add_step(p, &finish);
}

static void plan_head(planner *p)
{
    const plan_request *r = p->request;
    plan *plan = p->plan;
    for (size_t i = 0; i < r->entries; i++) {
        value_state *v = &p->value[r->entry[i]];
        if (v->gradient == NO_SLOT) v->gradient = add_slot(p, tensor_bytes(p, r->entry[i]));
    }
    plan->want = slots_of(p, r->want, r->wants, false);
    plan->entry = slots_of(p, r->entry, r->entries, true);
    if (p->failed) return;
    touch_all(p, plan->want, r->wants);
    touch_all(p, plan->entry, r->entries);
    step head = {.run = step_head, .kept = NO_SLOT, .scratch = NO_SLOT, .from = NO_SLOT, .to = NO_SLOT};
    add_step(p, &head);
}

/* ---- Places -------------------------------------------------------------------------------------------------------
 */

static size_t stage_of(const plan *plan, size_t step)
{
    size_t i = 0;
    while (step >= plan->stages[i].last) i++;
    return i;
}

static int by_size(const void *a, const void *b)
{
    const slot *x = *(slot *const *)a, *y = *(slot *const *)b;
    if (x->bytes != y->bytes) return x->bytes > y->bytes ? -1 : 1;
    return x < y ? -1 : 1;
}

static bool live_together(const slot *a, const slot *b)
{
    return a->per_block == b->per_block && a->first <= b->last && b->first <= a->last;
}

/* Puts a slot at the lowest place that is free during its life; the placed ones stand before it in list. */
static void place_slot(slot *const *list, size_t placed, slot *s)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < placed; i++) {
            const slot *other = list[i];
            if (!live_together(s, other) || s->offset >= other->offset + other->bytes ||
                other->offset >= s->offset + s->bytes)
                continue;
            s->offset = other->offset + other->bytes;
            moved = true;
        }
    }
}

/* Largest first, each at the lowest free place: near the least memory that the lives allow. */
static cepa_status place_slots(plan *plan, cepa_error *error)
{
    slot **list = calloc(plan->slot_count + 1, sizeof *list);
    if (!list) return fail_memory(error);
    for (size_t i = 0; i < plan->slot_count; i++) {
        slot *s = list[i] = &plan->slots[i];
        s->per_block = s->first != SIZE_MAX && stage_of(plan, s->first) != stage_of(plan, s->last);
    }
    qsort(list, plan->slot_count, sizeof *list, by_size);
    for (size_t i = 0; i < plan->slot_count; i++) {
        slot *s = list[i];
        if (s->first == SIZE_MAX) s->first = s->last = 0;
        place_slot(list, i, s);
        size_t *total = s->per_block ? &plan->block_bytes : &plan->worker_bytes;
        if (s->offset + s->bytes > *total) *total = s->offset + s->bytes;
    }
    free(list);
    return CEPA_OK;
}

/* ---- Weights ------------------------------------------------------------------------------------------------------
 */

static void add_segments(planner *p)
{
    plan *plan = p->plan;
    size_t count;
    const size_t *weights = network_weights(p->request->network, &count);
    plan->segments = allocate(p, count + 1, sizeof *plan->segments);
    plan->gradient_offset = allocate(p, p->graph->weight_count + 1, sizeof *plan->gradient_offset);
    if (!weights || p->failed) {
        p->failed = true;
        return;
    }
    for (size_t i = 0; i < p->graph->weight_count; i++) plan->gradient_offset[i] = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        const weight *w = &p->graph->weights[weights[i]];
        if (!weight_is_trained(w)) continue;
        plan->segments[plan->segment_count++] = (segment){weights[i], w->offset, plan->gradient_count, w->count};
        plan->gradient_offset[weights[i]] = plan->gradient_count;
        plan->gradient_count += w->count;
    }
}

static void measure_weights(planner *p)
{
    const network *n = p->request->network;
    for (size_t i = 0; i < n->call_count; i++) {
        const layer *l = n->calls[i]->layer;
        size_t total = 0;
        for (size_t k = 0; k < l->weight_count; k++) total += p->graph->weights[l->first_weight + k].count;
        if (total > p->plan->largest_weights) p->plan->largest_weights = total;
    }
}

/* The first gradient of a weight in a block overwrites; a shared layer's further ones are added. */
static void mark_first_uses(planner *p)
{
    bool *used = allocate(p, p->graph->layer_count + 1, sizeof *used);
    for (size_t i = 0; used && i < p->plan->step_count; i++) {
        step *s = &p->plan->steps[i];
        if (s->run != step_run_weights) continue;
        s->first_use = !used[s->call->layer->index];
        used[s->call->layer->index] = true;
    }
}

static void collect_packs(planner *p)
{
    const network *n = p->request->network;
    bool *met = allocate(p, p->graph->layer_count + 1, sizeof *met);
    p->plan->packs = allocate(p, n->call_count + 1, sizeof(call *));
    for (size_t i = 0; !p->failed && i < n->call_count; i++) {
        const layer *l = n->calls[i]->layer;
        if (l->packed_count && !met[l->index]) p->plan->packs[p->plan->pack_count++] = n->calls[i];
        met[l->index] = true;
    }
}

/* ---- The whole ----------------------------------------------------------------------------------------------------
 */

static cepa_status check_shapes(const network *n, cepa_error *error)
{
    for (size_t i = 0; i < n->call_count; i++)
        for (size_t k = 0; k < n->calls[i]->outputs; k++) {
            const shape *s = &graph_tensor(n->graph, n->calls[i]->output[k])->shape;
            if (shape_count(s)) continue;
            char text[96];
            shape_text(s, text, sizeof text);
            return fail(error, CEPA_SHAPE, "%s: its shape %s has an unknown size: give the input a whole shape",
                        n->calls[i]->layer->name, text);
        }
    return CEPA_OK;
}

static bool prepare(planner *p)
{
    const network *n = p->request->network;
    plan *plan = p->plan;
    plan->stages = allocate(p, 1 + 4 * n->call_count, sizeof *plan->stages);
    plan->state_offset = allocate(p, p->graph->call_count + 1, sizeof *plan->state_offset);
    plan->input_order = allocate(p, n->inputs, sizeof *plan->input_order);
    p->value = calloc(p->graph->tensor_count, sizeof *p->value);
    p->kept_slot = calloc(p->graph->call_count + 1, sizeof *p->kept_slot);
    if (p->failed || !p->value || !p->kept_slot) return false;
    for (size_t i = 0; i < p->graph->tensor_count; i++) p->value[i].slot = p->value[i].gradient = NO_SLOT;
    for (size_t i = 0; i < p->graph->call_count; i++) p->kept_slot[i] = NO_SLOT;
    for (size_t i = 0; i < n->inputs; i++) {
        const shape *s = &graph_tensor(p->graph, n->input[i])->shape;
        plan->input_order[i] = allocate(p, shape_count(s), sizeof **plan->input_order);
        if (p->failed) return false;
        shape_order(s, plan->input_order[i]);
    }
    return true;
}

static cepa_status decide(planner *p, cepa_error *error)
{
    cepa_status status = check_shapes(p->request->network, error);
    if (status) return status;
    if (!prepare(p)) return fail_memory(error);
    add_segments(p);
    if (p->request->entries) mark_gradients(p);
    mark_kept(p);
    plan_forward(p);
    plan_head(p);
    if (p->request->entries) plan_backward(p);
    end_stage(p, NULL);
    mark_first_uses(p);
    measure_weights(p);
    collect_packs(p);
    p->plan->penalty_count = p->penalties;
    return p->failed ? fail_memory(error) : place_slots(p->plan, error);
}

cepa_status plan_new(const plan_request *request, plan **made, cepa_error *error)
{
    *made = NULL;
    plan *plan = calloc(1, sizeof *plan);
    if (!plan) return fail_memory(error);
    plan->network = request->network;
    plan->training = request->training;
    plan->wants = request->wants;
    plan->entries = request->entries;
    plan->inputs = plan->most_values = request->network->inputs;
    if (request->wants > plan->most_values) plan->most_values = request->wants;
    if (request->entries > plan->most_values) plan->most_values = request->entries;
    planner p = {.request = request, .plan = plan, .graph = request->network->graph};
    cepa_status status = decide(&p, error);
    free(p.value);
    free(p.kept_slot);
    if (status)
        plan_free(plan);
    else
        *made = plan;
    return status;
}

void plan_free(plan *plan)
{
    if (!plan) return;
    free(plan->steps);
    free(plan->slots);
    arena_free(&plan->memory);
    free(plan);
}
