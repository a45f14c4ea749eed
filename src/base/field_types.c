#include "base/field_types.h"

#include "base/buffer.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Messages */

cepa_status refuse_value(const field_target *t, const char *expected, const value *v)
{
    char *text = value_print(t->arena, v);
    if (!text || !expected) return fail_memory(t->error);
    return fail(t->error, CEPA_ARGUMENT, "%s: %s must be %s, not %.200s", t->kind->name, t->field->name, expected,
                text);
}

cepa_status refuse_type(const field_target *t, const value *v)
{
    const field_ops *ops = &field_ops_of[t->field->type];
    const char *or_none = t->field->optional ? " or None" : "";
    char *expected = ops->takes_after ? arena_format(t->arena, "%s%zu%s%s", ops->takes, (size_t)t->field->count,
                                                     ops->takes_after, or_none)
                                      : arena_format(t->arena, "%s%s", ops->takes, or_none);
    return refuse_value(t, expected, v);
}

static cepa_status refuse_range(const field_target *t, const value *v)
{
    const field *f = t->field;
    char low[32], high[32];
    const char *at_least = f->above_min ? "greater than" : "at least",
               *at_most = f->below_max ? "less than" : "at most";
    format_number(low, f->min);
    format_number(high, f->max);
    char *expected;
    if (isinf(f->max))
        expected = arena_format(t->arena, "%s %s", at_least, low);
    else if (isinf(f->min))
        expected = arena_format(t->arena, "%s %s", at_most, high);
    else if (f->above_min || f->below_max)
        expected = arena_format(t->arena, "%s %s and %s %s", at_least, low, at_most, high);
    else
        expected = arena_format(t->arena, "between %s and %s", low, high);
    return refuse_value(t, expected, v);
}

static bool in_range(const field *f, double x)
{
    if (!(f->min < f->max)) return true;
    return (f->above_min ? x > f->min : x >= f->min) && (f->below_max ? x < f->max : x <= f->max);
}

/* ---- Real numbers */

bool real_is_set(double number) { return number != 0 || signbit(number); }

size_t reals_length(const double *reals, size_t count)
{
    size_t length = 0;
    while (length < count && real_is_set(reals[length])) length++;
    return length;
}

static cepa_status take_real(const field_target *t, const value *v, double *real)
{
    if (v->kind == VALUE_BOOL || !value_number(v, real)) return refuse_type(t, v);
    if (!isfinite(*real)) return refuse_value(t, "finite", v);
    if (t->field->whole && *real != nearbyint(*real)) return refuse_value(t, "a whole number", v);
    if (!in_range(t->field, *real)) return refuse_range(t, v);
    return CEPA_OK;
}

static cepa_status put_real(const field_target *t, const value *v, void *at)
{
    double real;
    cepa_status status = take_real(t, v, &real);
    if (status) return status;
    if (real == 0) real = t->field->optional ? CEPA_ZERO : 0;
    *(double *)at = real;
    return CEPA_OK;
}

static const value *value_of(arena *arena, const field *f, double real)
{
    return f->whole ? value_int(arena, (int64_t)real) : value_real(arena, real == 0 ? 0 : real);
}

static bool get_real(arena *arena, const field *f, const void *at, const value **v)
{
    double real = *(const double *)at;
    if (real_is_set(real)) *v = value_of(arena, f, real);
    return real_is_set(real);
}

/* What a field of several takes from a value: a list's items, or the value alone. */
static size_t items_of(const value *const *v, const value *const **items)
{
    bool list = (*v)->kind == VALUE_LIST;
    *items = list ? (*v)->list.items : v;
    return list ? (*v)->list.count : 1;
}

/* One number as it is unless the field wants a list, several as a list; NULL where memory is exhausted. */
static const value *value_of_reals(arena *arena, const field *f, const double *reals, size_t count)
{
    const value **items = arena_array(arena, count, sizeof *items);
    for (size_t i = 0; items && i < count; i++)
        if (!(items[i] = value_of(arena, f, reals[i]))) items = NULL;
    return !items ? NULL : count == 1 && !f->always_list ? items[0] : value_list(arena, items, count);
}

static cepa_status put_reals(const field_target *t, const value *v, void *at)
{
    double *reals = at;
    const value *const *items;
    size_t count = items_of(&v, &items);
    if (count == 0 || count > t->field->count) return refuse_type(t, v);
    for (size_t i = 0; i < count; i++) {
        cepa_status status = take_real(t, items[i], &reals[i]);
        if (status) return status;
        if (reals[i] == 0) reals[i] = CEPA_ZERO;
    }
    return CEPA_OK;
}

static bool get_reals(arena *arena, const field *f, const void *at, const value **v)
{
    const double *reals = at;
    size_t count = f->count;
    while (count && !real_is_set(reals[count - 1])) count--;
    if (count) *v = value_of_reals(arena, f, reals, count);
    return count != 0;
}

static cepa_status put_numbers(const field_target *t, const value *v, void *at)
{
    const value *const *items;
    size_t count = items_of(&v, &items);
    double *numbers = arena_array(t->arena, count, sizeof *numbers);
    if (!numbers) return fail_memory(t->error);
    if (count == 0) return refuse_type(t, v);
    for (size_t i = 0; i < count; i++) {
        cepa_status status = take_real(t, items[i], &numbers[i]);
        if (status) return status;
    }
    *(cepa_numbers *)at = (cepa_numbers){count, numbers};
    return CEPA_OK;
}

static bool get_numbers(arena *arena, const field *f, const void *at, const value **v)
{
    const cepa_numbers *n = at;
    if (n->count) *v = value_of_reals(arena, f, n->numbers, n->count);
    return n->count != 0;
}

/* ---- Integers */

size_t ints_length(const int *ints, size_t count)
{
    size_t length = 0;
    while (length < count && ints[length]) length++;
    return length;
}

static cepa_status take_int(const field_target *t, const value *v, int *integer)
{
    if (v->kind != VALUE_INT) return refuse_type(t, v);
    if (!in_range(t->field, (double)v->integer)) return refuse_range(t, v);
    if (v->integer > INT_MAX || v->integer < -INT_MAX) return refuse_value(t, "below 2147483648", v);
    *integer = (int)v->integer;
    return CEPA_OK;
}

static cepa_status put_int(const field_target *t, const value *v, void *at) { return take_int(t, v, at); }

static bool get_int(arena *arena, const field *f, const void *at, const value **v)
{
    (void)f;
    int integer = *(const int *)at;
    if (integer) *v = value_int(arena, integer);
    return integer != 0;
}

static cepa_status put_long(const field_target *t, const value *v, void *at)
{
    if (v->kind != VALUE_INT) return refuse_type(t, v);
    if (!in_range(t->field, (double)v->integer)) return refuse_range(t, v);
    *(int64_t *)at = v->integer;
    return CEPA_OK;
}

static bool get_long(arena *arena, const field *f, const void *at, const value **v)
{
    (void)f;
    int64_t integer = *(const int64_t *)at;
    if (integer) *v = value_int(arena, integer);
    return integer != 0;
}

static const value *list_of_ints(arena *arena, const int *ints, size_t count)
{
    const value **items = arena_array(arena, count, sizeof *items);
    for (size_t i = 0; items && i < count; i++)
        if (!(items[i] = value_int(arena, ints[i]))) return NULL;
    return items ? value_list(arena, items, count) : NULL;
}

static cepa_status put_ints(const field_target *t, const value *v, void *at)
{
    int *ints = at;
    bool list = v->kind == VALUE_LIST;
    if (list && v->list.count != t->field->count) return refuse_type(t, v);
    for (size_t i = 0; i < t->field->count; i++) {
        cepa_status status = take_int(t, list ? v->list.items[i] : v, &ints[i]);
        if (status) return status;
    }
    return CEPA_OK;
}

static bool get_ints(arena *arena, const field *f, const void *at, const value **v)
{
    const int *ints = at;
    size_t count = f->count;
    while (count && !ints[count - 1]) count--;
    if (!count) return false;
    *v = count == 1 && ints[0] ? value_int(arena, ints[0]) : list_of_ints(arena, ints, f->count);
    return true;
}

static cepa_status put_sides(const field_target *t, const value *v, void *at)
{
    int *sides = at;
    size_t axes = t->field->count / 2;
    bool each = axes > 1 && v->kind == VALUE_LIST;
    if (each && v->list.count != axes) return refuse_type(t, v);
    for (size_t i = 0; i < axes; i++) {
        const value *side = each ? v->list.items[i] : v;
        bool pair = side->kind == VALUE_LIST;
        if (pair && side->list.count != 2) return refuse_type(t, v);
        for (size_t k = 0; k < 2; k++) {
            cepa_status status = take_int(t, pair ? side->list.items[k] : side, &sides[2 * i + k]);
            if (status) return status;
        }
    }
    return CEPA_OK;
}

static bool get_sides(arena *arena, const field *f, const void *at, const value **v)
{
    const int *sides = at;
    size_t axes = f->count / 2, set = f->count;
    while (set && !sides[set - 1]) set--;
    if (!set) return false;
    const value **pairs = arena_array(arena, axes, sizeof *pairs);
    for (size_t i = 0; pairs && i < axes; i++)
        if (!(pairs[i] = list_of_ints(arena, sides + 2 * i, 2))) pairs = NULL;
    *v = !pairs ? NULL : axes == 1 ? pairs[0] : value_list(arena, pairs, axes);
    return true;
}

/* A size or an axis: not 0, which ends the list. */
static cepa_status take_size(const field_target *t, const value *v, int *size)
{
    if (t->field->type == FIELD_WEIGHT_AXES) {
        cepa_status status = take_int(t, v, size);
        if (!status && *size >= 0) ++*size;
        return status;
    }
    *size = CEPA_UNKNOWN;
    bool unknown = v->kind == VALUE_NONE || (v->kind == VALUE_INT && v->integer == CEPA_UNKNOWN);
    if (unknown && t->field->type == FIELD_SHAPE) return CEPA_OK;
    if (v->kind == VALUE_INT && v->integer == 0) return refuse_value(t, "without 0", v);
    return take_int(t, v, size);
}

static cepa_status put_shape(const field_target *t, const value *v, void *at)
{
    int *ints = at;
    const value *const *items;
    size_t count = items_of(&v, &items);
    if (count > t->field->count) return refuse_type(t, v);
    for (size_t i = 0; i < count; i++) {
        cepa_status status = take_size(t, items[i], &ints[i]);
        if (status) return status;
    }
    return CEPA_OK;
}

static bool get_shape(arena *arena, const field *f, const void *at, const value **v)
{
    size_t count = ints_length(at, f->count);
    if (count) *v = list_of_ints(arena, at, count);
    return count != 0;
}

static bool get_axes(arena *arena, const field *f, const void *at, const value **v)
{
    return ints_length(at, f->count) == 1 ? get_int(arena, f, at, v) : get_shape(arena, f, at, v);
}

static bool get_weight_axes(arena *arena, const field *f, const void *at, const value **v)
{
    const int *ints = at;
    size_t count = ints_length(ints, f->count);
    int *axes = arena_array(arena, count, sizeof *axes);
    for (size_t i = 0; axes && i < count; i++) axes[i] = ints[i] > 0 ? ints[i] - 1 : ints[i];
    *v = !axes ? NULL : count == 1 ? value_int(arena, axes[0]) : list_of_ints(arena, axes, count);
    return count != 0;
}

/* ---- Flags */

static cepa_status take_bool(const field_target *t, const value *v, bool *flag)
{
    bool number = v->kind == VALUE_INT && (v->integer == 0 || v->integer == 1);
    if (v->kind != VALUE_BOOL && !number) return refuse_type(t, v);
    *flag = number ? v->integer != 0 : v->boolean;
    bool preset = t->field->preset != 0;
    if (t->field->derived && *flag != preset) return refuse_value(t, preset ? "True" : "False", v);
    return CEPA_OK;
}

static cepa_status put_bool(const field_target *t, const value *v, void *at) { return take_bool(t, v, at); }

static bool get_bool(arena *arena, const field *f, const void *at, const value **v)
{
    (void)f;
    bool flag = *(const bool *)at;
    if (flag) *v = value_bool(arena, true);
    return flag;
}

static cepa_status put_flag(const field_target *t, const value *v, void *at)
{
    bool flag = false;
    cepa_status status = take_bool(t, v, &flag);
    if (!status) *(int *)at = flag;
    return status;
}

static bool get_flag(arena *arena, const field *f, const void *at, const value **v)
{
    (void)f;
    int flag = *(const int *)at;
    if (flag) *v = value_bool(arena, flag == CEPA_TRUE);
    return flag != 0;
}

/* ---- Texts */

static cepa_status put_text(const field_target *t, const value *v, void *at)
{
    bool whole = t->field->whole && v->kind == VALUE_INT;
    if (v->kind != VALUE_TEXT && !whole) return refuse_type(t, v);
    char *copy = whole ? arena_format(t->arena, "%lld", (long long)v->integer) : arena_text(t->arena, v->text);
    *(const char **)at = copy;
    return copy ? CEPA_OK : fail_memory(t->error);
}

static bool get_text(arena *arena, const field *f, const void *at, const value **v)
{
    (void)f;
    const char *text = *(const char *const *)at;
    if (text) *v = value_text(arena, text);
    return text != NULL;
}

static cepa_status put_texts(const field_target *t, const value *v, void *at)
{
    size_t count = v->kind == VALUE_LIST ? v->list.count : 0;
    const char **texts = arena_array(t->arena, count + 1, sizeof *texts);
    if (!texts) return fail_memory(t->error);
    if (v->kind != VALUE_LIST) return refuse_type(t, v);
    for (size_t i = 0; i < count; i++) {
        cepa_status status = put_text(t, v->list.items[i], &texts[i]);
        if (status) return status;
    }
    *(const char *const **)at = texts;
    return CEPA_OK;
}

static bool get_texts(arena *arena, const field *f, const void *at, const value **v)
{
    (void)f;
    const char *const *texts = *(const char *const *const *)at;
    size_t count = 0;
    while (texts && texts[count]) count++;
    const value **items = arena_array(arena, count, sizeof *items);
    for (size_t i = 0; items && i < count; i++)
        if (!(items[i] = value_text(arena, texts[i]))) items = NULL;
    *v = items ? value_list(arena, items, count) : NULL;
    return count != 0;
}

static cepa_status put_choice(const field_target *t, const value *v, void *at)
{
    buffer expected = {0};
    for (const char *const *choice = t->field->choices; *choice; choice++) {
        if (v->kind == VALUE_TEXT && strcasecmp(*choice, v->text) == 0) {
            *(const char **)at = *choice;
            buffer_free(&expected);
            return CEPA_OK;
        }
        buffer_format(&expected, "%s'%s'", choice == t->field->choices ? "" : choice[1] ? ", " : " or ", *choice);
    }
    char *text = buffer_take_text(&expected);
    cepa_status status = refuse_value(t, text, v);
    free(text);
    return status;
}

static cepa_status put_member(const field_target *t, const value *v, void *at)
{
    const field *f = t->field;
    member found;
    if (v->kind != VALUE_TEXT && v->kind != VALUE_CALL)
        return refuse_value(t, arena_format(t->arena, "%s, by name or as a call", f->family->what), v);
    cepa_status status = member_read(t->arena, f->family, v, &found, t->error);
    if (status) return fail_in(t->error, status, "%s: %s", t->kind->name, f->name);
    char *text = member_print(t->arena, &found);
    *(const char **)at = text;
    return text ? CEPA_OK : fail_memory(t->error);
}

static cepa_status put_real_or_member(const field_target *t, const value *v, void *at)
{
    real_or_member *either = at;
    bool member = v->kind == VALUE_TEXT || v->kind == VALUE_CALL;
    return member ? put_member(t, v, &either->member) : put_real(t, v, &either->real);
}

static bool get_real_or_member(arena *arena, const field *f, const void *at, const value **v)
{
    const real_or_member *either = at;
    return either->member ? get_text(arena, f, &either->member, v) : get_real(arena, f, &either->real, v);
}

const field_ops field_ops_of[FIELD_TYPES] = {
    [FIELD_REAL] = {sizeof(double), VALUE_REAL, false, "a number", NULL, put_real, get_real},
    [FIELD_REALS] = {sizeof(double), VALUE_REAL, true, "a number or 1 to ", " numbers", put_reals, get_reals},
    [FIELD_NUMBERS] = {sizeof(cepa_numbers), VALUE_REAL, false, "a number or a list of numbers", NULL, put_numbers,
                       get_numbers},
    [FIELD_INT] = {sizeof(int), VALUE_INT, false, "an integer", NULL, put_int, get_int},
    [FIELD_LONG] = {sizeof(int64_t), VALUE_INT, false, "an integer", NULL, put_long, get_long},
    [FIELD_INTS] = {sizeof(int), VALUE_INT, true, "an integer or a tuple of ", " integers", put_ints, get_ints},
    [FIELD_SIDES] = {sizeof(int), VALUE_INT, false, "an integer, or one or two integers for each axis", NULL, put_sides,
                     get_sides},
    [FIELD_SHAPE] = {sizeof(int), VALUE_INT, true, "a tuple of at most ", " sizes", put_shape, get_shape},
    [FIELD_AXES] = {sizeof(int), VALUE_INT, true, "an axis or at most ", " axes", put_shape, get_axes},
    [FIELD_WEIGHT_AXES] = {sizeof(int), VALUE_INT, true, "an axis or at most ", " axes", put_shape, get_weight_axes},
    [FIELD_FLAG] = {sizeof(int), VALUE_BOOL, false, "True or False", NULL, put_flag, get_flag},
    [FIELD_BOOL] = {sizeof(bool), VALUE_BOOL, false, "True or False", NULL, put_bool, get_bool},
    [FIELD_TEXT] = {sizeof(char *), VALUE_TEXT, false, "a text", NULL, put_text, get_text},
    [FIELD_TEXTS] = {sizeof(char **), VALUE_TEXT, false, "a list of texts", NULL, put_texts, get_texts},
    [FIELD_CHOICE] = {sizeof(char *), VALUE_TEXT, false, "a text", NULL, put_choice, get_text},
    [FIELD_MEMBER] = {sizeof(char *), VALUE_TEXT, false, "a name", NULL, put_member, get_text},
    [FIELD_REAL_OR_MEMBER] = {sizeof(real_or_member), VALUE_REAL, false, "a number", NULL, put_real_or_member,
                              get_real_or_member},
};
