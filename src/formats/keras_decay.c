#include "formats/keras_decay.h"

#include "train/optimizer.h"

#include <string.h>

const value *keras_decay_as_schedule(arena *memory, const value *optimizer, cepa_error *error)
{
    double decay = 0;
    const value *named = optimizer->kind == VALUE_CALL ? value_member(optimizer, "decay") : NULL;
    if (!named || !value_number(named, &decay)) return optimizer;
    const kind *kind = family_find(&optimizer_family, optimizer->call.name);
    const value *rate = kind ? value_real(memory, kind->fields->preset) : NULL; /* the first of its arguments */
    named_value *members = arena_array(memory, optimizer->call.count, sizeof *members);
    size_t count = 1;
    if (!kind || !members) return fail(error, CEPA_FORMAT, "a decay without a learning rate"), NULL;
    for (size_t i = 0; i < optimizer->call.count; i++) {
        const named_value *m = &optimizer->call.members[i];
        bool first = m->name ? strcmp(m->name, "lr") == 0 || strcmp(m->name, "learning_rate") == 0 : i == 0;
        if (first)
            rate = m->value;
        else if (!m->name || strcmp(m->name, "decay") != 0)
            members[count++] = *m;
    }
    named_value schedule[] = {
        {"initial_learning_rate", rate}, {"decay_steps", value_int(memory, 1)}, {"decay_rate", named}};
    if (decay != 0) rate = value_call(memory, "InverseTimeDecay", schedule, ARRAY_COUNT(schedule));
    members[0] = (named_value){NULL, rate};
    const value *made = rate ? value_call(memory, optimizer->call.name, members, count) : NULL;
    if (!made) fail_memory(error);
    return made;
}
