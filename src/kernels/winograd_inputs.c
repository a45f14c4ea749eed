/* The data gradient of a 3 x 3 convolution, Winograd's filtering read backwards: the gradient of each tile of 2 x 2
 * outputs is transformed, multiplied with the filters' points and gives a patch of 4 x 4 of the inputs' gradient. There
 * are as many tiles as in the forward pass, and none of them sees padding.
 *
 * The order of every sum: over the filters, as in winograd_products.c; then the transforms as they are written here;
 * then the patches that meet in an input, tile by tile. */
#include "kernels/conv_ways.h"
#include "kernels/winograd_products.h"

typedef struct spreading {
    winograd_source gradient, input; /* of input only the sizes */
    lanes *sum;
    winograd_products products;
} spreading;

/* A tile: its row and column among all tiles, and where its patch lies. */
typedef struct spread_tile {
    size_t row, column;
    winograd_place place;
    ptrdiff_t corner; /* lanes from a plane to the patch's first cell, which may lie outside */
} spread_tile;

static void transform_gradients(const spreading *s, const spread_tile *tile, size_t tiles)
{
    for (size_t c = 0; c < s->gradient.channels; c++)
        for (size_t t = 0; t < tiles; t++)
            for (size_t part = 0; part < PARTS; part++) {
                lanes *to = s->products.tiles + (c * tiles + t) * POINTS_STEP;
                vec d[4], left[4], right[4], v[4];
                load_gradient_tile(&s->gradient, c, tile[t].row, tile[t].column, part, d);
                transform_gradient(d[0], d[2], left);
                transform_gradient(d[1], d[3], right);
                UNROLL for (size_t i = 0; i < 4; i++)
                {
                    transform_gradient(left[i], right[i], v);
                    UNROLL for (size_t j = 0; j < 4; j++) vec_store(to + 4 * i + j, part, v[j]);
                }
            }
}

/* Along one axis: a patch's formulas, transposed. */
INLINE void transform_back(const vec m[4], vec d[4])
{
    d[0] = m[0];
    d[1] = m[1] - m[2] - m[3];
    d[2] = m[1] + m[2] - m[0];
    d[3] = m[3];
}

INLINE vec_patch patch_of_products(const lanes *m, size_t part)
{
    vec_patch p;
    UNROLL for (size_t j = 0; j < 4; j++)
    {
        vec column[4], d[4];
        UNROLL for (size_t i = 0; i < 4; i++) column[i] = vec_load(m + 4 * i + j, part);
        transform_back(column, d);
        UNROLL for (size_t i = 0; i < 4; i++) p.v[i][j] = d[i];
    }
    UNROLL for (size_t i = 0; i < 4; i++)
    {
        const vec row[4] = {p.v[i][0], p.v[i][1], p.v[i][2], p.v[i][3]};
        transform_back(row, p.v[i]);
    }
    return p;
}

/* A cell of a tile's patch in a plane; inside: all of the patch is. */
typedef struct spread_cell {
    ptrdiff_t at;
    bool exists;
} spread_cell;

INLINE spread_cell cell_of(const spreading *s, const spread_tile *tile, size_t i, size_t j, bool inside)
{
    const winograd_place *p = &tile->place;
    spread_cell cell = {tile->corner + (ptrdiff_t)(i * s->input.width + j), true};
    if (!inside)
        cell.exists =
            within(p->row + (ptrdiff_t)i, s->input.height) && within(p->column + (ptrdiff_t)j, s->input.width);
    return cell;
}

INLINE vec peek(const lanes *plane, spread_cell cell, size_t part)
{
    return cell.exists ? vec_load(plane + cell.at, part) : vec_set(0);
}

INLINE void put(lanes *plane, spread_cell cell, size_t part, vec v)
{
    if (cell.exists) vec_store(plane + cell.at, part, v);
}

/* A patch shares its left two columns with the one before. Their sums so far are held in registers, as edge, while
 * tiles follow one another; above, it meets what is stored. */
typedef vec patch_edge[4][2];

INLINE void start_edge(const spreading *s, const lanes *plane, const spread_tile *tile, size_t part, bool inside,
                       patch_edge edge)
{
    UNROLL for (size_t i = 0; i < 4; i++) UNROLL for (size_t j = 0; j < 2; j++)
    {
        bool earlier = tile->column > 0 || (tile->row > 0 && i < 2);
        edge[i][j] = earlier ? peek(plane, cell_of(s, tile, i, j, inside), part) : vec_set(0);
    }
}

INLINE void add_patch(const spreading *s, const vec_patch *p, lanes *plane, const spread_tile *tile, size_t part,
                      bool inside, patch_edge edge)
{
    const bool above = tile->row > 0;
    UNROLL for (size_t i = 0; i < 4; i++) UNROLL for (size_t j = 0; j < 2; j++)
    {
        put(plane, cell_of(s, tile, i, j, inside), part, edge[i][j] + p->v[i][j]);
        edge[i][j] = p->v[i][j + 2];
        if (i < 2 && above) edge[i][j] += peek(plane, cell_of(s, tile, i, j + 2, inside), part);
    }
}

INLINE void end_edge(const spreading *s, lanes *plane, const spread_tile *tile, size_t part, bool inside,
                     patch_edge edge)
{
    UNROLL for (size_t i = 0; i < 4; i++) UNROLL for (size_t j = 0; j < 2; j++)
        put(plane, cell_of(s, tile, i, j + 2, inside), part, edge[i][j]);
}

/* starts, ends: tiles before and behind are not done together with this one. */
INLINE void spread_patch(const spreading *s, const vec_patch *p, lanes *plane, const spread_tile *tile, size_t part,
                         bool starts, bool ends, bool inside, patch_edge edge)
{
    if (starts) start_edge(s, plane, tile, part, inside, edge);
    add_patch(s, p, plane, tile, part, inside, edge);
    if (ends) end_edge(s, plane, tile, part, inside, edge);
}

static void spread_patches(const spreading *s, const spread_tile *tile, size_t tiles, size_t first, size_t last)
{
    for (size_t in = first; in < last; in++)
        for (size_t part = 0; part < PARTS; part++) {
            lanes *plane = s->sum + in * s->input.plane_size;
            patch_edge edge;
            for (size_t t = 0; t < tiles; t++) {
                bool starts = t == 0 || tile[t].column == 0, ends = t + 1 == tiles || tile[t + 1].column == 0;
                vec_patch p = patch_of_products(s->products.sum + (in * tiles + t) * POINTS_STEP, part);
                if (tile[t].place.inside)
                    spread_patch(s, &p, plane, &tile[t], part, starts, ends, true, edge);
                else
                    spread_patch(s, &p, plane, &tile[t], part, starts, ends, false, edge);
            }
        }
}

/* Zeros where there is no patch: from row top and, above it, from column left on. */
static void clear_beyond(const spreading *s, size_t top, size_t left, size_t first, size_t last)
{
    const size_t width = s->input.width;
    for (size_t in = first; in < last; in++)
        for (size_t row = 0; row < s->input.height; row++) {
            lanes *line = s->sum + in * s->input.plane_size + row * width;
            for (size_t column = row < top ? left : 0; column < width; column++) line[column] = (lanes){0};
        }
}

static spread_tile tile_at(const spreading *s, const conv_shape *shape, size_t t, size_t columns)
{
    spread_tile tile = {.row = t / columns, .column = t % columns};
    tile.place = place_of_tile(&s->input, t, columns, shape->pad_top, shape->pad_left);
    tile.corner = tile.place.row * (ptrdiff_t)s->input.width + tile.place.column;
    return tile;
}

void KERNEL(winograd_gradient_inputs)(const conv_shape *shape, const conv_call *c)
{
    spreading s = {
        .gradient = winograd_gradient(shape, c),
        .input = winograd_input(shape, c),
        .sum = c->dx,
        .products = KERNEL(winograd_products_of)(shape, c, true),
    };
    size_t rows = divide_up(s.gradient.height, 2), columns = divide_up(s.gradient.width, 2);
    clear_beyond(&s, 2 * rows + 2 - shape->pad_top, 2 * columns + 2 - shape->pad_left, c->first, c->last);
    size_t all = rows * columns, strips = divide_up(all, STRIP);
    for (size_t strip = 0, first = 0, end; strip < strips; strip++, first = end) {
        spread_tile tile[STRIP];
        end = all * (strip + 1) / strips;
        for (size_t t = first; t < end; t++) tile[t - first] = tile_at(&s, shape, t, columns);
        transform_gradients(&s, tile, end - first);
        KERNEL(winograd_multiply)(&s.products, end - first, c->first, c->last);
        spread_patches(&s, tile, end - first, c->first, c->last);
    }
}
