/* cepa inspect unit: the arithmetic of one number that a layer gives. */
#include "commands.h"
#include "files.h"
#include "inspect.h"
#include "json.h"
#include "report.h"
#include "tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const option options[] = {
    LAYER_OPTION(.help = "a Conv2D, Dense, MaxPooling2D or AveragePooling2D layer", .required = true),
    OPTION("at", at, TAKES_TEXT, .value = "ROW,COL,CHANNEL", .required = true,
           .help = "which number, counted from 0; of a Dense layer: the unit"),
    ROW_OPTIONS,
    FIGURE_OUTPUT_OPTION,
    TEXT_OPTION,
    WIDTH_OPTION,
    WEIGHTS_OPTIONS,
    SET_OPTION,
    JSON_OPTION,
    END_OF_OPTIONS,
};

enum {
    MOST_SPELLED = 3,
    LONGEST_ROW = 12,
    IN_A_LINE = 7
}; /* channels written out; numbers in a table's row, in a line */

/* One channel and what it adds to the sum. */
typedef struct share {
    size_t channel;
    double sum;
} share;

typedef struct telling {
    const cepa_unit *unit;
    const char *layer, *at; /* the number's place as it was typed */
    bool product;           /* it has weights */
    share *shares;          /* of the channels, the largest first */
    size_t count;
} telling;

static int larger(const void *a, const void *b)
{
    const share *first = a, *second = b;
    double difference = fabs(second->sum) - fabs(first->sum);
    if (difference != 0) return difference > 0 ? 1 : -1;
    return first->channel < second->channel ? -1 : 1;
}

static cepa_status rank_channels(telling *t, cepa_error *error)
{
    const cepa_matrix *x = &t->unit->window, *w = &t->unit->weights;
    t->product = w->values;
    t->count = x->channels;
    t->shares = calloc(t->count, sizeof *t->shares);
    if (!t->shares) return fails_memory(error);
    for (size_t c = 0; c < t->count; c++) {
        t->shares[c].channel = c;
        for (size_t i = 0; t->product && i < x->height * x->width; i++)
            t->shares[c].sum += x->values[i * t->count + c] * w->values[i * t->count + c];
    }
    if (t->count > MOST_SPELLED) qsort(t->shares, t->count, sizeof *t->shares, larger);
    return CEPA_OK;
}

/* ---- Printing ---- */

/* The window's numbers times the weights in one channel, a line for each row (or part of a long one). */
static void print_products(const cepa_unit *u, size_t channel)
{
    const cepa_matrix *x = &u->window, *w = &u->weights;
    cepa_number_style left = cepa_number_style_of(x->values, x->height * x->width * x->channels);
    cepa_number_style right = cepa_number_style_of(w->values, x->height * x->width * x->channels);
    for (size_t i = 0; i < x->height; i++) {
        double sum = 0;
        for (size_t j = 0; j < x->width; j++) {
            size_t at = (i * x->width + j) * x->channels + channel;
            char a[40], b[40];
            cepa_styled_number(&left, x->values[at], a);
            cepa_styled_number(&right, w->values[at], b);
            printf("%s%s x %s", j % IN_A_LINE ? " + " : j ? "\n  + " : "    ", a, b);
            sum += x->values[at] * w->values[at];
        }
        printf(" = %.4f\n", sum);
    }
}

static void print_sum(const telling *t)
{
    double rest = t->unit->sum - t->unit->bias;
    size_t spelled = t->count < MOST_SPELLED ? t->count : MOST_SPELLED;
    for (size_t i = 0; i < spelled; i++) {
        if (t->count > 1) printf("  channel %zu\n", t->shares[i].channel);
        print_products(t->unit, t->shares[i].channel);
        if (t->count > 1) printf("    sum of the channel: %.4f\n", t->shares[i].sum);
        rest -= t->shares[i].sum;
    }
    if (t->count > spelled) printf("  the other %zu channels, which add less each: %.4f\n", t->count - spelled, rest);
    printf("  sum of the products: %.4f\n  bias: %.4f\n  together: %.4f\n", t->unit->sum - t->unit->bias, t->unit->bias,
           t->unit->sum);
}

static void print_pool(const cepa_unit *u)
{
    print_matrix(&u->window, 0, "    ");
    if (u->best_row >= 0)
        printf("  the largest: %.4f, in row %d, column %d of the input\n", u->sum, u->row + u->best_row,
               u->column + u->best_column);
    else
        printf("  the mean: %.4f\n", u->sum);
}

static void print(const telling *t, const char *subject)
{
    const cepa_unit *u = t->unit;
    const cepa_matrix *x = &u->window;
    printf("%s (%s) at %s, for %s\n", t->layer, u->class_name, t->at, subject);
    if (strcmp(u->class_name, "Dense") == 0)
        printf("  its %zu inputs times its weights\n", x->width);
    else
        printf("  the window of input rows %d to %d, columns %d to %d%s\n", u->row, u->row + (int)x->height - 1,
               u->column, u->column + (int)x->width - 1, t->product ? ", times the kernel" : "");
    if (t->product)
        print_sum(t);
    else
        print_pool(u);
    if (u->activation && strcmp(u->activation, "linear") != 0) printf("  %s: %.4f\n", u->activation, u->value);
    printf("  the layer gives %.6g\n", u->value);
}

static void print_json(const telling *t, const int *place, size_t axes)
{
    const cepa_unit *u = t->unit;
    json j = {.out = stdout};
    json_open(&j, NULL, '{');
    json_text(&j, "layer", t->layer);
    json_text(&j, "class", u->class_name);
    json_shape(&j, "at", place, axes);
    json_numbers(&j, "window_start", (double[]){u->row, u->column, u->channel}, 3);
    json_matrix(&j, "window", &u->window);
    if (t->product) {
        json_matrix(&j, "weights", &u->weights);
        json_number(&j, "bias", u->bias);
        json_number(&j, "sum", u->sum);
        json_text(&j, "activation", u->activation);
    } else if (u->best_row >= 0)
        json_shape(&j, "winner", (int[]){u->best_row, u->best_column}, 2);
    json_number(&j, "value", u->value);
    json_close(&j, '}');
}

/* ---- Drawing ---- */

static cepa_panel *add_channel(drawing *d, const cepa_matrix *m, size_t channel, const char *title, const char *sign,
                               cepa_error *error)
{
    cepa_matrix one;
    if (matrix_channel(m, channel, &one, error)) return NULL;
    cepa_panel *p = drawing_add(d, title, &one, CEPA_TONE_NUMBERS, error);
    if (p) p->sign = sign;
    return p;
}

/* A single number in a box. */
static bool add_number(drawing *d, double number, const char *title, const char *sign, cepa_error *error)
{
    return add_channel(d, &(cepa_matrix){1, 1, 1, &number}, 0, title, sign, error);
}

/* window * weights = sum, for the channels that add most, then the sums together. */
static bool add_products(drawing *d, const telling *t, cepa_error *error)
{
    const cepa_unit *u = t->unit;
    bool good = true;
    size_t spelled = t->count < MOST_SPELLED ? t->count : MOST_SPELLED;
    for (size_t i = 0; i < spelled && good; i++) {
        char title[40] = "input";
        if (t->count > 1)
            snprintf(title, sizeof title, "input, channel %zu", t->shares[i].channel + (size_t)u->channel);
        good = add_channel(d, &u->window, t->shares[i].channel, title, "\u2217", error) &&
               add_channel(d, &u->weights, t->shares[i].channel, "weights", "=", error) &&
               add_number(d, t->shares[i].sum, "sum", NULL, error) && (!u->activation || drawing_skip(d, error));
    }
    char title[40] = "sum of the products";
    if (t->count > 1) snprintf(title, sizeof title, "sum of all %zu channels", t->count);
    return good && add_number(d, u->sum - u->bias, title, "+", error) && add_number(d, u->bias, "bias", "=", error) &&
           add_number(d, u->sum, "together", u->activation ? "\u2192" : NULL, error) &&
           (!u->activation || add_number(d, u->value, u->activation, NULL, error));
}

static bool add_pool(drawing *d, const cepa_unit *u, cepa_error *error)
{
    cepa_panel *p = add_channel(d, &u->window, 0, "input", "\u2192", error);
    if (!p) return false;
    bool largest = u->best_row >= 0;
    if (largest) p->mark = (cepa_region){u->best_row, u->best_column, 1, 1};
    return add_number(d, u->value, largest ? "the largest" : "the mean", NULL, error);
}

static cepa_status draw(const settings *settings, const telling *t, const char *subject, cepa_error *error)
{
    drawing d = {.count = 0};
    char title[300];
    snprintf(title, sizeof title, "%s at %s, for %s", t->layer, t->at, subject);
    cepa_panel_options how = {.title = title, .columns = !t->product ? 2 : t->unit->activation ? 4 : 3};
    cepa_status status = CEPA_OK;
    if (t->unit->window.width > LONGEST_ROW)
        status = fails(error, CEPA_ARGUMENT, "a window of %zu numbers in a row is too wide to be drawn",
                       t->unit->window.width);
    else if (!(t->product ? add_products(&d, t, error) : add_pool(&d, t->unit, error)))
        status = error->status;
    if (!status) status = inspect_draw(&d, settings, &how, error);
    drawing_free(&d);
    return status;
}

/* ---- The command ---- */

static cepa_status tell(const settings *settings, const inspection *in, const cepa_unit *unit, const int *place,
                        size_t axes, cepa_error *error)
{
    telling t = {.unit = unit, .layer = settings->layer, .at = settings->at};
    cepa_status status = rank_channels(&t, error);
    if (!status && settings->json)
        print_json(&t, place, axes);
    else if (!status && (settings->text || settings->output))
        status = draw(settings, &t, in->title, error);
    else if (!status)
        print(&t, in->title);
    free(t.shares);
    return status;
}

static cepa_status explain(const settings *settings, const inspection *in, cepa_error *error)
{
    size_t numbers[CEPA_MAX_RANK], count;
    int place[CEPA_MAX_RANK];
    cepa_layer_info layer;
    cepa_unit unit;
    if (!read_places(settings->at, 1, CEPA_MAX_RANK, numbers, &count))
        return fails(error, CEPA_ARGUMENT, "--at: expected ROW,COL,CHANNEL counted from 0, not '%s'", settings->at);
    for (size_t i = 0; i < count; i++) place[i] = numbers[i] < INT32_MAX ? (int)numbers[i] : INT32_MAX;
    cepa_status status = inspect_layer(in, settings->layer, &layer, error);
    if (!status) status = cepa_model_explain(in->model, layer.name, place, count, in->row, &unit, error);
    if (status) return status;
    status = tell(settings, in, &unit, place, count, error);
    cepa_unit_free(&unit);
    return status;
}

static int unit_main(const settings *settings)
{
    cepa_error error = {CEPA_OK, ""};
    inspection in;
    cepa_status status = inspect_row(settings, &in, &error);
    if (!status) status = explain(settings, &in, &error);
    return inspect_end(&in, status, &error);
}

const command inspect_unit_command = {
    .name = "inspect unit",
    .operands = "MODEL",
    .purpose = "Shows the arithmetic of one number that a layer gives",
    .options = options,
    .least = 1,
    .most = 1,
    .run = unit_main,
};
