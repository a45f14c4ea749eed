/* Downloads. */
#include "data/fetch.h"

cepa_status fetch_known(const known *known, const char *url, const cepa_dataset_options *options, char **folder,
                        cepa_error *error)
{
    (void)url, (void)options;
    *folder = NULL;
    return fail(error, CEPA_UNSUPPORTED, "%s: downloads need libcurl, which this build leaves out (-Dfetch=disabled)",
                known_about(known)->name);
}

cepa_status cepa_dataset_fetch(const char *name, const char *url, const cepa_dataset_options *options, char *path,
                               size_t size, cepa_error *error)
{
    if (size) *path = 0;
    const known *known = known_dataset(name);
    if (!known) return fail(error, CEPA_NOT_FOUND, "%s: no data set has this name", name);
    char *folder;
    return fetch_known(known, url, options, &folder, error);
}
