/* SPDX-License-Identifier: MIT */
/*
 * Admission of a set of VCPUs on one core. Integer arithmetic only, rounded so that an error can only refuse. Used by
 * the kernel when a VCPU is created and by the host program when it checks a scenario: both with the set as an array
 * of specs, in the order in which the VCPUs are added (it breaks ties between equal periods).
 */
#ifndef QV_SCHED_ADMIT_H
#define QV_SCHED_ADMIT_H

#include "vcpu.h"

#include <stdbool.h>
#include <stdint.h>

#define ADMIT_ONE (1ull << 56) /* fixed point: this is 1.0 */

struct admit_bound {
    bool admitted;
    uint64_t load;  /* sum of C/T over sporadic servers + sum of (2-U)U over PIBS, rounded up; in 1/ADMIT_ONE */
    uint64_t bound; /* n(2^(1/n)-1), n = number of sporadic servers, rounded down; in 1/ADMIT_ONE */
};

/*
 * The published inequality. A set with a spec that is out of range, with more than SCHED_MAX_VCPUS, or with PIBS VCPUs
 * and no sporadic server to inherit a period from, or with a PIBS VCPU that gets no whole tick of the shortest period,
 * is refused with load = UINT64_MAX. The empty set is admitted.
 */
struct admit_bound admit_by_bound(const struct vcpu_spec *set, uint32_t count);

/*
 * Worst-case response time of set[which] to a full budget of work, in ticks, or SCHED_NEVER if it can exceed the
 * period. Exact for sporadic servers among sporadic servers; each PIBS VCPU is assumed to serve any server in the set,
 * whichever is worst. For a PIBS VCPU itself: the worst over all periods it can inherit. `blocking`: longest time any
 * of them can be held up by what is not a VCPU (interrupts off, timer latency).
 */
uint64_t admit_response_time(const struct vcpu_spec *set, uint32_t count, uint32_t which, uint64_t blocking);

/*
 * True if every VCPU's response time is within its period. Otherwise *refused (may be NULL) is the index of the first
 * that is not, or `count` if the set itself is malformed (as above).
 */
bool admit_by_response_time(const struct vcpu_spec *set, uint32_t count, uint64_t blocking, uint32_t *refused);

#endif
