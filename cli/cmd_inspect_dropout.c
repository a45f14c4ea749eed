/* cepa inspect dropout: the mask that a Dropout layer draws in a step of training. */
#include "commands.h"
#include "files.h"
#include "inspect.h"
#include "json_read.h"
#include "report.h"
#include "tables.h"

#include <stdlib.h>
#include <string.h>

static const option options[] = {
    LAYER_OPTION(.help = "a Dropout layer; default: the first"),
    OPTION("seed", at_seed, TAKES_TEXT, .value = "S", .help = "of the training; default: the run's, else 0"),
    OPTION("epoch", at_epoch, TAKES_COUNT, .value = "E", .help = "counted from 0; default: 0"),
    OPTION("step", step, TAKES_COUNT, .value = "T", .help = "of the epoch, counted from 0; default: 0"),
    OPTION("batch-size", batch_size, TAKES_COUNT, .value = "B", .min = 1, .max = 1000000,
           .help = "default: the run's, else 32"),
    ROW_OPTIONS,
    FIGURE_OUTPUT_OPTION,
    TEXT_OPTION,
    WIDTH_OPTION,
    WEIGHTS_OPTIONS,
    SET_OPTION,
    END_OF_OPTIONS,
};

enum { MOST_UNITS = 5, MOST_COLUMNS = 6 }; /* of the sketch */

typedef struct masks {
    cepa_layer_info layer;
    size_t seed, rows, size;
    float *factors; /* rows x size */
} masks;

static cepa_status find(const settings *settings, const inspection *in, cepa_layer_info *layer, cepa_error *error)
{
    if (settings->layer) return inspect_layer(in, settings->layer, layer, error);
    return inspect_first(in, "Dropout", layer) ? CEPA_OK
                                               : fails(error, CEPA_ARGUMENT, "the model has no Dropout layer");
}

/* The numbers of a sample; where the model leaves its sizes open, for the row. */
static cepa_status find_size(const inspection *in, const cepa_layer_info *layer, size_t *size, cepa_error *error)
{
    outputs o = {.rows = 0};
    *size = 1;
    for (size_t i = 0; i < layer->rank; i++) *size *= layer->output_shape[i] > 0 ? (size_t)layer->output_shape[i] : 0;
    if (*size || !in->row) return CEPA_OK;
    cepa_status status = inspect_activations(in, layer->name, &o, error);
    if (!status) *size = o.arrays[0].size;
    outputs_free(&o);
    return status;
}

static cepa_status draw_masks(const settings *settings, const inspection *in, const cepa_layer_info *layer, masks *m,
                              cepa_error *error)
{
    m->layer = *layer;
    size_t count, position;
    cepa_status status = find_size(in, layer, &m->size, error);
    if (status) return status;
    if (__builtin_mul_overflow(m->rows, m->size, &count) || !(m->factors = calloc(count + 1, sizeof *m->factors)))
        return fails_memory(error);
    if (__builtin_mul_overflow(settings->step, m->rows, &position) || position > UINT32_MAX)
        return fails(error, CEPA_ARGUMENT, "--step: there is no step %zu", settings->step);
    cepa_mask_options how = {
        .seed = m->seed, .epoch = (uint32_t)settings->at_epoch, .position = position, .data = in->row};
    return cepa_dropout_mask(in->model, layer->name, &how, m->rows, m->factors, error);
}

/* A number of run.json, which anyone may have written; facts may be NULL. */
static size_t whole_fact(const char *facts, const char *name, size_t otherwise)
{
    double number = facts ? json_find_number(facts, name, (double)otherwise) : (double)otherwise;
    return number >= 0 && number < 0x1p53 ? (size_t)number : otherwise;
}

/* Seed and batch size: as they are given, else those of the run. */
static cepa_status choose_step(const settings *settings, masks *m, cepa_error *error)
{
    size_t count;
    char *facts = subject_facts(settings);
    m->seed = whole_fact(facts, "seed", 0);
    m->rows = whole_fact(facts, "batch_size", 32);
    free(facts);
    if (settings->batch_size) m->rows = settings->batch_size;
    if (settings->at_seed && !read_places(settings->at_seed, 1, 1, &m->seed, &count))
        return fails(error, CEPA_ARGUMENT, "--seed: expected a whole number, not '%s'", settings->at_seed);
    return m->rows ? CEPA_OK : fails(error, CEPA_FORMAT, "run.json: the batch size is 0");
}

static size_t kept_in(const masks *m, size_t row)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->size; i++) kept += m->factors[row * m->size + i] != 0;
    return kept;
}

/* ---- Printing ---- */

static void print_masks(const settings *settings, const masks *m)
{
    size_t all = 0;
    float scale = 0;
    for (size_t i = 0; i < m->rows * m->size; i++)
        if (m->factors[i] > scale) scale = m->factors[i];
    printf("%s: the masks of seed %llu, epoch %zu, step %zu\n\n%8s %8s %8s\n", m->layer.name,
           (unsigned long long)m->seed, settings->at_epoch, settings->step, "sample", "kept", "dropped");
    for (size_t row = 0; row < m->rows; row++) {
        size_t kept = kept_in(m, row);
        printf("%8zu %8zu %8zu\n", row, kept, m->size - kept);
        all += kept;
    }
    printf("\n%.1f%% of %zu numbers a sample are kept, and multiplied by %g; the others are 0.\n",
           100 * (double)all / (double)(m->rows * m->size), m->size, (double)scale);
    puts("Every sample has a mask of its own, and another one in each epoch. Without training nothing is dropped.");
}

/* A dot for each number: filled where it is kept. */
static void print_dots(const settings *settings, const masks *m)
{
    size_t width = (size_t)terminal(settings).width;
    size_t shown = width > 24 ? width - 20 : 60;
    if (shown > m->size) shown = m->size;
    printf("%s: %zu of %zu numbers of each sample (seed %llu, epoch %zu, step %zu)\n", m->layer.name, shown, m->size,
           (unsigned long long)m->seed, settings->at_epoch, settings->step);
    for (size_t row = 0; row < m->rows; row++) {
        printf("%6zu  ", row);
        for (size_t i = 0; i < shown; i++) fputs(m->factors[row * m->size + i] != 0 ? "\u25cf" : "\u00b7", stdout);
        printf("  %zu kept\n", kept_in(m, row));
    }
}

/* ---- The sketch ---- */

/* Columns of the sketch: the input, and the last of the layers that have weights. */
typedef struct sketch {
    cepa_sketch_layer columns[MOST_COLUMNS];
    char labels[MOST_COLUMNS][100];
    size_t count;
} sketch;

static size_t units_of(const cepa_layer_info *layer)
{
    size_t units = 1;
    for (size_t i = 0; i < layer->rank; i++) units *= layer->output_shape[i] > 0 ? (size_t)layer->output_shape[i] : 1;
    return units;
}

static void add_column(sketch *s, const cepa_layer_info *layer)
{
    if (s->count == MOST_COLUMNS) { /* the input stays, the oldest layer goes */
        memmove(&s->columns[1], &s->columns[2], (MOST_COLUMNS - 2) * sizeof *s->columns);
        memmove(&s->labels[1], &s->labels[2], (MOST_COLUMNS - 2) * sizeof *s->labels);
        s->count--;
    }
    size_t units = units_of(layer), shown = units < MOST_UNITS ? units : MOST_UNITS;
    snprintf(s->labels[s->count], sizeof s->labels[0], "%s\n%zu of %zu", layer->name, shown, units);
    s->columns[s->count++] = (cepa_sketch_layer){.units = shown};
}

static cepa_status draw_sketch(const settings *settings, const inspection *in, const masks *m, cepa_error *error)
{
    sketch s = {.count = 0};
    cepa_layer_info layer;
    for (size_t i = 0; cepa_model_layer(in->model, i, &layer) == CEPA_OK; i++) {
        if (strcmp(layer.name, m->layer.name) == 0 && s.count) s.columns[s.count - 1].mask = m->factors;
        if (layer.parameters || !s.count) add_column(&s, &layer);
    }
    for (size_t i = 0; i < s.count; i++) s.columns[i].label = s.labels[i];
    cepa_status status = cepa_plot_dropout(settings->output, s.columns, s.count, error);
    if (!status) printf("Wrote %s\n", settings->output);
    return status;
}

static int dropout_main(const settings *settings)
{
    cepa_error error = {CEPA_OK, ""};
    inspection in;
    masks m = {.rows = 0};
    cepa_layer_info layer;
    cepa_status status = inspect_sized(settings, &in, &error);
    if (!status) status = find(settings, &in, &layer, &error);
    if (!status) status = choose_step(settings, &m, &error);
    if (!status) status = draw_masks(settings, &in, &layer, &m, &error);
    if (!status && settings->text)
        print_dots(settings, &m);
    else if (!status && !settings->output)
        print_masks(settings, &m);
    if (!status && settings->output) status = draw_sketch(settings, &in, &m, &error);
    free(m.factors);
    return inspect_end(&in, status, &error);
}

const command inspect_dropout_command = {
    .name = "inspect dropout",
    .operands = "MODEL",
    .purpose = "Shows the masks that a Dropout layer draws in a step of training",
    .options = options,
    .least = 1,
    .most = 1,
    .run = dropout_main,
};
