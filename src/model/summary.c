/* What every style of summary shows: layers, shapes, counts, connections, totals. */
#include "model/summary.h"

#include "model/model.h"
#include "train/compile.h"

#include <stdlib.h>
#include <string.h>

void summary_count(buffer *text, size_t count)
{
    char digits[32];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%zu", count);
    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) buffer_text(text, ",");
        buffer_bytes(text, digits + i, 1);
    }
}

static void write_size(buffer *text, const char *const *units, size_t bytes)
{
    double size = (double)bytes;
    for (; size >= 1024 && units[1]; units++) size /= 1024;
    buffer_fixed(text, size, 2);
    buffer_format(text, " %s", *units);
}

const char *summary_keep(summary *s, buffer *text)
{
    buffer_text(text, "");
    const char *kept = text->failed ? NULL : arena_text(&s->memory, (const char *)text->bytes);
    buffer_free(text);
    return kept;
}

/* The shape of one call's outputs: "(None, 10)", or a list of several. */
static void call_shape(const summary *s, const call *c, buffer *text)
{
    bool list = c->outputs > 1 || (s->style->keras2 && c->layer->class->is_input);
    if (list) buffer_text(text, "[");
    for (size_t i = 0; i < c->outputs; i++) {
        const shape *one = &graph_tensor(s->network->graph, c->result[i])->shape;
        char written[128];
        shape_text(one, written, sizeof written);
        buffer_format(text, "%s%s", i ? ", " : "", one->rank || s->style->keras2 ? written : "(None)");
    }
    if (list) buffer_text(text, "]");
}

/* The shapes of all layers, by index; NULL without memory. Keras 3 shows that of a layer's last call in any model;
 * Keras 2 says "multiple" where the calls' shapes differ. */
static const char **layer_shapes(summary *s)
{
    const cepa_graph *g = s->network->graph;
    const char **shapes = arena_array(&s->memory, g->layer_count, sizeof *shapes);
    for (size_t i = 0; shapes && i < g->call_count; i++) {
        const call *c = g->calls[i];
        const char **shape = &shapes[c->layer->index];
        if (c->part_of) continue;
        buffer text = {0};
        call_shape(s, c, &text);
        const char *next = summary_keep(s, &text);
        if (!next) return NULL;
        *shape = s->style->keras2 && *shape && strcmp(*shape, next) != 0 ? "multiple" : next;
    }
    return shapes;
}

/* "conv2d[0][0]": the layer behind a tensor, its call and which of its results. */
static void connection(const summary *s, int id, buffer *text)
{
    size_t index;
    const call *source = graph_source(s->network->graph, id, &index);
    const char *quote = s->style->keras2 ? "'" : "";
    buffer_format(text, "%s%s[%zu][%zu]%s", quote, source->layer->name, source->number, index, quote);
}

/* All that a layer reads in these calls, one after the other. */
static const char *connections(summary *s, call *const *calls, size_t count)
{
    size_t written = 0;
    buffer text = {0};
    if (s->style->keras2) buffer_text(&text, "[");
    for (size_t number = 0; number < calls[0]->layer->call_count; number++) {
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; calls[i]->number == number && k < calls[i]->inputs; k++) {
                if (written++) buffer_text(&text, ", ");
                connection(s, calls[i]->input[k], &text);
            }
        }
    }
    if (s->style->keras2)
        buffer_text(&text, "]");
    else if (!written)
        buffer_text(&text, "-");
    return summary_keep(s, &text);
}

/* Finds out whether each call reads one tensor of its own, starting from a single input, and no layer is called twice.
 * False without memory. */
static bool find_chain(summary *s)
{
    const network *n = s->network;
    size_t starts = 0, index;
    bool chain = true, *read = arena_array(&s->memory, n->graph->call_count, sizeof *read); /* by call, its result */
    for (size_t i = 0; read && i < n->visible_count && chain; i++) {
        const call *c = n->visible[i], *source = c->inputs ? graph_source(n->graph, c->input[0], &index) : NULL;
        bool again = i && n->visible[i - 1]->layer == c->layer;
        chain = c->inputs < 2 && !again && !(source && read[source->index]);
        starts += !source;
        if (source) read[source->index] = true;
    }
    s->chain = n->sequential || (chain && starts == 1);
    return read;
}

/* The row of a layer with its calls in this network. */
static bool fill_row(summary *s, summary_row *row, const char *shape, call *const *calls, size_t count)
{
    const layer *l = calls[0]->layer;
    size_t not_trained, parameters = layer_parameters(s->network->graph, l, &not_trained);
    row->layer = l;
    row->name = arena_format(&s->memory, "%s (%s)", l->name, l->class->kind.name);
    row->shape = shape;
    buffer number = {0};
    if (s->style->keras2)
        buffer_format(&number, "%zu", parameters);
    else
        summary_count(&number, parameters);
    row->parameters = summary_keep(s, &number);
    row->connections = s->chain ? "" : connections(s, calls, count);
    return row->name && row->parameters && row->connections;
}

static bool fill_rows(summary *s)
{
    const network *n = s->network;
    const char **shapes = layer_shapes(s);
    s->rows = arena_array(&s->memory, n->layer_count, sizeof *s->rows);
    for (size_t i = 0, calls; shapes && s->rows && i < n->visible_count; i += calls) {
        const layer *l = n->visible[i]->layer;
        for (calls = 1; i + calls < n->visible_count && n->visible[i + calls]->layer == l;) calls++;
        if (n->sequential && l->class->is_input) continue;
        if (!fill_row(s, &s->rows[s->row_count++], shapes[l->index], n->visible + i, calls)) return false;
    }
    return shapes && s->rows;
}

static void write_total(const summary *s, buffer *text, const char *title, size_t count, size_t bytes)
{
    const summary_style *style = s->style;
    buffer_format(text, s->color ? "%s\033[1m%s: \033[0m\033[38;5;34m" : "%s%s: ", style->keras2 ? "" : " ", title);
    if (style->commas)
        summary_count(text, count);
    else
        buffer_format(text, "%zu", count);
    if (s->color) buffer_text(text, "\033[0m");
    if (style->byte_units) {
        buffer_text(text, " (");
        write_size(text, style->byte_units, bytes);
        buffer_text(text, ")");
    }
    buffer_text(text, "\n");
}

/* What Keras' whole numbers need beyond the size of a float. */
static size_t further_bytes(const network *n)
{
    size_t count, bytes = 0;
    const size_t *list = network_weights(n, &count);
    for (size_t i = 0; list && i < count; i++)
        if (n->graph->weights[list[i]].whole) bytes += sizeof(int64_t) - sizeof(float);
    return bytes;
}

static void write_totals(const summary *s, buffer *text)
{
    enum { SIZE = sizeof(float) };
    const size_t further = further_bytes(s->network);
    optimizer_size optimizer = {0};
    if (!s->style->keras2) optimizer = s->optimizer;
    size_t trained = s->total - s->not_trained;
    write_total(s, text, "Total params", s->total + optimizer.numbers, s->total * SIZE + further + optimizer.bytes);
    write_total(s, text, "Trainable params", trained, trained * SIZE);
    write_total(s, text, "Non-trainable params", s->not_trained, s->not_trained * SIZE + further);
    if (optimizer.numbers) write_total(s, text, "Optimizer params", optimizer.numbers, optimizer.bytes);
    for (size_t i = 0; i < s->closing_rule; i++) buffer_text(text, "_");
    if (s->closing_rule) buffer_text(text, "\n");
}

static const char *const units_of_keras2[] = {"Byte", "KB", "MB", "GB", "TB", "PB", NULL};
static const char *const units_of_keras3[] = {"B", "KB", "MB", "GB", "TB", "PB", NULL};

static const summary_style styles[] = {
    {"keras3", .byte_units = units_of_keras3, .commas = true, .table = summary_table_keras3},
    {"keras2.14", .keras2 = true, .byte_units = units_of_keras2, .table = summary_table_keras2},
    {"keras2.12", .keras2 = true, .commas = true, .table = summary_table_keras2},
    {"keras2.6", .keras2 = true, .commas = true, .table = summary_table_keras2_6},
};

static const summary_style *find_style(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(styles); i++)
        if (!name || strcmp(name, styles[i].name) == 0) return &styles[i];
    return NULL;
}

cepa_status summary_text(const network *n, const cepa_summary_options *options, const optimizer_size *optimizer,
                         buffer *text, cepa_error *error)
{
    const cepa_summary_options none = {0}, *o = options ? options : &none;
    summary s = {.network = n, .style = find_style(o->style), .optimizer = *optimizer, .color = o->color};
    if (!s.style)
        return fail(error, CEPA_ARGUMENT, "style must be keras3, keras2.14, keras2.12 or keras2.6, not %s", o->style);
    s.color = s.color && !s.style->keras2;
    s.width = o->width > 0 ? (size_t)o->width : 80;
    s.total = network_parameters(n, &s.not_trained);
    bool good = find_chain(&s) && fill_rows(&s) && s.style->table(&s, text);
    if (good) write_totals(&s, text);
    if (good && o->explain) good = summary_explain(&s, text);
    arena_free(&s.memory);
    return good && !text->failed ? CEPA_OK : fail_memory(error);
}

/* What the optimizer keeps: Keras makes it at the first step, and when a compiled model is loaded. */
static optimizer_size size_of_optimizer(const cepa_model *model)
{
    optimizer_size size = {0};
    optimizer *o = model->training ? &model->training->optimizer : NULL;
    if (!o || !(o->iterations || model->has_weights)) return size;
    for (size_t i = 0; i < o->variable_count; i++) {
        const optimizer_variable *v = &o->variables[i];
        size.numbers += v->count;
        size.bytes += v->iterations ? sizeof(int64_t) : v->count * sizeof(float);
    }
    return size;
}

cepa_status cepa_summary(const cepa_model *model, const cepa_summary_options *options, char **text, cepa_error *error)
{
    *text = NULL;
    cepa_status status = model_need_network(model, error);
    if (status) return status;
    buffer table = {0};
    optimizer_size optimizer = size_of_optimizer(model);
    status = summary_text(model->network, options, &optimizer, &table, error);
    if (status == CEPA_OK && !(*text = buffer_take_text(&table))) status = fail_memory(error);
    buffer_free(&table);
    return status;
}
