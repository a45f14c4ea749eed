/* cepa report: a run as one page of HTML. */
#include "commands.h"
#include "diagnosis.h"
#include "files.h"
#include "fit_options.h"
#include "json.h"
#include "json_read.h"
#include "page.h"
#include "report.h"
#include "terminal.h"
#include "training_data.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const option options[] = {
    DATA_OPTION(0),
    SCALE_OPTION,
    THREADS_OPTION,
    JSON_OPTION,
    OPTION("output", output, TAKES_TEXT, .letter = 'o', .value = "FILE", .help = "default: report.html in the run"),
    END_OF_OPTIONS,
};

typedef struct reporting {
    const settings *settings;
    const char *folder;
    record record;
    cepa_model *model;
    training_data data;
    cepa_dataset *measured; /* of the data: what is measured on; NULL: they could not be opened */
    char measured_as[400];  /* what that is, in words */
    char missing[1000];     /* why nothing was measured */
    classified classified;
    estimated estimated; /* where there are no classes */
} reporting;

/* ---- The data of the run ---- */

/* The settings that the run was made with, as far as they say what it was validated with. */
static bool run_settings(const reporting *r, char **arguments, size_t count, settings *made)
{
    size_t first = 1;
    while (first < count && strcmp(arguments[first], "fit") != 0) first++;
    if (first >= count || !options_read(&fit_command, (int)(count - first - 1), arguments + first + 1, made))
        return false;
    made->operands[0] = r->folder;
    made->set.count = 0; /* the model is made */
    if (made->scale == 0) made->scale = r->settings->scale;
    return true;
}

/* How many rows the training part had before the validation was cut off. */
static size_t rows_before(const reporting *r, const settings *s)
{
    double rows = json_find_number(r->record.facts, "data.rows", 0);
    if (validation_fraction(s) > 0) rows += json_find_number(r->record.facts, "validation.rows", 0);
    return rows > 0 ? (size_t)rows : 0;
}

static cepa_status open_own(reporting *r, cepa_error *error)
{
    size_t count;
    settings s = {.operands = NULL};
    char **arguments = json_find_texts(r->record.facts, "command", &count);
    char *name = json_find_text(r->record.facts, "data.name");
    cepa_status status = CEPA_OK;
    if (!arguments || !run_settings(r, arguments, count, &s))
        status = fails(error, CEPA_FORMAT, "run.json does not say which data it was");
    char fraction[32];
    double split = json_find_number(r->record.facts, "validation_split", 0);
    cepa_number_text(split, fraction);
    if (!status) {
        if (!s.validation && split > 0) s.validation = fraction; /* the model's text said so */
        s.train = rows_before(r, &s);
        if (!s.data) s.data = name;
        status = training_data_open(&r->data, &s, r->model, error);
    }
    settings_free(&s);
    for (size_t i = 0; arguments && i < count; i++) free(arguments[i]);
    free(arguments);
    free(name);
    return status;
}

/* The rows that --data names: their test part, or all of them. */
static cepa_status open_other(reporting *r, cepa_error *error)
{
    settings s = *r->settings;
    s.operands = &r->folder;
    return training_data_open(&r->data, &s, r->model, error);
}

static void warn_of_other_rows(const reporting *r)
{
    const char *part = r->data.validation ? "validation.sha256" : "data.sha256";
    char *then = json_find_text(r->record.facts, part);
    if (then && cepa_dataset_hash(r->measured, NULL) == CEPA_OK &&
        strcmp(then, cepa_dataset_describe(r->measured)->sha256) != 0)
        warn("the rows are not those of the run: %s has changed", cepa_dataset_describe(r->measured)->name);
    free(then);
}

/* Without data the page has no confusion and no samples, and says why. */
static void open_data(reporting *r)
{
    cepa_error error = {CEPA_OK, ""};
    cepa_status status = r->settings->data ? open_other(r, &error) : open_own(r, &error);
    if (status) {
        snprintf(r->missing, sizeof r->missing, "%s", error.message);
        warn("nothing was measured: %s (--data names the data)", error.message);
        return;
    }
    r->measured = r->data.validation ? r->data.validation : r->data.train;
    const cepa_dataset_info *info = cepa_dataset_describe(r->measured);
    snprintf(r->measured_as, sizeof r->measured_as, "%zu rows of %s %s", info->rows, info->name,
             r->data.validation ? "that it did not learn from" : "that it learned from: nothing was held back");
    if (!r->settings->data) warn_of_other_rows(r);
}

static void measure_rows(reporting *r)
{
    cepa_error error = {CEPA_OK, ""}, no_numbers;
    int threads = (int)r->settings->threads;
    if (!r->measured || classify(&r->classified, r->model, r->measured, threads, &error) == CEPA_OK) return;
    classified_free(&r->classified);
    if (estimate(&r->estimated, r->model, r->measured, threads, &no_numbers) == CEPA_OK) return;
    estimated_free(&r->estimated);
    snprintf(r->missing, sizeof r->missing, "no classes to tell apart: %s", error.message);
}

/* ---- The page ---- */

static void print_fact(FILE *out, const char *head, const char *format, ...) CEPA_FORMAT(3, 4);
static void print_fact(FILE *out, const char *head, const char *format, ...)
{
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(out, "<tr><th scope=\"row\">%s</th><td>", head);
    page_text(out, text);
    fputs("</td></tr>\n", out);
}

static void print_facts(const reporting *r, FILE *out)
{
    const char *facts = r->record.facts;
    char *data = json_find_text(facts, "data.name"), *validation = json_find_text(facts, "validation.name");
    char *processor = json_find_text(facts, "machine.processor"), *stopped = json_find_text(facts, "stopped_by");
    fputs("<div class=\"scroll\"><table class=\"facts\">\n", out);
    print_fact(out, "model", "%s, %zu layers, %zu parameters", cepa_model_name(r->model),
               cepa_model_layer_count(r->model), subject_parameters(r->model));
    print_fact(out, "learned from", "%s, %.0f rows", data ? data : "?", json_find_number(facts, "data.rows", 0));
    if (validation)
        print_fact(out, "validated with", "%s, %.0f rows", validation, json_find_number(facts, "validation.rows", 0));
    print_fact(out, "epochs", "%.0f of %.0f%s%s", json_find_number(facts, "epochs_done", 0),
               json_find_number(facts, "epochs", 0), stopped ? ", stopped by " : "", stopped ? stopped : "");
    print_fact(out, "batch size, seed", "%.0f, %.0f", json_find_number(facts, "batch_size", 0),
               json_find_number(facts, "seed", 0));
    print_fact(out, "time", "%.1f seconds on %.0f threads of %s", json_find_number(facts, "seconds", 0),
               json_find_number(facts, "machine.threads", 0), processor ? processor : "?");
    fputs("</table></div>\n", out);
    free(data);
    free(validation);
    free(processor);
    free(stopped);
}

/* The surest mistakes, or of what was right the surest of each class, then of all. Gives how many. */
static size_t choose_samples(const classified *c, bool right, size_t most, answer *chosen)
{
    answer *sorted = calloc(c->rows + 1, sizeof *sorted);
    bool *seen = calloc(c->classes + 1, sizeof *seen), *taken = calloc(c->rows + 1, sizeof *taken);
    size_t count = 0;
    if (sorted) memcpy(sorted, c->answers, c->rows * sizeof *sorted);
    if (sorted) qsort(sorted, c->rows, sizeof *sorted, surest_first);
    for (int pass = right ? 0 : 1; sorted && seen && taken && pass < 2; pass++)
        for (size_t i = 0; i < c->rows && count < most; i++) {
            const answer *a = &sorted[i];
            bool fits = (a->truth == a->taken_for) == right;
            if (!fits || taken[i] || (pass == 0 && seen[a->truth])) continue;
            seen[a->truth] = taken[i] = true;
            chosen[count++] = *a;
        }
    free(sorted);
    free(seen);
    free(taken);
    return count;
}

static cepa_status print_samples(const reporting *r, FILE *out, cepa_error *error)
{
    enum { MOST = 12 };
    static const char *const heads[] = {"Wrong, and surest of it", "Right, the surest of each class"};
    cepa_matrix picture;
    bool table = cepa_dataset_describe(r->measured)->table;
    if (!table && cepa_dataset_picture(r->measured, 0, &picture, NULL)) return CEPA_OK;
    if (!table) cepa_matrix_free(&picture);
    cepa_status status = CEPA_OK;
    for (int right = 0; right < 2 && !status; right++) {
        answer chosen[MOST];
        size_t count = choose_samples(&r->classified, right, MOST, chosen);
        if (!count) continue;
        fprintf(out, "<h2>%s</h2>\n", heads[right]);
        status = page_samples(out, &r->classified, r->measured, chosen, count, error);
    }
    return status;
}

/* Which weights on which rows; the paragraph stays open. */
static void print_measure(const reporting *r, const char *head, FILE *out)
{
    double restored = json_find_number(r->record.facts, "restored_epoch", -1);
    fprintf(out, "<h2>%s</h2>\n<p>", head);
    if (restored >= 0)
        fprintf(out, "The weights of epoch %.0f, which were put back, on ", restored + 1);
    else
        fputs("The last weights on ", out);
    page_text(out, r->measured_as);
}

static cepa_status print_measured(const reporting *r, FILE *out, cepa_error *error)
{
    const classified *c = &r->classified;
    if (r->estimated.truth) {
        print_measure(r, "Prediction and truth", out);
        fprintf(out, ": <strong>off by %.4g in the mean</strong>.</p>\n", r->estimated.absolute);
        return page_numbers(out, &r->estimated, error);
    }
    if (!c->classes) {
        fputs("<h2>What it takes for what</h2>\n<p>Not measured: ", out);
        page_text(out, r->missing);
        fputs(".</p>\n", out);
        return CEPA_OK;
    }
    print_measure(r, "What it takes for what", out);
    fprintf(out, ": <strong>%zu right, %.1f %%</strong>.</p>\n", c->right, 100 * (double)c->right / (double)c->rows);
    page_confusion(out, c);
    fputs("<h2>Class by class</h2>\n", out);
    page_scores(out, c);
    return print_samples(r, out, error);
}

static void print_command(const reporting *r, FILE *out)
{
    size_t count;
    char **arguments = json_find_texts(r->record.facts, "command", &count);
    fputs("<footer>Made with <code>", out);
    for (size_t i = 0; arguments && i < count; i++) {
        fputs(i ? " " : "", out);
        page_text(out, arguments[i]);
        free(arguments[i]);
    }
    free(arguments);
    fprintf(out, "</code> by Cepa %s.</footer>\n", cepa_version());
}

static cepa_status print_page(const reporting *r, FILE *out, cepa_error *error)
{
    char title[600];
    const csv_table *h = &r->record.history;
    diagnosis d = diagnose(&r->record);
    snprintf(title, sizeof title, "%s: %s", r->folder, cepa_model_name(r->model));
    page_begin(out, title);
    fputs("<p class=\"words\">", out);
    diagnosis_print(&d, &r->record, out);
    fputs("</p>\n", out);
    print_facts(r, out);
    fputs("<h2>Curves</h2>\n<div class=\"curves\">\n", out);
    for (size_t i = 0; i < h->columns; i++)
        if (strncmp(h->names[i], "val_", 4) != 0) page_curves(out, h, h->names[i]);
    fputs("</div>\n", out);
    page_history(out, h);
    cepa_status status = print_measured(r, out, error);
    print_command(r, out);
    page_end(out);
    return status;
}

/* The diagnosis, to stdout. */
static cepa_status print_words(const reporting *r, cepa_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    diagnosis d = diagnose(&r->record);
    if (out) diagnosis_print(&d, &r->record, out);
    cepa_status status = out && fclose(out) == 0 ? CEPA_OK : fails_memory(error);
    if (!status) print_wrapped(strtok(text, "\n"));
    free(text);
    return status;
}

static cepa_status write_page(const reporting *r, cepa_error *error)
{
    char *text = NULL, *standard = join(r->folder, "report.html");
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cepa_status status = out && standard ? print_page(r, out, error) : fails_memory(error);
    if (out && fclose(out) != 0) status = fails_memory(error);
    const char *path = r->settings->output ? r->settings->output : standard;
    if (!status) status = cepa_write_file(path, text, size, error);
    if (!status) status = print_words(r, error);
    if (!status) printf("Wrote %s\n", path);
    free(text);
    free(standard);
    return status;
}

/* ---- As JSON ---- */

static void write_class(json *j, const classified *c, size_t class)
{
    char number[32];
    class_score s = score_of(c, class);
    json_open(j, NULL, '{');
    json_text(j, "name", class_name(c, class, number));
    json_whole(j, "rows", s.support);
    json_number(j, "precision", s.precision);
    json_number(j, "recall", s.recall);
    json_number(j, "f1", s.f1);
    json_open(j, "taken_for", '[');
    for (size_t i = 0; i < c->classes; i++) json_whole(j, NULL, c->counts[class * c->classes + i]);
    json_close(j, ']');
    json_close(j, '}');
}

static void print_json(const reporting *r)
{
    json j = {.out = stdout};
    diagnosis d = diagnose(&r->record);
    const classified *c = &r->classified;
    const estimated *e = &r->estimated;
    json_open(&j, NULL, '{');
    json_whole(&j, "epochs", d.epochs);
    json_whole(&j, "best_epoch", d.best + (size_t)r->record.history.first_epoch);
    json_flag(&j, "validated", d.validated);
    json_flag(&j, "turned", d.turned);
    json_number(&j, "lowest", d.lowest);
    json_number(&j, "end", d.end);
    json_number(&j, "gap", d.gap);
    json_text(&j, "measured_on", c->classes || e->truth ? r->measured_as : NULL);
    json_whole(&j, "rows", c->classes ? c->rows : e->rows);
    if (e->truth) {
        json_number(&j, "mean_squared_error", e->squared);
        json_number(&j, "mean_absolute_error", e->absolute);
        json_number(&j, "mean_squared_error_of_the_mean", e->squared_of_mean);
    }
    json_whole(&j, "right", c->right);
    json_open(&j, "classes", '[');
    for (size_t i = 0; i < c->classes; i++) write_class(&j, c, i);
    json_close(&j, ']');
    json_close(&j, '}');
}

static cepa_status make_report(reporting *r, cepa_error *error)
{
    settings s = *r->settings;
    cepa_status status = record_read(&r->record, r->folder, error);
    if (!status) status = subject_trained_model(&s, &r->model, error);
    if (status) return status;
    open_data(r);
    measure_rows(r);
    if (!s.json) return write_page(r, error);
    print_json(r);
    return CEPA_OK;
}

static int report_main(const settings *settings)
{
    reporting r = {.settings = settings, .folder = settings->operands[0]};
    cepa_error error = {CEPA_OK, ""};
    cepa_status status = make_report(&r, &error);
    classified_free(&r.classified);
    estimated_free(&r.estimated);
    training_data_free(&r.data);
    record_free(&r.record);
    subject_free(r.model);
    return status ? failed(&error) : DONE;
}

const command report_command = {
    .name = "report",
    .operands = "RUN",
    .purpose = "Makes a page of a run: curves, confusion, scores, samples, and what they say",
    .options = options,
    .least = 1,
    .most = 1,
    .run = report_main,
};
