/* SPDX-License-Identifier: MIT */
/*
 * When an open-loop client makes its requests: at a constant distance, or a Poisson process drawn from a seed. Integer
 * arithmetic only, so that the schedule is the same everywhere. Pure code.
 */
#ifndef QV_NET_ARRIVALS_H
#define QV_NET_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

struct arrivals {
    uint64_t seed;
    uint64_t mean_ns;   /* mean distance: nanoseconds, */
    uint64_t mean_frac; /* and their fraction, in units of 2^-32 */
    uint64_t index;     /* of the next request */
    uint64_t units;     /* its time, in units of the mean distance / 2^32 */
    bool poisson;
};

/* `rate_mhz` > 0. The first request of a constant schedule is at 0, of a Poisson schedule after one drawn distance. */
void arrivals_init(struct arrivals *arrivals, uint64_t seed, uint32_t rate_mhz, bool poisson);

/* Time of request arrivals->index, nanoseconds since the start of the schedule. Good for 2^32 requests. */
uint64_t arrivals_time_ns(const struct arrivals *arrivals);

/* Goes on to the next request. */
void arrivals_next(struct arrivals *arrivals);

/* -ln(u / 2^64) in units of 2^-32, for u > 0: a draw of the unit exponential distribution if u is uniform. */
uint64_t arrivals_minus_ln(uint64_t u);

#endif
