/* Data sets in source text: load_data() and what is done to its arrays are declarations; nothing is loaded. */
#include "data/known.h"
#include "formats/source_eval.h"

#include <string.h>

const thing *thing_data(eval *e, const source_data *data)
{
    thing *made = thing_new(e, THING_DATA);
    source_data *copy = arena_allocate(e->source.memory, sizeof *copy);
    if (!made || !copy) return eval_no_memory(e);
    *copy = *data;
    made->data = copy;
    return made;
}

/* (images, labels) of one part. */
static const thing *part_of(eval *e, const char *name, const known *known, bool test)
{
    size_t rows = test ? known_about(known)->test_rows : known_about(known)->train_rows;
    source_data images = {.dataset = name, .test = test, .rows = rows, .all_rows = rows, .shape.rank = known->rank};
    source_data labels = images;
    memcpy(images.shape.size, known->shape, sizeof known->shape);
    labels.labels = true;
    labels.shape = (shape){known->column_labels, {1}};
    const thing *pair[2] = {thing_data(e, &images), thing_data(e, &labels)};
    return pair[0] && pair[1] ? thing_sequence(e, THING_TUPLE, pair, 2) : NULL;
}

static const thing *refuse_dataset(eval *e, const call_site *site)
{
    buffer names = {0};
    size_t count;
    const cepa_known_dataset *about = cepa_known_datasets(&count);
    for (size_t i = 0; i < count; i++)
        if (known_dataset(about[i].name)->rank) buffer_format(&names, "%s%s", names.size ? ", " : "", about[i].name);
    eval_refuse(e, site->offset, "%s is not read here, load_data() of one of these was expected: %s", site->path,
                names.failed ? "" : (const char *)names.bytes);
    buffer_free(&names);
    return NULL;
}

/* keras.datasets.NAME.load_data(); its arguments only say where a file lies. */
const thing *call_load_data(eval *e, const call_site *site)
{
    const char *name = site->path + strlen("keras.datasets.");
    size_t length = strcspn(name, ".");
    name = arena_text_n(&e->graph->memory, name, length);
    if (!name) return eval_no_memory(e);
    const known *known = known_dataset(name);
    if (!known || !known->rank || strcmp(site->path + strlen("keras.datasets.") + length, ".load_data") != 0)
        return refuse_dataset(e, site);
    const thing *parts[2] = {part_of(e, name, known, false), part_of(e, name, known, true)};
    return parts[0] && parts[1] ? thing_sequence(e, THING_TUPLE, parts, 2) : NULL;
}

/* ---- What arrays do and tell */

const thing *data_shape(eval *e, const thing *object, size_t offset)
{
    (void)offset;
    return thing_shape(e, (int64_t)object->data->rows, &object->data->shape);
}

/* astype: numbers reach a model as float32 anyway. */
const thing *data_same(eval *e, const call_site *site)
{
    (void)e;
    return site->self;
}

/* numpy.array(data) and the like: what is made of the first argument alone. */
const thing *data_first(eval *e, const call_site *site)
{
    (void)e;
    return site->count && site->arguments[0].thing->type == THING_DATA ? site->arguments[0].thing : thing_unknown();
}

/* data.reshape(rows or -1, sizes ...), also with the sizes in one tuple. */
const thing *data_reshape(eval *e, const call_site *site)
{
    bool tuple = site->count == 1 && site->arguments[0].thing->type != THING_INT;
    const thing *sizes = tuple ? site->arguments[0].thing : thing_sequence(e, THING_TUPLE, NULL, 0);
    for (size_t i = 0; !tuple && sizes && i < site->count; i++)
        if (!sequence_add(e, sizes->list, site->arguments[i].thing)) return NULL;
    source_data reshaped = *site->self->data;
    reshaped.shape = (shape){0};
    bool good = sizes && thing_is_list(sizes) && sizes->list->count;
    for (size_t i = 0; good && i < sizes->list->count; i++) {
        const thing *size = sizes->list->items[i];
        good = size->type == THING_INT && reshaped.shape.rank < CEPA_MAX_RANK && size->integer <= INT32_MAX;
        if (good && i == 0)
            good = size->integer == -1 || size->integer == (int64_t)reshaped.rows;
        else if (good)
            reshaped.shape.size[reshaped.shape.rank++] = (int)size->integer;
        good = good && (i == 0 || size->integer > 0);
    }
    if (good && shape_count(&reshaped.shape) == shape_count(&site->self->data->shape)) return thing_data(e, &reshaped);
    return sizes
               ? eval_refuse(e, site->offset, "this shape does not fit the data, -1 and sizes of one row were expected")
               : NULL;
}

/* keras.utils.to_categorical(labels, num_classes): the labels as they are, since a loss of one-hot targets takes them
 * too; their shape is what the text may ask for. */
const thing *data_categorical(eval *e, const call_site *site)
{
    static const char *const names[] = {"x", "num_classes", NULL};
    const named_thing *given[2];
    if (!eval_bind(e, site, names, 1, given)) return NULL;
    if (given[0]->thing->type != THING_DATA) return thing_unknown();
    source_data categories = *given[0]->thing->data;
    const known *known = known_dataset(categories.dataset);
    int64_t count = known ? (int64_t)known->class_count : 0;
    if (given[1] && given[1]->thing->type == THING_INT) count = given[1]->thing->integer;
    if (!categories.labels || count < 1 || count > INT32_MAX)
        return eval_refuse(e, site->offset, "labels and a number of classes were expected");
    categories.shape = (shape){1, {(int)count}};
    return thing_data(e, &categories);
}

/* numpy.expand_dims(data, -1): an axis of size 1 at the end. */
const thing *data_expand(eval *e, const call_site *site)
{
    static const char *const names[] = {"a", "axis", NULL};
    const named_thing *given[2];
    if (!eval_bind(e, site, names, 1, given)) return NULL;
    if (given[0]->thing->type != THING_DATA) return thing_unknown();
    source_data expanded = *given[0]->thing->data;
    int64_t rank = (int64_t)expanded.shape.rank;
    int64_t axis = given[1] && given[1]->thing->type == THING_INT ? given[1]->thing->integer : 0;
    if ((axis != -1 && axis != rank + 1) || rank == CEPA_MAX_RANK)
        return eval_refuse(e, site->offset, "data get a new axis at the end alone, -1 was expected");
    expanded.shape.size[expanded.shape.rank++] = 1;
    return thing_data(e, &expanded);
}
