#include "search.h"
#include "files.h"
#include "subject.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TRIALS = 1000, MOST_DRAWS = 100 };

/* ---- Trials ---- */

static bool assign(trial *t, const char *name, const char *value)
{
    assignment *grown = realloc(t->items, (t->count + 1) * sizeof *grown), made = {strdup(name), NULL};
    if (grown) t->items = grown;
    if (grown && made.name && asprintf(&made.text, "%s=%s", name, value) >= 0) {
        grown[t->count++] = made;
        return true;
    }
    free(made.name);
    return false;
}

static void drop_last(trial *t)
{
    t->count--;
    free(t->items[t->count].name);
    free(t->items[t->count].text);
}

static void trial_free(trial *t)
{
    while (t->count) drop_last(t);
    free(t->items);
    free(t->settings.set.items);
    free(t->settings.callback.items);
}

static const char *value_of(const assignment *a) { return a->text + strlen(a->name) + 1; }

const char *trial_value(const trial *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->items[i].name, name) == 0) return value_of(&t->items[i]);
    return NULL;
}

void trial_print(const trial *t, char *text, size_t size)
{
    size_t length = 0;
    *text = 0;
    for (size_t i = 0; i < t->count && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i ? " " : "", t->items[i].text);
}

static bool is_same(const trial *a, const trial *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) same = strcmp(a->items[i].text, b->items[i].text) == 0;
    return same;
}

/* ---- What fit is to be told ---- */

/* Equal but for hyphens, which stand for underscores. */
static bool is_called(const char *name, const char *typed)
{
    while (*name && (*name == *typed || (*name == '_' && *typed == '-'))) name++, typed++;
    return *name == *typed;
}

/* True for what is an option of fit; all else is a parameter of the model's text. */
static bool is_option(const char *name)
{
    static const char *const may_vary[] = {"batch_size", "callback", "class_weight", "epochs", "scale", "train"};
    for (size_t i = 0; i < sizeof may_vary / sizeof *may_vary; i++)
        if (is_called(may_vary[i], name)) return true;
    return false;
}

static bool add_all(texts *to, const texts *from)
{
    bool added = true;
    for (size_t i = 0; added && i < from->count; i++) added = texts_add(to, from->items[i]);
    return added;
}

/* Makes t->settings anew; the texts in it stay the trial's and the search's. */
static cepa_status apply(const search *s, trial *t, cepa_error *error)
{
    free(t->settings.set.items);
    free(t->settings.callback.items);
    t->settings = *s->settings;
    t->settings.set = t->settings.callback = (texts){NULL, 0};
    if (!add_all(&t->settings.set, &s->settings->set)) return fails_memory(error);
    if (!add_all(&t->settings.callback, &s->settings->callback)) return fails_memory(error);
    for (size_t i = 0; i < t->count; i++) {
        const assignment *a = &t->items[i];
        cepa_status status = CEPA_OK;
        if (is_option(a->name))
            status = option_assign(s->options, a->name, value_of(a), &t->settings, error);
        else if (!texts_add(&t->settings.set, a->text))
            status = fails_memory(error);
        if (status) return status;
    }
    return CEPA_OK;
}

/* ---- Enumerating ---- */

static bool is_column(const search *s, const char *name)
{
    for (size_t i = 0; i < s->columns.count; i++)
        if (strcmp(s->columns.items[i], name) == 0) return true;
    return false;
}

/* Adds a copy of the trial, unless it is there. */
static cepa_status keep(search *s, const trial *t, cepa_error *error)
{
    for (size_t i = 0; i < s->count; i++)
        if (is_same(&s->trials[i], t)) return CEPA_OK;
    if (s->count == MOST_TRIALS)
        return fails(error, CEPA_ARGUMENT, "these values make more than %d trials; --trials N tries N of them",
                     MOST_TRIALS);
    trial *grown = realloc(s->trials, (s->count + 1) * sizeof *grown);
    if (!grown) return fails_memory(error);
    s->trials = grown;
    trial *kept = &grown[s->count++];
    *kept = (trial){.parameters = t->parameters};
    for (size_t i = 0; i < t->count; i++) {
        if (!assign(kept, t->items[i].name, value_of(&t->items[i]))) return fails_memory(error);
        if (!is_column(s, t->items[i].name) && !texts_add(&s->columns, kept->items[i].name)) return fails_memory(error);
    }
    return apply(s, kept, error);
}

/* True where --set or the trial fixes the name. */
static bool is_fixed(const search *s, const trial *t, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < s->settings->set.count; i++) {
        const char *set = s->settings->set.items[i];
        if (strncmp(set, name, length) == 0 && set[length] == '=') return true;
    }
    return trial_value(t, name);
}

/* Makes the trial's model to see whether it can be made, how large it is, and what its text declares under these
 * values. *next gets the first that is not fixed; its name is NULL where all are. */
static cepa_status look(const search *s, trial *t, space *next, cepa_error *error)
{
    cepa_model *model;
    cepa_status status = apply(s, t, error);
    if (!status) status = subject_model(&t->settings, &model, error);
    if (status) return status;
    const cepa_source_info *source = cepa_model_source(model);
    t->parameters = subject_parameters(model);
    for (size_t i = 0; source && i < source->hyperparameter_count && !next->name && !status; i++)
        if (!is_fixed(s, t, source->hyperparameters[i].name))
            status = space_declared(&source->hyperparameters[i], next, error);
    subject_free(model);
    return status;
}

static cepa_status explore(search *s, trial *t, dice *d, cepa_error *error);

static cepa_status branch(search *s, trial *t, const char *name, const char *value, dice *d, cepa_error *error)
{
    if (!value || !assign(t, name, value)) return fails_memory(error);
    cepa_status status = explore(s, t, d, error);
    drop_last(t);
    return status;
}

/* Goes on with every value of a space, or with one at random. */
static cepa_status try_values(search *s, trial *t, const space *of, dice *d, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    if (d) {
        char *drawn = space_draw(of, d);
        status = branch(s, t, of->name, drawn, d, error);
        free(drawn);
        return status;
    }
    if (!of->values.count)
        return fails(error, CEPA_ARGUMENT,
                     "%s is a range without steps: a grid needs them (LOW..HIGH:STEP), or "
                     "--trials N tries N values at random",
                     of->name);
    for (size_t i = 0; i < of->values.count && !status; i++)
        status = branch(s, t, of->name, of->values.items[i], d, error);
    return status;
}

static cepa_status explore(search *s, trial *t, dice *d, cepa_error *error)
{
    for (size_t i = 0; i < s->varied_count; i++)
        if (!trial_value(t, s->varied[i].name)) return try_values(s, t, &s->varied[i], d, error);
    space next = {.name = NULL};
    cepa_status status = look(s, t, &next, error);
    if (!status) status = next.name ? try_values(s, t, &next, d, error) : keep(s, t, error);
    space_free(&next);
    return status;
}

static cepa_status read_varied(search *s, cepa_error *error)
{
    const texts *vary = &s->settings->vary;
    s->varied = calloc(vary->count + 1, sizeof *s->varied);
    if (!s->varied) return fails_memory(error);
    for (size_t i = 0; i < vary->count; i++) {
        cepa_status status = space_read(vary->items[i], &s->varied[s->varied_count++], error);
        if (status) return status;
        for (size_t k = 0; k < i; k++)
            if (strcmp(s->varied[k].name, s->varied[i].name) == 0)
                return fails(error, CEPA_ARGUMENT, "--vary %s is given twice", s->varied[i].name);
    }
    return CEPA_OK;
}

cepa_status search_make(search *s, const settings *settings, const option *options, cepa_error *error)
{
    *s = (search){.settings = settings, .options = options};
    trial t = {.count = 0};
    cepa_status status = read_varied(s, error);
    dice d = {settings->seed};
    if (!settings->trials && !status) status = explore(s, &t, NULL, error);
    for (size_t draws = 0; s->count < settings->trials && draws < MOST_DRAWS && !status; draws++) {
        size_t before = s->count;
        status = explore(s, &t, &d, error);
        if (s->count > before) draws = 0;
    }
    trial_free(&t);
    if (!status && !s->columns.count)
        return fails(error, CEPA_ARGUMENT,
                     "nothing is varied: --vary NAME=V,V,... says what to try, or hp.Choice(...) and the like in %s",
                     settings->operands[0]);
    return status;
}

void search_free(search *s)
{
    for (size_t i = 0; i < s->count; i++) trial_free(&s->trials[i]);
    for (size_t i = 0; i < s->varied_count; i++) space_free(&s->varied[i]);
    free(s->trials);
    free(s->varied);
    free(s->columns.items);
    *s = (search){.count = 0};
}
