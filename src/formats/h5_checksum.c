/* The checksum of HDF5's newer structures: Bob Jenkins' lookup3 (2006), starting from 0. */
#include "formats/h5_walk.h"

static uint32_t rotated(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }

static void mix(uint32_t w[3])
{
    static const int bits[6] = {4, 6, 8, 16, 19, 4};
    for (int i = 0; i < 6; i++) {
        uint32_t *a = &w[i % 3], *b = &w[(i + 1) % 3], *c = &w[(i + 2) % 3];
        *a -= *c;
        *a ^= rotated(*c, bits[i]);
        *c += *b;
    }
}

static void finish(uint32_t w[3])
{
    static const int bits[7] = {14, 11, 25, 16, 4, 14, 24};
    for (int i = 0; i < 7; i++) {
        uint32_t *changed = &w[(i + 2) % 3], *by = &w[(i + 1) % 3];
        *changed ^= *by;
        *changed -= rotated(*by, bits[i]);
    }
}

static uint32_t checksum(const uint8_t *bytes, size_t size)
{
    uint32_t w[3];
    for (int i = 0; i < 3; i++) w[i] = 0xDEADBEEF + (uint32_t)size;
    if (size == 0) return w[2];
    for (;; bytes += 12, size -= 12) {
        for (size_t i = 0; i < 12 && i < size; i++) w[i / 4] += (uint32_t)bytes[i] << 8 * (i % 4);
        if (size <= 12) break;
        mix(w);
    }
    finish(w);
    return w[2];
}

bool walk_checksum(walk *w, uint64_t address, uint64_t size)
{
    cursor c;
    if (size > UINT32_MAX || !walk_region(w, address, size + 4, &c)) return damaged(w, address, "a wrong size");
    cursor covered = take_part(&c, size);
    return take(&c, 4) == checksum(covered.at, covered.left) || damaged(w, address, "a wrong checksum");
}
