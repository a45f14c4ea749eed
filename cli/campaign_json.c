/* The fits of a search or a comparison as JSON. */
#include "campaign_show.h"
#include "json_read.h"

#include <math.h>
#include <stdlib.h>

void json_sample(json *j, const char *name, const sample *s)
{
    json_open(j, name, '{');
    json_number(j, "mean", s->mean);
    json_number(j, "spread", s->spread);
    json_close(j, '}');
}

/* A value as it was typed: a number where it reads as one, else a text. */
static void write_value(json *j, const char *name, const char *typed)
{
    char *end;
    double number = strtod(typed, &end);
    if (end != typed && !*end && number - number == 0)
        json_number(j, name, number);
    else
        json_text(j, name, typed);
}

static void write_values(json *j, const campaign_columns *columns, size_t variant)
{
    json_open(j, "values", '{');
    for (size_t i = 0; i < columns->count; i++) {
        const char *value = columns->value(columns->context, variant, i);
        if (value) write_value(j, columns->names[i], value);
    }
    json_close(j, '}');
}

/* Of every metric: mean and spread in the epoch that counts, and at its best. */
static void write_metrics(json *j, const campaign *c, size_t variant)
{
    const csv_table *history = &c->variants[variant].records[0].history;
    json_open(j, "metrics", '{');
    for (size_t m = 0; m < history->columns; m++) {
        double epoch;
        sample s = campaign_sample(c, variant, history->names[m]);
        sample best = campaign_best(c, variant, history->names[m], &epoch);
        json_open(j, history->names[m], '{');
        json_number(j, "mean", s.mean);
        json_number(j, "spread", s.spread);
        json_sample(j, "best", &best);
        json_number(j, "best_epoch", epoch - 1);
        json_close(j, '}');
    }
    json_close(j, '}');
}

static void write_fit(json *j, const campaign *c, size_t variant, size_t seed)
{
    const record *r = &c->variants[variant].records[seed];
    const csv_table *history = &r->history;
    json_open(j, NULL, '{');
    json_whole(j, "seed", record_seed(r));
    json_text(j, "run", c->folders ? campaign_folder(c, variant, seed) : c->variants[variant].settings->operands[0]);
    json_whole(j, "epochs", history->epochs);
    json_whole(j, "epoch", (uint64_t)history->first_epoch + campaign_row(c, r)); /* from 0, as in its history */
    json_number(j, "seconds", json_find_number(r->facts, "seconds", NAN));
    json_open(j, "metrics", '{');
    for (size_t m = 0; m < history->columns; m++)
        json_number(j, history->names[m], record_value(r, history->names[m], campaign_row(c, r)));
    json_close(j, '}');
    json_close(j, '}');
}

void campaign_json(json *j, const campaign *c, const campaign_columns *columns, const size_t *order)
{
    char name[32];
    snprintf(name, sizeof name, "%ss", c->what);
    json_text(j, "folder", c->settings->output);
    json_text(j, "judged_by", c->metric);
    json_text(j, "judged_at", c->best_epoch ? "best" : "last");
    json_open(j, name, '[');
    for (size_t i = 0; i < c->count; i++) {
        size_t v = order ? order[i] : i;
        json_open(j, NULL, '{');
        json_whole(j, c->what, v + 1);
        json_text(j, "name", c->variants[v].label);
        if (columns) write_values(j, columns, v);
        json_whole(j, "parameters", c->variants[v].parameters);
        write_metrics(j, c, v);
        json_open(j, "fits", '[');
        for (size_t s = 0; s < c->seeds; s++) write_fit(j, c, v, s);
        json_close(j, ']');
        json_close(j, '}');
    }
    json_close(j, ']');
}
