/* SPDX-License-Identifier: MIT */
#include "sandbox/oneshot.h"

#define LIMIT_MS 1000u

/* Ticks that a count-down can wait at most. */
static uint64_t longest(const struct oneshot_rates *rates)
{
    uint64_t ms = UINT32_MAX / rates->counts_per_ms;
    if (ms == 0) /* not even one: no clock of ours is that fast, but nothing may overflow */
        return rates->ticks_per_ms / (rates->counts_per_ms / UINT32_MAX + 1u);
    return rates->ticks_per_ms * (ms < LIMIT_MS ? ms : LIMIT_MS);
}

struct oneshot oneshot_count(const struct oneshot_rates *rates, uint64_t now, uint64_t at)
{
    uint64_t wait = at > now ? at - now : 0;
    uint64_t limit = longest(rates);
    if (wait > limit)
        wait = limit;
    uint64_t count = wait / rates->ticks_per_ms * rates->counts_per_ms +
                     wait % rates->ticks_per_ms * rates->counts_per_ms / rates->ticks_per_ms;
    return (struct oneshot){count < ONESHOT_COUNT_MIN ? ONESHOT_COUNT_MIN : (uint32_t)count, now + wait};
}

uint64_t oneshot_deadline(uint64_t at)
{
    return at != 0 ? at : 1;
}
