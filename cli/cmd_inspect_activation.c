/* cepa inspect activation: activation functions as numbers and curves. */
#include "activations.h"
#include "commands.h"
#include "drawing.h"
#include "files.h"
#include "inspect.h"
#include "report.h"
#include "terminal.h"
#include "text_table.h"

#include <stdlib.h>

static const option options[] = {
    FIGURE_OUTPUT_OPTION,
    TEXT_OPTION,
    WIDTH_OPTION,
    END_OF_OPTIONS,
};

enum { MOST_FUNCTIONS = 20, FARTHEST = 5, PER_UNIT = 20, POINTS = 2 * FARTHEST * PER_UNIT + 1 };

typedef struct functions {
    size_t count;
    double x[POINTS], y[MOST_FUNCTIONS][POINTS];
    cepa_series series[MOST_FUNCTIONS];
} functions;

static cepa_status calculate(const settings *settings, functions *f, cepa_error *error)
{
    for (int i = 0; i < POINTS; i++) f->x[i] = (double)(i - FARTHEST * PER_UNIT) / PER_UNIT;
    cepa_status status = CEPA_OK;
    for (; f->count < settings->operand_count && !status; f->count++) {
        const char *name = settings->operands[f->count];
        status = activate(name, POINTS, f->x, f->y[f->count], error);
        f->series[f->count] = (cepa_series){.name = name, .count = POINTS, .x = f->x, .y = f->y[f->count]};
    }
    return status;
}

/* A row for every whole number. */
static cepa_status print(const functions *f, cepa_error *error)
{
    text_table table = text_table_new(f->count + 1);
    text_table_row(&table);
    text_table_set(&table, 0, "x");
    for (size_t k = 0; k < f->count; k++) text_table_set(&table, k + 1, "%s", f->series[k].name);
    for (size_t i = 0; i < POINTS; i += PER_UNIT) {
        text_table_row(&table);
        text_table_set(&table, 0, "%g", f->x[i]);
        for (size_t k = 0; k < f->count; k++) text_table_set(&table, k + 1, "%.4f", f->y[k][i] + 0.0);
    }
    bool good = !table.failed;
    if (good) text_table_print(&table, stdout);
    text_table_free(&table);
    return good ? CEPA_OK : fails_memory(error);
}

static int activation_main(const settings *settings)
{
    static functions f;
    cepa_error error;
    const cepa_plot_options how = {.x_label = "x", .y_label = settings->operand_count > 1 ? "f(x)" : NULL};
    cepa_status status = check_figure("-o", settings->output, &error);
    if (!status) status = calculate(settings, &f, &error);
    if (!status && (settings->text || settings->output))
        status = draw_curves(settings, settings->output, f.series, f.count, &how, &error);
    else if (!status)
        status = print(&f, &error);
    return status ? failed(&error) : DONE;
}

const command inspect_activation_command = {
    .name = "inspect activation",
    .operands = "FUNCTION...",
    .purpose = "Shows activation functions, such as relu, from -5 to 5",
    .options = options,
    .least = 1,
    .most = MOST_FUNCTIONS,
    .run = activation_main,
};
