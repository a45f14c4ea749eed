/* cepa data head, cepa data pairs: a look at the rows and columns of a table. */
#include "commands.h"
#include "drawing.h"
#include "report.h"
#include "subject.h"
#include "text_table.h"

/* ---- head ---- */

static void set_numbers(text_table *table, size_t column, const cepa_array *array, size_t row)
{
    size_t count = array->rank ? (size_t)array->shape[0] : 1;
    for (size_t i = 0; i < count; i++)
        text_table_set(table, column + i, "%.6g", cepa_array_number(array, row * count + i));
}

/* The first rows of the inputs, and behind them the target, a class by its name. */
static void print_rows(const cepa_dataset *data, size_t most)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    const cepa_array *x = info->inputs, *y = info->targets;
    size_t count = (size_t)x->shape[0];
    size_t targets = !info->target_count ? 0 : info->class_names || !y->rank ? 1 : (size_t)y->shape[0];
    text_table table = text_table_new(count + targets);
    text_table_row(&table);
    for (size_t i = 0; i < count; i++) text_table_set(&table, i, "%s", x->columns[i]);
    for (size_t i = 0; i < targets; i++) text_table_set(&table, count + i, "%s", targets > 1 ? y->columns[i] : y->name);
    for (size_t row = 0; row < most && row < info->rows; row++) {
        text_table_row(&table);
        set_numbers(&table, 0, x, row);
        if (info->class_names)
            text_table_set(&table, count, "%s", info->class_names[cepa_dataset_class(data, row)]);
        else if (targets)
            set_numbers(&table, count, y, row);
    }
    text_table_print(&table, stdout);
    text_table_free(&table);
}

static int head_main(const settings *settings)
{
    cepa_parts parts;
    cepa_error error;
    if (subject_shown(settings, &parts, &error) != CEPA_OK) return failed(&error);
    const cepa_dataset_info *info = cepa_dataset_describe(parts.train);
    int status = DONE;
    if (info->table)
        print_rows(parts.train, settings->rows ? settings->rows : 5);
    else
        status = misused("%s is no table (.csv): 'cepa data grid' shows pictures", info->name);
    cepa_parts_free(&parts);
    return status;
}

const command data_head_command = {
    .name = "data head",
    .operands = "D",
    .purpose = "Prints the first rows of a table that are learned from",
    .options =
        (const option[]){
            OPTION("rows", rows, TAKES_COUNT, .value = "N", .min = 1, .help = "how many; default: 5"),
            TABLE_OPTIONS,
            END_OF_OPTIONS,
        },
    .least = 1,
    .most = 1,
    .run = head_main,
};

/* ---- pairs ---- */

static int pairs_main(const settings *settings)
{
    cepa_parts parts = {NULL};
    cepa_error error;
    const char *path = settings->output ? settings->output : "pairs.png";
    cepa_status status = check_figure("-o", settings->output, &error);
    if (!status) status = subject_shown(settings, &parts, &error);
    if (!status) status = cepa_plot_pairs(path, parts.train, &error);
    if (!status) printf("Wrote %s\n", path);
    cepa_parts_free(&parts);
    return status ? failed(&error) : DONE;
}

const command data_pairs_command = {
    .name = "data pairs",
    .operands = "D",
    .purpose = "Draws every column of a table over every other one, for the rows that are learned from",
    .options =
        (const option[]){
            OPTION("output", output, TAKES_TEXT, .letter = 'o', .value = "FILE",
                   .help = ".png, .svg or .pdf; default: pairs.png"),
            TABLE_OPTIONS,
            END_OF_OPTIONS,
        },
    .least = 1,
    .most = 1,
    .run = pairs_main,
};
