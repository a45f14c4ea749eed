/* Writing Keras' serialised objects, in the spelling that Keras 3.0 ... 3.15 read. */
#include "formats/keras_activation.h"
#include "formats/keras_object.h"
#include "layers/activations.h"
#include "train/metric.h"
#include "train/optimizer.h"

#include <string.h>

const value *keras_object_write(arena *arena, const char *module, const char *class_name, const value *config)
{
    const named_value members[] = {
        {"module", value_text(arena, module)},
        {"class_name", value_text(arena, class_name)},
        {"config", config},
        {"registered_name", value_none()},
    };
    return value_dict(arena, members, ARRAY_COUNT(members));
}

/* An activation with arguments becomes the layer of the same meaning. */
static const value *write_activation(arena *arena, const value *call, cepa_error *error)
{
    member chosen;
    if (member_read(arena, &activation_family, call, &chosen, error)) return NULL;
    const char *text = member_print(arena, &chosen);
    const activation_spelling *spelling = activation_spelling_of(chosen.kind->name);
    if (!text || !strchr(text, '(')) return value_text(arena, text);
    if (!spelling)
        return fail(error, CEPA_UNSUPPORTED, "the activation %s has no spelling in Keras' files", text), NULL;
    return keras_object_write(arena, "keras.layers", spelling->layer,
                              value_dict(arena, call->call.members, call->call.count));
}

static const value *write_member(arena *arena, const family *family, const value *v, cepa_error *error)
{
    if (v->kind != VALUE_CALL) return v;
    if (family == &activation_family) return write_activation(arena, v, error);
    return keras_object_write(arena, arena_format(arena, "keras.%ss", family->what), v->call.name,
                              value_dict(arena, v->call.members, v->call.count));
}

/* False or 0. */
static bool changes_nothing(const value *v)
{
    double number;
    return v->kind == VALUE_BOOL ? !v->boolean : value_number(v, &number) && number == 0;
}

const value *keras_config_write(arena *arena, const kind *kind, const void *options, cepa_error *error)
{
    size_t count = 0, written = 0;
    const named_value *values = fields_write(arena, kind, options, &count);
    named_value *members = values ? arena_array(arena, count, sizeof *members) : NULL;
    for (size_t i = 0; members && i < count; i++) {
        const field *f = &kind->fields[i];
        const value *v = values[i].value;
        if (f->recent && (f->derived || changes_nothing(v))) continue;
        if (f->type == FIELD_MEMBER && !(v = write_member(arena, f->family, v, error))) return NULL;
        members[written++] = (named_value){values[i].name, v};
    }
    return members ? value_dict(arena, members, written) : NULL;
}

static const value *write_list(arena *arena, const char *module, const value *v)
{
    const value **items = arena_array(arena, v->list.count, sizeof *items);
    for (size_t i = 0; items && i < v->list.count; i++)
        if (!(items[i] = keras_value_write(arena, module, v->list.items[i]))) return NULL;
    return value_list(arena, items, v->list.count);
}

static const field *field_named(const char *class_name, const char *name)
{
    static const family *const families[] = {&optimizer_family, &schedule_family, &metric_family, &loss_family};
    for (size_t i = 0; i < ARRAY_COUNT(families); i++) {
        const kind *kind = family_find(families[i], class_name);
        const field *f = kind ? field_find(kind, name) : NULL;
        if (f) return f;
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

/* A text that names a loss which Keras has no metric of is its function. */
static const value *write_function(arena *arena, const kind *kind)
{
    char name[100];
    snake_case(kind->name, name, sizeof name);
    const named_value members[] = {{"module", value_text(arena, "builtins")},
                                   {"class_name", value_text(arena, "function")},
                                   {"config", value_text(arena, name)},
                                   {"registered_name", value_text(arena, "function")}};
    return value_dict(arena, members, ARRAY_COUNT(members));
}

const value *keras_value_write(arena *arena, const char *module, const value *v)
{
    const kind *named =
        v->kind == VALUE_TEXT && strcmp(module, "keras.metrics") == 0 ? metric_find(value_text_of(v)) : NULL;
    if (metric_is_loss_alone(named)) return write_function(arena, named);
    if (v->kind == VALUE_LIST) return write_list(arena, module, v);
    if (v->kind != VALUE_DICT && v->kind != VALUE_CALL) return v;
    named_value *members = arena_array(arena, v->call.count, sizeof *members);
    size_t count = 0;
    for (size_t i = 0; members && i < v->call.count; i++) {
        const named_value *m = &v->call.members[i];
        if (is_needless(v, m)) continue;
        bool argument = v->kind == VALUE_CALL && m->value->kind == VALUE_TEXT; /* such as its name */
        const value *written = argument ? m->value : keras_value_write(arena, module, m->value);
        members[count++] = (named_value){m->name, written};
    }
    const value *dict = members ? value_dict(arena, members, count) : NULL;
    return v->kind == VALUE_CALL ? keras_object_write(arena, module_of(module, v->call.name), v->call.name, dict)
                                 : dict;
}
