#include "fit_settings.h"
#include "files.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

/* "0=1,1=2.5", as the option has it. */
static cepa_status print_class_weight(const cepa_source_info *source, char **text, cepa_error *error)
{
    size_t size;
    FILE *out = open_memstream(text, &size);
    if (!out) return fails_memory(error);
    for (size_t i = 0; i < source->class_weight_count; i++) {
        char number[32];
        cepa_number_text(source->class_weight[i], number);
        fprintf(out, "%s%zu=%s", i ? "," : "", i, number);
    }
    return fclose(out) == 0 ? CEPA_OK : fails_memory(error);
}

static cepa_status take_from_text(fit_settings *f, const cepa_source_info *source, cepa_error *error)
{
    settings *s = &f->settings;
    cepa_status status = CEPA_OK;
    if (!s->epochs) s->epochs = (size_t)source->epochs;
    if (!s->batch_size) s->batch_size = (size_t)source->batch_size;
    if (source->no_shuffle) s->no_shuffle = true;
    if (!s->validation && source->validation_split > 0) {
        cepa_number_text(source->validation_split, f->validation);
        s->validation = f->validation;
    }
    if (!s->class_weight && source->class_weight_count) {
        status = print_class_weight(source, &f->class_weight, error);
        s->class_weight = f->class_weight;
    }
    for (size_t i = 0; !s->callback.count && i < source->callback_count; i++)
        if (!texts_add(&f->callbacks, source->callbacks[i])) return fails_memory(error);
    if (f->callbacks.count) s->callback = f->callbacks;
    return status;
}

cepa_status fit_settings_make(fit_settings *f, const settings *given, const cepa_model *model, cepa_error *error)
{
    const cepa_source_info *source = cepa_model_source(model);
    *f = (fit_settings){.settings = *given};
    settings *s = &f->settings;
    cepa_status status = source ? take_from_text(f, source, error) : CEPA_OK;
    if (!s->epochs) s->epochs = 1;
    if (!s->batch_size) s->batch_size = BATCH_SIZE;
    if (status || s->callback.count <= CEPA_MAX_INPUTS) return status;
    return fails(error, CEPA_ARGUMENT, "at most %d callbacks are taken, not %zu", CEPA_MAX_INPUTS, s->callback.count);
}

void fit_settings_free(fit_settings *f)
{
    free(f->callbacks.items);
    free(f->class_weight);
    *f = (fit_settings){.callbacks = {NULL, 0}};
}

void warn_of_model(const cepa_model *model)
{
    const cepa_source_info *source = cepa_model_source(model);
    const char *warning;
    for (size_t i = 0; (warning = cepa_model_warning(model, i)); i++) warn("%s", warning);
    char list[600] = "";
    size_t used = 0;
    for (size_t i = 0; source && i < source->left_out_count && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", source->left_out[i]);
    if (used) warn("the text's model.fit asks for what is not done here: %s", list);
}

void warn_of_shared_files(const settings *settings)
{
    char list[200] = "";
    size_t used = 0;
    for (size_t i = 0; i < settings->callback.count && used < sizeof list; i++) {
        const char *name = cepa_callback_that_writes(settings->callback.items[i]);
        if (!name || strstr(list, name)) continue;
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", name);
    }
    if (used) warn("every fit writes the files of %s anew: the last one's stay", list);
}
