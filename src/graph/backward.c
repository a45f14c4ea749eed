/* The backward half of a plan: which gradients are asked for, what they need kept, and the steps that make them. */
#include "graph/planner.h"

#include "graph/steps.h"

/* ---- What gradients need --------------------------------------------------------------------------------------- */

static bool call_trains(const planner *p, const call *c)
{
    const layer *l = c->layer;
    for (size_t i = 0; i < l->weight_count; i++)
        if (weight_is_trained(&p->graph->weights[l->first_weight + i])) return true;
    return false;
}

/* True where a call's inputs may receive a gradient. */
static bool passes_gradient(const call *c) { return c->layer->class->gradient_inputs || c->layer->class->is_input; }

void planner_mark_gradients(planner *p)
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

unsigned planner_gradient_needs(const planner *p, const call *c)
{
    unsigned needs = 0;
    if (!p->request->entries || !p->value[c->output[0]].needs_gradient) return 0;
    if (needs_input_gradient(p, c)) needs |= c->needs;
    if (call_trains(p, c)) needs |= c->layer->class->weights_need;
    return needs;
}

/* True where the row's gradients are done in one pass too. */
static bool is_fused_backward(const call_row *row) { return row->fusion && row->fusion->gradient_weights; }

static void keep_for(planner *p, const call *first, const call *last)
{
    unsigned needs = planner_gradient_needs(p, first);
    for (size_t k = 0; needs & NEEDS_INPUT && k < first->inputs; k++) p->value[first->input[k]].kept = true;
    for (size_t k = 0; needs & NEEDS_OUTPUT && k < last->outputs; k++) p->value[last->output[k]].kept = true;
}

void planner_mark_kept(planner *p)
{
    for (const call_row *row = p->rows; row < p->rows + p->row_count; row++)
        if (is_fused_backward(row))
            keep_for(p, row->calls[0], row->calls[row->count - 1]);
        else
            for (size_t i = 0; i < row->count; i++) keep_for(p, row->calls[i], row->calls[i]);
}

/* ---- Backward -------------------------------------------------------------------------------------------------- */

/* Where the next contribution to a tensor's gradient goes: its own slot at first, then one that is added. */
static int gradient_target(planner *p, int id, const call *c, bool may_reuse)
{
    value_state *v = &p->value[id];
    if (!v->needs_gradient) return NO_SLOT;
    if (v->gradient != NO_SLOT) return planner_add_slot(p, planner_bytes(p, id));
    if (may_reuse)
        v->gradient = p->value[c->output[0]].gradient;
    else
        v->gradient = planner_add_slot(p, planner_bytes(p, id));
    return v->gradient;
}

static void add_contribution(planner *p, int id, int target)
{
    if (target == NO_SLOT || target == p->value[id].gradient) return;
    step add = {.run = step_add,
                .kept = NO_SLOT,
                .from = target,
                .to = p->value[id].gradient,
                .count = planner_bytes(p, id) / sizeof(lanes)};
    planner_add_step(p, &add);
}

static void plan_input_gradient(planner *p, const call_row *row, const step *like)
{
    const call *c = row->calls[0];
    step made = *like;
    bool reuse =
        c->layer->class->in_place && c->inputs == 1 && planner_bytes(p, c->input[0]) == planner_bytes(p, c->output[0]);
    made.pass = row->fusion ? row->fusion->gradient_inputs : c->layer->class->gradient_inputs;
    made.kind = PASS_GRADIENT_INPUTS;
    made.dx = planner_allocate(p, c->inputs + 1, sizeof *made.dx);
    for (size_t k = 0; made.dx && k < c->inputs; k++) made.dx[k] = gradient_target(p, c->input[k], c, reuse);
    planner_add_step(p, &made);
    for (size_t k = 0; made.dx && k < c->inputs; k++) add_contribution(p, c->input[k], made.dx[k]);
}

/* Outputs that no one reads, of a call whose others are read, still need a gradient: zeros. */
static void fill_missing_gradients(planner *p, const call *c)
{
    for (size_t k = 0; k < c->outputs; k++) {
        value_state *v = &p->value[c->output[k]];
        if (v->gradient != NO_SLOT) continue;
        v->gradient = planner_add_slot(p, planner_bytes(p, c->output[k]));
        step zero = {.run = step_zero,
                     .kept = NO_SLOT,
                     .from = NO_SLOT,
                     .to = v->gradient,
                     .count = planner_bytes(p, c->output[k]) / sizeof(lanes)};
        planner_add_step(p, &zero);
    }
}

static bool has_gradient(const planner *p, const call *c)
{
    for (size_t k = 0; k < c->outputs; k++)
        if (p->value[c->output[k]].gradient != NO_SLOT) return true;
    return c->layer->class->penalizes && p->value[c->output[0]].needs_gradient;
}

/* A gradient step that reads only what the class says it needs: the rest may have been overwritten. */
static step gradient_step(planner *p, const call_row *row, unsigned needs)
{
    const call *last = row->calls[row->count - 1];
    step made = planner_step_of(p, row, PASS_GRADIENT_INPUTS);
    if (!(needs & NEEDS_INPUT)) made.x = NULL;
    if (!(needs & NEEDS_OUTPUT)) made.y = NULL;
    made.dy = planner_slots_of(p, last->output, last->outputs, USE_GRADIENT);
    return made;
}

/* y is x, and so are their gradients. */
static void share_gradient(planner *p, const call *c)
{
    value_state *x = &p->value[c->input[0]];
    int from = p->value[c->output[0]].gradient;
    if (x->gradient == NO_SLOT)
        x->gradient = from;
    else
        add_contribution(p, c->input[0], from);
}

static void plan_gradient(planner *p, const call_row *row)
{
    const call *c = row->calls[0], *last = row->calls[row->count - 1];
    const layer_class *class = c->layer->class;
    if (class->is_input || !has_gradient(p, last)) return;
    bool inputs = needs_input_gradient(p, c), weights = call_trains(p, c) && class->gradient_weights;
    if (!inputs && !weights) return;
    if (class->identity_in_inference && !planner_runs_training(p, c)) {
        share_gradient(p, c);
        return;
    }
    fill_missing_gradients(p, last);
    step like = gradient_step(p, row, c->needs);
    if (like.training) planner_add_batch_stage(p, &class->gradient_stage, &like);
    if (weights) {
        step made = gradient_step(p, row, class->weights_need);
        made.run = step_run_weights;
        made.kind = PASS_GRADIENT_WEIGHTS;
        made.pass = row->fusion ? row->fusion->gradient_weights : class->gradient_weights;
        planner_add_step(p, &made);
        made.run = step_add_weights;
        planner_add_step(p, &made);
    }
    if (inputs) plan_input_gradient(p, row, &like);
}

static void plan_gradients(planner *p, const call_row *row)
{
    if (is_fused_backward(row)) {
        plan_gradient(p, row);
        return;
    }
    for (size_t i = row->count; i-- > 0;) plan_gradient(p, &(call_row){1, &row->calls[i], NULL});
}

void planner_backward(planner *p)
{
    const network *n = p->request->network;
    for (size_t i = p->row_count; i-- > 0 && !p->failed;) plan_gradients(p, &p->rows[i]);
    if (!p->request->input_gradients) return;
    p->plan->input_gradient = planner_slots_of(p, n->input, n->inputs, USE_GRADIENT);
    step finish = {.run = step_finish, .kept = NO_SLOT, .from = NO_SLOT, .to = NO_SLOT};
    for (size_t i = 0; i < n->inputs && !p->failed; i++) planner_touch(p, p->plan->input_gradient[i]);
    planner_add_step(p, &finish);
}

void planner_mark_first_uses(planner *p)
{
    bool *used = planner_allocate(p, p->graph->layer_count + 1, sizeof *used);
    for (size_t i = 0; used && i < p->plan->step_count; i++) {
        step *s = &p->plan->steps[i];
        if (s->run != step_run_weights && s->run != step_add_weights) continue;
        s->first_use = !used[s->call->layer->index];
        if (s->run == step_add_weights) used[s->call->layer->index] = true;
    }
}
