/* Dropout's factors from Philox, sixteen rows at once: a counter gives the words of four elements that follow each
 * other in Keras' order. */
#include "kernels/vec.h"

#include <string.h>

/* One word of each lane's row. */
typedef struct lane_words {
    _Alignas(64) uint32_t lane[LANES];
} lane_words;

/* As many of them as fill a register, and the products of every other one. */
typedef uint32_t word_vec __attribute__((vector_size(VEC_BYTES), may_alias));
typedef uint64_t wide_vec __attribute__((vector_size(VEC_BYTES), may_alias));
enum { WORDS = VEC_BYTES / sizeof(uint32_t), WORD_PARTS = LANES / WORDS };

#if defined(__SSE2__)
/* The products of the even ones. (The compiler would take three multiplications for each.) */
INLINE wide_vec multiply_even(word_vec a, word_vec b)
{
#if defined(__AVX2__)
    wide_vec product;
    __asm__("vpmuludq %1, %2, %0" : "=v"(product) : "v"(a), "v"(b));
    return product;
#else
    __asm__("pmuludq %1, %0" : "+x"(a) : "x"(b));
    return (wide_vec)a;
#endif
}
#endif

/* The lower and the upper half of each product. */
INLINE void multiply(word_vec a, uint32_t factor, word_vec *low, word_vec *high)
{
#if defined(__SSE2__)
    const wide_vec upper = (wide_vec){0} + 0xFFFFFFFF00000000u;
    const word_vec factors = (word_vec){0} + factor;
    wide_vec even = multiply_even(a, factors), odd = multiply_even((word_vec)((wide_vec)a >> 32), factors);
    *low = (word_vec)(odd << 32 | (even & ~upper));
    *high = (word_vec)((odd & upper) | even >> 32);
#else
    uint32_t numbers[3][WORDS];
    memcpy(numbers[0], &a, sizeof a);
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t product = (uint64_t)factor * numbers[0][i];
        numbers[1][i] = (uint32_t)product;
        numbers[2][i] = (uint32_t)(product >> 32);
    }
    memcpy(low, numbers[1], sizeof *low);
    memcpy(high, numbers[2], sizeof *high);
#endif
}

/* base/random.c's philox for counters under one key. */
INLINE void philox_words(word_vec words[4], uint64_t key)
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    UNROLL for (int round = 0; round < 10; round++)
    {
        word_vec low[2], high[2];
        multiply(words[0], 0xD2511F53u, &low[0], &high[0]);
        multiply(words[2], 0xCD9E8D57u, &low[1], &high[1]);
        words[0] = high[1] ^ words[1] ^ k0;
        words[1] = low[1];
        words[2] = high[0] ^ words[3] ^ k1;
        words[3] = low[0];
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* Where the numbers come from, and what they decide: from the least on they keep an element. */
typedef struct draw {
    uint64_t key;
    uint32_t hash, epoch, least;
    const uint32_t *rows;
    real scale; /* 0 where none is kept */
} draw;

/* The words of elements 4 * group ... 4 * group + 3. */
static void words_of_group(const draw *d, uint32_t group, lane_words words[4])
{
    for (size_t part = 0; part < WORD_PARTS; part++) {
        word_vec w[4] = {{0}};
        w[0] += d->hash;
        w[1] += d->epoch;
        memcpy(&w[2], d->rows + part * WORDS, sizeof w[2]);
        w[3] += group;
        philox_words(w, d->key);
        UNROLL for (size_t k = 0; k < 4; k++)((word_vec *)words[k].lane)[part] = w[k];
    }
}

static void decide(const draw *d, const lane_words *words, lanes *mask)
{
    typedef uint32_t drawn __attribute__((vector_size(VEC_WIDTH * sizeof(uint32_t)), may_alias));
    for (size_t part = 0; part < PARTS; part++) {
        ivec kept = __builtin_convertvector(((const drawn *)words->lane)[part] >= d->least, ivec);
        vec_store(mask, part, vec_select(kept, vec_set(d->scale), vec_set(0)));
    }
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
    draw d = {.key = key, .hash = hash, .epoch = epoch, .rows = rows};
    d.least = (uint32_t)limit;
    d.scale = limit > UINT32_MAX ? 0 : scale;
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
