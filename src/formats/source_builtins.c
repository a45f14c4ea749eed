/* Python's own functions that a model's text may use. */
#include "base/elementary.h"
#include "formats/source_eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const thing *call_ignored(eval *e, const call_site *site)
{
    (void)e, (void)site;
    return thing_unknown();
}

/* os.path.exists: a text is read as if it were run for the first time, where nothing has been written yet. */
const thing *call_is_there(eval *e, const call_site *site)
{
    (void)site;
    e->files_missing = true;
    return thing_bool(e, false);
}

const thing *call_backend(eval *e, const call_site *site)
{
    (void)site;
    return thing_text(e, "tensorflow");
}

const thing *call_data_format(eval *e, const call_site *site)
{
    (void)site;
    return thing_text(e, "channels_last");
}

/* Positional arguments alone, at least and at most so many. */
static bool need_places(eval *e, const call_site *site, size_t least, size_t most)
{
    bool named = false;
    for (size_t i = 0; i < site->count; i++) named = named || site->arguments[i].name;
    if (!named && site->count >= least && site->count <= most) return true;
    const char *name = strchr(site->path, '.') + 1;
    return eval_refuse(e, site->offset, "%s takes %zu to %zu arguments by place", name, least, most);
}

static bool need_integer(eval *e, const named_thing *argument, int64_t *integer)
{
    if (argument->thing->type != THING_INT) return eval_misplaced(e, argument->offset, argument->thing, "an integer");
    *integer = argument->thing->integer;
    return true;
}

const thing *call_range(eval *e, const call_site *site)
{
    int64_t first = 0, last, step = 1;
    const named_thing *a = site->arguments;
    if (!need_places(e, site, 1, 3) || !need_integer(e, &a[site->count > 1], &last)) return NULL;
    if (site->count > 1 && !need_integer(e, &a[0], &first)) return NULL;
    if (site->count > 2 && !need_integer(e, &a[2], &step)) return NULL;
    if (step == 0) return eval_refuse(e, a[2].offset, "range's step must not be 0");
    const thing *made = thing_sequence(e, THING_LIST, NULL, 0);
    for (int64_t i = first; made && (step > 0 ? i < last : i > last);) {
        if (!eval_spend(e, site->offset, 1) || !sequence_add(e, made->list, thing_int(e, i))) return NULL;
        if (__builtin_add_overflow(i, step, &i)) break;
    }
    return made;
}

static bool need_list(eval *e, const named_thing *argument)
{
    if (thing_is_list(argument->thing)) return true;
    return eval_misplaced(e, argument->offset, argument->thing, "a list");
}

const thing *call_len(eval *e, const call_site *site)
{
    if (!need_places(e, site, 1, 1)) return NULL;
    const thing *t = site->arguments[0].thing;
    if (thing_is_unknown(t)) return thing_unknown();
    if (t->type == THING_DATA) return thing_int(e, (int64_t)t->data->rows);
    if (t->type == THING_TEXT) return thing_int(e, (int64_t)strlen(t->text));
    if (t->type == THING_DICT) return thing_int(e, (int64_t)t->dict.count);
    return need_list(e, &site->arguments[0]) ? thing_int(e, (int64_t)t->list->count) : NULL;
}

const thing *call_str(eval *e, const call_site *site)
{
    buffer text = {0};
    if (!need_places(e, site, 1, 1)) return NULL;
    bool known = thing_print(site->arguments[0].thing, &text);
    char *characters = buffer_take_text(&text);
    const thing *made = !characters ? eval_no_memory(e) : known ? thing_text(e, characters) : thing_unknown();
    free(characters);
    return made;
}

static const thing *convert(eval *e, const call_site *site, bool whole)
{
    if (!need_places(e, site, 1, 1)) return NULL;
    const thing *t = site->arguments[0].thing;
    if (thing_is_unknown(t)) return thing_unknown();
    double number;
    bool good = thing_number(t, &number);
    if (good && !whole) return thing_real(e, number);
    if (t->type == THING_INT) return t;
    if (good && fabs(number) < 0x1p63) return thing_int(e, (int64_t)number);
    return eval_misplaced(e, site->arguments[0].offset, t, "a number");
}

const thing *call_int(eval *e, const call_site *site) { return convert(e, site, true); }
const thing *call_float(eval *e, const call_site *site) { return convert(e, site, false); }

static const thing *copy_list(eval *e, const call_site *site, thing_type type)
{
    if (!need_places(e, site, 0, 1)) return NULL;
    if (!site->count) return thing_sequence(e, type, NULL, 0);
    const thing *t = site->arguments[0].thing;
    if (thing_is_unknown(t)) return thing_unknown();
    if (!need_list(e, &site->arguments[0]) || !eval_spend(e, site->offset, t->list->count)) return NULL;
    return thing_sequence(e, type, t->list->items, t->list->count);
}

const thing *call_list(eval *e, const call_site *site) { return copy_list(e, site, THING_LIST); }
const thing *call_tuple(eval *e, const call_site *site) { return copy_list(e, site, THING_TUPLE); }

const thing *call_enumerate(eval *e, const call_site *site)
{
    static const char *const names[] = {"iterable", "start", NULL};
    const named_thing *given[2];
    int64_t start = 0;
    if (!eval_bind(e, site, names, 1, given) || !need_list(e, given[0])) return NULL;
    if (given[1] && !need_integer(e, given[1], &start)) return NULL;
    const sequence *list = given[0]->thing->list;
    const thing *made = eval_spend(e, site->offset, list->count) ? thing_sequence(e, THING_LIST, NULL, 0) : NULL;
    for (size_t i = 0; made && i < list->count; i++) {
        if (__builtin_add_overflow(start, i > 0, &start)) return eval_refuse(e, site->offset, "start is too large");
        const thing *pair[2] = {thing_int(e, start), list->items[i]};
        if (!pair[0] || !sequence_add(e, made->list, thing_sequence(e, THING_TUPLE, pair, 2))) return NULL;
    }
    return made;
}

const thing *call_zip(eval *e, const call_site *site)
{
    size_t shortest = SIZE_MAX;
    if (!need_places(e, site, 1, 16)) return NULL;
    for (size_t k = 0; k < site->count; k++) {
        if (!need_list(e, &site->arguments[k])) return NULL;
        size_t count = site->arguments[k].thing->list->count;
        if (count < shortest) shortest = count;
    }
    const thing *made = thing_sequence(e, THING_LIST, NULL, 0);
    for (size_t i = 0; made && i < shortest; i++) {
        const thing *items[16];
        for (size_t k = 0; k < site->count; k++) items[k] = site->arguments[k].thing->list->items[i];
        if (!eval_spend(e, site->offset, site->count)) return NULL;
        if (!sequence_add(e, made->list, thing_sequence(e, THING_TUPLE, items, site->count))) return NULL;
    }
    return made;
}

/* ---- Functions of numbers */

static bool need_number(eval *e, const named_thing *argument, double *number)
{
    if (thing_number(argument->thing, number)) return true;
    return eval_misplaced(e, argument->offset, argument->thing, "a number");
}

static const thing *finite_real(eval *e, const call_site *site, double number)
{
    return isfinite(number) ? thing_real(e, number)
                            : eval_refuse(e, site->offset, "the result is no number, or too large for one");
}

const thing *call_exp(eval *e, const call_site *site)
{
    double x;
    if (!need_places(e, site, 1, 1) || !need_number(e, &site->arguments[0], &x)) return NULL;
    return finite_real(e, site, elementary_exp(x));
}

const thing *call_floor(eval *e, const call_site *site)
{
    double x;
    if (!need_places(e, site, 1, 1) || !need_number(e, &site->arguments[0], &x)) return NULL;
    return fabs(x) < 0x1p53 ? thing_int(e, (int64_t)floor(x)) : finite_real(e, site, x);
}

const thing *call_pow(eval *e, const call_site *site)
{
    if (!need_places(e, site, 2, 2)) return NULL;
    return eval_operate(e, site->offset, "**", site->arguments[0].thing, site->arguments[1].thing);
}

static const thing *choose(eval *e, const call_site *site, bool largest)
{
    double best, x;
    size_t chosen = 0;
    if (!need_places(e, site, 1, SIZE_MAX) || !need_number(e, &site->arguments[0], &best)) return NULL;
    for (size_t i = 1; i < site->count; i++) {
        if (!need_number(e, &site->arguments[i], &x)) return NULL;
        if (largest ? x <= best : x >= best) continue;
        best = x;
        chosen = i;
    }
    return site->arguments[chosen].thing;
}

/* Of several numbers, or of those in a list. */
static const thing *choose_of_all(eval *e, const call_site *site, bool largest)
{
    if (site->count != 1) return choose(e, site, largest);
    if (!need_list(e, &site->arguments[0])) return NULL;
    const sequence *list = site->arguments[0].thing->list;
    named_thing *each = arena_array(e->source.memory, list->count + 1, sizeof *each);
    if (!each) return eval_no_memory(e);
    for (size_t i = 0; i < list->count; i++) each[i] = (named_thing){NULL, list->items[i], site->arguments[0].offset};
    const call_site spread = {.offset = site->offset, .path = site->path, .arguments = each, .count = list->count};
    return asks_a_program(&spread) ? thing_unknown() : choose(e, &spread, largest);
}

const thing *call_max(eval *e, const call_site *site) { return choose_of_all(e, site, true); }
const thing *call_min(eval *e, const call_site *site) { return choose_of_all(e, site, false); }

/* ---- Lists' own: append, extend */
const thing *list_append(eval *e, const call_site *site)
{
    if (site->count != 1 || site->arguments[0].name) return eval_refuse(e, site->offset, "append takes one item");
    return sequence_add(e, site->self->list, site->arguments[0].thing) ? thing_none() : NULL;
}

const thing *list_extend(eval *e, const call_site *site)
{
    if (site->count == 1 && thing_truth(site->arguments[0].thing) == OPEN) {
        ((thing *)site->self)->type = THING_UNKNOWN;
        return thing_none();
    }
    if (site->count != 1 || !need_list(e, &site->arguments[0])) return NULL;
    const sequence *more = site->arguments[0].thing->list;
    size_t count = more->count; /* a list may extend itself */
    for (size_t i = 0; i < count; i++)
        if (!eval_spend(e, site->offset, 1) || !sequence_add(e, site->self->list, more->items[i])) return NULL;
    return thing_none();
}
