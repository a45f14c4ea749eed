#include "train/history.h"

#include <stdlib.h>
#include <string.h>

typedef struct named_report {
    const char *name;
    size_t report;
    bool validation;
} named_report;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const named_report *)a)->name, ((const named_report *)b)->name);
}

bool log_list_new(arena *memory, const training *t, bool validation, bool rate, log_list *made)
{
    size_t reports = report_count(t), measured = validation ? 2 * reports : reports, count = measured + rate;
    named_report *sorted = arena_array(memory, count, sizeof *sorted);
    *made = (log_list){count, arena_array(memory, count, sizeof *made->logs),
                       arena_array(memory, count, sizeof *made->report),
                       arena_array(memory, count, sizeof *made->validation)};
    if (!sorted || !made->logs || !made->report || !made->validation) return false;
    for (size_t i = 0; i < measured; i++) {
        const char *name = report_name(t, i % reports);
        sorted[i] = (named_report){i < reports ? arena_text(memory, name) : arena_format(memory, "val_%s", name),
                                   i % reports, i >= reports};
        if (!sorted[i].name) return false;
    }
    if (rate) sorted[measured] = (named_report){"learning_rate", LEARNING_RATE, false};
    qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 0; i < count; i++) {
        made->logs[i].name = sorted[i].name;
        made->report[i] = sorted[i].report;
        made->validation[i] = sorted[i].validation;
    }
    return true;
}

void log_list_fill(log_list *list, const measure *step, const measure *look)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->report[i] == LEARNING_RATE)
            list->logs[i].value = step->training->optimizer.learning_rate;
        else
            measure_report(list->validation[i] ? look : step, list->report[i], &list->logs[i]);
}

log_direction log_list_direction(const log_list *list, const training *t, size_t log)
{
    size_t report = list->report[log], losses = report_count(t) - t->metric_count;
    if (report == LEARNING_RATE) return LOG_UNKNOWN;
    return report < losses ? LOG_FALLS : metric_direction(t->metrics[report - losses].choice->member.kind);
}

bool history_begin(training *t, const log_list *list, int first, size_t count)
{
    arena *memory = &t->history_memory;
    const char **names = arena_array(memory, list->count, sizeof *names);
    size_t numbers;
    t->history = (cepa_history_table){.names = list->count, .name = names, .first_epoch = first, .restored_epoch = -1};
    if (!names || !multiply_size(list->count, count, &numbers)) return false;
    for (size_t i = 0; i < list->count; i++) names[i] = list->logs[i].name;
    t->history.values = arena_array(memory, numbers, sizeof *t->history.values);
    return t->history.values;
}

void history_add(training *t, const log_list *list)
{
    cepa_history_table *table = &t->history;
    double *values = (double *)(uintptr_t)table->values; /* ours; the table shows them to readers */
    size_t epochs = table->epochs;
    for (size_t i = list->count; i-- > 0;) { /* each name's row grows by one: the last moves first */
        memmove(values + i * (epochs + 1), values + i * epochs, epochs * sizeof *values);
        values[i * (epochs + 1) + epochs] = list->logs[i].value;
    }
    table->epochs++;
}
