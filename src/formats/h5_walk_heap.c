/* The structural check of an HDF5 file: collections of the global heap, where variable-length strings lie. */
#include "formats/h5_walk.h"

#include <stdlib.h>

typedef struct heap_object {
    uint32_t index;
    uint64_t size;
} heap_object;

typedef struct heap_collection {
    uint64_t address;
    heap_object *objects; /* sorted by index */
    size_t count;
    struct heap_collection *next;
} heap_collection;

static int by_index(const void *a, const void *b)
{
    uint32_t first = ((const heap_object *)a)->index, second = ((const heap_object *)b)->index;
    return (first > second) - (first < second);
}

static bool read_objects(walk *w, heap_collection *h, cursor c)
{
    h->objects = arena_array(&w->memory, c.left / 16 + 1, sizeof *h->objects);
    if (!h->objects) return fail_memory(w->error), false;
    while (c.left >= 16) {
        uint32_t index = (uint32_t)take(&c, 2);
        take(&c, 6);
        uint64_t size = take(&c, 8);
        uint64_t padded = size > c.left ? size : (size + 7) / 8 * 8;
        if (index == 0 && size == c.left + 16) break; /* the free rest, which counts its own head */
        if (index == 0 || padded > c.left) return damaged(w, h->address, "a heap object of a wrong size");
        h->objects[h->count++] = (heap_object){index, size};
        take_part(&c, padded);
    }
    qsort(h->objects, h->count, sizeof *h->objects, by_index);
    for (size_t i = 1; i < h->count; i++)
        if (h->objects[i].index == h->objects[i - 1].index)
            return damaged(w, h->address, "two heap objects of one number");
    return true;
}

static heap_collection *read_collection(walk *w, uint64_t address)
{
    cursor c;
    if (!walk_once(w, address) || !walk_region(w, address, 16, &c)) return NULL;
    if (!take_signature(&c, "GCOL") || take(&c, 1) != 1) return damaged(w, address, "no global heap"), NULL;
    take(&c, 3);
    uint64_t size = take(&c, 8);
    if (size < 4096 || !walk_region(w, address, size, &c)) {
        damaged(w, address, "a global heap of a wrong size");
        return NULL;
    }
    take_part(&c, 16);
    heap_collection *h = arena_allocate(&w->memory, sizeof *h);
    if (!h) return fail_memory(w->error), NULL;
    h->address = address;
    if (!read_objects(w, h, c)) return NULL;
    h->next = w->collections;
    return w->collections = h;
}

bool walk_heap_text(walk *w, uint64_t length, uint64_t address, uint32_t index)
{
    cursor charge;
    heap_collection *h = w->collections;
    while (h && h->address != address) {
        if (!walk_region(w, 0, 1, &charge)) return false; /* the search costs time, too */
        h = h->next;
    }
    if (!h && !(h = read_collection(w, address))) return false;
    heap_object wanted = {.index = index};
    const heap_object *found = bsearch(&wanted, h->objects, h->count, sizeof *h->objects, by_index);
    return (found && found->size == length) || damaged(w, address, "a string that is not in the heap");
}
