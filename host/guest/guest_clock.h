/* SPDX-License-Identifier: MIT */
/*
 * What time it is in the guest, for a platform whose clock is not the host's. The guest stamps heartbeats and trace
 * records with its TSC; between two of them the clock goes on at the pace that it had of late, but never further than
 * one step, the period of the heartbeat: a guest that stands still takes the clock with it.
 */
#ifndef QV_GUEST_GUEST_CLOCK_H
#define QV_GUEST_GUEST_CLOCK_H

#include <stdint.h>

struct guest_clock {
    uint64_t step_ns;
    uint64_t stamp_ns;                    /* the newest stamp, 0 = none yet */
    uint64_t seen_ns;                     /* host time when it was first seen */
    uint64_t base_stamp_ns, base_seen_ns; /* where the measurement of the pace began */
    double pace;                          /* guest seconds per host second */
    uint64_t told_ns;                     /* the latest time that was given out */
};

void guest_clock_init(struct guest_clock *clock, uint64_t step_ns);

/* "At host time `host_ns` I first saw this stamp." One that is not newer than all before is ignored. */
void guest_clock_stamp(struct guest_clock *clock, uint64_t stamp_ns, uint64_t host_ns);

/* Guest time in ns, never less than before; 0 before the first stamp. */
uint64_t guest_clock_read(struct guest_clock *clock, uint64_t host_ns);

#endif
