/* Where data sets lie on this machine. The one file that reads CEPA_DATA, XDG_CACHE_HOME and HOME. */
#ifndef DATA_LOCATE_H
#define DATA_LOCATE_H

#include "data/known.h"

/* Calls visit for every place that holds a data set, the best first, until it gives false: under $CEPA_DATA, in Cepa's
 * cache, in ~/.keras/datasets. */
cepa_status locate_each(const known *known, bool (*visit)(void *context, const char *path), void *context,
                        cepa_error *error);

/* Cepa's folder for downloads: $XDG_CACHE_HOME/cepa, else ~/.cache/cepa. *folder is the caller's to free. */
cepa_status locate_cache(char **folder, cepa_error *error);

#endif
