/* BMP pictures that are not compressed: palettes of 1, 4 and 8 bits, and 16, 24 and 32 bits with or without masks. */
#include "data/picture.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What the header says. */
typedef struct header {
    size_t header_size, pixels_at, width, height, bits;
    size_t colors; /* of the palette; 0: there is none */
    size_t entry;  /* bytes of a color of the palette */
    bool from_top;
    uint32_t mask[4]; /* red, green, blue, alpha; of 16 and 32 bits */
} header;

/* The header of OS/2, which has no more than sizes. */
static void read_short(header *h, const unsigned char *bytes)
{
    h->width = picture_number(bytes + 18, 2);
    h->height = picture_number(bytes + 20, 2);
    h->bits = picture_number(bytes + 24, 2);
    h->entry = 3;
}

static cepa_status read_long(header *h, const unsigned char *bytes, size_t size, cepa_error *error)
{
    enum { PLAIN = 0, MASKS = 3, MASKS_AND_ALPHA = 6 };
    uint32_t height = picture_number(bytes + 22, 4), compression = picture_number(bytes + 30, 4);
    h->width = picture_number(bytes + 18, 4);
    h->from_top = height >> 31;
    h->height = h->from_top ? -height : height;
    h->bits = picture_number(bytes + 28, 2);
    h->colors = picture_number(bytes + 46, 4);
    h->entry = 4;
    if (compression == PLAIN) return CEPA_OK;
    if ((compression != MASKS && compression != MASKS_AND_ALPHA) || (h->bits != 16 && h->bits != 32))
        return fail(error, CEPA_UNSUPPORTED, "its compression (%u) is not known", (unsigned)compression);
    size_t masks = compression == MASKS_AND_ALPHA || h->header_size >= 56 ? 4 : 3;
    if (size < 54 + 4 * masks) return fail(error, CEPA_FORMAT, "the file is cut off");
    for (size_t i = 0; i < masks; i++) h->mask[i] = picture_number(bytes + 54 + 4 * i, 4);
    return CEPA_OK;
}

static cepa_status read_header(header *h, const unsigned char *bytes, size_t size, cepa_error *error)
{
    static const uint32_t masks[2][4] = {{0x7C00, 0x3E0, 0x1F, 0}, {0xFF0000, 0xFF00, 0xFF, 0}};
    enum { SHORT = 12, LONG = 40, MOST = 1 << 20 };
    if (size < 26) return fail(error, CEPA_FORMAT, "the file is cut off");
    *h = (header){.pixels_at = picture_number(bytes + 10, 4), .header_size = picture_number(bytes + 14, 4)};
    if (h->header_size != SHORT && (h->header_size < LONG || size < 14 + LONG))
        return fail(error, CEPA_FORMAT, "its header is damaged");
    if (h->header_size == SHORT) read_short(h, bytes);
    cepa_status status = h->header_size == SHORT ? CEPA_OK : read_long(h, bytes, size, error);
    if (status) return status;
    if (h->width - 1 >= MOST || h->height - 1 >= MOST) return fail(error, CEPA_FORMAT, "its size is impossible");
    if (!(h->mask[0] | h->mask[1] | h->mask[2])) memcpy(h->mask, masks[h->bits == 32], sizeof h->mask);
    return CEPA_OK;
}

/* The bits of value below mask as a number of 0 to 255. */
static unsigned char masked(uint32_t value, uint32_t mask)
{
    if (!mask) return 255;
    uint32_t lowest = mask & -mask, most = mask / lowest;
    return (unsigned char)((uint64_t)((value & mask) / lowest) * 255 / most);
}

/* A pixel of a row. */
static void read_pixel(const header *h, const unsigned char *palette, const unsigned char *row, size_t x,
                       unsigned char rgba[4])
{
    const unsigned char *bgr = row + 3 * x;
    if (h->colors) {
        size_t per_byte = 8 / h->bits, shift = (per_byte - 1 - x % per_byte) * h->bits;
        size_t color = (size_t)row[x / per_byte] >> shift & ((1u << h->bits) - 1);
        static const unsigned char black[3] = {0};
        bgr = color < h->colors ? palette + color * h->entry : black;
    } else if (h->bits != 24) {
        uint32_t value = picture_number(row + x * h->bits / 8, h->bits / 8);
        for (size_t i = 0; i < 4; i++) rgba[i] = masked(value, h->mask[i]);
        return;
    }
    for (size_t i = 0; i < 3; i++) rgba[i] = bgr[2 - i];
    rgba[3] = 255;
}

cepa_status bmp_decode(const unsigned char *bytes, size_t size, picture *picture, cepa_error *error)
{
    header h = {0};
    cepa_status status = read_header(&h, bytes, size, error);
    if (status) return status;
    bool palette = h.bits == 1 || h.bits == 4 || h.bits == 8;
    if (!palette && h.bits != 16 && h.bits != 24 && h.bits != 32)
        return fail(error, CEPA_UNSUPPORTED, "%zu bits a pixel are not known", h.bits);
    if (!palette || h.colors == 0 || h.colors > (size_t)1 << h.bits) h.colors = palette ? (size_t)1 << h.bits : 0;
    size_t stride = (h.width * h.bits + 31) / 32 * 4, palette_at = 14 + h.header_size;
    if (h.pixels_at > size || stride * h.height > size - h.pixels_at ||
        (palette && (palette_at > size || h.colors * h.entry > size - palette_at)))
        return fail(error, CEPA_FORMAT, "the file is cut off");
    picture->height = h.height;
    picture->width = h.width;
    if (!picture_allocate(picture)) return fail_memory(error);
    for (size_t y = 0; y < h.height; y++) {
        const unsigned char *row = bytes + h.pixels_at + (h.from_top ? y : h.height - 1 - y) * stride;
        for (size_t x = 0; x < h.width; x++) {
            unsigned char rgba[4];
            read_pixel(&h, bytes + palette_at, row, x, rgba);
            picture_set(picture, y * h.width + x, rgba);
        }
    }
    return CEPA_OK;
}
