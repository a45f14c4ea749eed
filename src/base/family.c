/* Families and their members: names, and members in call notation. */
#include "base/buffer.h"
#include "base/fields.h"

#include <ctype.h>
#include <string.h>

/* Equal but for case and underscores. */
static bool same_name(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, "_");
        b += strspn(b, "_");
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) return false;
        if (!*a) return true;
    }
}

static bool is_called(const kind *kind, const char *name)
{
    if (strcmp(kind->name, name) == 0 || (!kind->by_class_name && same_name(kind->name, name))) return true;
    for (const char *const *alias = kind->aliases; alias && *alias; alias++)
        if (strcmp(*alias, name) == 0) return true;
    return false;
}

const kind *family_find(const family *family, const char *name)
{
    const char *dot = strrchr(name, '.');
    if (dot) name = dot + 1;
    for (size_t i = 0; i < family->count; i++)
        if (is_called(family->members[i], name)) return family->members[i];
    return NULL;
}

static cepa_status refuse_unknown(const family *family, const char *name, cepa_error *error)
{
    buffer known = {0};
    for (size_t i = 0; i < family->count; i++) buffer_item(&known, family->members[i]->name);
    return fail_listing(error, CEPA_ARGUMENT, &known, "unknown %s '%.100s'; known are ", family->what, name);
}

cepa_status member_read(arena *arena, const family *family, const value *v, member *found, cepa_error *error)
{
    *found = (member){0};
    if (!v || v->kind == VALUE_NONE) return CEPA_OK;
    if (v->kind == VALUE_TEXT && strchr(v->text, '(')) return member_parse(arena, family, v->text, found, error);
    if (v->kind != VALUE_TEXT && v->kind != VALUE_CALL)
        return fail(error, CEPA_ARGUMENT, "the %s must be a name or a call, not %s", family->what, value_kind_name(v));
    bool call = v->kind == VALUE_CALL;
    const char *name = call ? v->call.name : v->text;
    const kind *kind = family_find(family, name);
    if (!kind) return refuse_unknown(family, name, error);
    void *options = NULL;
    cepa_status status =
        fields_read(arena, kind, call ? v->call.members : NULL, call ? v->call.count : 0, false, &options, error);
    if (!status) *found = (member){kind, options};
    return status;
}

cepa_status member_parse(arena *arena, const family *family, const char *text, member *found, cepa_error *error)
{
    *found = (member){0};
    if (!text) return CEPA_OK;
    cepa_error inner = {0};
    const value *v = value_parse(arena, text, &inner);
    if (!v) return fail(error, inner.status, "%s", inner.message);
    return member_read(arena, family, v, found, error);
}

/* A member that is an argument is written without its defaults: relu, not relu(negative_slope=0.0, ...). */
static const value *short_value(arena *arena, const field *f, const value *v)
{
    member found;
    if (!f->family || v->kind != VALUE_CALL) return v;
    if (member_read(arena, f->family, v, &found, NULL)) return NULL;
    const char *text = member_print(arena, &found);
    return text ? value_parse(arena, text, NULL) : NULL;
}

/* Leaves out what is as in defaults. Gives the number kept; false without memory. */
static bool keep_changed(arena *arena, const member *m, named_value *values, size_t count, const named_value *defaults,
                         size_t *kept)
{
    *kept = 0;
    for (size_t i = 0; i < count; i++) {
        const field *f = &m->kind->fields[i];
        if (!f->required && value_equal(values[i].value, defaults[i].value)) continue;
        values[*kept] = (named_value){values[i].name, short_value(arena, f, values[i].value)};
        if (!values[(*kept)++].value) return false;
    }
    return true;
}

char *member_print(arena *arena, const member *m)
{
    size_t count, kept_count;
    void *preset;
    if (fields_defaults(arena, m->kind, &preset, NULL)) return NULL;
    const named_value *all = fields_write(arena, m->kind, m->options, &count);
    const named_value *defaults = fields_write(arena, m->kind, preset, &count);
    named_value *kept = arena_array(arena, count, sizeof *kept);
    if (!all || !defaults || !kept) return NULL;
    memcpy(kept, all, count * sizeof *kept);
    if (!keep_changed(arena, m, kept, count, defaults, &kept_count)) return NULL;
    if (!kept_count) return arena_text(arena, m->kind->name);
    const value *call = value_call(arena, m->kind->name, kept, kept_count);
    return call ? value_print(arena, call) : NULL;
}

void snake_case(const char *class_name, char *text, size_t size)
{
    size_t used = 0;
    const char *word_end = class_name; /* of the last capitalised word, which no second one overlaps */
    for (const char *c = class_name; *c && used + 2 < size; c++) {
        bool upper = isupper((unsigned char)*c), before = c > class_name;
        bool word = upper && before && c > word_end && (islower((unsigned char)c[1]) || isdigit((unsigned char)c[1]));
        if (word) {
            word_end = c + 1;
            while (islower((unsigned char)*word_end) || isdigit((unsigned char)*word_end)) word_end++;
        }
        if (word || (upper && before && islower((unsigned char)c[-1]))) text[used++] = '_';
        text[used++] = (char)tolower((unsigned char)*c);
    }
    if (size) text[used] = 0;
}
