/* SPDX-License-Identifier: MIT */
#include "guest/guest_clock.h"

#include <string.h>

#define PACE_WINDOW_NS 20000000u /* of host time, the least over which a pace is measured */

void guest_clock_init(struct guest_clock *clock, uint64_t step_ns)
{
    memset(clock, 0, sizeof(*clock));
    clock->step_ns = step_ns;
    clock->pace = 1;
}

void guest_clock_stamp(struct guest_clock *clock, uint64_t stamp_ns, uint64_t host_ns)
{
    if (stamp_ns <= clock->stamp_ns)
        return;
    if (clock->stamp_ns == 0) {
        clock->base_stamp_ns = stamp_ns;
        clock->base_seen_ns = host_ns;
    } else if (host_ns - clock->base_seen_ns >= PACE_WINDOW_NS) {
        double recent = (double)(stamp_ns - clock->base_stamp_ns) / (double)(host_ns - clock->base_seen_ns);
        clock->pace = (clock->pace + recent) / 2;
        clock->base_stamp_ns = stamp_ns;
        clock->base_seen_ns = host_ns;
    }
    clock->stamp_ns = stamp_ns;
    clock->seen_ns = host_ns;
}

uint64_t guest_clock_read(struct guest_clock *clock, uint64_t host_ns)
{
    if (clock->stamp_ns == 0)
        return 0;
    uint64_t since = host_ns > clock->seen_ns ? host_ns - clock->seen_ns : 0;
    double ahead = (double)since * clock->pace;
    uint64_t now = clock->stamp_ns + (ahead < (double)clock->step_ns ? (uint64_t)ahead : clock->step_ns);
    if (now > clock->told_ns)
        clock->told_ns = now;
    return clock->told_ns;
}
