/* Reads Keras source text: runs through it, then picks the model that is meant. */
#include "formats/source.h"

#include "formats/source_eval.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 20 };

const char *keras_source_name(const char *path)
{
    const char *found = NULL;
    for (const char *c = strstr(path, ".py:"); c; c = strstr(c + 1, ".py:")) found = c + strlen(".py:");
    return found;
}

/* ---- What was set from outside */

static cepa_status read_sets(eval *e, const cepa_load_options *options)
{
    e->set_count = options ? options->set_count : 0;
    e->sets = arena_array(e->source.memory, e->set_count, sizeof *e->sets);
    if (!e->sets) return fail_memory(e->source.error);
    for (size_t i = 0; i < e->set_count; i++) {
        const char *text = options->set[i], *equals = strchr(text, '=');
        if (!equals || equals == text)
            return fail(e->source.error, CEPA_ARGUMENT, "'%.100s' sets nothing, name=value was expected", text);
        const value *v = value_parse(e->source.memory, equals + 1, e->source.error);
        if (!v) return fail_in(e->source.error, e->source.error->status, "%.100s", text);
        e->sets[i].name = arena_text_n(e->source.memory, text, (size_t)(equals - text));
        e->sets[i].thing = thing_of_value(e, v);
        if (!e->sets[i].name || !e->sets[i].thing) return fail_memory(e->source.error);
    }
    return CEPA_OK;
}

static cepa_status refuse_set(const eval *e, const source_set *set)
{
    buffer known = {0};
    for (size_t i = 0; i < e->settable.count; i++)
        buffer_format(&known, "%s%s", i ? ", " : "", e->settable.items[i]->text);
    cepa_status status =
        fail(e->source.error, CEPA_ARGUMENT, "%.160s has no parameter %.60s; %s%s", e->source.path, set->name,
             known.size ? "it has " : "it has none", known.failed || !known.size ? "" : (const char *)known.bytes);
    buffer_free(&known);
    return status;
}

/* ---- What is said of the data */

static cepa_status read_info(eval *e, cepa_source_info *info)
{
    const source_data *train = e->data[0], *test = e->data[1];
    if (!train) return tables_read(e, info);
    if (test && (test->scale != train->scale || test->offset != train->offset))
        return source_fail(&e->source, e->data_offset[test->scale == 0 ? 0 : 1], CEPA_SYNTAX,
                           "training and test images are scaled differently, the same for both was expected");
    if (test && test->rows != test->all_rows)
        return source_fail(&e->source, e->data_offset[1], CEPA_SYNTAX,
                           "a part of the test images cannot be declared, all of them were expected");
    info->dataset = train->dataset;
    info->train_rows = train->rows == train->all_rows ? 0 : train->rows;
    info->input_scale = train->scale;
    info->input_offset = train->offset;
    return CEPA_OK;
}

static cepa_status read_all(eval *e, const char *name, const cepa_load_options *options, source_model *result)
{
    const thing *ignored = NULL, *model = NULL;
    if (read_sets(e, options)) return e->source.error->status;
    const node *tree = source_parse(&e->source);
    if (tree && eval_block(e, tree, &ignored)) model = source_choose(e, name);
    if (!model || !model_network(e, model, 0)) return e->source.error->status;
    for (size_t i = 0; i < e->set_count; i++)
        if (!e->sets[i].used) return refuse_set(e, &e->sets[i]);
    result->network = model->model->network;
    result->compiled = model->model->compiled;
    result->compile = model->model->compile;
    result->info.hyperparameters = e->tuned;
    result->info.hyperparameter_count = e->tuned_count;
    if (source_read_fit(e, model->model, &result->info)) return e->source.error->status;
    return read_info(e, &result->info);
}

cepa_status keras_source_read(const char *path, const char *name, const char *text, size_t size,
                              const cepa_load_options *options, cepa_graph *graph, source_model *result,
                              cepa_error *error)
{
    cepa_error unread;
    arena memory = {0};
    static const char mark[] = "\xEF\xBB\xBF"; /* some editors put it in front of UTF-8 */
    if (size > MOST_BYTES)
        return fail(error, CEPA_SYNTAX, "%.200s: %zu bytes are too many for a model's text, at most %d were expected",
                    path, size, MOST_BYTES);
    if (size >= 3 && memcmp(text, mark, 3) == 0) text += 3, size -= 3;
    eval e = {.graph = graph, .source = {path, text, size, &memory, error ? error : &unread}};
    e.scope = &e.globals;
    *result = (source_model){0};
    cepa_status status = read_all(&e, name, options, result);
    if (status) *result = (source_model){0};
    arena_free(&memory);
    return status;
}
