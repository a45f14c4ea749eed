/* Downloads into the cache. */
#ifndef DATA_FETCH_H
#define DATA_FETCH_H

#include "data/known.h"

/* Downloads and unpacks a data set as cepa_dataset_fetch does. *folder is the caller's to free. */
cepa_status fetch_known(const known *known, const char *url, const cepa_dataset_options *options, char **folder,
                        cepa_error *error);

#endif
