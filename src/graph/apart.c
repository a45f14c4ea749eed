/* Plans for images that go through apart, one at a time: values are [all axes but the last][channels in lanes], so that
 * sixteen channels of one image take the place of one channel of sixteen images. A layer that knows only blocks gets
 * the image put into lanes, and its result is taken out again. */
#include "graph/planner.h"

#include "graph/steps.h"

static size_t apart_bytes(const planner *p, int id)
{
    const shape *s = &graph_tensor(p->graph, id)->shape;
    size_t channels = shape_channels(s);
    return shape_count(s) / channels * lanes_of(channels) * sizeof(lanes);
}

static step convert(planner *p, int id, step_run *run, int from, int to)
{
    return (step){
        .run = run, .kept = NO_SLOT, .from = from, .to = to, .output_shape = &graph_tensor(p->graph, id)->shape};
}

/* Makes sure that the value stands apart, or in lanes. */
static void need_apart(planner *p, int id)
{
    value_state *v = &p->value[id];
    if (v->apart != NO_SLOT) return;
    v->apart = planner_add_slot(p, apart_bytes(p, id));
    step take = convert(p, id, step_take_apart, v->slot, v->apart);
    planner_add_step(p, &take);
}

static void need_lanes(planner *p, int id)
{
    value_state *v = &p->value[id];
    if (v->slot != NO_SLOT) return;
    v->slot = planner_add_slot(p, planner_bytes(p, id));
    step put = convert(p, id, step_put_into_lanes, v->apart, v->slot);
    planner_add_step(p, &put);
}

static void plan_input(planner *p, int id, size_t number)
{
    value_state *v = &p->value[id];
    v->apart = planner_add_slot(p, apart_bytes(p, id));
    step load = convert(p, id, step_load_apart, NO_SLOT, v->apart);
    load.number = number;
    planner_add_step(p, &load);
}

static layer_pass *pass_apart(const call_row *row)
{
    const call *c = row->calls[0];
    if (!c->split[PASS_FORWARD_APART]) return NULL;
    return row->fusion ? row->fusion->forward_apart : c->layer->class->forward_apart;
}

static void plan_apart(planner *p, const call_row *row, layer_pass *pass)
{
    const call *c = row->calls[0], *last = row->calls[row->count - 1];
    for (size_t i = 0; i < c->inputs; i++) need_apart(p, c->input[i]);
    for (size_t i = 0; i < last->outputs; i++)
        p->value[last->output[i]].apart = planner_add_slot(p, apart_bytes(p, last->output[i]));
    step forward = planner_step_of(p, row, PASS_FORWARD_APART);
    forward.pass = pass;
    planner_add_step(p, &forward);
}

static void plan_row(planner *p, const call_row *row)
{
    const call *c = row->calls[0];
    layer_pass *pass = pass_apart(row);
    if (pass) {
        plan_apart(p, row, pass);
        return;
    }
    for (size_t i = 0; i < c->inputs && !c->layer->class->identity_in_inference; i++) need_lanes(p, c->input[i]);
    planner_forward_row(p, row);
}

void planner_forward_apart(planner *p)
{
    const network *n = p->request->network;
    for (size_t i = 0; i < n->inputs && !p->failed; i++) plan_input(p, n->input[i], i);
    for (const call_row *row = p->rows; row < p->rows + p->row_count && !p->failed; row++)
        if (!planner_is_input(n, row)) plan_row(p, row);
    for (size_t i = 0; i < p->request->wants && !p->failed; i++) need_lanes(p, p->request->want[i]);
}
