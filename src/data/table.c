/* Tables of named columns as data sets: which columns are numbers, inputs and targets, which rows are whole. */
#include "data/table.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One number of a row: that of a column, or where value is a text, whether the column has it (1 or 0). */
typedef struct feature {
    size_t column;
    const char *value;
    const char *name; /* "island", "island=Biscoe" */
} feature;

typedef struct features {
    feature *items;
    size_t count, capacity;
} features;

typedef struct table {
    const char *where;
    const csv_fields *text;
    const cepa_table *how;
    arena memory;
    size_t rows;   /* below the header */
    bool *numbers; /* of each column: whether all that is in it are numbers */
    bool *dropped;
    features inputs, targets;
    bool classes; /* the targets are the classes of one column */
    cepa_error *error;
} table;

/* ---- Fields */

static const char *field(const table *t, size_t row, size_t column)
{
    return t->text->fields[(row + 1) * t->text->columns + column];
}

/* What stands for a missing value, as pandas reads it. */
static bool is_missing(const char *text)
{
    static const char *const names[] = {"", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (strcmp(text, names[i]) == 0) return true;
    return false;
}

/* A decimal number that a float can hold. Where no comma separates fields one may stand for the decimal point. */
static bool is_number(const table *t, const char *text, double *number)
{
    char pointed[64];
    const char *comma = t->text->separator == ',' ? NULL : strchr(text, ','), *end;
    if (comma && strlen(text) < sizeof pointed && !strchr(text, '.')) {
        strcpy(pointed, text);
        pointed[comma - text] = '.';
        text = pointed;
    }
    if (text[strspn(text, "0123456789+-.eE")]) return false;
    *number = read_number(text, &end);
    return end != text && !*end && fabs(*number) <= (double)FLT_MAX;
}

/* In one column the decimal point is either a point or a comma: 1.234 beside 1,5 is a thousand. */
static bool holds_numbers(const table *t, size_t column)
{
    double number;
    bool any = false, commas = false, points = false;
    for (size_t row = 0; row < t->rows; row++) {
        const char *text = field(t, row, column);
        if (is_missing(text)) continue;
        if (!is_number(t, text, &number)) return false;
        any = true;
        commas = commas || strchr(text, ',');
        points = points || strchr(text, '.');
    }
    return any && !(commas && points);
}

/* ---- Names */

static bool find_column(const table *t, const char *name, size_t length, size_t *column)
{
    for (size_t i = 0; i < t->text->columns; i++) {
        const char *found = t->text->fields[i];
        if (strncmp(found, name, length) != 0 || found[length]) continue;
        *column = i;
        return true;
    }
    return false;
}

static cepa_status fail_column(const table *t, const char *name)
{
    buffer list = {0};
    for (size_t i = 0; i < t->text->columns && list.size < 400; i++) csv_write_field(&list, ',', t->text->fields[i]);
    return fail_listing(t->error, CEPA_ARGUMENT, &list, "%s: it has no column %s, its columns are ", t->where, name);
}

/* The names must be there, and each once. */
static cepa_status check_header(const table *t)
{
    enum { MOST_COLUMNS = 10000 };
    const csv_fields *text = t->text;
    double number;
    size_t numbers = 0, column;
    if (text->columns > MOST_COLUMNS)
        return fail(t->error, CEPA_FORMAT, "%s: %zu columns, at most %d are read", t->where, text->columns,
                    MOST_COLUMNS);
    for (size_t i = 0; i < text->columns; i++) {
        numbers += is_number(t, text->fields[i], &number);
        if (find_column(t, text->fields[i], strlen(text->fields[i]), &column) && column < i && *text->fields[i])
            return fail(t->error, CEPA_FORMAT, "%s: two columns are called %s", t->where, text->fields[i]);
    }
    if (numbers == text->columns)
        return fail(t->error, CEPA_FORMAT, "%s: its first line holds numbers, the columns' names were expected",
                    t->where);
    return text->rows > 1 ? CEPA_OK : fail(t->error, CEPA_DATA, "%s: there are no rows below the names", t->where);
}

/* ---- Features */

static cepa_status add_feature(table *t, features *list, size_t column, const char *value)
{
    const char *name = t->text->fields[column];
    if (t->dropped[column]) return CEPA_OK;
    if (!grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items)) return fail_memory(t->error);
    if (value) name = arena_format(&t->memory, "%s=%s", name, value);
    if (!name) return fail_memory(t->error);
    list->items[list->count++] = (feature){column, value, name};
    return CEPA_OK;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A feature for each text in a column, in their order. */
static cepa_status add_categories(table *t, features *list, size_t column)
{
    enum { MOST = 1000 };
    const char **texts = calloc(t->rows, sizeof *texts);
    size_t found = 0, kinds = 0;
    if (!texts) return fail_memory(t->error);
    for (size_t row = 0; row < t->rows; row++)
        if (!is_missing(field(t, row, column))) texts[found++] = field(t, row, column);
    if (found) qsort(texts, found, sizeof *texts, compare_texts);
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < found && !status; i++) {
        if (i && strcmp(texts[i], texts[i - 1]) == 0) continue;
        status = kinds++ < MOST ? add_feature(t, list, column, texts[i])
                                : fail(t->error, CEPA_DATA,
                                       "%s: the column %s has more than %d different texts, "
                                       "numbers or a few kinds of text were expected",
                                       t->where, t->text->fields[column], MOST);
    }
    free(texts);
    if (!status && !found)
        return fail(t->error, CEPA_DATA, "%s: the column %s is empty", t->where, t->text->fields[column]);
    return status;
}

/* All columns of numbers whose names begin with the first length letters of name. */
static cepa_status add_beginnings(table *t, features *list, const char *name, size_t length)
{
    cepa_status status = CEPA_OK;
    size_t found = 0;
    for (size_t i = 0; i < t->text->columns && !status; i++) {
        if (!t->numbers[i] || strncmp(t->text->fields[i], name, length) != 0) continue;
        status = add_feature(t, list, i, NULL);
        found++;
    }
    return status || found ? status : fail_column(t, name);
}

/* NAME, NAME=TEXT for one kind of text, or NA* for all columns of numbers that begin so. */
static cepa_status add_named(table *t, features *list, const char *name)
{
    size_t column;
    if (find_column(t, name, strlen(name), &column))
        return t->numbers[column] ? add_feature(t, list, column, NULL) : add_categories(t, list, column);
    if (*name && name[strlen(name) - 1] == '*') return add_beginnings(t, list, name, strlen(name) - 1);
    for (const char *equals = strchr(name, '='); equals; equals = strchr(equals + 1, '='))
        if (find_column(t, name, (size_t)(equals - name), &column)) {
            const char *value = arena_text(&t->memory, equals + 1);
            return value ? add_feature(t, list, column, value) : fail_memory(t->error);
        }
    return fail_column(t, name);
}

typedef cepa_status use_name(table *t, features *list, const char *name);

static cepa_status each_name(table *t, features *list, const char *names, use_name *use)
{
    csv_fields read = {0};
    cepa_status status = csv_read_list(t->where, names, &read, t->error);
    for (size_t i = 0; i < read.count && !status; i++) status = use(t, list, read.fields[i]);
    csv_fields_free(&read);
    return status;
}

static cepa_status drop_name(table *t, features *list, const char *name)
{
    (void)list;
    size_t column;
    if (!find_column(t, name, strlen(name), &column)) return fail_column(t, name);
    t->dropped[column] = true;
    return CEPA_OK;
}

/* A row's own target is no input. */
static void drop_targets(table *t)
{
    for (size_t i = 0; i < t->targets.count && !t->how->ahead; i++) t->dropped[t->targets.items[i].column] = true;
}

static cepa_status choose_inputs(table *t)
{
    cepa_status status = CEPA_OK;
    if (t->how->inputs) status = each_name(t, &t->inputs, t->how->inputs, add_named);
    for (size_t i = 0; i < t->text->columns && !t->how->inputs && !status; i++)
        if (t->numbers[i] && *t->text->fields[i]) status = add_feature(t, &t->inputs, i, NULL);
    if (status || t->inputs.count) return status;
    return fail(t->error, CEPA_DATA, "%s: no column is left for the inputs", t->where);
}

static cepa_status choose(table *t)
{
    cepa_status status = check_header(t);
    for (size_t i = 0; i < t->text->columns && !status; i++) t->numbers[i] = holds_numbers(t, i);
    if (!status && t->how->target) status = each_name(t, &t->targets, t->how->target, add_named);
    if (!status && t->how->drop) status = each_name(t, NULL, t->how->drop, drop_name);
    if (status) return status;
    t->classes = t->targets.count > 1;
    for (size_t i = 0; i < t->targets.count; i++)
        t->classes =
            t->classes && t->targets.items[i].value && t->targets.items[i].column == t->targets.items[0].column;
    drop_targets(t);
    return choose_inputs(t);
}

/* ---- Rows */

static bool is_whole(const table *t, const features *list, size_t row)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_missing(field(t, row, list->items[i].column))) return false;
    return true;
}

static void fill_row(const table *t, const features *list, size_t row, float *numbers)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *text = field(t, row, list->items[i].column), *value = list->items[i].value;
        double number = 0;
        if (value)
            number = strcmp(text, value) == 0;
        else
            is_number(t, text, &number);
        numbers[i] = (float)number;
    }
}

/* Where the targets are classes, every row has one. */
static cepa_status check_classes(const table *t, size_t row, const float *numbers)
{
    for (size_t i = 0; i < t->targets.count; i++)
        if (numbers[i] > 0) return CEPA_OK;
    return fail(t->error, CEPA_DATA, "%s: row %zu: %s is %s, which is none of the %zu classes", t->where, row + 1,
                t->text->fields[t->targets.items[0].column], field(t, row, t->targets.items[0].column),
                t->targets.count);
}

/* The rows in which nothing is missing. */
static cepa_status choose_rows(const table *t, size_t *rows, size_t *count, size_t *looked_at)
{
    size_t most = t->rows > t->how->ahead ? t->rows - t->how->ahead : 0;
    if (t->how->first && t->how->first < most) most = t->how->first;
    *count = 0;
    *looked_at = most;
    for (size_t row = 0; row < most; row++)
        if (is_whole(t, &t->inputs, row) && is_whole(t, &t->targets, row + t->how->ahead)) rows[(*count)++] = row;
    return *count ? CEPA_OK : fail(t->error, CEPA_DATA, "%s: in every row something is missing", t->where);
}

static cepa_status add_array(table *t, cepa_dataset *made, role role, float **numbers)
{
    const features *list = role == ROLE_INPUT ? &t->inputs : &t->targets;
    cepa_array array = {.type = CEPA_FLOAT32, .rank = role == ROLE_INPUT || list->count > 1};
    const char **names = arena_array(&t->memory, list->count, sizeof *names);
    void *data;
    if (!names) return fail_memory(t->error);
    for (size_t i = 0; i < list->count; i++) names[i] = list->items[i].name;
    array.shape[0] = (int)list->count;
    array.columns = names;
    if (role == ROLE_TARGET) array.name = t->classes ? t->text->fields[list->items[0].column] : list->items[0].name;
    cepa_status status = dataset_add(made, role, &array, &data, t->error);
    *numbers = data;
    return status;
}

static cepa_status name_classes(table *t, cepa_dataset *made)
{
    const char **names = arena_array(&t->memory, t->targets.count, sizeof *names);
    if (!names) return fail_memory(t->error);
    for (size_t i = 0; i < t->targets.count; i++) names[i] = t->targets.items[i].value;
    return dataset_name_classes(made, names, t->targets.count, t->error);
}

/* The features as a list of names. */
static char *list_names(const features *list)
{
    buffer names = {0};
    for (size_t i = 0; i < list->count; i++) csv_write_field(&names, ',', list->items[i].name);
    return buffer_take_text(&names);
}

static cepa_status keep_description(const table *t, cepa_dataset *made)
{
    char *inputs = list_names(&t->inputs), *target = t->targets.count ? list_names(&t->targets) : NULL;
    cepa_table how = {.target = target, .inputs = inputs, .ahead = t->how->ahead, .first = t->how->first};
    cepa_status status =
        inputs && (target || !t->targets.count) ? dataset_of_table(made, &how, t->error) : fail_memory(t->error);
    free(inputs);
    free(target);
    return status;
}

static cepa_status fill(table *t, const size_t *rows, cepa_dataset *made)
{
    float *x, *y = NULL;
    cepa_status status = add_array(t, made, ROLE_INPUT, &x);
    if (!status && t->targets.count) status = add_array(t, made, ROLE_TARGET, &y);
    if (!status && t->classes) status = name_classes(t, made);
    if (!status) status = keep_description(t, made);
    for (size_t i = 0; i < made->rows && !status; i++) {
        fill_row(t, &t->inputs, rows[i], x + i * t->inputs.count);
        if (y) fill_row(t, &t->targets, rows[i] + t->how->ahead, y + i * t->targets.count);
        if (t->classes) status = check_classes(t, rows[i] + t->how->ahead, y + i * t->targets.count);
    }
    return status ? status : dataset_end(made, t->error);
}

static cepa_status make(table *t, cepa_dataset **made)
{
    size_t *rows = arena_array(&t->memory, t->rows, sizeof *rows), count, looked_at;
    if (!rows) return fail_memory(t->error);
    cepa_status status = choose_rows(t, rows, &count, &looked_at);
    if (!status) status = dataset_begin(count, t->where, made, t->error);
    if (status) return status;
    (*made)->storage->incomplete = looked_at - count;
    status = fill(t, rows, *made);
    if (!status) return CEPA_OK;
    cepa_dataset_free(*made);
    *made = NULL;
    return status;
}

cepa_status table_read(const char *where, const csv_fields *text, const cepa_table *how, cepa_dataset **made,
                       cepa_error *error)
{
    table t = {.where = where, .text = text, .how = how, .rows = text->rows - 1, .error = error};
    *made = NULL;
    t.numbers = arena_array(&t.memory, text->columns, sizeof *t.numbers);
    t.dropped = arena_array(&t.memory, text->columns, sizeof *t.dropped);
    cepa_status status = t.numbers && t.dropped ? choose(&t) : fail_memory(error);
    if (!status) status = make(&t, made);
    free(t.inputs.items);
    free(t.targets.items);
    arena_free(&t.memory);
    return status;
}
