/* What a file that is to be opened as a model or as weights is, told from its first bytes. */
#ifndef FORMATS_FILE_KIND_H
#define FORMATS_FILE_KIND_H

#include <stddef.h>

typedef enum file_kind {
    FILE_OTHER, /* source text is among these */
    FILE_ARCHIVE,
    FILE_H5,
    FILE_JSON,
    FILE_POINTER, /* of Git LFS, in the place of the file itself */
    FILE_KINDS
} file_kind;

file_kind file_kind_of(const void *bytes, size_t size);

#endif
