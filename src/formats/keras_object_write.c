/* Writing Keras' serialised objects, in the spelling that Keras 3.0 ... 3.15 read. */
#include "formats/keras_activation.h"
#include "formats/keras_object.h"
#include "layers/activations.h"
#include "train/metric.h"
#include "train/optimizer.h"

#include <string.h>

const value *keras_object_write(arena *arena, const char *module, const char *class_name, const value *config)
{
    named_value members[] = {{"module", value_text(arena, module)},
                             {"class_name", value_text(arena, class_name)},
                             {"config", config},
                             {"registered_name", value_none()}};
    bool good = members[0].value && members[1].value && config;
    return good ? value_dict(arena, members, ARRAY_COUNT(members)) : NULL;
}

/* An activation with arguments becomes the layer of the same meaning. */
static cepa_status write_activation(arena *arena, const value *call, const value **written, cepa_error *error)
{
    member chosen;
    cepa_status status = member_read(arena, &activation_family, call, &chosen, error);
    if (status) return status;
    char *text = member_print(arena, &chosen);
    const activation_spelling *spelling = activation_spelling_of(chosen.kind->name);
    *written = NULL;
    if (text && !strchr(text, '('))
        *written = value_text(arena, text);
    else if (text && spelling)
        *written = keras_object_write(arena, "keras.layers", spelling->layer,
                                      value_dict(arena, call->call.members, call->call.count));
    else if (text)
        return fail(error, CEPA_UNSUPPORTED, "the activation %s has no spelling in Keras' files", text);
    return *written ? CEPA_OK : fail_memory(error);
}

static cepa_status write_member(arena *arena, const family *family, const value *v, const value **written,
                                cepa_error *error)
{
    if (v->kind != VALUE_CALL) {
        *written = v;
        return CEPA_OK;
    }
    if (family == &activation_family) return write_activation(arena, v, written, error);
    const char *module = arena_format(arena, "keras.%ss", family->what);
    const value *config = value_dict(arena, v->call.members, v->call.count);
    *written = module && config ? keras_object_write(arena, module, v->call.name, config) : NULL;
    return *written ? CEPA_OK : fail_memory(error);
}

/* False or 0. */
static bool changes_nothing(const value *v)
{
    double number;
    return v->kind == VALUE_BOOL ? !v->boolean : value_number(v, &number) && number == 0;
}

cepa_status keras_config_write(arena *arena, const kind *kind, const void *options, size_t extra, named_value **members,
                               size_t *count, cepa_error *error)
{
    const named_value *values = fields_write(arena, kind, options, count);
    size_t room;
    *members = values && add_size(*count, extra, &room) ? arena_array(arena, room, sizeof **members) : NULL;
    if (!*members) return fail_memory(error);
    size_t written = 0;
    for (size_t i = 0; i < *count; i++) {
        const field *f = &kind->fields[i];
        if (f->recent && (f->derived || changes_nothing(values[i].value))) continue;
        named_value *m = &(*members)[written++];
        *m = values[i];
        if (f->type != FIELD_MEMBER) continue;
        cepa_status status = write_member(arena, f->family, values[i].value, &m->value, error);
        if (status) return status;
    }
    *count = written;
    return CEPA_OK;
}

static const value *write_list(arena *arena, const char *module, const value *v)
{
    const value **items = arena_array(arena, v->list.count, sizeof *items);
    for (size_t i = 0; items && i < v->list.count; i++)
        if (!(items[i] = keras_value_write(arena, module, v->list.items[i]))) return NULL;
    return items ? value_list(arena, items, v->list.count) : NULL;
}

static const field *field_named(const char *class_name, const char *name)
{
    static const family *const families[] = {&optimizer_family, &schedule_family, &metric_family, &loss_family};
    for (size_t i = 0; i < ARRAY_COUNT(families); i++) {
        const kind *kind = family_find(families[i], class_name);
        for (const field *f = kind ? kind->fields : NULL; f && f->name; f++)
            if (strcmp(f->name, name) == 0) return f;
    }
    return NULL;
}

/* A CALL's member that need not be written: None where that is the default, and what older versions do not all know:
 * what the table derives and so has no other value, and recent arguments that are False. */
static bool is_needless(const value *call, const named_value *m)
{
    bool none = m->value->kind == VALUE_NONE;
    if (call->kind != VALUE_CALL) return false;
    const field *f = field_named(call->call.name, m->name);
    return f ? f->derived || (none && !f->preset_text && f->preset == 0) || (f->recent && changes_nothing(m->value))
             : none;
}

/* Where Keras has a class: a schedule, or among metrics a loss that is no metric of Keras', stands in a module of its
 * own. */
static const char *module_of(const char *module, const char *class_name)
{
    bool metric = strcmp(module, "keras.metrics") == 0;
    if (family_find(&schedule_family, class_name)) return "keras.optimizers.schedules";
    return metric && metric_is_loss_alone(metric_find(class_name)) ? "keras.losses" : module;
}

const value *keras_value_write(arena *arena, const char *module, const value *v)
{
    if (v->kind == VALUE_LIST) return write_list(arena, module, v);
    if (v->kind != VALUE_DICT && v->kind != VALUE_CALL) return v;
    named_value *members = arena_array(arena, v->call.count, sizeof *members);
    size_t count = 0;
    for (size_t i = 0; members && i < v->call.count; i++) {
        const named_value *m = &v->call.members[i];
        if (is_needless(v, m)) continue;
        members[count] = (named_value){m->name, keras_value_write(arena, module, m->value)};
        if (!members[count++].value) return NULL;
    }
    const value *dict = members ? value_dict(arena, members, count) : NULL;
    bool object = dict && v->kind == VALUE_CALL;
    return object ? keras_object_write(arena, module_of(module, v->call.name), v->call.name, dict) : dict;
}
