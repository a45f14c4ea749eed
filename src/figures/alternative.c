/* The text alternative, as each kind of file carries it. */
#include "figures/alternative.h"

#include "base/memory.h"

#include <string.h>

static void xml_text(buffer *out, const char *text)
{
    static const char *const names[] = {['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;"};
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < ARRAY_COUNT(names) && names[c])
            buffer_text(out, names[c]);
        else if (c >= 0x20)
            buffer_bytes(out, text, 1);
        else
            buffer_text(out, " ");
    }
}

/* Puts bytes into the middle of others. */
static void insert(buffer *into, size_t place, const buffer *inserted)
{
    size_t behind = into->size - place;
    if (inserted->failed || !buffer_reserve(into, inserted->size)) {
        into->failed = true;
        return;
    }
    memmove(into->bytes + place + inserted->size, into->bytes + place, behind + 1);
    memcpy(into->bytes + place, inserted->bytes, inserted->size);
    into->size += inserted->size;
}

void alternative_svg(buffer *bytes, const char *title, const char *description)
{
    const char *start = strstr((const char *)bytes->bytes, "<svg ");
    const char *end = start ? strchr(start, '>') : NULL;
    if (!end) return;
    buffer text = {0};
    buffer_text(&text, "\n<title>");
    xml_text(&text, title);
    buffer_text(&text, "</title>\n<desc>");
    xml_text(&text, description);
    buffer_text(&text, "</desc>");
    insert(bytes, (size_t)(end + 1 - (const char *)bytes->bytes), &text);
    buffer_free(&text);
}

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

void alternative_png(buffer *bytes, const char *title, const char *description)
{
    enum { HEADER_END = 8 + 25 }; /* signature, IHDR */
    buffer chunks = {0};
    text_chunk(&chunks, "Title", title);
    text_chunk(&chunks, "Description", description);
    insert(bytes, HEADER_END, &chunks);
    buffer_free(&chunks);
}
