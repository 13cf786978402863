/* SPDX-License-Identifier: MIT */
/*
 * Watches a machine from a thread of its own: copies the trace rings out before they wrap, notes when the machine
 * reaches which state, and samples guest time against host time.
 */
#ifndef QV_GUEST_COLLECTOR_H
#define QV_GUEST_COLLECTOR_H

#include "analysis/clock_map.h"
#include "analysis/error.h"
#include "analysis/trace_capture.h"
#include "guest/guest.h"

struct collector; /* opaque */

struct collector_view {
    uint32_t state;         /* enum qv_machine_state, 0 = no directory yet */
    uint64_t ready_ns;      /* CLOCK_MONOTONIC when READY was first seen, 0 = not yet */
    uint64_t service_up_ns; /* the same for the watched sandbox's service */
    uint64_t done_ns;       /* DONE or FAILED was first seen */
    bool broken;            /* what the OS publishes cannot be read; `error` says why */
    struct qv_error error;
};

/* Starts watching; `service` is the sandbox whose service_up is noted, `step_ns` the longest time between two stamps of
 * a healthy guest (its heartbeat). NULL and a reason on failure. */
struct collector *collector_start(const struct guest *guest, uint32_t service, uint64_t step_ns, struct qv_error *err);

/* What has been seen so far. Any thread. */
void collector_look(struct collector *collector, struct collector_view *out);

/* What time it is in the guest (guest_clock.h), in ns of its TSC; 0 before it has said so. Any thread. */
uint64_t collector_guest_ns(struct collector *collector);

/* A last look at everything, then the thread ends. May be called again. */
void collector_stop(struct collector *collector);

/* After collector_stop(): what was captured, still owned by the collector. */
struct trace_capture *collector_trace(struct collector *collector);
const struct clock_map *collector_clock(const struct collector *collector);

void collector_free(struct collector *collector);

#endif
