/* PNG files: text chunks with the figure's alternative. */
#include "figures/alternative.h"

#include <string.h>

/* The cyclic redundancy check of PNG chunks (specification, annex D), bit by bit: a few hundred bytes. */
static uint32_t check_sum(const unsigned char *bytes, size_t size)
{
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum;
}

static void big_endian(buffer *out, uint32_t number)
{
    unsigned char bytes[] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16), (unsigned char)(number >> 8),
                             (unsigned char)number};
    buffer_bytes(out, bytes, sizeof bytes);
}

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80) text++;
    return !*text;
}

static void text_chunk(buffer *out, const char *keyword, const char *text)
{
    static const char no_compression_no_language[4] = {0};
    buffer chunk = {0};
    bool ascii = is_ascii(text);
    buffer_text(&chunk, ascii ? "tEXt" : "iTXt");
    buffer_bytes(&chunk, keyword, strlen(keyword) + 1);
    if (!ascii) buffer_bytes(&chunk, no_compression_no_language, sizeof no_compression_no_language);
    buffer_text(&chunk, text);
    if (chunk.failed) {
        out->failed = true;
    } else {
        big_endian(out, (uint32_t)(chunk.size - 4));
        buffer_bytes(out, chunk.bytes, chunk.size);
        big_endian(out, check_sum(chunk.bytes, chunk.size));
    }
    buffer_free(&chunk);
}

void png_describe(buffer *bytes, const char *title, const char *description)
{
    enum { HEADER_END = 8 + 25 }; /* signature, IHDR */
    buffer out = {0};
    if (bytes->size < HEADER_END) return;
    buffer_bytes(&out, bytes->bytes, HEADER_END);
    text_chunk(&out, "Title", title);
    text_chunk(&out, "Description", description);
    buffer_bytes(&out, bytes->bytes + HEADER_END, bytes->size - HEADER_END);
    buffer_free(bytes);
    *bytes = out;
}
