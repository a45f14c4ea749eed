#include "campaign.h"
#include "clock.h"
#include "files.h"
#include "fit_settings.h"
#include "json_read.h"
#include "report.h"
#include "search_folder.h"
#include "signals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

cepa_status campaign_begin(campaign *c, const command *command, const settings *settings, const char *what, size_t most,
                           cepa_error *error)
{
    *c = (campaign){.command = command,
                    .settings = settings,
                    .what = what,
                    .seeds = settings->seeds ? settings->seeds : 1,
                    .lock = -1,
                    .said = settings->json ? stderr : stdout,
                    .best_epoch = settings->epoch && strcmp(settings->epoch, "best") == 0};
    c->variants = calloc(most + 1, sizeof *c->variants);
    return c->variants ? CEPA_OK : fails_memory(error);
}

cepa_status campaign_try(const settings *settings, training_data *data, size_t *parameters, cepa_error *error)
{
    cepa_model *model;
    *data = (training_data){.scale = 0};
    cepa_status status = subject_model(settings, &model, error);
    if (status) return status;
    if (parameters) *parameters = subject_parameters(model);
    fit_settings own;
    status = fit_settings_make(&own, settings, model, error);
    if (!status) status = training_data_open(data, &own.settings, model, error);
    cepa_fit_options none = {.epochs = 1, .initial_epoch = 1, .validation_data = data->validation};
    for (size_t i = 0; !status && i < own.settings.callback.count; i++)
        none.callbacks[i].name = own.settings.callback.items[i];
    if (!status && (status = cepa_fit_with(model, data->train, &none))) *error = *cepa_model_error(model);
    if (!status) warn_of_model(model);
    if (!status) warn_of_shared_files(&own.settings);
    fit_settings_free(&own);
    subject_free(model);
    return status;
}

/* ---- The queue ---- */

const char *campaign_folder(const campaign *c, size_t variant, size_t seed)
{
    return c->folders[seed * c->count + variant];
}

static cepa_status make_queue(campaign *c, cepa_error *error)
{
    size_t count = c->count * c->seeds;
    c->folders = calloc(count + 1, sizeof *c->folders);
    c->queue.jobs = calloc(count + 1, sizeof *c->queue.jobs);
    if (!c->folders || !c->queue.jobs) return fails_memory(error);
    for (size_t i = 0; i < count; i++) {
        uint64_t seed = c->settings->seed + i / c->count;
        if (asprintf(&c->folders[i], "%s/run-%03zu-seed-%llu", c->settings->output, i % c->count + 1,
                     (unsigned long long)seed) < 0) {
            c->folders[i] = NULL;
            return fails_memory(error);
        }
        fit_job *job = &c->queue.jobs[i];
        job->settings = *c->variants[i % c->count].settings;
        job->settings.seed = seed;
        job->settings.output = c->folders[i];
        c->queue.count++;
    }
    return CEPA_OK;
}

static void print_time(double seconds, char text[32])
{
    if (seconds < 100)
        snprintf(text, 32, "%.0f s", seconds);
    else
        snprintf(text, 32, "%.0f min", seconds / 60);
}

/* What fits are judged by: the objective asked for, else the validation's loss, else the loss. */
static cepa_status choose_metric(campaign *c, const record *r, const char *folder, cepa_error *error)
{
    const char *wanted = c->settings->objective;
    if (*c->metric) return CEPA_OK;
    if (wanted && !csv_column(&r->history, wanted)) {
        char names[600];
        csv_names(&r->history, names, sizeof names);
        return fails(error, CEPA_ARGUMENT, "--objective %s: %s has no such metric; it has %s", wanted, folder, names);
    }
    bool validated = !isnan(record_value(r, "val_loss", 0));
    snprintf(c->metric, sizeof c->metric, "%s", wanted ? wanted : validated ? "val_loss" : "loss");
    return CEPA_OK;
}

/* ---- While it goes ---- */

static void print_end(campaign *c, const fit_job *job, const record *r, size_t done)
{
    size_t place = (size_t)(job - c->queue.jobs), row = campaign_row(c, r);
    const variant *v = &c->variants[place % c->count];
    char took[32], left[32];
    print_time(job->seconds, took);
    fprintf(c->said, "%s %zu/%zu, seed %llu: %s", c->what, place % c->count + 1, c->count,
            (unsigned long long)job->settings.seed, v->label);
    const char *const metrics[] = {c->metric, "val_accuracy"};
    for (size_t i = 0; i < 2; i++) {
        double value = record_value(r, metrics[i], row);
        if (!isnan(value) && (i == 0 || strcmp(metrics[1], c->metric) != 0))
            fprintf(c->said, "  %s %.4f", metrics[i], value);
    }
    if (done < c->queue.count && done > c->found) {
        print_time((seconds_now() - c->start) / (double)(done - c->found) * (double)(c->queue.count - done), left);
        fprintf(c->said, "  (%zu epochs, %s; %zu of %zu done, about %s left)\n", r->history.epochs, took, done,
                c->queue.count, left);
    } else
        fprintf(c->said, "  (%zu epochs, %s; %zu of %zu done)\n", r->history.epochs, took, done, c->queue.count);
    fflush(c->said);
}

static cepa_status ended(void *context, const fit_job *job, size_t done, cepa_error *error)
{
    campaign *c = context;
    record r;
    cepa_status status = record_read(&r, job->settings.output, error);
    if (!status) status = choose_metric(c, &r, job->settings.output, error);
    if (!status) print_end(c, job, &r, done);
    record_free(&r);
    return status;
}

static void print_beginning(campaign *c, size_t left)
{
    size_t beside = fits_beside(&c->queue, left), threads = fits_threads(&c->queue, left);
    fprintf(c->said, "%zu %ss x %zu seed%s: %zu fits", c->count, c->what, c->seeds, c->seeds == 1 ? "" : "s",
            c->queue.count);
    if (c->found) fprintf(c->said, ", %zu of them done before", c->found);
    if (left) fprintf(c->said, "; %zu at once, %zu thread%s each", beside, threads, threads == 1 ? "" : "s");
    putc('\n', c->said);
    fflush(c->said);
}

/* Goes on in a folder that holds fits of the same campaign. */
static cepa_status take_folder(campaign *c, cepa_error *error)
{
    char *plan = NULL;
    const char *folder = c->settings->output;
    bool resumed = false;
    cepa_status status = plan_write(c->command, c->settings, &plan, error);
    if (!status) status = search_folder_take(folder, plan, c->settings->overwrite, &resumed, &c->lock, error);
    free(plan);
    if (!status && resumed) fprintf(c->said, "Going on in %s, which holds fits of the same %ss.\n", folder, c->what);
    return status;
}

/* ---- What they leave ---- */

static cepa_status read_records(campaign *c, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    for (size_t v = 0; v < c->count && !status; v++) {
        c->variants[v].records = calloc(c->seeds, sizeof *c->variants[v].records);
        if (!c->variants[v].records) return fails_memory(error);
        for (size_t s = 0; s < c->seeds && !status; s++) {
            const char *folder = campaign_folder(c, v, s);
            record *r = &c->variants[v].records[s];
            status = record_read(r, folder, error);
            if (!status) status = choose_metric(c, r, folder, error);
        }
    }
    return status;
}

cepa_status campaign_run(campaign *c, cepa_error *error)
{
    cepa_status status = take_folder(c, error);
    if (!status) status = make_queue(c, error);
    if (status) return status;
    c->queue.at_once = c->settings->jobs;
    c->queue.threads = c->settings->threads;
    c->queue.ended = ended;
    c->queue.context = c;
    size_t left = fits_find_done(&c->queue);
    c->found = c->queue.count - left;
    catch_signals(); /* from now on one ends the fits, and the same command goes on from there */
    print_beginning(c, left);
    c->start = seconds_now();
    status = fits_run(&c->queue, error);
    return status ? status : read_records(c, error);
}

int campaign_exit(cepa_status status, const cepa_error *error)
{
    if (!status) return DONE;
    if (status != CEPA_INTERRUPTED) return failed(error);
    complain("%s; the same command goes on from here", error->message);
    return 128 + caught_signal();
}

void campaign_free(campaign *c)
{
    for (size_t v = 0; v < c->count; v++) {
        for (size_t s = 0; s < c->seeds && c->variants[v].records; s++) record_free(&c->variants[v].records[s]);
        free(c->variants[v].records);
    }
    for (size_t i = 0; i < c->queue.count; i++) free(c->folders[i]);
    free(c->variants);
    free(c->folders);
    free(c->queue.jobs);
    if (c->lock >= 0) close(c->lock);
    *c = (campaign){.lock = -1};
}

/* ---- Judging ---- */

size_t campaign_row(const campaign *c, const record *r)
{
    return c->best_epoch ? record_best_row(r, c->metric) : r->row;
}

/* In the row that counts, or at its best; epoch (may be NULL) gets the mean of the rows' epochs, from 1. */
static sample over_seeds(const campaign *c, size_t variant, const char *metric, bool best, double *epoch)
{
    double *values = calloc(c->seeds, sizeof *values), epochs = 0;
    for (size_t s = 0; values && s < c->seeds; s++) {
        const record *r = &c->variants[variant].records[s];
        size_t row = best ? record_best_row(r, metric) : campaign_row(c, r);
        values[s] = record_value(r, metric, row);
        epochs += (double)row + r->history.first_epoch + 1;
    }
    sample made = values ? sample_of(values, c->seeds) : (sample){.mean = NAN, .spread = NAN};
    if (epoch) *epoch = epochs / (double)c->seeds;
    free(values);
    return made;
}

sample campaign_sample(const campaign *c, size_t variant, const char *metric)
{
    return over_seeds(c, variant, metric, false, NULL);
}

sample campaign_best(const campaign *c, size_t variant, const char *metric, double *epoch)
{
    return over_seeds(c, variant, metric, true, epoch);
}

/* Smaller is better. */
static double badness(const campaign *c, size_t variant)
{
    double mean = campaign_sample(c, variant, c->metric).mean;
    return isnan(mean) ? INFINITY : cepa_larger_is_better(c->metric) ? -mean : mean;
}

void campaign_order(const campaign *c, size_t *order)
{
    for (size_t i = 0; i < c->count; i++) {
        size_t place = i;
        for (; place && badness(c, order[place - 1]) > badness(c, i); place--) order[place] = order[place - 1];
        order[place] = i;
    }
}

size_t campaign_within_spread(const campaign *c, const size_t *order, size_t *within)
{
    sample best = campaign_sample(c, order[0], c->metric);
    size_t count = 0;
    within[count++] = order[0];
    for (size_t i = 1; i < c->count; i++) {
        sample other = campaign_sample(c, order[i], c->metric);
        bool near = fabs(other.mean - best.mean) <= hypot(best.spread, other.spread);
        if (near || other.mean == best.mean) within[count++] = order[i];
    }
    return count;
}

char *campaign_weights(const campaign *c, size_t variant, size_t seed)
{
    bool kept = c->best_epoch && strcmp(c->metric, "val_loss") == 0;
    return join(campaign_folder(c, variant, seed), kept ? "best.keras" : "model.keras");
}
