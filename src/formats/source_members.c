/* Arguments of calls in source text as values, and members of families: optimizers, losses, initializers ... */
#include "formats/keras_decay.h"
#include "formats/source_eval.h"
#include "layers/activations.h"
#include "train/callback.h"
#include "train/optimizer.h"

#include <string.h>

named_value *call_values(eval *e, const call_site *site)
{
    named_value *values = arena_array(&e->graph->memory, site->count, sizeof *values);
    if (!values) eval_no_memory(e);
    for (size_t i = 0; values && i < site->count; i++) {
        const named_thing *a = &site->arguments[i];
        values[i] = (named_value){a->name, thing_value(e, a->thing, a->offset)};
        if (!values[i].value) return NULL;
    }
    return values;
}

size_t call_offset(const call_site *site, const kind *kind, const char *message)
{
    static const char unknown[] = "unknown argument '";
    size_t head = strlen(kind->name), place = 0;
    if (strncmp(message, kind->name, head) != 0 || strncmp(message + head, ": ", 2) != 0) return site->offset;
    const char *name = message + head + 2;
    if (strncmp(name, unknown, sizeof unknown - 1) == 0) name += sizeof unknown - 1;
    size_t length = strcspn(name, "': ");
    const field *f = kind->fields;
    for (; f && f->name && (strncmp(f->name, name, length) != 0 || f->name[length]); f++) place++;
    for (size_t i = 0; i < site->count; i++) {
        const char *given = site->arguments[i].name;
        if (given ? strncmp(given, name, length) == 0 && !given[length] : f && f->name && i == place)
            return site->arguments[i].offset;
    }
    return site->offset;
}

/* ---- Members */

/* A module of Keras and the families its members are found in, one after the other. */
typedef struct member_module {
    const char *path;
    const family *families[2];
} member_module;

static const member_module modules[] = {
    {"keras.optimizers.schedules", {&schedule_family}},
    {"keras.activations", {&activation_family}},
    {"keras.initializers", {&initializer_family}},
    {"keras.regularizers", {&regularizer_family}},
    {"keras.constraints", {&constraint_family}},
    {"keras.optimizers", {&optimizer_family}},
    {"keras.losses", {&loss_family}},
    {"keras.metrics", {&metric_family, &loss_family}},
    {"keras.callbacks", {&callback_family}},
};

/* That of a path into it, or of its own. */
static const member_module *module_of(const char *path)
{
    for (size_t i = 0; i < ARRAY_COUNT(modules); i++) {
        size_t length = strlen(modules[i].path);
        if (strncmp(path, modules[i].path, length) == 0 && strchr(".", path[length])) return &modules[i];
    }
    return NULL;
}

static const family *family_of(const member_module *module, const char *name)
{
    const family *second = module->families[1];
    return second && !family_find(module->families[0], name) && family_find(second, name) ? second
                                                                                          : module->families[0];
}

const thing *call_member(eval *e, const call_site *site)
{
    for (size_t i = 0; i < site->count; i++)
        if (site->arguments[i].thing->type == THING_TENSOR)
            return eval_refuse(e, site->offset, "%s of a tensor is not read, a layer was expected", site->path);
    named_value *values = call_values(e, site);
    const char *name = path_end(site->path);
    thing *made = values ? thing_new(e, THING_MEMBER) : NULL;
    if (!made) return NULL;
    made->member = value_call(&e->graph->memory, name, values, site->count);
    if (!made->member) return eval_no_memory(e);
    if (strncmp(site->path, "keras.optimizers.", 17) == 0)
        made->member = keras_decay_as_schedule(&e->graph->memory, made->member, e->source.error);
    if (!made->member) return NULL;
    const family *family = family_of(module_of(site->path), name);
    cepa_error error;
    member found;
    if (!member_read(&e->graph->memory, family, made->member, &found, &error)) return made;
    const kind *kind = family_find(family, name);
    return eval_pass_on(e, kind ? call_offset(site, kind, error.message) : site->offset, &error);
}

/* keras.callbacks.LearningRateScheduler(schedule, verbose=0): what the function comes to is known once the model is
 * compiled. Rates may stand in its place. */
static const thing *call_scheduler(eval *e, const call_site *site)
{
    static const char *const names[] = {"schedule", "verbose", NULL};
    const named_thing *given[2];
    const thing *parts[2];
    if (!eval_bind(e, site, names, 1, given)) return NULL;
    if (given[0]->thing->type != THING_FUNCTION)
        return thing_is_list(given[0]->thing) ? call_member(e, site) : site->self;
    parts[0] = given[0]->thing;
    parts[1] = given[1] ? given[1]->thing : thing_none();
    const thing *both = thing_sequence(e, THING_TUPLE, parts, 2);
    thing *made = both ? thing_new(e, THING_SCHEDULER) : NULL;
    if (made) made->list = both->list;
    return made;
}

/* One that is not built in, or is given what only a running program knows, stays what is called: its name is all that a
 * fit can tell of it. */
const thing *call_callback(eval *e, const call_site *site)
{
    for (size_t i = 0; i < site->count; i++) {
        const named_thing *a = &site->arguments[i];
        if (thing_is_unknown(a->thing) || (a->name && strcmp(a->name, "period") == 0)) return site->self;
    }
    if (strcmp(site->path, "keras.callbacks.LearningRateScheduler") == 0) return call_scheduler(e, site);
    return family_find(&callback_family, site->path) ? call_member(e, site) : site->self;
}

static bool check_member(eval *e, const member_module *module, const value *v, size_t offset)
{
    const char *name = v->kind == VALUE_CALL ? v->call.name : value_text_of(v);
    cepa_error error;
    member found;
    if (name && module->families[0] == &metric_family && metric_is_accuracy(name)) return true;
    if (!member_read(&e->graph->memory, family_of(module, name ? name : ""), v, &found, &error)) return true;
    return eval_pass_on(e, offset, &error);
}

bool members_check(eval *e, const char *path, const value *v, size_t offset)
{
    const member_module *module = module_of(path);
    bool good = true;
    if (v->kind == VALUE_LIST)
        for (size_t i = 0; good && i < v->list.count; i++) good = members_check(e, path, v->list.items[i], offset);
    else if (v->kind == VALUE_DICT)
        for (size_t i = 0; good && i < v->call.count; i++)
            good = members_check(e, path, v->call.members[i].value, offset);
    else
        good = check_member(e, module, v, offset);
    return good;
}
