/* SPDX-License-Identifier: MIT */
#include "sandbox/oneshot.h"

#define LIMIT_MS 1000u

struct oneshot_rates oneshot_rates(uint64_t ticks_per_ms, uint64_t counts_per_ms)
{
    struct oneshot_rates rates = {ticks_per_ms, counts_per_ms, 0};
    uint64_t ms = UINT32_MAX / counts_per_ms;
    if (ms == 0) /* not even one: no clock of ours is that fast, but nothing may overflow */
        rates.longest = ticks_per_ms / (counts_per_ms / UINT32_MAX + 1u);
    else
        rates.longest = ticks_per_ms * (ms < LIMIT_MS ? ms : LIMIT_MS);
    return rates;
}

struct oneshot oneshot_count(const struct oneshot_rates *rates, uint64_t now, uint64_t at)
{
    uint64_t wait = at > now ? at - now : 0;
    if (wait > rates->longest)
        wait = rates->longest;
    uint64_t count = wait / rates->ticks_per_ms * rates->counts_per_ms +
                     wait % rates->ticks_per_ms * rates->counts_per_ms / rates->ticks_per_ms;
    return (struct oneshot){count < ONESHOT_COUNT_MIN ? ONESHOT_COUNT_MIN : (uint32_t)count, now + wait};
}

uint64_t oneshot_deadline(uint64_t at)
{
    return at != 0 ? at : 1;
}
