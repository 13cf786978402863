/* SPDX-License-Identifier: MIT */
/*
 * From a time (TSC) to what a one-shot timer is told. Pure: no clock is read, no register written.
 * Sources: Intel SDM vol. 3A, 11.5.4 "APIC Timer" and 11.5.4.1 "TSC-Deadline Mode".
 */
#ifndef QV_SANDBOX_ONESHOT_H
#define QV_SANDBOX_ONESHOT_H

#include <stdint.h>

#define ONESHOT_COUNT_MIN 64u /* counts; 0 would stop the timer */

struct oneshot_rates {
    uint64_t ticks_per_ms;
    uint64_t counts_per_ms;
    uint64_t longest; /* ticks that a count-down can wait at most */
};

struct oneshot {
    uint32_t count; /* for the initial-count register, at divide-by-1; ONESHOT_COUNT_MIN at least */
    uint64_t fires; /* when it comes to its end (TSC), but for that least count: `at`, or earlier where `at` is farther
                     * than a second or 2^32 - 1 counts */
};

/* Neither is 0. */
struct oneshot_rates oneshot_rates(uint64_t ticks_per_ms, uint64_t counts_per_ms);

/* Count-down from `now` to `at`; at once, as far as a count-down can, if that has passed. */
struct oneshot oneshot_count(const struct oneshot_rates *rates, uint64_t now, uint64_t at);

/* For IA32_TSC_DEADLINE: `at`, which fires at once if it has passed, but never 0, which would disarm the timer. */
uint64_t oneshot_deadline(uint64_t at);

#endif
