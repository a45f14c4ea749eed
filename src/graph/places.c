/* Where the bytes of a run lie: the life and place of every slot, the place of every gradient, and how much room that
 * takes. */
#include "graph/planner.h"

#include <stdlib.h>

void *planner_allocate(planner *p, size_t count, size_t size)
{
    void *memory = arena_array(&p->plan->memory, count, size);
    if (!memory) p->failed = true;
    return memory;
}

int planner_add_slot(planner *p, size_t bytes)
{
    plan *plan = p->plan;
    if (!grow(&plan->slots, &plan->slot_capacity, plan->slot_count + 1, sizeof *plan->slots)) {
        p->failed = true;
        return NO_SLOT;
    }
    plan->slots[plan->slot_count] = (slot){.bytes = (bytes + 63) & ~(size_t)63, .first = SIZE_MAX};
    return (int)plan->slot_count++;
}

void planner_touch(planner *p, int number)
{
    if (number == NO_SLOT || p->failed) return;
    slot *s = &p->plan->slots[number];
    size_t now = p->plan->step_count;
    if (s->first == SIZE_MAX) s->first = now;
    s->last = now;
}

void planner_touch_all(planner *p, const int *slots, size_t count)
{
    for (size_t i = 0; slots && i < count; i++) planner_touch(p, slots[i]);
}

size_t planner_bytes(const planner *p, int id)
{
    return shape_count(&graph_tensor(p->graph, id)->shape) * sizeof(lanes);
}

/* ---- Places ---------------------------------------------------------------------------------------------------- */

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
cepa_status planner_place_slots(plan *plan, cepa_error *error)
{
    plan->scratch_bytes = (plan->scratch_bytes + 63) & ~(size_t)63;
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

/* ---- Weights --------------------------------------------------------------------------------------------------- */

segment *network_segments(const network *n, arena *memory, size_t *count)
{
    size_t weights, place = 0;
    const size_t *list = network_weights(n, &weights);
    segment *segments = arena_array(memory, weights + 1, sizeof *segments);
    *count = 0;
    if (!list || !segments) return NULL;
    for (size_t i = 0; i < weights; i++) {
        const weight *w = &n->graph->weights[list[i]];
        if (!weight_is_trained(w)) continue;
        segments[(*count)++] = (segment){list[i], w->offset, place, w->count};
        place += w->count;
    }
    return segments;
}

void planner_add_segments(planner *p)
{
    plan *plan = p->plan;
    plan->segments = network_segments(p->request->network, &plan->memory, &plan->segment_count);
    plan->gradient_offset = planner_allocate(p, p->graph->weight_count + 1, sizeof *plan->gradient_offset);
    if (!plan->segments || p->failed) {
        p->failed = true;
        return;
    }
    for (size_t i = 0; i < p->graph->weight_count; i++) plan->gradient_offset[i] = SIZE_MAX;
    for (size_t i = 0; i < plan->segment_count; i++) {
        const segment *s = &plan->segments[i];
        plan->gradient_offset[s->weight] = s->gradient_offset;
        plan->gradient_count += s->count;
    }
}

void planner_measure_weights(planner *p)
{
    const network *n = p->request->network;
    for (size_t i = 0; i < n->call_count; i++) {
        const layer *l = n->calls[i]->layer;
        size_t total = 0;
        for (size_t k = 0; k < l->weight_count; k++) total += p->graph->weights[l->first_weight + k].count;
        if (total > p->plan->largest_weights) p->plan->largest_weights = total;
    }
}

void planner_collect_packs(planner *p)
{
    plan *plan = p->plan;
    bool(*met)[PASSES] = planner_allocate(p, p->graph->call_count + 1, sizeof *met);
    plan->packs = planner_allocate(p, PASSES * p->graph->call_count + 1, sizeof *plan->packs);
    for (size_t i = 0; !p->failed && i < plan->step_count; i++) {
        const step *s = &plan->steps[i];
        if (!s->call || !s->call->packed[s->kind].count || met[s->call->index][s->kind]) continue;
        met[s->call->index][s->kind] = true;
        plan->packs[plan->pack_count++] = (packed_use){p->graph->calls[s->call->index], s->kind};
    }
}
