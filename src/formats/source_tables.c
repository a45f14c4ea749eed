/* Tables in source text: which columns pandas takes of a table and how train_test_split deals its rows out are
 * declarations; nothing is loaded. What else is done to a table gives an unknown thing. */
#include "data/csv.h"
#include "data/known.h"
#include "formats/source_eval.h"

#include <string.h>

static const thing *thing_table(eval *e, const source_table *table)
{
    thing *made = thing_new(e, THING_TABLE);
    source_table *copy = arena_allocate(e->source.memory, sizeof *copy);
    if (!made || !copy) return eval_no_memory(e);
    *copy = *table;
    made->table = copy;
    return made;
}

/* ---- Whole tables */

/* The table of a data set whose columns are known; an unknown thing for others. */
static const thing *known_table(eval *e, const cepa_known_dataset *about)
{
    const known *known = about ? known_dataset(about->name) : NULL;
    if (!known || !known->columns) return thing_unknown();
    csv_fields names = {0};
    source_table table = {.dataset = about->name, .last = INT64_MAX, .columns = thing_sequence(e, THING_LIST, NULL, 0)};
    if (csv_read_list(about->name, known->columns, &names, e->source.error)) table.columns = NULL;
    for (size_t i = 0; table.columns && i < names.count; i++)
        if (!sequence_add(e, table.columns->list, thing_text(e, names.fields[i]))) table.columns = NULL;
    csv_fields_free(&names);
    return table.columns ? thing_table(e, &table) : NULL;
}

/* A call's first argument where it is a text, else "". */
static const char *first_text(const call_site *site)
{
    bool text = site->count && site->arguments[0].thing->type == THING_TEXT;
    return text ? site->arguments[0].thing->text : "";
}

/* seaborn.load_dataset("penguins"). */
const thing *call_load_table(eval *e, const call_site *site)
{
    const char *name = first_text(site);
    const known *known = known_dataset(name);
    return known_table(e, known ? known_about(known) : NULL);
}

/* pandas.read_csv("file or address"): a table of the file name that a known one has. */
const thing *call_read_csv(eval *e, const call_site *site)
{
    const char *path = first_text(site), *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t count, length = strcspn(name, "?");
    const cepa_known_dataset *about = cepa_known_datasets(&count);
    for (size_t i = 0; i < count; i++) {
        const char *file = known_dataset(about[i].name)->origin.folder;
        if (length && file && strlen(file) == length && strncmp(file, name, length) == 0)
            return known_table(e, &about[i]);
    }
    return thing_unknown();
}

/* ---- Columns */

static bool names_column(const thing *names, const char *column)
{
    size_t count;
    const thing *const *name = thing_items(&names, &count);
    for (size_t i = 0; i < count; i++)
        if (name[i]->type == THING_TEXT && strcmp(name[i]->text, column) == 0) return true;
    return false;
}

static bool check_names(eval *e, const thing *table, const thing *names, size_t offset)
{
    size_t count;
    const thing *const *name = thing_items(&names, &count);
    for (size_t i = 0; i < count; i++) {
        if (name[i]->type != THING_TEXT) return eval_misplaced(e, offset, name[i], "a column's name");
        if (!names_column(table->table->columns, name[i]->text))
            return eval_refuse(e, offset, "the table has no column '%s'", name[i]->text);
    }
    return true;
}

/* The columns that are named (in the names' order), or all others in their own. */
static const thing *choose_columns(eval *e, const thing *table, const thing *names, bool others, size_t offset)
{
    if (!check_names(e, table, names, offset)) return NULL;
    source_table chosen = *table->table;
    chosen.columns = thing_sequence(e, THING_LIST, NULL, 0);
    if (!chosen.columns) return NULL;
    size_t count;
    const thing *const *column = thing_items(others ? &table->table->columns : &names, &count);
    for (size_t i = 0; i < count; i++) {
        if (others && names_column(names, column[i]->text)) continue;
        if (!sequence_add(e, chosen.columns->list, column[i])) return NULL;
    }
    return thing_table(e, &chosen);
}

/* table.drop(columns=names), or with Python's older spelling drop(names, axis=1). */
const thing *table_drop(eval *e, const call_site *site)
{
    const named_thing *names = NULL;
    for (size_t i = 0; i < site->count; i++) {
        const named_thing *a = &site->arguments[i];
        if (!a->name || strcmp(a->name, "columns") == 0 || strcmp(a->name, "labels") == 0) names = names ? names : a;
    }
    if (!names || thing_is_unknown(names->thing)) return thing_unknown();
    return choose_columns(e, site->self, names->thing, true, names->offset);
}

/* dropna, copy, astype: rows with missing values are never learned from, and numbers are float32 anyway. */
const thing *table_same(eval *e, const call_site *site)
{
    (void)e;
    return site->self;
}

/* pandas.get_dummies(column): a text that is predicted becomes classes anyway. */
const thing *call_dummies(eval *e, const call_site *site)
{
    (void)e;
    bool table = site->count && site->arguments[0].thing->type == THING_TABLE;
    return table ? site->arguments[0].thing : thing_unknown();
}

const thing *table_shape(eval *e, const thing *object, size_t offset)
{
    (void)offset;
    const source_table *t = object->table;
    shape columns = {1, {(int)t->columns->list->count}};
    return thing_shape(e, t->last == INT64_MAX || t->part ? CEPA_UNKNOWN : t->last - t->first, &columns);
}

/* ---- Rows */

const thing *table_loc(eval *e, const thing *object, size_t offset)
{
    (void)offset;
    source_table labelled = *object->table;
    labelled.labelled = true;
    return thing_table(e, &labelled);
}

/* An end of a slice; false where it is no integer from 0 on. */
static bool slice_end(eval *e, const node *n, int64_t preset, int64_t *end, bool *good)
{
    const thing *t = n ? eval_expression(e, n) : thing_none();
    *end = t && t->type == THING_INT ? t->integer : preset;
    *good = *good && t && (t->type == THING_NONE || (t->type == THING_INT && t->integer >= 0));
    return t != NULL;
}

/* Rows from one to before another; with loc the last one belongs to them. */
static const thing *slice_rows(eval *e, const node *slice, const thing *object)
{
    source_table part = *object->table;
    int64_t first, last, step;
    bool good = part.first == 0 && part.last == INT64_MAX && !part.part;
    if (!slice_end(e, slice->child[0], 0, &first, &good) || !slice_end(e, slice->child[1], INT64_MAX, &last, &good) ||
        !slice_end(e, slice->child[2], 1, &step, &good))
        return NULL;
    if (last != INT64_MAX) last += part.labelled;
    if (!good || step != 1 || first >= last) return thing_unknown();
    part.first = first;
    part.last = last;
    part.labelled = false;
    return thing_table(e, &part);
}

const thing *table_index(eval *e, const node *n, const thing *object)
{
    if (n->type == NODE_SLICE) return slice_rows(e, n, object);
    const thing *names = eval_expression(e, n);
    if (!names) return NULL;
    bool columns = names->type == THING_TEXT || names->type == THING_LIST;
    return columns && !object->table->labelled ? choose_columns(e, object, names, false, n->offset) : thing_unknown();
}

/* ---- Parts */

void tables_are_used(eval *e, const thing *inputs, const thing *target)
{
    if (inputs->type != THING_TABLE || target->type != THING_TABLE || e->tables.inputs) return;
    e->tables.inputs = inputs->table;
    e->tables.target = target->table;
}

/* The shares after part of the parts (0: of the whole) was split once more. */
static bool split_shares(source_tables *s, int part, double held)
{
    if (part == 0) {
        s->share[0] = 1 - held;
        s->share[1] = held;
    } else if (part == 2 && s->share[2] == 0) {
        s->share[2] = s->share[1] * held;
        s->share[1] *= 1 - held;
    } else if (part == 1 && s->share[2] == 0) {
        s->share[2] = s->share[1];
        s->share[1] = s->share[0] * held;
        s->share[0] *= 1 - held;
    } else
        return false;
    return true;
}

static const thing *part_of(eval *e, const thing *table, int part)
{
    source_table made = *table->table;
    made.part = part;
    return thing_table(e, &made);
}

/* X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0, ...). */
const thing *call_split(eval *e, const call_site *site)
{
    const thing *given[2] = {NULL, NULL};
    double held = 0.25; /* scikit-learn's */
    int64_t seed = 0;
    for (size_t i = 0, arrays = 0; i < site->count; i++) {
        const named_thing *a = &site->arguments[i];
        if (!a->name && arrays++ < 2) given[arrays - 1] = a->thing;
        if (a->name && strcmp(a->name, "test_size") == 0 && a->thing->type == THING_REAL) held = a->thing->real;
        if (a->name && strcmp(a->name, "random_state") == 0 && a->thing->type == THING_INT) seed = a->thing->integer;
    }
    if (!given[1] || given[0]->type != THING_TABLE || given[1]->type != THING_TABLE) return thing_unknown();
    int part = given[0]->table->part;
    if (!(held > 0 && held < 1) || part != given[1]->table->part || !split_shares(&e->tables, part, held))
        return eval_refuse(e, site->offset,
                           "this split is not read, two or three parts with shares of 0 to 1 were "
                           "expected");
    if (part == 0) {
        e->tables.inputs = e->tables.target = NULL;
        e->tables.share[2] = 0;
        e->tables.seed = seed < 0 ? 0 : (uint64_t)seed;
        tables_are_used(e, given[0], given[1]);
    }
    int first = part == 2 ? 2 : 1;
    const thing *parts[4];
    for (int i = 0; i < 4; i++)
        if (!(parts[i] = part_of(e, given[i / 2], first + i % 2))) return NULL;
    return thing_sequence(e, THING_TUPLE, parts, 4);
}

/* ---- What that says of the data */

static const char *list_columns(eval *e, const source_table *table)
{
    buffer names = {0};
    const sequence *columns = table->columns->list;
    for (size_t i = 0; i < columns->count; i++) csv_write_field(&names, ',', columns->items[i]->text);
    const char *text = names.failed ? NULL : arena_text(&e->graph->memory, names.size ? (const char *)names.bytes : "");
    buffer_free(&names);
    return text;
}

/* "70/15/15". */
static const char *print_shares(eval *e)
{
    buffer text = {0};
    for (size_t i = 0; i < 3 && e->tables.share[i] > 0; i++) {
        if (i) buffer_text(&text, "/");
        buffer_digits(&text, 100 * e->tables.share[i], 9);
    }
    const char *shares = text.failed ? NULL : arena_text(&e->graph->memory, (const char *)text.bytes);
    buffer_free(&text);
    return shares;
}

cepa_status tables_read(eval *e, cepa_source_info *info)
{
    const source_table *inputs = e->tables.inputs, *target = e->tables.target;
    if (!inputs) return CEPA_OK;
    info->dataset = inputs->dataset;
    info->table.inputs = list_columns(e, inputs);
    info->table.target = list_columns(e, target);
    if (target->first > inputs->first) info->table.ahead = (size_t)(target->first - inputs->first);
    if (inputs->last != INT64_MAX) info->table.first = (size_t)inputs->last;
    if (e->tables.share[0] > 0) info->table.split = print_shares(e);
    info->table.split_seed = e->tables.seed;
    bool good = info->table.inputs && info->table.target && (info->table.split || e->tables.share[0] <= 0);
    return good ? CEPA_OK : fail_memory(e->source.error);
}
