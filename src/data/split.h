/* Parts of a data set, drawn by chance. */
#ifndef DATA_SPLIT_H
#define DATA_SPLIT_H

#include "data/dataset.h"

/* Splits made->train as shares say ("80/20": train and test, "70/15/15": validation in the middle), by two splits where
 * there are three. Fails where the data have another part already. */
cepa_status split_parts(parts *made, const char *shares, uint64_t seed, cepa_error *error);

#endif
