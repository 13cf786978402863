/* SPDX-License-Identifier: MIT */
/*
 * How much of the shared last-level cache a VCPU fills, estimated from two counts alone: West, Zaroo, Waldspurger and
 * Zhang, "Online Cache Modeling for Commodity Multicore Processors" (SIGOPS OSR 44(4), 2010), in the linear form that
 * Quest uses. A miss of one's own brings in a line; a miss of anybody evicts one of the cache's lines, and it is one's
 * own with the probability occupancy / lines.
 *
 *     occupancy' = occupancy + own - all * occupancy / lines
 *
 * Fixed point, in 1/256 of a line, so that small shares do not get stuck. Pure; updated at VCPU switches.
 */
#ifndef QV_OS_OCCUPANCY_H
#define QV_OS_OCCUPANCY_H

#include <stdint.h>

#define OCCUPANCY_UNIT 256u /* of a line */

/*
 * The estimate after `own` misses of this VCPU among `all` misses (own ones included) since the last one. `lines`: of
 * the cache, not 0. The result is never below 0 nor above the cache. The formula holds for few misses at a time;
 * more than lines / 8 are taken in several steps.
 */
uint64_t occupancy_next(uint64_t occupancy, uint64_t own, uint64_t all, uint64_t lines);

/* In whole lines, rounded. */
static inline uint64_t occupancy_lines(uint64_t occupancy)
{
    return (occupancy + OCCUPANCY_UNIT / 2u) / OCCUPANCY_UNIT;
}

#endif
