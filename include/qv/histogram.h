/* SPDX-License-Identifier: MIT */
/*
 * Log-linear histogram of 64-bit values: exact below 32, then 32 buckets for every power of two, so that a value is
 * known to within 1/32 of itself over the whole range. Freestanding: the same code counts ticks in the OS and latencies
 * on the host. Single writer; no allocation; adding is O(1) and touches two cache lines.
 *
 * Figures taken from a histogram are upper edges of buckets and so never flatter; load statistics use raw samples
 * instead (analysis/stats.h).
 */
#ifndef QV_HISTOGRAM_H
#define QV_HISTOGRAM_H

#include <stdint.h>

#define QV_HIST_SUB_BITS 5u
#define QV_HIST_SUB      (1u << QV_HIST_SUB_BITS)
#define QV_HIST_BUCKETS  ((65u - QV_HIST_SUB_BITS) * QV_HIST_SUB)

struct qv_histogram {
    uint64_t count;
    uint64_t sum; /* wraps at 2^64 */
    uint64_t min; /* UINT64_MAX while empty */
    uint64_t max;
    uint64_t bucket[QV_HIST_BUCKETS];
};

static inline void qv_hist_init(struct qv_histogram *h)
{
    h->count = 0;
    h->sum = 0;
    h->min = UINT64_MAX;
    h->max = 0;
    for (uint32_t i = 0; i < QV_HIST_BUCKETS; i++)
        h->bucket[i] = 0;
}

/* Bucket of a value, < QV_HIST_BUCKETS. */
static inline uint32_t qv_hist_index(uint64_t value)
{
    if (value < QV_HIST_SUB)
        return (uint32_t)value;
    uint32_t msb = 63u - (uint32_t)__builtin_clzll(value);
    uint32_t shift = msb - QV_HIST_SUB_BITS;
    return (shift + 1u) * QV_HIST_SUB + ((uint32_t)(value >> shift) & (QV_HIST_SUB - 1u));
}

/* Smallest value that falls into a bucket. */
static inline uint64_t qv_hist_low(uint32_t index)
{
    if (index < QV_HIST_SUB)
        return index;
    uint32_t shift = index / QV_HIST_SUB - 1u;
    return (uint64_t)(QV_HIST_SUB + index % QV_HIST_SUB) << shift;
}

/* Largest value that falls into a bucket. */
static inline uint64_t qv_hist_high(uint32_t index)
{
    return index + 1u < QV_HIST_BUCKETS ? qv_hist_low(index + 1u) - 1u : UINT64_MAX;
}

static inline void qv_hist_add(struct qv_histogram *h, uint64_t value)
{
    h->count++;
    h->sum += value;
    if (value < h->min)
        h->min = value;
    if (value > h->max)
        h->max = value;
    h->bucket[qv_hist_index(value)]++;
}

/* Adds all of `from` to `to`. */
static inline void qv_hist_merge(struct qv_histogram *to, const struct qv_histogram *from)
{
    to->count += from->count;
    to->sum += from->sum;
    if (from->min < to->min)
        to->min = from->min;
    if (from->max > to->max)
        to->max = from->max;
    for (uint32_t i = 0; i < QV_HIST_BUCKETS; i++)
        to->bucket[i] += from->bucket[i];
}

/*
 * Nearest-rank quantile in parts per million (999000 = p99.9): upper edge of the bucket that holds the sample of that
 * rank, no more than the maximum. 0 while empty.
 */
static inline uint64_t qv_hist_quantile(const struct qv_histogram *h, uint32_t ppm)
{
    if (h->count == 0)
        return 0;
    /* ceil(count * ppm / 10^6) in 64 bits: a freestanding image has no 128-bit division. */
    uint64_t rank = h->count / 1000000u * ppm + (h->count % 1000000u * ppm + 999999u) / 1000000u;
    if (rank == 0)
        rank = 1;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < QV_HIST_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen >= rank) {
            uint64_t high = qv_hist_high(i);
            return high < h->max ? high : h->max;
        }
    }
    return h->max;
}

#endif
