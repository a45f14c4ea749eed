/* The structural check of an HDF5 file: version 1 B-trees, of groups (with their local heap) and of chunks. */
#include "formats/h5_walk.h"

#include <string.h>
#include <zlib.h>

enum { MOST_LEVELS = 20, ENTRY_SIZE = 40 };

/* One tree being walked from left to right. */
typedef struct tree {
    unsigned type; /* 0 group, 1 chunks */
    unsigned k;    /* a node has room for 2 k children */
    size_t key_size;
    uint64_t last[MOST_LEVELS], right[MOST_LEVELS]; /* the node before on each level, and its right neighbour */
    bool started[MOST_LEVELS];
    const object *dataset; /* of a tree of chunks */
    cursor names;          /* of a group: the local heap's data */
} tree;

typedef struct node {
    uint64_t address;
    unsigned level;
} node;

static bool walk_name(walk *w, const tree *t, uint64_t offset)
{
    if (offset >= t->names.left || !memchr(t->names.at + offset, 0, t->names.left - (size_t)offset))
        return damaged(w, offset, "a name that is not in its heap");
    return true;
}

static bool walk_symbol_node(walk *w, const tree *t, uint64_t address)
{
    cursor c;
    if (!walk_once(w, address) || !walk_region(w, address, 8 + 2 * (uint64_t)w->group_leaf_k * ENTRY_SIZE, &c))
        return false;
    if (!take_signature(&c, "SNOD") || take(&c, 1) != 1) return damaged(w, address, "no symbol node");
    take(&c, 1);
    size_t count = (size_t)take(&c, 2);
    if (count > 2 * w->group_leaf_k) return damaged(w, address, "a symbol node with too many symbols");
    for (size_t i = 0; i < count; i++) {
        uint64_t name = take(&c, 8);
        found_object found = {.address = take(&c, 8)};
        uint64_t cache = take(&c, 4);
        take(&c, 4);
        found.table_tree = take(&c, 8);
        found.table_heap = take(&c, 8);
        found.cached = cache == 1;
        if (cache == 2) return unsupported(w, "soft links");
        if (cache > 2) return damaged(w, address, "a symbol of an unknown kind");
        if (!walk_name(w, t, name) || !walk_found(w, &found)) return false;
    }
    return true;
}

/* libhdf5 trusts compressed data to have the size that the chunk's shape needs. */
static bool inflates_to(const cursor *data, uint64_t size)
{
    unsigned char part[1 << 14];
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)data->at, .avail_in = (unsigned)data->left};
    if (inflateInit(&stream) != Z_OK) return false;
    int status = Z_OK;
    while (status == Z_OK && stream.total_out <= size) {
        stream.next_out = part;
        stream.avail_out = sizeof part;
        status = inflate(&stream, Z_NO_FLUSH);
    }
    inflateEnd(&stream);
    return status == Z_STREAM_END && stream.total_out == size;
}

static bool walk_chunk(walk *w, const tree *t, uint64_t address, cursor key)
{
    enum { MOST_EXPANSION = 100 };
    const object *o = t->dataset;
    cursor data;
    uint64_t stored = take(&key, 4), skipped_filters = take(&key, 4);
    if (!walk_once(w, address) || !walk_region(w, address, stored, &data)) return false;
    if (skipped_filters) return unsupported(w, "chunks of different filters");
    if (!o->deflated) return stored == o->chunk_size || damaged(w, address, "a chunk of a wrong size");
    if (!add_size(w->inflated, (size_t)o->chunk_size, &w->inflated) || w->inflated / MOST_EXPANSION > w->size)
        return damaged(w, address, "data that claim to expand more than a hundredfold");
    return inflates_to(&data, o->chunk_size) || damaged(w, address, "compressed data of a wrong size");
}

/* Neighbours on a level must know each other: libhdf5 follows these links. */
static bool in_line(walk *w, tree *t, const node *n, uint64_t left, uint64_t right)
{
    uint64_t expected = t->started[n->level] ? t->last[n->level] : NO_ADDRESS;
    if (left != expected || (t->started[n->level] && t->right[n->level] != n->address))
        return damaged(w, n->address, "tree nodes out of line");
    t->started[n->level] = true;
    t->last[n->level] = n->address;
    t->right[n->level] = right;
    return true;
}

static bool walk_node(walk *w, tree *t, node n)
{
    cursor c;
    uint64_t size = 24 + 2 * (uint64_t)t->k * 8 + (2 * (uint64_t)t->k + 1) * t->key_size;
    if (!walk_once(w, n.address) || !walk_region(w, n.address, size, &c)) return false;
    bool good = take_signature(&c, "TREE") && take(&c, 1) == t->type && take(&c, 1) == n.level;
    size_t used = (size_t)take(&c, 2);
    uint64_t left = take(&c, 8), right = take(&c, 8);
    if (!good || used > 2 * t->k) return damaged(w, n.address, "no tree node");
    if (!in_line(w, t, &n, left, right)) return false;
    for (size_t i = 0; i < used; i++) {
        cursor key = take_part(&c, t->key_size);
        uint64_t child = take(&c, 8);
        if (n.level)
            good = walk_node(w, t, (node){child, n.level - 1});
        else if (t->type)
            good = walk_chunk(w, t, child, key);
        else
            good = walk_name(w, t, take(&key, 8)) && walk_symbol_node(w, t, child);
        if (!good) return false;
    }
    cursor last_key = take_part(&c, t->key_size);
    return t->type || walk_name(w, t, take(&last_key, 8));
}

static bool walk_tree(walk *w, tree *t, uint64_t address)
{
    cursor c;
    if (!walk_region(w, address, 8, &c)) return false;
    unsigned level = c.at[5];
    if (level >= MOST_LEVELS) return damaged(w, address, "a tree that is too deep");
    if (!walk_node(w, t, (node){address, level})) return false;
    for (unsigned i = 0; i < MOST_LEVELS; i++)
        if (t->started[i] && t->right[i] != NO_ADDRESS) return damaged(w, address, "tree nodes out of line");
    return true;
}

/* The free blocks of a local heap form a list inside its data: libhdf5 follows it without counting. */
static bool walk_free_list(walk *w, cursor data, uint64_t address, uint64_t free_block)
{
    for (size_t steps = data.left / 16; free_block != 1; steps--) {
        if (!steps || free_block % 8 || free_block > data.left || data.left - free_block < 16)
            return damaged(w, address, "a local heap with a broken free list");
        cursor c = {data.at + free_block, 16, false};
        uint64_t next = take(&c, 8), size = take(&c, 8);
        if (size < 16 || size > data.left - free_block)
            return damaged(w, address, "a local heap with a broken free list");
        free_block = next;
    }
    return true;
}

static bool walk_local_heap(walk *w, uint64_t address, cursor *data)
{
    cursor c;
    if (!walk_once(w, address) || !walk_region(w, address, 32, &c)) return false;
    if (!take_signature(&c, "HEAP") || take(&c, 1) != 0) return damaged(w, address, "no local heap");
    take(&c, 3);
    uint64_t size = take(&c, 8), free_block = take(&c, 8), place = take(&c, 8);
    return walk_region(w, place, size, data) && walk_free_list(w, *data, address, free_block);
}

bool walk_symbol_table(walk *w, uint64_t address, uint64_t heap)
{
    tree t = {.type = 0, .k = w->group_tree_k, .key_size = 8};
    return walk_local_heap(w, heap, &t.names) && walk_tree(w, &t, address);
}

bool walk_chunks(walk *w, const object *o)
{
    tree t = {.type = 1, .k = w->chunk_tree_k, .key_size = 8 + 8 * (size_t)o->chunk_rank, .dataset = o};
    if (o->chunk_rank != o->rank + 1 || o->rank == 0) return damaged(w, o->address, "chunks of another rank");
    if (o->data_address == NO_ADDRESS) return true; /* nothing written */
    return walk_tree(w, &t, o->data_address);
}
