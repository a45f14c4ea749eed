/* Where data sets lie on this machine. The one file that reads CEPA_DATA, XDG_CACHE_HOME and HOME. */
#ifndef DATA_LOCATE_H
#define DATA_LOCATE_H

#include "data/known.h"

/* Calls visit for every place that may hold a data set until it gives false: those in root 0, $CEPA_DATA, in root 1,
 * Cepa's cache, in root 2, ~/.keras/datasets, in root 3, ~/seaborn-data, in root 4, the packages of R. */
typedef bool visit_place(void *context, size_t root, const char *path);
cepa_status locate_each(const known *known, visit_place *visit, void *context, cepa_error *error);

/* Cepa's folder for downloads: $XDG_CACHE_HOME/cepa, else ~/.cache/cepa. *folder is the caller's to free. */
cepa_status locate_cache(char **folder, cepa_error *error);

#endif
