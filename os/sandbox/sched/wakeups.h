/* SPDX-License-Identifier: MIT */
/*
 * Who sleeps until when: a binary heap of wake-up times, so that going to sleep, being woken early and asking for the
 * next one cost O(log n). Pure code: the caller owns the sleepers and serialises all calls.
 */
#ifndef QV_SCHED_WAKEUPS_H
#define QV_SCHED_WAKEUPS_H

#include <stdint.h>

#define WAKEUPS_MAX   128u
#define WAKEUPS_NEVER UINT64_MAX

struct sleeper {
    uint64_t time;
    uint32_t place; /* in the heap, from 1; 0: does not sleep */
};

struct wakeups {
    uint32_t count;
    struct sleeper *heap[WAKEUPS_MAX + 1]; /* from 1; heap[i]->time <= heap[2i]->time, heap[2i+1]->time */
};

/* Sleeps until `time`, also if it sleeps already. There must be at most WAKEUPS_MAX sleepers in all. */
void wakeups_set(struct wakeups *w, struct sleeper *s, uint64_t time);

/* Sleeps no more; nothing happens if it did not. */
void wakeups_clear(struct wakeups *w, struct sleeper *s);

/* The earliest time, WAKEUPS_NEVER if nobody sleeps. */
static inline uint64_t wakeups_next(const struct wakeups *w)
{
    return w->count > 0 ? w->heap[1]->time : WAKEUPS_NEVER;
}

/* Takes one whose time has come by `now`, the earliest first; NULL if there is none. */
struct sleeper *wakeups_due(struct wakeups *w, uint64_t now);

#endif
