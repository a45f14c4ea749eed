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
    struct {
        const char *name, *module;
        const value *given;
    } arguments[] = {{"optimizer", "keras.optimizers", c->optimizer},
                     {"loss", "keras.losses", c->loss},
                     {"loss_weights", "keras.losses", c->loss_weights},
                     {"metrics", "keras.metrics", c->metrics},
                     {"weighted_metrics", "keras.metrics", c->weighted_metrics}};
    named_value members[ARRAY_COUNT(arguments)];
    for (size_t i = 0; i < ARRAY_COUNT(arguments); i++) {
        const value *given = arguments[i].given ? arguments[i].given : value_none();
        members[i] = (named_value){arguments[i].name, keras_value_write(memory, arguments[i].module, given)};
        if (!members[i].value) return NULL;
    }
    return value_dict(memory, members, ARRAY_COUNT(members));
}

/* The model's object with its compile_config behind. */
static cepa_status write_config(const keras_model *model, arena *memory, buffer *text, cepa_error *error)
{
    enum { MEMBERS = 4 }; /* of the object itself */
    const value *object;
    cepa_status status = architecture_write(memory, model->network, &object, error);
    if (status) return status;
    named_value members[MEMBERS + 1];
    for (size_t i = 0; i < MEMBERS; i++) members[i] = object->call.members[i];
    if (model->compile) {
        members[MEMBERS] = (named_value){"compile_config", compile_config(memory, model->compile)};
        object = members[MEMBERS].value ? value_dict(memory, members, MEMBERS + 1) : NULL;
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
