/* SPDX-License-Identifier: MIT */
/* Deadline probe of a bystander: a periodic job that must be done before its next release. */
#include "sandbox/internal.h"

static void probe_main(void *argument)
{
    uint64_t period = time_from_us(handoff->cfg.sandbox[handoff->id].probe_period_us);
    uint64_t release = time_now() + period;
    (void)argument;
    for (;;) {
        thread_sleep_until(release);
        uint64_t now = time_now();
        uint64_t late_us = time_to_us(now - release);
        status->probe_jobs++;
        if (late_us > status->probe_worst_us)
            status->probe_worst_us = late_us;
        if (now - release > period) {
            status->probe_misses++;
            trace(QV_TRACE_DEADLINE_MISS, release + period, now - release - period);
            release = now; /* the missed releases are one miss, not a burst */
        }
        release += period;
    }
}

void probe_start(void)
{
    if (handoff->cfg.sandbox[handoff->id].probe_period_us != 0)
        thread_create("probe", probe_main, NULL, QV_VCPU_PROBE);
}
