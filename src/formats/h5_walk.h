/* What the files of the HDF5 check share: bounded reading, and the walk's memory. After "HDF5 File Format Specification
 * Version 3.0", The HDF Group. */
#ifndef FORMATS_H5_WALK_H
#define FORMATS_H5_WALK_H

#include "base/error.h"
#include "base/memory.h"

/* A part of the file being read: reading beyond its end gives 0 and sets cut, to be looked at once. */
typedef struct cursor {
    const uint8_t *at;
    size_t left;
    bool cut;
} cursor;

/* The next bytes (at most 8) as an unsigned number, least significant first. */
uint64_t take(cursor *c, size_t bytes);
/* The next bytes as a part of their own. */
cursor take_part(cursor *c, uint64_t bytes);
bool take_signature(cursor *c, const char signature[4]);

#define NO_ADDRESS UINT64_MAX

/* The class and size of a datatype message: the plain ones only. */
typedef enum { TYPE_NUMBER = 1, TYPE_TEXT, TYPE_VARIABLE_TEXT } plain_type;

/* What an object's header says; sizes in bytes. */
typedef struct object {
    uint64_t address;
    uint32_t seen; /* messages of which there may be one, as bits by their number */
    uint64_t table_tree, table_heap;
    plain_type type;
    uint64_t type_size, fill_size;
    uint64_t elements;
    unsigned rank;
    unsigned layout; /* 0 compact, 1 contiguous, 2 chunked */
    uint64_t data_address, data_size;
    unsigned chunk_rank;
    uint64_t chunk_size;
    bool deflated;
} object;

/* An object found in a group, to be walked later. */
typedef struct found_object {
    uint64_t address;
    bool cached; /* the group also says where its symbol table is: both must agree */
    uint64_t table_tree, table_heap;
} found_object;

typedef struct walk {
    const uint8_t *bytes;
    size_t size;     /* the file's, as its superblock has it */
    size_t inflated; /* bytes that compressed data have expanded to */
    size_t budget;   /* bytes that may still be looked at: structures that overlap end the walk */
    arena memory;
    uint64_t *visited; /* a hash set of addresses */
    size_t visited_count, visited_capacity;
    found_object *found;
    size_t found_count, found_capacity;
    struct heap_collection *collections;
    unsigned group_leaf_k, group_tree_k, chunk_tree_k;
    cepa_error *error;
} walk;

/* Both give false, for return damaged(...): what is wrong at which byte. */
bool damaged(walk *w, uint64_t address, const char *what);
bool unsupported(walk *w, const char *what);

/* The bytes from address on; false where they are not all inside the file. */
bool walk_region(walk *w, uint64_t address, uint64_t size, cursor *c);
/* Marks a structure; false where it was reached before. */
bool walk_once(walk *w, uint64_t address);
bool walk_found(walk *w, const found_object *found);

/* h5_checksum.c: the checksum behind size bytes. */
bool walk_checksum(walk *w, uint64_t address, uint64_t size);

/* h5_walk_header.c: an object's header with its continuations. */
bool walk_header(walk *w, object *o);
/* h5_walk_message.c: one message of a header. A continuation's place is given back in *address and *size. */
bool walk_message(walk *w, object *o, unsigned type, cursor c, uint64_t *address, uint64_t *size);
/* h5_walk_tree.c: a group's symbol table; a chunked dataset's index. */
bool walk_symbol_table(walk *w, uint64_t tree, uint64_t heap);
bool walk_chunks(walk *w, const object *o);
/* h5_walk_heap.c: the text of a variable-length string in the global heap. */
bool walk_heap_text(walk *w, uint64_t length, uint64_t address, uint32_t index);

#endif
