/* A lone .csv or .tsv file, maybe compressed, as a data set. */
#include "data/reader.h"
#include "data/table.h"

#include <string.h>
#include <strings.h>

static bool is_table(const char *name)
{
    static const char *const endings[] = {".csv", ".tsv", ".csv.gz", ".tsv.gz"};
    for (size_t i = 0; i < ARRAY_COUNT(endings); i++) {
        size_t length = strlen(name), ending = strlen(endings[i]);
        if (length > ending && strcasecmp(name + length - ending, endings[i]) == 0) return true;
    }
    return false;
}

static bool recognise(const source *source)
{
    return source->count == 1 && !source->is_folder && (is_table(source->path) || is_table(source->members[0].name));
}

static cepa_status read(const source *source, const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    buffer hold = {0};
    const unsigned char *bytes;
    size_t size;
    csv_fields text = {0};
    cepa_status status = source_read(&source->members[0], &hold, &bytes, &size, error);
    if (!status) status = csv_read_table(source->path, bytes, size, &text, error);
    if (!status) status = table_read(source->path, &text, &options->table, &made->train, error);
    csv_fields_free(&text);
    buffer_free(&hold);
    return status;
}

const reader csv_reader = {.what = "a table (.csv, .tsv)", .recognise = recognise, .read = read};
