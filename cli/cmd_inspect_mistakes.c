/* cepa inspect mistakes: what a model gets wrong with most confidence. */
#include "classified.h"
#include "commands.h"
#include "files.h"
#include "inspect.h"
#include "report.h"
#include "text_table.h"

#include <stdlib.h>

static const option options[] = {
    OPTION("count", count, TAKES_COUNT, .value = "N", .min = 1, .max = 400, .help = "how many to show; default: 25"),
    DATA_OPTION(0),
    PART_OPTION("the test part where the data have one"),
    SCALE_OPTION,
    THREADS_OPTION,
    FIGURE_OUTPUT_OPTION,
    TEXT_OPTION,
    WIDTH_OPTION,
    WEIGHTS_OPTIONS,
    SET_OPTION,
    END_OF_OPTIONS,
};

typedef struct mistakes {
    size_t rows, count;
    answer *items; /* the surest first */
} mistakes;

static cepa_status collect(const settings *settings, const inspection *in, mistakes *m, cepa_error *error)
{
    classified c;
    cepa_status status = classify(&c, in->model, in->data, (int)settings->threads, error);
    *m = (mistakes){.rows = c.rows, .items = calloc(c.rows + 1, sizeof *m->items)};
    if (!status && !m->items) status = fails_memory(error);
    for (size_t row = 0; row < c.rows && !status; row++)
        if (c.answers[row].truth != c.answers[row].taken_for) m->items[m->count++] = c.answers[row];
    if (!status) qsort(m->items, m->count, sizeof *m->items, surest_first);
    classified_free(&c);
    return status;
}

static void print(const inspection *in, const mistakes *m, size_t shown)
{
    static const char *const heads[] = {"row", "true", "predicted", "confidence"};
    char number[32];
    text_table table = text_table_new(sizeof heads / sizeof *heads);
    text_table_texts(&table, heads);
    for (size_t i = 0; i < shown; i++) {
        text_table_row(&table);
        text_table_set(&table, 0, "%zu", m->items[i].row);
        text_table_set(&table, 1, "%s", inspect_class(in, m->items[i].truth, number));
        text_table_set(&table, 2, "%s", inspect_class(in, m->items[i].taken_for, number));
        text_table_set(&table, 3, "%.4f", m->items[i].confidence);
    }
    printf("%zu of %zu rows are wrong (%.2f%%)", m->count, m->rows, 100 * (double)m->count / (double)m->rows);
    puts(shown ? "; the most confident mistakes:\n" : "");
    if (shown) text_table_print(&table, stdout);
    text_table_free(&table);
}

static cepa_status draw(const settings *settings, const inspection *in, const mistakes *m, size_t shown,
                        cepa_error *error)
{
    drawing d = {.count = 0};
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < shown && !status; i++) {
        const answer *item = &m->items[i];
        cepa_matrix picture;
        char title[200], true_number[32], taken_number[32];
        snprintf(title, sizeof title, "%s\nas %s %.2f", inspect_class(in, item->truth, true_number),
                 inspect_class(in, item->taken_for, taken_number), item->confidence);
        status = cepa_dataset_picture(in->data, item->row, &picture, error);
        if (!status && !drawing_add(&d, title, &picture, CEPA_TONE_PLAIN, error)) status = error->status;
    }
    cepa_panel_options how = {.columns = settings->text ? 4 : 5, .tile = 160};
    how.title = "The most confident mistakes: the true class, and what it was taken for";
    if (!status) status = inspect_draw(&d, settings, &how, error);
    drawing_free(&d);
    return status;
}

static int mistakes_main(const settings *settings)
{
    cepa_error error = {CEPA_OK, ""};
    inspection in;
    mistakes m = {.rows = 0};
    cepa_status status = inspect_data(settings, &in, &error);
    if (!status) status = collect(settings, &in, &m, &error);
    size_t wanted = settings->count ? settings->count : 25, shown = m.count < wanted ? m.count : wanted;
    bool drawn = shown && (settings->text || settings->output);
    if (!status && drawn)
        status = draw(settings, &in, &m, shown, &error);
    else if (!status)
        print(&in, &m, shown);
    free(m.items);
    return inspect_end(&in, status, &error);
}

const command inspect_mistakes_command = {
    .name = "inspect mistakes",
    .operands = "MODEL",
    .purpose = "Shows what the model gets wrong with most confidence",
    .options = options,
    .least = 1,
    .most = 1,
    .run = mistakes_main,
};
