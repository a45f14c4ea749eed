/* GIF pictures: the first of an animation, as it stands on the whole screen. */
#include "data/picture.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
    const unsigned char *next, *end;
    const unsigned char *palette; /* three bytes a color */
    size_t colors;
    int transparent; /* the color that is not seen; -1: none */
    cepa_error *error;
} reading;

static cepa_status fail_cut(const reading *r) { return fail(r->error, CEPA_FORMAT, "the file is cut off"); }

/* size bytes and what is behind them; NULL: there are not so many. */
static const unsigned char *take(reading *r, size_t size)
{
    if (size > (size_t)(r->end - r->next)) return NULL;
    r->next += size;
    return r->next - size;
}

/* A palette where the flags say that there is one. */
static cepa_status read_palette(reading *r, unsigned flags)
{
    if (!(flags & 0x80)) return CEPA_OK;
    r->colors = (size_t)2 << (flags & 7);
    r->palette = take(r, 3 * r->colors);
    return r->palette ? CEPA_OK : fail_cut(r);
}

/* The next block of data; an empty one ends them. */
static cepa_status read_block(reading *r, const unsigned char **block, size_t *size)
{
    const unsigned char *length = take(r, 1);
    *size = length ? *length : 0;
    *block = length ? take(r, *size) : NULL;
    return *block ? CEPA_OK : fail_cut(r);
}

static cepa_status skip_extension(reading *r)
{
    enum { CONTROL = 0xF9 };
    const unsigned char *kind = take(r, 1), *block;
    size_t size = 1;
    while (kind && size) {
        cepa_status status = read_block(r, &block, &size);
        if (status) return status;
        if (*kind == CONTROL && size == 4) r->transparent = block[0] & 1 ? block[3] : -1;
    }
    return kind ? CEPA_OK : fail_cut(r);
}

/* ---- Compressed numbers: Welch 1984 */

enum { MOST_CODES = 4096 };

/* A code stands for another's string and a byte behind it. */
typedef struct codes {
    uint16_t before[MOST_CODES], length[MOST_CODES];
    unsigned char byte[MOST_CODES];
    size_t clear, count, width;
} codes;

/* Bits from blocks, the lowest first. */
typedef struct bits {
    const unsigned char *block;
    size_t left, held;
    uint32_t pending;
} bits;

static cepa_status read_code(reading *r, bits *b, size_t width, size_t *code)
{
    while (b->held < width) {
        cepa_status status = b->left ? CEPA_OK : read_block(r, &b->block, &b->left);
        if (status) return status;
        if (!b->left) return fail_cut(r);
        b->pending |= (uint32_t)*b->block++ << b->held;
        b->left--;
        b->held += 8;
    }
    *code = b->pending & ((1u << width) - 1);
    b->pending >>= width;
    b->held -= width;
    return CEPA_OK;
}

static void start_codes(codes *c, size_t width)
{
    c->clear = (size_t)1 << width;
    c->count = c->clear + 2;
    c->width = width + 1;
    for (size_t i = 0; i < c->clear; i++) {
        c->length[i] = 1;
        c->byte[i] = (unsigned char)i;
    }
}

/* A new code for the string of last and a byte that is still to come. */
static void add_code(codes *c, size_t last)
{
    if (c->count == MOST_CODES) return;
    c->before[c->count] = (uint16_t)last;
    c->length[c->count] = (uint16_t)(c->length[last] + 1);
    c->count++;
    if (c->count >> c->width && c->width < 12) c->width++;
}

/* The string of a code, as far as there is room for it; gives its first byte. */
static unsigned char put_string(const codes *c, size_t code, unsigned char *to, size_t room)
{
    size_t length = c->length[code];
    for (; length > 1; code = c->before[code])
        if (--length < room) to[length] = c->byte[code];
    if (room) to[0] = c->byte[code];
    return c->byte[code];
}

static cepa_status read_numbers(reading *r, codes *c, unsigned char *numbers, size_t count)
{
    enum { NONE = MOST_CODES };
    const unsigned char *start = take(r, 1);
    if (!start) return fail_cut(r);
    if (*start < 1 || *start > 8) return fail(r->error, CEPA_FORMAT, "its colors have %u bits", (unsigned)*start);
    bits b = {0};
    size_t code = 0, last = NONE, done = 0;
    for (start_codes(c, *start); done < count;) {
        cepa_status status = read_code(r, &b, c->width, &code);
        if (status) return status;
        if (code == c->clear + 1) return fail_cut(r);
        if (code == c->clear) {
            start_codes(c, *start);
            last = NONE;
            continue;
        }
        size_t known = c->count;
        if (last != NONE) add_code(c, last);
        if (code >= c->count || (code >= known && last == NONE))
            return fail(r->error, CEPA_FORMAT, "its compressed data are damaged");
        /* The string of a code that is being made begins with the byte it ends with. */
        if (code == known && code < c->count) c->byte[known] = put_string(c, last, NULL, 0);
        unsigned char first = put_string(c, code, numbers + done, count - done);
        if (c->count > known) c->byte[known] = first;
        done += c->length[code];
        last = code;
    }
    return CEPA_OK;
}

/* ---- The picture */

/* Where the row that comes as number i stands: of interlaced ones each eighth comes first, then those between. */
static size_t row_of(size_t i, size_t height, bool interlaced)
{
    static const size_t first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    for (size_t pass = 0; interlaced && pass < 4; pass++) {
        size_t rows = height > first[pass] ? (height - first[pass] + step[pass] - 1) / step[pass] : 0;
        if (i < rows) return first[pass] + i * step[pass];
        i -= rows;
    }
    return i;
}

static void put_pixel(const reading *r, picture *picture, size_t place, size_t color)
{
    unsigned char rgba[4] = {0, 0, 0, (int)color == r->transparent ? 0 : 255};
    if (color < r->colors) memcpy(rgba, r->palette + 3 * color, 3);
    picture_set(picture, place, rgba);
}

static cepa_status read_image(reading *r, picture *picture)
{
    const unsigned char *head = take(r, 9);
    if (!head) return fail_cut(r);
    size_t left = picture_number(head, 2), top = picture_number(head + 2, 2), width = picture_number(head + 4, 2),
           height = picture_number(head + 6, 2);
    cepa_status status = read_palette(r, head[8]);
    if (status) return status;
    if (!r->palette) return fail(r->error, CEPA_FORMAT, "it has no colors");
    if (left + width > picture->width || top + height > picture->height)
        return fail(r->error, CEPA_FORMAT, "its first picture is larger than its screen");
    unsigned char *numbers = malloc(width * height + 1);
    codes *codes = malloc(sizeof *codes);
    status = numbers && codes ? read_numbers(r, codes, numbers, width * height) : fail_memory(r->error);
    for (size_t i = 0; i < width * height && !status; i++) {
        size_t y = top + row_of(i / width, height, head[8] & 0x40);
        put_pixel(r, picture, y * picture->width + left + i % width, numbers[i]);
    }
    free(codes);
    free(numbers);
    return status;
}

cepa_status gif_decode(const unsigned char *bytes, size_t size, picture *picture, cepa_error *error)
{
    enum { EXTENSION = 0x21, IMAGE = 0x2C };
    reading r = {.next = bytes, .end = bytes + size, .transparent = -1, .error = error};
    const unsigned char *head = take(&r, 13);
    if (!head) return fail_cut(&r);
    picture->width = picture_number(head + 6, 2);
    picture->height = picture_number(head + 8, 2);
    if (!picture->width || !picture->height) return fail(error, CEPA_FORMAT, "it is empty");
    cepa_status status = read_palette(&r, head[10]);
    if (status) return status;
    if (!picture_allocate(picture)) return fail_memory(error);
    memset(picture->bytes, 0, picture->width * picture->height * picture->channels);
    const unsigned char *kind;
    while (!status && (kind = take(&r, 1))) {
        if (*kind == IMAGE) return read_image(&r, picture);
        status = *kind == EXTENSION ? skip_extension(&r) : fail(error, CEPA_FORMAT, "it holds no picture");
    }
    return status ? status : fail_cut(&r);
}
