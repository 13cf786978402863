/* SPDX-License-Identifier: MIT */
/*
 * Counter-based random draws and the CRC-32 used by the shared layouts. Both sides of the project draw with these
 * functions only, so that draw i of a seed is the same value wherever and whenever it is computed.
 */
#ifndef QV_DRAW_H
#define QV_DRAW_H

#include <stddef.h>
#include <stdint.h>

/* Draw number `index` of stream `seed`: two rounds of the SplitMix64 finaliser (Steele, Lea, Flood 2014). */
static inline uint64_t qv_draw(uint64_t seed, uint64_t index)
{
    uint64_t x = seed;
    for (int round = 0; round < 2; round++) {
        x += 0x9e3779b97f4a7c15ull * (index + 1u);
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
        x ^= x >> 31;
    }
    return x;
}

/* A draw in [0, bound), bound > 0; the bias is below bound / 2^64. */
static inline uint64_t qv_draw_below(uint64_t seed, uint64_t index, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)qv_draw(seed, index) * bound) >> 64);
}

/* CRC-32 (IEEE 802.3, reflected polynomial 0xedb88320); start with crc = 0 and chain. */
static inline uint32_t qv_crc32(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *p = (const uint8_t *)data;
    crc = ~crc;
    while (size-- > 0) {
        crc ^= *p++;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

#endif
