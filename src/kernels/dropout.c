/* Dropout's factors from Philox, sixteen rows at once: a counter gives the words of four elements that follow each
 * other in Keras' order. */
#include "kernels/vec.h"

/* One word of each lane's row. */
typedef struct lane_words {
    _Alignas(64) uint32_t lane[LANES];
} lane_words;

/* base/random.c's philox for sixteen counters under one key. */
INLINE void philox_lanes(lane_words words[4], uint64_t key)
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        for (size_t r = 0; r < LANES; r++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * words[0].lane[r], p1 = (uint64_t)0xCD9E8D57u * words[2].lane[r];
            words[0].lane[r] = (uint32_t)(p1 >> 32) ^ words[1].lane[r] ^ k0;
            words[1].lane[r] = (uint32_t)p1;
            words[2].lane[r] = (uint32_t)(p0 >> 32) ^ words[3].lane[r] ^ k1;
            words[3].lane[r] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* Where the numbers come from, and what they decide. */
typedef struct draw {
    uint64_t key, limit;
    uint32_t hash, epoch;
    const uint32_t *rows;
    real scale;
} draw;

/* The words of elements 4 * group ... 4 * group + 3. */
static void words_of_group(const draw *d, uint32_t group, lane_words words[4])
{
    for (size_t r = 0; r < LANES; r++) {
        words[0].lane[r] = d->hash;
        words[1].lane[r] = d->epoch;
        words[2].lane[r] = d->rows[r];
        words[3].lane[r] = group;
    }
    philox_lanes(words, d->key);
}

static void decide(const draw *d, const lane_words *words, lanes *mask)
{
    for (size_t r = 0; r < LANES; r++) mask->lane[r] = words->lane[r] >= d->limit ? d->scale : 0;
}

/* How far the element lies that follows the first one in Keras' order. */
static size_t stride_of(const uint32_t *index, size_t count)
{
    for (size_t e = 1; e < count; e++)
        if (index[e] == index[0] + 1) return e;
    return count;
}

void KERNEL(dropout_mask)(uint64_t key, uint32_t hash, uint32_t epoch, const uint32_t rows[LANES],
                          const uint32_t *index, uint64_t limit, real scale, lanes *mask, size_t count)
{
    const draw d = {.key = key, .limit = limit, .hash = hash, .epoch = epoch, .rows = rows, .scale = scale};
    const size_t stride = stride_of(index, count);
    for (size_t e = 0; e < count; e++) {
        size_t number = index[e] % 4;
        /* The first of a group fills the others; those without a first that leads to them fill themselves alone. */
        if (number && e >= number * stride && index[e - number * stride] == index[e] - number) continue;
        lane_words words[4];
        words_of_group(&d, index[e] / 4, words);
        decide(&d, &words[number], &mask[e]);
        for (size_t k = 1; number == 0 && k < 4 && e + k * stride < count; k++)
            if (index[e + k * stride] == index[e] + k) decide(&d, &words[k], &mask[e + k * stride]);
    }
}
