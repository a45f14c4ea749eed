/* shapes10: pictures of ten shapes, generated. */
#ifndef DATA_SHAPES10_H
#define DATA_SHAPES10_H

#include "data/dataset.h"

enum { SHAPES10_TRAIN_ROWS = 50000, SHAPES10_TEST_ROWS = 10000 };

/* Makes the first options->rows training pictures (0: 5,000) and a fifth as many test pictures, at least 1,000. Every
 * picture depends on its number alone: the same bytes on every machine. */
cepa_status shapes10_generate(const cepa_dataset_options *options, parts *made, cepa_error *error);

#endif
