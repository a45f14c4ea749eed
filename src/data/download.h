/* One file by HTTP. */
#ifndef DATA_DOWNLOAD_H
#define DATA_DOWNLOAD_H

#include "base/error.h"

/* Loads a url into the file at path, behind what the file holds already where the server can do that, else from the
 * start. A transfer that fails leaves what has come. The message is the reason alone. */
cepa_status download_file(const char *url, const char *path, const cepa_dataset_options *options, cepa_error *error);

#endif
