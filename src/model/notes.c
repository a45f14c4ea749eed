/* cepa.json: notes of a model as a value, and back. */
#include "model/notes.h"

#include "train/compile.h"

/* A table's description; a text that is not said is null. */
static const value *write_table(arena *memory, const cepa_notes *n)
{
    const cepa_table *t = &n->table;
    const named_value members[] = {
        {"name", value_text(memory, n->table_name)},
        {"target", t->target ? value_text(memory, t->target) : value_none()},
        {"inputs", t->inputs ? value_text(memory, t->inputs) : value_none()},
        {"ahead", value_int(memory, (int64_t)t->ahead)},
        {"first", value_int(memory, (int64_t)t->first)},
        {"split", t->split ? value_text(memory, t->split) : value_none()},
        {"split_seed", value_int(memory, (int64_t)t->split_seed)},
    };
    return value_dict(memory, members, ARRAY_COUNT(members));
}

const value *notes_write(arena *memory, const cepa_model *model)
{
    const cepa_notes *n = &model->notes;
    const value **names = arena_array(memory, n->class_count, sizeof *names);
    for (size_t i = 0; names && i < n->class_count; i++) names[i] = value_text(memory, n->class_names[i]);
    const named_value members[] = {
        {"version", value_text(memory, CEPA_VERSION)},
        {"input_scale", value_real(memory, n->input_scale)},
        {"input_offset", value_real(memory, n->input_offset)},
        {"class_names", value_list(memory, names, n->class_count)},
        {"epoch", value_int(memory, model->training ? model->training->epoch : 0)},
        {"table", n->table_name ? write_table(memory, n) : NULL},
    };
    return value_dict(memory, members, ARRAY_COUNT(members) - !n->table_name);
}

static uint64_t read_count(const value *table, const char *name)
{
    double number;
    bool good = value_number(value_member(table, name), &number) && number >= 0 && number < 0x1p53;
    return good ? (uint64_t)number : 0;
}

static void read_table(const value *table, cepa_notes *n)
{
    n->table_name = value_text_of(value_member(table, "name"));
    n->table = (cepa_table){.target = value_text_of(value_member(table, "target")),
                            .inputs = value_text_of(value_member(table, "inputs")),
                            .ahead = (size_t)read_count(table, "ahead"),
                            .first = (size_t)read_count(table, "first"),
                            .split = value_text_of(value_member(table, "split")),
                            .split_seed = read_count(table, "split_seed")};
}

cepa_status notes_read(cepa_model *model, const value *notes, cepa_error *error)
{
    cepa_notes read = {0};
    const value *names = value_member(notes, "class_names");
    value_number(value_member(notes, "input_scale"), &read.input_scale);
    value_number(value_member(notes, "input_offset"), &read.input_offset);
    size_t count = names && names->kind == VALUE_LIST ? names->list.count : 0;
    const char **texts = arena_array(&model->memory, count + 1, sizeof *texts);
    if (!texts) return fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        texts[i] = value_text_of(names->list.items[i]);
        if (!texts[i]) return fail(error, CEPA_FORMAT, "cepa.json: class_names must hold texts");
    }
    read.class_names = texts;
    read.class_count = count;
    read_table(value_member(notes, "table"), &read);
    cepa_status status = cepa_model_set_notes(model, &read);
    return status ? fail_memory(error) : CEPA_OK;
}

void notes_resume(cepa_model *model, const value *notes)
{
    double epoch;
    if (value_number(value_member(notes, "epoch"), &epoch) && epoch >= 0 && epoch <= UINT32_MAX)
        model->training->epoch = (uint32_t)epoch;
}
