/* Zip archives in memory: the outer form of a .keras file. */
#ifndef FORMATS_ARCHIVE_H
#define FORMATS_ARCHIVE_H

#include "base/buffer.h"
#include "base/error.h"

/* An archive being read. The bytes stay the caller's and must outlive it. */
typedef struct archive_reader archive_reader;

cepa_status archive_open(const void *bytes, size_t size, archive_reader **archive, cepa_error *error);
bool archive_has(archive_reader *archive, const char *member);
/* Appends a member of at most limit bytes to a buffer. Members that claim to expand more than a hundredfold (beyond
 * 1 MiB) are refused before they do. */
cepa_status archive_read(archive_reader *archive, const char *member, size_t limit, buffer *contents,
                         cepa_error *error);
void archive_close(archive_reader *archive); /* NULL is taken */

typedef struct archive_member {
    const char *name;
    const void *bytes;
    size_t size;
} archive_member;

/* Appends an archive of stored members dated 1980-01-01, in the order given: equal members give equal bytes. */
cepa_status archive_write(const archive_member *members, size_t count, buffer *archive, cepa_error *error);

#endif
