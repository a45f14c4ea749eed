/* Convolution forward and its data gradient: both are correlations of a source with packed filters, cut into strips of
 * rows, panels of filters, rectangles of pixels that see the same taps, and register tiles.
 *
 * The order of every sum: from the bias (the gradient: from 0) over the source's channels of the group, kernel rows,
 * kernel columns, all ascending, one fused multiply-add after the other; taps in the padding are left out. */
#include "kernels/conv_axis.h"
#include "kernels/conv_pooled.h"
#include "kernels/conv_tile.h"
#include "kernels/conv_ways.h"
#include "kernels/eight.h"

/* Where sums go: the row of one sum that stands first, counted over all groups, and how far the next sum is. */
typedef struct target {
    lanes *at;
    size_t sum, row, plane;
} target;

/* From one of the filters' numbers, in Keras' order [tap][input][output], to the next group's, sum's, source's, tap's.
 */
typedef struct filter_steps {
    size_t group, sum, source, tap;
} filter_steps;

/* Either pass: sums (outputs of the forward pass, or the input's gradient) of sources (inputs, or the output's
 * gradient). Channels are those of one group. */
typedef struct correlation {
    conv_axis row, column;
    size_t groups, sources, sums;
    size_t panel; /* filters packed side by side */
    const lanes *source;
    const real *packed; /* NULL: filters are read as they are */
    const real *filters, *bias;
    filter_steps step;
    target sum;
    bool relu;
} correlation;

/* A panel holds as many filters as the tile for that many pixels can, and panels are about equally wide. */
static size_t panel_width(size_t filters, size_t pixels)
{
    static const size_t most[] = TILE_FILTERS;
    size_t panels = divide_up(filters, most[smaller(pixels, TILE_PIXELS)]);
    return divide_up(filters, panels);
}

static correlation forward_of(const conv_shape *s)
{
    correlation c = {.groups = s->groups, .sources = s->in_channels / s->groups, .sums = s->out_channels / s->groups};
    c.row = conv_axis_rows(s);
    c.column = conv_axis_columns(s);
    c.panel = panel_width(c.sums, s->out_height * s->out_width);
    c.step = (filter_steps){c.sums, 1, s->out_channels, s->out_channels * c.sources};
    return c;
}

static conv_axis transpose(conv_axis a)
{
    return (conv_axis){a.sources, a.outputs, a.taps, a.stride, a.dilation, a.before, .transposed = true};
}

static correlation gradient_of(const conv_shape *s)
{
    correlation c = forward_of(s);
    c.row = transpose(c.row);
    c.column = transpose(c.column);
    c.sources = s->out_channels / s->groups;
    c.sums = s->in_channels / s->groups;
    c.panel = panel_width(c.sums, s->in_height * s->in_width);
    c.step = (filter_steps){c.sources, s->out_channels, 1, s->out_channels * c.sums};
    return c;
}

static size_t filter_count(const conv_shape *s)
{
    return s->kernel_height * s->kernel_width * (s->in_channels / s->groups) * s->out_channels;
}

/* Where there is one sum a channel, as in a Dense layer, a pass reads each weight once: packing would not pay. */
static bool packs(const conv_shape *s, bool gradient)
{
    return gradient ? s->in_height * s->in_width > 1 : s->out_height * s->out_width > 1;
}

size_t KERNEL(direct_packed_size)(const conv_shape *s, bool gradient)
{
    return packs(s, gradient) ? filter_count(s) : 0;
}

/* Packed are the panels one after the other: for each source channel and tap the weights of the panel's filters side by
 * side. In Keras' order [tap][input][output] those of the forward pass lie side by side already. */
static void pack_forward(const conv_shape *s, const real *filters, real *packed)
{
    const correlation c = forward_of(s);
    const size_t taps = s->kernel_height * s->kernel_width, outs = s->out_channels;
    const real *filters_end = filters + filter_count(s), *end = packed + filter_count(s);
    for (size_t g = 0; g < c.groups; g++)
        for (size_t first = 0; first < c.sums; first += c.panel) {
            size_t width = smaller(c.panel, c.sums - first);
            for (size_t in = 0; in < c.sources; in++)
                for (size_t tap = 0; tap < taps; tap++, packed += width) {
                    const real *from = filters + (tap * c.sources + in) * outs + g * c.sums + first;
                    for (size_t f = 0; f < width; f += EIGHT)
                        eight_store(packed + f, eight_load(from + f, filters_end), smaller(EIGHT, width - f), end);
                }
        }
}

/* Those of the data gradient lie outs apart: squares of eight filters and eight sources are turned. */
static void pack_gradient(const conv_shape *s, const real *filters, real *packed)
{
    const correlation c = gradient_of(s);
    const size_t taps = s->kernel_height * s->kernel_width, outs = s->out_channels;
    const real *filters_end = filters + filter_count(s);
    for (size_t g = 0; g < c.groups; g++)
        for (size_t first = 0; first < c.sums; first += c.panel) {
            size_t width = smaller(c.panel, c.sums - first);
            for (size_t out = 0; out < c.sources; out += EIGHT)
                for (size_t tap = 0; tap < taps; tap++)
                    for (size_t f = 0; f < width; f += EIGHT) {
                        size_t count = smaller(EIGHT, width - f), rows = smaller(EIGHT, c.sources - out);
                        const real *from = filters + (tap * c.sums + first + f) * outs + g * c.sources + out;
                        eight square[EIGHT] = {{0}};
                        for (size_t i = 0; i < count; i++) square[i] = eight_load(from + i * outs, filters_end);
                        eights_transpose(square);
                        for (size_t i = 0; i < rows; i++) {
                            real *to = packed + ((out + i) * taps + tap) * width + f;
                            eight_store(to, square[i], count, to + count);
                        }
                    }
            packed += c.sources * taps * width;
        }
}

void KERNEL(direct_pack)(const conv_shape *s, const real *filters, bool gradient, real *packed)
{
    if (packs(s, gradient)) (gradient ? pack_gradient : pack_forward)(s, filters, packed);
}

/* Filters that lie in one panel of one group: the first, counted over all groups, and how many. */
typedef struct panel_part {
    size_t group, first, count; /* first: within the group */
    const real *weights;        /* of the first term */
    filter_steps step;
} panel_part;

static panel_part panel_part_at(const correlation *c, size_t sum, size_t last)
{
    panel_part p = {.group = sum / c->sums, .first = sum % c->sums};
    size_t begin = p.first / c->panel * c->panel, width = smaller(c->panel, c->sums - begin);
    size_t taps = c->row.taps * c->column.taps;
    p.count = smaller(begin + width - p.first, last - sum);
    if (c->packed) {
        p.weights = c->packed + (p.group * c->sums + begin) * c->sources * taps + (p.first - begin);
        p.step = (filter_steps){.sum = 1, .source = width * taps, .tap = width};
    } else {
        p.weights = c->filters + p.group * c->step.group + p.first * c->step.sum;
        p.step = c->step;
    }
    return p;
}

/* The loops over the terms that a rectangle sees, innermost last; loops of one turn are left out. */
static void set_loops(const correlation *c, const panel_part *p, const conv_span *row, const conv_span *column,
                      tile_loop loop[3])
{
    ptrdiff_t tap = (ptrdiff_t)p->step.tap, line = tap * (ptrdiff_t)c->column.taps;
    ptrdiff_t source_width = (ptrdiff_t)c->column.sources, plane = source_width * (ptrdiff_t)c->row.sources;
    const tile_loop all[3] = {
        {c->sources, plane, (ptrdiff_t)p->step.source},
        {row->taps, row->source_tap_step * source_width, (ptrdiff_t)row->tap_step * line},
        {column->taps, column->source_tap_step, (ptrdiff_t)column->tap_step * tap},
    };
    size_t kept = 3;
    for (size_t i = 3; i-- > 0;)
        if (all[i].count != 1) loop[--kept] = all[i];
    while (kept > 0) loop[--kept] = (tile_loop){.count = 1};
}

/* The pixels of row times column, in tiles of about equal size. */
static void run_rectangle(const correlation *c, const panel_part *p, const conv_span *row, const conv_span *column)
{
    size_t width = c->column.outputs, first_sum = p->group * c->sums + p->first;
    conv_tile tile = {.sum_step = c->sum.plane,
                      .weight_step = p->step.sum,
                      .bias = c->bias ? c->bias + first_sum : NULL,
                      .relu = c->relu};
    set_loops(c, p, row, column, tile.loop);
    tile.weights = p->weights + (row->tap * c->column.taps + column->tap) * p->step.tap;

    ptrdiff_t line = row->source_step * (ptrdiff_t)c->column.sources;
    ptrdiff_t corner = row->source * (ptrdiff_t)c->column.sources + column->source;
    const lanes *source = c->source + p->group * c->sources * c->row.sources * c->column.sources + corner;
    lanes *sum = c->sum.at + (first_sum - c->sum.sum) * c->sum.plane + (row->output - c->sum.row) * width;
    sum += column->output;
    size_t pixels = row->outputs * column->outputs, tiles = divide_up(pixels, TILE_PIXELS);
    size_t each = pixels / tiles, larger_ones = pixels % tiles, x = 0;
    for (size_t t = 0; t < tiles; t++) {
        size_t count = each + (t < larger_ones);
        for (size_t i = 0; i < count; i++) {
            tile.source[i] = source + (ptrdiff_t)x * column->source_step;
            tile.sum[i] = sum + x * column->step;
            if (++x < column->outputs) continue;
            x = 0;
            source += line;
            sum += row->step * width;
        }
        (tile.weight_step == 1 ? KERNEL(conv_tiles)[count] : KERNEL(conv_tiles_unpacked))[p->count](&tile);
    }
}

/* The rows begin ... end - 1 of a part of a panel, rectangle by rectangle. */
static void run_part(const correlation *c, const panel_part *p, size_t begin, size_t end)
{
    size_t row_step = conv_axis_step(&c->row), column_step = conv_axis_step(&c->column), width = c->column.outputs;
    for (size_t i = 0; i < row_step; i++)
        for (size_t y = begin + i; y < end;) {
            conv_span row = conv_span_at(&c->row, y, end);
            for (size_t j = 0; j < column_step; j++)
                for (size_t x = j; x < width;) {
                    conv_span column = conv_span_at(&c->column, x, width);
                    run_rectangle(c, p, &row, &column);
                    x += column.outputs * column_step;
                }
            y += row.outputs * row_step;
        }
}

/* Strips are low enough for their sources to stay in the second-level cache while all filters pass. */
static size_t strip_height(const correlation *c)
{
    enum { STRIP_BYTES = 256 << 10 };
    size_t line = c->sources * c->column.sources * sizeof(lanes), step = conv_axis_step(&c->row);
    size_t lines = smaller(STRIP_BYTES / line + 1, c->row.sources);
    size_t height = c->row.transposed ? lines * c->row.stride : lines / c->row.stride;
    return height < 2 * step ? 2 * step : height;
}

/* Rows of sums. */
typedef struct row_range {
    size_t first, last;
} row_range;

static row_range wanted_rows(const correlation *c, const conv_call *call)
{
    const size_t end = 2 * pairs_end(call, divide_up(c->row.outputs, 2));
    return (row_range){2 * call->top, smaller(end, c->row.outputs)};
}

/* The sums first ... last - 1, counted over all groups. */
static void correlate(const correlation *c, size_t first, size_t last, row_range rows)
{
    size_t height = strip_height(c);
    for (size_t y = rows.first; y < rows.last; y += height)
        for (size_t sum = first; sum < last;) {
            panel_part part = panel_part_at(c, sum, last);
            run_part(c, &part, y, smaller(y + height, rows.last));
            sum += part.count;
        }
}

/* The windows of two rows of a panel's sums. */
static void pool_rows(const correlation *c, const panel_part *p, size_t y, const conv_call *call)
{
    size_t width = c->column.outputs / 2, plane = c->row.outputs / 2 * width;
    size_t to = (p->group * c->sums + p->first) * plane + y / 2 * width;
    pool_winner *winner = call->winner;
    for (size_t f = 0; f < p->count; f++, to += plane)
        for (size_t x = 0; x < width; x++)
            for (size_t part = 0; part < PARTS; part++) {
                const lanes *from = c->sum.at + f * c->sum.plane + 2 * x, *below = from + c->column.outputs;
                const vec sums[4] = {vec_load(from, part), vec_load(from + 1, part), vec_load(below, part),
                                     vec_load(below + 1, part)};
                pool_window(sums, part, call->y + to + x, winner ? winner + to + x : NULL);
            }
}

/* Two rows of a panel at a time, which are pooled while they are in the first-level cache. */
static void correlate_pooled(correlation *c, const conv_call *call)
{
    c->row.outputs = whole_windows(c->row.outputs);
    c->column.outputs = whole_windows(c->column.outputs);
    size_t height = (strip_height(c) + 1) / 2 * 2;
    row_range rows = wanted_rows(c, call);
    for (size_t y = rows.first; y < rows.last; y += height)
        for (size_t sum = call->first; sum < call->last;) {
            panel_part part = panel_part_at(c, sum, call->last);
            size_t end = smaller(y + height, rows.last);
            for (size_t row = y; row < end; row += 2) {
                c->sum = (target){call->scratch, sum, row, 2 * c->column.outputs};
                run_part(c, &part, row, row + 2);
                pool_rows(c, &part, row, call);
            }
            sum += part.count;
        }
}

/* Two rows of a panel, where they are pooled. */
size_t KERNEL(direct_scratch_size)(const conv_shape *s)
{
    return conv_pools(s) ? forward_of(s).panel * 2 * s->out_width * sizeof(lanes) : 0;
}

void KERNEL(direct_forward)(const conv_shape *s, const conv_call *call)
{
    correlation c = forward_of(s);
    c.source = call->x;
    c.packed = packs(s, false) ? call->packed : NULL;
    c.filters = call->filters;
    c.bias = call->bias;
    c.relu = call->relu;
    if (call->pooled)
        correlate_pooled(&c, call);
    else {
        c.sum = (target){.at = call->y, .plane = s->out_height * s->out_width};
        correlate(&c, call->first, call->last, wanted_rows(&c, call));
    }
}

void KERNEL(direct_gradient_inputs)(const conv_shape *s, const conv_call *call)
{
    correlation c = gradient_of(s);
    c.source = call->dy;
    c.packed = packs(s, true) ? call->packed : NULL;
    c.filters = call->filters;
    c.sum = (target){.at = call->dx, .plane = s->in_height * s->in_width};
    correlate(&c, call->first, call->last, (row_range){0, c.row.outputs});
}
