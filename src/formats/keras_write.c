/* Writing .keras archives. */
#include "formats/architecture.h"
#include "formats/archive.h"
#include "formats/h5.h"
#include "formats/json.h"
#include "formats/keras.h"
#include "formats/keras_object.h"
#include "formats/keras_optimizer.h"
#include "formats/weight_groups.h"

/* What every archive says of itself: the version whose spelling it has, and no date, so that equal models are equal. */
static const char metadata[] = "{\"keras_version\": \"3.0.5\", \"date_saved\": \"1980-01-01@00:00:00\"}";

static const value *compile_config(arena *memory, const compile_values *c)
{
    named_value members[COMPILE_ARGUMENTS];
    for (size_t i = 0; i < COMPILE_ARGUMENTS; i++) {
        const value *given = c->all[i] ? c->all[i] : value_none();
        const compile_argument *a = &compile_arguments[i];
        members[i] = (named_value){a->name, keras_value_write(memory, a->module, given)};
    }
    return value_dict(memory, members, COMPILE_ARGUMENTS);
}

/* The model's object with its compile_config behind. */
static cepa_status write_config(const keras_model *model, arena *memory, buffer *text, cepa_error *error)
{
    const value *object;
    cepa_status status = architecture_write(memory, model->network, &object, error);
    if (status) return status;
    if (model->compile) {
        const named_value compile = {"compile_config", compile_config(memory, model->compile)};
        object = value_dict_with(memory, object, &compile, 1);
    }
    if (!object) return fail_memory(error);
    json_write(text, object);
    return text->failed ? fail_memory(error) : CEPA_OK;
}

static cepa_status write_weights(const keras_model *model, arena *memory, buffer *bytes, cepa_error *error)
{
    h5_file *file;
    layer_tree *tree = layer_tree_of(memory, model->network);
    if (!tree) return fail_memory(error);
    cepa_status status = h5_create(&file, error);
    if (status) return status;
    status = h5_write_group(file, "vars", error); /* Keras 3.0 and 3.3 need it though it is empty */
    if (!status) status = weight_groups_write(file, tree, error);
    if (!status && model->optimizer) status = optimizer_write(file, model->optimizer, error);
    if (!status) return h5_finish(file, bytes, error);
    h5_close(file);
    return status;
}

cepa_status keras_write_weights(const keras_model *model, buffer *bytes, cepa_error *error)
{
    arena memory = {0};
    cepa_status status = write_weights(model, &memory, bytes, error);
    arena_free(&memory);
    return status;
}

cepa_status keras_write(const keras_model *model, buffer *bytes, cepa_error *error)
{
    arena memory = {0};
    buffer config = {0}, weights = {0}, notes = {0};
    cepa_status status = write_config(model, &memory, &config, error);
    if (!status) status = write_weights(model, &memory, &weights, error);
    if (model->notes) json_write(&notes, model->notes);
    if (!status && notes.failed) status = fail_memory(error);
    const archive_member members[] = {{"metadata.json", metadata, sizeof metadata - 1},
                                      {"config.json", config.bytes, config.size},
                                      {"model.weights.h5", weights.bytes, weights.size},
                                      {"cepa.json", notes.bytes, notes.size}};
    if (!status) status = archive_write(members, model->notes ? 4 : 3, bytes, error);
    buffer_free(&config);
    buffer_free(&weights);
    buffer_free(&notes);
    arena_free(&memory);
    return status;
}
