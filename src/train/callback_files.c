/* Callbacks that write files: ModelCheckpoint and CSVLogger. */
#include "train/callback_classes.h"

#include "base/buffer.h"
#include "base/file.h"
#include "data/csv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- Paths with numbers in them: Python's str.format ------------------------------------------------------------- */

/* A path being filled in from a fit's numbers. */
typedef struct path_filling {
    const callback *c;
    const fit_state *f;
    bool batch; /* {batch} is known */
    buffer text;
    cepa_error *error;
} path_filling;

/* The number that a name stands for; false where there is none. */
static bool number_named(const path_filling *p, const char *name, double *number, bool *whole)
{
    size_t log = find_log(p->f->logs, name);
    bool epoch = strcmp(name, "epoch") == 0, batch = p->batch && strcmp(name, "batch") == 0;
    *whole = epoch || batch;
    if (epoch) *number = p->f->epoch + 1;
    if (batch) *number = (double)p->f->step + 1;
    if (!*whole && log < p->f->logs->count) *number = p->f->logs->logs[log].value;
    return *whole || log < p->f->logs->count;
}

/* Behind the colon: a 0 that fills up, a width, .decimals, and d or f. */
typedef struct number_format {
    bool zeros;
    long width, decimals; /* decimals -1: none are given */
    char type;            /* 0: none is given */
} number_format;

static bool read_format(const char *text, number_format *format)
{
    enum { MOST = 20 };
    char *end;
    *format = (number_format){.zeros = *text == '0', .decimals = -1};
    format->width = isdigit((unsigned char)*text) ? strtol(text, &end, 10) : (end = (char *)(uintptr_t)text, 0);
    if (*end == '.' && isdigit((unsigned char)end[1])) format->decimals = strtol(end + 1, &end, 10);
    if (*end == 'd' || *end == 'f') format->type = *end++;
    return !*end && format->width <= MOST && format->decimals <= MOST;
}

static bool write_number(buffer *text, double number, bool whole, const number_format *format)
{
    buffer digits = {0};
    bool fixed = format->type == 'f';
    if ((format->type == 'd' && !whole) || (format->decimals >= 0 && !fixed)) return false;
    if (fixed)
        buffer_fixed(&digits, number, format->decimals >= 0 ? (int)format->decimals : 6);
    else
        buffer_number(&digits, number, whole);
    bool sign = digits.size && digits.bytes[0] == '-' && format->zeros;
    if (sign) buffer_text(text, "-");
    for (long i = (long)digits.size; i < format->width; i++) buffer_text(text, format->zeros ? "0" : " ");
    buffer_bytes(text, digits.bytes + sign, digits.size - sign);
    text->failed |= digits.failed;
    buffer_free(&digits);
    return true;
}

/* One field, "val_loss:.2f". */
static cepa_status fill_field(path_filling *p, char *field)
{
    char *colon = strchr(field, ':');
    number_format format = {.decimals = -1};
    double number;
    bool whole;
    if (colon) *colon = 0;
    if (!number_named(p, field, &number, &whole)) return refuse_monitor(p->c, field, p->f->logs, p->error);
    if ((!colon || read_format(colon + 1, &format)) && write_number(&p->text, number, whole, &format)) return CEPA_OK;
    return fail(p->error, CEPA_ARGUMENT, "%s: {%.40s:%.40s}: a format such as %s was expected", p->c->class->kind.name,
                field, colon + 1, whole ? "02d" : ".2f");
}

/* Fills pattern in; the text is to be freed, NULL on failure. */
static char *fill_path(path_filling *p, const char *pattern)
{
    cepa_status status = CEPA_OK;
    while (*pattern && !status) {
        size_t plain = strcspn(pattern, "{}"), length = strcspn(pattern + plain, "}");
        buffer_bytes(&p->text, pattern, plain);
        pattern += plain;
        if (!*pattern) break;
        if (pattern[1] == *pattern) { /* {{ is { */
            buffer_bytes(&p->text, pattern, 1);
            pattern += 2;
            continue;
        }
        char *field = *pattern == '{' && pattern[length] ? strndup(pattern + 1, length - 1) : NULL;
        status = field ? fill_field(p, field)
                       : fail(p->error, CEPA_ARGUMENT, "%s: in filepath a %c stands alone", p->c->class->kind.name,
                              *pattern);
        free(field);
        pattern += length + 1;
    }
    char *text = status ? NULL : buffer_take_text(&p->text);
    if (!status && !text) fail_memory(p->error);
    buffer_free(&p->text);
    return text;
}

/* ---- ModelCheckpoint --------------------------------------------------------------------------------------------- */

typedef cepa_model_checkpoint_options checkpoint_options;

static const field checkpoint_fields[] = {
    FIELD(FIELD_TEXT, checkpoint_options, filepath, .required = true),
    MONITOR(checkpoint_options),
    COUNT(checkpoint_options, verbose, 0),
    BOOL(checkpoint_options, save_best_only),
    BOOL(checkpoint_options, save_weights_only),
    MODE(checkpoint_options),
    FIELD(FIELD_TEXT, checkpoint_options, save_freq, .preset_text = "epoch", .whole = true),
    REAL(checkpoint_options, initial_value_threshold, .optional = true, .min = -INFINITY, .max = INFINITY),
    END_OF_FIELDS};

/* The batches between two saves; 0: an epoch. */
static long batches_between(const checkpoint_options *o) { return strtol(o->save_freq, NULL, 10); }

static cepa_status check_options(const checkpoint_options *o, cepa_error *error)
{
    const char *end = o->save_weights_only ? ".weights.h5" : ".keras";
    if (!path_ends(o->filepath, end))
        return fail(error, CEPA_ARGUMENT, "ModelCheckpoint: filepath must end in %s%s, not '%.200s'", end,
                    o->save_weights_only ? " with save_weights_only=True" : "", o->filepath);
    if (strcmp(o->save_freq, "epoch") != 0 && batches_between(o) < 1)
        return fail(error, CEPA_ARGUMENT,
                    "ModelCheckpoint: save_freq must be 'epoch' or a number of batches, not '%.40s'", o->save_freq);
    return CEPA_OK;
}

static char *checkpoint_path(const callback *c, const fit_state *f, cepa_error *error)
{
    const checkpoint_options *o = c->options;
    path_filling filling = {.c = c, .f = f, .batch = batches_between(o), .error = error};
    return fill_path(&filling, o->filepath);
}

/* Where the number is not measured, every save is the best, as in Keras. */
static cepa_status checkpoint_begin(callback *c, arena *memory, const fit_state *f, cepa_error *error)
{
    (void)memory;
    const checkpoint_options *o = c->options;
    cepa_status status = check_options(o, error);
    if (status) return status;
    if (!batches_between(o)) {
        char *path = checkpoint_path(c, f, error);
        if (!path) return error->status;
        free(path);
    }
    if (o->save_best_only && find_log(f->logs, o->monitor) < f->logs->count)
        status = watch(c, f, o->monitor, o->mode, 0, error);
    c->monitor.any = real_is_set(o->initial_value_threshold);
    c->monitor.best = o->initial_value_threshold;
    return status;
}

/* Whether to save the model, and why. */
static bool is_due(callback *c, const fit_state *f, const char *path)
{
    const checkpoint_options *o = c->options;
    size_t log = find_log(f->logs, o->monitor);
    if (!o->save_best_only) {
        if (o->verbose) say(f, "Epoch %d: saving model to %s", f->epoch + 1, path);
        return true;
    }
    if (log == f->logs->count) {
        say(f, "Can save best model only with %s available.", o->monitor);
        return true;
    }
    double value = f->logs->logs[log].value;
    buffer best = {0}, now = {0};
    if (c->monitor.any)
        buffer_fixed(&best, c->monitor.best, 5);
    else
        buffer_text(&best, "None");
    buffer_fixed(&now, value, 5);
    bool better = improve(&c->monitor, value), told = o->verbose && !best.failed && !now.failed;
    if (told && better)
        say(f, "Epoch %d: %s improved from %s to %s, saving model to %s", f->epoch + 1, o->monitor,
            (const char *)best.bytes, (const char *)now.bytes, path);
    else if (told)
        say(f, "Epoch %d: %s did not improve from %s", f->epoch + 1, o->monitor, (const char *)best.bytes);
    buffer_free(&best);
    buffer_free(&now);
    return better;
}

static void save_checkpoint(callback *c, fit_state *f)
{
    const checkpoint_options *o = c->options;
    char *path = checkpoint_path(c, f, &f->failure);
    if (!path) return;
    if (is_due(c, f, path)) {
        cepa_status status = folder_make_for(path, &f->failure);
        if (!status) status = f->saver->save(f->saver->context, path, &f->failure);
        if (!status && o->verbose) say(f, "Epoch %d: finished saving model to %s", f->epoch + 1, path);
    }
    free(path);
}

static void checkpoint_after_step(callback *c, fit_state *f)
{
    long batches = batches_between(c->options);
    if (!batches || ++c->wait < batches) return;
    c->wait = 0;
    save_checkpoint(c, f);
}

static void checkpoint_after_epoch(callback *c, fit_state *f)
{
    if (!batches_between(c->options)) save_checkpoint(c, f);
}

const callback_class model_checkpoint = {
    .kind = {.name = "ModelCheckpoint", .fields = checkpoint_fields, .options_size = sizeof(checkpoint_options)},
    .writes_files = true,
    .begin = checkpoint_begin,
    .on = {[BATCH_END] = checkpoint_after_step, [EPOCH_END] = checkpoint_after_epoch},
};

/* ---- CSVLogger --------------------------------------------------------------------------------------------------- */

typedef cepa_csv_logger_options csv_options;

static const field csv_logger_fields[] = {FIELD(FIELD_TEXT, csv_options, filename, .required = true),
                                          FIELD(FIELD_TEXT, csv_options, separator, .preset_text = ","),
                                          BOOL(csv_options, append), END_OF_FIELDS};

static const char first_name[] = "epoch";

/* Another file of that name is not lost: what is there must be empty or begin as a log does. kept: a log is gone on
 * with. */
static cepa_status csv_begin(callback *c, arena *memory, const fit_state *f, cepa_error *error)
{
    (void)memory, (void)f;
    const csv_options *o = c->options;
    char start[sizeof first_name - 1];
    if (strlen(o->separator) != 1)
        return fail(error, CEPA_ARGUMENT, "CSVLogger: separator must be one character, not '%.40s'", o->separator);
    FILE *file = fopen(o->filename, "rb");
    if (!file) return CEPA_OK; /* where it cannot be written either, the first epoch says so */
    size_t size = fread(start, 1, sizeof start, file);
    fclose(file);
    if (size && (size < sizeof start || memcmp(start, first_name, sizeof start) != 0))
        return fail(error, CEPA_FILE, "CSVLogger: %s is there already and is no log of epochs", o->filename);
    c->kept = size && o->append;
    return CEPA_OK;
}

/* A number, of several results "[0.5, 0.25]" with the quotation marks. */
static void add_value(buffer *line, char separator, const cepa_log *log)
{
    buffer text = {0};
    if (log->count) buffer_text(&text, "\"[");
    for (size_t i = 0; i < log->count; i++) {
        if (i) buffer_text(&text, ", ");
        buffer_number(&text, log->values[i], false);
    }
    if (log->count)
        buffer_text(&text, "]\"");
    else
        buffer_number(&text, log->value, false);
    if (!text.failed) csv_write_field(line, separator, (const char *)text.bytes);
    line->failed |= text.failed;
    buffer_free(&text);
}

static bool has_validation(const log_list *logs)
{
    for (size_t i = 0; i < logs->count; i++)
        if (strncmp(logs->logs[i].name, "val_", 4) == 0) return true;
    return false;
}

/* Keras' callbacks see the learning rate where one before them has added it. */
static bool is_seen(const callback *c, const cepa_log *log)
{
    return c->sees_rate || strcmp(log->name, "learning_rate") != 0;
}

static char separator_of(const callback *c) { return ((const csv_options *)c->options)->separator[0]; }

/* Without validation its columns are there all the same, and hold NA. */
static void add_names(buffer *line, const callback *c, const log_list *logs)
{
    const char *const before[] = {"", "val_"};
    const char separator = separator_of(c);
    csv_write_field(line, separator, first_name);
    for (size_t k = 0; k < (has_validation(logs) ? 1 : 2); k++)
        for (size_t i = 0; i < logs->count; i++) {
            char name[200];
            snprintf(name, sizeof name, "%s%s", before[k], logs->logs[i].name);
            if (is_seen(c, &logs->logs[i])) csv_write_field(line, separator, name);
        }
    buffer_text(line, "\r\n");
}

static void add_numbers(buffer *line, const callback *c, const fit_state *f)
{
    const log_list *logs = f->logs;
    buffer_format(line, "%d", f->epoch);
    for (size_t i = 0; i < logs->count; i++)
        if (is_seen(c, &logs->logs[i])) add_value(line, separator_of(c), &logs->logs[i]);
    for (size_t i = 0; i < logs->count && !has_validation(logs); i++)
        if (is_seen(c, &logs->logs[i])) csv_write_field(line, separator_of(c), "NA");
    buffer_text(line, "\r\n");
}

static void csv_after_epoch(callback *c, fit_state *f)
{
    const csv_options *o = c->options;
    buffer names = {0}, numbers = {0};
    if (!c->kept) add_names(&names, c, f->logs);
    add_numbers(&numbers, c, f);
    buffer_bytes(&names, numbers.bytes, numbers.size);
    if (names.failed || numbers.failed)
        fail_memory(&f->failure);
    else
        (c->kept ? file_append : file_write)(o->filename, names.bytes, names.size, &f->failure);
    c->kept = true;
    buffer_free(&names);
    buffer_free(&numbers);
}

const callback_class csv_logger = {
    .kind = {.name = "CSVLogger", .fields = csv_logger_fields, .options_size = sizeof(csv_options)},
    .writes_files = true,
    .begin = csv_begin,
    .on = {[EPOCH_END] = csv_after_epoch},
};
