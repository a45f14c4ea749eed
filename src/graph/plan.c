/* Decides everything about a run beforehand: which passes run in which order, barriers and fusions. */
#include "graph/planner.h"

#include "graph/steps.h"

#include <stdlib.h>

void planner_add_step(planner *p, const step *made)
{
    plan *plan = p->plan;
    if (p->failed || !grow(&plan->steps, &plan->step_capacity, plan->step_count + 1, sizeof *plan->steps)) {
        p->failed = true;
        return;
    }
    size_t inputs = made->call ? made->call->inputs : 0;
    planner_touch_all(p, made->x, inputs);
    planner_touch_all(p, made->dx, inputs);
    planner_touch_all(p, made->y, made->outputs);
    planner_touch_all(p, made->dy, made->outputs);
    planner_touch(p, made->kept);
    planner_touch(p, made->from);
    planner_touch(p, made->to);
    plan->steps[plan->step_count++] = *made;
}

bool planner_runs_training(const planner *p, const call *c)
{
    return p->request->training && !(c->layer->class->frozen_is_inference && !c->layer->trainable);
}

/* ---- Rows ------------------------------------------------------------------------------------------------------ */

static void count_readers(planner *p)
{
    const network *n = p->request->network;
    for (size_t i = 0; i < n->call_count; i++)
        for (size_t k = 0; k < n->calls[i]->inputs; k++) p->value[n->calls[i]->input[k]].readers++;
    for (size_t i = 0; i < p->request->wants; i++) p->value[p->request->want[i]].wanted = true;
}

/* True where the value between two calls need never exist: nobody else reads it, and no gradient pass of either (where
 * each has its own) does so again. */
static bool may_vanish(const planner *p, const call *before, const call *after, bool own_gradients)
{
    const value_state *between = &p->value[before->output[0]];
    if (after->inputs != 1 || after->input[0] != before->output[0]) return false;
    if (between->readers != 1 || between->wanted) return false;
    return !own_gradients ||
           !((planner_gradient_needs(p, before) & NEEDS_OUTPUT) | (planner_gradient_needs(p, after) & NEEDS_INPUT));
}

enum { MOST_FUSED = 4 };

static bool fits(const planner *p, const fusion *f, const call *const *calls)
{
    fusion_part parts[MOST_FUSED];
    for (size_t i = 0; i < f->count; i++) {
        if (calls[i]->layer->class != f->classes[i]) return false;
        if (i && !may_vanish(p, calls[i - 1], calls[i], !f->gradient_weights)) return false;
        parts[i] = (fusion_part){calls[i]->layer->options, calls[i]->geometry};
    }
    return f->matches(parts);
}

/* Cuts the calls into rows, each as long as the first fusion of the table that fits. */
static void find_rows(planner *p)
{
    const network *n = p->request->network;
    p->rows = planner_allocate(p, n->call_count, sizeof *p->rows);
    for (size_t at = 0; p->rows && at < n->call_count;) {
        call_row *row = &p->rows[p->row_count++];
        *row = (call_row){1, (const call *const *)n->calls + at, NULL};
        for (size_t f = 0; !row->fusion && !p->request->plain && f < fusion_count; f++)
            if (at + fusions[f].count <= n->call_count && fits(p, &fusions[f], row->calls)) row->fusion = &fusions[f];
        if (row->fusion) row->count = row->fusion->count;
        at += row->count;
    }
}

/* ---- Forward --------------------------------------------------------------------------------------------------- */

static int slot_of(const value_state *v, slot_use use)
{
    return use == USE_GRADIENT ? v->gradient : use == USE_APART ? v->apart : v->slot;
}

int *planner_slots_of(planner *p, const int *tensors, size_t count, slot_use use)
{
    int *list = planner_allocate(p, count + 1, sizeof *list);
    for (size_t i = 0; list && i < count; i++) list[i] = slot_of(&p->value[tensors[i]], use);
    return list;
}

/* True where nobody else reads x, now or in a gradient pass, so that the call may overwrite it. */
static bool may_overwrite(const planner *p, const call *c)
{
    const value_state *x = &p->value[c->input[0]];
    return c->layer->class->in_place && x->readers == 1 && !x->wanted && !x->kept &&
           planner_bytes(p, c->input[0]) == planner_bytes(p, c->output[0]);
}

static void place_outputs(planner *p, const call_row *row)
{
    const call *c = row->calls[0], *last = row->calls[row->count - 1];
    for (size_t i = 0; i < last->outputs; i++)
        p->value[last->output[i]].slot = i == 0 && c == last && c->inputs && may_overwrite(p, c)
                                             ? p->value[c->input[0]].slot
                                             : planner_add_slot(p, planner_bytes(p, last->output[i]));
}

static const shape *shapes_of(planner *p, const int *tensors, size_t count)
{
    shape *list = planner_allocate(p, count + 1, sizeof *list);
    for (size_t i = 0; list && i < count; i++) list[i] = graph_tensor(p->graph, tensors[i])->shape;
    if (count > p->plan->most_values) p->plan->most_values = count;
    return list;
}

step planner_step_of(planner *p, const call_row *row, pass_kind kind)
{
    const call *c = row->calls[0], *last = row->calls[row->count - 1];
    step made = {.run = step_run_pass,
                 .call = c,
                 .kind = kind,
                 .fusion = row->fusion,
                 .outputs = last->outputs,
                 .kept = p->kept_slot[last->index],
                 .from = NO_SLOT,
                 .to = NO_SLOT,
                 .training = planner_runs_training(p, c)};
    made.count = last->outputs ? shape_count(&graph_tensor(p->graph, last->output[0])->shape) : 0;
    if (c->scratch_bytes > p->plan->scratch_bytes) p->plan->scratch_bytes = c->scratch_bytes;
    made.input_shape = shapes_of(p, c->input, c->inputs);
    made.output_shape = shapes_of(p, last->output, last->outputs);
    made.stream = random_stream_of(0, c->layer->name, "call", c->use).hash;
    slot_use use = kind == PASS_FORWARD_APART ? USE_APART : USE_VALUE;
    made.x = planner_slots_of(p, c->input, c->inputs, use);
    made.y = planner_slots_of(p, last->output, last->outputs, use);
    return made;
}

static void end_stage(planner *p, const step *combine)
{
    plan *plan = p->plan;
    size_t first = plan->stage_count ? plan->stages[plan->stage_count - 1].last : 0;
    plan->stages[plan->stage_count++] = (stage){.first = first, .last = plan->step_count, .combine = combine};
}

void planner_add_batch_stage(planner *p, const batch_stage *stage, const step *like)
{
    if (!stage->partial) return;
    step partial = *like;
    partial.pass = stage->partial;
    partial.run = step_run_partial;
    planner_add_step(p, &partial);
    step *combine = planner_allocate(p, 1, sizeof *combine);
    if (!combine) return;
    *combine = *like;
    combine->pass = stage->combine;
    combine->run = step_combine;
    end_stage(p, combine);
}

static void note_state(planner *p, const call *c)
{
    plan *plan = p->plan;
    if (c->sums > plan->sums_count) plan->sums_count = c->sums;
    plan->state_offset[c->index] = plan->state_count;
    plan->state_count += c->state;
}

static void plan_input(planner *p, int id, size_t number)
{
    p->value[id].slot = planner_add_slot(p, planner_bytes(p, id));
    step load = {.run = step_load,
                 .kept = NO_SLOT,
                 .from = NO_SLOT,
                 .number = number,
                 .to = p->value[id].slot,
                 .order = p->plan->input_order[number],
                 .count = shape_count(&graph_tensor(p->graph, id)->shape)};
    planner_add_step(p, &load);
}

/* y is x: whoever reads one reads the other. */
static void share_value(const value_state *x, value_state *y)
{
    y->slot = x->slot;
    y->apart = x->apart;
    y->readers += x->readers - 1;
    y->wanted |= x->wanted;
    y->kept |= x->kept;
}

void planner_forward_row(planner *p, const call_row *row)
{
    const call *c = row->calls[0], *last = row->calls[row->count - 1];
    const layer_class *class = c->layer->class;
    if (class->identity_in_inference && !planner_runs_training(p, c)) {
        share_value(&p->value[c->input[0]], &p->value[c->output[0]]);
        return;
    }
    place_outputs(p, row);
    if (last->kept_bytes && p->request->entries && p->value[last->output[0]].needs_gradient)
        p->kept_slot[last->index] = planner_add_slot(p, last->kept_bytes);
    step forward = planner_step_of(p, row, PASS_FORWARD);
    if (forward.training) note_state(p, c);
    if (forward.training) planner_add_batch_stage(p, &class->forward_stage, &forward);
    forward.pass = row->fusion ? row->fusion->forward : class->forward;
    forward.number = p->penalties;
    if (class->penalizes) p->penalties++;
    planner_add_step(p, &forward);
}

bool planner_is_input(const network *n, const call_row *row)
{
    const call *c = row->calls[0];
    for (size_t i = 0; i < n->inputs; i++)
        if (n->input[i] == c->output[0]) return true;
    return false;
}

static void plan_forward(planner *p)
{
    const network *n = p->request->network;
    for (size_t i = 0; i < n->inputs && !p->failed; i++) plan_input(p, n->input[i], i);
    for (const call_row *row = p->rows; row < p->rows + p->row_count && !p->failed; row++)
        if (!planner_is_input(n, row)) planner_forward_row(p, row);
}

/* A step that hands the head what it reads and the gradients that it writes. */
static void add_head(planner *p, step_run *run)
{
    const plan *plan = p->plan;
    planner_touch_all(p, plan->want, plan->wants);
    planner_touch_all(p, plan->entry, plan->entries);
    planner_add_step(p, &(step){.run = run, .kept = NO_SLOT, .from = NO_SLOT, .to = NO_SLOT});
}

static void plan_head(planner *p)
{
    const plan_request *r = p->request;
    plan *plan = p->plan;
    for (size_t i = 0; i < r->entries; i++) {
        value_state *v = &p->value[r->entry[i]];
        if (v->gradient == NO_SLOT) v->gradient = planner_add_slot(p, planner_bytes(p, r->entry[i]));
    }
    plan->want = planner_slots_of(p, r->want, r->wants, USE_VALUE);
    plan->entry = planner_slots_of(p, r->entry, r->entries, USE_GRADIENT);
    if (p->failed) return;
    add_head(p, step_head);
    if (!r->waiting_head) return;
    step *combine = planner_allocate(p, 1, sizeof *combine);
    if (!combine) return;
    combine->run = step_head_combine;
    end_stage(p, combine);
    add_head(p, step_head_gradients);
}

/* ---- The whole ------------------------------------------------------------------------------------------------- */

static cepa_status check_shapes(const network *n, cepa_error *error)
{
    for (size_t i = 0; i < n->call_count; i++)
        for (size_t k = 0; k < n->calls[i]->outputs; k++) {
            const shape *s = &graph_tensor(n->graph, n->calls[i]->output[k])->shape;
            if (shape_count(s)) continue;
            char text[96];
            shape_text(s, text, sizeof text);
            return fail(error, CEPA_SHAPE,
                        "%s: its shape %s has an unknown size: data or a whole input shape decide it",
                        n->calls[i]->layer->name, text);
        }
    return CEPA_OK;
}

static bool prepare(planner *p)
{
    const network *n = p->request->network;
    plan *plan = p->plan;
    plan->stages = planner_allocate(p, 2 + 2 * n->call_count, sizeof *plan->stages);
    plan->state_offset = planner_allocate(p, p->graph->call_count + 1, sizeof *plan->state_offset);
    plan->input_order = planner_allocate(p, n->inputs, sizeof *plan->input_order);
    p->value = calloc(p->graph->tensor_count, sizeof *p->value);
    p->kept_slot = calloc(p->graph->call_count + 1, sizeof *p->kept_slot);
    if (p->failed || !p->value || !p->kept_slot) return false;
    for (size_t i = 0; i < p->graph->tensor_count; i++)
        p->value[i] = (value_state){.slot = NO_SLOT, .apart = NO_SLOT, .gradient = NO_SLOT};
    for (size_t i = 0; i < p->graph->call_count; i++) p->kept_slot[i] = NO_SLOT;
    for (size_t i = 0; i < n->inputs; i++) {
        const shape *s = &graph_tensor(p->graph, n->input[i])->shape;
        plan->input_order[i] = planner_allocate(p, shape_count(s), sizeof **plan->input_order);
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
    planner_add_segments(p);
    if (p->request->entries) planner_mark_gradients(p);
    count_readers(p);
    find_rows(p);
    planner_mark_kept(p);
    if (p->request->apart)
        planner_forward_apart(p);
    else
        plan_forward(p);
    plan_head(p);
    if (p->request->entries) planner_backward(p);
    end_stage(p, NULL);
    planner_mark_first_uses(p);
    planner_measure_weights(p);
    planner_collect_packs(p);
    if (p->request->entries) planner_add_closing(p);
    p->plan->penalty_count = p->penalties;
    return p->failed ? fail_memory(error) : planner_place_slots(p->plan, error);
}

cepa_status plan_new(const plan_request *request, plan **made, cepa_error *error)
{
    *made = NULL;
    plan *plan = calloc(1, sizeof *plan);
    if (!plan) return fail_memory(error);
    plan->network = request->network;
    plan->block_rows = request->apart ? 1 : LANES;
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
