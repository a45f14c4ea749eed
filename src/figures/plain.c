#include "figures/plain.h"

#include <string.h>

size_t plain_lines(const char *text)
{
    size_t lines = text && *text;
    for (; lines && *text; text++) lines += *text == '\n';
    return lines;
}

const char *plain_line(const char *text, size_t number, size_t *length)
{
    for (; number; number--) text += strcspn(text, "\n") + 1;
    *length = strcspn(text, "\n");
    return text;
}

unsigned char plain_dot(size_t down, size_t across)
{
    static const unsigned char bits[DOTS_DOWN][DOTS_ACROSS] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    return bits[down][across];
}

void plain_dots(buffer *text, unsigned dots)
{
    const char bytes[] = {(char)0xE2, (char)(0xA0 | dots >> 6), (char)(0x80 | (dots & 0x3F)), 0};
    buffer_text(text, bytes);
}
