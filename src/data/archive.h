/* Archives (tar, zip) and lone compressed files (gzip, bzip2, xz, zstd) through libarchive. */
#ifndef DATA_ARCHIVE_H
#define DATA_ARCHIVE_H

#include "base/buffer.h"
#include "base/error.h"

/* Whether a file that starts with these bytes (the first 512, or all there are) is packed in one of these ways. */
bool archive_recognise(const unsigned char *start, size_t size);

/* Takes one member: a file with its contents (which it may keep by clearing the buffer), or a folder, whose name ends
 * with a slash. Links, devices and names that lead out of a folder are refused before. */
typedef cepa_status archive_visit(void *context, const char *name, buffer *contents, cepa_error *error);

/* Visits the members of the archive at path, in its order. A lone compressed file has one member, named after it. Fails
 * with CEPA_FORMAT on damage, and where the contents would not fit into the machine's memory. */
cepa_status archive_each(const char *path, archive_visit *visit, void *context, cepa_error *error);

/* Unpacks a lone compressed file in memory behind what out holds. where names it in messages. */
cepa_status archive_expand(const char *where, const unsigned char *bytes, size_t size, buffer *out, cepa_error *error);

#endif
