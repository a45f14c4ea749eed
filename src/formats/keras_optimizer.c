/* An optimizer's state in Keras' HDF5 trees. */
#include "formats/keras_optimizer.h"

#include "formats/legacy_h5.h"

#include <stdio.h>

/* The optimizer's variables as a file has them, and where they stand. */
typedef struct stored_state {
    arena memory;
    text_list paths;
    size_t variable_count;
    const optimizer_variable **variables;
} stored_state;

/* ---- Where they stand ---- */

/* folder/0, folder/1 ..., at most most of them. */
static bool list_numbered(h5_file *file, stored_state *s, const char *folder, size_t most)
{
    while (s->paths.count < most) {
        const char *path = arena_format(&s->memory, "%s/%zu", folder, s->paths.count);
        if (!path) return false;
        if (!h5_exists(file, path)) break;
        if (!arena_grow(&s->memory, &s->paths.items, &s->paths.capacity, s->paths.count + 1, sizeof path)) return false;
        s->paths.items[s->paths.count++] = path;
    }
    return true;
}

/* Keras 1 and Theano laid out kernels, and so what is kept for them, in other ways: none is taken from there. */
static cepa_status list_named(h5_file *file, stored_state *s, const char *folder, cepa_error *error)
{
    legacy_writer writer;
    cepa_status status = legacy_h5_writer(file, &s->memory, &writer, error);
    if (status || writer.keras1 || writer.theano) return status;
    status = legacy_h5_names(file, folder, "weight_names", &s->memory, &s->paths, error);
    for (size_t i = 0; i < s->paths.count && !status; i++) {
        s->paths.items[i] = arena_format(&s->memory, "%s/%s", folder, s->paths.items[i]);
        if (!s->paths.items[i]) status = fail_memory(error);
    }
    return status;
}

static cepa_status list_stored(h5_file *file, stored_state *s, size_t most, cepa_error *error)
{
    const char *folder = "optimizer/inner_optimizer/vars"; /* where a loss scale is wrapped around it */
    if (h5_exists(file, "optimizer_weights")) return list_named(file, s, "optimizer_weights", error);
    if (!h5_exists(file, folder)) folder = "optimizer/vars";
    return list_numbered(file, s, folder, most) ? CEPA_OK : fail_memory(error);
}

/* ---- In which order ---- */

/* What versions of Keras leave out, or put elsewhere. */
enum {
    NO_RATE = 1,      /* Keras 2 */
    NO_NUMBERS = 2,   /* Keras 2: none but the count of iterations */
    NUMBER_EARLY = 4, /* Keras 3.0 ... 3.9: the optimizer's own before the arrays */
    SLOT_BY_SLOT = 8, /* Keras up to 2.10: one slot of all weights, then the next */
    NO_ARRAYS = 16    /* saved before the first step */
};

static const unsigned layouts[] = {0, NO_RATE | NO_NUMBERS, NO_RATE | NO_NUMBERS | SLOT_BY_SLOT, NUMBER_EARLY,
                                   NO_ARRAYS | NO_NUMBERS};

enum { ITERATIONS, RATE, EARLY_NUMBER, ARRAYS, NUMBER = ARRAYS + MOST_SLOTS, LEFT_OUT };

/* Variables stand group after group, and within one in the optimizer's order. */
static int group_of(const optimizer *o, const optimizer_variable *v, unsigned layout)
{
    if (v->iterations) return ITERATIONS;
    if (v->number == &o->learning_rate) return layout & NO_RATE ? LEFT_OUT : RATE;
    if (v->rank == 0 && layout & NO_NUMBERS) return LEFT_OUT;
    if (v->number) return layout & NUMBER_EARLY ? EARLY_NUMBER : NUMBER;
    if (layout & NO_ARRAYS) return LEFT_OUT;
    return layout & SLOT_BY_SLOT ? ARRAYS + (int)v->slot : ARRAYS;
}

static void arrange(stored_state *s, const optimizer *o, unsigned layout)
{
    s->variable_count = 0;
    for (int group = ITERATIONS; group < LEFT_OUT; group++)
        for (size_t i = 0; i < o->variable_count; i++)
            if (group_of(o, &o->variables[i], layout) == group) s->variables[s->variable_count++] = &o->variables[i];
}

/* What Keras 2 stores behind all that is needed: a momentum even where SGD has none, and where Adam is not amsgrad
 * single numbers in the places of what it would keep then. */
static bool rest_is_idle(h5_file *file, const stored_state *s, const optimizer *o)
{
    h5_shape shape;
    bool arrays = false;
    for (size_t i = 0; i < o->variable_count; i++) arrays = arrays || o->variables[i].values;
    for (size_t i = s->variable_count; arrays && i < s->paths.count; i++)
        if (h5_describe(file, s->paths.items[i], &shape, NULL) || shape.rank != 1 || shape.count != 1) return false;
    return true;
}

static bool fits(h5_file *file, const stored_state *s, const optimizer *o)
{
    h5_shape shape;
    if (s->paths.count < s->variable_count) return false;
    for (size_t i = 0; i < s->variable_count; i++)
        if (h5_describe(file, s->paths.items[i], &shape, NULL) ||
            !h5_shape_fits(&shape, s->variables[i]->size, s->variables[i]->rank))
            return false;
    return rest_is_idle(file, s, o);
}

/* ---- Reading ---- */

/* *good is false, and nothing taken over, where it is not what such a number can be. */
static cepa_status read_one(h5_file *file, const char *path, const optimizer_variable *v, bool *good, cepa_error *error)
{
    const double most_iterations = 9e15, most = 1e30;
    double number;
    cepa_status status = h5_read_number(file, path, &number, error);
    *good = !status && number >= 0 && number < (v->iterations ? most_iterations : most);
    if (*good && v->iterations) *v->iterations = (uint64_t)number;
    if (*good && v->number) *v->number = number;
    return status;
}

static cepa_status read_variables(h5_file *file, const stored_state *s, bool *good, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    *good = true;
    for (size_t i = 0; i < s->variable_count && *good && !status; i++) {
        const optimizer_variable *v = s->variables[i];
        status = v->values ? h5_read_floats(file, s->paths.items[i], v->values, v->count, error)
                           : read_one(file, s->paths.items[i], v, good, error);
    }
    return status;
}

static cepa_status read_state(h5_file *file, optimizer *o, stored_state *s, bool *restored, cepa_error *error)
{
    s->variables = arena_array(&s->memory, o->variable_count, sizeof *s->variables);
    cepa_status status = s->variables ? list_stored(file, s, o->variable_count + 1, error) : fail_memory(error);
    for (size_t i = 0; i < ARRAY_COUNT(layouts) && !status && !*restored; i++) {
        arrange(s, o, layouts[i]);
        if (!fits(file, s, o)) continue;
        status = read_variables(file, s, restored, error);
        if (layouts[i] & NO_NUMBERS) optimizer_renew_number(o);
        return status;
    }
    return status;
}

cepa_status optimizer_read(h5_file *file, optimizer *o, bool *restored, cepa_error *error)
{
    stored_state s = {.memory = {0}};
    *restored = false;
    cepa_status status = read_state(file, o, &s, restored, error);
    arena_free(&s.memory);
    return status;
}

/* ---- Writing ---- */

static cepa_status write_variable(h5_file *file, const char *path, const optimizer_variable *v, cepa_error *error)
{
    const h5_shape shape = h5_shape_of(v->size, v->rank, v->count);
    if (v->iterations) return h5_write_integer(file, path, (int64_t)*v->iterations, error);
    if (v->number) return h5_write_floats(file, path, &shape, &(float){(float)*v->number}, error);
    return h5_write_floats(file, path, &shape, v->values, error);
}

cepa_status optimizer_write(h5_file *file, optimizer *o, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < o->variable_count && !status; i++) {
        char path[64];
        snprintf(path, sizeof path, "optimizer/vars/%zu", i);
        status = write_variable(file, path, &o->variables[i], error);
    }
    return status;
}
