#include "base/random.h"

#include "base/elementary.h"

#include <math.h>
#include <stdbool.h>

void philox(const uint32_t counter[4], uint64_t key, uint32_t words[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

/* FNV-1a, over a text and the 0 that ends it. */
static uint32_t hash_text(uint32_t hash, const char *text)
{
    for (bool more = true; more; text++) {
        hash = (hash ^ (unsigned char)*text) * 16777619u;
        more = *text != 0;
    }
    return hash;
}

random_stream random_stream_of(uint64_t seed, const char *owner, const char *purpose, uint32_t call)
{
    uint32_t hash = hash_text(hash_text(2166136261u, owner), purpose);
    return (random_stream){.key = seed, .hash = hash ^ (call * 0x9E3779B9u)};
}

static void words_at(const random_stream *stream, uint32_t row, uint64_t group, uint32_t words[4])
{
    /* The high part of a very large group shares a word with the row, whose own high bits are never set together. */
    uint32_t counter[4] = {stream->hash, stream->epoch, row ^ (uint32_t)(group >> 32) * 0x85EBCA6Bu, (uint32_t)group};
    philox(counter, stream->key, words);
}

uint32_t random_word(const random_stream *stream, uint32_t row, uint64_t element)
{
    uint32_t words[4];
    words_at(stream, row, element / 4, words);
    return words[element % 4];
}

double random_uniform24(uint32_t word) { return (double)(word >> 8) * 0x1p-24; }

double random_uniform53(const random_stream *stream, uint64_t element)
{
    uint32_t words[4];
    words_at(stream, 0, element / 2, words);
    uint64_t word = (uint64_t)words[element % 2 * 2] << 32 | words[element % 2 * 2 + 1];
    return (double)(word >> 11) * 0x1p-53;
}

double random_normal(const random_stream *stream, uint64_t element)
{
    static const double two_pi = 6.283185307179586;
    double u = 1 - random_uniform53(stream, element * 2); /* in (0, 1]: its logarithm is finite */
    double v = random_uniform53(stream, element * 2 + 1);
    return sqrt(-2 * elementary_log(u)) * elementary_cos(two_pi * v);
}

/* A word below limit, each with the same probability. */
static uint32_t word_below(const random_stream *stream, uint32_t limit, uint64_t element)
{
    uint32_t threshold = -limit % limit;
    for (uint32_t attempt = 0;; attempt++) {
        uint64_t product = (uint64_t)random_word(stream, attempt, element) * limit;
        if ((uint32_t)product >= threshold) return (uint32_t)(product >> 32);
    }
}

void random_order(const random_stream *stream, size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t j = word_below(stream, (uint32_t)i, i), other = order[j];
        order[j] = order[i - 1];
        order[i - 1] = other;
    }
}
