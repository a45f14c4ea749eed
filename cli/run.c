#include "run.h"
#include "files.h"
#include "json.h"
#include "report.h"
#include "subject.h"
#include "training_data.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a run's folder holds, and what --overwrite removes. */
static const char *const members[] = {"model.keras", "best.keras", "history.csv", "run.json", "report.html"};
static const char *const figure_kinds[] = {".png", ".svg"};

/* ---- Beginning ---- */

static bool holds_run(const char *path)
{
    char *figures = join(path, "figures"); /* all that a fit leaves which was killed in its first epoch */
    bool held = figures && is_folder(figures);
    free(figures);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char *member = join(path, members[i]);
        held = held || (member && exists(member));
        free(member);
    }
    return held;
}

static void remove_run(const char *path)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char *member = join(path, members[i]);
        if (member) unlink(member);
        free(member);
    }
}

cepa_status run_check(const char *path, bool overwrite, cepa_error *error)
{
    if (!path || !exists(path)) return CEPA_OK;
    if (!is_folder(path)) return fails(error, CEPA_ARGUMENT, "%s is a file: -o names the folder of a run", path);
    if (is_empty_folder(path)) return CEPA_OK;
    if (!overwrite) return fails(error, CEPA_ARGUMENT, "%s exists: --overwrite replaces the run in it", path);
    if (!holds_run(path))
        return fails(error, CEPA_ARGUMENT, "%s is not the folder of a run: it is not overwritten", path);
    return CEPA_OK;
}

cepa_status run_begin(run *run, const char *path, cepa_error *error)
{
    *run = (struct run){.path = path, .best_epoch = -1, .made = path && !exists(path)};
    if (!path) return CEPA_OK;
    remove_run(path);
    char *figures = join(path, "figures");
    bool made = figures && make_folders(figures);
    int cause = errno;
    free(figures);
    if (made) return CEPA_OK;
    run_free(run);
    return fails(error, CEPA_FILE, "cannot make the folder %s: %s", path, strerror(cause));
}

void run_free(run *run)
{
    char *figures = run->path && run->made ? join(run->path, "figures") : NULL;
    if (figures && (rmdir(figures) == 0 || errno == ENOENT)) rmdir(run->path);
    free(figures);
    csv_free(&run->history);
    *run = (struct run){.path = NULL};
}

/* ---- Epochs ---- */

static cepa_status save(const run *run, cepa_model *model, const char *name, cepa_error *error)
{
    char *path = join(run->path, name);
    if (!path) return fails_memory(error);
    cepa_status status = cepa_save(model, path);
    if (status) *error = *cepa_model_error(model);
    free(path);
    return status;
}

static const cepa_log *find_log(const cepa_progress *event, const char *name)
{
    for (size_t i = 0; i < event->log_count; i++)
        if (strcmp(event->logs[i].name, name) == 0) return &event->logs[i];
    return NULL;
}

/* True, and remembered, where this epoch is the best so far. */
static bool is_best(run *run, const cepa_progress *event)
{
    const cepa_log *log = find_log(event, "val_loss");
    if (!log) log = find_log(event, "loss");
    if (!log || isnan(log->value) || (run->best_epoch >= 0 && log->value >= run->best)) return false;
    snprintf(run->monitor, sizeof run->monitor, "%s", log->name);
    run->best = log->value;
    run->best_epoch = event->epoch;
    return true;
}

cepa_status run_epoch(run *run, cepa_model *model, const cepa_progress *event, cepa_error *error)
{
    cepa_status status = csv_add(&run->history, event->epoch, event->logs, event->log_count, error);
    bool best = is_best(run, event);
    if (status || !run->path) return status;
    if (best) status = save(run, model, "best.keras", error);
    return status ? status : write_in(run->path, "history.csv", run->history.text, run->history.size, error);
}

/* ---- The end ---- */

static void write_data_set(json *j, const char *name, cepa_dataset *data)
{
    if (!data) {
        json_text(j, name, NULL);
        return;
    }
    bool hashed = cepa_dataset_hash(data, NULL) == CEPA_OK;
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    json_open(j, name, '{');
    json_text(j, "name", info->name);
    json_text(j, "source", info->source);
    json_whole(j, "rows", info->rows);
    json_text(j, "sha256", hashed ? info->sha256 : NULL);
    json_close(j, '}');
}

static void write_texts(json *j, const char *name, const texts *list)
{
    json_open(j, name, '[');
    for (size_t i = 0; i < list->count; i++) json_text(j, NULL, list->items[i]);
    json_close(j, ']');
}

static void write_settings(json *j, const settings *settings, const run_facts *facts)
{
    json_text(j, "model", settings->operands[0]);
    write_texts(j, "set", &settings->set);
    write_data_set(j, "data", facts->train);
    write_data_set(j, "validation", facts->validation);
    json_number(j, "validation_split", validation_fraction(settings) > 0 ? validation_fraction(settings) : NAN);
    json_number(j, "scale", facts->scale != 0 ? facts->scale : NAN);
    json_whole(j, "epochs", settings->epochs);
    json_whole(j, "batch_size", facts->batch_size);
    json_flag(j, "shuffle", !settings->no_shuffle);
    json_whole(j, "seed", settings->seed);
    json_text(j, "class_weight", settings->class_weight);
    write_texts(j, "callbacks", &settings->callback);
    json_number(j, "budget", settings->budget > 0 ? settings->budget : NAN);
}

static void write_machine(json *j, size_t threads)
{
    cepa_machine machine;
    if (cepa_machine_describe(&machine, NULL) != CEPA_OK) return;
    json_open(j, "machine", '{');
    json_text(j, "processor", machine.processor);
    json_text(j, "instruction_set", machine.instruction_set);
    json_text(j, "convolutions", machine.convolutions);
    json_whole(j, "threads", threads ? threads : (size_t)machine.threads);
    json_close(j, '}');
}

static void write_results(json *j, const run *run, const cepa_model *model, const run_facts *facts)
{
    char digest[65];
    const cepa_history_table *history = cepa_history(model);
    size_t epochs = history->epochs;
    json_whole(j, "epochs_done", epochs);
    json_text(j, "stopped_by", facts->stopped_by ? facts->stopped_by : history->stopped_by);
    if (history->restored_epoch >= 0) json_whole(j, "restored_epoch", (size_t)history->restored_epoch);
    json_number(j, "seconds", facts->seconds);
    if (epochs) {
        json_open(j, "last", '{');
        for (size_t i = 0; i < history->names; i++)
            json_number(j, history->name[i], history->values[i * epochs + epochs - 1]);
        json_close(j, '}');
    }
    if (run->best_epoch >= 0) {
        json_open(j, "best", '{');
        json_whole(j, "epoch", (size_t)run->best_epoch);
        json_number(j, run->monitor, run->best);
        json_close(j, '}');
    }
    bool hashed = cepa_model_weights_sha256(model, digest, NULL) == CEPA_OK;
    json_text(j, "weights_sha256", hashed ? digest : NULL);
    json_whole(j, "parameters", subject_parameters(model));
}

static cepa_status write_facts(const run *run, const cepa_model *model, const settings *settings,
                               const run_facts *facts, cepa_error *error)
{
    char *text = NULL;
    size_t size = 0;
    json j = {.out = open_memstream(&text, &size)};
    if (!j.out) return fails_memory(error);
    json_open(&j, NULL, '{');
    json_text(&j, "cepa", cepa_version());
    json_open(&j, "command", '[');
    for (int i = 0; i < facts->argument_count; i++) json_text(&j, NULL, facts->arguments[i]);
    json_close(&j, ']');
    write_settings(&j, settings, facts);
    write_machine(&j, settings->threads);
    write_results(&j, run, model, facts);
    json_close(&j, '}');
    cepa_status status = fclose(j.out) == 0 ? write_in(run->path, "run.json", text, size, error) : fails_memory(error);
    free(text);
    return status;
}

/* Draws a number of each epoch beside the same one of the validation. */
static cepa_status draw(const run *run, const cepa_history_table *history, size_t index, const char *kind,
                        cepa_error *error)
{
    const char *name = history->name[index];
    char validation[256], file[256];
    snprintf(validation, sizeof validation, "val_%s", name);
    snprintf(file, sizeof file, "figures/%s%s", name, kind);
    cepa_series series[2];
    size_t count = 0;
    for (size_t i = 0; i < history->names; i++) {
        if (i != index && strcmp(history->name[i], validation) != 0) continue;
        series[count] = (cepa_series){.name = history->name[i],
                                      .count = history->epochs,
                                      .y = history->values + i * history->epochs,
                                      .first_x = history->first_epoch};
        count++;
    }
    char *path = join(run->path, file);
    if (!path) return fails_memory(error);
    cepa_status status =
        cepa_plot_lines(path, series, count, &(cepa_plot_options){.x_label = "epochs", .y_label = "metric"}, error);
    free(path);
    return status;
}

static cepa_status draw_all(const run *run, const cepa_model *model, cepa_error *error)
{
    const cepa_history_table *history = cepa_history(model);
    cepa_status status = CEPA_OK;
    for (size_t i = 0; history && history->epochs && i < history->names; i++)
        for (size_t k = 0; k < sizeof figure_kinds / sizeof *figure_kinds && !status; k++)
            if (strncmp(history->name[i], "val_", 4) != 0) status = draw(run, history, i, figure_kinds[k], error);
    if (status == CEPA_UNSUPPORTED) warn("no figures: %s", error->message);
    return status == CEPA_UNSUPPORTED ? CEPA_OK : status;
}

cepa_status run_end(run *run, cepa_model *model, const settings *settings, const run_facts *facts, cepa_error *error)
{
    if (!run->path) return CEPA_OK;
    cepa_status status = save(run, model, "model.keras", error);
    if (!status) status = write_facts(run, model, settings, facts, error);
    return status ? status : draw_all(run, model, error);
}
