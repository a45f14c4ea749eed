/* cepa diff: the layers of two models side by side. */
#include "commands.h"
#include "files.h"
#include "json.h"
#include "report.h"
#include "subject.h"
#include "text_table.h"

#include <stdlib.h>
#include <string.h>

static const option options[] = {SET_OPTION, STYLE_OPTION, JSON_OPTION, END_OF_OPTIONS};

typedef struct side {
    cepa_model *model;
    size_t count;
    cepa_layer_info *layers;
    char **texts; /* the layers' arguments */
    size_t parameters, trainable;
} side;

/* A line of the comparison; -1: no layer on that side. */
typedef struct pair {
    int a, b;
} pair;

typedef struct difference {
    side sides[2];
    pair *pairs;
    size_t count;
} difference;

static cepa_status open_side(const settings *s, size_t index, side *made, cepa_error *error)
{
    settings one = *s;
    one.operands = &s->operands[index];
    cepa_status status = subject_model(&one, &made->model, error);
    if (status) return status;
    made->count = cepa_model_layer_count(made->model);
    made->layers = calloc(made->count + 1, sizeof *made->layers);
    made->texts = calloc(made->count + 1, sizeof *made->texts);
    if (!made->layers || !made->texts) return fails_memory(error);
    for (size_t i = 0; i < made->count && !status; i++) {
        status = cepa_model_layer(made->model, i, &made->layers[i]);
        made->parameters += made->layers[i].parameters;
        made->trainable += made->layers[i].trainable_parameters;
        if (!status) status = cepa_model_layer_text(made->model, i, &made->texts[i], error);
    }
    return status;
}

/* ---- Which layer stands beside which ---- */

static bool same_output(const cepa_layer_info *a, const cepa_layer_info *b)
{
    return a->rank == b->rank && memcmp(a->output_shape, b->output_shape, a->rank * sizeof *a->output_shape) == 0;
}

/* How alike two layers are: 0 where their classes differ, else more the more of them is the same. */
static int likeness(const difference *d, size_t a, size_t b)
{
    const cepa_layer_info *x = &d->sides[0].layers[a], *y = &d->sides[1].layers[b];
    if (strcmp(x->class_name, y->class_name) != 0) return 0;
    return 2 + 2 * (strcmp(d->sides[0].texts[a], d->sides[1].texts[b]) == 0) + same_output(x, y) +
           (x->parameters == y->parameters);
}

static bool is_changed(const difference *d, const pair *p)
{
    const cepa_layer_info *x = &d->sides[0].layers[p->a], *y = &d->sides[1].layers[p->b];
    return strcmp(d->sides[0].texts[p->a], d->sides[1].texts[p->b]) != 0 || !same_output(x, y) ||
           x->parameters != y->parameters || x->trainable_parameters != y->trainable_parameters;
}

/* The best alignment in order (Needleman and Wunsch 1970): most[a][b] is what the layers from a and b on can reach. */
static cepa_status align(difference *d, cepa_error *error)
{
    size_t n = d->sides[0].count, m = d->sides[1].count, a = 0, b = 0;
    int *most = calloc((n + 1) * (m + 1), sizeof *most);
    d->pairs = calloc(n + m + 1, sizeof *d->pairs);
    if (!most || !d->pairs) {
        free(most);
        return fails_memory(error);
    }
#define MOST(a, b) most[(a) * (m + 1) + (b)]
    for (size_t i = n; i-- > 0;)
        for (size_t k = m; k-- > 0;) {
            int alike = likeness(d, i, k), both = alike ? alike + MOST(i + 1, k + 1) : 0;
            int one = MOST(i + 1, k) > MOST(i, k + 1) ? MOST(i + 1, k) : MOST(i, k + 1);
            MOST(i, k) = both > one ? both : one;
        }
    while (a < n || b < m) {
        int alike = a < n && b < m ? likeness(d, a, b) : 0;
        bool both = alike && MOST(a, b) == alike + MOST(a + 1, b + 1);
        bool left = !both && a < n && (b == m || MOST(a, b) == MOST(a + 1, b));
        d->pairs[d->count++] = (pair){both || left ? (int)a : -1, left ? -1 : (int)b};
        a += both || left;
        b += !left;
    }
#undef MOST
    free(most);
    return CEPA_OK;
}

static const char *mark_of(const difference *d, const pair *p)
{
    if (p->a < 0) return "+";
    if (p->b < 0) return "-";
    return is_changed(d, p) ? "~" : "";
}

/* ---- As a table ---- */

static void set_layer(text_table *table, size_t column, const side *s, int index)
{
    char shape[100], parameters[32];
    if (index < 0) return;
    shape_print(s->layers[index].output_shape, s->layers[index].rank, shape);
    count_print(s->layers[index].parameters, parameters);
    text_table_set(table, column, "%s", s->layers[index].name);
    text_table_set(table, column + 1, "%s", shape);
    text_table_set(table, column + 2, "%s", parameters);
}

static void print_table(const difference *d, const settings *settings)
{
    text_table table = text_table_new(7);
    text_table_row(&table);
    for (size_t i = 0; i < 2; i++) {
        text_table_set(&table, 1 + 3 * i, "%s", settings->operands[i]);
        text_table_set(&table, 2 + 3 * i, "output");
        text_table_set(&table, 3 + 3 * i, "params");
    }
    for (size_t i = 0; i < d->count; i++) {
        text_table_row(&table);
        text_table_set(&table, 0, "%s", mark_of(d, &d->pairs[i]));
        set_layer(&table, 1, &d->sides[0], d->pairs[i].a);
        set_layer(&table, 4, &d->sides[1], d->pairs[i].b);
    }
    text_table_row(&table);
    for (size_t i = 0; i < 2; i++) {
        char total[32];
        count_print(d->sides[i].parameters, total);
        text_table_set(&table, 1 + 3 * i, "total");
        text_table_set(&table, 3 + 3 * i, "%s", total);
    }
    text_table_print(&table, stdout);
    text_table_free(&table);
}

/* ---- In words ---- */

static void print_pair(const difference *d, const pair *p)
{
    const side *a = &d->sides[0], *b = &d->sides[1];
    char from[100], to[100];
    if (p->a < 0 || p->b < 0) {
        const side *s = p->a < 0 ? b : a;
        int index = p->a < 0 ? p->b : p->a;
        count_print(s->layers[index].parameters, to);
        printf("%s %s: %s, %s parameters\n", mark_of(d, p), s->layers[index].name, s->texts[index], to);
        return;
    }
    const cepa_layer_info *x = &a->layers[p->a], *y = &b->layers[p->b];
    const char *between = "";
    printf("~ %s: ", y->name);
    if (strcmp(a->texts[p->a], b->texts[p->b]) != 0) {
        printf("%s -> %s", a->texts[p->a], b->texts[p->b]);
        between = "; ";
    }
    if (!same_output(x, y)) {
        shape_print(x->output_shape, x->rank, from);
        shape_print(y->output_shape, y->rank, to);
        printf("%soutput %s -> %s", between, from, to);
        between = "; ";
    }
    count_print(x->parameters, from);
    count_print(y->parameters, to);
    if (x->parameters != y->parameters)
        printf("%sparameters %s -> %s", between, from, to);
    else if (x->trainable_parameters != y->trainable_parameters)
        printf("%s%s", between, y->trainable_parameters ? "now trained" : "no longer trained");
    puts("");
}

static void print_changes(const difference *d)
{
    const side *a = &d->sides[0], *b = &d->sides[1];
    size_t changes = 0;
    for (size_t i = 0; i < d->count; i++) changes += *mark_of(d, &d->pairs[i]) != 0;
    puts(changes ? "" : "\nThe layers are the same.");
    for (size_t i = 0; i < d->count; i++)
        if (*mark_of(d, &d->pairs[i])) print_pair(d, &d->pairs[i]);
    char from[32], to[32], more[32];
    count_print(a->parameters, from);
    count_print(b->parameters, to);
    count_print(b->parameters > a->parameters ? b->parameters - a->parameters : a->parameters - b->parameters, more);
    printf("Parameters: %s -> %s", from, to);
    if (a->parameters != b->parameters) printf(", %s %s", more, b->parameters > a->parameters ? "more" : "fewer");
    if (a->parameters && a->parameters != b->parameters)
        printf(" (%.2f times)", (double)b->parameters / (double)a->parameters);
    puts("");
}

/* ---- As JSON ---- */

static void write_layer(json *j, const char *name, const side *s, int index)
{
    if (index < 0) {
        json_text(j, name, NULL);
        return;
    }
    const cepa_layer_info *l = &s->layers[index];
    json_open(j, name, '{');
    json_text(j, "name", l->name);
    json_text(j, "layer", s->texts[index]);
    json_shape(j, "output_shape", l->output_shape, l->rank);
    json_whole(j, "parameters", l->parameters);
    json_whole(j, "trainable_parameters", l->trainable_parameters);
    json_close(j, '}');
}

static void print_json(const difference *d)
{
    json j = {.out = stdout};
    json_open(&j, NULL, '{');
    json_open(&j, "layers", '[');
    for (size_t i = 0; i < d->count; i++) {
        const pair *p = &d->pairs[i];
        const char *mark = mark_of(d, p);
        json_open(&j, NULL, '{');
        json_text(&j, "change", *mark == '+' ? "added" : *mark == '-' ? "removed" : *mark ? "changed" : NULL);
        write_layer(&j, "a", &d->sides[0], p->a);
        write_layer(&j, "b", &d->sides[1], p->b);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_open(&j, "parameters", '[');
    for (size_t i = 0; i < 2; i++) json_whole(&j, NULL, d->sides[i].parameters);
    json_close(&j, ']');
    json_close(&j, '}');
}

static void free_side(side *s)
{
    for (size_t i = 0; i < s->count && s->texts; i++) free(s->texts[i]);
    free(s->texts);
    free(s->layers);
    subject_free(s->model);
}

static int diff_main(const settings *settings)
{
    difference d = {.pairs = NULL};
    cepa_error error = {CEPA_OK, ""};
    cepa_status status = open_side(settings, 0, &d.sides[0], &error);
    if (!status) status = open_side(settings, 1, &d.sides[1], &error);
    if (!status) status = align(&d, &error);
    if (!status && settings->json)
        print_json(&d);
    else if (!status) {
        print_table(&d, settings);
        print_changes(&d);
    }
    free(d.pairs);
    free_side(&d.sides[0]);
    free_side(&d.sides[1]);
    return status ? failed(&error) : DONE;
}

const command diff_command = {
    .name = "diff",
    .operands = "MODEL MODEL",
    .purpose = "Shows the layers of two models side by side and what changed",
    .options = options,
    .least = 2,
    .most = 2,
    .run = diff_main,
};
