/* cepa inspect mistakes: what a model gets wrong with most confidence. */
#include "commands.h"
#include "files.h"
#include "inspect.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

static const option options[] = {
    OPTION("count", count, TAKES_COUNT, .value = "N", .min = 1, .max = 400, .help = "how many to show; default: 25"),
    DATA_OPTION(0),
    PART_OPTION,
    SCALE_OPTION,
    THREADS_OPTION,
    FIGURE_OUTPUT_OPTION,
    TEXT_OPTION,
    WIDTH_OPTION,
    WEIGHTS_OPTIONS,
    SET_OPTION,
    END_OF_OPTIONS,
};

typedef struct mistake {
    size_t row, taken_for;
    int class;
    double confidence;
} mistake;

typedef struct mistakes {
    size_t rows, count;
    mistake *items; /* the most confident first */
} mistakes;

static int surer(const void *a, const void *b)
{
    const mistake *first = a, *second = b;
    if (first->confidence != second->confidence) return first->confidence < second->confidence ? 1 : -1;
    return first->row < second->row ? -1 : 1;
}

static cepa_status collect(const inspection *in, const outputs *o, mistakes *m, cepa_error *error)
{
    size_t classes = o->arrays[0].size;
    if (o->arrays[0].rank != 1 || classes < 2)
        return fails(error, CEPA_ARGUMENT, "the model gives no class probabilities");
    ranked_class *ranked = calloc(classes, sizeof *ranked);
    *m = (mistakes){.rows = o->rows, .items = calloc(o->rows + 1, sizeof *m->items)};
    if (!ranked || !m->items) {
        free(ranked);
        return fails_memory(error);
    }
    cepa_status status = CEPA_OK;
    for (size_t row = 0; row < o->rows && !status; row++) {
        int class = cepa_dataset_class(in->data, row);
        if (class < 0) status = fails(error, CEPA_DATA, "the data have no classes to compare with");
        rank_classes(o->values[0] + row * classes, classes, ranked);
        if (class >= 0 && ranked[0].class != (size_t) class)
            m->items[m->count++] = (mistake){row, ranked[0].class, class, ranked[0].probability};
    }
    free(ranked);
    qsort(m->items, m->count, sizeof *m->items, surer);
    return status;
}

static void print(const inspection *in, const mistakes *m, size_t shown)
{
    char true_number[32], taken_number[32];
    printf("%zu of %zu rows are wrong (%.2f%%); the most confident mistakes:\n\n%10s  %-14s %-14s %s\n", m->count,
           m->rows, 100 * (double)m->count / (double)m->rows, "row", "true", "predicted", "confidence");
    for (size_t i = 0; i < shown; i++) {
        const mistake *item = &m->items[i];
        printf("%10zu  %-14s %-14s %.4f\n", item->row, inspect_class(in, (size_t)item->class, true_number),
               inspect_class(in, item->taken_for, taken_number), item->confidence);
    }
}

static cepa_status draw(const settings *settings, const inspection *in, const mistakes *m, size_t shown,
                        cepa_error *error)
{
    drawing d = {.count = 0};
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < shown && !status; i++) {
        const mistake *item = &m->items[i];
        cepa_matrix picture;
        char title[200], true_number[32], taken_number[32];
        snprintf(title, sizeof title, "%s\nas %s %.2f", inspect_class(in, (size_t)item->class, true_number),
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
    outputs o = {.rows = 0};
    mistakes m = {.rows = 0};
    cepa_status status = inspect_data(settings, &in, &error);
    if (!status) status = outputs_predict(&o, in.model, in.data, (int)settings->threads, &error);
    if (!status) status = collect(&in, &o, &m, &error);
    size_t wanted = settings->count ? settings->count : 25, shown = m.count < wanted ? m.count : wanted;
    bool drawn = shown && (settings->text || settings->output);
    if (!status && drawn)
        status = draw(settings, &in, &m, shown, &error);
    else if (!status)
        print(&in, &m, shown);
    free(m.items);
    outputs_free(&o);
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
