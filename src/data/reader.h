/* Readers: one for each kind of file that data sets come in. */
#ifndef DATA_READER_H
#define DATA_READER_H

#include "data/dataset.h"
#include "data/source.h"

typedef struct reader {
    const char *what; /* for messages: "a folder of CIFAR binaries" */
    /* Whether a source's file names are of this kind. */
    bool (*recognise)(const source *source);
    /* Reads it; made is empty, and what is in it is freed by the caller on failure. options is never NULL; rows is how
     * many training rows are needed at least, no reason to fail where there are fewer. */
    cepa_status (*read)(const source *source, const cepa_dataset_options *options, parts *made, cepa_error *error);
} reader;

extern const reader cifar_reader, csv_reader, idx_reader, images_reader, npz_reader;

#endif
