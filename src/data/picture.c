/* Which decoder reads a picture. */
#include "data/picture.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

uint32_t picture_number(const unsigned char *bytes, size_t width)
{
    uint32_t number = 0;
    for (size_t i = width; i-- > 0;) number = number << 8 | bytes[i];
    return number;
}

bool picture_allocate(picture *picture)
{
    enum { MOST_BYTES = 1 << 30 };
    size_t bytes;
    if (!multiply_size(picture->height, picture->width, &bytes) || !multiply_size(bytes, picture->channels, &bytes) ||
        bytes > MOST_BYTES)
        return false;
    picture->bytes = malloc(bytes);
    return picture->bytes;
}

void picture_set(picture *picture, size_t place, const unsigned char rgba[4])
{
    unsigned char *to = picture->bytes + place * picture->channels;
    if (picture->channels == 1)
        *to = (unsigned char)((19595u * rgba[0] + 38470u * rgba[1] + 7471u * rgba[2] + (1u << 15)) >> 16);
    else
        memcpy(to, rgba, picture->channels);
}

static const struct {
    const char *name, *mark;
    size_t length;
    cepa_status (*decode)(const unsigned char *bytes, size_t size, picture *picture, cepa_error *error);
} formats[] = {
    {"JPEG", "\xff\xd8\xff", 3, jpeg_decode},
    {"PNG", "\x89PNG\r\n\x1a\n", 8, png_decode},
    {"BMP", "BM", 2, bmp_decode},
    {"GIF", "GIF8", 4, gif_decode},
};

cepa_status picture_decode(const char *where, const unsigned char *bytes, size_t size, picture *picture,
                           cepa_error *error)
{
    picture->bytes = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(formats); i++) {
        if (size < formats[i].length || memcmp(bytes, formats[i].mark, formats[i].length) != 0) continue;
        cepa_status status = formats[i].decode(bytes, size, picture, error);
        if (!status) return CEPA_OK;
        free(picture->bytes);
        picture->bytes = NULL;
        return fail_in(error, status, "%s: unreadable %s picture", where, formats[i].name);
    }
    return fail(error, CEPA_FORMAT, "%s: not a picture that can be read: expected JPEG, PNG, BMP or GIF", where);
}
