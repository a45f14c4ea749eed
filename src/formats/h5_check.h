/* The structural check of an HDF5 file before libhdf5, which trusts its files, sees it. */
#ifndef FORMATS_H5_CHECK_H
#define FORMATS_H5_CHECK_H

#include "base/error.h"

/* Walks every structure reachable from the root group: superblock (versions 0-3), object headers (1, 2), groups as
 * symbol tables or link messages, local and global heaps, attributes, datasets (contiguous, compact, chunked by a
 * version 1 B-tree; filters gzip and shuffle). Everything must lie inside the file, be of plain numbers or strings, and
 * be reached once. Takes time and memory in proportion to size. Refused with CEPA_FORMAT (damaged) or CEPA_UNSUPPORTED
 * (soft and external links, external and virtual storage, other types and filters, dense storage: Keras writes none of
 * them). */
cepa_status h5_check(const void *bytes, size_t size, cepa_error *error);

#endif
