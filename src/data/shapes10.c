/* shapes10: one shape a picture, of random place, size, turn and colour, before a textured and noisy ground among
 * smaller things that mean nothing. Integer arithmetic alone, drawn from Philox by the picture's number: the same bytes
 * everywhere. Where a shape stands says nothing about what it is, so a network that shares its weights over places
 * learns it sooner. */
#include "data/shapes10.h"

#include "base/random.h"
#include "base/threads.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 32, CHANNELS = 3, PICTURE = SIDE * SIDE * CHANNELS, ONE = 1024 };

/* ---- Random numbers of one picture ---- */

typedef struct dice {
    uint32_t counter[4]; /* picture, part, group, 0 */
    uint32_t words[4];
    unsigned used;
} dice;

static const uint64_t key = 0x7368617065733130u; /* "shapes10" */

static dice dice_of(uint32_t picture, uint32_t part) { return (dice){.counter = {picture, part, 0, 0}, .used = 4}; }

static uint32_t throw_word(dice *d)
{
    if (d->used == 4) {
        philox(d->counter, key, d->words);
        d->counter[2]++;
        d->used = 0;
    }
    return d->words[d->used++];
}

/* A whole number from low to high, both included. */
static int throw_between(dice *d, int low, int high)
{
    return low + (int)((uint64_t)throw_word(d) * (uint32_t)(high - low + 1) >> 32);
}

/* ---- The ten shapes: whether the point (u, v) lies inside one of radius 1024; v points down ---- */

static bool in_disc(int u, int v) { return u * u + v * v <= ONE * ONE; }

static bool in_ring(int u, int v)
{
    int square = u * u + v * v;
    return square <= ONE * ONE && square >= 600 * 600;
}

static bool in_square(int u, int v) { return abs(u) <= 830 && abs(v) <= 830; }

static bool in_triangle(int u, int v) { return v <= 640 && abs(u) * 1640 <= 960 * (v + 1000); }

static bool in_cross(int u, int v) { return (abs(u) <= 310 && abs(v) <= 980) || (abs(v) <= 310 && abs(u) <= 980); }

static bool in_diamond(int u, int v) { return 3 * abs(u) + 2 * abs(v) <= 2 * ONE + 100; }

/* Five lines; a point is inside where at most one of them has it on the outer side. */
static bool in_star(int u, int v)
{
    static const int normals[5][2] = {{0, 1024}, {974, 316}, {602, -828}, {-602, -828}, {-974, 316}};
    int outside = 0;
    for (int i = 0; i < 5; i++) outside += u * normals[i][0] + v * normals[i][1] > 350 * 1024;
    return outside <= 1 && u * u + v * v <= 1100 * 1100;
}

static bool in_crescent(int u, int v) { return in_disc(u, v) && (u - 430) * (u - 430) + v * v > 800 * 800; }

/* (x^2 + y^2 - 1)^3 <= x^2 y^3, in thousandths */
static bool in_heart(int u, int v)
{
    int64_t x = u * 6 / 5, y = 100 - v * 6 / 5, disc = (x * x + y * y) / 1000 - 1000;
    return disc * disc * disc <= x * x * y * y * y / 1000000;
}

static bool in_arrow(int u, int v)
{
    bool shaft = u <= 100 && u >= -1000 && abs(v) <= 260;
    bool head = u >= 0 && u <= 1000 && abs(v) * 10 <= (1000 - u) * 8;
    return shaft || head;
}

static const struct {
    const char *name;
    bool (*inside)(int u, int v);
} shapes[] = {
    {"disc", in_disc},   {"ring", in_ring},       {"square", in_square}, {"triangle", in_triangle},
    {"cross", in_cross}, {"diamond", in_diamond}, {"star", in_star},     {"crescent", in_crescent},
    {"heart", in_heart}, {"arrow", in_arrow},
};

/* ---- Colours ---- */

typedef struct color {
    int rgb[CHANNELS];
} color;

/* share / 256 of b in a. */
static color mix(color a, color b, int share)
{
    for (int c = 0; c < CHANNELS; c++) a.rgb[c] += (b.rgb[c] - a.rgb[c]) * share / 256;
    return a;
}

/* A pure hue, greyed by grey / 256 towards bright and with black / 256 of black in it. */
static color throw_color(dice *d, int grey, int bright, int black)
{
    int hue = throw_between(d, 0, 6 * 256 - 1), rise = hue % 256;
    static const int order[6][CHANNELS] = {{2, 1, 0}, {3, 2, 0}, {0, 2, 1}, {0, 3, 2}, {1, 0, 2}, {2, 0, 3}};
    const int level[4] = {0, rise, 255, 255 - rise};
    color pure;
    for (int c = 0; c < CHANNELS; c++) pure.rgb[c] = level[order[hue / 256][c]];
    return mix(mix(pure, (color){{bright, bright, bright}}, grey), (color){{0, 0, 0}}, black);
}

/* Muted and dark. Numbers are drawn one a statement: the order of arguments is the compiler's. */
static color throw_ground_color(dice *d)
{
    int grey = throw_between(d, 120, 220), black = throw_between(d, 60, 200);
    return throw_color(d, grey, 128, black);
}

/* Bright. */
static color throw_shape_color(dice *d)
{
    int grey = throw_between(d, 60, 150), black = throw_between(d, 0, 40);
    return throw_color(d, grey, 255, black);
}

static int distance(color a, color b)
{
    return abs(a.rgb[0] - b.rgb[0]) * 2 + abs(a.rgb[1] - b.rgb[1]) * 3 + abs(a.rgb[2] - b.rgb[2]);
}

/* ---- Drawing ---- */

/* Cosine and sine of turns of 1/64 of a circle, times 1024: a quarter of the table. */
static int quarter_sine(int turn)
{
    static const int sines[17] = {0, 100, 200, 297, 392, 483, 569, 650, 724, 792, 851, 903, 946, 980, 1004, 1019, 1024};
    return sines[turn];
}

static int sine(int turn)
{
    turn &= 63;
    int half = turn & 31, value = half <= 16 ? quarter_sine(half) : quarter_sine(32 - half);
    return turn < 32 ? value : -value;
}

static int cosine(int turn) { return sine(turn + 16); }

typedef struct placed {
    bool (*inside)(int u, int v);
    int x, y;   /* centre, in sixteenths of a pixel */
    int radius; /* the same */
    int turn;   /* in 64ths of a circle */
    color color;
} placed;

/* Covered sixteenths of a pixel. */
static int coverage(const placed *p, int column, int row)
{
    int covered = 0, cos = cosine(p->turn), sin = sine(p->turn);
    for (int sub = 0; sub < 16; sub++) {
        int dx = column * 16 + sub % 4 * 4 + 2 - p->x, dy = row * 16 + sub / 4 * 4 + 2 - p->y;
        covered += p->inside((dx * cos + dy * sin) / p->radius, (dy * cos - dx * sin) / p->radius);
    }
    return covered;
}

static void draw(const placed *p, color picture[SIDE][SIDE])
{
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            if (abs(column * 16 + 8 - p->x) > p->radius * 3 / 2 + 16 ||
                abs(row * 16 + 8 - p->y) > p->radius * 3 / 2 + 16)
                continue;
            /* lighter towards the top left */
            int light = (p->x - column * 16 + p->y - row * 16) * 40 / p->radius;
            color shaded =
                mix(p->color, (color){{light > 0 ? 255 : 0, light > 0 ? 255 : 0, light > 0 ? 255 : 0}}, abs(light));
            picture[row][column] = mix(picture[row][column], shaded, coverage(p, column, row) * 16);
        }
}

/* Two colours, mixed by a texture. */
static void paint_ground(dice *d, color a, color b, color picture[SIDE][SIDE])
{
    enum { WAVES = 3 };
    int step_x[WAVES], step_y[WAVES], start[WAVES];
    for (int w = 0; w < WAVES; w++) {
        step_x[w] = throw_between(d, -5, 5);
        step_y[w] = throw_between(d, -5, 5);
        start[w] = throw_between(d, 0, 63);
    }
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            int sum = 0;
            for (int w = 0; w < WAVES; w++) sum += sine(start[w] + step_x[w] * column + step_y[w] * row);
            picture[row][column] = mix(a, b, 128 + sum / (WAVES * 8));
        }
}

static void paint_noise(dice *d, color picture[SIDE][SIDE], unsigned char *bytes)
{
    int strength = throw_between(d, 8, 28);
    for (int i = 0; i < PICTURE; i++) {
        uint32_t word = throw_word(d);
        /* the sum of four bytes: nearly normal */
        int noise = (int)((word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24)) - 510;
        int value = picture[i / CHANNELS / SIDE][i / CHANNELS % SIDE].rgb[i % CHANNELS] + noise * strength / 256;
        bytes[i] = (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

static color throw_far_color(dice *d, color a, color b)
{
    color found;
    do found = throw_shape_color(d);
    while (distance(found, a) < 220 || distance(found, b) < 220);
    return found;
}

/* Bits and pieces. */
static void scatter_pieces(dice *d, color a, color b, color picture[SIDE][SIDE])
{
    int pieces = throw_between(d, 0, 3);
    for (int i = 0; i < pieces; i++) {
        placed piece = {.inside = shapes[throw_between(d, 0, ARRAY_COUNT(shapes) - 1)].inside};
        piece.x = throw_between(d, 0, SIDE * 16);
        piece.y = throw_between(d, 0, SIDE * 16);
        piece.radius = throw_between(d, 24, 44);
        piece.turn = throw_between(d, 0, 63);
        piece.color = throw_far_color(d, a, b);
        draw(&piece, picture);
    }
}

static void draw_picture(uint32_t number, unsigned char *bytes, unsigned char *label)
{
    dice d = dice_of(number, 0), noise = dice_of(number, 1);
    color picture[SIDE][SIDE], a = throw_ground_color(&d), b = throw_ground_color(&d);
    paint_ground(&d, a, b, picture);
    int kind = throw_between(&d, 0, ARRAY_COUNT(shapes) - 1);
    placed shape = {.inside = shapes[kind].inside};
    shape.radius = throw_between(&d, 120, 180);
    shape.turn = throw_between(&d, -4, 4);
    shape.x = throw_between(&d, shape.radius * 7 / 8, SIDE * 16 - shape.radius * 7 / 8);
    shape.y = throw_between(&d, shape.radius * 7 / 8, SIDE * 16 - shape.radius * 7 / 8);
    shape.color = throw_far_color(&d, a, b);
    scatter_pieces(&d, a, b, picture);
    draw(&shape, picture);
    paint_noise(&noise, picture, bytes);
    *label = (unsigned char)kind;
}

/* ---- The data set ---- */

typedef struct work {
    unsigned char *pixels, *labels;
    uint32_t first; /* number of the first picture */
} work;

static void draw_row(void *context, size_t row, int thread)
{
    (void)thread;
    const work *w = context;
    draw_picture(w->first + (uint32_t)row, w->pixels + row * PICTURE, w->labels + row);
}

static cepa_status make_part(size_t rows, uint32_t first, cepa_dataset **made, cepa_error *error)
{
    static const cepa_array picture = {.name = "x", .type = CEPA_UINT8, .rank = 3, .shape = {SIDE, SIDE, CHANNELS}};
    static const cepa_array label = {.name = "y", .type = CEPA_UINT8, .rank = 1, .shape = {1}};
    const char *names[ARRAY_COUNT(shapes)];
    for (size_t i = 0; i < ARRAY_COUNT(shapes); i++) names[i] = shapes[i].name;
    void *pixels, *labels;
    cepa_status status = dataset_begin(rows, NULL, made, error);
    if (!status) status = dataset_add(*made, ROLE_INPUT, &picture, &pixels, error);
    if (!status) status = dataset_add(*made, ROLE_TARGET, &label, &labels, error);
    if (!status) status = dataset_name_classes(*made, names, ARRAY_COUNT(shapes), error);
    if (status) return status;
    team *team = team_new(0);
    team_for(team, rows, draw_row, &(work){pixels, labels, first});
    team_free(team);
    return dataset_end(*made, error);
}

cepa_status shapes10_generate(const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    enum { DEFAULT_ROWS = 5000, FEWEST_TEST_ROWS = 1000 };
    size_t rows = options->rows ? options->rows : DEFAULT_ROWS, test = rows / 5;
    if (test < FEWEST_TEST_ROWS) test = FEWEST_TEST_ROWS;
    cepa_status status = make_part(rows, 0, &made->train, error);
    return status ? status : make_part(test, SHAPES10_TRAIN_ROWS, &made->test, error);
}
