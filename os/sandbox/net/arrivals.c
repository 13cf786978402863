/* SPDX-License-Identifier: MIT */
#include "arrivals.h"

#include "qv/draw.h"

#define ONE          (1ull << 32)
#define LN2          0xb17217f7d1cf79acull /* ln(2) * 2^64, rounded */
#define NS_PER_1000S 1000000000000ull

uint64_t arrivals_minus_ln(uint64_t u)
{
    unsigned shift = (unsigned)__builtin_clzll(u);
    uint64_t mantissa = u << shift; /* [1, 2) in units of 2^-63 */
    uint64_t log2 = 0;              /* of the mantissa, in units of 2^-40 */

    /* Squaring doubles the logarithm: each overflow past 2 is its next binary digit. */
    for (int digit = 39; digit >= 0; digit--) {
        unsigned __int128 square = (unsigned __int128)mantissa * mantissa; /* units of 2^-126, [1, 4) */

        if (square >> 127) {
            log2 |= 1ull << digit;
            mantissa = (uint64_t)(square >> 64);
        } else {
            mantissa = (uint64_t)(square >> 63);
        }
    }
    /* -log2(u / 2^64) = 1 + shift - log2(mantissa); the result is that times ln 2. */
    return (uint64_t)(((unsigned __int128)(((1ull + shift) << 40) - log2) * LN2) >> 72);
}

static uint64_t distance(const struct arrivals *arrivals)
{
    return arrivals->poisson ? arrivals_minus_ln(qv_draw(arrivals->seed, arrivals->index) | 1u) : ONE;
}

void arrivals_init(struct arrivals *arrivals, uint64_t seed, uint32_t rate_mhz, bool poisson)
{
    *arrivals = (struct arrivals){.seed = seed,
                                  .mean_ns = NS_PER_1000S / rate_mhz,
                                  /* up: whole multiples must not come out one short */
                                  .mean_frac = (((NS_PER_1000S % rate_mhz) << 32) + rate_mhz - 1) / rate_mhz,
                                  .poisson = poisson};
    arrivals->units = poisson ? distance(arrivals) : 0;
}

uint64_t arrivals_time_ns(const struct arrivals *arrivals)
{
    unsigned __int128 units = arrivals->units;

    return (uint64_t)((units * arrivals->mean_ns + (uint64_t)(units * arrivals->mean_frac >> 32)) >> 32);
}

void arrivals_next(struct arrivals *arrivals)
{
    arrivals->index++;
    arrivals->units += distance(arrivals);
}
