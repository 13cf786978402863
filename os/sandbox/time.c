/* SPDX-License-Identifier: MIT */
/* Time of this core: TSC, and the local APIC's one-shot timer (count-down at divide-by-1). */
#include "sandbox/internal.h"

#define MIN_COUNT 64u

static uint64_t ticks_per_ms;
static uint64_t counts_per_ms;
static uint64_t armed_for = SCHED_NEVER;

void time_init(void)
{
    ticks_per_ms = handoff->tsc_hz / 1000u;
    counts_per_ms = handoff->lapic_hz / 1000u;
    lapic_write(LAPIC_TIMER_DIVIDE, 0xb);
    lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER);
}

uint64_t time_from_us(uint64_t us)
{
    return us / 1000u * ticks_per_ms + us % 1000u * ticks_per_ms / 1000u;
}

uint64_t time_to_us(uint64_t ticks)
{
    return ticks / ticks_per_ms * 1000u + ticks % ticks_per_ms * 1000u / ticks_per_ms;
}

/* A timer that is armed for an earlier time is left alone: it fires early, and the next one is armed then. */
void timer_arm(uint64_t tsc)
{
    if (tsc >= armed_for)
        return;
    uint64_t now = rdtsc();
    uint64_t wait = tsc > now ? tsc - now : 0;
    uint64_t limit = ticks_per_ms * 1000u;
    if (wait > limit)
        wait = limit;
    uint64_t count = wait / ticks_per_ms * counts_per_ms + wait % ticks_per_ms * counts_per_ms / ticks_per_ms;
    armed_for = now + wait;
    lapic_write(LAPIC_TIMER_INITIAL, count < MIN_COUNT ? MIN_COUNT : (uint32_t)count);
}

void timer_fired(void)
{
    armed_for = SCHED_NEVER;
}
