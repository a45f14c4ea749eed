/* model.fit in source text: nothing is trained; which data, how long and with which callbacks are declarations. */
#include "formats/source_eval.h"
#include "train/callback.h"
#include "train/optimizer.h"

#include <stdlib.h>
#include <string.h>

/* ---- What is meant */

typedef enum fit_argument {
    FIT_X,
    FIT_Y,
    FIT_BATCH_SIZE,
    FIT_EPOCHS,
    FIT_VERBOSE,
    FIT_CALLBACKS,
    FIT_VALIDATION_SPLIT,
    FIT_VALIDATION_DATA,
    FIT_SHUFFLE,
    FIT_CLASS_WEIGHT,
    FIT_SAMPLE_WEIGHT,
    FIT_INITIAL_EPOCH,
    FIT_STEPS_PER_EPOCH,
    FIT_VALIDATION_STEPS,
    FIT_VALIDATION_BATCH_SIZE,
    FIT_VALIDATION_FREQ,
    FIT_MAX_QUEUE_SIZE, /* these three of Keras 2 */
    FIT_WORKERS,
    FIT_USE_MULTIPROCESSING,
    FIT_ARGUMENTS
} fit_argument;

static const char *const names[] = {
    [FIT_X] = "x",
    [FIT_Y] = "y",
    [FIT_BATCH_SIZE] = "batch_size",
    [FIT_EPOCHS] = "epochs",
    [FIT_VERBOSE] = "verbose",
    [FIT_CALLBACKS] = "callbacks",
    [FIT_VALIDATION_SPLIT] = "validation_split",
    [FIT_VALIDATION_DATA] = "validation_data",
    [FIT_SHUFFLE] = "shuffle",
    [FIT_CLASS_WEIGHT] = "class_weight",
    [FIT_SAMPLE_WEIGHT] = "sample_weight",
    [FIT_INITIAL_EPOCH] = "initial_epoch",
    [FIT_STEPS_PER_EPOCH] = "steps_per_epoch",
    [FIT_VALIDATION_STEPS] = "validation_steps",
    [FIT_VALIDATION_BATCH_SIZE] = "validation_batch_size",
    [FIT_VALIDATION_FREQ] = "validation_freq",
    [FIT_MAX_QUEUE_SIZE] = "max_queue_size",
    [FIT_WORKERS] = "workers",
    [FIT_USE_MULTIPROCESSING] = "use_multiprocessing",
    [FIT_ARGUMENTS] = NULL,
};

/* Images that a model is trained with are the ones that are meant, whatever else is assigned; then test images matter
 * only where it is measured with them. */
static void use_images(eval *e, const thing *images, bool test, size_t offset)
{
    if (images->type != THING_DATA || images->data->labels) return;
    if (!test && !e->images_used) e->data[1] = NULL;
    e->images_used = e->images_used || !test;
    e->data[test] = images->data;
    e->data_offset[test] = offset;
}

/* The call with a name of Keras 1 or 2 as today's, in *made; false, and the error set, without memory. */
static bool rename_argument(eval *e, const call_site *site, const char *old, const char *name, call_site *made)
{
    named_thing *arguments = arena_array(e->source.memory, site->count + 1, sizeof *arguments);
    if (!arguments) return eval_no_memory(e);
    for (size_t i = 0; i < site->count; i++) {
        arguments[i] = site->arguments[i];
        if (arguments[i].name && strcmp(arguments[i].name, old) == 0) arguments[i].name = name;
    }
    *made = *site;
    made->arguments = arguments;
    return true;
}

const thing *model_fit(eval *e, const call_site *called)
{
    call_site renamed;
    const call_site *site = &renamed;
    const named_thing *given[FIT_ARGUMENTS];
    if (!rename_argument(e, called, "nb_epoch", names[FIT_EPOCHS], &renamed)) return NULL;
    source_network *m = called->self->model;
    const thing **said = arena_array(e->source.memory, FIT_ARGUMENTS, sizeof *said);
    if (!said) return eval_no_memory(e);
    if (!eval_bind(e, site, names, 0, given)) return NULL;
    for (size_t i = 0; i < FIT_ARGUMENTS; i++)
        said[i] = given[i] && given[i]->thing->type != THING_NONE ? given[i]->thing : NULL;
    m->fit = said;
    e->last_fitted = site->self;
    const thing *images = said[FIT_X] ? said[FIT_X] : thing_unknown(), *pair = said[FIT_VALIDATION_DATA];
    use_images(e, images, false, site->offset);
    if (said[FIT_Y]) tables_are_used(e, images, said[FIT_Y]);
    if (pair && pair->type == THING_TUPLE && pair->list->count)
        use_images(e, pair->list->items[0], true, given[FIT_VALIDATION_DATA]->offset);
    /* What a generator makes of the images has their shape. */
    const source_data *shown = images->type == THING_DATA    ? images->data
                               : thing_truth(images) == OPEN ? e->data[0]
                                                             : NULL;
    bool unbuilt = !m->network && !m->input && shown;
    const thing *shape = unbuilt ? thing_shape(e, CEPA_UNKNOWN, &shown->shape) : NULL;
    if (unbuilt && (!shape || !model_know_shape(e, m, shape, site->offset))) return NULL;
    return thing_unknown();
}

/* The same in Keras 2's own words for data that come from a generator. */
const thing *model_fit_generator(eval *e, const call_site *site)
{
    static const char *const places[] = {"generator", "steps_per_epoch", "epochs",          "verbose",
                                         "callbacks", "validation_data", "validation_steps"};
    named_thing *named = arena_array(e->source.memory, site->count + 1, sizeof *named);
    if (!named) return eval_no_memory(e);
    for (size_t i = 0; i < site->count; i++) {
        named[i] = site->arguments[i];
        if (!named[i].name && i < ARRAY_COUNT(places)) named[i].name = places[i];
    }
    call_site fit = *site, renamed;
    fit.arguments = named;
    return rename_argument(e, &fit, places[0], names[FIT_X], &renamed) ? model_fit(e, &renamed) : NULL;
}

/* Weights of a file that is not read, unless they only take the place of those that were trained. */
const thing *model_load_weights(eval *e, const call_site *site)
{
    (void)e;
    if (!site->self->model->fit) site->self->model->loads_weights = true;
    return thing_none();
}

const thing *model_evaluate(eval *e, const call_site *site)
{
    if (site->count) use_images(e, site->arguments[0].thing, true, site->offset);
    return thing_unknown();
}

/* ---- As fit takes it */

/* Of a reader: the argument has been understood. */
typedef bool read_argument(eval *e, const thing *said, cepa_source_info *info);

static bool take_count(const thing *said, int *count)
{
    bool good = said->type == THING_INT && said->integer > 0 && said->integer <= INT32_MAX;
    if (good) *count = (int)said->integer;
    return good;
}

static bool read_epochs(eval *e, const thing *said, cepa_source_info *info)
{
    (void)e;
    return take_count(said, &info->epochs);
}

static bool read_batch_size(eval *e, const thing *said, cepa_source_info *info)
{
    (void)e;
    return take_count(said, &info->batch_size);
}

static bool read_validation_split(eval *e, const thing *said, cepa_source_info *info)
{
    (void)e;
    double fraction;
    bool good = thing_number(said, &fraction) && fraction >= 0 && fraction < 1;
    if (good) info->validation_split = fraction;
    return good;
}

static bool read_shuffle(eval *e, const thing *said, cepa_source_info *info)
{
    (void)e;
    info->no_shuffle = said->type == THING_BOOL && !said->boolean;
    return said->type == THING_BOOL;
}

/* {0: 1.0, 1: 2.5}; a class that is left out weighs 1. */
static bool read_class_weight(eval *e, const thing *said, cepa_source_info *info)
{
    enum { MOST = 100000 };
    size_t count = 0;
    for (size_t i = 0; said->type == THING_DICT && i < said->dict.count; i++) {
        char *end;
        unsigned long class = strtoul(said->dict.items[i].name, &end, 10);
        if (*end || class >= MOST) return false;
        if (class >= count) count = class + 1;
    }
    double *weights = count ? arena_array(&e->graph->memory, count, sizeof *weights) : NULL;
    if (!weights) return false;
    for (size_t i = 0; i < count; i++) weights[i] = 1;
    for (size_t i = 0; i < said->dict.count; i++)
        if (!thing_number(said->dict.items[i].thing, &weights[strtoul(said->dict.items[i].name, NULL, 10)]))
            return false;
    info->class_weight = weights;
    info->class_weight_count = count;
    return true;
}

/* True for what changes nothing. */
static bool is_zero(eval *e, const thing *said, cepa_source_info *info)
{
    (void)e, (void)info;
    return said->type == THING_INT && said->integer == 0;
}

static bool is_one(eval *e, const thing *said, cepa_source_info *info)
{
    (void)e, (void)info;
    return said->type == THING_INT && said->integer == 1;
}

static bool is_left_out(eval *e, const thing *said, cepa_source_info *info)
{
    (void)e, (void)said, (void)info;
    return false;
}

/* Arguments that are not here change no number, or are read by model_fit. */
static read_argument *const readers[FIT_ARGUMENTS] = {
    [FIT_BATCH_SIZE] = read_batch_size,
    [FIT_EPOCHS] = read_epochs,
    [FIT_VALIDATION_SPLIT] = read_validation_split,
    [FIT_SHUFFLE] = read_shuffle,
    [FIT_CLASS_WEIGHT] = read_class_weight,
    [FIT_SAMPLE_WEIGHT] = is_left_out,
    [FIT_INITIAL_EPOCH] = is_zero,
    [FIT_STEPS_PER_EPOCH] = is_left_out,
    [FIT_VALIDATION_STEPS] = is_left_out,
    [FIT_VALIDATION_FREQ] = is_one,
};

static cepa_status leave_out(eval *e, const char *what, cepa_source_info *info)
{
    const char **grown = arena_array(&e->graph->memory, info->left_out_count + 1, sizeof *grown);
    const char *copy = arena_text(&e->graph->memory, what);
    if (!grown || !copy) return fail_memory(e->source.error);
    for (size_t i = 0; i < info->left_out_count; i++) grown[i] = info->left_out[i];
    grown[info->left_out_count++] = copy;
    info->left_out = grown;
    return CEPA_OK;
}

/* A callback of Keras that is not built in is a symbol still; of any other nothing is known but its place. */
static cepa_status leave_out_callback(eval *e, const thing *callback, size_t place, cepa_source_info *info)
{
    char name[40];
    snprintf(name, sizeof name, "callbacks[%zu]", place);
    return leave_out(e, callback->type == THING_SYMBOL ? path_end(callback->text) : name, info);
}

/* ---- LearningRateScheduler(function) */

/* The learning rate that a text's optimizer begins with. */
static double first_rate(eval *e, const value *optimizer)
{
    member made = {0};
    cepa_error ignored;
    bool good = !member_read(e->source.memory, &optimizer_family, optimizer, &made, &ignored) && made.kind;
    if (!good && member_parse(e->source.memory, &optimizer_family, "RMSprop", &made, &ignored)) return 0;
    return ((const optimizer_options *)made.options)->learning_rate;
}

/* function(epoch) or function(epoch, rate), as Keras calls it. */
static bool rate_of_epoch(eval *e, const thing *function, int64_t epoch, double *rate)
{
    size_t parameters = function->function->def->count - 1;
    named_thing arguments[2] = {{.thing = thing_int(e, epoch)}, {.thing = thing_real(e, (double)(float)*rate)}};
    if (!arguments[0].thing || !arguments[1].thing) return false;
    call_site site = {.path = "schedule", .self = function, .arguments = arguments, .count = parameters > 1 ? 2 : 1};
    const thing *result = eval_call_function(e, function->function, &site);
    return result && thing_number(result, rate) && *rate >= 0;
}

/* What the function comes to, epoch for epoch, as the callback takes it; NULL where it cannot be worked out. */
static const char *print_scheduler(eval *e, const thing *scheduler, const value *optimizer)
{
    const thing *verbose = scheduler->list->items[1];
    const value **rates = arena_array(e->source.memory, CEPA_MAX_RATES, sizeof *rates);
    double rate = first_rate(e, optimizer);
    size_t needed = 1;
    for (size_t i = 0; rates && i < CEPA_MAX_RATES; i++) {
        double before = rate;
        if (!rate_of_epoch(e, scheduler->list->items[0], (int64_t)i, &rate)) return NULL;
        if (!(rates[i] = value_real(e->source.memory, rate))) return NULL;
        if (rate != before) needed = i + 1; /* the last one holds on */
    }
    const value *list = rates ? value_list(e->source.memory, rates, needed) : NULL;
    named_value arguments[] = {
        {"schedule", list},
        {"verbose", value_int(e->source.memory, verbose->type == THING_INT ? verbose->integer : 0)}};
    const value *call = list && arguments[1].value
                            ? value_call(e->source.memory, "LearningRateScheduler", arguments, ARRAY_COUNT(arguments))
                            : NULL;
    member found;
    bool good = call && !member_read(e->source.memory, &callback_family, call, &found, NULL);
    return good ? member_print(&e->graph->memory, &found) : NULL;
}

/* A function that needs a running program leaves the callback out, as one that is not built in. */
static cepa_status read_scheduler(eval *e, const thing *scheduler, const value *optimizer, cepa_source_info *info,
                                  const char **texts)
{
    const char *text = print_scheduler(e, scheduler, optimizer);
    if (!text) *e->source.error = (cepa_error){0};
    if (!text) return leave_out(e, "LearningRateScheduler", info);
    texts[info->callback_count++] = text;
    return CEPA_OK;
}

/* In call notation. */
static cepa_status read_callbacks(eval *e, const thing *list, const value *optimizer, cepa_source_info *info)
{
    arena *memory = &e->graph->memory;
    size_t count = 0;
    const thing *const *item = list ? thing_items(&list, &count) : NULL;
    const char **texts = arena_array(memory, count + 1, sizeof *texts);
    cepa_status status = texts ? CEPA_OK : fail_memory(e->source.error);
    info->callbacks = texts;
    for (size_t i = 0; i < count && !status; i++) {
        member found;
        if (item[i]->type == THING_SCHEDULER)
            status = read_scheduler(e, item[i], optimizer, info, texts);
        else if (item[i]->type != THING_MEMBER || !family_find(&callback_family, item[i]->member->call.name))
            status = leave_out_callback(e, item[i], i, info);
        else if (member_read(memory, &callback_family, item[i]->member, &found, e->source.error))
            status = e->source.error->status;
        else if (!(texts[info->callback_count++] = member_print(memory, &found)))
            status = fail_memory(e->source.error);
    }
    return status;
}

/* Images that the text changes, or makes others of, in a way that is no declaration. */
static cepa_status leave_out_changes(eval *e, const thing *const *said, cepa_source_info *info)
{
    char change[60];
    size_t line = 1;
    if (!e->data[0]) return CEPA_OK;
    for (size_t i = 0; i < e->data[0]->changed; i++) line += e->source.text[i] == '\n';
    snprintf(change, sizeof change, "what line %zu makes of the images", line);
    if (e->data[0]->changed && leave_out(e, change, info)) return e->source.error->status;
    return said && said[FIT_X] && thing_is_unknown(said[FIT_X]) ? leave_out(e, names[FIT_X], info) : CEPA_OK;
}

cepa_status source_read_fit(eval *e, const source_network *model, cepa_source_info *info)
{
    const thing *const *said = model->fit;
    cepa_status status = said ? CEPA_OK : read_callbacks(e, NULL, model->compile.optimizer, info);
    if (!status && model->loads_weights) status = leave_out(e, "load_weights", info);
    if (!status) status = leave_out_changes(e, said, info);
    for (size_t i = 0; said && i < FIT_ARGUMENTS && !status; i++)
        if (said[i] && readers[i] && !readers[i](e, said[i], info)) status = leave_out(e, names[i], info);
    if (said && !status) status = read_callbacks(e, said[FIT_CALLBACKS], model->compile.optimizer, info);
    if (said && said[FIT_VALIDATION_DATA]) info->validation_split = 0; /* Keras takes the data */
    return status;
}
