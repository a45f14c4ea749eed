/* The structural check of an HDF5 file: object headers of both versions, block by block. */
#include "formats/h5_walk.h"

enum { CONTINUATION = 16, SHARED = 2, KNOWN_UP_TO = 31 };

typedef struct block {
    uint64_t address, size;
} block;

/* The blocks of one header; continuations are added as they are met. */
typedef struct header {
    unsigned version;
    bool creation_order; /* version 2: messages carry their number */
    size_t messages;
    block *blocks;
    size_t count, capacity;
} header;

static bool add_block(walk *w, header *h, uint64_t address, uint64_t size)
{
    if (!arena_grow(&w->memory, &h->blocks, &h->capacity, h->count + 1, sizeof *h->blocks))
        return fail_memory(w->error), false;
    h->blocks[h->count++] = (block){address, size};
    return true;
}

/* May occur once: of two, nobody knows which one counts. */
static bool first_of_its_kind(walk *w, object *o, unsigned type)
{
    static const uint32_t repeatable = 1u << 0 | 1u << 6 | 1u << 12 | 1u << CONTINUATION;
    if (type > KNOWN_UP_TO) return unsupported(w, "a header message of an unknown kind");
    if (repeatable >> type & 1) return true;
    if (o->seen >> type & 1) return damaged(w, o->address, "a header message that occurs twice");
    o->seen |= 1u << type;
    return true;
}

static bool read_message(walk *w, header *h, object *o, cursor *c)
{
    unsigned type = (unsigned)take(c, h->version == 1 ? 2 : 1);
    size_t size = (size_t)take(c, 2);
    unsigned flags = (unsigned)take(c, 1);
    take(c, h->version == 1 ? 3 : h->creation_order ? 2 : 0);
    cursor body = take_part(c, size);
    uint64_t address = NO_ADDRESS, length = 0;
    if (c->cut) return damaged(w, o->address, "a header message that is cut off");
    if (flags & SHARED) return unsupported(w, "shared header messages");
    h->messages++;
    if (!first_of_its_kind(w, o, type) || !walk_message(w, o, type, body, &address, &length)) return false;
    return type != CONTINUATION || (walk_once(w, address) && add_block(w, h, address, length));
}

static bool read_block(walk *w, header *h, object *o, const block *b)
{
    cursor c;
    if (!walk_region(w, b->address, b->size, &c)) return false;
    size_t least = h->version == 1 ? 1 : h->creation_order ? 6 : 4; /* a smaller rest of version 2 is a gap */
    while (c.left >= least)
        if (!read_message(w, h, o, &c)) return false;
    return true;
}

/* A continued block of version 2 stands between its signature and its checksum. */
static bool unwrap(walk *w, block *b)
{
    cursor c;
    if (b->size < 8) return damaged(w, b->address, "a header block that is too small");
    if (!walk_region(w, b->address, 4, &c) || !walk_checksum(w, b->address, b->size - 4)) return false;
    if (!take_signature(&c, "OCHK")) return damaged(w, b->address, "no header block");
    *b = (block){b->address + 4, b->size - 8};
    return true;
}

static bool read_prefix(walk *w, object *o, header *h, size_t *declared)
{
    cursor c;
    if (!walk_region(w, o->address, 16, &c)) return false;
    if (*c.at == 1) {
        h->version = 1;
        take(&c, 2);
        *declared = (size_t)take(&c, 2);
        take(&c, 4);
        return add_block(w, h, o->address + 16, take(&c, 4));
    }
    if (!take_signature(&c, "OHDR") || take(&c, 1) != 2) return damaged(w, o->address, "no object header");
    h->version = 2;
    unsigned flags = (unsigned)take(&c, 1);
    h->creation_order = flags & 4;
    size_t prefix = 6u + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0), width = (size_t)1 << (flags & 3);
    if (!walk_region(w, o->address, prefix + width, &c)) return false;
    take_part(&c, prefix);
    uint64_t size = take(&c, width);
    if (size > w->size || !walk_checksum(w, o->address, prefix + width + size))
        return damaged(w, o->address, "an object header of a wrong size or checksum");
    return add_block(w, h, o->address + prefix + width, size);
}

bool walk_header(walk *w, object *o)
{
    header h = {0};
    size_t declared = 0;
    if (!read_prefix(w, o, &h, &declared)) return false;
    for (size_t i = 0; i < h.count; i++) {
        block b = h.blocks[i];
        if (h.version == 2 && i > 0 && !unwrap(w, &b)) return false;
        if (!read_block(w, &h, o, &b)) return false;
    }
    if (h.version == 1 && h.messages != declared) return damaged(w, o->address, "a header with missing messages");
    return true;
}
