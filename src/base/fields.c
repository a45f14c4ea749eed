#include "base/fields.h"

#include "base/buffer.h"
#include "base/field_types.h"

#include <string.h>

static const field_ops *ops_of(const field *f) { return &field_ops_of[f->type]; }

static size_t field_count(const kind *kind)
{
    size_t count = 0;
    if (kind->fields)
        while (kind->fields[count].name) count++;
    return count;
}

/* The default as a value: false where there is none. *v is NULL where memory is exhausted. */
static bool preset_of(arena *arena, const field *f, const value **v)
{
    const field_ops *ops = ops_of(f);
    bool empty_shape = f->preset == 0 && (f->type == FIELD_SHAPE || f->type == FIELD_AXES);
    bool none = f->optional && !f->preset_text && f->preset == 0;
    if (none || empty_shape || (ops->preset_kind == VALUE_TEXT && !f->preset_text)) return false;
    if (ops->preset_kind == VALUE_TEXT)
        *v = value_text(arena, f->preset_text);
    else if (f->preset_text)
        *v = value_parse(arena, f->preset_text, NULL);
    else if (ops->preset_kind == VALUE_BOOL)
        *v = value_bool(arena, f->preset != 0);
    else if (ops->preset_kind == VALUE_INT)
        *v = value_int(arena, (int64_t)f->preset);
    else
        *v = value_real(arena, f->preset);
    return true;
}

/* What a resolved zero stands for. NULL where memory is exhausted. */
static const value *zero_of(arena *arena, const field *f)
{
    const field_ops *ops = ops_of(f);
    if (f->optional || ops->preset_kind == VALUE_TEXT) return value_none();
    if (ops->list) return value_list(arena, NULL, 0);
    if (ops->preset_kind == VALUE_BOOL) return value_bool(arena, false);
    return ops->preset_kind == VALUE_INT ? value_int(arena, 0) : value_real(arena, 0);
}

/* Stores given, or the default where it is NULL. None is the default of what has no None of its own. */
static cepa_status put_field(const field_target *t, const value *given, void *at)
{
    const field *f = t->field;
    if (!given && f->required) return fail(t->error, CEPA_ARGUMENT, "%s: %s is required", t->kind->name, f->name);
    if (given && given->kind == VALUE_NONE) {
        if (f->optional) return CEPA_OK;
        if (f->type == FIELD_MEMBER && !f->required) given = NULL;
    }
    if (!given && !preset_of(t->arena, f, &given)) return CEPA_OK;
    if (!given) return fail_memory(t->error);
    return ops_of(f)->put(t, given, at);
}

/* given[i] is the value of field i, or NULL. given NULL: defaults alone; what is required stays zero. */
static cepa_status put_fields(arena *arena, const kind *kind, const value *const *given, void **resolved,
                              cepa_error *error)
{
    unsigned char *options = arena_allocate(arena, kind->options_size);
    if (!options) return fail_memory(error);
    for (size_t i = 0; i < field_count(kind); i++) {
        const field *f = &kind->fields[i];
        field_target target = {arena, kind, f, error};
        if (!given && f->required) continue;
        void *at = f->derived ? arena_array(arena, f->count, ops_of(f)->size) : options + f->offset;
        cepa_status status = at ? put_field(&target, given ? given[i] : NULL, at) : fail_memory(error);
        if (status) return status;
    }
    *resolved = options;
    return CEPA_OK;
}

cepa_status fields_resolve(arena *arena, const kind *kind, const void *options, void **resolved, cepa_error *error)
{
    const value **given = arena_array(arena, field_count(kind), sizeof *given);
    if (!given) return fail_memory(error);
    for (size_t i = 0; options && i < field_count(kind); i++) {
        const field *f = &kind->fields[i];
        const void *at = (const unsigned char *)options + f->offset;
        if (!f->derived && ops_of(f)->get(arena, f, at, &given[i]) && !given[i]) return fail_memory(error);
    }
    return put_fields(arena, kind, given, resolved, error);
}

cepa_status fields_defaults(arena *arena, const kind *kind, void **resolved, cepa_error *error)
{
    return put_fields(arena, kind, NULL, resolved, error);
}

static cepa_status refuse_unknown(const kind *kind, const char *name, cepa_error *error)
{
    buffer known = {0};
    for (size_t i = 0; i < field_count(kind); i++) buffer_item(&known, kind->fields[i].name);
    if (!field_count(kind)) buffer_item(&known, "none");
    return fail_listing(error, CEPA_ARGUMENT, &known, "%s: unknown argument '%s'; it takes ", kind->name, name);
}

const field *field_find(const kind *kind, const char *name)
{
    for (const field *f = kind->fields; f && f->name; f++)
        if (strcmp(f->name, name) == 0 || (f->keras2_name && strcmp(f->keras2_name, name) == 0)) return f;
    return NULL;
}

/* The place of a name in the table; the table's length where it has none. */
static size_t place_of_field(const kind *kind, const char *name)
{
    const field *f = field_find(kind, name);
    return f ? (size_t)(f - kind->fields) : field_count(kind);
}

cepa_status fields_read(arena *arena, const kind *kind, const named_value *values, size_t count, bool tolerant,
                        void **resolved, cepa_error *error)
{
    size_t fields = field_count(kind);
    const value **given = arena_array(arena, fields, sizeof *given);
    if (!given) return fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        const char *name = values[i].name;
        size_t place = name ? place_of_field(kind, name) : i;
        if (place >= fields && name && tolerant) continue;
        if (place >= fields && name) return refuse_unknown(kind, name, error);
        if (place >= fields)
            return fail(error, CEPA_ARGUMENT, "%s takes at most %zu arguments, not %zu", kind->name, fields, count);
        if (given[place])
            return fail(error, CEPA_ARGUMENT, "%s: %s is given twice", kind->name, kind->fields[place].name);
        given[place] = values[i].value;
    }
    return put_fields(arena, kind, given, resolved, error);
}

/* A member in call notation as a CALL of its class name with all its fields. */
static const value *whole_member(arena *arena, const field *f, const char *text)
{
    member m;
    size_t count;
    if (member_parse(arena, f->family, text, &m, NULL)) return NULL;
    const named_value *values = fields_write(arena, m.kind, m.options, &count);
    return values ? value_call(arena, m.kind->name, values, count) : NULL;
}

static const value *write_field(arena *arena, const field *f, const void *resolved)
{
    const value *v = NULL;
    bool set = f->derived ? preset_of(arena, f, &v)
                          : ops_of(f)->get(arena, f, (const unsigned char *)resolved + f->offset, &v);
    if (!set) return zero_of(arena, f);
    return v && f->family && v->kind == VALUE_TEXT ? whole_member(arena, f, v->text) : v;
}

const named_value *fields_write(arena *arena, const kind *kind, const void *resolved, size_t *count)
{
    *count = field_count(kind);
    named_value *values = arena_array(arena, *count, sizeof *values);
    for (size_t i = 0; values && i < *count; i++) {
        values[i] = (named_value){kind->fields[i].name, write_field(arena, &kind->fields[i], resolved)};
        if (!values[i].value) return NULL;
    }
    return values;
}
