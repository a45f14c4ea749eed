#include "model/notes.h"

#include "train/compile.h"

const value *notes_write(arena *memory, const cepa_model *model)
{
    const cepa_notes *n = &model->notes;
    const value **names = arena_array(memory, n->class_count + 1, sizeof *names);
    if (!names) return NULL;
    for (size_t i = 0; i < n->class_count; i++)
        if (!(names[i] = value_text(memory, n->class_names[i]))) return NULL;
    named_value members[] = {
        {"version", value_text(memory, CEPA_VERSION)},
        {"input_scale", value_real(memory, n->input_scale)},
        {"class_names", value_list(memory, names, n->class_count)},
        {"epoch", value_int(memory, model->training ? model->training->epoch : 0)},
    };
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        if (!members[i].value) return NULL;
    return value_dict(memory, members, ARRAY_COUNT(members));
}

cepa_status notes_read(cepa_model *model, const value *notes, cepa_error *error)
{
    cepa_notes read = {0};
    const value *names = value_member(notes, "class_names");
    value_number(value_member(notes, "input_scale"), &read.input_scale);
    size_t count = names && names->kind == VALUE_LIST ? names->list.count : 0;
    const char **texts = arena_array(&model->memory, count + 1, sizeof *texts);
    if (!texts) return fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        texts[i] = value_text_of(names->list.items[i]);
        if (!texts[i]) return fail(error, CEPA_FORMAT, "cepa.json: class_names must hold texts");
    }
    read.class_names = texts;
    read.class_count = count;
    cepa_status status = cepa_model_set_notes(model, &read);
    return status ? fail_memory(error) : CEPA_OK;
}

void notes_resume(cepa_model *model, const value *notes)
{
    double epoch;
    if (value_number(value_member(notes, "epoch"), &epoch) && epoch >= 0 && epoch <= UINT32_MAX)
        model->training->epoch = (uint32_t)epoch;
}
