/* How cepa filter shows its numbers: printed, explained, drawn. */
#include "drawing.h"
#include "files.h"
#include "filtering.h"
#include "sorting.h"
#include "tables.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

void filtering_print(const filtering *f, const way *w)
{
    const cepa_matrix *out = &w->output;
    printf("input %zu x %zu", f->input.height, f->input.width);
    if (f->input.channels > 1) printf(" x %zu", f->input.channels);
    printf(", kernel %zu x %zu, strides %d x %d, padding %s: output %zu x %zu\n", f->kernel.height, f->kernel.width,
           w->how.strides[0], w->how.strides[1], w->padding, out->height, out->width);
    if (is_readable(out)) {
        print_matrix(out, 0, "  ");
        return;
    }
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < out->height * out->width; i++) {
        low = fmin(low, out->values[i]);
        high = fmax(high, out->values[i]);
    }
    printf("  numbers from %g to %g: too many to print; -o writes them to a file, --text draws them\n", low, high);
}

static const char *channel_title(size_t channel, size_t channels)
{
    static const char *const colours[] = {"red", "green", "blue"};
    static char number[40];
    if (channels == 3) return colours[channel];
    snprintf(number, sizeof number, "channel %zu", channel);
    return number;
}

/* A line for each row of the kernel, in one channel: every number times its weight, and their sum. */
static double explain_channel(const cepa_matrix *window, const cepa_matrix *kernel, size_t channel)
{
    cepa_number_style x = cepa_number_style_of(window->values, window->height * window->width * window->channels);
    cepa_number_style w = cepa_number_style_of(kernel->values, kernel->height * kernel->width * kernel->channels);
    char left[40], right[40];
    double whole = 0;
    for (size_t i = 0; i < window->height; i++) {
        double sum = 0;
        printf("  ");
        for (size_t j = 0; j < window->width; j++) {
            size_t at = i * window->width + j;
            double number = window->values[at * window->channels + channel];
            double weight = kernel->values[at * kernel->channels + (kernel->channels > 1 ? channel : 0)];
            cepa_styled_number(&x, number, left);
            cepa_styled_number(&w, weight, right);
            printf("%s%s x %s", j ? " + " : "", left, right);
            sum += number * weight;
        }
        printf(" = %.10g\n", sum + 0.0);
        whole += sum;
    }
    return whole;
}

/* The number that --at means. */
static double number_at(const filtering *f, const cepa_matrix *m) { return m->values[f->at[0] * m->width + f->at[1]]; }

static const cepa_matrix *sums_of(const way *w) { return w->sums.values ? &w->sums : &w->output; }

cepa_status filtering_explain(const filtering *f, const way *w, cepa_error *error)
{
    cepa_filter_place place;
    cepa_status status = cepa_filter_explain(&f->input, &f->kernel, &w->how, f->at[0], f->at[1], &place, error);
    if (status) return status;
    const cepa_matrix *window = &place.window;
    printf("output %zu,%zu (padding %s): the window of input rows %d to %d, columns %d to %d, times the kernel\n",
           f->at[0], f->at[1], w->padding, place.row, place.row + (int)window->height - 1, place.column,
           place.column + (int)window->width - 1);
    for (size_t c = 0; c < window->channels; c++) {
        if (window->channels > 1) printf(" %s\n", channel_title(c, window->channels));
        double sum = explain_channel(window, &f->kernel, c);
        if (window->channels > 1) printf("  sum of %s: %.10g\n", channel_title(c, window->channels), sum + 0.0);
    }
    double sum = number_at(f, sums_of(w));
    printf("  sum: %.10g\n", sum);
    if (f->bias != 0) printf("  bias: %.10g\n  together: %.10g\n", f->bias, sum + f->bias);
    if (f->activation) printf("  %s: %.10g\n", f->activation, number_at(f, &w->output));
    cepa_matrix_free(&place.window);
    return CEPA_OK;
}

static cepa_status json_place(json *j, const filtering *f, const way *w, cepa_error *error)
{
    cepa_filter_place place;
    cepa_status status = cepa_filter_explain(&f->input, &f->kernel, &w->how, f->at[0], f->at[1], &place, error);
    if (status) return status;
    json_open(j, "explained", '{');
    json_shape(j, "at", (int[]){(int)f->at[0], (int)f->at[1]}, 2);
    json_numbers(j, "window_start", (double[]){place.row, place.column}, 2);
    json_matrix(j, "window", &place.window);
    json_number(j, "sum", number_at(f, sums_of(w)));
    json_number(j, "output", number_at(f, &w->output));
    json_close(j, '}');
    cepa_matrix_free(&place.window);
    return CEPA_OK;
}

cepa_status filtering_json(const filtering *f, cepa_error *error)
{
    json j = {.out = stdout};
    cepa_status status = CEPA_OK;
    json_open(&j, NULL, '{');
    json_matrix(&j, "kernel", &f->kernel);
    json_open(&j, "outputs", '[');
    for (size_t i = 0; i < f->count && !status; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "padding", f->ways[i].padding);
        json_shape(&j, "strides", f->ways[i].how.strides, 2);
        json_matrix(&j, "output", &f->ways[i].output);
        if (f->explained) status = json_place(&j, f, &f->ways[i], error);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return status;
}

void filtering_print_presets(void)
{
    size_t count;
    const cepa_known_filter *known = cepa_known_filters(&count);
    for (size_t i = 0; i < count; i++) {
        cepa_matrix kernel = {.values = NULL};
        printf("%s: %s\n", known[i].name, known[i].purpose);
        if (cepa_matrix_new(known[i].height, known[i].width, 1, known[i].values, &kernel, NULL) == CEPA_OK)
            print_matrix(&kernel, 0, "  ");
        cepa_matrix_free(&kernel);
    }
}

/* ---- Figures ---- */

enum { MOST_IN_TABLE = 14 }; /* numbers in a row or column that a figure shows as a table */

static bool as_table(const cepa_matrix *m)
{
    return m->channels == 1 && m->height <= MOST_IN_TABLE && m->width <= MOST_IN_TABLE;
}

static cepa_status copy(const cepa_matrix *m, cepa_matrix *made, cepa_error *error)
{
    return cepa_matrix_new(m->height, m->width, m->channels, m->values, made, error);
}

/* The input with its padding, the window of --at marked. */
static cepa_status add_input(drawing *d, const filtering *f, const way *w, cepa_error *error)
{
    cepa_matrix padded;
    cepa_region inner;
    char title[80];
    cepa_status status = cepa_filter_pad(&f->input, &f->kernel, &w->how, &padded, &inner, error);
    if (status) return status;
    if (f->count > 1)
        snprintf(title, sizeof title, "input, padding %s", w->padding);
    else
        snprintf(title, sizeof title, "input");
    cepa_panel *p = drawing_add(d, title, &padded, as_table(&padded) ? CEPA_TONE_NUMBERS : CEPA_TONE_PLAIN, error);
    if (!p) return error->status;
    p->inner = inner;
    p->sign = "\u2217";
    if (f->explained)
        p->mark = (cepa_region){(int)f->at[0] * w->how.strides[0], (int)f->at[1] * w->how.strides[1],
                                (int)f->kernel.height, (int)f->kernel.width};
    return CEPA_OK;
}

/* The kernel, a table for each of its channels. */
static cepa_status add_kernel(drawing *d, const filtering *f, cepa_error *error)
{
    const cepa_matrix *k = &f->kernel;
    for (size_t c = 0; c < k->channels; c++) {
        cepa_matrix one;
        cepa_status status = matrix_channel(k, c, &one, error);
        if (status) return status;
        char title[80];
        snprintf(title, sizeof title, "%s%s%s", f->preset ? f->preset : "kernel", f->turned ? ", turned" : "",
                 f->input.channels > 1 ? ", in each channel" : "");
        if (k->channels > 1) snprintf(title, sizeof title, "%s", channel_title(c, k->channels));
        cepa_panel *p =
            drawing_add(d, title, &one, as_table(k) || k->channels > 1 ? CEPA_TONE_NUMBERS : CEPA_TONE_SIGNED, error);
        if (!p) return error->status;
        p->sign = c + 1 == k->channels ? "=" : NULL;
    }
    return CEPA_OK;
}

static size_t numbers_of(const cepa_matrix *m) { return m->height * m->width * m->channels; }

/* Numbers from the smallest to the largest. */
static cepa_status sorted(const cepa_matrix *m, cepa_matrix *made, cepa_error *error)
{
    cepa_status status = copy(m, made, error);
    if (!status) qsort(made->values, numbers_of(made), sizeof *made->values, smaller_first);
    return status;
}

/* Whether the kernel answers evenness with 0: its numbers add up to nothing. */
static bool finds_differences(const cepa_matrix *kernel)
{
    double sum = 0, size = 0;
    for (size_t i = 0; i < numbers_of(kernel); i++) {
        sum += kernel->values[i];
        size += fabs(kernel->values[i]);
    }
    return fabs(sum) <= 1e-6 * size;
}

/* What is white in the input, as the kernel sums it over the channels. */
static double white_of(const filtering *f)
{
    double most = 0;
    for (size_t i = 0; i < numbers_of(&f->input); i++) most = fmax(most, f->input.values[i]);
    double white = most <= 1 ? 1 : 255;
    return f->kernel.channels == f->input.channels ? white : white * (double)f->input.channels;
}

/* How an output looks as a picture. */
typedef struct look {
    cepa_tone tone;
    double low, high; /* what is black, what is white */
    char words[80];
} look;

/* Differences are shown around 0. Other outputs are as bright as the input; where they leave its range, black and white
 * move apart until all but the outermost twentieth of the numbers can be told apart. */
static cepa_status choose_look(const filtering *f, const cepa_matrix *output, look *chosen, cepa_error *error)
{
    cepa_matrix s;
    cepa_status status = sorted(output, &s, error);
    if (status) return status;
    size_t last = numbers_of(&s) - 1, few = (last + 1) / 40;
    bool differences = finds_differences(&f->kernel);
    *chosen = (look){.tone = differences ? CEPA_TONE_SIGNED : CEPA_TONE_PLAIN,
                     .low = fmin(s.values[few], 0),
                     .high = fmax(s.values[last - few], white_of(f))};
    snprintf(chosen->words, sizeof chosen->words, "\nfrom %.4g to %.4g%s", s.values[0] + 0.0, s.values[last] + 0.0,
             differences ? "\ngrey is 0" : "");
    cepa_matrix_free(&s);
    return CEPA_OK;
}

static cepa_status add_output(drawing *d, const filtering *f, const way *w, bool table, cepa_error *error)
{
    cepa_matrix output;
    look l = {.tone = CEPA_TONE_NUMBERS};
    cepa_status status = table ? CEPA_OK : choose_look(f, &w->output, &l, error);
    if (!status) status = copy(&w->output, &output, error);
    if (status) return status;
    char title[160];
    snprintf(title, sizeof title, "output %zu x %zu%s", output.height, output.width, l.words);
    cepa_panel *p = drawing_add(d, title, &output, l.tone, error);
    if (!p) return error->status;
    p->low = l.low;
    p->high = l.high;
    if (f->explained) p->mark = (cepa_region){(int)f->at[0], (int)f->at[1], 1, 1};
    return CEPA_OK;
}

static cepa_status add_ways(drawing *d, const filtering *f, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    for (size_t i = 0; i < f->count && !status; i++) {
        status = add_input(d, f, &f->ways[i], error);
        if (!status) status = add_kernel(d, f, error);
        if (!status) status = add_output(d, f, &f->ways[i], as_table(&f->ways[i].output), error);
    }
    return status;
}

static cepa_panel_options layout_of(const filtering *f)
{
    return (cepa_panel_options){.columns = 2 + (int)f->kernel.channels, .tile = 384};
}

cepa_status filtering_draw(const filtering *f, const settings *settings, cepa_error *error)
{
    drawing d = {.count = 0};
    cepa_panel_options how = layout_of(f);
    cepa_status status = add_ways(&d, f, error);
    if (!status && settings->text) status = drawing_print(&d, settings, &how, error);
    if (!status && settings->figure) status = drawing_write(&d, settings->figure, &how, error);
    drawing_free(&d);
    return status;
}

/* ---- Step by step ---- */

static bool at_a_terminal(void) { return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO); }

/* Waits at a terminal until the learner has seen enough of this step. False: of all of them. */
static bool wait_for_enter(void)
{
    char line[100];
    if (!at_a_terminal()) return putchar('\n') != EOF;
    printf("Enter: the next number, q: enough ");
    fflush(stdout);
    return fgets(line, sizeof line, stdin) && line[0] != 'q';
}

static cepa_status show_step(const filtering *f, const settings *settings, cepa_error *error)
{
    drawing d = {.count = 0};
    cepa_panel_options how = layout_of(f);
    cepa_status status = add_ways(&d, f, error);
    if (!status && at_a_terminal()) fputs("\x1b[H\x1b[J", stdout); /* over the step before */
    if (!status) status = drawing_print(&d, settings, &how, error);
    if (!status) putchar('\n');
    if (!status) status = filtering_explain(f, &f->ways[0], error);
    drawing_free(&d);
    return status;
}

cepa_status filtering_step(filtering *f, const settings *settings, cepa_error *error)
{
    const cepa_matrix *output = &f->ways[0].output;
    if (f->count > 1) return fails(error, CEPA_ARGUMENT, "--steps shows one output; name one --padding");
    if (!as_table(&f->input) || !as_table(output))
        return fails(error, CEPA_ARGUMENT,
                     "--steps goes through tables of at most %d x %d numbers; --at explains one number", MOST_IN_TABLE,
                     MOST_IN_TABLE);
    f->explained = true;
    cepa_status status = CEPA_OK;
    bool more = true;
    for (size_t i = 0; i < output->height * output->width && more && !status; i++) {
        f->at[0] = i / output->width;
        f->at[1] = i % output->width;
        status = show_step(f, settings, error);
        if (!status) more = wait_for_enter();
    }
    return status;
}

cepa_status filtering_write(const filtering *f, const char *path, cepa_error *error)
{
    drawing d = {.count = 0};
    const way *w = &f->ways[0];
    cepa_status status;
    if (names_matrix(path))
        status = cepa_matrix_write(path, &w->output, error);
    else {
        status = add_output(&d, f, w, false, error);
        if (!status) d.panels->mark.height = 0;
        if (!status) status = cepa_plot_picture(path, d.panels, error);
    }
    drawing_free(&d);
    if (!status) printf("Wrote %s\n", path);
    return status;
}
