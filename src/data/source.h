/* Where a data set is read from: the files of a folder, of an archive, or one file, all looked at in the same way. */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

typedef struct member {
    const char *name;           /* path inside the source; a folder's ends with '/' */
    const char *where;          /* the same for messages */
    const unsigned char *bytes; /* of an archive's file; NULL: on the disk */
    size_t size;
} member;

typedef struct source {
    arena memory;
    const char *path;
    size_t count, capacity;
    member *members; /* a folder's in byte order of their names, an archive's in its own */
    bool is_folder, is_archive;
} source;

/* Lists what is at path. Hidden files are left out. */
cepa_status source_open(const char *path, source *opened, cepa_error *error);
void source_close(source *source);

/* A file's contents, unpacked where it is a lone compressed file. hold (empty) keeps them where they are not in memory
 * yet and is to be freed by the caller in any case. */
cepa_status source_read(const member *file, buffer *hold, const unsigned char **bytes, size_t *size, cepa_error *error);

/* The file of that name, also where ".gz" follows: at a folder's top, anywhere in an archive. NULL: none. */
const member *source_find(const source *source, const char *name);

#endif
