/* KerasTuner's hp in source text: what may be searched for is declared, and each call gives the value that was set,
 * else the default. */
#include "formats/source_eval.h"

#include <string.h>

const thing *call_hyperparameters(eval *e, const call_site *site)
{
    (void)site;
    return thing_new(e, THING_TUNER);
}

/* An argument; NULL where it is left out or None. */
static const thing *said(const named_thing *given)
{
    return given && given->thing->type != THING_NONE ? given->thing : NULL;
}

/* ---- Declaring --------------------------------------------------------------------------------------------------- */

static const char *name_of(eval *e, const named_thing *given)
{
    if (given->thing->type == THING_TEXT) return arena_text(&e->graph->memory, given->thing->text);
    eval_misplaced(e, given->offset, given->thing, "a hyperparameter's name");
    return NULL;
}

/* Puts one in the list, unless it was declared before. */
static bool declare(eval *e, const cepa_hyperparameter *declared)
{
    for (size_t i = 0; i < e->tuned_count; i++)
        if (strcmp(e->tuned[i].name, declared->name) == 0) return true;
    if (!arena_grow(&e->graph->memory, &e->tuned, &e->tuned_capacity, e->tuned_count + 1, sizeof *e->tuned))
        return eval_no_memory(e);
    e->tuned[e->tuned_count++] = *declared;
    return true;
}

/* Values as texts in Python's notation. */
static bool print_values(eval *e, const value *const *values, size_t count, cepa_hyperparameter *declared)
{
    const char **texts = arena_array(&e->graph->memory, count, sizeof *texts);
    for (size_t i = 0; texts && i < count; i++)
        if (!(texts[i] = value_print(&e->graph->memory, values[i]))) texts = NULL;
    declared->values = texts;
    declared->value_count = count;
    return texts || eval_no_memory(e);
}

/* ---- hp.Choice, hp.Boolean, hp.Fixed ----------------------------------------------------------------------------- */

/* The value that was set, which must be among those declared, else the default. */
static const thing *choose(eval *e, const cepa_hyperparameter *declared, const thing *preset,
                           const value *const *values, size_t offset)
{
    const thing *chosen = declare(e, declared) ? eval_settable(e, declared->name, preset) : NULL;
    const value *v = chosen ? thing_value(e, chosen, offset) : NULL;
    for (size_t i = 0; v && i < declared->value_count; i++) {
        double number, other;
        bool same = value_number(v, &number) && value_number(values[i], &other) && number == other;
        if (same || value_equal(v, values[i])) return thing_of_value(e, values[i]);
    }
    buffer known = {0};
    for (size_t i = 0; v && i < declared->value_count; i++)
        buffer_format(&known, "%s%s", i ? ", " : "", declared->values[i]);
    if (v)
        eval_refuse(e, offset, "%s is not one of its values, which are %s", declared->name,
                    known.failed ? "" : (const char *)known.bytes);
    buffer_free(&known);
    return NULL;
}

const thing *tuner_choice(eval *e, const call_site *site)
{
    static const char *const names[] = {"name", "values", "ordered", "default", "parent_name", "parent_values", NULL};
    const named_thing *given[6];
    if (!eval_bind(e, site, names, 2, given)) return NULL;
    cepa_hyperparameter declared = {.name = name_of(e, given[0])};
    if (!declared.name) return NULL;
    const value *list = thing_value(e, given[1]->thing, given[1]->offset);
    if (!list) return NULL;
    if (list->kind != VALUE_LIST || !list->list.count)
        return eval_misplaced(e, given[1]->offset, given[1]->thing, "a list of values");
    const thing *preset = said(given[3]);
    if (!print_values(e, list->list.items, list->list.count, &declared)) return NULL;
    return choose(e, &declared, preset ? preset : thing_of_value(e, list->list.items[0]), list->list.items,
                  site->offset);
}

const thing *tuner_boolean(eval *e, const call_site *site)
{
    static const char *const names[] = {"name", "default", "parent_name", "parent_values", NULL};
    const named_thing *given[4];
    if (!eval_bind(e, site, names, 1, given)) return NULL;
    cepa_hyperparameter declared = {.name = name_of(e, given[0])};
    const value *const values[] = {value_bool(&e->graph->memory, false), value_bool(&e->graph->memory, true)};
    if (!declared.name || !values[0] || !values[1] || !print_values(e, values, 2, &declared)) return NULL;
    return choose(e, &declared, given[1] ? given[1]->thing : thing_bool(e, false), values, site->offset);
}

const thing *tuner_fixed(eval *e, const call_site *site)
{
    static const char *const names[] = {"name", "value", "parent_name", "parent_values", NULL};
    const named_thing *given[4];
    if (!eval_bind(e, site, names, 2, given)) return NULL;
    cepa_hyperparameter declared = {.name = name_of(e, given[0])};
    const value *v = declared.name ? thing_value(e, given[1]->thing, given[1]->offset) : NULL;
    if (!v || !print_values(e, &v, 1, &declared)) return NULL;
    return choose(e, &declared, given[1]->thing, &v, site->offset);
}

/* ---- hp.Int, hp.Float -------------------------------------------------------------------------------------------- */

static bool number_of(eval *e, const named_thing *given, bool whole, double *number)
{
    if (thing_number(given->thing, number) && (!whole || given->thing->type == THING_INT)) return true;
    return eval_misplaced(e, given->offset, given->thing, whole ? "an integer" : "a number");
}

/* The range of hp.Int or hp.Float; a step multiplies where the sampling is logarithmic. */
static bool read_range(eval *e, const named_thing *const *given, cepa_hyperparameter *declared)
{
    enum { LOW = 1, HIGH, STEP, SAMPLING };
    const thing *sampling = said(given[SAMPLING]);
    const char *way = !sampling ? "linear" : sampling->type == THING_TEXT ? sampling->text : "";
    bool steps = said(given[STEP]) != NULL;
    declared->logarithmic = strcmp(way, "log") == 0;
    if (strcmp(way, "linear") != 0 && !declared->logarithmic)
        return eval_refuse(e, given[SAMPLING]->offset, "sampling must be 'linear' or 'log'");
    if (!number_of(e, given[LOW], declared->whole, &declared->low)) return false;
    if (!number_of(e, given[HIGH], declared->whole, &declared->high)) return false;
    if (steps && !number_of(e, given[STEP], declared->whole, &declared->step)) return false;
    if (declared->whole && !steps && !declared->logarithmic) declared->step = 1;
    if (declared->high < declared->low || (declared->logarithmic && declared->low <= 0))
        return eval_refuse(e, given[HIGH]->offset, "the range must go up%s",
                           declared->logarithmic ? ", from above 0" : "");
    if (steps && !(declared->step > (declared->logarithmic ? 1 : 0)))
        return eval_refuse(e, given[STEP]->offset, "the step must go up");
    return true;
}

static const thing *tuner_range(eval *e, const call_site *site, bool whole)
{
    static const char *const names[] = {"name",    "min_value",   "max_value",     "step", "sampling",
                                        "default", "parent_name", "parent_values", NULL};
    const named_thing *given[8];
    if (!eval_bind(e, site, names, 3, given)) return NULL;
    cepa_hyperparameter declared = {.name = name_of(e, given[0]), .whole = whole};
    if (!declared.name || !read_range(e, given, &declared) || !declare(e, &declared)) return NULL;
    const thing *preset = said(given[5]);
    const thing *chosen = eval_settable(e, declared.name, preset ? preset : given[1]->thing);
    double number = 0;
    named_thing set = {.thing = chosen, .offset = site->offset};
    if (!chosen || !number_of(e, &set, whole, &number)) return NULL;
    if (number < declared.low || number > declared.high)
        return eval_refuse(e, site->offset, "%s must be between %g and %g, not %g", declared.name, declared.low,
                           declared.high, number);
    return chosen;
}

const thing *tuner_int(eval *e, const call_site *site) { return tuner_range(e, site, true); }
const thing *tuner_float(eval *e, const call_site *site) { return tuner_range(e, site, false); }
