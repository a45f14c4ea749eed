/* What closes a batch, layer by layer as the walk is done with them: gradients added up over the slots, weights
 * stepped, packed forms made anew. A thread that has walked its slots begins with it while the others still walk. */
#include "graph/planner.h"

#include "graph/steps.h"

/* Numbers of a gradient that are added up at a time. */
enum { CHUNK = 16384 };

static void add_piece(planner *p, closing_piece piece)
{
    plan *plan = p->plan;
    if (plan->closing) plan->closing[plan->closing_count] = piece;
    plan->closing_count++;
}

static void add_chunks(planner *p, closing_piece piece)
{
    const segment *s = &p->plan->segments[piece.index];
    for (piece.first = 0; piece.first < s->count; piece.first += piece.count) {
        size_t rest = s->count - piece.first;
        piece.count = rest < CHUNK ? rest : CHUNK;
        add_piece(p, piece);
    }
}

/* Of a layer none of whose weights is trained there is nothing to do. */
static void close_layer(planner *p, const layer *l, size_t after)
{
    const plan *plan = p->plan;
    const size_t before = plan->closing_count;
    closing_piece piece = {.run = closing_add_slots, .after = after, .layer = l->index};
    for (piece.index = 0; piece.index < plan->segment_count; piece.index++)
        if (p->graph->weights[plan->segments[piece.index].weight].layer == l) add_chunks(p, piece);
    if (plan->closing_count == before) return;
    piece = (closing_piece){.run = closing_pack, .after = after, .layer = l->index, .after_layer = true};
    for (piece.index = 0; piece.index < plan->pack_count; piece.index++)
        if (plan->packs[piece.index].call->layer == l) add_piece(p, piece);
}

/* Notes of each layer how many steps are done when the last one that reads its weights is. */
static void find_ends(const planner *p, size_t *end)
{
    for (size_t i = 0; i < p->plan->step_count; i++)
        if (p->plan->steps[i].call) end[p->plan->steps[i].call->layer->index] = i + 1;
}

/* Counts the pieces where the plan has no room for them yet. */
static void add_pieces(planner *p, const size_t *end)
{
    p->plan->closing_count = 0;
    for (size_t i = 0; i < p->graph->layer_count; i++)
        if (!end[i]) close_layer(p, p->graph->layers[i], 0);
    for (size_t i = 0; i < p->plan->step_count; i++) {
        step *s = &p->plan->steps[i];
        if (!s->call || end[s->call->layer->index] != i + 1) continue;
        size_t before = p->plan->closing_count;
        close_layer(p, s->call->layer, i + 1);
        s->releases = p->plan->closing_count > before;
    }
}

void planner_add_closing(planner *p)
{
    size_t *end = planner_allocate(p, p->graph->layer_count + 1, sizeof *end);
    if (p->failed) return;
    find_ends(p, end);
    add_pieces(p, end);
    p->plan->closing = planner_allocate(p, p->plan->closing_count + 1, sizeof *p->plan->closing);
    if (!p->failed) add_pieces(p, end);
}
