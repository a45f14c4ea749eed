/* Saves a model as the .keras archive that Keras opens, or its weights alone. */
#include "base/file.h"
#include "formats/keras.h"
#include "model/notes.h"
#include "train/compile.h"

#include <stdlib.h>
#include <string.h>

/* The file's bytes. */
static cepa_status write_model(cepa_model *model, bool weights_only, arena *memory, buffer *bytes, cepa_error *error)
{
    compile_values compile;
    training *t = model->training;
    keras_model m = {.network = model->network, .notes = notes_write(memory, model)};
    if (!m.notes || (t && !choices_write(memory, &t->choices, &compile))) return fail_memory(error);
    if (t) {
        m.compile = &compile;
        m.optimizer = &t->optimizer;
    }
    return (weights_only ? keras_write_weights : keras_write)(&m, bytes, error);
}

/* The path with .keras where its name has no extension; to be freed. */
static char *with_extension(const char *path)
{
    const char *end = strchr(path_name(path), '.') ? "" : ".keras";
    size_t size = strlen(path) + strlen(end) + 1;
    char *whole = malloc(size);
    if (whole) snprintf(whole, size, "%s%s", path, end);
    return whole;
}

cepa_status model_save(void *model, const char *path, cepa_error *error)
{
    arena memory = {0};
    buffer bytes = {0};
    char *whole = with_extension(path);
    cepa_status status =
        whole ? write_model(model, path_ends(path, ".weights.h5"), &memory, &bytes, error) : fail_memory(error);
    if (!status) status = file_write(whole, bytes.bytes, bytes.size, error);
    free(whole);
    buffer_free(&bytes);
    arena_free(&memory);
    return status;
}

cepa_status cepa_save(cepa_model *model, const char *path)
{
    cepa_error error = {0};
    cepa_status status = cepa_model_status(model);
    if (!status && model_save(model, path, &error)) status = model_fail(model, &error);
    return status;
}
