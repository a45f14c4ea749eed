#include "base/columns.h"

#include "base/memory.h"
#include "cepa.h"

#include <stdint.h>
#include <string.h>

typedef struct range {
    uint32_t first, last;
    unsigned char columns;
} range;

/* Blocks of characters that take another number of columns than one, in order: Unicode's East Asian Width, and marks
 * over others. */
static const range ranges[] = {
    {0x0300, 0x036f, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05bd, 0},   {0x064b, 0x065f, 0},   {0x093c, 0x093c, 0},
    {0x1100, 0x115f, 2},   {0x1160, 0x11ff, 0},   {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},   {0x200b, 0x200f, 0},
    {0x20d0, 0x20ff, 0},   {0x231a, 0x231b, 2},   {0x23e9, 0x23ec, 2},   {0x2614, 0x2615, 2},   {0x2648, 0x2653, 2},
    {0x26bd, 0x26be, 2},   {0x26c4, 0x26c5, 2},   {0x2705, 0x2705, 2},   {0x270a, 0x270b, 2},   {0x2728, 0x2728, 2},
    {0x274c, 0x274c, 2},   {0x2753, 0x2757, 2},   {0x2795, 0x2797, 2},   {0x2b1b, 0x2b1c, 2},   {0x2b50, 0x2b55, 2},
    {0x2e80, 0x3029, 2},   {0x302a, 0x302d, 0},   {0x302e, 0x303e, 2},   {0x3041, 0x3098, 2},   {0x3099, 0x309a, 0},
    {0x309b, 0x4dbf, 2},   {0x4e00, 0xa4c6, 2},   {0xa960, 0xa97c, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},
    {0xfe00, 0xfe0f, 0},   {0xfe10, 0xfe19, 2},   {0xfe20, 0xfe2f, 0},   {0xfe30, 0xfe6b, 2},   {0xff01, 0xff60, 2},
    {0xffe0, 0xffe6, 2},   {0x16fe0, 0x1b2fb, 2}, {0x1f300, 0x1f320, 2}, {0x1f32d, 0x1f335, 2}, {0x1f337, 0x1f37c, 2},
    {0x1f37e, 0x1f393, 2}, {0x1f3a0, 0x1f3ca, 2}, {0x1f3cf, 0x1f3f4, 2}, {0x1f3f8, 0x1f4fc, 2}, {0x1f4ff, 0x1f53d, 2},
    {0x1f54b, 0x1f567, 2}, {0x1f5fb, 0x1f64f, 2}, {0x1f680, 0x1f6c5, 2}, {0x1f6cc, 0x1f6d7, 2}, {0x1f7e0, 0x1f7f0, 2},
    {0x1f90c, 0x1f9ff, 2}, {0x1fa70, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
};

static size_t columns_of(uint32_t character)
{
    size_t i = 0;
    while (i < ARRAY_COUNT(ranges) && ranges[i].last < character) i++;
    return i < ARRAY_COUNT(ranges) && ranges[i].first <= character ? ranges[i].columns : 1;
}

/* The character at text, of which at least a byte is left, and its bytes; one that is cut short is a letter. */
static uint32_t character_at(const char *text, size_t left, size_t *bytes)
{
    unsigned char first = (unsigned char)*text;
    size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t character = length > 1 ? first & (0x7fU >> length) : first;
    for (*bytes = 1; *bytes < length && *bytes < left && ((unsigned char)text[*bytes] & 0xc0) == 0x80; ++*bytes)
        character = character << 6 | ((unsigned char)text[*bytes] & 0x3f);
    return *bytes == length ? character : first;
}

size_t text_columns(const char *text, size_t bytes)
{
    size_t columns = 0;
    for (size_t at = 0, length; at < bytes; at += length)
        columns += columns_of(character_at(text + at, bytes - at, &length));
    return columns;
}

size_t text_bytes(const char *text, size_t columns)
{
    size_t bytes = 0, used = 0, size = strlen(text);
    for (size_t length; bytes < size; bytes += length) {
        used += columns_of(character_at(text + bytes, size - bytes, &length));
        if (used > columns) break;
    }
    return bytes;
}

size_t cepa_text_columns(const char *text) { return text_columns(text, strlen(text)); }
