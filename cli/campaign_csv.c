/* The fits of a search or a comparison as tables: a line a fit, and a line a variant. */
#include "campaign_show.h"
#include "files.h"
#include "json_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As RFC 4180 quotes. */
static void print_field(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text; text++) fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    putc('"', out);
}

static void print_number(FILE *out, double number)
{
    char text[32];
    cepa_number_text(number, text);
    fprintf(out, ",%s", isnan(number) ? "NA" : text);
}

/* The variant's number and what it stands for. */
static void print_variant(const campaign_columns *columns, size_t variant, FILE *out)
{
    fprintf(out, "%zu", variant + 1);
    for (size_t i = 0; i < columns->count; i++) {
        const char *value = columns->value(columns->context, variant, i);
        putc(',', out);
        print_field(out, value ? value : "");
    }
}

static void print_names(const campaign *c, const campaign_columns *columns, FILE *out)
{
    fputs(c->what, out);
    for (size_t i = 0; i < columns->count; i++) {
        putc(',', out);
        print_field(out, columns->names[i]);
    }
}

static void print_fits(const campaign *c, const campaign_columns *columns, const size_t *order, FILE *out)
{
    (void)order;
    const csv_table *first = &c->variants[0].records[0].history;
    print_names(c, columns, out);
    fputs(",seed,epochs,epoch", out);
    for (size_t m = 0; m < first->columns; m++) fprintf(out, ",%s", first->names[m]);
    fputs(",seconds,parameters,run\r\n", out);
    for (size_t v = 0; v < c->count; v++)
        for (size_t s = 0; s < c->seeds; s++) {
            const record *r = &c->variants[v].records[s];
            size_t row = campaign_row(c, r);
            print_variant(columns, v, out);
            fprintf(out, ",%llu,%zu,%zu", (unsigned long long)record_seed(r), r->history.epochs, row);
            for (size_t m = 0; m < first->columns; m++) print_number(out, record_value(r, first->names[m], row));
            print_number(out, json_find_number(r->facts, "seconds", NAN));
            fprintf(out, ",%zu,", c->variants[v].parameters);
            print_field(out, c->folders ? strrchr(campaign_folder(c, v, s), '/') + 1 : "");
            fputs("\r\n", out);
        }
}

static void print_variants(const campaign *c, const campaign_columns *columns, const size_t *order, FILE *out)
{
    const csv_table *first = &c->variants[0].records[0].history;
    print_names(c, columns, out);
    fputs(",fits", out);
    for (size_t m = 0; m < first->columns; m++) fprintf(out, ",%s,%s_spread", first->names[m], first->names[m]);
    fputs(",parameters\r\n", out);
    for (size_t i = 0; i < c->count; i++) {
        size_t v = order[i];
        print_variant(columns, v, out);
        fprintf(out, ",%zu", c->seeds);
        for (size_t m = 0; m < first->columns; m++) {
            sample s = campaign_sample(c, v, first->names[m]);
            print_number(out, s.mean);
            print_number(out, s.spread);
        }
        fprintf(out, ",%zu\r\n", c->variants[v].parameters);
    }
}

static cepa_status write_table(const campaign *c, const char *name,
                               void (*print)(const campaign *, const campaign_columns *, const size_t *, FILE *),
                               const campaign_columns *columns, const size_t *order, cepa_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out) print(c, columns, order, out);
    cepa_status status =
        out && fclose(out) == 0 ? write_in(c->settings->output, name, text, size, error) : fails_memory(error);
    free(text);
    return status;
}

cepa_status campaign_tables(const campaign *c, const campaign_columns *columns, const size_t *order, cepa_error *error)
{
    char name[32];
    snprintf(name, sizeof name, "%ss.csv", c->what);
    cepa_status status = write_table(c, "results.csv", print_fits, columns, order, error);
    return status ? status : write_table(c, name, print_variants, columns, order, error);
}
