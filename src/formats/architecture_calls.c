/* Calls the layers of a functional model on each other: configs list layers in any order. */
#include "formats/architecture.h"

#include <stdlib.h>
#include <string.h>

/* One call of a layer, to be made when those before it are. */
typedef struct node {
    size_t place;
    size_t count;
    tensor_place *inputs;
    bool inference;       /* training=False */
    struct node **before; /* the nodes that give them */
    size_t next;          /* the first of before that was not looked at */
    bool open;
    call *made;
} node;

typedef struct named_place {
    const char *name;
    size_t place;
} named_place;

/* The calls of a model being connected. */
typedef struct connection {
    reading *r;
    const layer_place *places;
    size_t count;
    named_place *names; /* sorted */
    node **nodes;       /* by place */
    size_t *node_count;
    /* Keras 2 counts a nested model's own making as its first call; Keras 3 at times in outputs alone, where another
     * layer takes its call 0. */
    int64_t *shift;
    bool *from_0;
} connection;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const named_place *)a)->name, ((const named_place *)b)->name);
}

static cepa_status sort_names(connection *c)
{
    for (size_t i = 0; i < c->count; i++) c->names[i] = (named_place){c->places[i].layer->name, i};
    qsort(c->names, c->count, sizeof *c->names, by_name);
    for (size_t i = 1; i < c->count; i++)
        if (strcmp(c->names[i - 1].name, c->names[i].name) == 0)
            return fail(c->r->error, CEPA_FORMAT, "two layers are named %s", c->names[i].name);
    return CEPA_OK;
}

static const named_place *find_layer(const connection *c, const char *name)
{
    const named_place wanted = {name, 0};
    return bsearch(&wanted, c->names, c->count, sizeof *c->names, by_name);
}

/* end: it is an input or output of the model. */
static node *node_at(const connection *c, const tensor_place *t, bool end)
{
    const named_place *found = find_layer(c, t->layer);
    if (!found) return fail(c->r->error, CEPA_FORMAT, "there is no layer %s to take a value from", t->layer), NULL;
    int64_t number = t->node - (end || !c->from_0[found->place] ? c->shift[found->place] : 0);
    if (number < 0 || (uint64_t)number >= c->node_count[found->place]) {
        fail(c->r->error, CEPA_FORMAT, "layer %s has no call %lld to take a value from", t->layer, (long long)t->node);
        return NULL;
    }
    return &c->nodes[found->place][number];
}

/* The calls of one layer; an input has one, though none is written. */
static cepa_status read_layer(connection *c, size_t place, const value *object)
{
    const layer *l = c->places[place].layer;
    const value *written = value_member(object, "inbound_nodes");
    if (!written || written->kind != VALUE_LIST || (!written->list.count && !l->class->is_input))
        return fail(c->r->error, CEPA_FORMAT, "it is called on nothing");
    size_t count = l->class->is_input ? 1 : written->list.count;
    if (!(c->nodes[place] = arena_array(c->r->memory, count, sizeof(node)))) return fail_memory(c->r->error);
    c->node_count[place] = count;
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < count && !status; i++) {
        node *n = &c->nodes[place][i];
        n->place = place;
        if (!l->class->is_input)
            status = read_node(c->r, written->list.items[i], l->class->operation, &n->inputs, &n->count, &n->inference);
        n->before = arena_array(c->r->memory, n->count + 1, sizeof(node *));
        if (!status && !n->before) status = fail_memory(c->r->error);
    }
    return status;
}

/* Only when counted from 1 can a nested model of n calls be asked for call n. */
static void find_shift(connection *c, const tensor_place *t, bool end)
{
    const named_place *found = find_layer(c, t->layer);
    if (!found || !c->places[found->place].nested) return;
    if ((uint64_t)t->node == c->node_count[found->place]) c->shift[found->place] = 1;
    if (t->node == 0 && !end) c->from_0[found->place] = true;
}

/* Finds what each call rests on: the givers of its inputs, and the layer's call before it, since calls are counted. */
static cepa_status link_node(connection *c, node *n)
{
    for (size_t i = 0; i < n->count; i++)
        if (!(n->before[i] = node_at(c, &n->inputs[i], false)))
            return fail_in(c->r->error, CEPA_FORMAT, "layer %s", c->places[n->place].layer->name);
    n->before[n->count] = n == c->nodes[n->place] ? NULL : n - 1;
    return CEPA_OK;
}

static int output_of(connection *c, const node *giver, const tensor_place *t)
{
    if ((uint64_t)t->tensor < giver->made->outputs) return giver->made->result[t->tensor];
    fail(c->r->error, CEPA_FORMAT, "layer %s has no output %lld", t->layer, (long long)t->tensor);
    return 0;
}

static cepa_status make_call(connection *c, node *n)
{
    int *ids = arena_array(c->r->memory, n->count, sizeof *ids);
    if (!ids) return fail_memory(c->r->error);
    for (size_t i = 0; i < n->count; i++)
        if (!(ids[i] = output_of(c, n->before[i], &n->inputs[i]))) return CEPA_FORMAT;
    n->made = call_on(c->r, &c->places[n->place], ids, n->count, n->inference);
    return n->made ? CEPA_OK : c->r->error->status;
}

/* Makes a call after all that it rests on, without recursion: a chain may have any length. */
static cepa_status make_with_inputs(connection *c, node *wanted, node **stack)
{
    size_t depth = 0;
    if (!wanted->made) stack[depth++] = wanted;
    while (depth) {
        node *n = stack[depth - 1];
        n->open = true;
        if (n->next <= n->count) {
            node *before = n->before[n->next++];
            if (before && before->open && !before->made)
                return fail(c->r->error, CEPA_FORMAT, "layer %s rests on its own output",
                            c->places[n->place].layer->name);
            if (before && !before->made) stack[depth++] = before;
            continue;
        }
        cepa_status status = make_call(c, n);
        if (status) return status;
        depth--;
    }
    return CEPA_OK;
}

static cepa_status make_all(connection *c, size_t total)
{
    node **stack = arena_array(c->r->memory, total, sizeof *stack);
    if (!stack) return fail_memory(c->r->error);
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < c->node_count[i]; k++) {
            cepa_status status = make_with_inputs(c, &c->nodes[i][k], stack);
            if (status) return status;
        }
    return CEPA_OK;
}

static cepa_status link_all(connection *c, const tensor_place *ends, size_t end_count, size_t *total)
{
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < c->node_count[i]; k++, ++*total)
            for (size_t t = 0; t < c->nodes[i][k].count; t++) find_shift(c, &c->nodes[i][k].inputs[t], false);
    for (size_t i = 0; i < end_count; i++) find_shift(c, &ends[i], true);
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < c->node_count[i]; k++) {
            cepa_status status = link_node(c, &c->nodes[i][k]);
            if (status) return status;
        }
    return CEPA_OK;
}

cepa_status connect_layers(reading *r, const value *const *objects, const layer_place *places, size_t count,
                           const tensor_place *ends, size_t end_count, int *ids)
{
    connection c = {.r = r, .places = places, .count = count};
    size_t total = 0;
    c.names = arena_array(r->memory, count, sizeof *c.names);
    c.nodes = arena_array(r->memory, count, sizeof *c.nodes);
    c.node_count = arena_array(r->memory, count, sizeof *c.node_count);
    c.shift = arena_array(r->memory, count, sizeof *c.shift);
    c.from_0 = arena_array(r->memory, count, sizeof *c.from_0);
    if (!c.names || !c.nodes || !c.node_count || !c.shift || !c.from_0) return fail_memory(r->error);
    cepa_status status = sort_names(&c);
    for (size_t i = 0; i < count && !status; i++)
        if ((status = read_layer(&c, i, objects[i]))) fail_in(r->error, status, "layer %s", places[i].layer->name);
    if (!status) status = link_all(&c, ends, end_count, &total);
    if (!status) status = make_all(&c, total);
    for (size_t i = 0; i < end_count && !status; i++) {
        const node *giver = node_at(&c, &ends[i], true);
        if (!giver || !(ids[i] = output_of(&c, giver, &ends[i])) || !(ids[i] = tensor_as_written(r, ids[i])))
            status = r->error->status;
    }
    return status;
}
