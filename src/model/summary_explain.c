/* The arithmetic behind a summary, as one would do it on paper: how many numbers each layer has, and why its output has
 * the shape it has. Nothing here knows a layer: weights and arguments speak for themselves. */
#include "base/columns.h"
#include "model/summary.h"

#include <string.h>

enum { BAR = 20 };

/* ---- Parameters -------------------------------------------------------------------------------------------------- */

static const weight *weight_of(const summary *s, const layer *l, size_t index)
{
    return &s->network->graph->weights[l->first_weight + index];
}

/* The last size that all weights of a layer share: the layer has that many equal parts. 0: there is none. */
static int common_parts(const summary *s, const layer *l)
{
    int parts = 0;
    for (size_t i = 0; i < l->weight_count; i++) {
        const shape *w = &weight_of(s, l, i)->shape;
        int last = w->rank ? w->size[w->rank - 1] : 0;
        if (!last || (parts && parts != last)) return 0;
        parts = last;
    }
    return parts;
}

/* "3·3·50": the product of the first axes of a shape; 1 without any. */
static void product(buffer *text, const shape *s, size_t axes)
{
    for (size_t i = 0; i < axes; i++) buffer_format(text, "%s%d", i ? "·" : "", s->size[i]);
    if (!axes) buffer_text(text, "1");
}

/* "3·3·50 + 1": a product for each weight, with its name in front if named. */
static void sum_of_products(const summary *s, const layer *l, bool parts, bool named, buffer *text)
{
    for (size_t i = 0; i < l->weight_count; i++) {
        const weight *w = weight_of(s, l, i);
        if (i) buffer_text(text, " + ");
        if (named) buffer_format(text, "%s ", w->name);
        product(text, &w->shape, w->shape.rank - (parts ? 1 : 0));
    }
}

/* "(3·3·50 + 1)·50 = 22,550" */
static void formula(const summary *s, const layer *l, buffer *text)
{
    size_t not_trained, count = layer_parameters(s->network->graph, l, &not_trained);
    int parts = l->weight_count > 1 ? common_parts(s, l) : 0;
    if (parts) buffer_text(text, "(");
    if (l->nested)
        buffer_format(text, "%zu layers", l->nested->layer_count);
    else if (l->weight_count)
        sum_of_products(s, l, parts != 0, false, text);
    if (parts) buffer_format(text, ")·%d", parts);
    if (l->nested || l->weight_count) buffer_text(text, " = ");
    summary_count(text, count);
}

/* "50 × (kernel 3·3·50 + bias 1)" and which of them training leaves alone. */
static void formula_in_words(const summary *s, const layer *l, buffer *text)
{
    int parts = l->weight_count > 1 ? common_parts(s, l) : 0;
    if (parts) buffer_format(text, "%d × (", parts);
    sum_of_products(s, l, parts != 0, true, text);
    if (parts) buffer_text(text, ")");
    size_t still = 0;
    for (size_t i = 0; i < l->weight_count; i++)
        if (!weight_is_trained(weight_of(s, l, i)))
            buffer_format(text, "%s %s", still++ ? "," : "; not trained:", weight_of(s, l, i)->name);
}

static void share_and_bar(buffer *text, size_t count, size_t total)
{
    double share = total ? (double)count / (double)total : 0;
    buffer percent = {0};
    buffer_fixed(&percent, 100 * share, 1);
    buffer_blanks(text, percent.size < 5 ? 5 - percent.size : 0);
    buffer_format(text, "%s %%", percent.failed ? "" : (const char *)percent.bytes);
    buffer_free(&percent);
    size_t bar = (size_t)(share * BAR + 0.5);
    if (count) buffer_text(text, "  ");
    if (count && !bar) buffer_text(text, "▏");
    while (bar--) buffer_text(text, "█");
}

static size_t widest_of(const char *const *texts, size_t count)
{
    size_t widest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t columns = text_columns(texts[i], strlen(texts[i]));
        if (columns > widest) widest = columns;
    }
    return widest;
}

/* A text that fills a column, with the gap to the next. */
static void write_column(buffer *text, const char *content, size_t width)
{
    buffer_text(text, content);
    buffer_blanks(text, width - text_columns(content, strlen(content)) + 3);
}

/* One layer: its formula, its share, and the formula in words. */
static void explain_layer(const summary *s, const layer *l, const char *sum, size_t names, size_t sums, buffer *text)
{
    size_t not_trained, count = layer_parameters(s->network->graph, l, &not_trained);
    buffer_text(text, " ");
    write_column(text, l->name, names);
    if (count) {
        write_column(text, sum, sums);
        share_and_bar(text, count, s->total);
    } else {
        buffer_text(text, sum);
    }
    buffer_text(text, "\n");
    if (!l->weight_count) return;
    buffer_text(text, " ");
    write_column(text, "", names);
    formula_in_words(s, l, text);
    buffer_text(text, "\n");
}

static bool explain_parameters(summary *s, buffer *text)
{
    const char **names = arena_array(&s->memory, s->row_count + 1, sizeof *names);
    const char **sums = arena_array(&s->memory, s->row_count + 1, sizeof *sums);
    for (size_t i = 0; i < s->row_count; i++) {
        buffer sum = {0};
        formula(s, s->rows[i].layer, &sum);
        if (!names || !sums || !(sums[i] = summary_keep(s, &sum))) return false;
        names[i] = s->rows[i].layer->name;
    }
    size_t name_width = widest_of(names, s->row_count), sum_width = widest_of(sums, s->row_count);
    buffer_text(text, "\nParameters: how many numbers each layer has, and its share of all\n\n");
    for (size_t i = 0; i < s->row_count; i++) explain_layer(s, s->rows[i].layer, sums[i], name_width, sum_width, text);
    return true;
}

/* ---- Shapes ------------------------------------------------------------------------------------------------------ */

/* An argument of a layer as whole numbers for two axes; false where it has none of that name. */
static bool whole_argument(const layer *l, const char *name, int numbers[2])
{
    const field *f = l->class->kind.fields;
    while (f && f->name && strcmp(f->name, name) != 0) f++;
    if (!f || !f->name || f->type != FIELD_INTS || f->count != 2) return false;
    memcpy(numbers, (const char *)l->options + f->offset, 2 * sizeof *numbers);
    return numbers[0] > 0;
}

static const char *text_argument(const layer *l, const char *name)
{
    const field *f = l->class->kind.fields;
    while (f && f->name && strcmp(f->name, name) != 0) f++;
    if (!f || !f->name) return NULL;
    return *(const char *const *)((const char *)l->options + f->offset);
}

static int sliding_out(int in, int reach, int stride, bool same)
{
    return same ? (in + stride - 1) / stride : (in - reach) / stride + 1;
}

/* A window that slides over an axis: "32 − 3 + 1 = 30", with strides "⌊(30 − 2)/2⌋ + 1 = 15", padded "⌈32/2⌉ = 16". */
static void window_rule(buffer *text, int in, int window, int stride, bool same, int out)
{
    if (same && stride == 1)
        buffer_text(text, "padded");
    else if (same)
        buffer_format(text, "padded: ⌈%d/%d⌉", in, stride);
    else if (stride == 1)
        buffer_format(text, "%d − %d + 1", in, window);
    else
        buffer_format(text, "⌊(%d − %d)/%d⌋ + 1", in, window, stride);
    buffer_format(text, same && stride == 1 ? " to %d" : " = %d", out);
}

/* The rule of a layer with a window (a kernel or a pool); false for others. */
static bool explain_window(const layer *l, const shape *in, const shape *out, buffer *text)
{
    int window[2], stride[2], dilation[2] = {1, 1};
    bool kernel = whole_argument(l, "kernel_size", window), pool = !kernel && whole_argument(l, "pool_size", window);
    const char *padding = text_argument(l, "padding");
    if (!(kernel || pool) || in->rank != 3 || out->rank != 3 || !padding) return false;
    if (!whole_argument(l, "strides", stride)) memcpy(stride, window, sizeof stride);
    whole_argument(l, "dilation_rate", dilation);
    const bool same = strcmp(padding, "same") == 0;
    for (int i = 0; i < 2; i++) { /* a transposed one follows another rule */
        int reach = (window[i] - 1) * dilation[i] + 1;
        if (in->size[i] > 0 && sliding_out(in->size[i], reach, stride[i], same) != out->size[i]) return false;
    }
    for (int i = 0; i < 2; i++) {
        int reach = (window[i] - 1) * dilation[i] + 1;
        bool repeated = in->size[0] == in->size[1] && window[0] == window[1] && stride[0] == stride[1] &&
                        dilation[0] == dilation[1];
        if (in->size[i] <= 0 || (i && repeated)) continue;
        if (i) buffer_text(text, ", ");
        window_rule(text, in->size[i], reach, stride[i], same, out->size[i]);
    }
    return true;
}

/* All numbers in one row: "6·6·50 = 1,800". */
static void explain_flattening(const shape *in, const shape *out, buffer *text)
{
    if (in->rank < 2 || out->rank != 1 || !shape_count(in) || shape_count(in) != shape_count(out)) return;
    product(text, in, in->rank);
    buffer_text(text, " = ");
    summary_count(text, shape_count(out));
}

/* Why the output has its shape, where that is arithmetic. */
static void explain_rule(const layer *l, const shape *in, const shape *out, buffer *text)
{
    if (!explain_window(l, in, out, text)) explain_flattening(in, out, text);
}

/* "(30, 30, 50)" */
static void one_shape(buffer *text, const shape *s)
{
    buffer_text(text, "(");
    for (size_t i = 0; i < s->rank; i++) {
        if (s->size[i] == CEPA_UNKNOWN)
            buffer_format(text, "%sNone", i ? ", " : "");
        else
            buffer_format(text, "%s%d", i ? ", " : "", s->size[i]);
    }
    buffer_text(text, ")");
}

/* "(15, 15, 50) → (13, 13, 50)" */
static void write_shapes(const summary *s, const call *c, buffer *text)
{
    const cepa_graph *g = s->network->graph;
    for (size_t i = 0; i < c->inputs; i++) {
        if (i) buffer_text(text, " and ");
        one_shape(text, &graph_tensor(g, c->input[i])->shape);
    }
    buffer_text(text, " → ");
    for (size_t i = 0; i < c->outputs; i++) {
        if (i) buffer_text(text, " and ");
        one_shape(text, &graph_tensor(g, c->result[i])->shape);
    }
}

static bool explain_shapes(summary *s, buffer *text)
{
    const network *n = s->network;
    const char **names = arena_array(&s->memory, n->visible_count + 1, sizeof *names);
    const char **shapes = arena_array(&s->memory, n->visible_count + 1, sizeof *shapes);
    for (size_t i = 0; i < n->visible_count; i++) {
        buffer one = {0};
        if (n->visible[i]->inputs) write_shapes(s, n->visible[i], &one);
        if (!names || !shapes || !(shapes[i] = summary_keep(s, &one))) return false;
        names[i] = n->visible[i]->layer->name;
    }
    size_t name_width = widest_of(names, n->visible_count), shape_width = widest_of(shapes, n->visible_count);
    buffer_text(text, "\nShapes: what each layer makes of one input\n\n");
    for (size_t i = 0; i < n->visible_count; i++) {
        const call *c = n->visible[i];
        buffer rule = {0};
        if (!c->inputs) continue;
        explain_rule(c->layer, &graph_tensor(n->graph, c->input[0])->shape,
                     &graph_tensor(n->graph, c->result[0])->shape, &rule);
        buffer_text(text, " ");
        write_column(text, names[i], name_width);
        if (rule.size)
            write_column(text, shapes[i], shape_width);
        else
            buffer_text(text, shapes[i]);
        buffer_bytes(text, rule.bytes, rule.size);
        buffer_text(text, "\n");
        buffer_free(&rule);
    }
    return true;
}

bool summary_explain(summary *s, buffer *text) { return explain_parameters(s, text) && explain_shapes(s, text); }
