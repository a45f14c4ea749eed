/* The structural check of an HDF5 file: the superblock, and the walk from object to object. */
#include "formats/h5_check.h"

#include "formats/h5_walk.h"

#include <stdlib.h>
#include <string.h>

/* ---- Bounded reading ---- */

uint64_t take(cursor *c, size_t bytes)
{
    uint64_t number = 0;
    if (c->left < bytes) {
        c->cut = true;
        c->left = 0;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++) number |= (uint64_t)c->at[i] << 8 * i;
    c->at += bytes;
    c->left -= bytes;
    return number;
}

cursor take_part(cursor *c, uint64_t bytes)
{
    if (c->left < bytes) {
        c->cut = true;
        c->left = 0;
        return (cursor){.cut = true};
    }
    cursor part = {c->at, (size_t)bytes, false};
    c->at += bytes;
    c->left -= (size_t)bytes;
    return part;
}

bool take_signature(cursor *c, const char signature[4])
{
    cursor part = take_part(c, 4);
    return !part.cut && memcmp(part.at, signature, 4) == 0;
}

bool damaged(walk *w, uint64_t address, const char *what)
{
    return fail(w->error, CEPA_FORMAT, "HDF5: the file is damaged at byte %llu: %s", (unsigned long long)address, what),
           false;
}

bool unsupported(walk *w, const char *what)
{
    return fail(w->error, CEPA_UNSUPPORTED, "HDF5: the file has %s, which no file of Keras has", what), false;
}

bool walk_region(walk *w, uint64_t address, uint64_t size, cursor *c)
{
    if (address > w->size || size > w->size - address) return damaged(w, address, "something beyond the file's end");
    if (size > w->budget) return damaged(w, address, "structures that overlap");
    w->budget -= (size_t)size;
    *c = (cursor){w->bytes + address, (size_t)size, false};
    return true;
}

/* ---- The walk's memory ---- */

static size_t slot_of(const uint64_t *set, size_t capacity, uint64_t address)
{
    size_t slot = (size_t)(address * 0x9E3779B97F4A7C15u >> 20) & (capacity - 1);
    while (set[slot] != 0 && set[slot] != address + 1) slot = (slot + 1) & (capacity - 1);
    return slot;
}

static bool widen_visited(walk *w)
{
    size_t capacity = w->visited_capacity ? 2 * w->visited_capacity : 256;
    uint64_t *wider = calloc(capacity, sizeof *wider);
    if (!wider) return fail_memory(w->error), false;
    for (size_t i = 0; i < w->visited_capacity; i++)
        if (w->visited[i]) wider[slot_of(wider, capacity, w->visited[i] - 1)] = w->visited[i];
    free(w->visited);
    w->visited = wider;
    w->visited_capacity = capacity;
    return true;
}

bool walk_once(walk *w, uint64_t address)
{
    if (2 * (w->visited_count + 1) > w->visited_capacity && !widen_visited(w)) return false;
    size_t slot = slot_of(w->visited, w->visited_capacity, address);
    if (w->visited[slot]) return damaged(w, address, "a structure that is reached twice");
    w->visited[slot] = address + 1;
    w->visited_count++;
    return true;
}

bool walk_found(walk *w, const found_object *found)
{
    if (!grow(&w->found, &w->found_capacity, w->found_count + 1, sizeof *w->found)) return fail_memory(w->error), false;
    w->found[w->found_count++] = *found;
    return true;
}

/* ---- Objects ---- */

enum { DATASPACE = 1, LINK_INFO = 2, DATATYPE = 3, LAYOUT = 8, FILTERS = 11, SYMBOL_TABLE = 17 };

static bool seen(const object *o, unsigned message) { return o->seen >> message & 1; }

static bool check_dataset(walk *w, const object *o)
{
    size_t bytes;
    if (!seen(o, DATASPACE) || !seen(o, DATATYPE)) return damaged(w, o->address, "a dataset without type or shape");
    if (o->type != TYPE_NUMBER) return unsupported(w, "a dataset of something other than numbers");
    if (o->fill_size && o->fill_size != o->type_size) return damaged(w, o->address, "a fill value of another type");
    if (!multiply_size((size_t)o->elements, (size_t)o->type_size, &bytes) || bytes > PTRDIFF_MAX)
        return damaged(w, o->address, "a dataset that is too large");
    if (o->layout == 2) return walk_chunks(w, o);
    if (seen(o, FILTERS)) return damaged(w, o->address, "filters without chunks");
    if (o->data_size != bytes) return damaged(w, o->address, "a dataset whose size is not that of its shape");
    cursor data;
    return o->layout == 0 || bytes == 0 || walk_region(w, o->data_address, bytes, &data);
}

static bool check_object(walk *w, const found_object *found)
{
    object o = {.address = found->address};
    if (!walk_once(w, o.address) || !walk_header(w, &o)) return false;
    /* A group that has changed to link messages may leave its old symbol table's place with its parent. */
    if (found->cached && !seen(&o, LINK_INFO) &&
        (!seen(&o, SYMBOL_TABLE) || o.table_tree != found->table_tree || o.table_heap != found->table_heap))
        return damaged(w, o.address, "a group that its parent describes differently");
    if (seen(&o, SYMBOL_TABLE) && (seen(&o, LAYOUT) || seen(&o, LINK_INFO)))
        return damaged(w, o.address, "an object of two kinds");
    if (seen(&o, SYMBOL_TABLE)) return walk_symbol_table(w, o.table_tree, o.table_heap);
    return !seen(&o, LAYOUT) || check_dataset(w, &o);
}

/* ---- The superblock ---- */

static bool end_of_file(walk *w, uint64_t base, uint64_t end)
{
    if (base != 0) return unsupported(w, "a base address");
    if (end > w->size) return damaged(w, 0, "the file is cut off");
    w->size = (size_t)end;
    return true;
}

static bool superblock_0(walk *w, cursor c, unsigned version, found_object *root)
{
    uint64_t versions = take(&c, 4), offset_size = take(&c, 1), length_size = take(&c, 1);
    take(&c, 1);
    w->group_leaf_k = (unsigned)take(&c, 2);
    w->group_tree_k = (unsigned)take(&c, 2);
    take(&c, 4);
    w->chunk_tree_k = version == 1 ? (unsigned)take(&c, 2) : 32;
    if (version == 1) take(&c, 2);
    uint64_t base = take(&c, 8), free_space = take(&c, 8), end = take(&c, 8), driver = take(&c, 8);
    take(&c, 8);
    root->address = take(&c, 8);
    uint64_t cache = take(&c, 4);
    take(&c, 4);
    root->cached = cache == 1;
    root->table_tree = take(&c, 8);
    root->table_heap = take(&c, 8);
    if (c.cut || (versions & 0xFF00FFFF) || cache > 1) return damaged(w, 8, "no valid superblock");
    if (offset_size != 8 || length_size != 8) return unsupported(w, "addresses of a size other than 8 bytes");
    if (!w->group_leaf_k || !w->group_tree_k || !w->chunk_tree_k) return damaged(w, 16, "no valid superblock");
    if (free_space != NO_ADDRESS || driver != NO_ADDRESS) return unsupported(w, "a free-space or driver block");
    return end_of_file(w, base, end);
}

static bool superblock_2(walk *w, cursor c, found_object *root)
{
    uint64_t offset_size = take(&c, 1), length_size = take(&c, 1);
    take(&c, 1);
    uint64_t base = take(&c, 8), extension = take(&c, 8), end = take(&c, 8);
    root->address = take(&c, 8);
    w->group_leaf_k = 4;
    w->group_tree_k = 16;
    w->chunk_tree_k = 32;
    if (c.cut) return damaged(w, 8, "no valid superblock");
    if (offset_size != 8 || length_size != 8) return unsupported(w, "addresses of a size other than 8 bytes");
    if (!walk_checksum(w, 0, 44)) return false;
    if (extension != NO_ADDRESS) return unsupported(w, "an extended superblock");
    return end_of_file(w, base, end);
}

static bool walk_file(walk *w)
{
    cursor c = {w->bytes, w->size, false};
    found_object root = {0};
    cursor signature = take_part(&c, 8);
    if (signature.cut || memcmp(signature.at, "\x89HDF\r\n\x1a\n", 8) != 0)
        return fail(w->error, CEPA_FORMAT, "HDF5: this is not an HDF5 file"), false;
    unsigned version = (unsigned)take(&c, 1);
    if (version > 3) return unsupported(w, "a superblock of an unknown version");
    if (!(version < 2 ? superblock_0(w, c, version, &root) : superblock_2(w, c, &root)) || !walk_found(w, &root))
        return false;
    while (w->found_count) {
        found_object next = w->found[--w->found_count];
        if (!check_object(w, &next)) return false;
    }
    return true;
}

cepa_status h5_check(const void *bytes, size_t size, cepa_error *error)
{
    cepa_error found = {0};
    walk w = {.bytes = bytes, .size = size, .error = &found};
    if (!multiply_size(size, 4, &w.budget) || !add_size(w.budget, 1 << 16, &w.budget)) w.budget = SIZE_MAX;
    bool good = walk_file(&w);
    free(w.visited);
    free(w.found);
    arena_free(&w.memory);
    return good ? CEPA_OK : fail(error, found.status, "%s", found.message);
}
