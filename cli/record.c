#include "record.h"
#include "files.h"
#include "json_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static cepa_status read_facts(record *r, const char *folder, cepa_error *error)
{
    char *path = join(folder, "run.json");
    cepa_status status = path ? read_file(path, &r->facts, NULL, error) : fails_memory(error);
    if (status == CEPA_NOT_FOUND || (status && !is_folder(folder)))
        fails(error, status, "%s is not the folder of a run: it has no run.json%s", folder,
              exists(folder) ? "" : " (it does not exist)");
    if (!status && !json_find(r->facts, "epochs_done"))
        status = fails(error, CEPA_FORMAT, "%s: expected what fit writes", path);
    free(path);
    return status;
}

static cepa_status read_history(record *r, const char *folder, cepa_error *error)
{
    if (json_find_number(r->facts, "epochs_done", 0) < 1) return CEPA_OK;
    char *path = join(folder, "history.csv");
    cepa_status status = path ? csv_read(path, &r->history, error) : fails_memory(error);
    free(path);
    return status;
}

cepa_status record_read(record *r, const char *folder, cepa_error *error)
{
    *r = (record){.facts = NULL};
    cepa_status status = read_facts(r, folder, error);
    if (!status) status = read_history(r, folder, error);
    if (status || !r->history.epochs) return status;
    double restored = json_find_number(r->facts, "restored_epoch", -1) - r->history.first_epoch;
    r->row = r->history.epochs - 1;
    if (restored >= 0 && restored < (double)r->row) r->row = (size_t)restored;
    return CEPA_OK;
}

void record_free(record *r)
{
    free(r->facts);
    csv_table_free(&r->history);
    *r = (record){.facts = NULL};
}

uint64_t record_seed(const record *r)
{
    const char *seed = json_find(r->facts, "seed");
    return seed ? strtoull(seed, NULL, 10) : 0;
}

bool record_is_done(const char *folder)
{
    cepa_error error;
    record r;
    bool done = record_read(&r, folder, &error) == CEPA_OK;
    char *stopped = done ? json_find_text(r.facts, "stopped_by") : NULL;
    if (stopped && strncmp(stopped, "SIG", 3) == 0) done = false;
    free(stopped);
    record_free(&r);
    return done;
}

double record_value(const record *r, const char *metric, size_t row)
{
    const double *column = csv_column(&r->history, metric);
    return column && row < r->history.epochs ? column[row] : NAN;
}

size_t record_best_row(const record *r, const char *metric)
{
    const double *column = csv_column(&r->history, metric);
    if (!column) return r->row;
    double sign = cepa_larger_is_better(metric) ? -1 : 1;
    size_t best = 0;
    for (size_t i = 1; i < r->history.epochs; i++)
        if (isnan(column[best]) || sign * column[i] < sign * column[best]) best = i;
    return best;
}
