/* Downloads into the cache. */
#ifndef DATA_FETCH_H
#define DATA_FETCH_H

#include "base/error.h"

enum { MOST_DOWNLOADS = 4 };

/* Where a data set can be had. */
typedef struct origin {
    const char *name;     /* of the data set */
    const char *base_url; /* what the files' names follow; NULL: nowhere */
    struct {
        const char *file, *sha256;
    } downloads[MOST_DOWNLOADS];
    bool unpack;        /* the files are archives */
    const char *folder; /* what the cache then holds: a folder, or a lone file */
} origin;

/* Downloads what is missing, checks it and puts it into the cache, whole or not at all; several processes may try at
 * once. url NULL: the origin's own; else that of the lone file, or of the folder of several. A download that was cut is
 * taken up where it stopped. *path (to be freed) is the place in the cache. Fails with CEPA_NETWORK, or
 * CEPA_INTERRUPTED where options->progress gave false. */
cepa_status fetch(const origin *origin, const char *url, const cepa_dataset_options *options, char **path,
                  cepa_error *error);

#endif
